"""Norms of what attention carries: closed forms, and numpy over a small model, written by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headlight.models.attention.calls import AttentionCall, GivenCall, Projection
from headlight.models.attention.capture import recording
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.layers import AttentionLayer
from headlight.models.explain.norms import normed_layer
from tests.dense import plain
from tests.models import tiny
from tests.models.attention.test_windows import EVEN, PADDED, engine_of, layers_of, picture, swin


def test_a_value_that_is_twice_as_long_counts_twice_and_the_projection_stretches_it() -> None:
    tokens = plain(3)
    v = torch.tensor([[[[1.0, 0.0], [0.0, 2.0], [3.0, 4.0]]]])  # lengths 1, 2, 5
    projection = Projection(torch.tensor([[2.0, 0.0], [0.0, 1.0]]))  # twice as long along the first axis
    call = AttentionCall("a", "self", torch.zeros(1, 1, 3, 2), torch.zeros(1, 1, 3, 2), v, 1.0)
    layer = RecordedLayer(replace(call, projection=projection), tokens, tokens)
    norms = normed_layer(layer)
    expected = np.array([2.0, 2.0, np.hypot(6, 4)]) / 3  # uniform attention
    np.testing.assert_allclose(norms.matrix(0), np.tile(expected, (3, 1)), rtol=1e-6)
    without = RecordedLayer(GivenCall("b", "self", torch.full((1, 1, 3, 3), 1 / 3)), tokens, tokens)
    assert normed_layer(without) is without  # nobody knows what it multiplied its weights with


def by_hand(model: torch.nn.Module, inputs: dict[str, torch.Tensor], layer: int, item: int) -> np.ndarray:
    """‖α f(x)‖, float64 (heads, n, n), of one layer of a BERT, as the paper writes it."""
    with torch.no_grad():
        hidden = model(**inputs, output_hidden_states=True).hidden_states[layer][item].double().numpy()
    block = model.encoder.layer[layer].attention
    wq, bq, wk, bk, wv, bv = (
        getattr(part, name).detach().double().numpy()
        for part in (block.self.query, block.self.key, block.self.value)
        for name in ("weight", "bias")
    )
    wo = block.output.dense.weight.detach().double().numpy()
    heads, size = 4, 8
    found = []
    for head in range(heads):
        own = slice(head * size, (head + 1) * size)
        scores = (hidden @ wq[own].T + bq[own]) @ (hidden @ wk[own].T + bk[own]).T / np.sqrt(size)
        scores[:, inputs["attention_mask"][item].numpy() == 0] = -np.inf
        weights = np.exp(scores - scores.max(1, keepdims=True))
        weights /= weights.sum(1, keepdims=True)
        f = (hidden @ wv[own].T + bv[own]) @ wo[:, own].T  # (n, d)
        found.append(np.linalg.norm(weights[:, :, None] * f[None], axis=-1))
    return np.stack(found)


@pytest.mark.parametrize("number", [0, 1])
def test_of_a_small_bert_they_are_those_of_the_formula(number: int) -> None:
    model, inputs = tiny.bert()
    with torch.no_grad(), recording(model) as calls:
        model(**inputs)
    layer = normed_layer(RecordedLayer(calls[number], plain(9), plain(9), batch=1))
    expected = by_hand(model, inputs, number, item=1)
    for head in range(4):
        np.testing.assert_allclose(layer.matrix(head), expected[head], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(layer.row("mean", 2)[1], expected[:, 2].mean(0), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    "make", [tiny.gpt2, tiny.llama, tiny.gpt_oss, tiny.vit], ids=lambda make: make.__name__
)
def test_the_vectors_of_all_heads_add_up_to_what_the_projection_returned(make) -> None:
    model, inputs = make()
    returned: list[torch.Tensor] = []
    names = ("o_proj", "c_proj", "dense", "out_proj")

    def note(module: torch.nn.Module, _: tuple, out: torch.Tensor) -> None:
        returned.append(out if module.bias is None else out - module.bias)

    hooks = [
        module.register_forward_hook(note)
        for path, module in model.named_modules()
        if path.split(".")[-1] in names and "mlp" not in path and "intermediate" not in path
    ]
    with torch.no_grad(), recording(model) as calls:
        model(**inputs)
    for hook in hooks:
        hook.remove()
    call, heads = calls[0], calls[0].shape[1]
    shares = call.projection.weight.unflatten(1, (heads, -1))  # [d, H, dv]
    weights, values = call.weights(), call.of_heads(call.v, slice(None), 0)
    added = sum(weights[h] @ values[h] @ shares[:, h].T for h in range(heads))
    torch.testing.assert_close(added, returned[0][0], atol=1e-4, rtol=1e-4)
    norms = torch.stack([(values[h] @ shares[:, h].T).norm(dim=1) for h in range(heads)])
    torch.testing.assert_close(call.value_norms(), norms)


@pytest.mark.parametrize("which", [PADDED, EVEN], ids=["padded", "even"])
def test_rows_columns_and_groups_are_those_of_the_matrix(which) -> None:
    for below in layers_of(*which)[:2]:
        layer = normed_layer(below)
        if which is EVEN:  # this model takes no attention function from outside
            assert layer is below
            continue
        assert isinstance(layer, AttentionLayer)
        norms, queries = below.value_norms(), np.array([0, 3, 3])
        whole = np.stack([below.matrix(head) for head in range(below.heads)]) * norms[:, None]
        for head, fused in ((1, whole[1]), ("mean", whole.mean(0)), ("max", whole.max(0))):
            np.testing.assert_allclose(layer.matrix(head), fused, rtol=1e-5, atol=1e-6)
            for asked, axis in ((layer.row(head, queries), 0), (layer.column(head, queries), 1)):
                dense = np.zeros(len(fused), np.float32)
                dense[asked[0]] = asked[1]
                np.testing.assert_allclose(dense, fused.take(queries, axis).mean(axis), rtol=1e-5, atol=1e-6)
            down, across, matrix = layer.group(head, layer.group_of(3))
            np.testing.assert_allclose(matrix, fused[np.ix_(down, across)], rtol=1e-5, atol=1e-6)
            for part in layer.groups(head, queries):
                found, keys, rows = part.rows()
                keys = np.broadcast_to(keys, rows[0].shape)
                held = keys >= 0
                expected = np.take_along_axis(fused[found], np.maximum(keys, 0), 1)
                np.testing.assert_allclose(rows[0][held], expected[held], rtol=1e-5, atol=1e-6)


def test_a_trace_says_nothing_of_the_model_s_own_weights() -> None:
    from headlight.models.core.cache import held

    trace = engine_of(swin(7)).run(picture(224, 224), 224)
    before = held(trace)
    for layer in trace.layers:
        layer.call.projection = None
    assert held(trace) == before
