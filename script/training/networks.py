"""The two networks as they are trained: their widths and what they read."""

from __future__ import annotations

from torch import nn

from models.point_transformer import PointTransformer
from models.pointnet import PointNet

IN_CHANNELS, CLASSES = 5, 13
NETWORKS = ("point_transformer", "pointnet")


def make(name: str) -> nn.Module:
    """A fresh network."""
    if name == "pointnet":
        return PointNet(IN_CHANNELS, CLASSES)
    return PointTransformer(IN_CHANNELS, CLASSES)
