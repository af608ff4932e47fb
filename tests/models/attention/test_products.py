"""The arithmetic of one weight: closed forms, and what models return that are small."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers.pytorch_utils import Conv1D

from headlight.models.attention.calls import AttentionCall, GivenCall, Projection
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import NOWHERE
from headlight.models.core.product import Product, Row, moved
from tests.dense import Dense, plain
from tests.models import tiny
from tests.models.attention.test_capture import eager, record
from tests.models.attention.test_windows import layers_of, swin


def by_two() -> Product:
    """Two keys with scores ln 1 and ln 3 by hand: weights ¼ and ¾ of values (1, 0) and (0, 2)."""
    q, k = torch.tensor([[[[2.0, 0.0]]]]), torch.tensor([[[[0.0, 1.0], [math.log(3), 0.0]]]])
    v = torch.tensor([[[[1.0, 0.0], [0.0, 2.0]]]])
    projection = Projection(torch.tensor([[4.0, 0.0], [0.0, 1.0]]), torch.tensor([0.0, 0.5]))
    call = AttentionCall("a", "self", q, k, v, 0.5, projection=projection)
    return RecordedLayer(call, plain(1), plain(2)).product(0, 0, 1)


def test_two_keys_by_hand() -> None:
    found = by_two()
    assert found.terms.tolist() == pytest.approx([math.log(3), 0])
    assert found.row.weights.tolist() == pytest.approx([0.25, 0.75])
    assert found.output.tolist() == pytest.approx([0.25, 1.5])
    assert found.norms.tolist() == pytest.approx([1.0, 1.5])
    assert found.layer_output.tolist() == pytest.approx([1.0, 2.0])
    # ⟨(1, 1.5), (1, 2)⟩ and ⟨(0, ½), (1, 2)⟩ of ‖(1, 2)‖² = 5
    assert found.shares.tolist() == pytest.approx([0.8, 0.2])


def test_another_score_by_hand_moves_the_row_and_the_output_as_the_formula_says() -> None:
    before = by_two()
    after = before.by_hand("score", 0.0)  # both alike
    assert after.row.weights.tolist() == pytest.approx([0.5, 0.5])
    assert after.layer_output.tolist() == pytest.approx([2.0, 1.5])
    of_head, of_layer = moved(before, after)
    assert of_head == pytest.approx(math.hypot(0.25, 0.5) / math.hypot(0.25, 1.5))
    assert of_layer == pytest.approx(math.hypot(1, 0.5) / math.sqrt(5))
    # The same by way of a bias, and of the product itself.
    for number, value in (("bias", -math.log(3)), ("product", 0.0)):
        assert before.by_hand(number, value).row.weights.tolist() == pytest.approx([0.5, 0.5])
    # A sink of that score takes as much as both keys have: ln 4 of 1 + 3.
    with_sink = before.by_hand("sink", math.log(4))
    assert with_sink.row.sink_share == pytest.approx(0.5)
    assert with_sink.row.weights.tolist() == pytest.approx([0.125, 0.375])


@given(
    st.lists(st.floats(-20, 20, width=32), min_size=2, max_size=9),
    st.floats(-20, 20, width=32),
    st.none() | st.floats(-9, 9, width=32),
    st.data(),
)
def test_weights_sum_to_one_less_the_sink_and_only_grow_with_their_score(
    products: list[float], score: float, sink: float | None, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(products) - 1))
    row = Row(np.arange(len(products)), np.array(products, np.float32), 0.5, sink=sink)
    changed = row.by_hand(place, "score", score)
    assert changed.weights.sum() + changed.sink_share == pytest.approx(1, abs=1e-6)
    grew = np.sign(score - row.scores[place]) * (changed.weights - row.weights)
    assert grew[place] >= -1e-7
    assert (np.delete(grew, place) <= 1e-7).all()  # the others pay for it
    same = row.by_hand(place, "score", float(row.scores[place]))
    np.testing.assert_allclose(same.weights, row.weights, atol=1e-7)


WHOLE = (tiny.gpt2, tiny.llama, tiny.t5, tiny.gemma2, tiny.gpt_oss, tiny.mistral, tiny.bert, tiny.vit)


@pytest.mark.parametrize("make", WHOLE, ids=lambda make: make.__name__)
def test_of_small_models_it_comes_to_what_eager_attention_gives(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    outputs: dict[int, torch.Tensor] = {}  # of linear layers, by where their weights lie
    for module in model.modules():
        if isinstance(module, torch.nn.Linear | Conv1D):
            module.register_forward_hook(lambda m, args, out: outputs.update({m.weight.data_ptr(): out}))
    calls = record(model, inputs)
    weights = eager(model, inputs)  # which runs the model again: outputs are of eager attention now
    for call, reference in zip(calls, weights, strict=True):
        _, heads, queries, keys = call.shape
        layer = RecordedLayer(call, plain(queries), plain(keys), batch=0)
        query, key, head = queries - 2, min(2, keys - 1), heads - 1
        found = layer.product(head, query, key)
        np.testing.assert_allclose(found.row.weights, reference[0, head, query].numpy(), atol=1e-5)
        assert found.weight == pytest.approx(float(reference[0, head, query, key]), abs=1e-5)
        score = call.scores(query, head)[0, 0, key]
        allowed = found.row.allowed[key]
        assert not allowed or found.row.scores[key] == pytest.approx(float(score), rel=1e-5, abs=1e-5)
        assert found.terms.sum() == pytest.approx(
            found.row.products[key] * found.row.scale, rel=1e-4, abs=1e-4
        )
        real = outputs[call.projection.weight.data_ptr()][0, query]
        tolerance = 1e-5 * max(1.0, float(real.abs().max()))
        np.testing.assert_allclose(found.layer_output, real.numpy(), atol=tolerance)
        assert found.shares.sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("make", [tiny.llama, tiny.gemma2, tiny.gpt_oss], ids=lambda make: make.__name__)
def test_rotary_positions_are_undone_to_what_the_layer_turned(make: Callable[[], tiny.Tiny]) -> None:
    model, inputs = make()
    given: list[torch.Tensor] = []
    for block in model.model.layers:
        for part in (block.self_attn.q_proj, block.self_attn.k_proj):
            part.register_forward_hook(lambda m, args, out: given.append(out.detach()))
    calls = record(model, inputs)
    for number, call in enumerate(calls):
        layer = RecordedLayer(call, plain(9), plain(9), batch=0)
        found = layer.product(3, 7, 5)
        assert found.turned
        q, k = found.unturned
        before = given[2 * number][0, 7].unflatten(0, (4, 8))[3], given[2 * number + 1][0, 5, 8:]
        for one, expected in zip((q, k), before, strict=True):
            np.testing.assert_allclose(one, expected.numpy(), atol=1e-5 * np.abs(one).max())
        assert not np.allclose(q, found.q, atol=1e-3)


def test_what_turned_something_else_is_said_to_have_turned_and_not_undone() -> None:
    model, inputs = tiny.llama()
    call = record(model, inputs)[0]
    doubled = call.turn.given[0] * 2, call.turn.given[1]  # as if a norm came after the turn
    call.turn = replace(call.turn, given=doubled)
    found = RecordedLayer(call, plain(9), plain(9)).product(0, 3, 2)
    assert found.turned
    assert found.unturned is None
    assert not RecordedLayer(record(*tiny.gpt2())[0], plain(9), plain(9)).product(0, 3, 2).turned


def test_in_windows_it_is_of_the_window_of_the_query() -> None:
    for layer in layers_of(swin, 4, 224)[:2]:  # padded, and every second one shifted
        query = len(layer.queries) - 1
        keys, weights = layer.row(1, query)
        key = int(keys[weights.argmax()])
        found = layer.product(1, query, key)
        assert found.weight == pytest.approx(float(weights.max()), abs=1e-6)
        assert found.row.keys[found.place] == key
        held = found.row.keys != NOWHERE
        order = np.searchsorted(keys, found.row.keys[held])
        np.testing.assert_allclose(found.row.weights[held], weights[order], atol=1e-6)
        with pytest.raises(HeadlightError, match="another window"):
            layer.product(1, query, 0)
        assert held.all() == bool(layer.shift)
    assert found.row.mask is not None  # the bias of positions, and the parts that a shift keeps apart


def test_a_layer_that_gives_its_weights_alone_says_so() -> None:
    weights = torch.full((1, 1, 3, 3), 1 / 3)
    given = RecordedLayer(GivenCall("b", "self", weights), plain(3), plain(3))
    for layer in (given, Dense(weights[0].numpy())):
        with pytest.raises(HeadlightError, match="weights alone"):
            layer.product(0, 0, 0)
