"""Token labels along an axis: as many as fit, what is pointed at and selected first."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

_MARKS = str.maketrans({"\n": "⏎", "\r": "⏎", "\t": "⇥", "\u00a0": "␣"})


def shown(label: str) -> str:
    """A label that can be seen: white space as ␣, ⏎ or ⇥, an empty one as ∅."""
    if not label:
        return "∅"
    label = label.translate(_MARKS)
    return "␣" * len(label) if label.isspace() else label


@dataclass(frozen=True, slots=True)
class Tick:
    """A label at `place` (in tokens along the axis). index: its token, or None for a row of the grid."""

    place: float
    text: str
    index: int | None = None


@dataclass(frozen=True, eq=False)
class TokenAxis:
    """Labels of n tokens. special: bool (n,). columns: width of the patch grid at the axis's end, or 0."""

    labels: tuple[str, ...] = ()
    special: np.ndarray = field(default_factory=lambda: np.zeros(0, bool))
    columns: int = 0

    @cached_property
    def prefix(self) -> int:
        """Tokens before the first patch of the grid."""
        special = np.flatnonzero(~self.special)
        return int(special[0]) if len(special) else len(self.labels)

    def ticks(
        self, first: float, last: float, cell: float, least: float, wanted: Iterable[int] = ()
    ) -> list[Tick]:
        """What to write between `first` and `last` (in tokens), best first, none nearer than `least` pixels.

        cell: pixels a token. wanted: tokens that come first whatever their neighbours.
        """
        candidates = [Tick(i + 0.5, self.labels[i], i) for i in wanted if 0 <= i < len(self.labels)]
        if cell >= least:
            start, stop = max(0, math.floor(first)), min(len(self.labels), math.ceil(last))
            candidates += [Tick(i + 0.5, self.labels[i], i) for i in range(start, stop)]
        elif self.columns:
            candidates += self._rows(first, last, cell, least)
        else:
            step = round_step(least / cell)
            start = max(0, math.floor(first)) // step * step
            stop = min(len(self.labels), math.ceil(last))
            candidates += [Tick(i + 0.5, self.labels[i], i) for i in range(start, stop, step)]
        taken: list[Tick] = []
        for tick in candidates:
            inside = first <= tick.place <= last
            if inside and all(abs(tick.place - other.place) * cell >= least for other in taken):
                taken.append(tick)
        return taken

    def _rows(self, first: float, last: float, cell: float, least: float) -> list[Tick]:
        step = round_step(least / (cell * self.columns))
        rows = (len(self.labels) - self.prefix) // self.columns
        ticks = []
        for row in range(0, rows, step):
            low = max(first, self.prefix + row * self.columns)
            high = min(last, self.prefix + (row + 1) * self.columns)
            if high > low:  # the label stays in sight while its row does
                ticks.append(Tick((low + high) / 2, f"row {row}"))
        return ticks


def round_step(least: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is at least `least`."""
    if least <= 1:
        return 1
    power = 10 ** math.floor(math.log10(least))
    return int(next(power * m for m in (1, 2, 5, 10) if power * m >= least))


def runs(indices: np.ndarray) -> list[tuple[int, int]]:
    """Neighbouring indices as half-open ranges: [3, 4, 5, 9] → [(3, 6), (9, 10)]."""
    indices = np.unique(indices)
    if not len(indices):
        return []
    parts = np.split(indices, np.flatnonzero(np.diff(indices) > 1) + 1)
    return [(int(part[0]), int(part[-1]) + 1) for part in parts]
