"""Composed maps and hops against closed forms, dense products and gradients of a network."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import INPUT, ModelCard, Trace
from headlight.models.points.neighbourhood import NeighbourhoodLayer
from headlight.models.points.neighbours import geometry
from headlight.models.points.reach.fields import composed, hop_field
from tests.models.tiny_points import transformer

CARD = ModelCard("a", "A", "points", "", "")


def traced(points: np.ndarray, k: tuple[int, ...], blocks: tuple[int, ...], weigh) -> Trace:
    """A trace with layers made by hand: `weigh` gives float32 (maps, n, k) for neighbours int (n, k)."""
    stages = geometry(points, k=k, stride=(1, *[4] * (len(k) - 1)))
    names = [f"enc{s + 1}.{b}" for s in range(len(k)) for b in range(1, blocks[s])]
    names += [f"dec{s + 1}.1" for s in reversed(range(len(k)))]
    layers = []
    for name in names:
        near = stages.stages[int(name[3]) - 1].neighbours.numpy()
        values = weigh(near)
        here = PointTokens.of(stages.stages[int(name[3]) - 1].points.numpy())
        weights = torch.from_numpy(values).permute(1, 2, 0)
        given = torch.from_numpy(near), weights, *[torch.zeros(0)] * 3
        layers.append(NeighbourhoodLayer(f"{name}.transformer2", here, here, *given))
    tokens = PointTokens.of(points)
    return Trace(CARD, tuple(layers), {INPUT: tokens}, {}, None, 0.0, "cpu", outputs={"geometry": stages})


def uniform(near: np.ndarray) -> np.ndarray:
    return np.full((2, *near.shape), 1 / near.shape[1], np.float32)


def identity(near: np.ndarray) -> np.ndarray:
    weights = np.zeros((2, *near.shape), np.float32)
    weights[..., 0] = 1
    return weights


def at_random(near: np.ndarray) -> np.ndarray:
    weights = np.random.default_rng(near.size).random((3, *near.shape)) + 0.01
    return (weights / weights.sum(axis=-1, keepdims=True)).astype(np.float32)


THREE = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0]], np.float32)
FIVE = (8, 16, 16, 16, 16)


def test_identity_and_uniform_attention_have_their_closed_forms():
    # Three points are one in all coarser stages: it takes half, and hands a third of it to each.
    found = composed(traced(THREE, FIVE, (2, 3, 4, 6, 3), identity), 0)
    assert found.tolist() == pytest.approx([1 / 2 + 1 / 6, 1 / 6, 1 / 6])
    # ½ remains of the point itself in dec1, half of that beside the coarser stage, half of it in enc1.
    found = composed(traced(THREE, FIVE, (2, 3, 4, 6, 3), uniform), 0)
    assert found.tolist() == pytest.approx([1 / 8 + 7 / 24, 7 / 24, 7 / 24])
    one = composed(traced(THREE[:1], FIVE, (2, 3, 4, 6, 3), at_random), 0)
    assert one.tolist() == pytest.approx([1.0])


def cloud(count: int = 240) -> np.ndarray:
    """Points along a corridor: the field of one of them is a stretch."""
    return (np.random.default_rng(1).random((count, 3)) * (60, 1, 1)).astype(np.float32)


def dense(trace: Trace) -> tuple[np.ndarray, np.ndarray]:
    """(composed maps of all tokens, hops of all tokens, inf where there is no way), with n × n matrices."""
    stages = trace.outputs["geometry"].stages
    attention = {}
    for layer in trace.layers:
        matrix = np.zeros((len(layer.neighbours), len(layer.neighbours)))
        weights = layer._weights.numpy().mean(axis=2)
        for query, (keys, row) in enumerate(zip(layer.neighbours, weights, strict=True)):
            np.add.at(matrix[query], keys, row)
        attention.setdefault(layer.name[:4], []).append(matrix)

    def steps(matrix: np.ndarray) -> np.ndarray:
        return np.where(matrix > 0, 1.0, np.inf)

    def joined(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        return (a[:, :, None] + b[None]).min(axis=1)

    def attended(share: np.ndarray, hops: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
        for matrix in attention.get(name, []):
            own = np.eye(len(matrix))
            share = (matrix / 2 + own / 2) @ share
            hops = joined(np.minimum(steps(matrix), np.where(own > 0, 0.0, np.inf)), hops)
        return share, hops

    share, hops = np.eye(len(stages[0].points)), np.where(np.eye(len(stages[0].points)) > 0, 0, np.inf)
    kept = []
    for number, stage in enumerate(stages, 1):
        if number > 1:
            down = np.zeros((len(stage.points), len(stages[number - 2].points)))
            for row, near in enumerate(stage.gathered.numpy()):
                np.add.at(down[row], near, 1 / len(near))
            share, hops = down @ share, joined(steps(down), hops)
        share, hops = attended(share, hops, f"enc{number}")
        kept.append((share, hops))
    for number in range(len(stages), 0, -1):
        if number < len(stages):
            stage = stages[number]
            up = np.zeros((len(stages[number - 1].points), len(stage.points)))
            for row, (near, weight) in enumerate(zip(stage.up_index, stage.up_weight, strict=True)):
                np.add.at(up[row], near.numpy(), weight.numpy())
            share = up @ share / 2 + kept[number - 1][0] / 2
            hops = np.minimum(joined(steps(up), hops), kept[number - 1][1])
        share, hops = attended(share, hops, f"dec{number}")
    return share, hops


def test_every_row_is_that_of_the_dense_product():
    trace = traced(cloud(), (4, 4, 4), (2, 3, 2), at_random)
    shares, hops = dense(trace)
    assert np.allclose(shares.sum(axis=1), 1)
    for token in (0, 17, 239):
        np.testing.assert_allclose(composed(trace, token), shares[token], atol=1e-6)
        expected = np.where(np.isfinite(hops[token]), hops[token], -1)
        assert hop_field(trace, token).tolist() == expected.tolist()
    assert hop_field(trace, 17)[17] == 0
    assert set(np.unique(hop_field(trace, 17))) >= {-1, 0, 1, 2, 3}
    several = np.array([0, 17])
    np.testing.assert_allclose(composed(trace, several), shares[several].mean(axis=0), atol=1e-6)
    nearest = hops[several].min(axis=0)
    assert hop_field(trace, several).tolist() == np.where(np.isfinite(nearest), nearest, -1).tolist()


def test_no_gradient_comes_from_outside_the_hops():
    points = cloud(400)
    stages = geometry(points, k=(4, 4, 4), stride=(1, 4, 4))
    net = transformer(planes=(16, 16, 16), blocks=(2, 2, 2))
    trace = traced(points, (4, 4, 4), (2, 2, 2), identity)
    values = torch.randn(400, 5, generator=torch.Generator().manual_seed(3)).requires_grad_()
    for token in (5, 200):
        field = hop_field(trace, token)
        # Through the mean over the cloud nearly every point counts: all that a coarser one was gathered from.
        (gradient,) = torch.autograd.grad(net(values, stages)[token].sum(), values)
        moved = gradient.abs().sum(dim=1).numpy() > 0
        assert moved[field < 0].any()
        through_mean = hop_field(trace, token, through_mean=True)
        assert (through_mean >= 0).mean() > 0.9
        assert not moved[through_mean < 0].any()
        told = net.dec3[0].linear1[0].weight
        before = told.clone()
        told[:, 16:] = 0  # what the mean adds
        (gradient,) = torch.autograd.grad(net(values, stages)[token].sum(), values)
        told.copy_(before)
        moved = gradient.abs().sum(dim=1).numpy() > 0
        assert 0 < (field >= 0).sum() < 300
        assert not moved[field < 0].any()
        assert moved[field >= 0].mean() > 0.5  # the others are dead ends: rectified, or not the maximum


def test_what_has_no_layers_is_refused_and_cancel_is_heard():
    trace = traced(THREE, FIVE, (2, 3, 4, 6, 3), uniform)
    with pytest.raises(HeadlightError, match=r"There is no such point among 3\. Choose a point from 0 to 2"):
        composed(trace, 3)
    bare = Trace(CARD, (), trace.streams, {}, None, 0.0, "cpu")
    with pytest.raises(HeadlightError, match="A has no attention between neighbours"):
        hop_field(bare, 0)

    class Impatient(Task):
        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        composed(trace, 0, Impatient())
