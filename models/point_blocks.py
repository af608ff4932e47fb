"""PointNet looks at a room in square columns: which points each holds, and what the network makes of one.

Qi et al. 2017: blocks of a room (section 5.2), critical points and the upper bound (section 5.3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from models.errors import HeadlightError
from models.pointnet import PointNet


@dataclass(frozen=True)
class Cut:
    """How a cloud is cut: into columns of about `side` metres, of at most `most` points at a time."""

    side: float = 2.0
    most: int = 8192

    @classmethod
    def read(cls, content: Mapping[str, Any], where: object) -> Cut:
        """The entries "block" (metres) and "points" of a config.json. HeadlightError for nonsense."""
        side, most = content.get("block", cls.side), content.get("points", cls.most)
        if type(side) not in (int, float) or not 0.01 <= side <= 1e6 or type(most) is not int or most < 1:
            raise HeadlightError(
                f"{where} cuts clouds into blocks of {side} m and {most} points.", "Correct the file."
            )
        return cls(float(side), most)


USUAL = Cut()


@dataclass(frozen=True, eq=False)
class Block:
    """Some points of one column, which PointNet looks at together.

    tokens: int64 (t,). centre: float64 (2,), where their x and y begin. critical: int64, those of the tokens
    that a maximum came from.
    """

    tokens: np.ndarray
    centre: np.ndarray
    critical: np.ndarray


def columns(points: np.ndarray, side: float, most: int) -> list[np.ndarray]:
    """Each of the points, float (n, 3), in one of these int arrays: those of a square column of the cloud.

    The box is cut evenly into columns of about `side` metres, so that none is a sliver. Where a column has
    more than `most` points it is looked at several times, each time at every so manieth of its points.
    """
    low, high = points[:, :2].min(axis=0), points[:, :2].max(axis=0)
    count = np.maximum(np.rint((high - low) / side), 1).astype(np.int64)
    step = np.maximum((high - low) / count, np.finfo(np.float32).tiny)
    cell = np.minimum(((points[:, :2] - low) / step).astype(np.int64), count - 1)
    _, column = np.unique(cell, axis=0, return_inverse=True)
    order = np.argsort(column.ravel(), kind="stable")
    found = np.split(order, np.cumsum(np.bincount(column.ravel()))[:-1])
    return [part for index in found for part in _dealt(index, -(-len(index) // most))]


def _dealt(index: np.ndarray, hands: int) -> list[np.ndarray]:
    return [index[start::hands] for start in range(hands)]


def look(
    model: PointNet, points: np.ndarray, given: np.ndarray, tokens: np.ndarray, floor: float
) -> tuple[Block, Tensor]:
    """(what is kept of `tokens`, their logits [t, classes]). points float32 (n, 3), given (n, inputs)."""
    centre = centre_of(points[tokens])
    values, where = _seen(model, points[tokens], given[tokens], centre, floor)
    critical = model.critical_points(values, where).cpu().numpy()
    return Block(tokens, centre, tokens[critical]), model(values[None], where[None])[0]


def bounded(
    model: PointNet,
    blocks: Sequence[Block],
    points: np.ndarray,
    given: np.ndarray,
    candidates: np.ndarray,
    their: np.ndarray,
    floor: float,
) -> np.ndarray:
    """bool (c,): which candidates, float (c, 3) with features (c, inputs), are within the upper bound of the
    block that has the point nearest to them.
    """
    owner = np.empty(len(points), np.int64)
    for number, block in enumerate(blocks):
        owner[block.tokens] = number
    owner = owner[cKDTree(points).query(candidates)[1]]
    inside = np.zeros(len(candidates), bool)
    for number in np.unique(owner):
        block, part = blocks[number], np.flatnonzero(owner == number)
        own = _seen(model, points[block.tokens], given[block.tokens], block.centre, floor)
        other = _seen(model, candidates[part], their[part], block.centre, floor)
        inside[part] = model.upper_bound(*own, *other).cpu().numpy()
    return inside


def centre_of(points: np.ndarray) -> np.ndarray:
    """float64 (2,): the middle of the points' box in x and y."""
    return (points[:, :2].min(axis=0).astype(np.float64) + points[:, :2].max(axis=0)) / 2


def positions(points: np.ndarray, centre: np.ndarray, floor: float) -> np.ndarray:
    """float32 (t, 3), PointNet's positions: x and y from the centre, the height above the floor."""
    return np.column_stack([points[:, :2] - centre, points[:, 2] - floor]).astype(np.float32)


def _seen(
    model: PointNet, points: np.ndarray, given: np.ndarray, centre: np.ndarray, floor: float
) -> tuple[Tensor, Tensor]:
    """(features [t, inputs], positions [t, 3])"""
    device = next(model.parameters()).device
    where = torch.from_numpy(positions(points, centre, floor))
    return torch.from_numpy(given).to(device), where.to(device)
