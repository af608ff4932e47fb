"""Rows with bars: how long a bar is, which row is pointed at by mouse and keyboard, what is read out."""

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest

from headlight.widgets.base import theme
from headlight.widgets.tables.target_rows import TargetRows


@pytest.fixture
def rows(show):
    rows = TargetRows()
    rows.set_rows(["cat", "dog", "eel"], [0.5, 0.25, 0.0])
    return show(rows, 300, rows.sizeHint().height())


def painted(rows: TargetRows, colour: str) -> list[int]:
    """Pixels of a colour in the middle line of each row."""
    image, wanted = rows.grab().toImage(), QColor(colour).rgb()
    lines = [round(rows.row_rect(index).center().y()) for index in range(3)]
    return [sum(image.pixel(x, y) == wanted for x in range(image.width())) for y in lines]


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_bars_are_as_long_as_their_share(rows, qapp, choice):
    theme.apply(qapp, choice)
    now = theme.current()
    amber, blue, ground = (painted(rows, colour) for colour in (now.amber, now.blue, now.line))
    whole = ground[2]
    assert whole > 80
    assert amber[0] == pytest.approx(whole / 2, abs=4)
    assert blue[1] == pytest.approx(whole / 4, abs=4)
    assert (amber[1:], blue[0], blue[2]) == ([0, 0], 0, 0)


def test_each_class_has_its_swatch(rows):
    colours = np.array([[10, 200, 30], [200, 10, 30], [30, 10, 200]], np.uint8)
    rows.set_rows(["cat", "dog", "eel"], [0.5, 0.25, 0.0], colours)
    for index, colour in enumerate(colours):
        found = painted(rows, QColor(*map(int, colour)).name())
        assert [count > 3 for count in found] == [row == index for row in range(3)]
    with pytest.raises(ValueError, match="2 names"):
        rows.set_rows(["cat", "dog"], [0.5, 0.25], colours)


def test_mouse_and_keyboard_point_at_rows(rows):
    heard: list[object] = []
    rows.hovered.connect(heard.append)
    QTest.mouseMove(rows, QPoint(50, round(rows.row_rect(1).center().y())))
    assert heard[-1] == 1
    assert rows._tip.text == "dog\t0.2500"
    rows.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert heard[-1] == 2
    QTest.keyClick(rows, Qt.Key.Key_Down)
    assert heard[-1] == 2
    rows.set_rows(["cat"], [1.0])
    assert heard[-1] is None
    assert rows.accessibleDescription() == "1 rows, first cat, 100 %"
