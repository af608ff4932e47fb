"""Hidden special tokens: every answer is a part of the layer's own, and nothing is rescaled."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.attention.hide import hide_special
from headlight.models.attention.merge import merge_words
from headlight.models.core.tokens import Box, CharSpan, Special
from tests.viewer.given import patch_tokens, text_tokens, trace_of


@pytest.fixture(params=["text", "picture"])
def trace(request):
    tokens = text_tokens("a", "great", "serve") if request.param == "text" else patch_tokens()
    return trace_of(tokens, artifacts=np.array([2]))


def test_every_answer_is_a_part_of_the_whole(trace):
    hidden = hide_special(trace)
    kept = np.flatnonzero(~trace.tokens.special)
    layer, whole = hidden.layers[1], trace.layers[1].weights[:, kept][:, :, kept]
    np.testing.assert_array_equal(layer.matrix(1), whole[1])
    np.testing.assert_allclose(layer.matrix("mean"), whole.mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.rows(2)[1], whole[:, 2], rtol=1e-6)
    np.testing.assert_allclose(layer.row("max", [0, 2])[1], whole.max(0)[[0, 2]].mean(0), rtol=1e-6)
    np.testing.assert_allclose(layer.column(0, 1)[1], whole[0, :, 1], rtol=1e-6)
    np.testing.assert_allclose(layer.thumbnail(2).mean((1, 2)), whole.mean((1, 2)), rtol=1e-5)
    assert layer.check() == trace.layers[1].check()


def test_tokens_keep_their_places_and_the_readout_is_gone(trace):
    hidden = hide_special(trace)
    kept = np.flatnonzero(~trace.tokens.special)
    assert hidden.readout is None
    assert hidden.tokens.labels == tuple(trace.tokens.labels[i] for i in kept)
    assert [hidden.tokens.place(i) for i in range(len(kept))] == [trace.tokens.place(int(i)) for i in kept]
    assert hidden.artifacts.tolist() == [1]
    assert hidden.tokens.find(Special("[CLS]", 0)).tolist() == []


def test_where_nothing_is_special_nothing_changes():
    hidden = hide_special(trace_of(patch_tokens()))
    assert hide_special(hidden) is hidden


def test_hiding_follows_merging():
    tokens = text_tokens("dj", "##oko", "won")
    merged = merge_words(trace_of(tokens))
    assert merged.tokens.labels == ("[CLS]", "dj", "##oko", "won", "[SEP]")  # three words of one token each
    assert hide_special(merged).tokens.labels == ("dj", "##oko", "won")


def test_all_tokens_at_several_places_are_found_once_and_in_order():
    tokens = text_tokens("a", "great", "serve")
    places = [CharSpan(8, 13), CharSpan(0, 9), Special("[SEP]", 1)]
    assert tokens.find_all(places).tolist() == [1, 2, 3, 4]
    assert tokens.find_all([]).tolist() == []
    assert patch_tokens().find_all([Box(0, 0, 30, 10), Box(20, 0, 30, 20)]).tolist() == [1, 2, 3, 6]
