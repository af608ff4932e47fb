from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QColor, QEnterEvent
from PySide6.QtWidgets import QApplication, QPushButton, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.text.chips import Chip, Chips


def test_click_add_and_hover(show, qtbot):
    chips = Chips()
    chips.set_chips([Chip("[CLS]", "special"), Chip("R&D"), Chip("(2, 35)")])
    show(chips, 300, 40)
    clicked, hovered = [], []
    chips.clicked.connect(lambda index, add: clicked.append((index, add)))
    chips.hovered.connect(hovered.append)
    first, second, _ = chips.findChildren(QPushButton)
    qtbot.mouseClick(first, Qt.MouseButton.LeftButton)
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier)
    qtbot.keyClick(second, Qt.Key.Key_Space)
    assert clicked == [(0, False), (1, True), (1, False)]
    here = QPointF(2, 2)
    QApplication.sendEvent(second, QEnterEvent(here, here, here))
    QApplication.sendEvent(second, QEvent(QEvent.Type.Leave))
    assert hovered == [1, None]
    assert second.accessibleName() == "R&D"


def test_rows_wrap_and_are_never_cut(show):
    page, chips = QWidget(), Chips()
    column = QVBoxLayout(page)
    column.addWidget(chips)
    column.addStretch(1)
    chips.set_chips([Chip(f"patch ({i}, {i})") for i in range(20)])
    show(page, 300, 60)
    assert page.height() > 60
    for index in range(20):
        assert chips.rect().contains(chips.chip_rect(index)), index
    rows = {chips.chip_rect(index).y() for index in range(20)}
    assert len(rows) > 3


def test_roles_can_be_seen(show):
    chips = Chips()
    chips.set_chips([Chip("one", "selected"), Chip("two", "hovered"), Chip("three")])
    show(chips, 300, 40)
    picture = chips.grab().toImage()
    colours = theme.current()
    edges = [
        picture.pixelColor(chips.chip_rect(i).topLeft() + QPoint(chips.chip_rect(i).width() // 2, 0))
        for i in range(3)
    ]
    assert edges == [QColor(colours.amber), QColor(colours.blue), QColor(colours.line)]


def test_fewer_chips_leave_no_buttons(show):
    chips = show(Chips(), 300, 40)
    chips.set_chips([Chip(str(i)) for i in range(9)])
    chips.set_chips([Chip("a", "special"), Chip("b")])
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert [button.text() for button in chips.findChildren(QPushButton)] == ["a", "b"]
    assert chips.chips() == [Chip("a", "special"), Chip("b")]


def test_an_absent_chip_keeps_its_room(show):
    chips = Chips()
    chips.set_chips([Chip("[CLS]"), Chip("mean of all patches", "absent")])
    show(chips, 120, 100)
    height, room = chips.minimumHeight(), chips.chip_rect(1)
    assert not chips.findChildren(QPushButton)[1].isVisible()
    chips.set_chips([Chip("[CLS]"), Chip("mean of all patches", "selected")])
    assert chips.findChildren(QPushButton)[1].isVisible()
    assert (chips.minimumHeight(), chips.chip_rect(1).topLeft()) == (height, room.topLeft())
