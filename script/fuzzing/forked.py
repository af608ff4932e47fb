"""The process of native readers, forked from this one, in which their libraries are loaded already.

A process that begins anew takes most of a second to import them. All else that is done is the same.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from headlight.viewer.inputs import guard
from headlight.viewer.inputs.pictures import apart
from script.fuzzing.watch import MEMORY, addresses

PATIENCE = 5.0
"""Seconds that the decoder of a picture, all of which are small here, may take until it is given up."""


class Forked:
    """What `guard` uses of subprocess.Popen."""

    def __init__(self, command: list[str], **_: object) -> None:
        asked, asking = os.pipe()
        telling, told = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(asking)
            os.close(telling)
            os.dup2(asked, 0)
            os.dup2(told, 1)
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            guard.MEMORY = addresses() + MEMORY
            try:
                guard.main()
            finally:
                os._exit(0)
        os.close(asked)
        os.close(told)
        self.stdin, self.stdout = os.fdopen(asking, "wb"), os.fdopen(telling, "rb")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

    def poll(self) -> int | None:
        """None while it lives."""
        with suppress(ChildProcessError):
            return None if os.waitpid(self.pid, os.WNOHANG) == (0, 0) else 0
        return 0

    def wait(self) -> None:
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)


class Subprocess:
    """What `guard` uses of the module subprocess."""

    Popen = Forked
    DEVNULL = PIPE = None


def fork_native_readers() -> None:
    """From now on, in this process."""
    import laspy
    import pye57  # noqa: F401

    laspy.LazBackend.detect_available()
    guard.subprocess = Subprocess
    apart.PATIENCE = PATIENCE
