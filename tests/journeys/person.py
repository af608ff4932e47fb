"""Somebody in front of the window: lives in a thread of its own, acts with hands, looks, and checks."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QObject, QPoint, QPointF, Qt, QUrl, Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QWidget

from tests.journeys.hands import Hands
from tests.journeys.invariants import Expected, complaints
from viewer.window import Window

PATIENCE = 60.0
"""Seconds after which a person no longer believes that the window answers."""


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

    def __init__(self, window: Window, gui: Gui, pictures: Path | None = None) -> None:
        self.window, self.gui, self.pictures = window, gui, pictures
        self.hands = Hands()
        self.found: list[str] = []
        self.steps: list[str] = []
        self.expected: Expected = self.ask(lambda: Expected.of(window))

    def ask(self, what: Callable[[], Any]) -> Any:
        return self.gui.ask(what)

    # -- looking -----------------------------------------------------------------------------------------

    def wait(self, until: Callable[[], bool], what: str, seconds: float = PATIENCE) -> bool:
        """Wait until `until()`, asked on the GUI thread, holds; a complaint where it never does."""
        end = time.monotonic() + seconds
        while not self.ask(until):
            if time.monotonic() > end:
                self.found.append(f"{self.steps[-1] if self.steps else 'start'}: {what}: never came")
                return False
            time.sleep(0.03)
        return True

    def settle(self) -> None:
        """Wait until nothing runs and all is drawn, twice in a row."""
        quiet = 0
        end = time.monotonic() + PATIENCE
        while quiet < 2:
            quiet = quiet + 1 if self.ask(self.window.is_idle) else 0
            if time.monotonic() > end:
                self.found.append(f"{self.steps[-1]}: the window never comes to rest")
                return
            time.sleep(0.06)

    def look(self, step: str, rest: bool = True) -> None:
        """Note the step, wait until all is drawn (unless something is to be seen while it runs), check."""
        self.steps.append(step)
        if rest:
            self.settle()
        wrong = self.ask(lambda: complaints(self.window, self.expected, rest))
        self.found += [f"{len(self.steps)} {step}: {complaint}" for complaint in wrong]
        if wrong and self.pictures is not None:
            name = self.pictures / f"{len(self.steps):03d}.png"
            self.ask(lambda: self.window.screen().grabWindow(0).save(str(name)))

    def place(self, widget: QWidget, x: float = 0.5, y: float = 0.5) -> tuple[int, int]:
        """A place on the screen: shares of the widget's width and height."""

        def of() -> tuple[int, int]:
            point = widget.mapToGlobal(QPoint(round(widget.width() * x), round(widget.height() * y)))
            return point.x(), point.y()

        return self.ask(of)

    def pane(self, name: str) -> QWidget:
        return self.ask(lambda: self.window.deck.panes[name].widget)

    # -- acting ------------------------------------------------------------------------------------------

    def click(self, widget: QWidget, x: float = 0.5, y: float = 0.5, button: int = 1) -> None:
        self.hands.click(*self.place(widget, x, y), button)

    def hover(self, widget: QWidget, x: float = 0.5, y: float = 0.5) -> None:
        self.hands.move(*self.place(widget, x, y))

    def drag(self, widget: QWidget, start: tuple[float, float], end: tuple[float, float], button=1) -> None:
        self.hands.drag(self.place(widget, *start), self.place(widget, *end), button)

    def wheel(self, widget: QWidget, notches: int, x: float = 0.5, y: float = 0.5) -> None:
        self.hands.wheel(*self.place(widget, x, y), notches)

    def key(self, chord: str) -> None:
        self.hands.key(chord)

    def command(self, words: str) -> None:
        """Choose the first command that the palette finds for these words."""
        self.key("ctrl+k")
        self.wait(self.window.palette_popup.isVisible, "the palette")
        self.hands.type(words)
        time.sleep(0.1)
        self.key("enter")
        self.wait(lambda: not self.window.palette_popup.isVisible(), "the palette's end")

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

    def resize(self, width: int, height: int) -> None:
        """Resize the window, as by its edge."""
        self.ask(lambda: self.window.resize(width, height))
        self.wait(lambda: self.window.width() == width, "the new size", 5)
        time.sleep(0.2)
        self.expected = self.ask(lambda: Expected.of(self.window))

    def run(self, journey: Callable[[Person], None]) -> None:
        """The whole journey; what it raises is a complaint too."""
        try:
            journey(self)
        except Exception:
            self.found.append(f"after {self.steps[-1:]}: {traceback.format_exc()}")
        finally:
            self.hands.close()
