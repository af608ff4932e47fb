"""Attention flow beside a linear program, value zeroing beside a model whose values are set to 0."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf
from scipy.optimize import linprog

from headlight.models.core.errors import TooLarge
from headlight.models.explain import flow
from headlight.models.explain.value_zeroing import mixings, zeroing
from headlight.viewer.host.engines import open_engine
from tests.models.headed import TEXT, saved


def matrices(count: int, layers: int, seed: int = 0) -> list[np.ndarray]:
    scores = np.random.default_rng(seed).normal(0, 2, (layers, count, count))
    weights = np.exp(scores)
    return list(weights / weights.sum(2, keepdims=True))


def most(layers: list[np.ndarray], queries: list[int], key: int) -> float:
    """The maximum flow as a linear program over all edges."""
    count, edges = len(layers[0]), []
    for depth, weights in enumerate(layers):
        half = (weights + np.eye(count)) / 2
        edges += [
            ((depth + 1) * count + i, depth * count + j, half[i, j])
            for i in range(count)
            for j in range(count)
        ]
    top = (len(layers) + 1) * count
    edges += [(top, len(layers) * count + query, 1 / len(queries)) for query in queries]
    balance = np.zeros((top + 1, len(edges)))
    for number, (start, stop, _) in enumerate(edges):
        balance[start, number] -= 1
        balance[stop, number] += 1
    inner = [node for node in range(top) if node >= count]
    found = linprog(
        -balance[key],
        A_eq=np.concatenate([balance[inner], balance[[j for j in range(count) if j != key]]]),
        b_eq=np.zeros(len(inner) + count - 1),
        bounds=[(0, capacity) for _, _, capacity in edges],
    )
    return -found.fun


@pytest.mark.parametrize("queries", [[1], [0, 2, 3]])
def test_flow_is_the_maximum_of_a_linear_program(queries):
    layers = matrices(4, 3)
    found = flow.flows_of(layers, np.array(queries))
    np.testing.assert_allclose(found, [most(layers, queries, key) for key in range(4)], atol=1e-6)


def test_what_looks_at_itself_alone_flows_to_itself_alone():
    found = flow.flows_of([np.eye(5)] * 3, np.array([2]))
    np.testing.assert_allclose(found, np.eye(5)[2], atol=1e-6)


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    model = hf.BertModel(hf.BertConfig(**TEXT, intermediate_size=64)).eval()
    folder = saved(tmp_path_factory.mktemp("models") / "bert", model)
    trace = open_engine(str(folder), "text", "cpu").run("the cat sat on the mat")
    return trace, hf.BertModel.from_pretrained(folder, attn_implementation="eager").double().eval()


def test_flow_of_a_trace_is_that_of_its_mean_heads(bert, monkeypatch):
    trace, _ = bert
    wanted = flow.flows_of([layer.matrix("mean") for layer in trace.layers], np.array([3]))
    np.testing.assert_array_equal(flow.flow(trace, np.array([3])).values, wanted)
    monkeypatch.setattr(flow, "MOST", 3)
    with pytest.raises(TooLarge, match="above the limit of 3"):
        flow.flow(trace, np.array([3]))


def test_value_zeroing_is_how_far_vectors_turn_without_a_value(bert):
    trace, model = bert
    ids = torch.from_numpy(trace.inputs["input_ids"])[None]
    count, product = len(trace.tokens), np.eye(len(trace.tokens))
    with torch.no_grad():
        states = model(ids, output_hidden_states=True).hidden_states
        for layer, given, gave, found in zip(
            model.encoder.layer, states[:-1], states[1:], mixings(trace), strict=True
        ):
            turned = np.zeros((count, count))
            for key in range(count):
                keep = torch.ones(count, 1, dtype=torch.double)
                keep[key] = 0
                hook = layer.attention.self.value.register_forward_hook(lambda *a, keep=keep: a[2] * keep)
                out = layer(given)
                out = out if isinstance(out, torch.Tensor) else out[0]
                turned[:, key] = 1 - torch.cosine_similarity(out[0], gave[0], dim=-1)
                hook.remove()
            wanted = turned / turned.sum(1, keepdims=True)
            np.testing.assert_allclose(found, wanted, atol=1e-4)
            product = wanted @ product
    values = zeroing(trace, np.array([1, 4])).values
    np.testing.assert_allclose(values, product[[1, 4]].mean(0), atol=1e-4)
    assert values.sum() == pytest.approx(1, abs=1e-5)
