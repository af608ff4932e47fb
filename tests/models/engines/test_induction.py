"""The model that is built by hand: its two heads are what they are said to be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import NextTokens
from headlight.models.engines.language import LanguageEngine

WORDS = ("the", "cat", "Keeper", "lamp", "Zürich", ",", "and", "of", "7")


@pytest.fixture(scope="module")
def engine() -> LanguageEngine:
    return LanguageEngine.open(find("induction"), "cpu")


def said(ids: np.ndarray) -> np.ndarray:
    """float (2, n, n): what stands in the notice of the two heads."""
    before, same = np.zeros((2, len(ids), len(ids)))
    for query in range(len(ids)):
        before[query, max(query - 1, 0)] = 1
        found = [key for key in range(1, query + 1) if ids[key - 1] == ids[query]] or [0]
        same[query, found] = 1 / len(found)
    return np.stack([before, same])


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=60))
def test_its_heads_are_a_previous_token_head_and_an_induction_head(engine, words):
    trace = engine.run(" ".join(words))
    weights = np.stack([layer.matrix(0) for layer in trace.layers])
    np.testing.assert_allclose(weights, said(trace.inputs["input_ids"]), atol=3e-6)
    assert {layer.stack for layer in trace.layers} == {"decoder"}
    assert all(layer.check() < 1e-5 for layer in trace.layers)


def test_it_reads_as_far_as_it_says_and_is_marked(engine):
    trace = engine.run("a b c d e f g " * 200)
    assert len(trace.tokens) == 1024
    weights = np.stack([layer.matrix(0) for layer in trace.layers])
    np.testing.assert_allclose(weights, said(trace.inputs["input_ids"]), atol=3e-6)
    assert (trace.model.mark, trace.model.untrained) == ("built by hand", False)


def test_it_goes_on_as_before_and_else_ends(engine):
    answer = engine.run("Mrs Abernathy lit the lamp. Then Mrs").answer(NextTokens)
    assert answer.names[-1][0] == "Abernathy"
    assert answer.probabilities[-1, 0] > 0.999
    assert answer.names[1][0] == "<s>"  # nothing follows the first “Mrs” yet
    assert answer.given[1] < 0.01
