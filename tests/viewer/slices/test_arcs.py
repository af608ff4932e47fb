"""Arcs: of each row the fewest keys that hold a share of it, as by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headlight.models.attention.statistics import mass_mask
from headlight.models.core.errors import HeadlightError
from headlight.viewer.session.view import ArcsSettings, MapSettings
from headlight.viewer.slices.language.arcs import MOST, arcs, strongest
from tests.viewer.given import text_tokens, trace_of

SHAPES = st.tuples(st.integers(1, 4), st.integers(1, 6))
LEVELS = st.sampled_from([0.0, 0.125, 0.25, 0.3, 0.5, 1.0])


@given(SHAPES.flatmap(lambda shape: arrays(np.float32, shape, elements=LEVELS)), st.floats(0.05, 1))
def test_each_row_keeps_the_fewest_that_hold_the_mass(weights, mass):
    kept = strongest(weights, mass)
    for row, mask in zip(weights, kept, strict=True):
        assert np.array_equal(mask & (row > 0), mask_of(row, mass))


def mask_of(row, mass):
    return mass_mask(row, mass) & (row > 0)


def test_arcs_are_sorted_and_hold_their_mass_of_every_token_and_head():
    trace = trace_of(text_tokens("a", "great", "serve"), heads=3)
    found = arcs(trace, 1, ArcsSettings(0.6, (2, 0)), MapSettings())
    assert (np.diff(found.weight) <= 0).all()
    assert set(found.head.tolist()) == {0, 2} == set(found.heads)
    for head in (0, 2):
        matrix = trace.layers[1].matrix(head)
        for query, row in enumerate(matrix):
            of = (found.head == head) & (found.query == query)
            assert set(found.key[of].tolist()) == set(np.flatnonzero(mask_of(row, 0.6)).tolist())
            np.testing.assert_array_equal(found.weight[of], row[found.key[of]])
    alone = arcs(trace, 1, ArcsSettings(1.0), MapSettings(hide_special=True))
    assert len(alone.queries) == 3
    assert len(alone) == 3 * 9
    assert found.of(key=1).tolist() == [at for at in range(len(found)) if found.key[at] == 1]


def test_too_many_tokens_are_refused_in_words():
    trace = trace_of(text_tokens(*["a"] * MOST), layers=1, heads=1)
    with pytest.raises(HeadlightError, match="up to 1,024"):
        arcs(trace, 0, ArcsSettings(), MapSettings())
