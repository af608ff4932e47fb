"""From what a detector says of every cell to boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from headlight.models.core.answers import Boxes
from headlight.models.points.detection.config import Anchors, Centres, DetectionConfig
from headlight.models.points.detection.heads import Said
from headlight.models.points.detection.suppression import suppressed

LEAST = 0.05
"""Score from which on boxes are candidates, if those that are kept need no more."""


def found(said: Sequence[Said], config: DetectionConfig, score: float | None = None) -> Boxes:
    """The boxes of the one cloud of a batch, with the heat map and the candidates. score: from which on boxes
    are kept, if not the configuration's."""
    rules = config.suppression
    score = rules.score if score is None else score
    said = [{name: values.cpu() for name, values in task.items()} for task in said]
    decode = _of_centres if isinstance(config.head, Centres) else _of_anchors
    candidates, heat, tasks = decode(said, config, min(score, LEAST))
    kept = []
    for number in np.unique(tasks):
        inside = np.flatnonzero((tasks == number) & (candidates.scores > score))
        limit = rules.limit[number] if isinstance(rules.limit, tuple) else rules.limit
        part = suppressed(candidates.boxes[inside], candidates.scores[inside], rules.how, limit, rules.after)
        kept.append(inside[part])
    which = np.sort(np.concatenate([*kept, np.empty(0, int)]))  # candidates are in order of their scores
    whole = replace(candidates, heat=heat, extent=config.extent, candidates=candidates)
    return whole.only(which)


def _of_centres(
    said: Sequence[Said], config: DetectionConfig, score: float
) -> tuple[Boxes, np.ndarray, np.ndarray]:
    """(candidates, the likeliest first; heat; int (n,), the task of each)"""
    head, rules, maps, parts, tasks, first = config.head, config.suppression, [], [], [], 0
    for number, task in enumerate(said):
        heat = torch.sigmoid(task["heatmap"][0].float())
        maps.append(heat)
        best, label = (peaks(heat) if rules.peaks else heat).max(dim=0)
        cells = torch.nonzero(best.flatten() > score).flatten()
        scores = best.flatten()[cells]
        order = torch.argsort(scores, descending=True, stable=True)[: rules.before]
        cells = cells[order]
        at = {name: values[0].float().flatten(1)[:, cells].T for name, values in task.items()}
        boxes = boxes_of(at, cells, config, head.heading)
        parts.append((boxes, scores[order], label.flatten()[cells] + first, at.get("vel")))
        tasks.append(np.full(len(cells), number))
        first += heat.shape[0]
    boxes, scores, labels = (torch.cat([part[place] for part in parts]) for place in range(3))
    moved = torch.cat([part[3] for part in parts]) if head.velocity else None
    which = torch.argsort(scores, descending=True, stable=True)
    candidates = Boxes(
        boxes=boxes[which].numpy().astype(np.float32),
        scores=scores[which].numpy(),
        labels=labels[which].numpy().astype(np.int16),
        classes=config.classes,
        velocities=None if moved is None else moved[which].numpy(),
        directed=head.heading == "full" or head.front,
    )
    return candidates, torch.cat(maps).numpy(), np.concatenate(tasks)[which.numpy()]


def peaks(heat: Tensor) -> Tensor:
    """[classes, rows, columns] where a cell is the highest of the 3 × 3 around it, 0 elsewhere (Zhou et al.
    2019, section 4)."""
    return torch.where(F.max_pool2d(heat[None], 3, 1, 1)[0] == heat, heat, 0)


def boxes_of(at: Said, cells: Tensor, config: DetectionConfig, heading: str) -> Tensor:
    """float64 [n, 7] of what heads say, [n, numbers], at cells (row · columns + column)."""
    at = {name: values.double() for name, values in at.items()}
    columns = config.map[1]
    place = torch.stack([cells % columns, cells // columns], dim=1) + at["reg"]
    low = place.new_tensor(config.extent[:2])
    middle = low + place * place.new_tensor(config.cell)
    yaw = torch.atan2(at["rot"][:, 0], at["rot"][:, 1])
    if heading == "axis":
        yaw = yaw / 2  # within ±90°
        if "front" in at:
            yaw = torch.where(at["front"][:, 0] < 0, yaw + torch.pi, yaw)
            yaw = torch.where(yaw > torch.pi, yaw - 2 * torch.pi, yaw)
    size = torch.exp(at["dim"])
    return torch.cat([middle, at["height"], size, yaw[:, None]], dim=1)


def anchors(config: DetectionConfig) -> Tensor:
    """float64 [rows · columns · count, 7]: of every cell, class by class, each rotation. The first and last
    cells' lie on the borders of the range, as published."""
    head, (rows, columns) = config.head, config.map
    if not isinstance(head, Anchors):
        raise TypeError("anchors are of heads by anchors")
    x0, y0, x1, y1 = config.extent
    x, y = (
        torch.linspace(x0, x1, columns, dtype=torch.float64),
        torch.linspace(y0, y1, rows, dtype=torch.float64),
    )
    each = [
        (bottom + size[2] / 2, *size, turn)
        for size, bottom in zip(head.sizes, head.bottoms, strict=True)
        for turn in head.rotations
    ]
    place = torch.stack(torch.meshgrid(y, x, indexing="ij")[::-1], dim=-1)[:, :, None]
    shape = torch.tensor(each, dtype=torch.float64)[None, None]
    whole = (rows, columns, len(each))
    return torch.cat([place.expand(*whole, 2), shape.expand(*whole, 5)], dim=-1).reshape(-1, 7)


def _of_anchors(
    said: Sequence[Said], config: DetectionConfig, score: float
) -> tuple[Boxes, np.ndarray, np.ndarray]:
    head, rules, (rows, columns) = config.head, config.suppression, config.map
    classes = len(config.classes)

    def each(name: str) -> Tensor:
        """[rows · columns · count, numbers]"""
        values = said[0][name][0].float().permute(1, 2, 0)
        return values.reshape(rows * columns * head.count, -1)

    probability = torch.sigmoid(each("cls"))
    best, label = probability.max(dim=1)
    which = torch.nonzero(best > score).flatten()
    which = which[torch.argsort(best[which], descending=True, stable=True)[: rules.before]]
    boxes = from_anchors(
        anchors(config)[which], each("box")[which], each("dir")[which].argmax(1), head.offset
    )
    heat = probability.view(rows, columns, head.count, classes).amax(dim=2).permute(2, 0, 1)
    candidates = Boxes(
        boxes=boxes.numpy().astype(np.float32),
        scores=best[which].numpy(),
        labels=label[which].numpy().astype(np.int16),
        classes=config.classes,
    )
    return candidates, heat.contiguous().numpy(), np.zeros(len(which), int)


def from_anchors(anchor: Tensor, code: Tensor, way: Tensor, offset: float) -> Tensor:
    """float64 [n, 7]: what is said of anchors [n, 7] (Lang et al. 2019, section 2.3; Yan et al. 2018 for the
    way, 0 or 1 [n]: which half turn from `offset` on the heading is in)."""
    code = code.double()
    diagonal = torch.hypot(anchor[:, 3], anchor[:, 4])
    x, y = code[:, 0] * diagonal + anchor[:, 0], code[:, 1] * diagonal + anchor[:, 1]
    z = code[:, 2] * anchor[:, 5] + anchor[:, 2]
    yaw = code[:, 6] + anchor[:, 6] - offset
    yaw = yaw - torch.floor(yaw / torch.pi) * torch.pi + offset + torch.pi * way
    size = torch.exp(code[:, 3:6]) * anchor[:, 3:6]
    return torch.cat([torch.stack([x, y, z], dim=1), size, yaw[:, None]], dim=1)
