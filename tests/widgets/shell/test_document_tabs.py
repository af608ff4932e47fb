"""Tabs that can be read, however many there are."""

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QHBoxLayout, QPushButton, QToolButton, QWidget

from headlight.widgets.base import theme
from headlight.widgets.controls.elided_button import ElidedButton
from headlight.widgets.shell.document_tabs import NARROWEST, DocumentTabs


@pytest.fixture
def tabs(show):
    """Tabs in a bar with other things, as a window has them."""
    bar = QWidget()
    tabs = DocumentTabs(bar)
    row = QHBoxLayout(bar)
    row.addWidget(QPushButton("Menu"))
    row.addWidget(tabs)
    row.addStretch(1)
    show(bar, 900, 60)
    return tabs


def open_(tabs, count: int, current: int | None = None) -> None:
    titles = [f"a picture of the number {index}.png" for index in range(count)]
    tabs.show_titles(titles, count - 1 if current is None else current)
    QTest.qWait(5)


def scrollers(tabs) -> list[QToolButton]:
    buttons = [b for b in tabs.bar.findChildren(QToolButton) if b.arrowType() != Qt.ArrowType.NoArrow]
    return sorted((b for b in buttons if b.isVisible()), key=lambda button: button.x())


def test_tabs_keep_a_readable_width_and_the_current_one_is_in_sight(tabs):
    for count in (1, 2, 7, 20):
        open_(tabs, count)
        widths = {tabs.bar.tabRect(index).width() for index in range(count)}
        assert min(widths) >= theme.em(NARROWEST)
        shown = tabs.bar.tabRect(count - 1)
        assert 0 <= shown.left() < shown.right() <= tabs.bar.width()
        assert tabs.all.isVisible() == bool(scrollers(tabs)) == (count > 4)
    assert tabs.geometry().right() < tabs.parentWidget().width()


def test_short_tabs_that_are_read_have_room_for_their_rings_and_give_it_back(tabs):
    tabs.show_titles(["short.wav", "coffee.jpg", "coffee.jpg"], 2)
    for running in ({}, {1: 0.1, 2: 0.2}, {2: 0.5}, {}):
        tabs.show_running(running)
        QTest.qWait(5)
        assert tabs.bar.width() == tabs.width() == tabs.bar.sizeHint().width(), running
        assert not tabs.all.isVisible()
        assert not scrollers(tabs)


@pytest.mark.parametrize("name", ["dark", "light"])
def test_the_arrows_that_scroll_are_seen(tabs, qapp, name):
    theme.apply(qapp, name)
    open_(tabs, 20, 10)
    left, right = scrollers(tabs)
    for button in (left, right):
        image = button.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
        inner = {
            image.pixelColor(x, y).name()
            for x in range(4, image.width() - 4)
            for y in range(image.height() // 3, image.height() * 2 // 3)
        }
        assert len(inner) > 3, "an empty box"


def test_the_wheel_scrolls_and_chooses_nothing(tabs):
    open_(tabs, 20, 0)
    chosen = []
    tabs.chosen.connect(chosen.append)
    before = tabs.bar.tabRect(10).x()
    middle = QPointF(tabs.bar.rect().center())
    for turn in (-60, -60, -120):
        event = QWheelEvent(
            *(middle, tabs.bar.mapToGlobal(middle), QPoint(), QPoint(0, turn), Qt.MouseButton.NoButton),
            *(Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False),
        )
        QApplication.sendEvent(tabs.bar, event)
    QTest.qWait(5)
    assert tabs.bar.tabRect(10).x() < before
    assert (tabs.bar.currentIndex(), chosen) == (0, [])


def test_the_middle_button_closes_and_the_left_chooses_the_current_one_too(tabs):
    open_(tabs, 3, 0)
    chosen, closed = [], []
    tabs.chosen.connect(chosen.append)
    tabs.close_asked.connect(closed.append)
    at = [tabs.bar.tabRect(index).center() for index in range(3)]
    QTest.mouseClick(tabs.bar, Qt.MouseButton.MiddleButton, pos=at[1])
    assert (closed, set(chosen)) == ([1], set())
    QTest.mousePress(tabs.bar, Qt.MouseButton.MiddleButton, pos=at[1])
    QTest.mouseRelease(tabs.bar, Qt.MouseButton.MiddleButton, pos=at[2])
    assert closed == [1]
    QTest.mouseClick(tabs.bar, Qt.MouseButton.LeftButton, pos=at[0])
    QTest.mouseClick(tabs.bar, Qt.MouseButton.LeftButton, pos=at[2])
    assert (set(chosen), chosen[0], chosen[-1]) == ({0, 2}, 0, 2)


def test_the_list_has_all_documents_with_their_whole_names(tabs):
    open_(tabs, 12, 3)
    tabs.bar.name(5, "salt & pepper.png")
    chosen = []
    tabs.chosen.connect(chosen.append)
    menu = tabs.all.menu()
    menu.aboutToShow.emit()
    assert tabs.all.text() == "▾ 12"
    assert [action.isChecked() for action in menu.actions()].index(True) == 3
    assert menu.actions()[5].text() == "salt && pepper.png"
    menu.actions()[7].trigger()
    assert chosen == [7]


def test_a_button_gives_way_and_says_the_rest(show):
    button = show(ElidedButton("A model with a rather long name", "Choose another"), 400, 40)
    assert button.shown() == button.text()
    button.resize(120, 40)
    QTest.qWait(5)
    assert button.shown().endswith("…")
    assert len(button.shown()) > 5
    assert button.toolTip() == "A model with a rather long name\nChoose another"
    assert button.minimumSizeHint().width() < 120


def test_beside_the_welcome_page_no_tab_looks_chosen_and_a_click_leads_back(tabs, qtbot):
    open_(tabs, 2, 1)

    def tones(index: int) -> set:
        seen = tabs.bar.grab(tabs.bar.tabRect(index)).toImage()
        return {seen.pixelColor(x, 6).name() for x in (8, 12)}

    plain, chosen = tones(0), tones(1)
    assert plain != chosen
    open_(tabs, 2, -1)
    assert tabs.bar.chosen() == -1
    assert tones(1) == plain
    with qtbot.waitSignal(tabs.chosen) as back:
        QTest.mouseClick(tabs.bar, Qt.MouseButton.LeftButton, pos=tabs.bar.tabRect(1).center())
    assert back.args == [1]
    open_(tabs, 2, 1)
    assert tones(1) == chosen
