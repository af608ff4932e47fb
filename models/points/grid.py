"""One point a voxel: the sample of a cloud that a point model sees. numpy only."""

from __future__ import annotations

import math

import numpy as np

MORTON_CELLS = 1 << 21
"""Cells an axis whose interleaved bits fit an int64."""
COARSER = 1.25
"""Smallest step from one voxel size to the next."""


def grid_sample(points: np.ndarray, size: float) -> np.ndarray:
    """float (n, 3) → int64 (m,): of each occupied voxel of `size` the point nearest to its points' mean.

    Of equally near points the first is taken. Voxels start at the cloud's corner. The sample is in Morton
    order, neighbours in space mostly being neighbours in memory, which the network's gathers repay.
    """
    if not len(points):
        return np.empty(0, np.int64)
    cells = _cells(points, size)
    order = _order(cells)
    cells = cells[order]
    new = np.ones(len(cells), bool)
    np.any(cells[1:] != cells[:-1], axis=1, out=new[1:])
    starts = np.flatnonzero(new)
    voxel = np.cumsum(new) - 1
    points = points[order].astype(np.float64)
    counts = np.diff(starts, append=len(points))
    mean = np.add.reduceat(points, starts, axis=0) / counts[:, None]
    offset = points - mean[voxel]
    far = np.einsum("ij,ij->i", offset, offset)
    near = np.flatnonzero(far == np.minimum.reduceat(far, starts)[voxel])
    first = np.unique(voxel[near], return_index=True)[1]
    return order[near[first]]


def fitting_sample(points: np.ndarray, size: float, limit: int) -> tuple[np.ndarray, float]:
    """(`grid_sample`, its voxel size), the size raised step by step until at most `limit` points remain."""
    while len(sample := grid_sample(points, size)) > limit:
        # Scanned surfaces fill voxels with the square of their size.
        size = _rounded_up(size * max(COARSER, math.sqrt(len(sample) / limit)))
    return sample, size


def _rounded_up(size: float) -> float:
    """To two significant digits."""
    unit = 10.0 ** (math.floor(math.log10(size)) - 1)
    return round(math.ceil(size / unit - 1e-9) * unit, 12)


def _cells(points: np.ndarray, size: float) -> np.ndarray:
    """int64 (n, 3): each point's voxel, counted from 0; empty stretches are skipped where they are huge."""
    lowest = points.min(axis=0).astype(np.float64)
    cells = np.empty(points.shape, np.int64)
    for axis in range(3):
        along = np.floor((points[:, axis] - lowest[axis]) / size)
        if along.max() < MORTON_CELLS:
            cells[:, axis] = along
        else:  # one stray point kilometres away
            cells[:, axis] = np.unique(along, return_inverse=True)[1]
    return cells


def _order(cells: np.ndarray) -> np.ndarray:
    """int64 (n,): by voxel, points of one voxel in their own order."""
    if cells.max() >= MORTON_CELLS:
        return np.lexsort((cells[:, 2], cells[:, 1], cells[:, 0]))
    code = np.zeros(len(cells), np.int64)
    for axis in range(3):
        code |= _spread_bits(cells[:, axis]) << axis
    return np.argsort(code, kind="stable")


def _spread_bits(values: np.ndarray) -> np.ndarray:
    """int64 (n,) below 2²¹ → each bit followed by two zeros."""
    values = values & 0x1FFFFF
    for shift, mask in (
        (32, 0x1F00000000FFFF),
        (16, 0x1F0000FF0000FF),
        (8, 0x100F00F00F00F00F),
        (4, 0x10C30C30C30C30C3),
        (2, 0x1249249249249249),
    ):
        values = (values | (values << shift)) & mask
    return values
