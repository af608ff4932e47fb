"""How far methods agree on what matters."""

from __future__ import annotations

import numpy as np


def rank_correlations(values: np.ndarray) -> np.ndarray:
    """float (m, n), what m methods say of n tokens → float32 (m, m): Spearman's ρ of each two, equal values
    sharing the mean of their ranks; NaN beside one that says the same of all tokens."""
    from scipy.stats import rankdata

    ranks = rankdata(values, axis=1)
    ranks -= ranks.mean(1, keepdims=True)
    lengths = np.sqrt((ranks**2).sum(1))
    both = np.multiply.outer(lengths, lengths)
    found = np.divide(ranks @ ranks.T, both, out=np.full(both.shape, np.nan), where=both > 0)
    return found.astype(np.float32)


def special_shares(values: np.ndarray, special: np.ndarray) -> np.ndarray:
    """float32 (m,): of the sizes of m methods' values (m, n), what lies on tokens without a place."""
    sizes = np.abs(values.astype(np.float64))
    total = sizes.sum(1)
    on_special = sizes[:, special].sum(1)
    return np.divide(on_special, total, out=np.zeros(len(total)), where=total > 0).astype(np.float32)
