"""Telling an open window to show a trace; where none is open, starting one that outlives the script.

A window is told the bare name of a file and nothing else, over a socket of this machine alone, by whoever can
read the token that it left in the user's own folder. It opens that file as it would one that is dropped.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from headlight.models.core.errors import HeadlightError
from headlight.viewer.shown import places

ANSWERS = 2.0
"""Seconds in which a window that lives has answered."""
STARTS = 60.0
"""Seconds in which a window that was started listens, or never will."""
MOST = 4096
"""Bytes of a message or an answer."""
_STARTING = "starting"


def send(path: Path) -> None:
    """Have a shown trace opened: by the window that was opened last, or by a new one."""
    if _told(path.name):
        return
    places.check_screen()
    marker = places.windows() / _STARTING
    if _is_starting(marker):
        waiting = places.windows() / f"{path.name}.waiting"
        waiting.touch(mode=0o600)
        if _told(path.name):  # it began to listen meanwhile
            waiting.unlink(missing_ok=True)
        return
    process = _started(path)
    marker.write_text(str(process.pid))


def taken_over() -> Iterator[Path]:
    """What waits for this window, which listens from now on."""
    folder = places.windows()
    marker = folder / _STARTING
    if _pid_in(marker) == os.getpid():
        marker.unlink(missing_ok=True)
    for waiting in sorted(folder.glob("*.waiting"), key=lambda one: one.stat().st_mtime):
        waiting.unlink(missing_ok=True)
        if (path := places.file_named(waiting.name.removesuffix(".waiting"))) is not None:
            yield path


def _told(name: str) -> bool:
    """Whether a window took it; those that are gone without a word are forgotten."""
    found = sorted(places.windows().glob("*.json"), key=lambda one: -one.stat().st_mtime)
    for record in found:
        try:
            known: dict[str, Any] = json.loads(record.read_text())
            if _asked(int(known["port"]), {"token": str(known["token"]), "file": name}):
                return True
        except (ConnectionRefusedError, KeyError, TypeError, ValueError):
            record.unlink(missing_ok=True)
        except OSError:
            continue  # it is busy, or was closed just now
    return False


def _asked(port: int, message: dict[str, str]) -> bool:
    with socket.create_connection(("127.0.0.1", port), ANSWERS) as line:
        line.sendall(json.dumps(message).encode() + b"\n")
        answer = b""
        while not answer.endswith(b"\n") and len(answer) < MOST:
            part = line.recv(MOST)
            if not part:
                break
            answer += part
    return answer == b"shown\n"


def _started(path: Path) -> subprocess.Popen[bytes]:
    """A window as a process of its own, with nothing of this one's but its environment."""
    import headlight

    where = str(Path(headlight.__file__).resolve().parent.parent)
    paths = [where, *filter(None, [os.environ.get("PYTHONPATH", "")])]
    away = {"creationflags": 0x00000208} if sys.platform == "win32" else {"start_new_session": True}
    try:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "headlight", str(path)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            **away,
        )
    except OSError as error:
        raise HeadlightError(f"The window cannot be started: {error}.", "Start Headlight by hand.") from error


def _is_starting(marker: Path) -> bool:
    with suppress(OSError):
        pid = _pid_in(marker)
        return pid is not None and time.time() - marker.stat().st_mtime < STARTS and _lives(pid)
    return False


def _pid_in(marker: Path) -> int | None:
    with suppress(OSError, ValueError):
        return int(marker.read_text())
    return None


def _lives(pid: int) -> bool:
    import psutil

    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
