"""One weight in lines: each adds up to the next, and what is set by hand follows the formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headlight.models.attention.calls import AttentionCall, Projection
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import ByHand, Selection
from headlight.viewer.slices.weight import Arithmetic, arithmetic
from tests.viewer.given import text_tokens, trace_of


@pytest.fixture
def trace() -> Trace:
    """Two heads of two dimensions over five tokens, with all that a layer can add."""
    made = trace_of(text_tokens("a", "b", "c"))
    draw = torch.Generator().manual_seed(3)
    q, k, v = (torch.randn(1, 2, 5, 4, generator=draw) for _ in range(3))
    mask = torch.ones(1, 1, 5, 5, dtype=torch.bool).tril()
    more = {
        "mask": mask,
        "bias": torch.randn(1, 2, 5, 5, generator=draw),
        "softcap": 2.0,
        "sinks": torch.tensor([0.5, 0.25]),
        "projection": Projection(torch.randn(6, 8, generator=draw), torch.ones(6)),
    }
    call = AttentionCall("a", "self", q, k, v, 0.5, **more)
    return replace(made, readout=None, layers=(RecordedLayer(call, made.tokens, made.tokens),))


def lines(found: Arithmetic) -> dict[str, np.ndarray]:
    return {line.title: line.values for steps in found.steps for line in steps.lines}


def at(trace: Trace, query: int, key: int) -> Selection:
    return Selection(0, 1, (trace.tokens.place(query),), (trace.tokens.place(key),))


def test_each_step_follows_from_those_above_and_ends_at_what_the_layer_says(trace: Trace) -> None:
    found = arithmetic(trace, at(trace, 3, 1))
    row = lines(found)
    assert row["q · k / √4"].sum() == pytest.approx(row["q·k / √4"][1], abs=1e-6)
    assert (np.diff(row["q · k / √4"]) <= 0).all()
    capped = 2 * np.tanh((row["q·k / √4"] + row["+ bias"]) / 2)
    np.testing.assert_allclose(row["soft cap"], capped, atol=1e-6)
    np.testing.assert_array_equal(row["= score"], row["soft cap"] + row["+ mask"])
    powers = np.exp(row["= score"])
    np.testing.assert_allclose(row["softmax"], powers / (powers.sum() + np.exp(0.25)), atol=1e-6)
    layer = trace.layers[0]
    np.testing.assert_allclose(row["softmax"], layer.row(1, 3)[1], atol=1e-6)
    np.testing.assert_allclose(row["α v"], row["softmax"][1] * row["v of “a”"], atol=1e-6)
    norms = row["softmax"] * layer.value_norms()[1]
    np.testing.assert_allclose(row["‖α v W‖ carried"], norms, atol=1e-5)
    assert row["⟨o W, y⟩ / ‖y‖²"].sum() == pytest.approx(1, abs=1e-5)
    assert found.figures["Weight"] == pytest.approx(row["softmax"][1])
    written = "".join(text for text, _ in found.formula)
    assert written.startswith("o = softmax( 2 tanh((q Kᵀ / √4 + b) / 2) + m, sink ) V")
    named = {symbol for _, symbol in found.formula if symbol}
    assert named == {symbol for steps in found.steps for line in steps.lines for symbol in line.symbols}


def test_numbers_by_hand_are_of_one_weight_and_their_lines_are_marked(trace: Trace) -> None:
    selection = at(trace, 3, 1)
    before = arithmetic(trace, selection)
    by_hand = ByHand(before.of, sink=-1e9, score=before.numbers["score"] + 1)
    after = arithmetic(trace, selection, by_hand)
    powers = np.exp(lines(before)["= score"] + np.eye(5)[1])
    expected = powers / powers.sum()
    np.testing.assert_allclose(lines(after)["softmax by hand"], expected, atol=1e-6)
    np.testing.assert_array_equal(lines(after)["softmax"], lines(before)["softmax"])
    assert after.follows.weight == (before.figures["Weight"], pytest.approx(expected[1]))
    assert after.follows.head > 0
    assert after.follows.layer > 0
    assert [line.title for steps in after.steps for line in steps.lines if line.by_hand] == [
        *("score by hand", "softmax by hand", "o by hand", "parts by hand")
    ]
    assert arithmetic(trace, at(trace, 3, 2), by_hand).follows is None


def test_without_a_cell_it_is_what_is_looked_at_most_and_the_mask_is_said(trace: Trace) -> None:
    first = arithmetic(trace, Selection(0, 1))
    weights = trace.layers[0].matrix(1)[1:4, 1:4]  # of the tokens that have a place
    query, key = np.unravel_index(weights.argmax(), weights.shape)
    assert first.of[2:] == (trace.tokens.place(1 + query), trace.tokens.place(1 + key))
    assert first.said[0].startswith("Click a cell")
    several = arithmetic(trace, Selection(0, 1, trace.tokens.places([1, 3]), trace.tokens.places([2, 3])))
    assert several.said[0].startswith("Of the 2 × 2")
    assert several.of[2] == trace.tokens.place(3)
    hidden = arithmetic(trace, at(trace, 1, 3))
    assert "score" not in hidden.numbers
    assert lines(hidden)["= score"][3] == -np.inf
    assert hidden.figures["Weight"] == 0
