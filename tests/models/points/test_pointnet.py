"""PointNet: what the maximum takes, what it would not notice, and what training needs."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from headlight.models.points.pointnet import PointNet, Transforms
from tests.models.clouds import cloud, features, randomised


@pytest.fixture(scope="module")
def net() -> PointNet:
    torch.manual_seed(0)
    net = PointNet(3, 4, point=(16, 16), feature=(16, 32, 64), transform=(16, 32, 32, 16), head=(32, 16))
    for transform in (net.turn, net.turn_features):
        torch.nn.init.normal_(transform.last.weight, 0, 0.1)
    return randomised(net)


def inputs(count: int = 300, seed: int = 0) -> tuple[Tensor, Tensor]:
    return features(count, 3, seed), torch.from_numpy(cloud(count, seed))


def whole(net: PointNet, x: Tensor, positions: Tensor, transforms: Transforms) -> Tensor:
    return net.encoded(x[None], positions[None], transforms)[1].amax(1)


def test_the_network_in_the_box_fits_beside_the_other_one() -> None:
    assert sum(parameter.numel() for parameter in PointNet(5, 13).parameters()) <= 2_200_000


def test_removing_points_that_are_not_critical_changes_no_global_feature(net: PointNet) -> None:
    x, positions = inputs()
    logits, (critical,) = net.answered(x[None], positions[None])
    assert torch.equal(logits, net(x[None], positions[None]))
    assert 1 < len(critical) <= 64
    transforms = net.encoded(x[None], positions[None])[2]
    before = whole(net, x, positions, transforms)
    after = whole(net, x[critical], positions[critical], transforms)
    torch.testing.assert_close(after, before, atol=1e-6, rtol=1e-6)
    fewer = critical[critical != critical[len(critical) // 2]]
    assert (whole(net, x[fewer], positions[fewer], transforms) - before).abs().max() > 1e-4


@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=15, deadline=None)
def test_sets_between_critical_points_and_upper_bound_are_the_same(net: PointNet, seed: int) -> None:
    x, positions = inputs()
    candidates, places = features(2000, 3, 1) * 0.5, torch.rand(2000, 3, generator=torch.manual_seed(1)) * 2
    inside = net.upper_bound(x, positions, candidates, places)
    assert 0 < inside.sum() < 2000
    chosen = inside & (torch.rand(2000, generator=torch.manual_seed(seed)) < 0.5)
    _, (critical,) = net.answered(x[None], positions[None])
    transforms = net.encoded(x[None], positions[None])[2]
    between = torch.cat([x[critical], candidates[chosen]]), torch.cat([positions[critical], places[chosen]])
    before = whole(net, x, positions, transforms)
    torch.testing.assert_close(whole(net, *between, transforms), before, atol=1e-4, rtol=1e-4)
    outside = candidates[~inside], places[~inside]
    assert (whole(net, *outside, transforms) > before).any()


def test_every_point_of_the_cloud_is_in_its_upper_bound(net: PointNet) -> None:
    x, positions = inputs()
    assert net.upper_bound(x, positions, x, positions).all()
    assert not net.upper_bound(x, positions, x + 3, positions).all()


def test_order_does_not_matter_and_clouds_do_not_mix(net: PointNet) -> None:
    (x, p), (y, q) = inputs(), inputs(seed=1)
    both = net(torch.stack([x, y]), torch.stack([p, q]))
    assert both.shape == (2, 300, 4)
    order = torch.randperm(300)
    torch.testing.assert_close(net(y[order][None], q[order][None])[0], both[1][order], atol=1e-5, rtol=1e-5)
    assert net(x[:1][None], p[:1][None]).isfinite().all()


def test_transforms_begin_as_the_identity_and_the_penalty_pulls_towards_rotations() -> None:
    torch.manual_seed(0)
    net = PointNet(3, 4, point=(8, 8), feature=(8, 16), transform=(8, 8, 8), head=(8,)).train()
    x, positions = (part.view(2, 150, 3) for part in inputs())
    logits = net(x, positions)
    penalty = net.regulariser()
    assert penalty == 0
    turned = torch.linalg.qr(torch.randn(2, 8, 8))[0]
    assert Transforms(torch.eye(3)[None], turned).penalty() < 1e-9
    assert Transforms(torch.eye(3)[None], 2 * turned).penalty() == pytest.approx(9 * 8, rel=1e-4)
    (logits.square().mean() + penalty).backward()
    assert net.turn.last.weight.grad.any()
    assert net.turn_features.last.weight.grad.any()
