"""What each network of shapes makes of one object's points: its answer, and what that came from."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.points.inference import NeighbourhoodCall
from headlight.models.points.neighbourhood import neighbourhood_layers
from headlight.models.points.neighbours import Geometry, Stage, geometry
from headlight.models.points.representations.views import views
from headlight.models.points.shapes.config import ShapeConfig
from headlight.models.points.shapes.folded import FoldedShapeTransformer
from headlight.models.points.shapes.inputs import turned
from headlight.models.points.shapes.mvcnn import MultiView
from headlight.models.points.shapes.pointnet import ShapePointNet


@dataclass(frozen=True, eq=False)
class Look:
    """probabilities: float32 (classes,). layers: with attention. outputs: by name, "geometry"; "maxima" int64
    (1024,), the point that each feature's maximum comes from, and "critical", each of them once; "views"
    float32 (v, side, side), "seen" int64 (v, side, side), the point at each pixel or −1, "winner" int64
    (256,), the view that each feature's maximum comes from, "alone" float32 (v, classes), what each view by
    itself would say.
    """

    probabilities: np.ndarray
    layers: tuple[AttentionLayer, ...] = ()
    outputs: dict[str, np.ndarray | Geometry] = field(default_factory=dict)


def transformer_look(
    folded: FoldedShapeTransformer,
    config: ShapeConfig,
    given: np.ndarray,
    tokens: PointTokens,
    task: Task = SILENT,
) -> Look:
    """given: float32 (m, channels) of the tokens. The attention is that of the shape as it stands; with more
    turns than one the probabilities are means over it turned about the vertical."""
    stages = geometry(given[:, :3], interpolation=None, task=Part(task, 0.0, 0.3))
    calls: list[NeighbourhoodCall] = []
    said = folded(torch.from_numpy(given), stages, Part(task, 0.3, 0.6), calls).softmax(1)
    for turn in range(1, config.turns):
        other = _turned(given, turn, config)
        moved = replace(stages, stages=tuple(_moved(stage, other) for stage in stages.stages))
        task.progress(0.6 + 0.4 * turn / config.turns, "Turned")
        said = said + folded(torch.from_numpy(other), moved).softmax(1)
    layers = neighbourhood_layers(calls, stages, tokens)
    return Look(_mean(said, config.turns), layers, {"geometry": stages})


def pointnet_look(net: ShapePointNet, config: ShapeConfig, given: np.ndarray) -> Look:
    sides = np.stack([_turned(given, turn, config) for turn in range(config.turns)])
    looked = net.looked(torch.from_numpy(sides))
    maxima = looked.critical[0].numpy()
    said = looked.logits.softmax(1).sum(0, keepdim=True)
    return Look(_mean(said, config.turns), (), {"maxima": maxima, "critical": np.unique(maxima)})


def views_look(net: MultiView, config: ShapeConfig, given: np.ndarray) -> Look:
    drawn = views(given[:, :3], config.ring)
    looked = net.looked(torch.from_numpy(drawn.arrays["views"])[None])
    outputs = {
        "views": drawn.arrays["views"],
        "seen": drawn.arrays["index"],
        "winner": looked.winner[0].numpy(),
        "alone": looked.alone[0].softmax(1).numpy(),
    }
    return Look(_mean(looked.logits.softmax(1), 1), (), outputs)


def _mean(said: Tensor, turns: int) -> np.ndarray:
    return (said[0] / turns).float().numpy()


def _turned(given: np.ndarray, turn: int, config: ShapeConfig) -> np.ndarray:
    """About the axis that points up, positions and normals alike."""
    angle, swap = 2 * np.pi * turn / config.turns, [0, 1, 2] if config.up == "z" else [2, 0, 1]
    parts = [
        turned(given[:, at : at + 3][:, swap], angle)[:, np.argsort(swap)]
        for at in range(0, given.shape[1], 3)
    ]
    return np.ascontiguousarray(np.concatenate(parts, 1), np.float32)


def _moved(stage: Stage, given: np.ndarray) -> Stage:
    """With its points turned: neighbours stay what they are."""
    return replace(stage, points=torch.from_numpy(given[:, :3])[stage.index])
