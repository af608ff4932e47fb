"""PointNet looks at a room in blocks: which points each holds, and what the network makes of them.

Qi et al. 2017 cut rooms into square columns (section 5.2). These are round, each with the same number of
points, as in the training of the bundled network. Critical points and upper bound: section 5.3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from headlight.models.core.errors import HeadlightError
from headlight.models.points.pointnet import PointNet

POINTS = 4096
"""Points of a block."""
MOST = 1 << 20
TOGETHER = 1 << 14
"""Points of the blocks that go through the network in one pass: small blocks one by one leave its threads
waiting for each other.
"""


@dataclass(frozen=True, eq=False)
class Block:
    """Points that PointNet looks at together.

    tokens: int64 (t,). centre: float64 (2,), where their x and y begin. critical: int64, those of the tokens
    that a maximum came from.
    """

    tokens: np.ndarray
    centre: np.ndarray
    critical: np.ndarray


def block_size(content: Mapping[str, Any], where: object) -> int:
    """The entry "points" of a config.json, POINTS if there is none. HeadlightError for what is no number."""
    size = content.get("points", POINTS)
    if type(size) is not int or not 1 <= size <= MOST:
        raise HeadlightError(
            f"{where} says points = {str(size)[:80]}, and a block can have 1 to {MOST:,}.",
            "Correct the file.",
        )
    return size


def blocks(points: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, float]]:
    """(the points of a block, int64 (size,), the share of all points that was covered before), until all are.

    A block is the vertical column of the `size` points nearest, in x and y, to one that no block has yet;
    that one is drawn by chance, the same for the same cloud. Blocks overlap.
    """
    generator, flat = np.random.default_rng(0), points[:, :2]
    open_, size = np.ones(len(points), bool), min(size, len(points))
    while (left := np.flatnonzero(open_)).size:
        apart = flat - flat[generator.choice(left)]
        block = np.argpartition(np.einsum("ij,ij->i", apart, apart), size - 1)[:size]
        # Of many points in one place the chosen one may be left out.
        fresh = block[open_[block]]
        if not fresh.size:
            block = left[:size]
        open_[block] = False
        yield np.sort(block), 1 - left.size / len(points)


def batches(points: np.ndarray, size: int) -> Iterator[tuple[np.ndarray, float]]:
    """(several blocks, int64 (b, size), the share of all points covered before them), until all are."""
    many = max(1, TOGETHER // size)
    rest = blocks(points, size)
    while part := list(islice(rest, many)):
        yield np.stack([block for block, _ in part]), part[0][1]


def look(
    model: PointNet, points: np.ndarray, given: np.ndarray, parts: np.ndarray, floor: float
) -> tuple[list[Block], Tensor]:
    """(what is kept of blocks, their logits [b, size, classes]). parts: int64 (b, size), the blocks' points.

    points: float32 (n, 3). given: float32 (n, inputs).
    """
    device = next(model.parameters()).device
    centres = [centre_of(points[tokens]) for tokens in parts]
    where = [positions(points[tokens], at, floor) for tokens, at in zip(parts, centres, strict=True)]
    values = torch.from_numpy(given[parts]).to(device)
    logits, critical = model.answered(values, torch.from_numpy(np.stack(where)).to(device))
    kept = [
        Block(tokens, at, tokens[chosen.cpu().numpy()])
        for tokens, at, chosen in zip(parts, centres, critical, strict=True)
    ]
    return kept, logits


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
    last block that has the point nearest to them.
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
    """float64 (2,): the points' mean x and y."""
    return points[:, :2].mean(axis=0, dtype=np.float64)


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
