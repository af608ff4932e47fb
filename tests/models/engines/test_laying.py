"""What towers are given in place of pixels, and where their tokens lie: as transformers lays them out."""

from __future__ import annotations

import numpy as np
import torch
import transformers as hf
from transformers.models.qwen2_vl.modeling_qwen2_vl import Qwen2VisionTransformerPretrainedModel
from transformers.vision_utils import get_vision_position_ids, get_vision_window_index

from headlight.models.attention.calls import AttentionCall, GivenCall
from headlight.models.core.tokens import Box
from headlight.models.engines.pictures.laying import laying_of, reordered
from headlight.models.engines.pictures.pixels import exactly, fit, in_squares, inner_square

ROWS, COLUMNS, SIDE = 6, 10, 14
QWEN = {"depth": 1, "hidden_size": 32, "num_heads": 2, "patch_size": SIDE, "spatial_merge_size": 2}


def grid() -> torch.Tensor:
    return torch.tensor([[1, ROWS, COLUMNS]])


def test_squares_that_are_merged_stand_together() -> None:
    config = hf.Qwen2VLConfig(vision_config=QWEN | {"embed_dim": 32}).vision_config
    laying = laying_of(Qwen2VisionTransformerPretrainedModel(config), SIDE)
    order = laying.order((ROWS, COLUMNS), 0)
    rows, columns = get_vision_position_ids(grid(), 2).T.reshape(2, -1).numpy()
    np.testing.assert_array_equal(order, rows * COLUMNS + columns)
    pixels = torch.arange(2 * 3 * ROWS * SIDE * COLUMNS * SIDE).float().reshape(2, 3, ROWS * SIDE, -1)
    fed = laying.fed({"pixel_values": pixels})
    patches = fed["hidden_states"].reshape(2, ROWS * COLUMNS, 3, -1, SIDE, SIDE)
    assert (fed["grid_thw"].tolist(), "pixel_values" in fed) == ([[1, ROWS, COLUMNS]] * 2, False)
    row, column = divmod(int(order[7]), COLUMNS)
    cut = pixels[1, :, row * SIDE : (row + 1) * SIDE, column * SIDE : (column + 1) * SIDE]
    for frame in range(patches.shape[3]):
        torch.testing.assert_close(patches[1, 7, :, frame], cut)


def test_windows_follow_each_other() -> None:
    own = QWEN | {"window_size": 56, "out_hidden_size": 32, "intermediate_size": 32}
    config = hf.Qwen2_5_VLConfig(vision_config=own).vision_config
    laying = laying_of(hf.AutoModel.from_config(config), SIDE)
    index, _ = get_vision_window_index(grid(), spatial_merge_size=2, window_size=56, patch_size=SIDE)
    squares = get_vision_position_ids(grid(), 2).reshape(-1, 4, 2)[index].reshape(-1, 2).T.numpy()
    np.testing.assert_array_equal(laying.order((ROWS, COLUMNS), 0), squares[0] * COLUMNS + squares[1])


def test_nothing_is_left_out_and_detection_tokens_come_first() -> None:
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 64}
    masked = hf.ViTMAEModel(hf.ViTMAEConfig(**sizes)).eval()
    laying = laying_of(masked, 16)
    with torch.no_grad():
        out = masked(**laying.fed({"pixel_values": torch.randn(1, 3, 64, 64)}))
    assert (out.last_hidden_state.shape[1], out.ids_restore[0].tolist()) == (17, list(range(16)))
    wanted = {"num_detection_tokens": 2, "image_size": [64, 64]}
    seeing = laying_of(hf.YolosModel(hf.YolosConfig(**sizes | wanted)), 16)
    assert seeing.order((1, 3), 3).tolist() == [0, 3, 4, 5, 1, 2]


def test_a_call_over_other_places_is_the_same_call() -> None:
    torch.manual_seed(0)
    order = np.array([2, 0, 3, 1])
    q, k, v = torch.randn(3, 1, 2, 4, 8)
    mask = torch.ones(1, 1, 4, 4, dtype=torch.bool).tril()
    call = AttentionCall("layer", "self", q, k, v, 0.5, mask=mask, bias=torch.randn(1, 2, 4, 4))
    call.rows = torch.tensor([0, 3])
    call.outputs = (call.weights() @ v[0]).transpose(0, 1)[None, [0, 3]]
    for one in (call, GivenCall("layer", "self", call.weights()[None], 1, v, call.rows, call.outputs)):
        shown = reordered(one, order)
        torch.testing.assert_close(shown.weights()[:, order][:, :, order], call.weights())
        assert shown.error() < 1e-6


def test_a_picture_meets_the_one_size_that_a_model_reads_in_its_middle() -> None:
    fitted = exactly(100, 300, (64, 96), (4, 6), "Mine")
    assert (fitted.grid, fitted.region) == ((4, 6), Box(75, 0, 225, 100))
    said = "Mine reads 96 × 64 pixels and no other size"
    assert fitted.notices == (f"{said}: of this picture the middle is read.",)
    assert exactly(128, 192, (64, 96), (4, 6), "Mine").notices == (f"{said}.",)


def test_squares_and_what_is_merged_fit_into_a_picture() -> None:
    square = inner_square(300, 500, lambda side: fit(side, side, 224, 16), "Mine")
    assert (square.grid, square.region) == ((14, 14), Box(100, 0, 400, 300))
    assert square.notices[-1] == "Mine reads square pictures alone: of this one the middle is read."
    merged = in_squares(fit, 300, 500, 224, 14, 2)
    assert (merged.grid, merged.region.y1 - merged.region.y0) == ((16, 26), 300)
    assert in_squares(fit, 300, 500, 224, 14, 1) == fit(300, 500, 224, 14)
