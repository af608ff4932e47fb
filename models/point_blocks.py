"""PointNet looks at a room in square columns: which points each holds, and what the network makes of one.

Qi et al. 2017: blocks of a room (section 5.2), critical points and the upper bound (section 5.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from models.pointnet import PointNet

CHUNK = 1 << 14
"""Candidates that are looked at together."""


@dataclass(frozen=True, eq=False)
class Block:
    """What PointNet kept of some points of one column.

    tokens: int64 (t,). centre: float64 (2,), where x and y begin. critical: int64, those of the tokens that
    a maximum came from. turn, turn_features: the transforms that it chose; whole: its global feature.
    """

    tokens: np.ndarray
    centre: np.ndarray
    critical: np.ndarray
    turn: Tensor
    turn_features: Tensor
    whole: Tensor


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
    here = points[tokens, :2]
    centre = (here.min(axis=0).astype(np.float64) + here.max(axis=0)) / 2
    values, where = _seen(model, points[tokens], given[tokens], centre, floor)
    local, deep, transforms = model.encoded(values, where)
    whole, most = deep[0].max(dim=0)
    critical = tokens[np.unique(most.cpu().numpy())]
    block = Block(tokens, centre, critical, transforms.turn, transforms.features, whole)
    return block, model.classified(local, whole[None])[0]


def bounded(
    model: PointNet,
    blocks: Sequence[Block],
    points: np.ndarray,
    candidates: np.ndarray,
    given: np.ndarray,
    floor: float,
) -> np.ndarray:
    """bool (c,): candidates, float (c, 3) with features (c, inputs), none of whose features is above the
    global feature of the block with the nearest point; the block's transforms stay as they are.
    """
    from scipy.spatial import cKDTree

    owner = np.empty(len(points), np.int64)
    for number, block in enumerate(blocks):
        owner[block.tokens] = number
    owner = owner[cKDTree(points).query(candidates)[1]]
    inside = np.zeros(len(candidates), bool)
    for number in np.unique(owner):
        block, members = blocks[number], np.flatnonzero(owner == number)
        for start in range(0, len(members), CHUNK):
            part = members[start : start + CHUNK]
            values, where = _seen(model, candidates[part], given[part], block.centre, floor)
            turned = torch.cat([where @ block.turn, values], dim=2)
            local = model.point(turned[0])[None] @ block.turn_features
            deep = model.feature(local[0])  # [candidates, 1024]
            inside[part] = (deep <= block.whole).all(dim=1).cpu().numpy()
    return inside


def _seen(
    model: PointNet, points: np.ndarray, given: np.ndarray, centre: np.ndarray, floor: float
) -> tuple[Tensor, Tensor]:
    """(features [1, t, inputs], positions [1, t, 3]: x and y from the centre, the height above the floor)"""
    device = next(model.parameters()).device
    where = np.column_stack([points[:, :2] - centre, points[:, 2] - floor]).astype(np.float32)
    return torch.from_numpy(given)[None].to(device), torch.from_numpy(where)[None].to(device)
