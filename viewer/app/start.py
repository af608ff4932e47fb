"""Start-up, in one place and one order: attributes, application, handlers, window, files."""

from __future__ import annotations

import locale
import logging
import os
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QObject, QSettings, QTimer, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from headlight.models.core.errors import HeadlightError
from headlight.viewer import slices
from headlight.viewer.app.layout import geometry
from headlight.viewer.app.listening import listening
from headlight.viewer.app.options import WindowOptions
from headlight.viewer.app.window import Window
from headlight.viewer.host.apart.host import ProcessHost
from headlight.viewer.host.asked import run_options
from headlight.viewer.host.lanes import WARM
from headlight.viewer.host.warm import expecting_recordings, warm
from headlight.viewer.inputs.recorded import ENDING
from headlight.viewer.panes.shared.log_handler import LogHandler
from headlight.viewer.shown.places import check_screen
from headlight.viewer.shown.steps import open_shown
from headlight.widgets.base import theme

log = logging.getLogger("headlight")
UNSEEN = 1000
"""Milliseconds after which a window that was not painted is taken for minimised."""
SETTLED = 120
"""Milliseconds that nothing may run before a window counts as drawn."""
_GONE = ("The X11 connection broke", "The Wayland connection broke", "The Wayland connection experienced")
"""How Qt's last words begin where a display server ended, or the network to it."""
QUALITY = 75
"""Of the PNG, which loses nothing by it: half of the time of the best for a file one tenth larger."""


def run(files: list[str], options: WindowOptions) -> int:
    """Open the window with these files and stay until it is closed. Returns the exit status.

    HeadlightError where there is no screen to open it on: Qt would end the process.
    """
    check_screen()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    plain_words()
    app.setApplicationName("Headlight")
    app.setOrganizationName("Headlight")
    app.setDesktopFileName("headlight")
    handler = LogHandler()
    logging.getLogger().addHandler(handler)
    logging.getLogger().setLevel(logging.INFO)
    qInstallMessageHandler(_said_by_qt)
    # A picture of the window must not depend on what somebody chose before.
    settings = QSettings(os.devnull, QSettings.Format.IniFormat) if options.screenshot else QSettings()
    choice = options.theme or str(settings.value("theme", "dark"))
    theme.apply(app, choice, float(settings.value("text_scale", 1.0)))
    host, asked = ProcessHost(_words(options.engine or "")), run_options(options.given)
    recorded = bool(files) and all(file.endswith(ENDING) for file in files)
    if recorded:  # while the window is made
        host.start(WARM, "run", expecting_recordings, lambda *_: None)
    window = Window(asked, settings, handler, host)
    if options.screenshot:
        window.resize(geometry.SIZE)  # whatever screen there is
        app.setCursorFlashTime(0)
    window.session.opening_page = options.page
    _report_exceptions(window)
    signal.signal(signal.SIGINT, lambda *_: window.close())
    heartbeat = QTimer(window, interval=500)  # lets Python see Ctrl+C while Qt waits
    heartbeat.timeout.connect(lambda: None)
    heartbeat.start()
    window.show()
    opens = bool(files) or options.given.get("text") is not None
    waits = SETTLED if opens else 0  # on the welcome page nothing is to come
    shot = _Screenshot(window, str(options.screenshot), waits) if options.screenshot else None

    def warm_up() -> None:
        host.start(WARM, "run", partial(warm, asked, slices.__name__), lambda *_: None)

    def painted() -> None:
        """Nothing is done before a person sees the window."""
        window.read_plugins()  # what is opened may be of one
        if opens or shot is None:
            if not recorded:
                warm_up()
            window.jobs.submit("warm", window.runs.prepare, lambda _: window.make_ready(), here=True)
        _open(window, files, options, shot)
        ear = listening(window, partial(open_shown, window.runs)) if shot is None else None
        if ear is not None:
            app.aboutToQuit.connect(ear.close)
        if recorded and shot is None:  # they take no model: what models need comes once they are seen
            _WhenSeen(window, warm_up)

    _Painted(window, painted)
    status = app.exec()
    logging.getLogger().removeHandler(handler)
    qInstallMessageHandler(None)
    return shot.status if shot is not None else status


def _said_by_qt(kind: object, context: object, message: str) -> None:
    """Into the log; with its screen the program ends. Qt would do so by a way on which threads that wait for
    each other are met, and nobody would see the process that stays. The engine ends with this one.
    """
    log.warning("Qt: %s", message)
    if message.startswith(_GONE):
        if sys.stderr is not None:
            print("headlight: The screen is gone, and with it the window.", file=sys.stderr, flush=True)
        os._exit(1)


def plain_words() -> None:
    """Figures and the system's messages as Headlight writes them, whatever the desktop's language: Qt has
    taken that over for all libraries of the process, of which some read 0.5 as 0 where a comma is meant.
    """
    for category in ("LC_NUMERIC", "LC_MESSAGES"):
        if hasattr(locale, category):
            locale.setlocale(getattr(locale, category), "C")


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError as error:
        raise HeadlightError(
            f"The command after --engine cannot be read: {error}", "Close its quotation marks."
        ) from error


def _open(window: Window, files: list[str], options: WindowOptions, shot: _Screenshot | None) -> None:
    text, columns = options.given.get("text"), options.given.get("columns", ())
    if shot is not None:  # nobody is there to answer
        window.runs.trusts = window.runs.asks = None
    if text is not None and len(files) == 1:  # a text beside a picture
        window.runs.open_described(files[0], text)
        files, text = [], None
    for path in files:
        if path.endswith(ENDING):
            open_shown(window.runs, Path(path))
        else:
            window.runs.open_path(path, columns=columns)
    if text is not None:
        window.runs.open_text(text, options.given.get("pair"))
    if shot is not None:
        shot.wait()


def _report_exceptions(window: Window) -> None:
    """Send what nobody catches, on any thread, to the messages; a slot's exception would only be printed."""

    def hook(kind: type[BaseException], error: BaseException, trace: object) -> None:
        traceback.print_exception(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            window.uncaught.emit(error)

    sys.excepthook = hook
    threading.excepthook = lambda args: hook(args.exc_type, args.exc_value, args.exc_traceback)


class _Painted(QObject):
    """Does something once the window has been painted for the first time, or after a while where nobody sees
    it.
    """

    def __init__(self, window: Window, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then, self._window = then, window
        window.installEventFilter(self)
        self._unseen = QTimer(self, singleShot=True, interval=UNSEEN)
        self._unseen.timeout.connect(self._go)
        self._unseen.start()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self._go()
        return False

    def _go(self) -> None:
        self._unseen.stop()
        self._window.removeEventFilter(self)
        QTimer.singleShot(0, self._window, self._then)


class _WhenSeen(QObject):
    """Does something once what is open has been drawn."""

    def __init__(self, window: Window, then: Callable[[], None]) -> None:
        super().__init__(window)
        self._then, self._window = then, window
        window.drawn.connect(self._look)

    def _look(self) -> None:
        if self._window.session.documents and self._window.is_idle():
            self._window.drawn.disconnect(self._look)
            self._then()


class _Screenshot(QObject):
    """Waits until all is drawn, saves the window, closes it. What failed is said on stderr."""

    def __init__(self, window: Window, path: str, waits: int) -> None:
        super().__init__(window)
        self.window, self.path, self.status = window, path, 0
        self._quiet = QTimer(self, singleShot=True, interval=waits)
        self._quiet.timeout.connect(self._save)
        window.drawn.connect(self.wait)
        window.told.connect(self._said)

    def wait(self) -> None:
        if self.window.is_idle():
            self._quiet.start()
        else:
            self._quiet.stop()

    def _said(self, kind: str, message: str) -> None:
        print(f"headlight: {message}", file=sys.stderr)
        if kind == "error":
            self.status = 2

    def _save(self) -> None:
        if self.status == 0 and not self.window.picture().save(self.path, quality=QUALITY):
            print(f"headlight: {self.path} cannot be written. Choose another place.", file=sys.stderr)
            self.status = 2
        self.window.close()
