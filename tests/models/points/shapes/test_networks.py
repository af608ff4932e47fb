"""The three networks of shapes: their published sizes, and what their answers come from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from headlight.models.core.tokens import PointTokens
from headlight.models.points.neighbours import collate, geometry
from headlight.models.points.shapes.config import ShapeConfig
from headlight.models.points.shapes.folded import FoldedShapeTransformer
from headlight.models.points.shapes.inputs import unit
from headlight.models.points.shapes.looks import pointnet_look, transformer_look, views_look
from headlight.models.points.shapes.mvcnn import MultiView
from headlight.models.points.shapes.point_transformer import ShapeTransformer
from headlight.models.points.shapes.pointnet import ShapePointNet
from tests.models.clouds import cloud, randomised

SMALL = {"planes": (8, 8, 16, 16, 24), "blocks": (1, 2, 2, 1, 2)}


@pytest.mark.parametrize(
    ("net", "parameters"),
    [
        (lambda: ShapeTransformer(), 2_153_904),
        (lambda: ShapeTransformer(blocks=(1, 2, 3, 5, 2)), 3_262_776),
        (lambda: ShapeTransformer(blocks=(1, 1, 1, 1, 1)), 349_192),
        (lambda: ShapePointNet(), 3_471_473),
        (lambda: ShapePointNet(6), 3_471_857),
        (lambda: MultiView(), 1_230_959),
    ],
)
def test_sizes_are_the_published_ones(net, parameters: int) -> None:
    with torch.device("meta"):
        assert sum(weight.numel() for weight in net().parameters()) == parameters


@pytest.fixture
def transformer() -> ShapeTransformer:
    torch.manual_seed(0)
    return randomised(ShapeTransformer(3, 5, **SMALL))


def test_folded_it_answers_as_it_is(transformer: ShapeTransformer) -> None:
    shapes = [unit(cloud(n, seed)) for seed, n in enumerate((90, 70))]
    stages = collate([geometry(shape, interpolation=None) for shape in shapes])
    given, calls = torch.from_numpy(np.concatenate(shapes)), []
    with torch.no_grad():
        plain = transformer(given, stages)
    folded = FoldedShapeTransformer(transformer)(given, stages, calls=calls)
    torch.testing.assert_close(folded, plain, atol=1e-5, rtol=1e-4)
    assert [call.stage for call in calls] == [1, 2, 4]
    alone = FoldedShapeTransformer(transformer)(
        torch.from_numpy(shapes[0]), geometry(shapes[0], interpolation=None)
    )
    torch.testing.assert_close(alone[0], plain[0], atol=1e-5, rtol=1e-4)


def test_the_mean_over_turns_does_not_depend_on_where_the_shape_faces(transformer: ShapeTransformer) -> None:
    config = ShapeConfig("shape_transformer", tuple("abcde"), turns=4, **SMALL)
    folded, points = FoldedShapeTransformer(transformer), unit(cloud(80))
    turned = np.ascontiguousarray(points[:, [1, 0, 2]] * np.float32([-1, 1, 1]))  # by 90 degrees
    first, second = (
        transformer_look(folded, config, given, PointTokens.of(given)) for given in (points, turned)
    )
    np.testing.assert_allclose(first.probabilities, second.probabilities, atol=1e-5)
    assert first.probabilities.sum() == pytest.approx(1, abs=1e-5)
    assert [layer.stack for layer in first.layers] == ["enc2", "enc3", "enc5"]
    assert max(layer.check() for layer in first.layers) < 1e-4


def test_points_that_are_not_critical_may_go_and_their_order_may_change() -> None:
    torch.manual_seed(0)
    net = randomised(ShapePointNet(3, 5, feature=(8, 16, 32), transform=(8, 8, 16, 8, 8), head=(16, 8)))
    net.turn = net.turn_features = _Still()  # whose transforms come from all points
    config, points = ShapeConfig("shape_pointnet", tuple("abcde")), unit(cloud(200))
    look = pointnet_look(net, config, points)
    order = np.random.default_rng(0).permutation(200)
    mixed = pointnet_look(net, config, points[order])
    np.testing.assert_array_equal(np.sort(order[mixed.outputs["critical"]]), look.outputs["critical"])
    few = pointnet_look(net, config, points[look.outputs["critical"]])
    np.testing.assert_allclose(few.probabilities, look.probabilities, atol=1e-6)
    assert len(look.outputs["maxima"]) == 32


class _Still(nn.Module):
    """The identity for every cloud."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.eye(x.shape[2]).expand(len(x), -1, -1)


def test_the_winning_view_is_the_one_with_the_largest_feature() -> None:
    torch.manual_seed(0)
    net = randomised(MultiView(5, (8, 8, 8, 16)))
    config = ShapeConfig("shape_mvcnn", tuple("abcde"), planes=(8, 8, 8, 16), views=6, side=32)
    look = views_look(net, config, unit(cloud(500)))
    outputs = look.outputs
    with torch.no_grad():
        features = net.encoded(torch.from_numpy(outputs["views"])[None])[0].numpy()
    np.testing.assert_array_equal(outputs["winner"], features.argmax(0))
    assert outputs["alone"].shape == (6, 5)
    seen = outputs["seen"]
    assert ((outputs["views"] < 1) == (seen >= 0)).all()
    only = torch.from_numpy(outputs["views"][None, :1])
    with torch.no_grad():
        np.testing.assert_allclose(outputs["alone"][0], net(only).softmax(1)[0], atol=1e-5)
