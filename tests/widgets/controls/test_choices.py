import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QTextDocument
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QSlider, QToolTip

from headlight.widgets.base import theme
from headlight.widgets.base.labels import PARTS, SENTENCES, ElidedLabel, Note, short_number
from headlight.widgets.controls.choices import Choice, NumberRow, Segmented, Toggle
from headlight.widgets.controls.number_text import number_in
from headlight.widgets.controls.range_slider import RangeSlider
from headlight.widgets.controls.sliders import LabelledSlider, RangeRow

Key = Qt.Key


def collect(signal):
    seen = []
    signal.connect(lambda *values: seen.append(values[0] if len(values) == 1 else values))
    return seen


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.021, "0.021"),
        (0.0214, "0.021"),
        (5.02, "5.0"),
        (1370, "1,370"),
        (2.1e-6, "2.1·10⁻⁶"),
        (3e-7, "3·10⁻⁷"),
        (0.0999, "0.10"),
        (-0.5, "-0.50"),
    ],
)
def test_short_number(value, text):
    assert short_number(value) == text


def test_segments_by_mouse_keyboard_and_program(show, qtbot):
    box = show(Segmented([("one", "One"), ("mean", "Mean"), ("max", "Max")], "Heads"), 200, 30)
    seen = collect(box.changed)
    buttons = box.findChildren(QAbstractButton)
    assert [b.accessibleName() for b in buttons] == ["Heads: One", "Heads: Mean", "Heads: Max"]
    qtbot.mouseClick(buttons[2], Qt.MouseButton.LeftButton)
    qtbot.keyClick(buttons[2], Key.Key_Left)
    assert seen == ["max", "mean"]
    box.set_value("one")
    assert box.value() == "one"
    assert seen == ["max", "mean"]


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_segments_fit_their_text_when_bold(qapp, show, scale):
    theme.apply(qapp, "dark", scale)
    box = show(Segmented([(0, "Attention"), (1, "Rollout"), (2, "Relevance")]), 10, 10)
    for button in box.findChildren(QAbstractButton):
        button.click()
        text = QFontMetricsF(theme.text_font(weight=theme.QFont.Weight.DemiBold))
        assert button.width() >= text.horizontalAdvance(button.text()) + 4
        assert button.height() >= text.height()


def test_slider_value_reset_and_typing(show, qtbot):
    control = show(LabelledSlider("Clip above percentile", 90, 100, 0.1, "{:.1f}", 99.5), 250, 40)
    seen = collect(control.changed)
    slider, field = control.findChild(QSlider), control.findChild(QLineEdit)
    assert field.text() == "99.5"
    qtbot.keyClick(slider, Key.Key_Left)
    assert seen == [pytest.approx(99.4)]
    field.setText("97,25")
    qtbot.keyClick(field, Key.Key_Return)
    assert control.value() == pytest.approx(97.2, abs=0.051)
    qtbot.mouseDClick(slider, Qt.MouseButton.LeftButton)
    assert control.value() == pytest.approx(99.5)
    control.set_value(91)
    assert len(seen) == 3
    assert field.text() == "91.0"


@pytest.mark.parametrize("text", ["nonsense", "abc-3.5", "97 or so", "9 7", "120", "-95", "1e2", ""])
def test_what_is_no_number_in_the_range_is_marked_and_never_taken(show, qtbot, text):
    control = show(LabelledSlider("Clip above percentile", 90, 100, 0.1, "{:.1f}", 99.5), 250, 40)
    seen = collect(control.changed)
    field = control.findChild(QLineEdit)
    field.setFocus()
    field.selectAll()
    qtbot.keyClick(field, Key.Key_Backspace)
    qtbot.keyClicks(field, text)
    qtbot.keyClick(field, Key.Key_Return)
    assert field.property("invalid")
    assert field.text() == text  # as it was typed
    assert (QToolTip.text() or "From 90.0 to 100.0.") == "From 90.0 to 100.0."
    qtbot.keyClick(field, Key.Key_Escape)
    assert field.text() == "99.5"
    assert not field.property("invalid")
    assert seen == []


@given(st.integers(-(10**6), 10**6), st.sampled_from(["", " px", " %", " % of weight"]), st.booleans())
def test_every_number_is_read_as_it_is_written(number, unit, minus):
    written = f"{number / 100:,.2f}{unit}"
    written = written.replace("-", "−") if minus else written
    assert number_in(written, f"9{unit}", grouped=True) == pytest.approx(number / 100)
    assert number_in(f"a{written}", f"9{unit}") is None
    assert number_in(f"{written} apples", f"9{unit}") is None


def test_typing_what_is_shown_changes_nothing_and_words_stand_for_ends(show, qtbot):
    made = (
        LabelledSlider("Mass", 0, 0.99, 0.01, lambda v: "off" if v == 0 else f"{v * 100:.0f} % of weight"),
        LabelledSlider("Tokens", 0, 390, 1, lambda v: f"{v + 1:,.0f} to {v + 510:,.0f} of 900", first=1),
    )
    for control, typed, wanted in ((made[0], "40", 0.4), (made[1], "240", 239)):
        show(control, 300, 40)
        field = control.findChild(QLineEdit)
        field.setText(typed)
        qtbot.keyClick(field, Key.Key_Return)
        assert control.value() == pytest.approx(wanted)
        field.setText(field.text() + " ")
        qtbot.keyClick(field, Key.Key_Return)
        assert control.value() == pytest.approx(wanted)
    made[0].findChild(QLineEdit).setText("off")
    qtbot.keyClick(made[0].findChild(QLineEdit), Key.Key_Return)
    assert made[0].value() == 0


def test_slider_comes_to_the_cursor_and_is_amber_up_to_it(show, qtbot):
    control = show(LabelledSlider("Opacity", 0, 1, 0.01), 200, 40)
    slider = control.findChild(QSlider)
    qtbot.mousePress(slider, Qt.MouseButton.LeftButton, pos=QPoint(slider.width() // 2, slider.height() // 2))
    qtbot.mouseRelease(slider, Qt.MouseButton.LeftButton)
    assert control.value() == pytest.approx(0.5, abs=0.02)
    picture = slider.grab().toImage()
    y = slider.height() // 2
    assert picture.pixelColor(slider.width() // 4, y) == QColor(theme.current().amber)
    assert picture.pixelColor(3 * slider.width() // 4, y) == QColor(theme.current().line)


def test_range_handles_meet_but_do_not_pass(show, qtbot):
    slider = show(RangeSlider(0, 11), 240, 20)
    seen = collect(slider.changed)
    y = slider.height() // 2

    def drag(start, stop):
        left = Qt.MouseButton.LeftButton
        qtbot.mousePress(slider, left, pos=QPoint(round(slider.x_of(start)), y))
        qtbot.mouseMove(slider, QPoint(round(slider.x_of(stop)), y))
        qtbot.mouseRelease(slider, left, pos=QPoint(round(slider.x_of(stop)), y))

    drag(0, 5)
    drag(11, 2)
    assert slider.value() == (5, 5)
    drag(5, 9)
    assert slider.value() == (5, 9)
    drag(7, 9)
    assert slider.value() == (7, 11)
    assert seen[-1] == (7, 11)


def test_range_by_keyboard(show, qtbot):
    slider = show(RangeSlider(0, 11), 240, 20)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(slider, Key.Key_Right)
    qtbot.keyClick(slider, Key.Key_Tab)
    qtbot.keyClick(slider, Key.Key_Left)
    qtbot.keyClick(slider, Key.Key_Home)
    assert slider.value() == (1, 1)
    qtbot.keyClick(slider, Key.Key_End)
    assert slider.value() == (1, 11)


def test_range_row_says_its_range_and_takes_another(show, qtbot):
    row = show(RangeRow("Layers", 0, 11), 240, 40)
    seen = collect(row.changed)
    row.set_value(3, 3)
    row.set_limits(0, 5)
    assert row.value() == (0, 5)
    assert seen == []
    field = row.findChild(QLineEdit)
    for text, wanted in (("1 to 4", (1, 4)), ("3", (3, 3)), ("4 to 1", (3, 3)), ("2–9", (3, 3))):
        field.setText(text)
        qtbot.keyClick(field, Key.Key_Return)
        assert row.value() == wanted
    assert seen == [(1, 4), (3, 3)]


def test_toggle_speaks_only_of_the_user(show, qtbot):
    toggle = show(Toggle("Whole words"), 200, 30)
    seen = collect(toggle.changed)
    toggle.set_on(True)
    qtbot.keyClick(toggle, Key.Key_Space)
    assert seen == [False]


def test_number_row_keeps_the_figure_when_narrow(show):
    row = show(NumberRow("Attention distance over all heads", "171 px"), 120, 20)
    label = row.findChild(ElidedLabel)
    assert label.shown().endswith("…")
    assert label.toolTip() == "Attention distance over all heads"
    assert row.value() == "171 px"


def test_a_label_of_parts_leaves_out_whole_ones_the_last_first(show):
    parts = ["dec2.1, map 0", "mean of 4 points", "16 nearest"]
    label = show(ElidedLabel(PARTS.join(parts), parts=PARTS), 400, 20)
    width = label.fontMetrics().horizontalAdvance
    for count in (3, 2, 1):
        label.setFixedWidth(width(PARTS.join(parts[:count])) + 1)
        assert label.shown() == PARTS.join(parts[:count])
    assert label.toolTip() == label.text()
    label.setFixedWidth(width(parts[0]) - 1)
    assert label.shown().endswith("…")


def test_whole_sentences_are_left_out_before_one_is_cut(show):
    label = show(ElidedLabel("One of 0.24 m. Another that is long. The last.", parts=SENTENCES), 400, 20)
    assert label.shown() == label.text()
    label.resize(label.fontMetrics().horizontalAdvance("One of 0.24 m. Another that is long.") + 2, 20)
    assert label.shown() == "One of 0.24 m. Another that is long."
    label.resize(label.fontMetrics().horizontalAdvance("One of 0.24 m.") + 2, 20)
    assert label.shown() == "One of 0.24 m."
    assert label.toolTip() == label.text()
    label.resize(30, 20)
    assert label.shown().endswith("…")


def test_a_token_that_looks_like_html_is_said_as_it_is(show):
    assert Note("“<s>” is said in the end").textFormat() == Qt.TextFormat.PlainText
    label = show(ElidedLabel("<s> holds nearly all"), 40, 20)
    assert label.toolTip() == "<p>&lt;s&gt; holds nearly all</p>"


def test_a_choice_that_may_shrink_leaves_the_room_to_others(show):
    names = ["PointPillars", "a unit with a very long name"]
    firm, yielding = Choice(names, "Voxels"), Choice(names, "Voxels")
    yielding.may_shrink()
    assert yielding.minimumSizeHint().width() < firm.minimumSizeHint().width() / 2
    show(yielding, 140, 32)
    yielding.setCurrentIndex(1)
    assert yielding.shown() != names[1]
    assert yielding.shown().endswith("…")
    show(firm, firm.sizeHint().width(), 32)
    firm.setCurrentIndex(1)
    assert firm.shown() == names[1]


def test_none_of_the_options_may_be_chosen(show):
    choice = Segmented([("a", "A"), ("b", "B")], "Letters")
    heard = []
    choice.changed.connect(heard.append)
    choice.set_value(None)
    assert (choice.value(), heard) == (None, [])
    choice.set_value("b")
    assert (choice.value(), heard) == ("b", [])


def test_a_figure_stands_behind_a_token_that_runs_right_to_left(show):
    row = show(NumberRow("Second", "\u2068“ש”\u2069 0.0398"), 240, 24)
    document = QTextDocument(row.findChildren(QLabel)[-1].text())  # selectable labels are painted by one
    assert document.firstBlock().textDirection() == Qt.LayoutDirection.LeftToRight
    assert QTextDocument(row.value()).firstBlock().textDirection() == Qt.LayoutDirection.RightToLeft


def test_a_list_that_is_closed_keeps_no_keyboard(show, qtbot):
    choice = Choice(["one", "two"], "Number")
    show(choice, 200, 40).activateWindow()
    qtbot.waitUntil(choice.isActiveWindow)
    choice.clearFocus()
    choice.showPopup()
    qtbot.waitUntil(choice.view().hasFocus)
    qtbot.keyClick(choice.view(), Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not choice.view().isVisible())
    assert QApplication.focusWidget() is None
