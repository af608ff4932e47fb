"""Small untrained networks of shapes in folders, as somebody might have saved them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import torch

from headlight.models.catalogue.tensors import save_half
from headlight.models.points.shapes.config import ShapeConfig
from tests.models.clouds import randomised

NAMES = ("cube", "ball", "cone")
CONFIGS = {
    "shape_transformer": ShapeConfig(
        "shape_transformer", NAMES, planes=(8, 8, 16, 16, 24), blocks=(1, 2, 2, 1, 2), points=128
    ),
    "shape_pointnet": ShapeConfig(
        "shape_pointnet",
        NAMES,
        widths={"feature": (8, 16, 32), "transform": (8, 8, 16, 8, 8), "head": (16, 8)},
        points=128,
    ),
    "shape_mvcnn": ShapeConfig("shape_mvcnn", NAMES, planes=(8, 8, 8, 16), views=6, side=32),
}


def shape_folder(folder: Path, kind: str) -> Path:
    """`folder` with a network of this type."""
    torch.manual_seed(0)
    save_half(folder, randomised(CONFIGS[kind].network()), asdict(CONFIGS[kind]))
    return folder
