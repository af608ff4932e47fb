"""Subwords to words: closed forms, and the law that rows still sum to 1."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.merge import merge_words
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.tokens import PatchTokens, TextTokens
from headlight.models.core.trace import ModelCard, Trace

CARD = ModelCard("id", "title", "text", "source", "licence")


def text(words: list[int], labels: tuple[str, ...] | None = None, source: str = "") -> TextTokens:
    """Tokens of three characters each; word −1 is special."""
    number, n = np.array(words), len(words)
    special = number < 0
    starts = np.arange(n) * 3
    spans = np.where(special[:, None], 0, np.stack([starts, starts + 3], 1))
    sources = (source or "x" * 3 * n,)
    return TextTokens(labels or ("xxx",) * n, special, spans, number, np.zeros(n, int), sources=sources)


def trace(tokens: TextTokens, heads: int = 3, **fields: object) -> Trace:
    n = len(tokens)
    weights = torch.rand(1, heads, n, n, generator=torch.Generator().manual_seed(n)).softmax(-1)
    layer = RecordedLayer(GivenCall("layer", "self", weights), tokens, tokens)
    return Trace(CARD, (layer,), tokens, {}, 0, 0.0, "cpu", **fields)


def test_words_are_called_by_their_characters_and_spans_join() -> None:
    tokens = text(
        [-1, 0, 0, 1, 1, 2, 3, -1, -1],
        ("[CLS]", "Pla", "##yed", "⟨1/2 of é⟩", "⟨2/2 of é⟩", "now", "[UNK] “☃☃☃”", "[SEP]", "[SEP]"),
        "   Played  thé now☃☃☃",
    )
    merged = merge_words(trace(tokens)).tokens
    assert isinstance(merged, TextTokens)
    assert merged.labels == ("[CLS]", "Played", "thé", "now", "[UNK] “☃☃☃”", "[SEP]", "[SEP]")
    assert merged.spans.tolist() == [[0, 0], [3, 9], [9, 15], [15, 18], [18, 21], [0, 0], [0, 0]]
    assert merged.words.tolist() == [-1, 0, 1, 2, 3, -1, -1]
    assert merged.special.tolist() == [True, False, False, False, False, True, True]


def test_weights_sum_over_keys_and_average_over_queries() -> None:
    tokens = text([-1, 0, 0, -1])
    weights = torch.tensor(
        [[0.1, 0.2, 0.3, 0.4], [0.4, 0.3, 0.2, 0.1], [0.0, 0.5, 0.5, 0.0], [0.25, 0.25, 0.25, 0.25]]
    )
    layer = RecordedLayer(GivenCall("layer", "self", weights[None, None]), tokens, tokens)
    merged = merge_words(Trace(CARD, (layer,), tokens, {}, 0, 0.0, "cpu")).layers[0]
    expected = [[0.1, 0.5, 0.4], [0.2, 0.75, 0.05], [0.25, 0.5, 0.25]]
    np.testing.assert_allclose(merged.matrix(0), expected, atol=1e-7)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 4)), min_size=1, max_size=8), st.data())
@settings(max_examples=40, deadline=None)
def test_every_answer_is_a_part_of_the_merged_matrix(
    parts: list[tuple[bool, int]], data: st.DataObject
) -> None:
    numbers = [
        -1 if special else i for i, (special, n) in enumerate(parts) for _ in range(1 if special else n)
    ]
    tokens = text([*numbers, 99, 99])
    layer = merge_words(trace(tokens)).layers[0]
    assert isinstance(layer, AttentionLayer)
    n = len(layer.queries)
    whole = np.stack([layer.matrix(h) for h in range(3)])
    np.testing.assert_allclose(whole.sum(-1), 1, atol=1e-5)
    assert whole.shape == (3, n, n)

    picked = np.array(data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=3, unique=True)))
    np.testing.assert_allclose(layer.rows(picked)[1], whole[:, picked].mean(1), atol=1e-6)
    np.testing.assert_allclose(layer.rows(int(picked[0]))[1], whole[:, picked[0]], atol=1e-6)
    fused = {0: whole[0], 2: whole[2], "mean": whole.mean(0), "max": whole.max(0), "min": whole.min(0)}
    for head, matrix in fused.items():
        np.testing.assert_allclose(layer.matrix(head), matrix, atol=1e-6)
        np.testing.assert_allclose(layer.row(head, picked)[1], matrix[picked].mean(0), atol=1e-6)
        np.testing.assert_allclose(layer.column(head, picked)[1], matrix[:, picked].mean(1), atol=1e-6)
        np.testing.assert_allclose(layer.block(head, n // 2, n).numpy(), matrix[n // 2 :], atol=1e-6)
    np.testing.assert_allclose(layer.thumbnail(n), whole, atol=1e-6)
    np.testing.assert_allclose(layer.thumbnail(2).mean((1, 2)), whole.mean((1, 2)), atol=1e-6)


def test_the_trace_s_indices_follow_their_tokens() -> None:
    tokens = text([0, 0, -1, 1, 1, 1])
    before = trace(tokens, artifacts=np.array([1, 3, 4]))
    after = merge_words(before)
    assert after.readout == 0
    assert after.artifacts.tolist() == [0, 2]
    assert after.layers[0].queries is after.layers[0].keys is after.tokens
    assert after.layers[0].check() == before.layers[0].check()
    assert after.layers[0].sink("mean", 0) == 0
    assert merge_words(Trace(CARD, (), tokens, {}, 4, 0.0, "cpu")).readout == 2
    assert merge_words(Trace(CARD, (), tokens, {}, None, 0.0, "cpu")).readout is None


@pytest.mark.parametrize("tokens", [text([-1, 0, 1, -1]), PatchTokens(("p",) * 4, np.zeros(4, bool), (2, 2))])
def test_a_trace_without_subwords_is_itself(tokens: TextTokens | PatchTokens) -> None:
    before = trace(tokens)
    assert merge_words(before) is before
    assert merge_words(merge_words(trace(text([0, 0])))).tokens.labels == ("xxxxxx",)
