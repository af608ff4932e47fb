import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPalette
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from headlight.widgets.base import style_sheet, theme
from headlight.widgets.base.labels import ColumnLabel
from headlight.widgets.base.themes import DARK, LIGHT


def contrast(a: str, b: str) -> float:
    """WCAG 2.2: relative luminance from linear sRGB, (lighter + 0.05) / (darker + 0.05)."""

    def luminance(colour):
        channels = QColor(colour).getRgbF()[:3]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    high, low = sorted((luminance(a), luminance(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def everywhere(qapp) -> None:
    """Wait until all widgets have taken on the theme, those of former tests that lie about among them."""
    while not theme.is_everywhere():
        qapp.processEvents()


def test_contrast_formula():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=lambda t: t.name)
def test_text_is_legible_on_every_surface(colours):
    for surface in (colours.background, colours.panel, colours.raised, colours.hover):
        for ink in (colours.text, colours.dim, colours.amber_text):
            assert contrast(ink, surface) >= 4.5, (ink, surface)
    for surface in (colours.background, colours.panel, colours.raised):
        for ink in (colours.green, colours.red):
            assert contrast(ink, surface) >= 4.5, (ink, surface)
        for frame in (colours.amber, colours.blue):
            assert contrast(frame, surface) >= 3, (frame, surface)
    assert contrast(colours.on_amber, colours.amber) >= 3.9


def test_apply_paints_the_application(qapp, qtbot):
    button = QPushButton("Open")
    qtbot.addWidget(button)
    button.show()
    for choice in (LIGHT, DARK):
        theme.apply(qapp, choice.name)
        everywhere(qapp)
        assert theme.current() is choice
        assert qapp.palette().window().color() == QColor(choice.background)
        picture = button.grab().toImage()
        assert picture.pixelColor(picture.width() // 2, 4) == QColor(choice.raised)


@pytest.mark.parametrize("colours", [DARK, LIGHT], ids=lambda t: t.name)
def test_the_palette_has_every_colour_where_the_sheet_looks_for_it(qapp, colours):
    theme.apply(qapp, colours.name)
    for name, role in style_sheet.ROLES.items():
        named = "".join(part.capitalize() for part in role.split("-"))
        assert qapp.palette().color(QPalette.ColorRole[named]) == QColor(getattr(colours, name)), name
    theme.apply(qapp, "dark")


def test_only_the_system_choice_follows_the_system(qapp, monkeypatch):
    system = DARK
    monkeypatch.setattr(theme, "_system_theme", lambda: system)
    theme.apply(qapp, "system")
    assert theme.current() is DARK
    system = LIGHT
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.current() is LIGHT
    theme.apply(qapp, "dark")
    qapp.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Light)
    assert theme.current() is DARK


def test_figures_have_one_width_and_the_font_is_ours(qapp, qtbot):
    theme.apply(qapp, "dark")
    label = QLabel("0")
    qtbot.addWidget(label)
    for role in ("", "value"):
        theme.set_role(label, role)
        metrics = QFontMetricsF(label.font())
        assert metrics.horizontalAdvance("1111") == pytest.approx(metrics.horizontalAdvance("8888"), abs=0.01)
    assert label.fontInfo().family() == "Inter"


def test_text_scales_and_nothing_is_cut(qapp, qtbot):
    heights = []
    for scale in (0.8, 1.0, 2.0):
        theme.apply(qapp, "dark", scale)
        field = QLineEdit("Ågy")
        qtbot.addWidget(field)
        field.show()
        assert field.height() >= QFontMetricsF(field.font()).height() + 2
        heights.append(field.height())
    theme.apply(qapp, "dark")
    assert heights[0] < heights[1] < heights[2]
    assert heights[2] == pytest.approx(2 * heights[1], rel=0.15)


def test_another_theme_reaches_a_widget_deep_inside_once_and_not_once_a_level(qtbot, qapp):
    theme.apply(qapp, "dark")
    outermost = inside = QWidget()
    for _ in range(12):
        inside = QWidget(inside)
    deep = _Counting(inside)
    qtbot.addWidget(outermost)
    outermost.show()
    deep.changes = 0
    theme.apply(qapp, "light")
    everywhere(qapp)
    assert 0 < deep.changes <= 4
    theme.apply(qapp, "dark")


class _Counting(QWidget):
    changes = 0

    def changeEvent(self, event):
        super().changeEvent(event)
        self.changes += event.type() == QEvent.Type.PaletteChange


def test_another_theme_lets_the_window_answer_in_between(qtbot, qapp, monkeypatch):
    """Widgets take its colours a slice of time at a time, and one may go before its turn."""
    theme.apply(qapp, "dark")
    monkeypatch.setattr(theme, "SLICE", 0.0)
    holder = QWidget()
    column = QHBoxLayout(holder)
    labels = [QLabel(str(number)) for number in range(20)]
    for label in labels:
        theme.set_role(label, "dim")
        column.addWidget(label)
    qtbot.addWidget(holder)
    holder.show()
    theme.apply(qapp, "light")

    def done():
        return sum(label.palette().windowText().color() == QColor(LIGHT.dim) for label in labels)

    assert done() < 20
    assert not theme.is_everywhere()
    shiboken6.delete(labels.pop())
    qtbot.waitUntil(theme.is_everywhere)
    assert done() == 19
    monkeypatch.undo()
    theme.apply(qapp, "dark")


def test_labels_of_a_column_stay_whole_at_any_size_of_text(qapp, qtbot):
    holder, column = QWidget(), ("Heads", "Residual")
    qtbot.addWidget(holder)
    line = QHBoxLayout(holder)
    labels = [ColumnLabel(text, column) for text in column]
    for label in labels:
        line.addWidget(label)
    holder.show()
    for scale in (1.0, 1.5):
        theme.apply(qapp, "dark", scale)
        qapp.processEvents()
        assert [label.shown() for label in labels] == list(column)
        assert len({label.width() for label in labels}) == 1
    theme.apply(qapp, "dark")
