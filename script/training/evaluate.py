"""Scores of a network on whole rooms."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from models.neighbours import geometry
from models.point_blocks import batches, centre_of, positions
from models.point_inputs import OWN, features
from models.pointnet import PointNet
from models.s3dis import CLASSES
from models.segmentation import confusion
from script.training.crops import BLOCK, Room


def confusion_of(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (13, 13): truth × prediction over the points of a room."""
    labels = predict(net, room)
    return confusion(room.labels.astype(np.int64), labels, len(CLASSES))


@torch.no_grad()
def predict(net: nn.Module, room: Room) -> np.ndarray:
    """int64 (n,): the class of every point, by one pass over the whole room (PointNet: block by block)."""
    points = room.points - np.float32([*room.points[:, :2].mean(0), room.floor])
    values = features(points, room.colours if room.coloured else None, OWN, floor=0.0)
    device = next(net.parameters()).device

    def on_device(array: np.ndarray) -> Tensor:
        return torch.from_numpy(array).to(device)

    if not isinstance(net, PointNet):
        return net(on_device(values), geometry(points).to(device)).argmax(1).cpu().numpy()
    total = np.zeros((len(points), len(CLASSES)), np.float32)
    for parts, _ in batches(points, BLOCK):
        near = np.stack([positions(points[block], centre_of(points[block]), 0.0) for block in parts])
        np.add.at(total, parts, net(on_device(values[parts]), on_device(near)).cpu().numpy())
    return total.argmax(1)
