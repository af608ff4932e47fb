"""A small detector with random weights, and a street for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from headlight.models.points.detection.checkpoints import save_detector
from headlight.models.points.detection.config import STREETS, Backbone, Suppression
from headlight.models.points.detection.network import Detector
from headlight.models.points.representations.cells import Grid

CONFIG = replace(
    STREETS,
    grid=Grid((-8.0, -8.0, -3.0), (8.0, 8.0, 3.0), (0.25, 0.25, 6.0)),
    backbone=Backbone((1, 1), (8, 16), (2, 2), (1.0, 2.0), (8, 8)),
    suppression=Suppression(after=12),
)


def saved(folder: Path) -> Path:
    """One that finds something everywhere."""
    torch.manual_seed(0)
    net = Detector(CONFIG)
    for task in net.head.task_heads:
        torch.nn.init.normal_(task["heatmap"][-1].weight, std=0.3)
    save_detector(folder, net, CONFIG, licence="BSD-3-Clause")
    return folder


def scan(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A street at −1.73 m with things on it; float32 (n, 3), float32 (n,)."""
    random = np.random.default_rng(seed)
    street = np.column_stack([random.uniform(-10, 10, (2000, 2)), random.normal(-1.73, 0.02, 2000)])
    things = random.uniform((-8, -8, -1.7), (8, 8, 1), (600, 3))
    return np.concatenate([street, things]).astype(np.float32), random.random(2600).astype(np.float32)
