"""The two networks as they are trained: their widths and what they read."""

from __future__ import annotations

from torch import nn

from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.inputs import OWN
from headlight.models.points.point_transformer import PointTransformer
from headlight.models.points.pointnet import PointNet

NETWORKS = ("point_transformer", "pointnet")


def make(name: str) -> nn.Module:
    """A fresh network."""
    if name == "pointnet":
        return PointNet(len(OWN), len(S3DIS_CLASSES))
    return PointTransformer(len(OWN), len(S3DIS_CLASSES))
