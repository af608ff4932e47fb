"""Attention in windows against the modules themselves: their output is rebuilt from the placed weights."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.recorded import area_means
from headlight.models.attention.windows.layer import WindowLayer, spread_slots
from headlight.models.catalogue.entries import Entry
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer
from headlight.models.engines.pictures.vision import VisionEngine
from headlight.models.explain.rollout import RolloutSettings, rollout_matrix, rollout_row
from headlight.models.explain.rollout_steps import spread

SIZES = {"patch_size": 16, "embed_dim": 8, "depths": [2, 2], "num_heads": [2, 4]}


def swin(window: int, dtype: torch.dtype = torch.float32) -> hf.PreTrainedModel:
    return made(hf.SwinModel(hf.SwinConfig(image_size=224, window_size=window, **SIZES)), dtype)


def swin2(window: int, dtype: torch.dtype = torch.float32) -> hf.PreTrainedModel:
    return made(hf.Swinv2Model(hf.Swinv2Config(image_size=224, window_size=window, **SIZES)), dtype)


def segformer() -> hf.PreTrainedModel:
    config = hf.SegformerConfig(
        num_encoder_blocks=2,
        patch_sizes=[17, 3],
        strides=[16, 2],
        sr_ratios=[2, 1],
        hidden_sizes=[8, 16],
        depths=[2, 1],
        num_attention_heads=[2, 4],
        mlp_ratios=[2, 2],
    )
    return made(hf.SegformerModel(config), torch.float32)


def made(model: hf.PreTrainedModel, dtype: torch.dtype) -> hf.PreTrainedModel:
    """With attention far from uniform, and values of padding that are not 0."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.ndim == 2:
                parameter.copy_(0.4 * torch.randn(parameter.shape, generator=generator))
            elif name.endswith("bias"):
                parameter.copy_(0.3 * torch.randn(parameter.shape, generator=generator))
    return model.eval().to(dtype)


def engine_of(model: hf.PreTrainedModel) -> VisionEngine:
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", modality="image")
    return VisionEngine(model, entry, "cpu", untrained=True)


def picture(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)


@cache
def layers_of(make, window: int, size: int) -> tuple[WindowLayer, ...]:
    return engine_of(make(window)).run(picture(300, 400), size).layers


PADDED, EVEN = (swin, 4, 224), (swin2, 7, 224)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("make", [swin, swin2])
@pytest.mark.parametrize("window", [7, 4], ids=["even", "padded"])
def test_what_a_block_returned_is_rebuilt_from_the_placed_weights(make, window, dtype):
    model = make(window, dtype)
    blocks = [block for stage in model.encoder.layers for block in stage.blocks]
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    hooks = [
        block.register_forward_hook(lambda _, args, output: seen.append((args[0][0], output[0][0])))
        for block in blocks
    ]
    engine = engine_of(model)
    forward = engine._forward
    engine._forward = lambda inputs: forward({"pixel_values": inputs["pixel_values"].to(dtype)})
    layers = engine.run(picture(224, 224), 224).layers
    for hook in hooks:
        hook.remove()

    for block, layer, (given, returned) in zip(blocks, layers, seen, strict=True):
        assert layer.check() <= 1e-5
        with torch.no_grad():
            torch.testing.assert_close(rebuilt(block, layer, given), returned, atol=1e-5, rtol=1e-5)
    wanted = {7: [0, 3, 0, 0], 4: [0, 2, 0, 2]}[window]
    assert [layer.shift for layer in layers] == wanted  # no shift where one window covers the map


def rebuilt(block: torch.nn.Module, layer: WindowLayer, given: torch.Tensor) -> torch.Tensor:
    """The block's output [n, C] by one n × n matrix a head, and the value that all padding has."""
    first = isinstance(block, hf.models.swin.modeling_swin.SwinLayer)
    attention = block.attention if first else block.attention.self
    project = attention.v_proj if first else attention.value
    values = project(block.layernorm_before(given) if first else given).unflatten(1, (layer.heads, -1))
    padding = project.bias.unflatten(0, (layer.heads, -1))  # of a token that is all 0
    heads = []
    for head in range(layer.heads):
        matrix = torch.tensor(layer.matrix(head), dtype=given.dtype)
        share = torch.tensor(layer.elsewhere(head, np.arange(len(given)))["padding"], dtype=given.dtype)
        torch.testing.assert_close(matrix.sum(1) + share, torch.ones_like(share), atol=1e-6, rtol=0)
        heads.append(matrix @ values[:, head] + share[:, None] * padding[head])
    context = torch.stack(heads, 1).flatten(1)
    written = layer.vectors("written")
    assert (written is not None, layer.inner() is not None) == (first, first)
    if first:
        torch.testing.assert_close(written.to(given.dtype), torch.stack(heads), atol=1e-5, rtol=1e-4)
        hidden = given + attention.o_proj(context)
        return hidden + block.mlp(block.layernorm_after(hidden))
    hidden = given + block.layernorm_before(block.attention.output(context, None))
    return hidden + block.layernorm_after(block.output(block.intermediate(hidden)))


@pytest.mark.parametrize("which", [PADDED, EVEN], ids=["padded", "even"])
def test_rows_columns_blocks_and_thumbnails_are_those_of_the_matrix(which):
    for layer in layers_of(*which):
        count, queries = len(layer.queries), np.array([0, 3, len(layer.queries) - 1, 3])
        matrices = np.stack([layer.matrix(head) for head in range(layer.heads)])
        for asked in (7, queries):
            keys, weights = layer.rows(asked)
            dense = np.zeros((layer.heads, count), np.float32)
            dense[:, keys] = weights
            np.testing.assert_allclose(dense, matrices[:, np.atleast_1d(asked)].mean(1), atol=1e-6)
            windows = [layer.group_of(query) for query in np.atleast_1d(asked)]
            assert not set(np.unique(layer.slots[windows])) - {*keys, -1}
        for head, fused in ((1, matrices[1]), ("max", matrices.max(0)), ("mean", matrices.mean(0))):
            for found, expected in (
                (layer.row(head, queries), fused[queries].mean(0)),
                (layer.column(head, queries), fused[:, queries].mean(1)),
            ):
                dense = np.zeros(count, np.float32)
                dense[found[0]] = found[1]
                np.testing.assert_allclose(dense, expected, atol=1e-6)
            np.testing.assert_allclose(layer.block(head, 3, 20), fused[3:20], atol=1e-6)
        means = area_means(count, min(count, 64)).numpy()
        np.testing.assert_allclose(layer.thumbnail(64), means @ matrices @ means.T, atol=1e-6)


def test_edges_lie_between_tokens_of_different_windows_and_the_mask_keeps_opposite_borders_apart():
    for layer in (*layers_of(*PADDED), *layers_of(*EVEN)):
        windows = np.array([*map(layer.group_of, range(len(layer.queries)))]).reshape(layer.queries.grid)
        for axis, edges in enumerate(layer.borders()[0]):
            changes = np.flatnonzero((np.diff(windows, axis=axis) != 0).any(axis=1 - axis)) + 1
            np.testing.assert_array_equal(edges, [0, *changes, windows.shape[axis]])
        corner = layer.masked(0)
        members = layer.members(layer.group_of(0))
        rows, columns = np.divmod(members, layer.queries.grid[1])
        far = (rows >= layer.shift) | (columns >= layer.shift)
        np.testing.assert_array_equal(corner, members[far & (layer.shift > 0)])
        if len(corner):
            keys, weights = layer.rows(0)
            assert weights[:, np.isin(keys, corner)].max() < 1e-20
            assert weights[:, ~np.isin(keys, corner)].min() > 1e-20
        border, whole = layer.borders()[1][0], layer.padded[0] == layer.queries.grid[0]
        assert len(border) == (0 if not layer.shift else 1 + whole)


def test_a_wrong_shift_a_wrong_window_and_wrong_weights_fail_the_check():
    engine = engine_of(swin2(7))
    placed = {}

    def wrong(call, tokens, window, shift, misplaced):
        placed.setdefault("call", call)
        return WindowLayer(call, tokens, window, shift, misplaced)

    layers = engine.run(picture(224, 224), 224).layers
    call = layers[1].call
    assert isinstance(call, GivenCall)
    assert call.v is not None  # A·V is checked though the model takes no attention function from outside
    assert WindowLayer(replace(call, given=call.given.flip(-1)), layers[1].queries, 7, 3).check() > 1e-2
    with pytest.raises(ValueError, match="4 windows of 49 × 49, but a grid of"):
        WindowLayer(call, layers[1].queries, 8, 3)
    # A block that says it cut its map otherwise than it did.
    block = engine.model.encoder.layers[0].blocks[1]
    forward = block.forward

    def shifted_otherwise(hidden, *args, **kwargs):
        return forward(hidden.roll(1, 1), *args, **kwargs)

    block.forward = shifted_otherwise
    assert engine.run(picture(224, 224), 224).layers[1].check() > 1e-2
    assert not placed


def test_a_small_picture_leaves_the_windows_as_they_were_for_the_next():
    engine = engine_of(swin(7))
    assert [layer.shift for layer in engine.run(picture(224, 224), 224).layers] == [0, 3, 0, 0]
    assert [layer.shift for layer in engine.run(picture(448, 448), 448).layers] == [0, 3, 0, 3]
    assert engine_of(swin(10)).run(picture(224, 224), 224).notices == (
        "The short side was raised from 224 to 320 pixels: windows of 10 × 10 tokens need as many.",
    )


def test_keys_of_a_reduced_sequence_lie_on_their_own_grid_over_the_same_region():
    trace = engine_of(segformer()).run(picture(300, 400), 224)
    grids = [(layer.queries.grid, layer.keys.grid) for layer in trace.layers]
    assert grids == [((14, 18), (7, 9)), ((14, 18), (7, 9)), ((7, 9), (7, 9))]
    assert {layer.keys.region for layer in trace.layers} == {trace.tokens.region}
    assert [layer.group_count for layer in trace.layers] == [1] * 3
    assert trace.readout is None
    assert trace.layers[2].queries is trace.layers[2].keys
    assert max(layer.check() for layer in trace.layers) <= 1e-5


@pytest.mark.parametrize(
    "settings",
    [
        RolloutSettings(),
        RolloutSettings(residual="mix", fusion="max"),
        RolloutSettings(residual="none", first=1, last=2),
        RolloutSettings(discard=0.6, fusion="min"),
    ],
    ids=str,
)
@pytest.mark.parametrize("make", [lambda: layers_of(*PADDED), lambda: segments()], ids=["swin", "segformer"])
def test_rollout_is_the_product_of_whole_matrices_with_stages_between(make, settings):
    layers = make()
    expected, tokens = None, None
    for layer in layers[settings.first : None if settings.last is None else settings.last + 1]:
        matrix = whole(layer, settings)
        if expected is None:
            expected = matrix
        else:
            expected = (
                matrix
                @ spread(torch.eye(len(layer.queries)), layer.queries, tokens).double().numpy()
                @ expected
            )
        tokens = layer.queries
    np.testing.assert_allclose(expected.sum(1), 1, atol=1e-5)
    np.testing.assert_allclose(rollout_matrix(layers, settings), expected, atol=1e-6)
    chosen = np.array([2, 5])
    np.testing.assert_allclose(rollout_row(layers, chosen, settings), expected[chosen].mean(0), atol=1e-6)


@cache
def segments() -> tuple[AttentionLayer, ...]:
    return engine_of(segformer()).run(picture(300, 400), 224).layers


def whole(layer: AttentionLayer, settings: RolloutSettings) -> np.ndarray:
    """Â of one layer, float64 (n, n), from its whole matrix."""
    weights = layer.matrix(settings.fusion).astype(np.float64)
    if settings.discard:
        for query, row in enumerate(weights):
            keys = row[layer.row("mean", query)[0]]
            held = layer.window**2 if isinstance(layer, WindowLayer) else len(keys)
            keys = np.concatenate([np.zeros(held - len(keys)), keys])
            row[row < np.sort(keys)[int(settings.discard * held)]] = 0
    if len(layer.keys) != len(layer.queries):
        weights = weights @ spread(torch.eye(len(layer.keys)), layer.keys, layer.queries).double().numpy()
    if settings.residual != "add":
        weights /= weights.sum(1, keepdims=True)
    if settings.residual != "none":
        weights += np.eye(len(weights))
    return weights / weights.sum(1, keepdims=True)


def test_uniform_windows_spread_to_what_a_stage_and_its_windows_make_of_a_token():
    layers = engine_of(swin(7)).run(picture(224, 224), 224).layers
    uniform = [
        WindowLayer(replace(layer.call, q=0 * layer.call.q, mask=None), layer.queries, 7, 0)
        for layer in (layers[0], layers[2])
    ]
    row = rollout_row(uniform, 0, RolloutSettings(residual="none")).reshape(14, 14)
    expected = np.zeros((14, 14))
    expected[:] = 1 / 196  # 7 × 7 tokens of 2 × 2: four windows whole
    np.testing.assert_allclose(row, expected, atol=1e-8)


def test_layers_in_the_wrong_order_do_not_compose():
    layers = layers_of(*EVEN)
    with pytest.raises(HeadlightError, match="same tokens"):
        rollout_row(layers[::-1], 0)


def test_windows_that_are_spread_over_the_map_are_cut_as_maxvits_are():
    rows, columns, side = 6, 9, 3
    tokens = torch.arange(rows * columns).view(1, side, rows // side, side, columns // side, 1)
    wanted = tokens.permute(0, 2, 4, 1, 3, 5).reshape(-1, side * side)
    assert np.array_equal(spread_slots((rows, columns), side), wanted)
    with pytest.raises(ValueError, match="cannot be spread"):
        spread_slots((7, 9), side)
