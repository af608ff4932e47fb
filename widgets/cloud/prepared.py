"""A cloud made ready to be drawn: everything about its points that takes time, by numpy alone.

For a million points this takes most of a second, so that a worker calls `prepare` and the view only hands
over what it found. Nothing here holds the interpreter's lock for long: the window goes on meanwhile.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np

from headlight.widgets.cloud.cutaway import Box, room_box
from headlight.widgets.cloud.picking import PointGrid, cells, spacing

STRETCH = 4096
"""Points of the drawing order that are fair among all; within them neighbours follow each other."""
_SAMPLE = 40_000  # points among which the spacing is measured


@dataclass(frozen=True, eq=False)
class Coloured:
    """Colours of a cloud's points.

    rgb: uint8 (n, 3). groups: uint8 (n,) below palettes.GROUPS, of which one can be lit, or None.
    visible: bool (n,), None for all. packed: uint8 (n, 4) in the order in which points are drawn. Alpha 0
    hides one; else it is 1 and its group more.
    """

    rgb: np.ndarray
    groups: np.ndarray | None
    visible: np.ndarray | None
    packed: np.ndarray


@dataclass(frozen=True, eq=False)
class Prepared:
    """points: float32 (n, 3) metres, z up, finite, in a frame whose zero is near them.

    order: int32 (n,), the one of drawing, see `gathered`. shuffled: the points in it. low, high: float32
    (3,), their box. spacing: metres between neighbours. box: of the room that they are; None without points.
    """

    points: np.ndarray
    order: np.ndarray
    shuffled: np.ndarray
    low: np.ndarray
    high: np.ndarray
    spacing: float
    box: Box | None
    _found: list[PointGrid] = field(default_factory=list, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def grid(self) -> PointGrid:
        """What finds the point under the cursor; made when first asked for, which a worker should do."""
        with self._lock:
            if not self._found:
                self._found.append(PointGrid(self.points))
            return self._found[0]

    @property
    def grid_at_hand(self) -> PointGrid | None:
        """The same, None while a worker makes it."""
        if not self._lock.acquire(blocking=False):
            return None
        self._lock.release()
        return self.grid

    def coloured(
        self, rgb: np.ndarray, groups: np.ndarray | None = None, visible: np.ndarray | None = None
    ) -> Coloured:
        """Colours made ready for these points; ValueError where they are not as many."""
        n = len(self.points)
        for array, shape in ((rgb, (n, 3)), (groups, (n,)), (visible, (n,))):
            if array is not None and array.shape != shape:
                raise ValueError(f"{array.shape} is not {shape}")
        packed = np.empty((n, 4), np.uint8)
        packed[:, :3] = rgb
        packed[:, 3] = 1
        if groups is not None:
            packed[:, 3] += groups
        if visible is not None:
            packed[:, 3] *= visible
        return Coloured(
            rgb, groups, visible, np.take(packed.view(np.uint32)[:, 0], self.order)[:, None].view(np.uint8)
        )


def same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    """Whether two arrays are equal, or both are not there."""
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)


def prepare(points: np.ndarray) -> Prepared:
    """float (n, 3) metres; ValueError where any is not finite."""
    points = np.ascontiguousarray(points, np.float32).reshape(-1, 3)
    low = high = np.zeros(3, np.float32)
    if len(points):
        # Column by column: numpy is slow along an axis of three.
        low, high = (np.array([of(points[:, a]) for a in range(3)]) for of in (np.min, np.max))
    if not np.isfinite([low, high]).all():
        raise ValueError("a point of the cloud is not finite")
    order = mixed_order(len(points))
    apart = spacing(points[order[:_SAMPLE]], len(points))
    order = gathered(order, cells(points))
    box = room_box(points) if len(points) else None
    return Prepared(points, order, np.take(points, order, axis=0), low, high, apart, box)


def mixed_order(n: int) -> np.ndarray:
    """int32 (n,): an order in which every prefix is a fair sample; always the same for the same n.

    Numbers of as many bits as n needs go through steps that each give every number another one (an odd
    factor, a shift onto itself), and those below n stay: a shuffle that numpy does in passes over an array.
    """
    if n < 2:
        return np.zeros(n, np.int32)
    bits = (n - 1).bit_length()
    mask, shift = np.uint32((1 << bits) - 1), np.uint32(bits // 2 + 1)
    numbers = np.arange(1 << bits, dtype=np.uint32)
    for odd in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D):
        numbers += np.uint32(odd >> 7)
        numbers *= np.uint32(odd)
        numbers &= mask
        numbers ^= numbers >> shift
    return numbers[numbers < n].astype(np.int32)


def gathered(order: np.ndarray, cells: np.ndarray) -> np.ndarray:
    """int32 (n,): each STRETCH of an order (n,) sorted by the cells (n,) of its points.

    Of points that are drawn in this order those that fall on one part of the screen are prepared next to each
    other: where a processor draws them it is a quarter quicker, as their memory is in its cache.
    """
    order, whole = order.copy(), len(order) // STRETCH * STRETCH
    for part in (order[:whole].reshape(-1, STRETCH), order[None, whole:]):
        part[:] = np.take_along_axis(part, np.argsort(np.take(cells, part), axis=1, kind="stable"), axis=1)
    return order
