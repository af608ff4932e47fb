"""Small torch operations side by side: a few threads, each running its own without splitting it further.

torch splits one operation over all cores and waits for the slowest; for half a megabyte at a time that
waiting costs more than the work, and on a busy machine many times more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import torch

from headlight.models.core.task import Task

MOST = 8
"""Threads beyond these wait for Python's lock."""

Each = Callable[[Callable, Iterable], list]


@contextmanager
def workers(task: Task, alone: bool = False) -> Iterator[Each]:
    """Gives `each(function, items)`: the results in order, the task asked for cancel between them.

    As many threads as torch would use here, without gradients; none if `alone`.
    """
    before = torch.get_num_threads()
    count = 1 if alone else min(MOST, before)

    def in_turn(function: Callable, items: Iterable) -> list:
        found = []
        for item in items:
            task.check()
            found.append(function(item))
        return found

    if count == 1:
        yield in_turn
        return
    ready = threading.Barrier(count + 1)

    def start() -> None:
        torch.set_num_threads(1)
        torch.set_grad_enabled(False)
        ready.wait()

    pool = ThreadPoolExecutor(count, "worker")

    def side_by_side(function: Callable, items: Iterable) -> list:
        found = []
        for future in [pool.submit(function, item) for item in items]:
            task.check()
            found.append(future.result())
        return found

    try:
        for _ in range(count):
            pool.submit(start)
        ready.wait()
        # What a thread sets for itself is also what threads to come begin with.
        torch.set_num_threads(before)
        yield side_by_side
    finally:
        pool.shutdown(cancel_futures=True)
