"""Neighbours, samples and interpolation of a cloud: what a point network needs to know besides its features.

scipy's k-d tree and fpsample on the CPU, once for each cloud; the network gets index tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Literal

import fpsample
import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from headlight.models.core.task import SILENT, Task

Interpolation = Literal["inverse", "inverse-square"]
NEIGHBOURS = (8, 16, 16, 16, 16)
STRIDES = (1, 4, 4, 4, 4)

_EXACT_START = 2048
"""Up to so many points sampling takes the plain algorithm, which begins at point 0 as others do."""
_MANY = 20_000
"""From so many points on a query of the tree pays for threads."""


@dataclass(frozen=True, eq=False)
class Stage:
    """One resolution of the network.

    A cloud of fewer than k points has as many columns as points. In a batch, `absent` (True) marks columns
    that a cloud lacks; they repeat its own point and carry no attention.
    """

    points: Tensor
    """float32 [n, 3], metres."""
    index: Tensor
    """int64 [n]: which points of stage 1 these are."""
    neighbours: Tensor
    """int64 [n, k], in this stage, nearest first, the point itself before all."""
    counts: tuple[int, ...]
    """Points of each cloud of the batch."""
    sampled: Tensor | None = None
    """int64 [n]: which points of the finer stage these are; None for stage 1 and where all are kept."""
    gathered: Tensor | None = None
    """int64 [n, k]: neighbours of each point in the finer stage."""
    up_index: Tensor | None = None
    """int64 [n of the finer stage, 3]: the nearest points of this stage."""
    up_weight: Tensor | None = None
    """float32 [n of the finer stage, 3]: rows sum to 1."""
    absent: Tensor | None = None
    """bool [n, k], or None where every column of `neighbours` is a true neighbour."""

    def to(self, device: torch.device | str) -> Stage:
        values = {f.name: getattr(self, f.name) for f in fields(self)}
        return replace(self, **{name: v.to(device) for name, v in values.items() if isinstance(v, Tensor)})


@dataclass(frozen=True, eq=False)
class Geometry:
    """All stages of a cloud, or of several that `collate` joined. clouds: points of each in stage 1."""

    stages: tuple[Stage, ...]
    clouds: tuple[int, ...]

    def to(self, device: torch.device | str) -> Geometry:
        return replace(self, stages=tuple(stage.to(device) for stage in self.stages))


def geometry(
    points: np.ndarray,
    k: Sequence[int] = NEIGHBOURS,
    stride: Sequence[int] = STRIDES,
    interpolation: Interpolation | None = "inverse",
    task: Task = SILENT,
) -> Geometry:
    """Neighbours and samples of one cloud, float (n, 3) in metres, n ≥ 1: a stage for each entry of `k`.

    interpolation: None for a network that does not come back to the finer points. A stage holds ⌊n / stride⌋
    points of the one before, at least one. Raises ValueError for an empty cloud.
    """
    points = np.ascontiguousarray(points, np.float32)
    if not len(points):
        raise ValueError("a cloud without points has no neighbours")
    stages: list[Stage] = []
    index = np.arange(len(points))
    finer: tuple[np.ndarray, cKDTree] | None = None
    for number, (width, step) in enumerate(zip(k, stride, strict=True)):
        task.progress(number / len(k), f"Neighbours, stage {number + 1} of {len(k)}")
        parts: dict[str, np.ndarray] = {}
        if finer is not None:
            # In the cloud's own order, not the sampling's: points that are near stay near in memory.
            sampled = np.sort(farthest(finer[0], max(1, len(finer[0]) // step)))
            points, index = finer[0][sampled], index[sampled]
            task.check()
            parts["sampled"], parts["gathered"] = sampled, nearest(finer[1], points, width, sampled)[0]
        tree = cKDTree(points)
        if finer is not None and interpolation is not None:
            parts["up_index"], parts["up_weight"] = _interpolation(tree, finer[0], interpolation)
        task.check()
        neighbours, _ = nearest(tree, points, width, np.arange(len(points)))
        stages.append(
            Stage(
                torch.from_numpy(points),
                torch.from_numpy(index),
                torch.from_numpy(neighbours),
                (len(points),),
                **{name: torch.from_numpy(part) for name, part in parts.items()},
            )
        )
        finer = points, tree
    return Geometry(tuple(stages), (len(stages[0].points),))


def collate(geometries: Sequence[Geometry]) -> Geometry:
    """One geometry of several clouds, one after the other; no point has a neighbour in another cloud."""
    if len(geometries) == 1:
        return geometries[0]
    stages: list[Stage] = []
    before: list[int] = []
    for parts in zip(*(g.stages for g in geometries), strict=True):
        starts = np.concatenate([[0], np.cumsum([len(part.points) for part in parts])])[:-1].tolist()
        finest = np.concatenate([[0], np.cumsum([sum(g.clouds) for g in geometries])])[:-1].tolist()
        columns = max(part.neighbours.shape[1] for part in parts)
        neighbours, absent = zip(*(_widened(part, columns) for part in parts), strict=True)
        joined = Stage(
            torch.cat([part.points for part in parts]),
            _shifted([part.index for part in parts], finest),
            _shifted(neighbours, starts),
            tuple(count for part in parts for count in part.counts),
            absent=torch.cat(absent) if any(mask.any() for mask in absent) else None,
        )
        if stages:
            wide = max(part.gathered.shape[1] for part in parts)
            # A neighbour that is there twice does not change a maximum.
            gathered = [_repeated(part.gathered, wide) for part in parts]
            joined = replace(
                joined,
                sampled=_shifted([part.sampled for part in parts], before),
                gathered=_shifted(gathered, before),
            )
            if all(part.up_index is not None for part in parts):
                joined = replace(
                    joined,
                    up_index=_shifted([part.up_index for part in parts], starts),
                    up_weight=torch.cat([part.up_weight for part in parts]),
                )
        stages.append(joined)
        before = starts
    return Geometry(tuple(stages), tuple(count for g in geometries for count in g.clouds))


def farthest(points: np.ndarray, count: int) -> np.ndarray:
    """int64 (count,): distinct points, each as far as can be from those before it.

    Where points coincide, sampling runs out of places; points that share one fill the rest.
    """
    if count >= len(points):
        return np.arange(len(points))
    if len(points) <= _EXACT_START:
        found = fpsample.fps_sampling(points, count, 0)
    else:
        # The height of its tree: buckets of some hundred points were quickest from 8,000 to 320,000.
        found = fpsample.bucket_fps_kdline_sampling(points, count, 5 if len(points) < 40_000 else 7, 0)
    found = found.astype(np.int64)
    _, first = np.unique(found, return_index=True)
    if len(first) == count:
        return found
    kept = found[np.sort(first)]
    rest = np.setdiff1d(np.arange(len(points)), kept)
    return np.concatenate([kept, rest[: count - len(kept)]])


def nearest(
    tree: cKDTree, queries: np.ndarray, k: int, own: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray]:
    """(int64 (m, min(k, n)), float64 distances): nearest first, but a query's `own` point before all."""
    columns = min(k, tree.n)
    distance, found = tree.query(
        queries, np.arange(1, columns + 1), workers=-1 if len(queries) > _MANY else 1
    )
    if own is None:
        return found, distance
    # Where points coincide, the tree's order among them is arbitrary and may leave the query's own out.
    wrong = np.flatnonzero(found[:, 0] != own)
    if len(wrong):
        rows = found[wrong]
        where = rows == own[wrong, None]
        column = np.where(where.any(1), where.argmax(1), columns - 1)
        rows[np.arange(len(wrong)), column] = rows[:, 0]
        rows[:, 0] = own[wrong]
        found[wrong] = rows
    return found, distance


def spacing(tree: cKDTree) -> float:
    """Metres between neighbours of a tree of points on surfaces: 1 / √density; 0 of fewer than two points.

    The density is that of 8 neighbours in their disc, the median over up to 500 points.
    """
    k = min(8, tree.n - 1)
    if k < 1:
        return 0.0
    reach = tree.query(tree.data[:: -(-tree.n // 500)], [k + 1])[0]
    return float(np.median(reach) * np.sqrt(np.pi / k))


def _interpolation(tree: cKDTree, finer: np.ndarray, kind: Interpolation) -> tuple[np.ndarray, np.ndarray]:
    """(int64 (n, 3), float32 (n, 3)): each finer point's three nearest, weighted by inverse distance."""
    found, distance = nearest(tree, finer, 3, None)
    inverse = 1 / ((distance if kind == "inverse" else distance**2) + 1e-8)
    weight = inverse / inverse.sum(1, keepdims=True)
    lacking = ((0, 0), (0, 3 - found.shape[1]))
    return np.pad(found, lacking), np.pad(weight, lacking).astype(np.float32)


def _widened(stage: Stage, columns: int) -> tuple[Tensor, Tensor]:
    """(neighbours [n, columns], absent bool [n, columns])."""
    lacking = columns - stage.neighbours.shape[1]
    absent = torch.zeros_like(stage.neighbours, dtype=torch.bool) if stage.absent is None else stage.absent
    absent = torch.cat([absent, absent.new_ones(len(absent), lacking)], 1)
    return _repeated(stage.neighbours, columns), absent


def _repeated(indices: Tensor, columns: int) -> Tensor:
    """[n, columns]: the first column fills what lacks."""
    return torch.cat([indices, indices[:, :1].expand(-1, columns - indices.shape[1])], 1)


def _shifted(parts: Sequence[Tensor], starts: Sequence[int]) -> Tensor:
    return torch.cat([part + start for part, start in zip(parts, starts, strict=True)])
