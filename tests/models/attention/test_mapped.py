"""Words in place of subwords, special tokens left out: every answer against the definition."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.mapped import IndexMap, MappedLayer, mapped
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.answers import Writing, Written
from headlight.models.core.layers import NOWHERE, AttentionLayer
from headlight.models.core.tokens import Box, CharSpan, PatchTokens, Special, TextTokens
from headlight.models.core.trace import INPUT, ModelCard, Trace
from tests.dense import Dense, plain
from tests.viewer.given import patch_tokens, text_tokens, trace_of

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
    return Trace(CARD, (layer,), {INPUT: tokens}, {}, 0, 0.0, "cpu", **fields)


def test_words_are_called_by_their_characters_and_spans_join() -> None:
    tokens = text(
        [-1, 0, 0, 1, 1, 2, 3, -1, -1],
        ("[CLS]", "Pla", "##yed", "⟨1/2 of é⟩", "⟨2/2 of é⟩", "now", "[UNK] “☃☃☃”", "[SEP]", "[SEP]"),
        "   Played  thé now☃☃☃",
    )
    merged = mapped(trace(tokens), whole_words=True).tokens
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
    merged = mapped(Trace(CARD, (layer,), {INPUT: tokens}, {}, 0, 0.0, "cpu"), whole_words=True).layers[0]
    expected = [[0.1, 0.5, 0.4], [0.2, 0.75, 0.05], [0.25, 0.5, 0.25]]
    np.testing.assert_allclose(merged.matrix(0), expected, atol=1e-7)


@st.composite
def index_maps(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    """(of each of some tokens the one that it is a part of, or NOWHERE; how many there are of these)."""
    numbers = draw(st.lists(st.integers(-1, 5), min_size=1, max_size=12).filter(lambda ns: max(ns) >= 0))
    used = sorted({number for number in numbers if number >= 0})
    return np.array([used.index(n) if n >= 0 else NOWHERE for n in numbers]), len(used)


@given(index_maps(), index_maps(), st.data())
@settings(max_examples=80, deadline=None)
def test_every_answer_is_a_part_of_the_matrix_that_the_maps_define(
    queries: tuple[np.ndarray, int], keys: tuple[np.ndarray, int], data: st.DataObject
) -> None:
    (down, rows), (across, columns) = queries, keys
    weights = torch.rand(3, len(down), len(across), generator=torch.Generator().manual_seed(len(down)))
    weights = (weights * 5).softmax(-1)
    layer = MappedLayer(Dense(weights), IndexMap(down, plain(rows)), IndexMap(across, plain(columns)))
    assert isinstance(layer, AttentionLayer)
    take = (down == np.arange(rows)[:, None]) / np.bincount(down[down >= 0])[:, None]
    add = across[:, None] == np.arange(columns)
    whole = take @ weights.numpy() @ add  # means over queries, sums over keys

    picked = np.array(data.draw(st.lists(st.integers(0, rows - 1), min_size=1, max_size=3)))
    looked_at = np.array(data.draw(st.lists(st.integers(0, columns - 1), min_size=1, max_size=3)))
    np.testing.assert_allclose(layer.rows(picked)[1], whole[:, picked].mean(1), atol=1e-6)
    np.testing.assert_allclose(layer.rows(int(picked[0]))[1], whole[:, picked[0]], atol=1e-6)
    fused = {0: whole[0], 2: whole[2], "mean": whole.mean(0), "max": whole.max(0), "min": whole.min(0)}
    for head, matrix in fused.items():
        np.testing.assert_allclose(layer.matrix(head), matrix, atol=1e-6)
        np.testing.assert_allclose(layer.row(head, picked)[1], matrix[picked].mean(0), atol=1e-6)
        np.testing.assert_allclose(layer.column(head, looked_at)[1], matrix[:, looked_at].mean(1), atol=1e-6)
        np.testing.assert_allclose(layer.block(head, rows // 2, rows).numpy(), matrix[rows // 2 :], atol=1e-6)
        np.testing.assert_allclose(layer.group(head, 0)[2], matrix, atol=1e-6)
    np.testing.assert_allclose(layer.block(None, rows // 2, rows).numpy(), whole[:, rows // 2 :], atol=1e-6)
    np.testing.assert_allclose(layer.thumbnail(12), whole, atol=1e-6)
    np.testing.assert_allclose(layer.thumbnail(2).mean((1, 2)), whole.mean((1, 2)), atol=1e-6)


def test_what_lies_elsewhere_is_the_mean_over_the_parts() -> None:
    below, share = Dense(torch.rand(2, 4, 4)), np.array([[0.1, 0.2, 0.3, 0.4], [0.5, 0.1, 0.1, 0.1]])
    below.elsewhere = lambda head, queries: {"sink": share[head, queries]}
    queries, keys = IndexMap(np.array([0, 0, NOWHERE, 1]), plain(2)), IndexMap(np.arange(4), plain(4))
    layer = MappedLayer(below, queries, keys)
    np.testing.assert_allclose(layer.elsewhere(0, np.array([1, 0]))["sink"], [0.4, 0.15])
    np.testing.assert_allclose(layer.elsewhere("max", np.array([0, 1]))["sink"], [0.3, 0.4])


@pytest.fixture(params=["text", "picture"])
def seen(request: pytest.FixtureRequest) -> Trace:
    tokens = text_tokens("a", "great", "serve") if request.param == "text" else patch_tokens()
    return trace_of(tokens, artifacts=np.array([2]))


def test_without_special_tokens_every_answer_is_a_part_of_the_whole(seen: Trace) -> None:
    hidden = mapped(seen, hide_special=True)
    kept = np.flatnonzero(~seen.tokens.special)
    layer, whole = hidden.layers[1], seen.layers[1].weights[:, kept][:, :, kept]
    np.testing.assert_array_equal(layer.matrix(1), whole[1])
    np.testing.assert_allclose(layer.row("max", [0, 2])[1], whole.max(0)[[0, 2]].mean(0), rtol=1e-6)
    assert hidden.readout is None
    assert hidden.tokens.labels == tuple(seen.tokens.labels[i] for i in kept)
    assert [hidden.tokens.place(i) for i in range(len(kept))] == [seen.tokens.place(int(i)) for i in kept]
    assert hidden.artifacts.tolist() == [1]
    assert hidden.tokens.find(Special("[CLS]", 0)).tolist() == []
    assert mapped(hidden, hide_special=True) is hidden


def test_words_without_special_tokens_are_both_at_once() -> None:
    tokens = text([-1, 0, 0, 1, -1])
    both = mapped(trace(tokens, artifacts=np.array([3, 0, 1])), whole_words=True, hide_special=True)
    assert both.artifacts.tolist() == [1, 0]
    words = mapped(trace(tokens), whole_words=True)
    np.testing.assert_allclose(both.layers[0].matrix("max"), words.layers[0].matrix("max")[1:-1, 1:-1])
    assert both.tokens.spans.tolist() == [[3, 9], [9, 12]]


@given(st.integers(0, 4), st.booleans(), st.booleans())
@settings(max_examples=20, deadline=None)
def test_at_a_step_of_what_was_written_there_is_what_a_pass_over_that_much_sees(
    step: int, whole_words: bool, hide_special: bool
) -> None:
    tokens = text([-1, 0, 1, 1, 2, -1])
    n, first = len(tokens), 2
    weights = torch.rand(1, 2, n, n, generator=torch.Generator().manual_seed(0))
    weights = weights.masked_fill(torch.ones(n, n).triu(1) > 0, -torch.inf).softmax(-1)

    def over(stop: int) -> Trace:
        part = tokens.only(np.arange(stop))
        layer = RecordedLayer(GivenCall("layer", "self", weights[..., :stop, :stop]), part, part)
        written = Written(first, (0,) * (n - first), "", np.empty(0), "length", Writing(), ())
        return Trace(CARD, (layer,), {INPUT: part}, {}, stop - 1, 0.0, "cpu", written=written)

    found = mapped(over(n), whole_words, hide_special, step)
    wanted = mapped(over(first + step), whole_words, hide_special)
    assert (found.tokens.labels, found.readout) == (wanted.tokens.labels, wanted.readout)
    assert found.tokens.spans.tolist() == wanted.tokens.spans.tolist()
    np.testing.assert_allclose(found.layers[0].matrix(1), wanted.layers[0].matrix(1), atol=1e-6)


def test_the_trace_s_indices_follow_their_tokens() -> None:
    tokens = text([0, 0, -1, 1, 1, 1])
    before = trace(tokens, artifacts=np.array([1, 3, 4]))
    after = mapped(before, whole_words=True)
    assert after.readout == 0
    assert after.artifacts.tolist() == [0, 2]
    assert after.layers[0].queries is after.layers[0].keys is after.tokens
    assert after.layers[0].check() == before.layers[0].check()
    assert after.layers[0].elsewhere("mean", 0) == {}
    assert mapped(Trace(CARD, (), {INPUT: tokens}, {}, 4, 0.0, "cpu"), whole_words=True).readout == 2
    assert mapped(Trace(CARD, (), {INPUT: tokens}, {}, None, 0.0, "cpu"), whole_words=True).readout is None


@pytest.mark.parametrize("tokens", [text([-1, 0, 1, -1]), PatchTokens(("p",) * 4, np.zeros(4, bool), (2, 2))])
def test_a_trace_without_subwords_is_itself(tokens: TextTokens | PatchTokens) -> None:
    before = trace(tokens)
    assert mapped(before, whole_words=True) is before
    assert mapped(mapped(trace(text([0, 0])), True), True).tokens.labels == ("xxxxxx",)


def test_all_tokens_at_several_places_are_found_once_and_in_order():
    tokens = text_tokens("a", "great", "serve")
    places = [CharSpan(8, 13), CharSpan(0, 9), Special("[SEP]", 1)]
    assert tokens.find_all(places).tolist() == [1, 2, 3, 4]
    assert tokens.find_all([]).tolist() == []
    assert patch_tokens().find_all([Box(0, 0, 30, 10), Box(20, 0, 30, 20)]).tolist() == [1, 2, 3, 6]
