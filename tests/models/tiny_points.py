"""Small clouds and untrained point networks, and folders in which somebody might have saved one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from torch import nn

from headlight.models.points.checkpoints import save_network
from headlight.models.points.config import PointConfig
from headlight.models.points.point_transformer import PointTransformer
from headlight.models.points.pointnet import PointNet

PLANES, BLOCKS = (16, 16, 16, 16, 16), (2, 2, 2, 2, 2)
WIDTHS = {"point": (16, 16), "feature": (16, 32), "transform": (16, 32, 16), "head": (32, 16)}


def shaken(net: nn.Module, seed: int = 0) -> nn.Module:
    """The net in eval mode with norms, weights and biases far from where training starts."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for module in net.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean.normal_(0, 0.1, generator=generator)
                module.running_var.uniform_(0.5, 1.5, generator=generator)
        for parameter in net.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
        last = [module for module in net.modules() if isinstance(module, nn.Linear)][-1]
        last.weight.mul_(20)  # so that several classes are the most probable somewhere
    return net.eval().requires_grad_(False)


def transformer(**changed) -> PointTransformer:
    torch.manual_seed(0)
    given = {"in_channels": 5, "classes": 13, "planes": PLANES, "blocks": BLOCKS} | changed
    return shaken(PointTransformer(**given))


def pointnet() -> PointNet:
    torch.manual_seed(0)
    return shaken(PointNet(5, 13, **WIDTHS))


def room(count: int = 3000, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """(points float32 (n, 3) on a floor of 4 × 3 m and its walls, colours uint8 (n, 3))"""
    generator = np.random.default_rng(seed)
    points = generator.uniform(0, 1, (count, 3)) * (4, 3, 2.5)
    side = generator.integers(0, 3, count)
    for axis in range(3):
        points[side == axis, axis] = 0
    return points.astype(np.float32), generator.integers(0, 256, (count, 3)).astype(np.uint8)


def saved(folder: Path, net: nn.Module, **changed) -> Path:
    """A model folder as the training writes it; `changed` goes into its config.json."""
    kind, details = "pointnet", {"widths": getattr(net, "widths", None)}
    inputs = changed.get("inputs", ("height", "r", "g", "b", "coloured"))
    if isinstance(net, PointTransformer):
        kind, details = "point_transformer", {"planes": net.planes, "blocks": net.blocks}
    classes = tuple(f"class {c}" for c in range(net.classes))
    save_network(folder, net, PointConfig(kind, classes, tuple(inputs), **details))
    config = json.loads((folder / "config.json").read_text()) | changed
    (folder / "config.json").write_text(json.dumps(config))
    return folder
