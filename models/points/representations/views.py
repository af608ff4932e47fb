"""Views: a cloud seen by cameras around it (MVCNN, Su et al. 2015, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.cells import box_of
from headlight.models.points.representations.represented import DROPPED, Represented

EMPTY = 1.0
"""Brightness of what no point covers: paper."""


@dataclass(frozen=True)
class Ring:
    """count cameras every 360/count degrees of azimuth, `elevation` degrees above, towards the middle; the
    first stands on +x. side: pixels of a square view. filled: share of its side that the whole shape takes.
    """

    count: int = 12
    elevation: float = 30.0
    side: int = 128
    filled: float = 0.9

    def __post_init__(self) -> None:
        if self.count < 1 or self.side < 8 or not -90 < self.elevation < 90:
            raise HeadlightError(
                "Views are at least one, 8 pixels wide, from less than 90° above.", "Choose other ones."
            )

    def axes(self, camera: int) -> np.ndarray:
        """float64 (3, 3): right, up and towards the camera, each a row, in the cloud's frame."""
        around, above = 2 * np.pi * camera / self.count, np.radians(self.elevation)
        toward = np.array([np.cos(above) * np.cos(around), np.cos(above) * np.sin(around), np.sin(above)])
        right = np.array([-np.sin(around), np.cos(around), 0.0])
        return np.stack([right, np.cross(toward, right), toward])


def views(points: np.ndarray, ring: Ring, normals: np.ndarray | None = None, size: int = 0) -> Represented:
    """Orthographic views of points (N, 3), each a square of pixels `size` wide, the nearest in front.

    size: pixels of a point's side, 0 for as many as leave few holes. normals: (N, 3), for a light at the
    camera; without them a point is the brighter the nearer it is. Arrays: `views` float32 (count, side,
    side), 0 to 1, paper where there is nothing; `index` int64 of the same shape, the point that is seen, −1
    without; `cells` int64 (count, N): the pixel of every point's middle in each view, numbered over all
    views, or DROPPED where another point covers it, further in front than a point is wide. `cell` is that of
    the first view in which the point is seen.
    """
    count, side = ring.count, ring.side
    total = side * side
    low, high = box_of(points) if len(points) else (np.zeros(3), np.ones(3))
    middle = (low + high) / 2
    centred = points.astype(np.float64) - middle
    radius = float(np.sqrt((centred**2).sum(1).max(initial=1e-12)))
    scale = ring.filled * side / 2 / radius
    if size < 1:
        size = int(np.clip(np.ceil(0.7 * side / np.sqrt(max(len(points), 1))), 1, side // 8))
    pictures = np.full((count, total), EMPTY, np.float32)
    index, cells = np.full((count, total), -1, np.int64), np.empty((count, len(points)), np.int64)
    for camera in range(count):
        axes = ring.axes(camera)
        right, up, near = axes @ centred.T
        column = np.floor(side / 2 + scale * right).astype(np.int64).clip(0, side - 1)
        row = np.floor(side / 2 - scale * up).astype(np.int64).clip(0, side - 1)
        pixel, order = row * side + column, _far_to_near(near)
        seen = _splatted(row[order], column[order], order, side, size)
        # Beside one another on one surface points overlap, and each is seen where its own middle is.
        front = near[order] >= near[seen[pixel[order]]] - size / scale
        own = np.full(total, -1, np.int64)
        own[pixel[order[front]]] = order[front]  # the nearest is written last
        seen = np.where(own >= 0, own, seen)
        hit = seen >= 0
        if normals is not None:
            bright = np.abs(normals @ axes[2])[seen[hit]]
        else:
            bright = 0.15 + 0.7 * (near[seen[hit]] + radius) / (2 * radius)
        pictures[camera, hit] = bright
        index[camera] = seen
        cells[camera] = np.where(seen[pixel] == np.arange(len(points)), camera * total + pixel, DROPPED)
    visible = cells >= 0
    first = np.where(visible.any(0), cells[visible.argmax(0), np.arange(len(points))], DROPPED)
    shape = count, side, side
    arrays = {"views": pictures.reshape(shape), "index": index.reshape(shape), "cells": cells}
    return Represented(arrays, first, shape)


def _far_to_near(near: np.ndarray) -> np.ndarray:
    """int64 (n,): the points by how near they are in 32 bits, the first of equal ones last.

    A float above zero is ordered as its bits are, and whole numbers are sorted several times faster than
    places by floats are.
    """
    away = (near.max(initial=0.0) - near).astype(np.float32).view(np.uint32).astype(np.uint64)
    keys = np.sort(away << np.uint64(32) | np.arange(len(near), dtype=np.uint64))
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.int64)[::-1]


def _splatted(row: np.ndarray, column: np.ndarray, whose: np.ndarray, side: int, size: int) -> np.ndarray:
    """int64 (side · side,): the point in front of each pixel, each covering `size` × `size` of them; −1.

    row, column: int (n,) of the points `whose`, the farthest first.
    """
    reach = range(-(size // 2), size - size // 2)
    latest = np.full(side * side, -1, np.int64)
    one = np.empty(side * side + 1, np.int64)  # a place for what lies beside the picture
    ranks = np.arange(len(row))
    for down in reach:
        for across in reach:
            y, x = row + down, column + across
            inside = (y >= 0) & (y < side) & (x >= 0) & (x < side)
            one[:] = -1
            one[np.where(inside, y * side + x, side * side)] = ranks
            np.maximum(latest, one[:-1], out=latest)
    return np.where(latest >= 0, whose[latest], -1) if len(whose) else latest
