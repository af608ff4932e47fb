"""The two networks as they are trained: their widths and what they read."""

from __future__ import annotations

from torch import nn

from models.point_inputs import OWN
from models.point_transformer import PointTransformer
from models.pointnet import PointNet
from models.s3dis import CLASSES

NETWORKS = ("point_transformer", "pointnet")


def make(name: str) -> nn.Module:
    """A fresh network."""
    if name == "pointnet":
        return PointNet(len(OWN), len(CLASSES))
    return PointTransformer(len(OWN), len(CLASSES))
