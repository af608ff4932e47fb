"""Rank correlations beside scipy's."""

import numpy as np
from scipy.stats import spearmanr

from headlight.models.explain.agreement import rank_correlations, special_shares


def test_correlations_are_spearmans_ties_and_all():
    values = np.random.default_rng(0).integers(0, 4, (3, 30)).astype(float)
    np.testing.assert_allclose(rank_correlations(values), spearmanr(values, axis=1).statistic, atol=1e-6)
    assert np.isnan(rank_correlations(np.array([[1.0, 2.0], [3.0, 3.0]]))[0, 1])


def test_shares_are_of_sizes():
    values = np.array([[1.0, -3.0, 4.0], [0.0, 0.0, 0.0]])
    np.testing.assert_allclose(special_shares(values, np.array([False, True, False])), [3 / 8, 0])
