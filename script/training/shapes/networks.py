"""The three networks as they are trained, and how each is fed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.points.neighbours import collate, geometry
from headlight.models.points.representations.views import Ring
from headlight.models.points.shapes.inputs import pictures
from headlight.models.points.shapes.mvcnn import MultiView
from headlight.models.points.shapes.point_transformer import ShapeTransformer
from headlight.models.points.shapes.pointnet import ShapePointNet
from script.training.shapes.objects import CLASSES

NETWORKS = ("point-transformer", "pointnet", "mvcnn")
RATES = {"point-transformer": 2e-3, "pointnet": 1e-3, "mvcnn": 1.5e-3}
RING = Ring(side=64)
LEARNT = Ring(count=4, side=64)
"""Of training: the maximum is over a third of the views, in a third of the time."""
SEEN = 512
"""Points that a Point Transformer learns from, and sees: its norms hold for as many alone."""
BATCH = {"point-transformer": 24, "pointnet": 24, "mvcnn": 14}


def make(name: str) -> nn.Module:
    """A fresh network."""
    if name == "pointnet":
        return ShapePointNet(3, len(CLASSES))
    if name == "mvcnn":
        return MultiView(len(CLASSES))
    return ShapeTransformer(3, len(CLASSES))


def answer(name: str, net: nn.Module, clouds: Sequence[np.ndarray], ring: Ring = RING) -> Tensor:
    """Logits [clouds, classes] of clouds, float32 (n, 3) in the unit ball, all of one n."""
    if name == "mvcnn":
        return net(torch.from_numpy(np.stack([pictures(cloud, ring) for cloud in clouds])))
    if name == "pointnet":
        return net(torch.from_numpy(np.stack(clouds)))
    stages = collate([geometry(cloud, interpolation=None) for cloud in clouds])
    return net(torch.from_numpy(np.concatenate(clouds)), stages)


def count(name: str, done: float, rng: np.random.Generator) -> int:
    """Points of each cloud of a batch; done: share of the training."""
    if name == "mvcnn":
        return int(rng.choice([2048, 4096]))
    if name == "pointnet":
        return 128 if done < 0.6 else 256
    return SEEN
