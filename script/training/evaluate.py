"""Scores of a network on whole rooms."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from models.neighbours import geometry
from models.pointnet import PointNet
from script.training.crops import CLASSES, Room, features

BLOCK = 4096


def confusion_of(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (13, 13): truth × prediction over the points of a room."""
    labels = predict(net, room)
    return np.bincount(CLASSES * room.labels.astype(np.int64) + labels, minlength=CLASSES**2).reshape(
        CLASSES, CLASSES
    )


@torch.no_grad()
def predict(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (n,): the class of every point, by one pass over the whole room (PointNet: block by block)."""
    points = room.points - np.float32([*room.points[:, :2].mean(0), room.floor])
    values = features(points, room.colours / np.float32(255), room.coloured, 0.0)
    device = next(net.parameters()).device
    if not isinstance(net, PointNet):
        return net(torch.from_numpy(values).to(device), geometry(points).to(device)).argmax(1).cpu().numpy()
    total = np.zeros((len(points), CLASSES), np.float32)
    rng = np.random.default_rng(0)
    while (open_ := np.flatnonzero(~total.any(1))).size:
        centre = points[rng.choice(open_)]
        size = min(BLOCK, len(points))
        block = np.argpartition(((points - centre)[:, :2] ** 2).sum(1), size - 1)[:size]
        near = points[block] - (*points[block, :2].mean(0), 0)
        logits = net(torch.from_numpy(values[block])[None], torch.from_numpy(near.astype(np.float32))[None])
        total[block] += logits[0].numpy()
    return total.argmax(1)


def miou(matrix: np.ndarray) -> tuple[float, np.ndarray]:
    """(mean IoU over the classes present, IoU of each class, NaN where absent)."""
    right = np.diag(matrix)
    union = matrix.sum(0) + matrix.sum(1) - right
    ious = np.where(union > 0, right / np.maximum(union, 1), np.nan)
    return float(np.nanmean(ious)), ious
