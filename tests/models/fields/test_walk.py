"""Fields of whole networks: the published sizes, and networks in no list against what is measured."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field
from headlight.models.core.task import Cancelled, Task
from headlight.models.fields.walk import walk
from tests.models.fields.extents import measured_extent

PICTURE = (3, 224, 224)


def bare(kind: type[nn.Module], config: hf.PretrainedConfig) -> nn.Module:
    with torch.device("meta"):
        return kind(config)


def of_level(fields: tuple[Field, ...], *levels: str) -> list[int]:
    return [field.size[0] for field in fields if field.level in levels]


def named(fields: tuple[Field, ...], name: str) -> Field:
    return next(field for field in fields if field.name == name)


def vgg16() -> nn.Sequential:
    layers: list[nn.Module] = []
    channels = 3
    for width, count in ((4, 2), (6, 2), (8, 3), (8, 3), (8, 3)):
        for _ in range(count):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU(inplace=True)]
            channels = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(7), nn.Flatten(), nn.Linear(8 * 49, 10))


def alexnet() -> nn.Sequential:
    return nn.Sequential(
        *(nn.Conv2d(3, 4, 11, 4, 2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(4, 4, 5, padding=2), nn.ReLU(), nn.MaxPool2d(3, 2)),
        *(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3, padding=1), nn.ReLU()),
        *(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.MaxPool2d(3, 2)),
    )


def test_vgg16_and_alexnet():
    fields = walk(vgg16(), PICTURE)
    pool5 = named(fields, "30")
    assert (pool5.kind, pool5.size, pool5.stride) == ("MaxPool2d", (212, 212), (32, 32))
    assert of_level(fields, "stage") == [6, 16, 44, 100, 212]
    fields = walk(alexnet(), PICTURE)
    assert (fields[-1].size, fields[-1].stride, fields[-1].shape) == ((195, 195), (32, 32), (6, 6))


def test_residual_networks():
    with_basic = hf.ResNetConfig(depths=[2, 2, 2, 2], hidden_sizes=[64, 128, 256, 512], layer_type="basic")
    fields = walk(bare(hf.ResNetModel, with_basic), PICTURE)
    assert of_level(fields, "stage") == [43, 99, 211, 435]
    fields = walk(bare(hf.ResNetModel, hf.ResNetConfig()), PICTURE)
    assert of_level(fields, "stage") == [35, 91, 267, 427]
    assert len(of_level(fields, "block", "stage")) == 16
    assert all(field.aligned for field in fields)
    last = named(fields, "encoder.stages.3.layers.2")
    assert (last.kind, last.channels, last.shape, last.dims) == ("add", 2048, (7, 7), (2, 3))
    # The middle of unit 3 of 7, half a stride off the picture's middle where the count is even.
    assert last.centre((3, 3)) == (96.5, 96.5)
    assert last.unit_at((96.5, 224)) == (3, 6)
    assert (fields[-1].kind, fields[-1].whole, fields[-1].shape) == ("AdaptiveAvgPool2d", True, (1, 1))


@pytest.mark.parametrize(
    ("depths", "sizes"), [([3, 3, 9, 3], [76, 224, 1096, 1688]), ([3, 3, 27, 3], [76, 224, 2824, 3416])]
)
def test_convnext(depths: list[int], sizes: list[int]):
    fields = walk(bare(hf.ConvNextModel, hf.ConvNextConfig(depths=depths)), PICTURE)
    assert of_level(fields, "stage") == sizes
    assert all(field.aligned for field in fields)


def test_convnextv2_says_what_its_sizes_leave_out():
    config = hf.ConvNextV2Config(depths=[1, 1, 1, 1], hidden_sizes=[4, 4, 4, 4])
    fields = walk(bare(hf.ConvNextV2Model, config), (3, 64, 64))
    assert of_level(fields, "stage") == [28, 80, 184, 392]
    assert "Statistics over the whole map (encoder.stages.0.layers.0.grn)" in fields[-1].note


def test_same_padding_depends_on_the_input():
    config = hf.MobileNetV1Config(depth_multiplier=0.25, min_depth=4)
    net = bare(hf.MobileNetV1Model, config)
    fields = walk(net, PICTURE)
    assert fields[-2].size == (315, 315)
    assert fields[1].start == (0, 0)
    assert walk(net, (3, 225, 225))[1].start == (-1, -1)
    config = hf.BitConfig(depths=[1, 1, 1, 1], global_padding="SAME", num_groups=2, hidden_sizes=[8] * 4)
    last = walk(bare(hf.BitModel, config), PICTURE)[-2]
    assert not last.aligned
    assert "encoder.stages.2.layers.0" in last.note


def test_swin_windows_shifts_and_merging():
    fields = walk(bare(hf.SwinModel, hf.SwinConfig()), PICTURE)
    blocks = [field for field in fields if field.level != "operation"]
    assert [field.size[0] for field in blocks[:5]] == [28, 56, 112, 168, 224]
    assert "196×196 without it" in blocks[4].note
    assert [field.whole for field in blocks] == [False] * 10 + [True] * 2
    assert blocks[0].box((30, 6)) == ((112, 140), (0, 28))
    assert [field.kind for field in (blocks[0], blocks[-1])] == ["window attention", "attention"]
    # Shifted by 3 of 56: the corner's window holds three tokens, and those rolled in from beyond are masked.
    assert blocks[1].box((0, 55)) == ((0, 28), (196, 224))
    assert blocks[1].box((4, 28)) == ((0, 56), (84, 140))
    assert blocks[0].unit_at((113, 27)) == (28, 6)


TINY_SWIN = {"embed_dim": 4, "depths": [2, 2], "num_heads": [1, 2], "window_size": 4, "patch_size": 2}


@pytest.mark.parametrize(
    ("kind", "config", "shape"),
    [(hf.SwinModel, hf.SwinConfig, (3, 44, 20)), (hf.Swinv2Model, hf.Swinv2Config, (3, 33, 40))],
)
def test_windows_see_what_is_measured(kind: type[nn.Module], config: type, shape: tuple[int, ...]):
    """Padded to windows, rolled and masked, an odd size merged, a window as large as the map."""
    torch.manual_seed(0)
    net = kind(config(**TINY_SWIN, image_size=shape[1:], initializer_range=0.4)).eval()
    fields = [field for field in walk(net, shape) if field.level != "operation"]
    assert len(fields) == 4
    for field in fields:
        rows, columns = field.shape
        for unit in {(rows // 2, columns - 1), (rows // 3, columns // 2)}:
            assert measured_extent(net, shape, field, unit, "change") == field.seen(unit), field.name


def test_global_attention_sees_the_whole_picture():
    config = hf.ViTConfig(hidden_size=8, num_hidden_layers=2, num_attention_heads=2, intermediate_size=8)
    fields = walk(bare(hf.ViTModel, config), PICTURE)
    assert (fields[1].size, fields[1].shape, fields[1].whole) == ((16, 16), (14, 14), False)
    blocks = [field for field in fields if field.level != "operation"]
    assert all(field.whole and field.prefix == 1 and field.dims == (1,) for field in blocks)
    assert blocks[0].box((2, 3)) == ((0, 224), (0, 224))
    assert blocks[0].centre((2, 3)) == (40, 56)
    config = hf.SegformerConfig(
        hidden_sizes=[4, 8, 8, 8], num_attention_heads=[1, 1, 1, 1], depths=[1, 1, 1, 1]
    )
    fields = walk(bare(hf.SegformerModel, config), (3, 64, 96))
    assert (fields[1].size, fields[1].stride, fields[1].start) == ((7, 7), (4, 4), (-3, -3))
    ends = [field for field in fields if field.level == "stage"]
    assert [field.shape for field in ends] == [(16, 24), (8, 12), (4, 6), (2, 3)]
    assert all(field.whole for field in ends)


def test_convolutions_in_space():
    net = nn.Sequential(nn.Conv3d(1, 2, 3, padding=1), nn.Conv3d(2, 2, (2, 2, 3), (2, 2, 1)), nn.AvgPool3d(2))
    last = walk(net, (1, 12, 12, 14))[-1]
    assert (last.size, last.stride, last.shape) == ((6, 6, 6), (4, 4, 2), (3, 3, 6))
    torch.manual_seed(0)
    assert measured_extent(net, (1, 12, 12, 14), last, (1, 1, 2)) == last.box((1, 1, 2))


class Branches(nn.Module):
    """Two ways through, added or joined."""

    def __init__(self, one: nn.Module, other: nn.Module, join: bool) -> None:
        super().__init__()
        self.one, self.other, self.join = one, other, join
        self.mix = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        a, b = self.one(x), self.other(x)
        a, b = a[:, :, : b.shape[2], : b.shape[3]], b[:, :, : a.shape[2], : a.shape[3]]
        return self.mix(torch.cat([a, b], 1)) if self.join else a + b


def layers(strides: st.SearchStrategy[int]) -> st.SearchStrategy[nn.Module]:
    def convolution(kernel, stride, padding, dilation):
        padding = min(padding, dilation * (min(kernel) - 1))  # no unit reads padding alone
        return nn.Conv2d(2, 2, kernel, stride, padding, dilation)

    kernels = st.tuples(st.integers(1, 4), st.integers(1, 4))
    convolutions = st.builds(convolution, kernels, strides, st.integers(0, 3), st.integers(1, 3))
    pools = st.builds(lambda k, s: nn.MaxPool2d(k, s, k // 2), st.integers(2, 3), strides)
    averages = st.builds(nn.AvgPool2d, st.integers(1, 3), strides)
    return convolutions | pools | averages


@st.composite
def networks(draw: st.DrawFn) -> nn.Module:
    parts: list[nn.Module] = []
    for _ in range(draw(st.integers(1, 4))):
        if draw(st.booleans()):
            parts += [draw(layers(st.integers(1, 3))), draw(st.sampled_from([nn.ReLU(), nn.GELU()]))]
        else:
            stride = draw(st.integers(1, 2))
            one, other = draw(layers(st.just(stride))), draw(layers(st.just(stride)))
            parts.append(Branches(one, nn.Sequential(other, nn.BatchNorm2d(2)), draw(st.booleans())))
    return nn.Sequential(*parts)


@settings(max_examples=15, deadline=None)
@given(networks(), st.integers(24, 31))
def test_networks_in_no_list_see_what_is_measured(net: nn.Module, side: int):
    shape = (2, side, side + 3)
    try:
        last = walk(net, shape)[-1]
    except HeadlightError:
        return
    for unit in {(0, 0), tuple(n // 2 for n in last.shape), tuple(n - 1 for n in last.shape)}:
        assert measured_extent(net, shape, last, unit) == last.seen(unit)
        for (first, end), (low, high) in zip(last.seen(unit), last.box(unit), strict=True):
            assert first == end or (low <= first and end <= high)


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(1, 2, 3, 2, 1)
        self.deep = nn.Conv2d(2, 2, 3, padding=1)
        self.up = nn.ConvTranspose2d(2, 2, 4, 2, 1)
        self.skip = nn.Conv2d(1, 2, 1)
        self.larger = nn.Upsample(scale_factor=2, mode="bilinear")

    def forward(self, x: Tensor) -> Tensor:
        return self.larger(torch.cat([self.up(self.deep(self.down(x))), self.skip(x)], 1))


def test_a_way_down_and_up_again():
    torch.manual_seed(0)
    net = UNet()
    fields = walk(net, (1, 24, 24))
    last = fields[-1]
    assert last.shape == (48, 48)
    for unit in [(0, 0), (17, 24), (18, 25), (47, 40)]:
        # Not by NaN: at the edge the enlargement reads a second row, 0 times.
        assert measured_extent(net, (1, 24, 24), last, unit, "change") == last.seen(unit)


class Eager(nn.Module):
    """Attention written out, with a mask over the future."""

    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Conv2d(1, 4, 4, 4)
        self.qkv = nn.Linear(4, 12)

    def forward(self, x: Tensor) -> Tensor:
        x = self.embed(x).flatten(2).transpose(1, 2)
        q, k, v = self.qkv(x).chunk(3, -1)
        scores = (q @ k.transpose(-1, -2)) / 2
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        scores = scores.masked_fill(future, float("-inf"))
        return scores.softmax(-1) @ v


def test_masks_shut_out_what_they_cover():
    net = Eager()
    attended = walk(net, (1, 4, 32))[-1]
    assert attended.kind == "window attention"
    assert [attended.box((0, u))[1] for u in range(8)] == [(0, 4 * (u + 1)) for u in range(8)]
    assert np.array_equal(attended.intervals[0], [[0, 4]])


def test_what_cannot_be_followed_is_said():
    class Sorted(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x.sort(-1).values

    last = walk(nn.Sequential(nn.Conv2d(1, 1, 3), Sorted()), (1, 8, 8))[-1]
    assert last.whole
    assert "What sort in 1 reads cannot be told" in last.note


@pytest.mark.parametrize(
    ("net", "shape", "message"),
    [
        (
            nn.Sequential(nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 9)),
            (3, 8, 8),
            "An input of 8×8 is too small for this network: the kernel of 1 (Conv2d) is larger than "
            "what is left there. Give it a larger input.",
        ),
        (
            nn.Sequential(nn.MaxPool2d(2), nn.MaxPool2d(2)),
            (3, 2, 2),
            "An input of 2×2 is too small for this network: the kernel of 1 (MaxPool2d) is larger than "
            "what is left there. Give it a larger input.",
        ),
        (
            nn.Sequential(nn.Conv2d(3, 4, 3, stride=0)),
            (3, 8, 8),
            "0 (Conv2d) has a stride of 0. Set its stride to 1 or more.",
        ),
    ],
)
def test_networks_that_do_not_run_say_why(net: nn.Module, shape: tuple[int, ...], message: str):
    with pytest.raises(HeadlightError) as failure:
        walk(net, shape)
    assert str(failure.value) == message


def test_a_walk_leaves_the_network_alone_and_can_be_cancelled():
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).train()
    before = {key: value.clone() for key, value in net.state_dict().items()}
    walk(net, (3, 8, 8))
    assert net.training
    assert not net[0]._forward_hooks
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items())

    class Impatient(Task):
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        walk(net, (3, 8, 8), Impatient())


@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_padding_by_the_picture_itself(mode: str):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 5, padding=2, padding_mode=mode), nn.Conv2d(2, 1, 3))
    last = walk(net, (1, 12, 12))[-1]
    if mode == "circular":
        assert last.whole
        assert "cannot be told" in last.note
        return
    for unit in [(0, 9), (4, 5)]:
        assert measured_extent(net, (1, 12, 12), last, unit) == last.seen(unit)


@pytest.mark.parametrize(
    ("layer", "channels", "size", "stride"),
    [
        (nn.Hardswish(), 4, 5, 1),
        (nn.PReLU(), 4, 5, 1),
        (nn.GLU(1), 2, 5, 1),
        (nn.LocalResponseNorm(3), 4, 5, 1),
        (nn.InstanceNorm2d(4), 4, 5, 1),
        (nn.ChannelShuffle(2), 4, 5, 1),
        (nn.PixelUnshuffle(2), 16, 8, 2),
        (nn.PixelShuffle(2), 1, 4, 1),
    ],
)
def test_layers_between_convolutions(layer: nn.Module, channels: int, size: int, stride: int):
    net = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), layer, nn.Conv2d(channels, 2, 3))
    last = walk(net, (3, 16, 16))[-1]
    assert (last.size, last.stride, last.whole) == ((size, size), (stride, stride), False)
    if not isinstance(layer, nn.InstanceNorm2d):
        assert measured_extent(net, (3, 16, 16), last, (2, 3)) == last.seen((2, 3))
