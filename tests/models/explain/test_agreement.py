"""Rank correlations beside scipy's."""

import numpy as np
from scipy.stats import spearmanr

from headlight.models.explain.agreement import disagreement, rank_correlations, ranks, special_shares


def test_correlations_are_spearmans_ties_and_all():
    values = np.random.default_rng(0).integers(0, 4, (3, 30)).astype(float)
    np.testing.assert_allclose(rank_correlations(values), spearmanr(values, axis=1).statistic, atol=1e-6)
    assert np.isnan(rank_correlations(np.array([[1.0, 2.0], [3.0, 3.0]]))[0, 1])


def test_shares_are_of_sizes():
    values = np.array([[1.0, -3.0, 4.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(special_shares(values, np.array([False, True, False])), [3 / 8, 0])


def test_ranks_reach_from_0_to_1_and_disagreement_is_their_deviation():
    values = np.array([[5.0, -2.0, 7.0, 7.0], [1.0, 1.0, 1.0, 1.0]])
    np.testing.assert_allclose(ranks(values), [[1 / 3, 0, 5 / 6, 5 / 6], [0.5] * 4], rtol=1e-6)
    opposed = np.array([[0.0, 1.0, 2.0], [0.0, -1.0, -2.0]])
    np.testing.assert_allclose(disagreement(opposed), [0.5, 0, 0.5])
    assert (disagreement(np.array([[0.0, 1.0], [3.0, 30.0]])) == 0).all()
