"""What a detector by centres is to say of a scene, and how far it is from that (Yin et al. 2021, section 4;
Zhou et al. 2019, "Objects as Points", section 3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from headlight.models.points.detection.config import Centres, DetectionConfig
from headlight.models.points.detection.heads import Said

OVERLAP = 0.1
"""Of a box moved by the Gaussian radius with the true one."""
SMALLEST = 2
"""Cells of a Gaussian's radius at least."""
REGRESSED = 0.25
"""Weight of the heads beside the heat map."""
MOVING = 0.2
"""Weight of velocities among them."""


@dataclass(frozen=True, eq=False)
class Truth:
    """One scene. boxes: float (n, 7) as of `Boxes`. labels: int (n,). fronts: bool (n,), whether the heading
    is known to be the front's, all where None. velocities: float (n, 2), NaN where nobody knows."""

    boxes: np.ndarray
    labels: np.ndarray
    fronts: np.ndarray | None = None
    velocities: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class TaskTargets:
    """heat: float32 [B, classes, rows, columns]. where: int64 [n], cells of the objects, (cloud · rows + row)
    · columns + column. wanted: float32 [n, numbers] by the heads' names, NaN where nobody knows."""

    heat: Tensor
    where: Tensor
    wanted: dict[str, Tensor]


def gaussian_radius(length: float, width: float, overlap: float = OVERLAP) -> float:
    """Of sides in cells, as published: the smallest of three roots, none of which is divided by 2a (Law and
    Deng 2018, CornerNet, in the form that all detectors have kept)."""
    total, area = length + width, length * width

    def root(b: float, c: float) -> float:
        return (b + np.sqrt(b * b - 4 * c)) / 2

    one = root(total, area * (1 - overlap) / (1 + overlap))
    two = root(2 * total, 4 * (1 - overlap) * area)
    three = root(-2 * overlap * total, 4 * overlap * (overlap - 1) * area)
    return float(min(one, two, three))


def draw(heat: np.ndarray, row: int, column: int, radius: int) -> None:
    """A Gaussian of σ = (2 r + 1) / 6 into heat (rows, columns), where it is higher; 1 in the middle."""
    along = np.arange(-radius, radius + 1)
    profile = np.exp(-(along**2) / (2 * ((2 * radius + 1) / 6) ** 2))
    top, left = max(row - radius, 0), max(column - radius, 0)
    part = heat[top : row + radius + 1, left : column + radius + 1]
    down = profile[top - row + radius :][: part.shape[0]]
    across = profile[left - column + radius :][: part.shape[1]]
    np.maximum(part, np.outer(down, across), out=part)


def targets(scenes: Sequence[Truth], config: DetectionConfig) -> list[TaskTargets]:
    """For each task. Boxes whose middle is out of range are left out."""
    head = config.head
    if not isinstance(head, Centres):
        raise TypeError("targets are made for heads by centres")
    ends = np.cumsum((0, *head.tasks))
    return [_of_task(scenes, int(first), int(last), config, head) for first, last in pairwise(ends)]


def _of_task(
    scenes: Sequence[Truth], first: int, last: int, config: DetectionConfig, head: Centres
) -> TaskTargets:
    rows, columns = config.map
    heat = np.zeros((len(scenes), last - first, rows, columns), np.float32)
    where, wanted = [], {name: [] for name in head.regressed}
    for number, scene in enumerate(scenes):
        kept, cells = _cells(scene, first, last, config)
        for index, (x, y) in zip(kept.tolist(), np.floor(cells).astype(int).tolist(), strict=True):
            box = scene.boxes[index]
            radius = max(SMALLEST, int(gaussian_radius(box[3] / config.cell[0], box[4] / config.cell[1])))
            draw(heat[number, scene.labels[index] - first], y, x, radius)
            where.append((number * rows + y) * columns + x)
        for name, values in _regressed(scene, kept, cells, head).items():
            wanted[name].append(values)
    return TaskTargets(
        torch.from_numpy(heat),
        torch.tensor(where, dtype=torch.int64),
        {name: torch.from_numpy(np.concatenate(each).astype(np.float32)) for name, each in wanted.items()},
    )


def _cells(scene: Truth, first: int, last: int, config: DetectionConfig) -> tuple[np.ndarray, np.ndarray]:
    """(int (m,), boxes of the scene that are the task's and in range; float (m, 2), x and y in cells)"""
    boxes = np.asarray(scene.boxes, np.float64).reshape(-1, 7)
    cells = (boxes[:, :2] - config.extent[:2]) / config.cell
    inside = ((cells >= 0) & (cells < config.map[::-1])).all(axis=1)
    inside &= (boxes[:, 3:6] > 0).all(axis=1)
    kept = np.flatnonzero(inside & (scene.labels >= first) & (scene.labels < last))
    return kept, cells[kept]


def _regressed(scene: Truth, kept: np.ndarray, cells: np.ndarray, head: Centres) -> dict[str, np.ndarray]:
    boxes = np.asarray(scene.boxes, np.float64).reshape(-1, 7)[kept]
    yaw = boxes[:, 6]
    turned = yaw if head.heading == "full" else 2 * yaw
    found = {
        "reg": cells - np.floor(cells),
        "height": boxes[:, 2:3],
        "dim": np.log(boxes[:, 3:6]),
        "rot": np.column_stack([np.sin(turned), np.cos(turned)]),
    }
    if head.velocity:
        unknown = np.full((len(kept), 2), np.nan)
        found["vel"] = unknown if scene.velocities is None else scene.velocities[kept]
    if head.front:
        known = np.ones(len(kept), bool) if scene.fronts is None else scene.fronts[kept]
        found["front"] = np.where(known, is_front(yaw), np.nan)[:, None]
    return found


def is_front(yaw: np.ndarray) -> np.ndarray:
    """bool: the heading is the end of its axis that lies within ±90° of +x, +90° of which is and −90° not."""
    return ~(np.cos(yaw) < 0) & ~((np.cos(yaw) == 0) & (np.sin(yaw) < 0))


def loss(said: Sequence[Said], wanted: Sequence[TaskTargets]) -> dict[str, Tensor]:
    """By heads, weighed, the means over objects; their sum is what is to fall.

    The heat map by the focal loss of Zhou et al. 2019 (equation 1: α 2, β 4), the front by cross entropy, all
    else by its absolute difference; what nobody knows is left out.
    """
    found: dict[str, list[Tensor]] = {}
    for task, target in zip(said, wanted, strict=True):
        found.setdefault("heatmap", []).append(_focal(task["heatmap"].float(), target.heat))
        for name, values in target.wanted.items():
            at = task[name].float().permute(0, 2, 3, 1).reshape(-1, task[name].shape[1])[target.where]
            found.setdefault(name, []).append(_differing(name, at, values))
    return {name: torch.stack(each).sum() for name, each in found.items()}


def _focal(logits: Tensor, heat: Tensor) -> Tensor:
    p = torch.sigmoid(logits).clamp(1e-4, 1 - 1e-4)
    exact = heat == 1
    right = (torch.log(p) * (1 - p) ** 2)[exact].sum()
    others = (torch.log(1 - p) * p**2 * (1 - heat) ** 4)[~exact].sum()
    return -(right + others) / exact.sum().clamp(min=1)


def _differing(name: str, said: Tensor, wanted: Tensor) -> Tensor:
    known = wanted.isfinite()
    weight = REGRESSED * (MOVING if name == "vel" else 1.0)
    if not known.any():
        return said.new_zeros(())
    if name == "front":
        far = F.binary_cross_entropy_with_logits(said[known], wanted[known], reduction="sum")
    else:
        far = (said[known] - wanted[known]).abs().sum()
    return weight * far / len(wanted)
