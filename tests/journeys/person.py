"""Somebody in front of the window: lives in a thread of its own, acts with hands, looks, and checks."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QTimer, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from headlight.viewer.app.window import Window
from tests.journeys.hands import Hands
from tests.journeys.invariants import Expected, complaints

PATIENCE = 240.0
"""Seconds without any change after which a person no longer believes that there will be one."""


SOON = 1000
"""Milliseconds that a change waits at most for a pause in typing or pointing."""


class Gui(QObject):
    """Runs what it is given on the GUI thread, also while a dialog is open."""

    _asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._asked.connect(lambda call: call(), Qt.ConnectionType.QueuedConnection)

    def ask(self, what: Callable[[], Any]) -> Any:
        """The value of `what()`, computed on the GUI thread. TimeoutError where it does not answer."""
        done, result = threading.Event(), []

        def call() -> None:
            try:
                result.append((what(), None))
            except BaseException as error:
                result.append((None, error))
            done.set()

        self._asked.emit(call)
        if not done.wait(PATIENCE):
            raise TimeoutError("the window does not answer")
        value, error = result[0]
        if error is not None:
            raise error
        return value


class Person:
    """Carries out a journey's steps on a window; each step is followed by a look at the invariants."""

    def __init__(self, window: Window, gui: Gui, folder: Path) -> None:
        """folder: holds what there is to open, and takes pictures of what was wrong."""
        self.window, self.gui, self.folder = window, gui, folder
        self.hands = Hands()
        self.found: list[str] = []
        self.steps: list[str] = []
        self.gone = False
        """The window was closed."""
        self.expected: Expected = self.ask(lambda: Expected.of(window))

    def ask(self, what: Callable[[], Any]) -> Any:
        return self.gui.ask(what)

    # -- looking -----------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], bool], what: str) -> None:
        """Wait until `until()`, asked on the GUI thread, holds; the journey ends where it never does."""
        end = time.monotonic() + PATIENCE
        while not self.ask(until):
            if time.monotonic() > end:
                raise TimeoutError(f"{what}: never came")
            time.sleep(0.03)

    def settle(self) -> None:
        """Wait until nothing runs and all is drawn, three times in a row."""
        quiet, last, since = 0, None, time.monotonic()
        while quiet < 3:
            busy = self.ask(self.what_runs)
            quiet = 0 if busy else quiet + 1
            if busy != last:
                last, since = busy, time.monotonic()
            if time.monotonic() - since > PATIENCE:
                raise TimeoutError(f"the window never comes to rest: {busy}")
            time.sleep(0.05)

    def what_runs(self) -> list[str]:
        """What is computed or drawn, and what waits for a pause in typing or pointing."""
        busy = [f"{job.kind}: {job.sentence}" for job in self.window.jobs.running()]
        if not busy and not self.window.is_idle():
            busy.append("drawing")
        laters = (timer for timer in self.window.findChildren(QTimer) if timer.isSingleShot())
        soon = [timer for timer in laters if timer.isActive() and timer.interval() <= SOON]
        return busy + [f"{type(timer.parent()).__name__} of {timer.parent().parent()}" for timer in soon]

    def look(self, step: str, rest: bool = True) -> None:
        """Note the step, wait until all is drawn (unless something is to be seen while it runs), check."""
        self.steps.append(step)
        if rest:
            self.settle()
        wrong = self.ask(lambda: complaints(self.window, self.expected, rest))
        self.found += [f"{len(self.steps)} {step}: {complaint}" for complaint in wrong]
        if wrong:
            name = self.folder / f"{len(self.steps):03d}.png"
            self.ask(lambda: self.window.screen().grabWindow(0).save(str(name)))

    def check(self, holds: bool, what: str) -> None:
        """Complain where something that this journey is about does not hold."""
        if not holds:
            self.found.append(f"{len(self.steps)} after {self.steps[-1:]}: {what}")

    def place(self, widget: QWidget, x: float = 0.5, y: float = 0.5) -> tuple[int, int]:
        """A place on the screen: shares of the widget's width and height."""

        def of() -> tuple[int, int]:
            point = widget.mapToGlobal(QPoint(round(widget.width() * x), round(widget.height() * y)))
            return point.x(), point.y()

        return self.ask(of)

    def pane(self, name: str) -> QWidget:
        return self.ask(lambda: self.window.deck.panes[name].widget)

    @property
    def document(self) -> Any:
        return self.window.session.current

    # -- acting ------------------------------------------------------------------------------------------

    def click(self, widget: QWidget, x: float = 0.5, y: float = 0.5, button: int = 1) -> None:
        self.hands.click(*self.place(widget, x, y), button)

    def hover(self, widget: QWidget, x: float = 0.5, y: float = 0.5) -> None:
        self.hands.move(*self.place(widget, x, y))

    def drag(self, widget: QWidget, start: tuple[float, float], end: tuple[float, float], button=1) -> None:
        self.hands.drag(self.place(widget, *start), self.place(widget, *end), button)

    def wheel(self, widget: QWidget, notches: int, x: float = 0.5, y: float = 0.5) -> None:
        self.hands.wheel(*self.place(widget, x, y), notches)

    def key(self, *chords: str) -> None:
        for chord in chords:
            self.hands.key(chord)

    def command(self, words: str) -> None:
        """Choose the first command that the palette finds for these words."""
        self.key("ctrl+k")
        self.wait(self.window.palette_popup.isVisible, "the palette")
        self.hands.type(words)
        self.key("enter")
        self.wait(lambda: not self.window.palette_popup.isVisible(), "the palette's end")

    def choose(self, button: QWidget, words: str) -> None:
        """Open the menu of a button and click the entry that holds these words."""
        menu: QMenu = button.menu()
        self.click(button)
        self.wait(lambda: menu.isVisible() and self._entry(menu, words) is not None, f"the menu's {words}")
        at = self.ask(lambda: menu.mapToGlobal(menu.actionGeometry(self._entry(menu, words)).center()))
        self.hands.glide((at.x() - 8, at.y() + 3), (at.x(), at.y()), 3)
        self.hands.click(at.x(), at.y())
        self.wait(lambda: not menu.isVisible(), "the menu's end")

    def _entry(self, menu: QMenu, words: str) -> Any:
        return next((action for action in menu.actions() if words in action.text()), None)

    def drop(self, *paths: str) -> None:
        """Drop files on the middle of the window."""

        def let_go() -> None:
            mime = QMimeData()
            mime.setUrls([QUrl.fromLocalFile(path) for path in paths])
            middle = self.window.rect().center()
            how = (Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton, Qt.KeyboardModifier(0))
            QApplication.sendEvent(self.window, QDragEnterEvent(middle, *how))
            QApplication.sendEvent(self.window, QDragMoveEvent(middle, *how))
            QApplication.sendEvent(self.window, QDropEvent(QPointF(middle), *how))

        self.ask(let_go)

    # -- the window's own size and place -----------------------------------------------------------------

    def resize(self, across: int, down: int) -> None:
        """Drag the window's lower right corner by so many pixels, with Alt and the right button."""
        width = self.ask(self.window.width)
        corner = self.place(self.window, 0.97, 0.97)
        with self.hands.held("alt"):
            self.hands.drag(corner, (corner[0] + across, corner[1] + down), 3)
        self.wait(lambda: self.window.width() != width, "the new size")
        self.accept()

    def move(self, across: int, down: int) -> None:
        """Drag the window by its title bar."""
        before = self.ask(self.window.pos)
        bar = self.title_bar()
        self.hands.drag(bar, (bar[0] + across, bar[1] + down))
        self.wait(lambda: self.window.pos() != before, "the new place")
        self.accept()

    def maximise(self) -> None:
        """Click the title bar twice."""
        state = self.ask(self.window.isMaximized)
        self.hands.click(*self.title_bar())
        self.hands.click(*self.title_bar())
        self.wait(lambda: self.window.isMaximized() != state, "the change of state")
        self.accept()

    def full_screen(self) -> None:
        state = self.ask(self.window.isFullScreen)
        self.key("f11")
        self.wait(lambda: self.window.isFullScreen() != state, "the change of state")
        self.accept()

    def title_bar(self) -> tuple[int, int]:
        def of() -> tuple[int, int]:
            frame, inner = self.window.frameGeometry(), self.window.geometry()
            return frame.center().x(), (frame.top() + inner.top()) // 2

        return self.ask(of)

    def accept(self) -> None:
        """Take the window's geometry, once it has stopped to change, as what is wanted from now on."""
        last, alike = None, 0
        while alike < 8:
            now = self.ask(lambda: Expected.of(self.window))
            alike = alike + 1 if last == now else 0
            last = now
            time.sleep(0.05)
        last.errors = self.expected.errors
        self.expected = last

    def quit(self) -> None:
        self.gone = True
        self.key("ctrl+q")

    def run(self, *trips: Callable[[Person], None]) -> None:
        """The whole journey, trip after trip; what one raises is a complaint too, and the end."""
        try:
            self.accept()  # the window manager has put the window in its place
            for trip in trips:
                trip(self)
        except Exception:
            self.found.append(f"{len(self.steps)} after {self.steps[-1:]}: {traceback.format_exc()}")
        finally:
            self.hands.close()
