"""Sparse convolutions against dense ones; the encoder's and the published detectors' sizes."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from headlight.models.points.detection.asked.folded import folded
from headlight.models.points.detection.config import Backbone, Centres, DetectionConfig, Voxels
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import batch_of
from headlight.models.points.detection.sparse import Sites, SparseConvolution, dense, strided, submanifold
from headlight.models.points.representations.cells import Grid


def occupied(seed: int, shape, clouds: int = 2, share: float = 0.1) -> tuple[Sites, torch.Tensor]:
    random = np.random.default_rng(seed)
    cells = np.argwhere(random.random((clouds, *shape)) < share)
    sites, order = Sites.of(random.permutation(cells), shape)
    assert (sites.cells == cells).all()
    return sites, torch.randn(len(order), 3, generator=torch.Generator().manual_seed(seed))


def in_torch(weight: torch.Tensor) -> torch.Tensor:
    return weight.permute(4, 3, 0, 1, 2)


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([(16, 16, 16), (1, 5, 7), (3, 1, 2)]),
    st.sampled_from([0.02, 0.5, 1]),
)
def test_submanifold_convolution_is_a_dense_one_at_occupied_cells(seed, shape, share):
    sites, x = occupied(seed, shape, share=share)
    layer = SparseConvolution(3, 4, biased=True)
    torch.nn.init.normal_(layer.bias)
    with torch.no_grad():
        found = dense(layer(x, submanifold(sites)), sites, 2)
        wanted = F.conv3d(dense(x, sites, 2), in_torch(layer.weight), layer.bias, padding=1)
    there = (dense(torch.ones(len(x), 1), sites, 2) > 0).expand_as(wanted)
    assert len(x) == 0 or (found - wanted)[there].abs().max() < 1e-5
    assert not found[~there].any()


@settings(max_examples=10, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([(16, 16, 16), (11, 5, 6)]),
    st.sampled_from(
        [
            ((3, 3, 3), (2, 2, 2), (1, 1, 1)),
            ((3, 3, 3), (2, 2, 2), (0, 1, 1)),
            ((3, 1, 1), (2, 1, 1), (0, 0, 0)),
        ]
    ),
)
def test_strided_convolution_is_a_dense_one(seed, shape, how):
    sites, x = occupied(seed, shape)
    kernel, stride, padding = how
    layer = SparseConvolution(3, 4, kernel)
    book, after = strided(sites, kernel, stride, padding)
    with torch.no_grad():
        found = dense(layer(x, book), after, 2)
        wanted = F.conv3d(dense(x, sites, 2), in_torch(layer.weight), None, stride, padding)
    assert found.shape == wanted.shape
    assert (found - wanted).abs().max() < 1e-5


SMALL = DetectionConfig(
    classes=("car", "cone"),
    grid=Grid((-6.4, -6.4, -2.0), (6.4, 6.4, 2.0), (0.1, 0.1, 0.1)),
    encoder=Voxels((4, 6, 8, 8), 8, biased=True),
    backbone=Backbone((1, 1), (8, 12), (1, 2), (1.0, 2.0), (8, 8)),
    head=Centres((1, 1), 8, velocity=True),
    inputs=5,
)


def test_a_folded_detector_answers_as_the_network_does():
    torch.manual_seed(0)
    net = Detector(SMALL).eval()
    for module in net.modules():
        if hasattr(module, "running_mean"):
            torch.nn.init.normal_(module.running_mean)
            torch.nn.init.uniform_(module.running_var, 0.5, 2)
            torch.nn.init.normal_(module.bias)
    points = np.random.default_rng(0).uniform(-6, 6, (2000, 5)).astype(np.float32)
    batch = batch_of([points], SMALL)
    with torch.no_grad():
        plain, quick = net(batch), folded(net)(batch)
    assert [sorted(task) for task in plain] == [["dim", "heatmap", "height", "reg", "rot", "vel"]] * 2
    for one, other in zip(plain, quick, strict=True):
        assert all(other[name].allclose(one[name], atol=1e-4) for name in one)
    assert plain[0]["vel"].shape == (1, 2, *SMALL.map) == (1, 2, 16, 16)
    with pytest.raises(ValueError, match="eval"):
        folded(net.train())
