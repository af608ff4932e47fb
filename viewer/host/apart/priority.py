"""How a process gives way to others as long as nobody waits for it, by what each system can take back."""

from __future__ import annotations

import contextlib
import os
import sys

_DARWIN_PROCESS, _DARWIN_BACKGROUND = 4, 0x1000
"""PRIO_DARWIN_PROCESS and PRIO_DARWIN_BG of macOS's sys/resource.h."""


def give_way(on: bool) -> None:
    """Let others compute first, or no more. Where that cannot be, nothing happens."""
    with contextlib.suppress(OSError, ValueError):
        if sys.platform == "win32":
            import psutil

            psutil.Process().nice(psutil.BELOW_NORMAL_PRIORITY_CLASS if on else psutil.NORMAL_PRIORITY_CLASS)
        elif sys.platform == "darwin":
            os.setpriority(_DARWIN_PROCESS, 0, _DARWIN_BACKGROUND if on else 0)
        else:
            # A niceness can only be raised by whoever is not root; this policy may be left again.
            policy = os.SCHED_BATCH if on else os.SCHED_OTHER
            for thread in os.listdir("/proc/self/task"):
                os.sched_setscheduler(int(thread), policy, os.sched_param(0))
