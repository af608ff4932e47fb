"""Pictures through vision transformers: geometry, what the model sees, prefix tokens, DINOv2 end to end."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from transformers import (
    DeiTConfig,
    DeiTModel,
    Dinov2Config,
    Dinov2Model,
    Dinov2WithRegistersConfig,
    Dinov2WithRegistersModel,
    PvtConfig,
    PvtModel,
    ViTConfig,
    ViTModel,
)

from headlight.models.catalogue.bundled import ASSETS, Entry
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import Box
from headlight.models.engines.door import check
from headlight.models.engines.pictures.pixels import MAX_PATCHES, fit, snap_size
from headlight.models.engines.pictures.vision import VisionEngine
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine

TINY = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "image_size": 64}


def engine_of(model: torch.nn.Module) -> VisionEngine:
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", modality="image")
    return VisionEngine(model.eval(), entry, "cpu", untrained=True)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


def sample(name: str) -> np.ndarray:
    return np.asarray(Image.open(ASSETS / "samples" / f"{name}.jpg").convert("RGB"))


def test_sizes_snap_to_whole_patches_within_the_range():
    assert [snap_size(size, 14) for size in (224, 230, 232, 518, 1022)] == [224, 224, 238, 518, 1022]
    assert [snap_size(size, 16) for size in (224, 518, 1022)] == [224, 512, 1008]
    assert [snap_size(size, 60) for size in (224, 1022)] == [240, 1020]
    for size in (223, 1023):
        with pytest.raises(HeadlightError, match="224 to 1,022"):
            snap_size(size, 14)


def test_a_wide_picture_has_a_wide_grid():
    assert fit(480, 1500, 240, 20).grid == (12, 37)  # 37.5 patches long: half a patch is left out
    assert fit(480, 1500, 240, 20).region == Box(10, 0, 1490, 480)
    assert fit(1500, 480, 240, 20).grid == (37, 12)
    assert fit(1500, 480, 240, 20).region == Box(0, 10, 480, 1490)


@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(224, 1022), st.sampled_from([8, 14, 16, 32]))
def test_patches_are_square_inside_the_picture_and_few_enough(height, width, size, patch):
    try:
        fitted = fit(height, width, size, patch)
    except HeadlightError:
        assert max(height, width) // min(height, width) > MAX_PATCHES
        return
    (rows, columns), region = fitted.grid, fitted.region
    assert 1 <= rows * columns <= MAX_PATCHES
    tall, wide = (region.y1 - region.y0) / rows, (region.x1 - region.x0) / columns
    assert tall == pytest.approx(wide, rel=1e-12)
    assert min(region.x0, region.y0) >= 0
    assert region.x1 <= width + 1e-9
    assert region.y1 <= height + 1e-9
    assert width - region.x1 == pytest.approx(region.x0, abs=1e-9)
    assert max(width - (region.x1 - region.x0), height - (region.y1 - region.y0)) < tall + 1e-9
    lowered = min(rows, columns) * patch < snap_size(size, patch)
    assert bool(fitted.notices) == lowered


def test_limits_are_said_with_their_numbers():
    fitted = fit(500, 10_000, 518, 14)
    assert fitted.grid == (16, 320)
    assert fitted.notices == (
        "The picture is 10,000 × 500 pixels: its short side was lowered from 518 to 224 pixels, "
        "to stay within 5,400 patches.",
    )
    with pytest.raises(HeadlightError, match=r"6,000 × 1 pixels: one row of patches has 6,000 of them"):
        fit(1, 6000, 518, 14)


def test_pixels_are_resampled_from_the_region_and_normalised_once():
    engine = engine_of(Dinov2Model(Dinov2Config(**TINY, patch_size=14)))
    step = np.zeros((280, 560, 3), np.uint8)
    step[:, 280:] = 255
    values = engine.run(step, 224).inputs["pixel_values"]
    assert values.shape == (3, 224, 448)
    assert values.dtype == np.float32
    white = (1 - np.array([0.485, 0.456, 0.406])) / [0.229, 0.224, 0.225]
    np.testing.assert_allclose(values[:, 100, -1], white, rtol=1e-5)
    back = values * np.float32(0.229) + np.float32(0.485)
    assert back[0, 0, :220].max() < 0.01  # the edge lies in the middle, to the pixel
    assert back[0, 0, 228:].min() > 0.99


@pytest.mark.parametrize(
    ("build", "patch", "prefix"),
    [
        (lambda: ViTModel(ViTConfig(**TINY, patch_size=16)), 16, ("[CLS]",)),
        (lambda: DeiTModel(DeiTConfig(**TINY, patch_size=16)), 16, ("[CLS]", "[DIST]")),
        (lambda: Dinov2Model(Dinov2Config(**TINY, patch_size=14)), 14, ("[CLS]",)),
        (
            lambda: Dinov2WithRegistersModel(
                Dinov2WithRegistersConfig(**TINY, patch_size=14, num_register_tokens=4)
            ),
            14,
            ("[CLS]", "[REG1]", "[REG2]", "[REG3]", "[REG4]"),
        ),
    ],
)
def test_prefix_tokens_come_from_the_model(build, patch, prefix):
    torch.manual_seed(0)
    engine = engine_of(build())
    trace = engine.run(picture(250, 780), 224)
    rows, columns = trace.tokens.grid
    assert (rows, columns) == (224 // patch, 780 * (224 // patch) // 250)
    assert trace.tokens.labels[: len(prefix)] == prefix
    assert trace.tokens.labels[-1] == f"patch ({rows - 1}, {columns - 1})"
    assert trace.tokens.special.sum() == len(prefix)
    assert trace.readout == 0
    assert trace.model.untrained
    assert len(trace.layers) == 2
    assert max(check(trace)) < 1e-5
    # The recorded pass is the model's own: anyone can repeat it from the trace.
    values = torch.from_numpy(trace.inputs["pixel_values"])[None]
    options = {"interpolate_pos_encoding": True} if isinstance(engine.model, ViTModel | DeiTModel) else {}
    with torch.no_grad():
        again = engine.model(pixel_values=values, **options).last_hidden_state[0, len(prefix) :]
    torch.testing.assert_close(trace.outputs["patches"].flatten(0, 1), again, atol=1e-5, rtol=1e-5)


def test_a_model_of_fixed_input_size_says_so():
    sizes = {"hidden_sizes": [8, 16], "depths": [1, 1], "num_attention_heads": [1, 2]}
    stages = {"patch_sizes": [4, 2], "strides": [4, 2], "sequence_reduction_ratios": [8, 4]}
    model = PvtModel(PvtConfig(**sizes, **stages, mlp_ratios=[2, 2], num_encoder_blocks=2))
    with pytest.raises(
        HeadlightError, match=r"Tiny cannot read 320 × 224 pixels: .* \(224 × 224 pixels\), and a picture of"
    ):
        engine_of(model).run(picture(224, 336), 224)


def test_cancel_stops_between_layers():
    class Impatient(Task):
        def progress(self, share, sentence):
            if sentence.startswith("Layer 2"):
                raise Cancelled

    with pytest.raises(Cancelled):
        engine_of(Dinov2Model(Dinov2Config(**TINY))).run(picture(224, 224), 224, Impatient())


@pytest.fixture(scope="module")
def astronaut():
    engine = open_engine(None, "image", "cpu")
    return engine, engine.run(sample("astronaut"))


def test_dinov2_end_to_end(astronaut):
    engine, trace = astronaut
    assert trace.tokens.grid == (37, 37)
    assert trace.tokens.region == Box(0, 0, 512, 512)
    assert len(trace.layers) == 12
    assert {layer.heads for layer in trace.layers} == {6}
    assert max(check(trace)) < 1e-4
    assert not trace.model.untrained
    values = torch.from_numpy(trace.inputs["pixel_values"])[None]
    engine.model.set_attn_implementation("eager")
    try:
        with torch.no_grad():
            eager = engine.model(pixel_values=values, output_attentions=True).attentions[7][0, 3]
    finally:
        engine.model.set_attn_implementation("sdpa")
    np.testing.assert_allclose(trace.layers[7].matrix(3), eager, atol=1e-4)


def test_dinov2_has_a_few_artifacts_that_rule_its_rollout(astronaut):
    _, trace = astronaut
    assert 1 <= len(trace.artifacts) <= 5
    rollout = rollout_row(trace.layers, trace.readout)
    assert rollout.sum() == pytest.approx(1, abs=1e-4)
    assert rollout[1:].argmax() + 1 == trace.artifacts[0]
    assert rollout[trace.artifacts[0]] > 50 * np.median(rollout[1:])


def test_saliency_finds_the_astronaut(astronaut):
    engine, trace = astronaut
    found = engine.saliency(trace)
    assert found.shape == trace.inputs["pixel_values"].shape[1:]
    assert found.dtype == np.float32
    face, wall = found[90:200, 170:290].mean(), found[10:120, 310:370].mean()
    assert face > 2 * wall
