"""Pictures through convolutional networks: what is seen, where the map's units lie, what cannot be read."""

import numpy as np
import pytest
import torch
from torch import nn
from transformers import ConvNextConfig, MobileNetV1Config, MobileNetV2Config, ResNetConfig

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.networks import classic
from headlight.models.catalogue.untrained import drawn
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import Box
from headlight.models.engines.door import check
from headlight.models.engines.pictures.convolutional import ConvolutionalEngine
from headlight.models.fields.of_images import answer
from headlight.viewer.host.engines import open_engine

STAGES = {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]}


def engine_of(config: object) -> ConvolutionalEngine:
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", modality="image", convolutional=True)
    return ConvolutionalEngine(drawn(config), entry, "cpu", untrained=True)


def resnet() -> ConvolutionalEngine:
    return engine_of(ResNetConfig(**STAGES, embedding_size=8, layer_type="basic"))


def convnext() -> ConvolutionalEngine:
    return engine_of(ConvNextConfig(**STAGES))


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def test_a_network_that_pads_sees_all_and_its_map_lies_half_a_stride_off():
    engine = resnet()
    trace = engine.run(picture(300, 400), 300)
    assert trace.inputs["pixel_values"].shape == (3, 300, 400)
    assert trace.tokens.grid == (10, 13)
    # Unit 0 looks at pixel 0, unit u at pixel 32·u: its cell is 32 pixels around the middle of that pixel.
    assert trace.tokens.region == Box(-15.5, -15.5, 13 * 32 - 15.5, 10 * 32 - 15.5)
    assert trace.tokens.find(Box(0, 0, 1, 1)).tolist() == [0]
    assert (trace.layers, trace.readout, check(trace)) == ((), None, ())
    assert trace.model.untrained
    assert trace.outputs["patches"].shape == (10, 13, 8)
    values = torch.from_numpy(trace.inputs["pixel_values"])[None]
    again = engine.model(values).last_hidden_state[0].movedim(0, -1)
    assert torch.equal(trace.outputs["patches"], again)


def test_a_network_without_padding_gets_a_multiple_of_its_stride_from_the_middle():
    trace = convnext().run(picture(250, 780), 250)
    assert trace.inputs["pixel_values"].shape == (3, 256, 32 * 24)  # 798.7 pixels long, 24.96 strides
    assert trace.tokens.grid == (8, 24)
    margin = (780 - 24 * 250 / 8) / 2
    region = trace.tokens.region
    assert (region.x0, region.x1) == pytest.approx((margin, 780 - margin))
    assert (region.y0, region.y1) == pytest.approx((0, 250))


def evened(model: nn.Module) -> nn.Module:
    """The same layers as plain averages of what they look at: what a unit sees then lies evenly around it."""
    for name, layer in list(model.named_modules()):
        if isinstance(layer, nn.BatchNorm2d | nn.LayerNorm | nn.ReLU6):
            model.set_submodule(name, nn.Identity())
        if isinstance(layer, nn.MaxPool2d):
            pool = nn.AvgPool2d(layer.kernel_size, layer.stride, layer.padding)
            model.set_submodule(name, pool)
        if isinstance(layer, nn.Conv2d | nn.Linear):
            nn.init.constant_(layer.weight, 1 / layer.weight[0].numel())
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
    return model


@pytest.mark.parametrize(
    "config",
    [
        ResNetConfig(**STAGES, embedding_size=8),
        MobileNetV1Config(depth_multiplier=0.25),
        MobileNetV2Config(depth_multiplier=0.25),
        ConvNextConfig(**STAGES),
        classic.VGGConfig(widths=(4,) * 5, depths=(1, 1, 2, 2, 2), batch_norm=True),
        classic.AlexNetConfig(widths=(8,) * 5),
    ],
    ids=lambda config: config.model_type,
)
def test_units_lie_where_the_map_says(config):
    """The middle of what a unit really reads is the middle of its cell, to a hundredth of a pixel."""
    engine = engine_of(config)
    evened(engine.model)
    trace = engine.run(np.full((540, 600, 3), 200, np.uint8), 540)
    values = torch.from_numpy(trace.inputs["pixel_values"])[None].requires_grad_()
    row, column = trace.tokens.cell(int(trace.tokens.find(Box(300, 270, 301, 271))[0]))
    answer(engine.model, values)[0, :, row, column].sum().backward()
    read = values.grad[0].double().sum(0)
    box = trace.tokens.place(trace.tokens.index(row, column))
    scale = 540 / values.shape[2]  # pixels of the picture in one of the network's
    left, top = (600 - values.shape[3] * scale) / 2, 0
    for axis, offset, middle in ((0, top, (box.y0 + box.y1) / 2), (1, left, (box.x0 + box.x1) / 2)):
        share = read.sum(1 - axis) / read.sum()
        centre = float((share * (torch.arange(len(share)) + 0.5)).sum())
        assert offset + centre * scale == pytest.approx(middle, abs=0.01)


def test_too_long_and_too_small_pictures_say_why():
    trace = resnet().run(picture(100, 2000), 518)
    assert trace.inputs["pixel_values"].shape == (3, 228, 4560)
    assert trace.notices == (
        "The picture is 2,000 × 100 pixels: its short side was lowered from 518 to 228 pixels, to stay "
        "within 1,044,484 pixels.",
    )
    with pytest.raises(HeadlightError, match=r"one row of squares of 32 pixels has 2,000 of them"):
        convnext().run(picture(1, 2000), 518)
    with pytest.raises(HeadlightError, match=r"224 to 1,022"):
        resnet().run(picture(50, 50), 100)
    engine = engine_of(classic.AlexNetConfig(widths=(8,) * 5))
    with pytest.raises(HeadlightError, match=r"^Tiny cannot read 32,000 × 32 pixels: .*too small.* Choose"):
        engine.run(picture(40, 40_000), 224)


def test_a_network_that_cannot_be_followed_is_still_shown(monkeypatch):
    def lost(*_):
        raise HeadlightError("There is no way through it.", "Choose another.")

    monkeypatch.setattr("headlight.models.engines.pictures.convolutional.map_field", lost)
    trace = resnet().run(picture(224, 224), 224)
    assert trace.tokens.region == Box(0, 0, 224, 224)
    assert trace.notices[-1].endswith("There is no way through it.")


def test_cancel_stops_between_convolutions():
    class Impatient(Task):
        checks = 0

        def check(self):
            self.checks += 1
            if self.checks > 3:
                raise Cancelled

    engine = resnet()
    engine.run(picture(224, 224), 224)
    with pytest.raises(Cancelled):
        engine.run(picture(224, 224), 224, Impatient())
    assert not any(layer._forward_pre_hooks for layer in engine.model.modules())


def test_the_engine_is_opened_by_the_id_and_says_that_it_is_untrained(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    engine = open_engine("mobilenet-v1", "image", "cpu")
    assert isinstance(engine, ConvolutionalEngine)
    assert open_engine("mobilenet-v1", "image", "cpu") is engine
    trace = engine.run(picture(224, 224), 224)
    assert trace.model.untrained
    assert trace.notices[0].startswith(
        "MobileNet V1 is untrained, its weights are random: google/mobilenet_v1"
    )
    with pytest.raises(HeadlightError, match="MobileNet V1 reads images, not text"):
        open_engine("mobilenet-v1", "text", "cpu")
    trace = open_engine("deit-tiny", "image", "cpu").run(picture(224, 224), 224)
    assert trace.model.untrained
    assert trace.notices[0].startswith("DeiT-Ti is untrained, its weights are random: ")
