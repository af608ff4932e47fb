"""Scores of a network on whole rooms."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from headlight.models.core.answers import confusion
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.blocks import batches, look
from headlight.models.points.inputs import OWN, features
from headlight.models.points.neighbours import geometry
from headlight.models.points.pointnet import PointNet
from script.training.crops import BLOCK, Room


def confusion_of(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (13, 13): truth × prediction over the points of a room."""
    labels = predict(net, room)
    return confusion(room.labels.astype(np.int64), labels, len(S3DIS_CLASSES))


@torch.no_grad()
def predict(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (n,): the class of every point, by one pass over the whole room (PointNet: block by block)."""
    points = room.points - np.float32([*room.points[:, :2].mean(0), room.floor])
    values = features(points, room.colours if room.coloured else None, OWN, floor=0.0)
    if not isinstance(net, PointNet):
        device = next(net.parameters()).device
        logits = net(torch.from_numpy(values).to(device), geometry(points).to(device))
        return logits.argmax(1).cpu().numpy()
    total = np.zeros((len(points), len(S3DIS_CLASSES)), np.float32)
    for parts, _ in batches(points, BLOCK):
        np.add.at(total, parts, look(net, points, values, parts, 0.0)[1].cpu().numpy())
    return total.argmax(1)
