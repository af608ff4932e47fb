"""Panes take what room there is, and scroll."""

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLabel, QMainWindow, QWidget

from widgets.pane_frame import PaneFrame
from widgets.roomy import Roomy


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
    content.least = QSize(20, 20)
    content.updateGeometry()
    QTest.qWait(5)
    assert not across.isVisible()
    assert content.width() == roomy.viewport().width()


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
