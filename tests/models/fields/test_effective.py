"""Effective fields: gradients that are known exactly, layouts, averages that stream, and what is refused."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import torch
import transformers as hf
from torch import nn

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.fields.effective import Effective, effective_field
from headlight.models.fields.figures import (
    area_ratio,
    contour_level,
    equivalent_width,
    mass_inside,
    square_side,
    variance,
)
from headlight.models.fields.walk import walk
from tests.models.fields.extents import measured_extent


def uniform(count: int, kernel: int, axes: int = 2, channels: int = 1) -> nn.Sequential:
    kind = nn.Conv2d if axes == 2 else nn.Conv3d
    net = nn.Sequential(*(kind(channels, channels, kernel, bias=False) for _ in range(count))).double()
    for layer in net:
        nn.init.constant_(layer.weight, 1.0)
    return net.requires_grad_(False)


@pytest.mark.parametrize(("count", "kernel"), [(1, 5), (3, 3), (6, 4), (10, 3)])
def test_uniform_convolutions_have_their_known_variance(count: int, kernel: int):
    net = uniform(count, kernel)
    side = count * (kernel - 1) + 5
    x = torch.randn(1, 1, side, side, dtype=torch.float64)
    last = walk(net, (1, side, side))[-1]
    found = effective_field(net, [x], last, (2, 2), 1)
    assert found.heat.dtype == np.float32
    assert variance(found.heat) == pytest.approx([count * (kernel**2 - 1) / 12] * 2, abs=1e-6)
    assert mass_inside(found.heat, last.box((2, 2))) == 1
    assert mass_inside(found.heat, [(2, 2 + kernel), (0, side)]) < 1 or count == 1


def test_voxels():
    net = uniform(3, 3, axes=3)
    found = effective_field(net, [torch.randn(1, 1, 9, 9, 9).double()], "2", (1, 1, 1), 1)
    assert found.heat.shape == (9, 9, 9)
    assert variance(found.heat) == pytest.approx([2.0] * 3, abs=1e-6)


def test_figures_of_raw_mass():
    heat = np.zeros((9, 9), np.float32)
    heat[3:6, 2:7] = 2.0
    heat[0, 0] = 1.0
    assert contour_level(heat, 0.5) == 2.0
    assert contour_level(heat, 0.999) == 1.0
    assert area_ratio(heat, 0.95) == 15 / 81
    assert area_ratio(1000 * heat, 0.95) == 15 / 81
    assert mass_inside(heat, [(-4, 2), (-4, 2)]) == pytest.approx(1 / 31)
    assert equivalent_width(heat[3:6]) == pytest.approx((3, 5))
    assert square_side(heat, 0.9, (4.5, 4.5)) == 5
    assert square_side(heat, 1.0, (4.5, 4.5)) == 9
    assert np.isnan(contour_level(np.zeros((3, 3)), 0.5))
    assert np.isnan([*variance(np.zeros((3, 3))), *equivalent_width(np.zeros((3, 3)))]).all()


def test_layouts_of_layers():
    """One unit, whether channels come first or last or places are tokens behind a class token."""
    torch.manual_seed(0)
    config = hf.ConvNextConfig(depths=[1, 1, 1, 1], hidden_sizes=[4, 4, 4, 4], layer_scale_init_value=1.0)
    net = hf.ConvNextModel(config).eval()
    inputs = [torch.randn(1, 3, 64, 96)]
    fields = walk(net, (3, 64, 96))
    for name in ("encoder.stages.1.layers.0.dwconv", "encoder.stages.1.layers.0.pwconv1"):
        field = next(field for field in fields if field.name == name)
        assert field.dims == ((2, 3) if name.endswith("dwconv") else (1, 2))
        heat = effective_field(net, inputs, field, (2, 7), 1).heat
        rows, columns = np.flatnonzero(heat.any(1)), np.flatnonzero(heat.any(0))
        (top, bottom), (left, right) = field.box((2, 7))
        assert (max(top, 0), min(bottom, 64)) == (rows[0], rows[-1] + 1)
        assert (max(left, 0), min(right, 96)) == (columns[0], columns[-1] + 1)

    size = {"image_size": (16, 24), "patch_size": 8, "intermediate_size": 16}
    config = hf.ViTConfig(hidden_size=8, num_hidden_layers=1, num_attention_heads=2, **size)
    vit = hf.ViTModel(config).eval()
    patches = effective_field(vit, [torch.randn(1, 3, 16, 24)], "embeddings", (1, 2), 1, grid=(2, 3, 1)).heat
    assert mass_inside(patches, [(8, 16), (16, 24)]) == 1
    block = next(field for field in walk(vit, (3, 16, 24)) if field.level == "stage")
    heat = effective_field(vit, [torch.randn(1, 3, 16, 24)], block, (1, 2), 1).heat
    assert (heat > 0).all()


def test_averages_stream_and_stop():
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Conv2d(3, 3, 3), nn.Flatten(), nn.Linear(7, 7))
    inputs = [torch.randn(1, 2, 9, 9) for _ in range(5)]
    parts: list[Effective] = []
    shares: list[float] = []

    class Watching(Task):
        def partial(self, value: Effective) -> None:
            parts.append(value)

        def progress(self, share: float, sentence: str) -> None:
            shares.append(share)

    found = effective_field(net, inputs, "2", (2, 2), 3, Watching())  # the last layer would not run
    assert [part.inputs for part in parts] == [1, 2, 3]
    assert shares == pytest.approx([0, 1 / 3, 2 / 3, 1])
    alone = [effective_field(net, [x], "2", (2, 2), 1).heat for x in inputs[:3]]
    assert found.heat == pytest.approx(np.mean(alone, axis=0), rel=1e-5)
    assert parts[1].heat == pytest.approx(np.mean(alone[:2], axis=0), rel=1e-5)
    assert all(parameter.grad is None for parameter in net.parameters())
    assert not net[2]._forward_hooks
    assert not net[0]._forward_pre_hooks

    class Impatient(Task):
        def check(self) -> None:
            if parts:
                raise Cancelled

        def partial(self, value: Effective) -> None:
            parts.append(value)

    parts.clear()
    with pytest.raises(Cancelled):
        effective_field(net, inputs, "2", (2, 2), 3, Impatient())
    assert len(parts) == 1
    assert not net[2]._forward_hooks


def test_another_thread_may_run_the_network_meanwhile():
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Conv2d(1, 1, 3))
    seen: list[torch.Size] = []

    class Meanwhile(Task):
        def progress(self, share: float, sentence: str) -> None:
            def other() -> None:
                with torch.no_grad():
                    seen.append(net(torch.randn(1, 1, 9, 9)).shape)

            thread = threading.Thread(target=other)
            thread.start()
            thread.join()

    effective_field(net, [torch.randn(1, 1, 9, 9)], "0", (2, 2), 1, Meanwhile())
    assert seen == [(1, 1, 5, 5)] * 2


def test_the_second_call_of_a_layer_is_one_of_its_own():
    class Twice(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Conv2d(1, 1, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(self.layer(x))

    net = Twice()
    fields = walk(net, (1, 9, 9))
    assert [(field.name, field.size) for field in fields[1:]] == [("layer", (3, 3)), ("layer:2", (5, 5))]
    assert measured_extent(net, (1, 9, 9), fields[2], (1, 2)) == ((1, 6), (2, 7))


@pytest.mark.parametrize(
    ("layer", "unit", "side", "message"),
    [
        ("9", (0, 0), 9, "The network has no layer 9. Choose one of its layers."),
        (
            "0",
            (7, 0),
            9,
            "The map of 0 has 7×7 units; there is no unit (7, 0). Choose a unit inside the map.",
        ),
        ("1", (0, 0), 9, "What 1 gives has 2 dimensions and is no map. Choose a layer that gives a map."),
        ("0:2", (0, 0), 9, "0:2 did not run, or gave no numbers. Choose another layer."),
        ("0:x", (0, 0), 9, "The network has no layer 0:x. Choose one of its layers."),
    ],
)
def test_what_is_refused(layer: str, unit: tuple[int, int], side: int, message: str):
    net = nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten())
    with pytest.raises(HeadlightError) as failure:
        effective_field(net, [torch.randn(1, 1, side, side)], layer, unit, 1)
    assert str(failure.value) == message


def test_no_inputs_and_inputs_that_are_too_small():
    net = nn.Sequential(nn.Conv2d(1, 1, 3))
    with pytest.raises(HeadlightError, match="There is no input to take a gradient of"):
        effective_field(net, [], "0", (0, 0), 1)
    with pytest.raises(
        HeadlightError, match="The network does not run on an input of 2×2: Calculated padded"
    ):
        effective_field(net, [torch.randn(1, 1, 2, 2)], "0", (0, 0), 1)
