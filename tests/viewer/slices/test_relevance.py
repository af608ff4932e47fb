"""What a method says of the input: each of the registry's, and ones that a stranger adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headlight.models.attention.mapped import mapped
from headlight.models.core.relevance import Relevance
from headlight.models.explain.norms import normed
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.explain.relevance import relevance_map, weighted
from headlight.viewer.slices.head_maps import head_maps
from headlight.viewer.slices.maps import attention_map, matrix_map
from tests.viewer.given import method, text_tokens, trace_of

NORMS = np.array([[5.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0]], np.float32)


def asking(*places, **settings) -> View:
    return View(Selection(queries=places), MapSettings(**settings), RolloutQuery(bool(places)))


@pytest.fixture
def trace():
    tokens = replace(
        text_tokens("dj", "##oko", "won"), words=np.array([-1, 0, 0, 1, -1]), sources=("dj oko won",)
    )
    trace = trace_of(tokens)
    for layer in trace.layers:
        layer.value_norms = lambda: NORMS
    return trace


def test_norms_are_weights_times_lengths_and_words_get_their_sum(trace):
    place, weights = trace.tokens.place(2), trace.layers[1].weights[0]
    found = relevance_map(trace, asking(place), method("norms"), (1, 0))
    np.testing.assert_allclose(found.values, weights[2] * NORMS[0], rtol=1e-6)
    assert (found.what, found.unit, found.at, found.shares) == ("norms", "length", (1, 0), False)
    assert found.numbers.entropy is None
    words = relevance_map(trace, asking(place, whole_words=True), method("norms"), (1, 0)).values
    two = (weights[1:3] * NORMS[0]).mean(0)
    np.testing.assert_allclose(words, [two[0], two[1] + two[2], two[3], two[4]], rtol=1e-5)


def test_the_matrix_and_the_head_grid_are_of_the_same_method(trace):
    seen, view = weighted(trace, method("norms")), asking(heads="max", percentile=100.0, leave_out=False)
    norms = trace.layers[0].weights * NORMS[:, None]
    np.testing.assert_allclose(matrix_map(seen, view).values, norms.max(0), rtol=1e-6)
    assert head_maps(seen, view).scales[0][0].high == pytest.approx(norms[0].max())
    assert [layer.name for layer in seen.layers] == [layer.name for layer in normed(trace).layers]
    assert weighted(trace, method("attention")) is trace


def test_attention_and_rollout_are_what_they_are_without_a_registry(trace):
    place = trace.tokens.place(3)
    found = relevance_map(trace, asking(place), method("attention"), (1, "mean"))
    np.testing.assert_array_equal(found.values, attention_map(trace, asking(place), 1, "mean").values)
    assert (found.what, found.shares) == ("", True)
    row = rollout_row(trace.layers, 3)
    rolled = relevance_map(trace, asking(place), method("rollout"), (0, 0))
    np.testing.assert_array_equal(rolled.values, row)
    assert (rolled.what, rolled.at, rolled.numbers.entropy) == ("rollout", None, pytest.approx(1.5, abs=0.2))
    words = relevance_map(trace, asking(place, whole_words=True), method("rollout"), (0, 0))
    np.testing.assert_allclose(words.values, [row[0], row[1] + row[2], row[3], row[4]], rtol=1e-6)
    assert len(words.tokens) == len(mapped(trace, True, False).tokens)


def test_a_column_is_no_distribution_even_where_it_sums_to_1(trace):
    trace.layers[0].weights[0] = np.eye(5)
    place = trace.tokens.place(3)
    row = relevance_map(trace, asking(place), method("attention"), (0, 0))
    column = relevance_map(trace, asking(place, incoming=True), method("attention"), (0, 0))
    np.testing.assert_array_equal(row.values, column.values)
    assert (row.is_distribution, column.is_distribution) == (True, False)
    assert isinstance(row, Relevance)
