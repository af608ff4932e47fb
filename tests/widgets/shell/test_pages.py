"""The welcome page, panes, progress and the log."""

from datetime import datetime
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QLineEdit, QMainWindow, QPlainTextEdit, QPushButton, QToolButton

from headlight.widgets.base import theme
from headlight.widgets.controls.progress import Progress
from headlight.widgets.shell.log_view import MOST_LINES, LogView
from headlight.widgets.shell.pane_frame import PaneFrame
from headlight.widgets.shell.samples import Card, Sample, bundled_samples
from headlight.widgets.shell.welcome import Welcome, _DropArea


def test_every_bundled_sample_is_there():
    pictures = [sample.value for sample in bundled_samples() if isinstance(sample.value, Path)]
    assert [path.name for path in pictures] == [
        *("astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg"),
        *("bedroom.ply", "corridor.ply", "meeting.ply", "plaza.ply", "street.ply"),
        *("bonsai.ply", "car.ply", "chair.ply"),
    ]
    assert sum(isinstance(sample.value, str) for sample in bundled_samples()) == 5


def test_rooms_are_offered_where_both_cloud_and_picture_are_there(show, tmp_path):
    rooms = tmp_path / "rooms"
    rooms.mkdir()
    for name in ("living-room-2.ply", "living-room-2.png", "office.ply"):
        (rooms / name).touch()
    QImage(64, 48, QImage.Format.Format_RGB32).save(str(rooms / "living-room-2.png"))
    (first, *texts) = bundled_samples(tmp_path)
    assert (first.title, first.value) == ("Living room 2", rooms / "living-room-2.ply")
    assert len(texts) == 6
    page = show(Welcome([first]), 900, 700)
    chosen = []
    page.sample_chosen.connect(lambda value, model: chosen.append(value))
    page.findChild(Card).clicked.emit(first.value, "")
    assert chosen == [rooms / "living-room-2.ply"]


def test_a_panes_title_opens_what_it_can_show(show):
    window = show(QMainWindow(), 500, 300)
    frame = PaneFrame("cloud", "Prediction", QLabel("content"), window)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, frame)
    frame.set_menu(lambda menu: (menu.clear(), menu.addAction("Height")), "What colours the points")
    frame.set_title("Error")
    (chooser,) = [b for b in frame.findChildren(QToolButton) if b.toolTip() == "What colours the points"]
    assert (chooser.text(), frame.title()) == ("Error ▾", "Error")
    chooser.menu().aboutToShow.emit()
    assert [action.text() for action in chooser.menu().actions()] == ["Height"]


def test_welcome_takes_text_samples_and_files(show, qtbot):
    page = show(Welcome(), 1000, 800)
    texts, samples, opened = [], [], []
    page.text_entered.connect(texts.append)
    page.sample_chosen.connect(lambda *said: samples.append(said))
    page.open_clicked.connect(lambda: opened.append("file"))
    page.stack_asked.connect(lambda: opened.append("stack"))
    field = page.findChild(QLineEdit)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    qtbot.keyClicks(field, "  a great serve ")
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert texts == ["a great serve"]
    cards = page.findChildren(Card)
    qtbot.mouseClick(cards[0], Qt.MouseButton.LeftButton)
    qtbot.keyClick(cards[-2], Qt.Key.Key_Return)
    assert samples == [(one.value, one.model) for one in (bundled_samples()[0], bundled_samples()[-1])]
    qtbot.mouseClick(page.findChild(_DropArea), Qt.MouseButton.LeftButton)
    qtbot.keyClick(cards[-1], Qt.Key.Key_Return)
    assert opened == ["file", "stack"]


def test_recent_files_replace_each_other(show, qtbot):
    page = show(Welcome([]), 800, 600)
    page.set_recent([Path(f"/data/{n}.png") for n in range(8)])
    page.set_recent([Path("/data/R&D.png")])

    def listed():
        shown = [button for button in page.findChildren(QPushButton) if button.isVisible()]
        return [button for button in shown if button.toolTip().startswith("/data/")]

    qtbot.waitUntil(lambda: len(listed()) == 1)
    (button,) = listed()
    chosen = []
    page.sample_chosen.connect(lambda value, model: chosen.append(value))
    button.click()
    assert chosen == [Path("/data/R&D.png")]


def test_a_drag_lights_the_drop_area(show):
    page = show(Welcome(), 1000, 800)
    area = page.findChild(_DropArea)
    dark = area.grab().toImage().pixelColor(30, 30)
    page.set_drag_active(True)
    lit = area.grab().toImage().pixelColor(30, 30)
    assert lit.red() > dark.red() + 15
    page.set_drag_active(False)
    assert area.grab().toImage().pixelColor(30, 30) == dark


@pytest.mark.parametrize("scale", [0.8, 1.0, 2.0])
def test_no_text_of_the_welcome_page_is_cut(qapp, show, scale):
    theme.apply(qapp, "light", scale)
    page = show(Welcome(), 1440, 900)
    for label in page.findChildren(QLabel):
        if label.text():
            needed = label.heightForWidth(label.width()) if label.wordWrap() else label.sizeHint().height()
            assert label.height() >= needed, label.text()
    page.close()


def test_pane_says_what_it_shows_and_has_buttons_under_the_cursor(show, qtbot):
    window = QMainWindow()
    pane = PaneFrame("heads", "Heads", QLabel("content"))
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, pane)
    show(window, 500, 300)
    pane.set_subtitle("layer → head ↓ what patch (7, 18) looks at")
    assert pane.subtitle() == "layer → head ↓ what patch (7, 18) looks at"
    buttons = pane.titleBarWidget().findChildren(QToolButton)
    assert not any(button.isVisible() for button in buttons)
    pane.titleBarWidget()._reveal(True)
    picture = window.grab().toImage()
    body = pane.widget().geometry().translated(pane.pos())
    assert picture.pixelColor(body.center().x(), body.bottom() - 8) == QColor(theme.current().panel)
    next(b for b in buttons if b.accessibleName() == "Float Heads").click()
    assert pane.isFloating()
    next(b for b in buttons if b.accessibleName() == "Float Heads").click()
    next(b for b in buttons if b.accessibleName() == "Close Heads").click()
    assert pane.isHidden()


def test_progress_waits_shows_and_hides(show, qtbot):
    progress = Progress()
    qtbot.addWidget(progress)
    progress.show_progress(0.1, "Reading")
    assert progress.isHidden()
    progress.done()
    qtbot.wait(200)
    assert progress.isHidden()
    progress.show_progress(0.25, "Layer 3 of 12")
    qtbot.waitUntil(progress.isVisible, timeout=1000)
    assert (progress.share(), progress.sentence()) == (0.25, "Layer 3 of 12")
    cancelled = []
    progress.cancelled.connect(lambda: cancelled.append(True))
    button = progress.findChild(QToolButton)
    button.click()
    button.click()
    assert cancelled == [True]
    progress.show_progress(None, "Waiting")
    assert progress.share() is None
    progress.done()
    assert progress.isHidden()


def test_log_is_bounded_copied_and_cleared(qapp, show):
    log = show(LogView(), 500, 200)
    noon = datetime(2026, 1, 2, 12, 0, 0)
    for number in range(MOST_LINES + 10):
        log.add(noon, "INFO", f"message {number}")
    log.add(noon, "ERROR", "two\nlines")
    text = log.findChild(QPlainTextEdit)
    assert text.blockCount() == len(log.lines()) == MOST_LINES
    assert log.lines()[0] == "12:00:00  info     message 11"
    theme.apply(qapp, "light")
    assert text.blockCount() == MOST_LINES
    log.copy()
    assert QGuiApplication.clipboard().text().endswith("12:00:00  error    two\nlines")
    log.clear()
    assert log.lines() == []
    assert text.toPlainText() == ""


def test_logo_and_icons_are_drawn(qapp):
    for choice in ("dark", "light"):
        theme.apply(qapp, choice)
        for name in ("check", "down", "right", "close", "float", "headlight"):
            assert not QImage(str(theme.current().icon(name))).isNull(), (choice, name)


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_pictures_of_rooms_lie_on_the_themes_ground(qapp, show, choice):
    theme.apply(qapp, choice)
    for path in sorted((theme.ASSETS / "samples" / "rooms").glob("*.png")):
        card = show(Card(Sample("Room", path.with_suffix(".ply"), path), 9.0), 300, 220)
        ground = card.grab().toImage().pixelColor(12, 12)
        assert abs(ground.lightness() - QColor(theme.current().panel).lightness()) < 30
