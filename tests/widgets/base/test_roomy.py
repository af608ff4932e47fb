"""Panes take what room there is, and scroll."""

import pytest
from PySide6.QtCore import QEvent, QObject, QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.roomy import Roomy
from headlight.widgets.shell.pane_frame import PaneFrame


class Wants(QWidget):
    """Content with a minimum."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self.least = QSize(width, height)

    def minimumSizeHint(self) -> QSize:
        return self.least


@pytest.mark.parametrize(
    ("size", "bars"),
    [
        ((500, 400), (False, False)),
        ((200, 400), (True, False)),
        ((500, 100), (False, True)),
        ((100, 90), (True, True)),
    ],
)
def test_content_fills_what_it_is_given_and_scrolls_below_its_minimum(show, size, bars):
    content = Wants(300, 200)
    roomy = show(Roomy(content), *size)
    QTest.qWait(5)
    across, down = roomy.horizontalScrollBar(), roomy.verticalScrollBar()
    assert (across.isVisible(), down.isVisible()) == bars
    assert content.width() >= 300
    assert content.height() >= 200
    if not any(bars):
        assert content.size() == roomy.size()
    outgrown = []
    roomy.outgrown.connect(lambda: outgrown.append(content.least))
    content.least = QSize(20, 20)
    content.updateGeometry()
    QTest.qWait(5)
    assert not across.isVisible()
    assert content.width() == roomy.viewport().width()
    content.least = QSize(30, 30)
    content.updateGeometry()
    QTest.qWait(5)
    assert not outgrown
    content.least = QSize(30, 900)
    content.updateGeometry()
    QTest.qWait(5)
    assert outgrown == [content.least]


def test_a_bar_that_stands_in_the_edge_takes_no_width(show):
    content = Wants(300, 200)
    roomy = show(Roomy(content, edge=12), 312, 200)
    QTest.qWait(5)
    assert content.size() == QSize(300, 200)
    roomy.resize(312, 150)
    QTest.qWait(5)
    assert roomy.verticalScrollBar().isVisible()
    assert not roomy.horizontalScrollBar().isVisible()
    assert content.width() == 300


class Styled(QObject):
    """Counts how often a widget is styled, in whole."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.times = 0
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.times += event.type() == QEvent.Type.StyleChange
        return False


def test_what_is_in_a_pane_is_styled_once_when_the_pane_is_made(show):
    window, content = show(QMainWindow()), Wants(50, 50)
    inside = QLabel("deep inside", content)
    counts = Styled(content), Styled(inside)
    dock = PaneFrame("a", "A pane", content, window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    dock.show()
    QTest.qWait(5)
    assert inside.isVisible()
    assert [count.times for count in counts] == [1, 1]


def test_a_pane_never_asks_for_more_than_a_little(show):
    window = QMainWindow()
    dock = PaneFrame("a", "A pane", Wants(3000, 2000), window)
    dock.set_subtitle("a long explanation of what is shown in it, " * 5)
    window.setCentralWidget(QLabel("centre"))
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, dock)
    show(window, 400, 300)
    assert (window.width(), window.height()) == (400, 300)
    assert dock.minimumSizeHint().width() < 200
    assert dock.minimumSizeHint().height() < 150
    assert dock.needed_size().width() > 3000


def test_a_floated_pane_lies_on_the_screen(show, qtbot):
    window = QMainWindow()
    dock = PaneFrame("a", "A pane", Wants(50, 50), window)
    window.addDockWidget(Qt.DockWidgetArea.RightDockWidgetArea, dock)
    show(window, 300, 200)
    room = window.screen().availableGeometry()
    window.move(room.right() - 310, room.bottom() - 210)
    QTest.qWait(20)
    dock.setFloating(True)
    assert dock.height() >= theme.em(42)
    assert room.contains(dock.geometry())
    dock.setFloating(False)
