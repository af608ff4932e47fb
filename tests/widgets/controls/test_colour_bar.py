"""The bar under a map: its colours, its numbers, and what it says beside them."""

from PySide6.QtGui import QFontMetricsF

from headlight.models.core.colours import Scale, lut
from headlight.widgets.base.labels import label_font
from headlight.widgets.controls.colour_bar import ColourBar


def test_it_says_what_it_clips_and_leaves_out(show):
    bar = show(ColourBar(), 500, 40)
    bar.set_scale(Scale(0, 0.021, False, 0.004), lut("inferno"))
    assert bar.ends() == ("0", "0.021")
    assert bar.said() == ("0.4 % clipped", "")
    said = "[CLS] holds 93 %, left out of the scale"
    bar.set_scale(Scale(2.1e-6, 0.021, True, 0, said), lut("inferno"), "layer 3, head 8")
    assert bar.ends() == ("2.1·10⁻⁶", "0.021")
    assert bar.said() == ("layer 3, head 8 · log · nothing clipped", said)
    assert said in bar.toolTip()
    bar.set_scale(None, lut("inferno"))
    assert bar.ends() == ("", "")
    assert bar.toolTip() == ""
    bar.set_scale(Scale(0.00251, 0.00254, False, 0), lut("inferno"))
    assert bar.ends() == ("0.00251", "0.00254"), "a narrow range is not two equal numbers"


def test_its_colours_are_the_tables_from_end_to_end(show):
    bar = show(ColourBar(), 500, 40)
    bar.set_scale(Scale(0, 1), lut("viridis"))
    picture, rect = bar.grab().toImage(), bar.bar_rect()
    for share in (0.1, 0.25, 0.5, 0.75, 0.9):
        seen = picture.pixelColor(round(rect.left() + share * rect.width()), round(rect.center().y()))
        wanted = lut("viridis")[round(share * 255), :3].astype(int)
        assert sum(abs(a - b) for a, b in zip(seen.getRgb()[:3], wanted.tolist(), strict=True)) < 18


def test_the_bar_makes_room_for_what_is_said(show):
    bar = show(ColourBar(), 300, 40)
    bar.set_scale(Scale(0, 1), lut())
    alone = bar.bar_rect().width()
    bar.set_scale(Scale(0, 1, False, 0.1, "[CLS] holds 93 %, left out of the scale"), lut())
    assert bar.bar_rect().width() < alone
    short = QFontMetricsF(label_font()).horizontalAdvance("[CLS] holds 93 %, left out")
    assert bar.bar_rect().right() + short < 300


def test_where_there_is_little_room_it_says_the_same_shorter(show):
    bar = show(ColourBar(), 600, 40)
    said = "[CLS] and patch (19, 19) hold 67 %, left out of the scale"
    bar.set_scale(Scale(0, 1, True, 0.031, said), lut())
    seen = []
    for width in range(600, 200, -10):
        bar.resize(width, 40)
        if bar.shown()[1] not in seen:
            seen.append(bar.shown()[1])
    names = "[CLS] and patch (19, 19)"
    assert seen == [said, f"{names} hold 67 %, left out", f"without {names}", "without 2 tokens"]
    assert bar.shown()[0] == "log · 3.1 % clipped"
    bar.resize(120, 40)
    assert bar.shown()[1].endswith("…")


def test_a_logarithmic_bar_marks_its_powers_of_ten():
    assert Scale(0.0004, 0.3, True).marks() == (0.001, 0.01, 0.1)
    assert Scale(0.001, 0.1, True).marks() == (0.001, 0.01, 0.1)
    assert Scale(0.0, 0.3).marks() == Scale(0.2, 0.3, True).marks() == ()


def test_its_numbers_never_touch_and_what_is_clipped_stays(show):
    bar, metrics = show(ColourBar(), 200, 40), QFontMetricsF(label_font())
    bar.set_scale(Scale(6.1e-5, 7e-4, False, 0.006), lut(), "layer 11, head 11")
    low, high = (metrics.horizontalAdvance(end) for end in bar.ends())
    assert bar.bar_rect().width() > low + high + metrics.horizontalAdvance(" ")
    assert bar.shown() == ["0.6 % clipped"]
    assert "layer 11, head 11" in bar.toolTip()
