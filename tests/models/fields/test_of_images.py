"""Receptive fields of the network that read a picture: theoretical of any, effective of both engines."""

import numpy as np
import pytest
import torch
from transformers import ConvNextConfig, ResNetConfig, ViTConfig

from headlight.models.attention.capture import recording
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.untrained import drawn
from headlight.models.core.cache import Cache
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.pictures.convolutional import ConvolutionalEngine
from headlight.models.engines.pictures.vision import VisionEngine
from headlight.models.fields import of_images
from headlight.models.fields.of_images import effective_of, fields_at, fields_of, growth

STAGES = {"hidden_sizes": [8, 8, 8, 8], "depths": [1, 1, 1, 1]}


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@pytest.fixture(scope="module")
def convolutions():
    entry = Entry("net", "Net", "folder", "a test", "none", modality="image", convolutional=True)
    model = drawn(ResNetConfig(**STAGES, embedding_size=8, layer_type="basic"))
    engine = ConvolutionalEngine(model, entry, "cpu", untrained=True)
    return engine, engine.run(picture(224, 224), 224)


@pytest.fixture(scope="module")
def transformer():
    entry = Entry("vit", "Vit", "folder", "a test", "none", modality="image")
    config = ViTConfig(
        hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=16, image_size=64
    )
    engine = VisionEngine(drawn(config), entry, "cpu", untrained=True)
    return engine, engine.run(picture(224, 448), 224)


def test_fields_end_at_the_map_and_are_remembered(convolutions):
    engine, trace = convolutions
    fields = fields_of(engine, trace)
    assert (fields[0].name, fields[-1].shape, fields[-1].stride) == ("input", trace.tokens.grid, (32, 32))
    assert not any(field.whole for field in fields)
    assert fields_of(engine, trace)[-1] is fields[-1]
    assert fields_at(engine.model, (224, 256))[-1].shape == (7, 8)


def test_fields_are_found_while_a_pass_is_recorded(transformer):
    engine, trace = transformer
    with recording(engine.model) as calls:
        fields = fields_at(engine.model, (224, 256))
    assert not calls
    assert fields[-1].shape == (14, 16)
    assert fields[-1].whole
    assert fields[-1].centre((0, 1)) == (8, 24)
    assert [field.shape for field in fields_of(engine, trace)][-1] == trace.tokens.grid


def test_growth_needs_no_weights(monkeypatch):
    monkeypatch.setattr(of_images, "derived", Cache(10**6).kept)
    fields = growth("vgg16")
    assert (fields[-1].size, fields[-1].stride) == ((212, 212), (32, 32))
    assert growth("vgg16") is fields
    assert growth("alexnet")[-1].size == (195, 195)
    assert growth("resnet18")[-1].size == (435, 435)
    assert growth("dinov2-small", 224)[-1].shape == (16, 16)
    with pytest.raises(HeadlightError, match="Did you mean resnet50"):
        growth("resnet-50")
    with pytest.raises(HeadlightError, match=r"MiniLM-L6 is no network for pictures"):
        growth("minilm-l6")


def test_the_effective_field_of_a_convolution_is_the_models_own_gradient(convolutions):
    engine, trace = convolutions
    fields = fields_of(engine, trace)
    layer, unit = fields[-1].name, (3, 3)
    found = effective_of(engine, trace, layer, unit)
    values = torch.from_numpy(trace.inputs["pixel_values"])[None].requires_grad_()
    engine.model(values).last_hidden_state[0, :, 3, 3].sum().backward()
    np.testing.assert_allclose(found.heat, values.grad[0].abs().sum(0), rtol=1e-4, atol=1e-9)
    assert found.inputs == 1
    # Another picture under the field, and noise, are other inputs; the same request gives the same again.
    three = effective_of(engine, trace, layer, unit, inputs=3)
    noise = effective_of(engine, trace, layer, unit, inputs=2, source="noise")
    assert (three.inputs, noise.inputs) == (3, 2)
    assert np.abs(three.heat - found.heat).max() > 0
    assert np.abs(three.heat - noise.heat).max() > 0
    np.testing.assert_array_equal(
        noise.heat, effective_of(engine, trace, layer, unit, inputs=2, source="noise").heat
    )
    # The gradient stays inside what the unit can see.
    early = next(field for field in fields if field.shape == (56, 56))
    heat = effective_of(engine, trace, early.name, (20, 30)).heat
    (top, bottom), (left, right) = early.box((20, 30))
    assert heat[top:bottom, left:right].sum() > 0
    outside = heat.copy()
    outside[top:bottom, left:right] = 0
    assert not outside.any()


def test_the_effective_field_of_a_transformer(transformer):
    engine, trace = transformer
    layer = fields_of(engine, trace)[-1].name
    found = effective_of(engine, trace, layer, (2, 20))
    assert found.heat.shape == (224, 448)
    row, column = np.unravel_index(found.heat.argmax(), found.heat.shape)
    assert (row // 16, column // 16) == (2, 20)  # its own patch, by way of the residual connections
    assert (found.heat > 0).mean() > 0.99


def test_layers_and_units_that_do_not_exist_say_so(convolutions):
    engine, trace = convolutions
    with pytest.raises(HeadlightError, match=r"Net has no layer “conv9”\. Choose one of the list"):
        effective_of(engine, trace, "conv9", (0, 0))
    last = fields_of(engine, trace)[-1].name
    with pytest.raises(HeadlightError, match=r"has 7×7 units; there is no unit \(7, 0\)"):
        effective_of(engine, trace, last, (7, 0))


def test_a_random_convnext_has_more_than_one_patch_in_its_field():
    entry = Entry("next", "Next", "folder", "a test", "none", modality="image", convolutional=True)
    engine = ConvolutionalEngine(drawn(ConvNextConfig(**STAGES)), entry, "cpu", untrained=True)
    trace = engine.run(picture(224, 224), 224)
    heat = effective_of(engine, trace, fields_of(engine, trace)[-1].name, (3, 3)).heat
    assert 0.05 < 1 - heat[96:128, 96:128].sum() / heat.sum() < 0.95
