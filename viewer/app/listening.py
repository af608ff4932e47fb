"""The window's ear for scripts: the names of traces that are to be shown, from whoever knows its token."""

from __future__ import annotations

import contextlib
import hmac
import json
import logging
import os
import secrets
import socket
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, QTimer

from headlight.models.core.errors import HeadlightError
from headlight.viewer.shown import places
from headlight.viewer.shown.sending import ANSWERS, MOST, taken_over

log = logging.getLogger("headlight")
_AT_ONCE = 16
"""Lines that are open at once; others wait."""


class Listener(QObject):
    """Listens on this machine alone, until it is closed, and opens what it is told of.

    A message is one short line of JSON: the token and the bare name of a file in the folder of shown traces.
    Anything else is left without an answer.
    """

    def __init__(self, parent: QObject, opens: Callable[[Path], None]) -> None:
        super().__init__(parent)
        self._opens, self._lines = opens, set[_Line]()
        self._token = secrets.token_hex(32)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.setblocking(False)
        self._record = places.windows() / f"{os.getpid()}.json"
        port = self._socket.getsockname()[1]
        said = json.dumps({"port": port, "token": self._token}).encode()
        self._record.unlink(missing_ok=True)
        with open(os.open(self._record, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(said)
        self._calls = QSocketNotifier(self._socket.fileno(), QSocketNotifier.Type.Read, self)
        self._calls.activated.connect(self._called)
        for path in taken_over():
            opens(path)

    def close(self) -> None:
        """Listen no more."""
        self._calls.setEnabled(False)
        self._record.unlink(missing_ok=True)
        self._socket.close()
        for line in tuple(self._lines):
            line.close()

    def answer(self, said: bytes) -> bool:
        """Do what a message says, if it is one that this window is to hear."""
        try:
            message = json.loads(said)
            token, name = message["token"], message["file"]
            known = hmac.compare_digest(str(token).encode(), self._token.encode())
        except (ValueError, KeyError, TypeError, RecursionError):
            return False
        path = places.file_named(name) if known else None
        if path is None:
            return False
        self._opens(path)
        return True

    def _called(self) -> None:
        with contextlib.suppress(OSError):
            line, _ = self._socket.accept()
            if len(self._lines) >= _AT_ONCE:
                line.close()
                return
            self._lines.add(_Line(self, line))

    def forget(self, line: _Line) -> None:
        self._lines.discard(line)


class _Line(QObject):
    """One caller, who has little time and one short line."""

    def __init__(self, listener: Listener, line: socket.socket) -> None:
        super().__init__(listener)
        self._listener, self._line, self._said = listener, line, b""
        line.setblocking(False)
        self._reads = QSocketNotifier(line.fileno(), QSocketNotifier.Type.Read, self)
        self._reads.activated.connect(self._read)
        self._patience = QTimer(self, singleShot=True, interval=int(1000 * ANSWERS))
        self._patience.timeout.connect(self.close)
        self._patience.start()

    def close(self) -> None:
        if self._line.fileno() < 0:
            return
        self._reads.setEnabled(False)
        self._patience.stop()
        self._line.close()
        self._listener.forget(self)
        self.deleteLater()

    def _read(self) -> None:
        try:
            part = self._line.recv(MOST)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self._said += part
        if part and not self._said.endswith(b"\n") and len(self._said) < MOST:
            return
        if self._said.endswith(b"\n") and self._listener.answer(self._said):
            with contextlib.suppress(OSError):
                self._line.send(b"shown\n")
        self.close()


def listening(parent: QObject, opens: Callable[[Path], None]) -> Listener | None:
    """A listener; None, and a line in the log, where the user's folders do not allow one."""
    try:
        return Listener(parent, opens)
    except (OSError, HeadlightError) as error:
        log.warning("Scripts cannot show anything in this window: %s", error)
        return None
