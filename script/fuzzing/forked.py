"""The process of native readers, forked from this one, in which their libraries are loaded already.

A process that begins anew takes most of a second to import them. All else that is done is the same.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress

from headlight.viewer.inputs import guard
from script.fuzzing.watch import MEMORY, addresses


class Forked:
    """What `guard` uses of subprocess.Popen."""

    def __init__(self, command: list[str], **_: object) -> None:
        reading, writing = os.pipe()
        self.pid = os.fork()
        if not self.pid:
            os.close(reading)
            os.dup2(writing, 1)
            os.dup2(os.open(os.devnull, os.O_RDWR), 2)
            guard.MEMORY = addresses() + MEMORY
            try:
                guard.main(*command[3:])
            finally:
                os._exit(0)
        os.close(writing)
        self.stdout = os.fdopen(reading, "rb")

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)

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
