"""Relevance, whatever it is over, and how shares are written."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headlight.models.core.relevance import Relevance, percent
from headlight.models.core.tokens import PointTokens

THREE = PointTokens.of(np.zeros((3, 3), np.float32))


def test_values_are_of_all_tokens_or_of_a_picture():
    assert Relevance(values=np.zeros((2, 4), np.float32)).tokens is None
    assert Relevance(values=np.zeros(3, np.float32), tokens=THREE).at is None
    for wrong in (np.zeros(2), np.zeros((3, 1))):
        with pytest.raises(ValueError, match="are not those of 3 tokens"):
            Relevance(values=wrong, tokens=THREE)
    with pytest.raises(ValueError, match="are not those of a picture"):
        Relevance(values=np.zeros(3))
    with pytest.raises(ValueError, match="is not of the values"):
        Relevance(values=np.zeros(3), tokens=THREE, seen=np.ones(2, bool))


def test_steps_are_counted_and_shares_are_not():
    assert Relevance(values=np.array([0, 2, -1], np.int16), tokens=THREE).counts
    assert not Relevance(values=np.ones(3, np.float32), tokens=THREE).counts


@given(arrays(np.float32, 3, elements=st.floats(0.0078125, 1, width=32)))
def test_shares_of_one_whole_are_a_distribution_and_lengths_never(values):
    values = values / values.sum()
    for shares in (True, False):
        found = Relevance(values=values, tokens=THREE, shares=shares)
        assert found.is_distribution == shares
        assert found.total == pytest.approx(1, abs=1e-6)
    assert not Relevance(values=values / 2, tokens=THREE).is_distribution


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "0 %"),
        (0.0004, "< 0.1 %"),
        (0.004, "0.4 %"),
        (0.0994, "9.9 %"),
        (0.0996, "10 %"),
        (1.0, "100 %"),
    ],
)
def test_a_share_is_written_with_the_figures_that_count(share, said):
    assert percent(share) == said
