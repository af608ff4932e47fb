"""Intersection over union of boxes that are turned about the vertical. numpy only.

Boxes are float (n, 7): x y z of the centre, length, width, height in metres, yaw in radians counter-clockwise
from +x; the length lies along the heading.
"""

from __future__ import annotations

import numpy as np

_MOST = 20_000
"""Pairs that are clipped at once: 24 vertices of each."""


def corners(boxes: np.ndarray) -> np.ndarray:
    """float64 (n, 4, 2): the outline on the ground, counter-clockwise from the front left."""
    boxes = np.asarray(boxes, np.float64).reshape(-1, 7)
    half = boxes[:, None, 3:5] / 2 * np.array([(1, 1), (-1, 1), (-1, -1), (1, -1)])
    cosine, sine = np.cos(boxes[:, 6, None]), np.sin(boxes[:, 6, None])
    x, y = half[..., 0], half[..., 1]
    return np.stack([cosine * x - sine * y, sine * x + cosine * y], axis=-1) + boxes[:, None, :2]


def bird_overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (n, m): of their outlines on the ground."""
    first, second = _checked(first), _checked(second)
    areas = first[:, 3] * first[:, 4], second[:, 3] * second[:, 4]
    return _over_union(_intersections(first, second), *areas)


def overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (n, m): of their volumes."""
    first, second = _checked(first), _checked(second)
    top = np.minimum.outer(first[:, 2] + first[:, 5] / 2, second[:, 2] + second[:, 5] / 2)
    bottom = np.maximum.outer(first[:, 2] - first[:, 5] / 2, second[:, 2] - second[:, 5] / 2)
    shared = _intersections(first, second) * np.maximum(top - bottom, 0)
    return _over_union(shared, first[:, 3:6].prod(axis=1), second[:, 3:6].prod(axis=1))


def aligned_overlap(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (n,): of n pairs of sizes (n, 3), were their centres and headings one."""
    first, second = np.asarray(first, np.float64), np.asarray(second, np.float64)
    shared = np.minimum(first, second).prod(axis=-1)
    union = first.prod(axis=-1) + second.prod(axis=-1) - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)


def _checked(boxes: np.ndarray) -> np.ndarray:
    return np.asarray(boxes, np.float64).reshape(-1, 7)


def _over_union(shared: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    union = first[:, None] + second[None] - shared
    return np.divide(shared, union, out=np.zeros_like(union), where=union > 0)


def _intersections(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (n, m): square metres that outlines share."""
    shared = np.zeros((len(first), len(second)))
    reach = np.add.outer(*(np.hypot(boxes[:, 3], boxes[:, 4]) / 2 for boxes in (first, second)))
    apart = first[:, None, :2] - second[None, :, :2]
    rows, columns = np.nonzero(np.hypot(*np.moveaxis(apart, -1, 0)) < reach)
    for start in range(0, len(rows), _MOST):
        row, column = rows[start : start + _MOST], columns[start : start + _MOST]
        # About the first one's centre, so that coordinates of a map lose no digits.
        about = first[row].copy()
        about[:, :2] = 0
        other = second[column].copy()
        other[:, :2] -= first[row, :2]
        shared[row, column] = _clipped(corners(about), corners(other))
    return shared


def _clipped(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """float64 (k,): what k pairs of outlines (k, 4, 2) share.

    The shared polygon is convex: its vertices are corners of one within the other and crossings of edges, and
    lie in order of their angle about their mean.
    """
    crossing, crosses = _crossings(first, second)
    vertices = np.concatenate([first, second, crossing], axis=1)
    found = np.concatenate([_within(first, second), _within(second, first), crosses], axis=1)
    count = found.sum(axis=1)
    mean = (vertices * found[..., None]).sum(axis=1) / np.maximum(count, 1)[:, None]
    vertices = vertices - mean[:, None]
    angle = np.where(found, np.arctan2(vertices[..., 1], vertices[..., 0]), np.inf)
    order = np.argsort(angle, axis=1)
    ordered = np.take_along_axis(vertices, order[..., None], axis=1)
    # What was not found repeats the first vertex, which closes the polygon and adds no area.
    ordered = np.where(np.take_along_axis(found, order, axis=1)[..., None], ordered, ordered[:, :1])
    after = np.roll(ordered, -1, axis=1)
    doubled = (ordered[..., 0] * after[..., 1] - ordered[..., 1] * after[..., 0]).sum(axis=1)
    return np.where(count > 2, np.abs(doubled) / 2, 0.0)


def _within(points: np.ndarray, outlines: np.ndarray) -> np.ndarray:
    """bool (k, 4): which corners lie in, or on the edge of, counter-clockwise outlines (k, 4, 2)."""
    edges = np.roll(outlines, -1, axis=1) - outlines
    to = points[:, :, None] - outlines[:, None]
    left = edges[:, None, :, 0] * to[..., 1] - edges[:, None, :, 1] * to[..., 0]
    return (left >= -1e-9 * (1 + np.abs(edges).sum(axis=-1))[:, None]).all(axis=-1)


def _crossings(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """float64 (k, 16, 2), bool (k, 16): where each edge of one crosses each of the other."""
    one, other = np.roll(first, -1, axis=1) - first, np.roll(second, -1, axis=1) - second
    apart = second[:, None] - first[:, :, None]
    turn = _cross(one[:, :, None], other[:, None])
    straight = np.abs(turn) < 1e-12
    safe = np.where(straight, 1.0, turn)
    along = _cross(apart, other[:, None]) / safe
    across = _cross(apart, one[:, :, None]) / safe
    crosses = ~straight & (along >= 0) & (along <= 1) & (across >= 0) & (across <= 1)
    where = first[:, :, None] + along[..., None] * one[:, :, None]
    where = np.where(crosses[..., None], where, 0.0)
    return where.reshape(len(first), 16, 2), crosses.reshape(len(first), 16)


def _cross(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    return first[..., 0] * second[..., 1] - first[..., 1] * second[..., 0]
