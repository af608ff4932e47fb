"""What a method says of the input: each of the registry's, and ones that a stranger adds."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import headlight.viewer.builtin  # noqa: F401  (the methods there are)
from headlight.viewer.registry import REGISTRY, Method
from headlight.viewer.session.selecting import method_of
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.maps import Picture, attention_map, rollout_map
from headlight.viewer.slices.relevance import input_map
from tests.viewer.given import patch_tokens, text_tokens, trace_of

NORMS = np.array([[5.0, 1.0, 2.0, 3.0, 4.0], [1.0, 1.0, 1.0, 1.0, 1.0]], np.float32)


def by(method: str, *places, **settings) -> View:
    return View(Selection(queries=places), MapSettings(method=method, **settings), RolloutQuery(bool(places)))


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
    found = input_map(trace, by("norms", place), (1, 0))
    np.testing.assert_allclose(found.values, weights[2] * NORMS[0], rtol=1e-6)
    assert (found.what, found.at) == ("norms", (1, 0))
    words = input_map(trace, by("norms", place, whole_words=True), (1, 0)).values
    two = (weights[1:3] * NORMS[0]).mean(0)
    np.testing.assert_allclose(words, [two[0], two[1] + two[2], two[3], two[4]], rtol=1e-5)
    assert input_map(trace, by("norms", place), (1, 0)).numbers.no_entropy


def test_attention_and_rollout_are_what_they_are_without_a_registry(trace):
    place = trace.tokens.place(3)
    found = input_map(trace, by("attention", place), (1, "mean"))
    np.testing.assert_array_equal(
        found.values, attention_map(trace, by("attention", place), 1, "mean").values
    )
    assert found.what == ""
    np.testing.assert_array_equal(
        input_map(trace, by("rollout", place), (0, 0)).values, rollout_map(trace, by("rollout", place)).values
    )


def reversed_layers(trace):
    return replace(trace, layers=trace.layers[::-1])


def one_for_the_first(trace, queries, task):
    return (np.arange(len(trace.tokens)) == queries[0]).astype(np.float32)


def checkered(trace, task):
    return np.indices((4, 6)).sum(0).astype(np.float32) % 2


def test_a_stranger_s_method_is_one_function_and_one_line(monkeypatch):
    with monkeypatch.context() as patched:
        patched.setitem(REGISTRY._entries, Method, dict(REGISTRY.all(Method)))
        REGISTRY.add(
            Method("turned", "Turned", "turned layers", f"{__name__}:reversed_layers", "head"),
            Method("first", "First", "the first", f"{__name__}:one_for_the_first", "layers"),
            Method("checkered", "Checkered", "a board", f"{__name__}:checkered", "picture"),
        )
        trace = trace_of(patch_tokens())
        place = trace.tokens.place(2)
        turned = input_map(trace, by("turned", place), (0, 1))
        np.testing.assert_array_equal(turned.values, trace.layers[1].weights[1, 2])
        first = input_map(trace, by("first", place), (0, 0))
        assert (first.values.tolist(), first.what, first.at) == ([0, 0, 1, 0, 0, 0, 0], "first", None)
        picture = input_map(trace, by("checkered"), (0, 0))
        assert isinstance(picture, Picture)
        assert picture.levels.max() == 255
        assert method_of(by("first")).id == "first"
    assert method_of(by("first")).id == "attention"  # its plugin is gone
