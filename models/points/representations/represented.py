"""What every representation of a cloud is: the arrays a network is fed, and the cell of every point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

OUTSIDE, DROPPED = -1, -2
"""In place of a cell: the point lies outside of what is represented; it lies within, and is not there: a
nearer one hides it, or its cell, or the list of cells, was full."""


@dataclass(frozen=True, eq=False)
class Represented:
    """arrays: by name, as a network is fed them. cell: int64 (N,), of every point, or OUTSIDE or DROPPED.
    shape: of the cells, whose numbers are in C order; `(V,)` of a list of occupied ones.
    """

    arrays: Mapping[str, np.ndarray]
    cell: np.ndarray
    shape: tuple[int, ...]

    @property
    def outside(self) -> int:
        """Points that lie outside."""
        return int((self.cell == OUTSIDE).sum())

    @property
    def dropped(self) -> int:
        """Points within that are hidden or were left out."""
        return int((self.cell == DROPPED).sum())

    def points_of(self, cell: int) -> np.ndarray:
        """int64 (m,): the points in a cell, in their order; none for what is no cell."""
        if cell < 0:
            return np.empty(0, np.int64)
        order, sorted_cells = self._by_cell
        first, last = np.searchsorted(sorted_cells, (cell, cell + 1))
        return order[first:last]

    @cached_property
    def _by_cell(self) -> tuple[np.ndarray, np.ndarray]:
        order = np.argsort(self.cell, kind="stable")
        return order, self.cell[order]
