"""A hand-made cloud with labels, and a trace of it whose weights are given outright."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from headlight.models.attention.recorded import numbered
from headlight.models.core.answers import PointLabels
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import INPUT, ModelCard, Trace
from headlight.models.points.neighbourhood import NeighbourhoodLayer
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.told.frame import Frame

CLASSES = ("floor", "wall", "chair")


class GivenNeighbourhood(NeighbourhoodLayer):
    """Weights over the k nearest of n points that are given outright."""

    def __init__(self, name: str, tokens: PointTokens, maps: int, k: int = 8, seed: int = 0) -> None:
        offset = tokens.positions[:, None] - tokens.positions[None]
        near = np.argsort((offset**2).sum(-1), axis=1, kind="stable")[:, :k]
        raw = np.random.default_rng(seed).random((maps, *near.shape)) ** 2
        weights = torch.from_numpy(raw / raw.sum(-1, keepdims=True)).float().permute(1, 2, 0)
        nothing = torch.zeros(0)
        super().__init__(name, tokens, tokens, torch.from_numpy(near), weights, nothing, nothing, nothing)
        self.error = 0.0

    def check(self) -> float:
        return self.error


def weights_of(layer: NeighbourhoodLayer) -> np.ndarray:
    """float32 (maps, n, k), in the order of the neighbours."""
    (every,) = layer.groups()
    return every.rows()[2]


def room(points: int = 600, seed: int = 0, labels: bool = True, colours: bool = True) -> CloudInput:
    """A floor of 3 m, a wall and a cube, in this order, a third of the points each."""
    random = np.random.default_rng(seed)
    third = points // 3
    floor = np.c_[random.random((third, 2)) * 3, np.zeros(third)]
    wall = np.c_[random.random(third) * 3, np.full(third, 3.0), random.random(third) * 2.5]
    cube = random.random((points - 2 * third, 3)) * 0.5 + (1.0, 1.0, 0.1)
    where = np.concatenate([floor, wall, cube]).astype(np.float32)
    truth = np.repeat(np.arange(3, dtype=np.int16), (third, third, points - 2 * third))
    return CloudInput(
        title="room.ply",
        points=where,
        origin=np.array([100.0, 200.0, 0.0]),
        frame=Frame(),
        guessed=Frame(),
        guess_reason="given.",
        colours=(random.random((points, 3)) * 255).astype(np.uint8) if colours else None,
        labels=truth if labels else None,
        classes=CLASSES if labels else None,
    )


def trace_of(cloud: CloudInput, every: int = 2, layers: Sequence[str] | None = None, **more) -> Trace:
    """Every second point is a token; stages of all tokens, a quarter and a sixteenth; five layers.

    The model takes every tenth token for the next class.
    """
    sample = np.arange(0, len(cloud.points), every)
    tokens = PointTokens.of(cloud.points[sample])
    nearest = tokens.nearest(cloud.points)
    found = [tokens, *(PointTokens.of(tokens.positions[::step]) for step in (4, 16))]
    names = ("enc1.1", "enc2.1", "enc3.1", "dec2.1", "dec1.1") if layers is None else layers
    made = tuple(
        GivenNeighbourhood(f"{name}.attention", found[int(name[3]) - 1], 2 ** int(name[3]), seed=number)
        for number, name in enumerate(names)
    )
    third = len(cloud.points) // 3
    right = np.minimum(sample // max(third, 1), 2)
    right[::10] = (right[::10] + 1) % 3
    probabilities = np.full((len(sample), 3), 0.1, np.float32)
    probabilities[np.arange(len(sample)), right] = 0.8
    card = ModelCard("given-cloud", "Given", "points", "a test", "none", untrained=True)
    answer = PointLabels.spread(CLASSES, probabilities, sample, nearest, cloud.labels)
    inputs = {"points": tokens.positions, "features": np.zeros((len(sample), 5), np.float32)}
    return Trace(card, numbered(made), {INPUT: tokens}, inputs, None, 0.1, "cpu", answers=(answer,), **more)
