"""The same word in different company: what belongs together, by hand, and vectors against a plain pass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import NOWHERE
from headlight.models.core.tokens import OUTPUT, CharSpan, TextTokens
from headlight.models.explain.company import aligned, aligned_layers, cosines, over_units
from headlight.models.explain.words import found_word
from headlight.viewer.host.engines import open_engine


def cut(text: str, *edges: int, cls: bool = True) -> TextTokens:
    """Tokens that end at these characters (and at the last one), [CLS] before them."""
    stops = [*edges, len(text)]
    spans = list(zip([0, *edges], stops, strict=True))
    words = [text[:start].rstrip().count(" ") + (text[start : start + 1] == " ") for start, _ in spans]
    before = [(0, 0)] if cls else []
    return TextTokens(
        (*(["[CLS]"] * cls), *(text[a:b] for a, b in spans)),
        np.array([*([True] * cls), *([False] * len(spans))]),
        np.array([*before, *spans]),
        np.array([*([-1] * cls), *words]),
        np.zeros(len(spans) + cls, int),
        sources=(text,),
    )


def test_words_of_two_texts_are_matched_in_order_and_the_rest_is_left_out():
    first, second = cut("a big cat sat", 1, 5, 7, 9), cut("the Cat sat", 3, 7)
    maps = aligned(first, second)
    assert [*maps[0].tokens.labels] == ["[CLS]", "cat", "sat"]
    assert maps[0].of.tolist() == [0, NOWHERE, NOWHERE, 1, 1, 2]  # " c" + "at", as its tokenizer cuts it
    assert maps[1].of.tolist() == [0, NOWHERE, 1, 2]
    assert found_word(second, "cat") == CharSpan(4, 7)
    with pytest.raises(HeadlightError, match="no word of “the Cat sat”"):
        found_word(second, "ca")
    with pytest.raises(HeadlightError, match="no word in common"):
        aligned(cut("one two", 3), cut("three", cls=False))


@given(st.data())
def test_one_text_cut_in_two_ways_is_covered_by_units_that_no_token_cuts(data):
    text = data.draw(st.text("abc ", min_size=2, max_size=12).filter(str.strip))
    edges = st.sets(st.integers(1, len(text) - 1)).map(sorted)
    first, second = cut(text, *data.draw(edges)), cut(text, *data.draw(edges), cls=False)
    maps = aligned(first, second)
    for tokens, of in zip((first, second), maps, strict=True):
        own = of.of[~tokens.special]
        assert (own != NOWHERE).all()
        assert (np.diff(own) >= 0).all()
    assert [*maps[0].tokens.labels] == [*maps[1].tokens.labels]
    both = set(first.spans[1:].ravel().tolist()) & set(second.spans.ravel().tolist())
    assert len(maps[1].tokens) == len(both) - 1  # as fine as both allow


def test_a_difference_is_of_sums_over_keys_and_means_over_queries():
    first, second = cut("ab c", 1, 2, cls=False), cut("ab c", 2, cls=False)
    one = torch.tensor([[0.2, 0.3, 0.5], [0.4, 0.4, 0.2], [0.0, 0.1, 0.9]])
    two = torch.tensor([[0.6, 0.4], [1.0, 0.0]])
    layers = [
        RecordedLayer(GivenCall("x", "self", weights[None, None]), tokens, tokens)
        for weights, tokens in ((one, first), (two, second))
    ]
    maps = aligned(first, second)
    here, there = (over_units(layer, units, units, 0) for layer, units in zip(layers, maps, strict=True))
    found = here - there
    np.testing.assert_allclose(found, [[0.65 - 0.6, 0.35 - 0.4], [0.1 - 1.0, 0.9]], atol=1e-6)
    np.testing.assert_allclose(found.sum(1), 0, atol=1e-6)  # nothing was left out


def test_units_of_queries_and_of_keys_are_found_apart():
    written, read = replace(cut("x y", 1, cls=False), stream=OUTPUT), cut("a b c", 1, 3, cls=False)
    other = replace(cut("y", cls=False), stream=OUTPUT), cut("c a", 1, cls=False)
    cross = torch.tensor([[0.1, 0.2, 0.7], [0.3, 0.6, 0.1]])
    first = RecordedLayer(GivenCall("x", "cross", cross[None, None]), written, read)
    second = RecordedLayer(GivenCall("x", "cross", torch.tensor([[0.8, 0.2]])[None, None]), *other)
    down, across = aligned_layers(first, second)
    assert ([*down[0].tokens.labels], [*across[0].tokens.labels]) == (["y"], ["a"])
    assert found_word(written, "y") == CharSpan(2, 3, stream=OUTPUT) == down[0].tokens.place(0)
    np.testing.assert_allclose(over_units(first, down[0], across[0], 0), [[0.3]])
    np.testing.assert_allclose(over_units(second, down[1], across[1], 0), [[0.2]])


def test_cosines_by_hand():
    first = np.array([[[1, 0], [0, 1]], [[3, 4], [3, 4]], [[0, 0], [0, 0]]], np.float32)
    second = np.array([[[2, 2]], [[4, -3]], [[1, 1]]], np.float32)
    found = cosines(first, np.array([0, 1]), second, np.array([0]))
    np.testing.assert_allclose(found, [1, 0, 0], atol=1e-7)
    with pytest.raises(HeadlightError, match="two different models"):
        cosines(first[:2], np.array([0]), second, np.array([0]))


def test_states_are_what_the_model_hands_out_and_company_tells_one_serve_from_another():
    engine = open_engine(None, "text", "cpu")
    texts = (
        "Her serve won the tennis match.",
        "A fast serve is hard to return in tennis.",
        "Serve the salad.",
    )
    traces = [engine.run(text) for text in texts]
    ids = torch.from_numpy(traces[0].inputs["input_ids"])[None]
    with torch.no_grad():
        plain = engine.model(input_ids=ids, output_hidden_states=True).hidden_states
    states = [trace.run.states() for trace in traces]
    np.testing.assert_allclose(states[0], torch.cat(plain).numpy(), atol=1e-5)
    at = [trace.tokens.find(found_word(trace.tokens, "serve")) for trace in traces]
    tennis, salad = (cosines(states[0], at[0], states[n], at[n])[-1] for n in (1, 2))
    assert tennis > 0.9 > 0.7 > salad
