"""How far methods agree on what matters."""

from __future__ import annotations

import numpy as np


def rank_correlations(values: np.ndarray) -> np.ndarray:
    """float (m, n), what m methods say of n tokens → float32 (m, m): Spearman's ρ of each two, equal values
    sharing the mean of their ranks; NaN beside one that says the same of all tokens."""
    ranks = _ranked(values)
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


def ranks(values: np.ndarray) -> np.ndarray:
    """float (m, n) → float32 (m, n): where each value stands in the order of its row, from 0, the smallest,
    to 1; equal ones share the mean of their places, and all of a row that says the same of all have ½."""
    count = values.shape[1]
    return ((_ranked(values) - 1) / (count - 1) if count > 1 else np.full(values.shape, 0.5)).astype(
        np.float32
    )


def disagreement(values: np.ndarray) -> np.ndarray:
    """float (m, n) → float32 (n,): the standard deviation over methods of the `ranks` of a token, 0 where all
    give it the same place and ½ where one half puts it first and the other last."""
    return ranks(values).std(0, dtype=np.float64).astype(np.float32)


def _ranked(values: np.ndarray) -> np.ndarray:
    """float64, from 1."""
    from scipy.stats import rankdata

    return rankdata(values, axis=1).astype(np.float64)
