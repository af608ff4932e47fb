"""The text as chips: legible at every weight, in the right place, cheap to point at."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF, Qt, QTimer
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QStackedWidget, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.viewer.registry import REGISTRY, ColourMap
from headlight.widgets.base import theme
from headlight.widgets.base.chip_colours import contrast, inks
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.text.token_strip import TokenStrip
from tests.widgets.pointer import LEFT, PLAIN, SHIFT, click, drag, move

SENTENCE = "[CLS] a great serve from dj ##oko ##vic won the match after he missed the first two [SEP]"
WORDS = SENTENCE.split()
SPECIAL = np.array([word.startswith("[") for word in WORDS])
OF_WORD = np.array([-1, 0, 1, 2, 3, 4, 4, 4, *range(5, 14), -1])


@pytest.fixture
def strip(qtbot):
    strip = TokenStrip()
    qtbot.addWidget(strip)
    strip.resize(520, 160)
    strip.show()
    qtbot.waitExposed(strip)
    return strip


def pixels(strip):
    return strip.viewport().grab().toImage()


def side(strip, index):
    """A pixel of the chip's fill left of its text."""
    chip = strip.chip_rect(index)
    return QPoint(round(chip.left()) + 3, round(chip.center().y()))


@pytest.mark.parametrize("name", tuple(REGISTRY.all(ColourMap)))
def test_text_is_legible_at_every_level(name):
    for colour, ink in zip(lut(name), inks(lut(name)), strict=True):
        assert contrast(QColor(*colour[:3].tolist()), ink) >= 4.5  # WCAG AA for text


def test_contrast_is_that_of_the_guidelines():
    assert contrast(QColor("#000000"), QColor("#ffffff")) == pytest.approx(21)
    assert contrast(QColor("#777777"), QColor("#ffffff")) == pytest.approx(4.48, abs=0.01)


def test_weights_are_painted(strip):
    strip.set_tokens(WORDS, SPECIAL, OF_WORD)
    levels = np.linspace(0, 255, len(WORDS)).astype(np.uint8)
    strip.set_weights(levels)
    image = pixels(strip)
    for i, level in enumerate(levels):
        if not SPECIAL[i]:
            assert image.pixelColor(side(strip, i)).getRgb()[:3] == tuple(lut()[level, :3]), i
    strip.set_lut(lut("cividis"))
    assert pixels(strip).pixelColor(side(strip, 5)).getRgb()[:3] == tuple(lut("cividis")[levels[5], :3])
    strip.set_weights(None)
    assert pixels(strip).pixelColor(side(strip, 5)) == QColor(theme.current().raised)


def test_chips_wrap_in_reading_order_and_never_overlap(strip):
    strip.set_tokens(WORDS * 4, np.tile(SPECIAL, 4))
    chips = [strip.chip_rect(i) for i in range(len(WORDS) * 4)]
    width = strip.viewport().width()
    for before, chip in pairwise(chips):
        if chip.top() == before.top():
            assert chip.left() > before.right()
        else:
            assert chip.top() > before.bottom()
            assert chip.left() == chips[0].left()
        assert chip.right() <= width


def test_height_for_width_is_what_it_takes(strip, qtbot):
    strip.set_tokens(WORDS * 4, np.tile(SPECIAL, 4))
    for width in (300, 520, 900):
        height = strip.heightForWidth(width)
        strip.resize(width, height)
        QApplication.processEvents()
        assert strip.verticalScrollBar().maximum() == 0
        last = strip.chip_rect(len(WORDS) * 4 - 1)
        assert 4 <= strip.viewport().height() - last.bottom() <= 20
        strip.resize(width, height - 30)
        QApplication.processEvents()
        assert strip.verticalScrollBar().maximum() == pytest.approx(30, abs=40)
        assert strip.verticalScrollBar().maximum() > 0


def test_a_scrolled_strip_still_knows_its_tokens(strip):
    strip.set_tokens(WORDS * 20, np.tile(SPECIAL, 20))
    last = len(WORDS) * 20 - 1
    assert not strip.viewport().rect().contains(strip.chip_rect(last).center().toPoint())
    strip.verticalScrollBar().setValue(strip.verticalScrollBar().maximum())
    at = strip.chip_rect(last).center()
    assert strip.viewport().rect().contains(at.toPoint())
    assert strip.token_at(at) == last


def test_the_second_text_starts_on_its_own_line(strip):
    labels = ["[CLS]", "one", "[SEP]", "two", "[SEP]"]
    texts = np.array([0, 0, 0, 1, 1])
    strip.set_tokens(labels, np.array([1, 0, 1, 0, 1], bool), None, texts)
    first, second = strip.chip_rect(0), strip.chip_rect(3)
    assert second.top() > first.bottom()
    assert second.left() == first.left()
    image, dim = pixels(strip), QColor(theme.current().dim)
    for chip in (first, second):
        marks = [
            image.pixelColor(x, y)
            for x in range(int(chip.left()) - 3)
            for y in range(int(chip.top()), int(chip.bottom()))
        ]
        assert any(abs(c.lightness() - dim.lightness()) < 25 for c in marks)


def test_tokens_of_one_word_stand_together_over_a_bracket(strip):
    strip.set_tokens(WORDS, SPECIAL, OF_WORD)
    strip.set_weights(np.zeros(len(WORDS), np.uint8))
    chips = [strip.chip_rect(i) for i in range(5, 9)]
    assert chips[0].top() == chips[2].top()
    assert chips[1].left() - chips[0].right() < chips[3].left() - chips[2].right() or (
        chips[3].top() > chips[2].top()
    )
    image, panel = pixels(strip), QColor(theme.current().panel)

    def marked(chip):
        x = int(chip.center().x())
        below = range(int(chip.bottom()) + 2, int(chip.bottom()) + 9)
        return any(image.pixelColor(x, y).lightness() > panel.lightness() + 40 for y in below)

    assert [marked(strip.chip_rect(i)) for i in (2, 5, 6, 7)] == [False, True, True, True]


def test_special_tokens_are_dashed(strip):
    strip.set_tokens(WORDS, SPECIAL)
    image = pixels(strip)

    def changes(index):
        chip = strip.chip_rect(index)
        y = int(chip.top())
        line = [
            image.pixelColor(x, y).lightness() for x in range(int(chip.left()) + 6, int(chip.right()) - 6)
        ]
        return int((np.abs(np.diff(line)) > 15).sum())

    assert changes(0) >= 8
    assert changes(3) == 0


def test_marks_are_amber_and_blue_and_both_are_seen(strip):
    strip.set_tokens(WORDS, SPECIAL)
    strip.set_selected([3, 4])
    strip.set_hovered(4)
    image, colours = pixels(strip), theme.current()

    def edge(index):
        chip = strip.chip_rect(index)
        y = int(chip.center().y())
        return [image.pixelColor(int(chip.left()) + d, y) for d in range(-4, 3)]

    def has(line, colour):
        wanted = QColor(colour)
        return any(abs(c.red() - wanted.red()) + abs(c.blue() - wanted.blue()) < 40 for c in line)

    assert has(edge(3), colours.amber)
    assert not has(edge(3), colours.blue)
    assert has(edge(4), colours.amber)
    assert has(edge(4), colours.blue)
    assert not has(edge(6), colours.amber)


def test_what_a_model_wrote_stands_behind_a_line_and_over_dots(strip):
    strip.set_tokens(WORDS, SPECIAL, OF_WORD)
    strip.set_weights(np.full(len(WORDS), 255, np.uint8))
    strip.set_written(2)
    strip.set_unseen(3)
    image, blue, fill = pixels(strip), QColor(theme.current().blue), lut()[255, :3].tolist()

    def has(index: int, of: QColor, x: float) -> bool:
        chip = strip.chip_rect(index)
        column = range(round(chip.left() + x) - 1, round(chip.left() + x) + 2)
        rows = range(round(chip.top()), round(chip.bottom()) + 1)
        return any(image.pixelColor(at, y).name() == of.name() for at in column for y in rows)

    assert [has(index, blue, -strip._gap() / 2) for index in (1, 2, 3)] == [False, True, False]
    assert image.pixelColor(side(strip, 2)) == QColor(*fill)
    assert image.pixelColor(side(strip, 3)) == QColor(theme.current().panel)
    strip.set_tokens(WORDS[:3], SPECIAL[:3])
    assert pixels(strip).pixelColor(side(strip, 2)) == QColor(theme.current().raised)


def test_hover_repaints_two_chips_alone(strip, qtbot):
    strip.set_tokens(WORDS * 2, np.tile(SPECIAL, 2))
    strip.set_hovered(2)
    qtbot.wait(50)  # what its first showing has to paint is painted
    regions = []
    paint = strip.paintEvent
    strip.paintEvent = lambda event: (regions.append(event.region()), paint(event))
    strip.set_hovered(17)
    qtbot.waitUntil(lambda: regions != [])
    strip.set_hovered(17)
    QApplication.processEvents()
    assert len(regions) == 1
    painted = regions[0]
    hit = [
        i for i in range(36) if painted.contains(strip.chip_rect(i).toAlignedRect().adjusted(1, 1, -1, -1))
    ]
    assert {2, 17} <= set(hit)
    area = sum(rect.width() * rect.height() for rect in painted)
    both = sum((strip.chip_rect(i).width() + 10) * (strip.chip_rect(i).height() + 10) for i in (2, 17))
    assert area <= both


def test_pointing_clicking_and_dragging(strip):
    strip.set_tokens(WORDS, SPECIAL)
    hovers, clicks, spans = [], [], []
    strip.hovered.connect(hovers.append)
    strip.clicked.connect(lambda *a: clicks.append(a))
    strip.spanned.connect(lambda *a: spans.append(a))

    def at(index):
        return strip.chip_rect(index).center().toPoint()

    move(strip, at(3))
    move(strip, at(3) + QPoint(1, 0))
    move(strip, at(4))
    move(strip, QPoint(strip.viewport().width() - 2, strip.viewport().height() - 2))
    assert hovers == [3, 4, None]
    click(strip, at(3))
    click(strip, at(9), keys=SHIFT)
    click(strip, QPoint(strip.viewport().width() - 2, strip.viewport().height() - 2))
    assert clicks == [(3, False), (9, True)]
    drag(strip, at(7), at(2))
    drag(strip, at(14), QPoint(strip.viewport().width() - 2, strip.viewport().height() - 2), keys=SHIFT)
    assert spans == [(2, 7, False), (14, 17, True)]
    drag(strip, at(2) - QPoint(8, 0), at(2) + QPoint(8, 0))
    assert clicks[-1] == (2, False)
    QTest.mousePress(strip.viewport(), LEFT, PLAIN, at(2))
    move(strip, at(5), LEFT)
    QTest.keyClick(strip, Qt.Key.Key_Escape)
    QTest.mouseRelease(strip.viewport(), LEFT, PLAIN, at(5))
    assert len(spans) == 2


def test_the_read_out_names_token_and_value(strip):
    strip.set_tokens(WORDS, SPECIAL)
    strip.set_weights(np.full(len(WORDS), 9, np.uint8), np.full(len(WORDS), 0.1234567, np.float32))
    move(strip, strip.chip_rect(3).center().toPoint())
    assert strip._tip.text == "serve\t0.1235"
    assert strip.rect().contains(strip._tip.geometry())
    # In the room below the text no token is covered.
    assert not any(strip.chip_rect(i).toRect().intersects(strip._tip.geometry()) for i in range(len(WORDS)))
    strip.set_weights(None)
    assert strip._tip.text == ""
    strip.set_tip(lambda i: f"token {i}")
    assert strip._tip.text == "token 3"
    strip.set_tokens(["a"], np.zeros(1, bool))
    assert strip._tip.text in ("", "token 0")


def test_emoji_right_to_left_and_white_space_have_chips(strip):
    labels = ["😀", "שלום", "مرحبا", " ", "\n", "", "日本"]
    strip.set_tokens(labels, np.zeros(7, bool))
    image = pixels(strip)
    for i in range(7):
        chip = strip.chip_rect(i).toRect().adjusted(4, 4, -4, -4)
        colours = {
            image.pixelColor(x, y).rgb()
            for x in range(chip.left(), chip.right())
            for y in range(chip.top(), chip.bottom())
        }
        assert len(colours) > 2, labels[i]


def test_a_token_longer_than_the_strip_is_elided(strip):
    strip.set_tokens(["a" * 400, "b"], np.zeros(2, bool))
    assert strip.chip_rect(0).right() <= strip.viewport().width()
    assert strip.chip_rect(1).top() > strip.chip_rect(0).bottom()


def test_keys_theme_and_timers(strip, qapp):
    strip.set_tokens(WORDS, SPECIAL)
    assert strip.accessibleName()
    assert "serve" in strip.accessibleDescription()
    accepted = []
    press = strip.keyPressEvent
    strip.keyPressEvent = lambda event: (press(event), accepted.append(event.isAccepted()))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Right, Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Escape):
        QTest.keyClick(strip, key)
    assert not any(accepted)
    assert not [timer for timer in strip.findChildren(QTimer) if timer.isActive()]
    try:
        before = strip.chip_rect(1).height()
        theme.apply(qapp, "light", scale=1.5)
        QApplication.processEvents()
        assert pixels(strip).pixelColor(1, 1) == QColor(theme.LIGHT.panel)
        assert strip.chip_rect(1).height() > 1.3 * before
        assert strip.token_at(QPointF(strip.chip_rect(17).center())) == 17
    finally:
        theme.apply(qapp, "dark")
        qapp.setStyleSheet("")


def test_arrays_that_do_not_fit_are_refused(strip):
    strip.set_tokens(["a", "b"], np.zeros(2, bool))
    with pytest.raises(ValueError, match="weights"):
        strip.set_weights(np.zeros(3, np.uint8))
    with pytest.raises(ValueError, match="labels"):
        strip.set_tokens(["a"], np.zeros(2, bool))


def test_the_separator_after_the_second_text_stays_in_its_line(show):
    strip = show(TokenStrip(), 600, 200)
    labels = ("[CLS]", "a", "[SEP]", "b", "[SEP]")
    special, texts = np.array([1, 0, 1, 0, 1], bool), np.array([0, 0, 0, 1, 0])
    strip.set_tokens(labels, special, None, texts)
    tops = [strip.chip_rect(index).top() for index in range(5)]
    assert tops[0] == tops[1] == tops[2] < tops[3] == tops[4]


def test_a_long_text_leaves_what_stands_below_it_its_room(qtbot):
    holder, stack, strip, below = (
        QWidget(),
        QStackedWidget(),
        TokenStrip(),
        Segmented([(1, "One"), (2, "Two")]),
    )
    qtbot.addWidget(holder)
    stack.addWidget(strip)
    column = QVBoxLayout(holder)
    column.addWidget(stack, 1)
    column.addWidget(below)
    strip.set_tokens(WORDS * 20, np.tile(SPECIAL, 20))
    holder.resize(300, holder.minimumSizeHint().height() + 20)
    holder.show()
    qtbot.waitExposed(holder)
    assert below.height() >= below.minimumSizeHint().height()
