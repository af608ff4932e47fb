"""FoldedPointTransformer against the network and against the formulas themselves, in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.points import inference
from headlight.models.points.inference import FoldedPointTransformer, NeighbourhoodCall
from headlight.models.points.neighbourhood import neighbourhood_layers
from headlight.models.points.neighbours import Geometry, collate, geometry
from headlight.models.points.point_transformer import PointTransformer
from tests.models.clouds import cloud, features, small_net


class Reference:
    """The network of the paper and its layer, point by point, from a state dict."""

    def __init__(self, net: PointTransformer, shape: Geometry) -> None:
        self.state = {name: value.double().numpy() for name, value in net.state_dict().items()}
        self.blocks = net.blocks
        self.stages = shape.stages
        self.attention: list[np.ndarray] = []

    def linear(self, name: str, x: np.ndarray) -> np.ndarray:
        y = self.state[f"{name}.weight"] @ x
        return y + self.state[f"{name}.bias"] if f"{name}.bias" in self.state else y

    def norm(self, name: str, x: np.ndarray) -> np.ndarray:
        w, b, m, v = (
            self.state[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        return (x - m) / np.sqrt(v + 1e-5) * w + b

    def attend(self, name: str, x: list[np.ndarray], number: int) -> list[np.ndarray]:
        stage = self.stages[number]
        p = stage.points.double().numpy()
        outputs, weights = [], []
        for i in range(len(x)):
            scores, values = [], []
            for j in stage.neighbours[i].tolist():
                h = self.norm(f"{name}.linear_p.1", self.linear(f"{name}.linear_p.0", p[j] - p[i]))
                delta = self.linear(f"{name}.linear_p.3", np.maximum(h, 0))
                z = self.linear(f"{name}.linear_k", x[j]) - self.linear(f"{name}.linear_q", x[i]) + delta
                z = self.linear(f"{name}.linear_w.2", np.maximum(self.norm(f"{name}.linear_w.0", z), 0))
                z = self.linear(f"{name}.linear_w.5", np.maximum(self.norm(f"{name}.linear_w.3", z), 0))
                scores.append(z)
                values.append(self.linear(f"{name}.linear_v", x[j]) + delta)
            e = np.exp(np.array(scores) - np.max(scores, 0))
            w = e / e.sum(0)  # [k, maps]
            weights.append(w)
            outputs.append(
                np.array(
                    [
                        sum(w[k, c % w.shape[1]] * values[k][c] for k in range(len(w)))
                        for c in range(len(x[i]))
                    ]
                )
            )
        self.attention.append(np.array(weights))
        return outputs

    def block(self, name: str, x: list[np.ndarray], number: int) -> list[np.ndarray]:
        y = [np.maximum(self.norm(f"{name}.bn1", self.linear(f"{name}.linear1", row)), 0) for row in x]
        y = self.attend(f"{name}.transformer2", y, number)
        y = [np.maximum(self.norm(f"{name}.bn2", row), 0) for row in y]
        y = [self.norm(f"{name}.bn3", self.linear(f"{name}.linear3", row)) for row in y]
        return [np.maximum(a + b, 0) for a, b in zip(x, y, strict=True)]

    def layer(self, name: str, norm: str | None, x: np.ndarray) -> np.ndarray:
        y = self.linear(name, x)
        return np.maximum(self.norm(norm, y) if norm else y, 0)

    def __call__(self, x: list[np.ndarray]) -> np.ndarray:
        skips = []
        for number, stage in enumerate(self.stages):
            name = f"enc{number + 1}"
            if number == 0:
                x = [self.layer(f"{name}.0.linear", f"{name}.0.bn", row) for row in x]
            else:
                finer, p = self.stages[number - 1].points.double().numpy(), stage.points.double().numpy()
                x = [
                    np.max(
                        [
                            self.layer(
                                f"{name}.0.linear", f"{name}.0.bn", np.concatenate([finer[j] - p[i], x[j]])
                            )
                            for j in stage.gathered[i].tolist()
                        ],
                        0,
                    )
                    for i in range(len(p))
                ]
            for b in range(1, self.blocks[number]):
                x = self.block(f"{name}.{b}", x, number)
            skips.append(x)
        told = self.layer("dec5.0.linear2.0", None, np.mean(x, 0))
        x = [self.layer("dec5.0.linear1.0", "dec5.0.linear1.1", np.concatenate([row, told])) for row in x]
        x = self.block("dec5.1", x, 4)
        for number in (3, 2, 1, 0):
            name, stage = f"dec{number + 1}", self.stages[number + 1]
            coarse = [self.layer(f"{name}.0.linear2.0", f"{name}.0.linear2.1", row) for row in x]
            x = [
                self.layer(f"{name}.0.linear1.0", f"{name}.0.linear1.1", row)
                + sum(w * coarse[j] for j, w in zip(near, weight, strict=True))
                for row, near, weight in zip(
                    skips[number], stage.up_index.tolist(), stage.up_weight.double().tolist(), strict=True
                )
            ]
            x = self.block(f"{name}.1", x, number)
        return np.array([self.linear("cls.3", self.layer("cls.0", "cls.1", row)) for row in x])


def tokens(points: np.ndarray) -> PointTokens:
    return PointTokens(tuple(map(str, range(len(points)))), np.zeros(len(points), bool), points)


def test_it_agrees_with_the_formulas_point_by_point() -> None:
    net, points, x = small_net(), cloud(130), features(130)
    shape = geometry(points)
    reference = Reference(net, shape)
    expected = reference([row.double().numpy() for row in x])
    calls: list[NeighbourhoodCall] = []
    logits = FoldedPointTransformer(net)(x, shape, calls=calls)
    assert np.abs(expected).max() > 0.2
    np.testing.assert_allclose(net(x, shape), expected, atol=1e-5)
    np.testing.assert_allclose(logits, expected, atol=1e-5)
    for call, weights in zip(calls, reference.attention, strict=True):
        np.testing.assert_allclose(call.weights, weights, atol=1e-5)
        assert weights.shape[1] == 1 or weights.std() > 1e-4


@pytest.mark.parametrize("count", [1, 15, 300, 5000])
def test_folding_changes_neither_logits_nor_labels(count: int) -> None:
    net, x = small_net(), features(count)
    shape = geometry(cloud(count))
    plain, folded = net(x, shape), FoldedPointTransformer(net)(x, shape)
    torch.testing.assert_close(folded, plain, atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(folded.argmax(1), plain.argmax(1))


def test_five_points_in_one_place_are_answered_alike() -> None:
    net = small_net()
    shape = geometry(np.full((5, 3), 2, np.float32))
    logits = FoldedPointTransformer(net)(torch.ones(5, 6), shape)
    torch.testing.assert_close(logits, net(torch.ones(5, 6), shape), atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(logits, logits[:1].expand(5, -1), atol=1e-5, rtol=1e-5)


def test_clouds_of_a_batch_are_answered_as_if_alone() -> None:
    net, counts = small_net(), (500, 6, 40)
    folded = FoldedPointTransformer(net)
    shapes = [geometry(cloud(count, count)) for count in counts]
    inputs = [features(count, seed=count) for count in counts]
    alone = torch.cat([net(x, shape) for x, shape in zip(inputs, shapes, strict=True)])
    batch = collate(shapes)
    torch.testing.assert_close(net(torch.cat(inputs), batch), alone, atol=1e-5, rtol=1e-5)
    calls: list[NeighbourhoodCall] = []
    torch.testing.assert_close(folded(torch.cat(inputs), batch, calls=calls), alone, atol=1e-5, rtol=1e-5)
    absent = batch.stages[0].absent
    assert absent is not None
    assert calls[0].weights[absent].abs().max() == 0


def test_the_attention_of_all_layers_is_kept_and_passes_the_check() -> None:
    torch.manual_seed(0)
    net = PointTransformer().eval()
    points = cloud(1500)
    shape, calls = geometry(points), []
    FoldedPointTransformer(net)(features(1500), shape, calls=calls)
    layers = neighbourhood_layers(calls, shape, tokens(points))
    expected = [f"enc{s}.{b}" for s, count in enumerate((1, 2, 3, 5, 2), 1) for b in range(1, count + 1)]
    expected += [f"dec{s}.1" for s in (5, 4, 3, 2, 1)]
    assert [layer.name for layer in layers] == [f"{name}.transformer2" for name in expected]
    assert [layer.heads for layer in layers[-5:]] == [64, 32, 16, 8, 4]
    assert [len(layer.queries) for layer in layers[-5:]] == [5, 23, 93, 375, 1500]
    assert all(layer.check() < 1e-5 for layer in layers)
    np.testing.assert_array_equal(layers[1].queries.positions, points[shape.stages[1].index])


def test_it_stops_between_layers_and_between_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inference, "_GROUPED", 2**12)
    folded, shape = FoldedPointTransformer(small_net()), geometry(cloud(2000))

    class Stop(Task):
        def __init__(self, left: int) -> None:
            self.left, self.said = left, []

        def check(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Cancelled

        def progress(self, share: float, sentence: str) -> None:
            self.said.append(sentence)
            self.check()

    task = Stop(10)
    before = torch.get_num_threads()
    with pytest.raises(Cancelled):
        folded(features(2000), shape, task)
    assert task.said == ["Layer 1 of 11"]  # more than ten chunks in the first layer
    assert torch.get_num_threads() == before
    task = Stop(10**6)
    folded(features(2000), shape, task)
    assert task.said == [f"Layer {number} of 11" for number in range(1, 12)]


def test_a_network_in_training_is_not_folded() -> None:
    with pytest.raises(ValueError, match="eval"):
        FoldedPointTransformer(PointTransformer(planes=(8,) * 5))
