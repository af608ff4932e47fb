"""Tokens of networks with an order of their own lie where the networks themselves put them."""

from __future__ import annotations

import numpy as np
import torch
import transformers as hf
from transformers.models.hiera.modeling_hiera import unroll

from headlight.models.attention.asking.scattered import ScatteredCall
from headlight.models.attention.calls import GivenCall
from headlight.models.attention.stages import Stages
from headlight.models.core.tokens import Box
from headlight.models.engines.pictures.placing import placing_of

UNITS, REGION = (2, 3), Box(0, 0, 96, 64)


def test_hieras_windows_are_those_that_it_unrolls() -> None:
    model = hf.HieraModel(hf.HieraConfig(depths=[1, 1, 1, 1], embed_dim=8, image_size=[64, 64]))
    placing = placing_of(model)
    assert placing is not None
    assert placing.unit == 32
    numbers = torch.arange(16 * 24.0).reshape(1, -1, 1)
    order = unroll(numbers, (64, 96), [4, 4], model.unroll_schedule)[0, :, 0].long().numpy()
    given = torch.rand(6, 2, 16, 64).softmax(-1)  # six windows, whose queries are pooled
    layer = placing.layer(GivenCall("layer", "self", given), Stages(UNITS, REGION))
    assert layer is not None
    assert (layer.queries.grid, layer.keys.grid) == ((8, 12), (16, 24))
    # The windows lie side by side at each place, and each is a square of the map.
    np.testing.assert_array_equal(layer.call.keys_at, order.reshape(64, 6).T)
    for keys in layer.call.keys_at:
        rows, columns = np.divmod(np.sort(keys), 24)
        assert (np.ptp(rows), np.ptp(columns)) == (7, 7)
    # A query stands where the four keys stood that it is the largest of.
    fine, coarse = layer.call.keys_at.reshape(6, 4, 16), layer.call.queries_at
    np.testing.assert_array_equal(fine // 24 // 2 * 12 + fine % 24 // 2, np.repeat(coarse[:, None], 4, 1))
    matrix = layer.matrix(1)
    np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-6)
    window, query = 4, 5
    row = matrix[coarse[window, query]]
    np.testing.assert_allclose(row[layer.call.keys_at[window]], given[window, 1, query], rtol=1e-6)


def test_mobilevits_groups_are_those_that_it_unfolds() -> None:
    sizes = {"hidden_sizes": [16, 16, 16], "neck_hidden_sizes": [8, 8, 8, 8, 8, 8, 16]}
    model = hf.MobileViTModel(hf.MobileViTConfig(**sizes))
    placing = placing_of(model)
    assert placing is not None
    assert placing.unit == 64
    given = torch.rand(4, 1, 24, 24).softmax(-1)
    layer = placing.layer(GivenCall("layer", "self", given), Stages(UNITS, REGION))
    assert layer is not None
    numbers = torch.arange(8 * 12.0).reshape(1, 1, 8, 12)
    unfolded, _ = model.encoder.layer[2].unfolding(numbers)
    np.testing.assert_array_equal(layer.call.keys_at, unfolded[..., 0].numpy())
    assert (
        placing_of(hf.ViTModel(hf.ViTConfig(hidden_size=32, num_hidden_layers=1, num_attention_heads=2)))
        is None
    )


def test_rows_of_groups_are_written_out_as_they_are_asked_for() -> None:
    at = np.array([[2, 0], [1, 3]])
    given = torch.tensor([[[[0.25, 0.75], [1, 0]]], [[[0.5, 0.5], [0.1, 0.9]]]])
    call = ScatteredCall.of(GivenCall("layer", "self", given), at, at)
    whole = [[0, 0, 1, 0], [0, 0.5, 0, 0.5], [0.75, 0, 0.25, 0], [0, 0.1, 0, 0.9]]
    torch.testing.assert_close(call.weights(), torch.tensor([whole]))
    torch.testing.assert_close(call.weights([2, 1], 0), torch.tensor([[whole[2], whole[1]]]))
    assert (call.shape, call.error() < 1e-6) == ((1, 1, 4, 4), True)
