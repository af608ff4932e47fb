"""What engines of tests are asked for: calls must be found by their names in another process."""

from __future__ import annotations

import ctypes
import os
import sys
import time

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task


def added(left: float, right: float, task: Task) -> float:
    return left + right


def where(task: Task) -> int:
    return os.getpid()


def steps(count: int, task: Task) -> str:
    for step in range(count):
        task.progress(step / count, f"Step {step}")
        task.partial(step)
    return "all"


def zeros(count: int, task: Task) -> np.ndarray:
    return np.zeros(count, np.float32)


def doubled(array: np.ndarray, task: Task) -> np.ndarray:
    return 2 * array


def refuses(task: Task) -> None:
    raise HeadlightError("It is a Tuesday.", "Come on Wednesday.")


def unsendable(task: Task) -> object:
    return lambda: None


def heeds(task: Task) -> None:
    task.progress(0.0, "Waiting")
    while True:
        task.check()
        time.sleep(0.01)


def deaf(task: Task) -> None:
    task.progress(0.0, "Deaf")
    time.sleep(60)


def dies(number: int, task: Task) -> None:
    os.kill(os.getpid(), number)


def crashes(task: Task) -> None:
    ctypes.string_at(0)


def exits(task: Task) -> None:
    print("no more of this", file=sys.stderr, flush=True)
    os._exit(3)


def prints(task: Task) -> str:
    print("among the messages")
    os.write(1, b"among the messages, too\n")
    return "said"


# -- what windows ask for, in the place of models ------------------------------------------------------------


def read(source, recipe, path, kept, donors, task: Task):
    """As `forward.made` gives, of a text that a model of two layers has read."""
    from headlight.viewer.host.forward import Pass, starting_head
    from tests.viewer.given import text_tokens, trace_of

    trace = trace_of(text_tokens(*source.text.split()))
    return source, Pass(trace, (0.0,) * len(trace.layers), "CPU", None, 0, starting_head(trace))


def reads_slowly(source, recipe, path, kept, donors, task: Task):
    task.progress(0.1, "Layer 2 of 12")
    heeds(task)


def builds_slowly(stack, task: Task):
    heeds(task)


def looks_slowly(trace, view, method, task: Task):
    heeds(task)


def raises(trace, view, method, task: Task):
    raise RuntimeError("shapes do not fit")


def limits_memory(more: int, task: Task) -> None:
    """From now on this process has `more` bytes than it has now, and not one beyond."""
    import resource

    import psutil

    most = psutil.Process().memory_info().vms + more
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def memory(task: Task) -> int:
    import gc

    import psutil

    gc.collect()
    return psutil.Process().memory_info().rss
