"""How benchmarks take time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable


def seconds(*works: Callable[[], object], rounds: int = 7) -> list[list[float]]:
    """Seconds of each round, run in turn so that a busy machine slows all alike. One round warms up."""
    taken: list[list[float]] = [[] for _ in works]
    for round_ in range(rounds + 1):
        for work, times in zip(works, taken, strict=True):
            began = time.perf_counter()
            work()
            if round_:
                times.append(time.perf_counter() - began)
    return taken


def medians(*works: Callable[[], object], rounds: int = 7) -> list[float]:
    """Median seconds of each."""
    return [statistics.median(times) for times in seconds(*works, rounds=rounds)]


def ratio(times: list[float], others: list[float]) -> float:
    """Of the quickest rounds: other programs only ever add time, and a few per cent are to be told apart."""
    return min(times) / min(others)
