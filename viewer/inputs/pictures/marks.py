"""Numbers that stand in files where nothing was measured: -9999 and its kin."""

from __future__ import annotations

import numpy as np

_KNOWN = frozenset(
    float(np.float32(mark))
    for mark in (
        *(-999.0, -9999.0, -99999.0, -999999.0, -9999999.0, 9999.0, 99999.0, 999999.0, 9999999.0),
        *(-32768.0, -32767.0, -2147483648.0, -1e30, 1e30, -1e38, 1e38),
        *(-3.4028234663852886e38, 3.4028234663852886e38),
    )
)
"""As rasters, grids and surveys mark it, with 32 bits: nines, the least or greatest number of a type."""


def marked(values: np.ndarray, said: float | None = None) -> np.ndarray | None:
    """bool, as `values`: where they hold a mark rather than a measured number; None where none does.

    A known mark counts only if it stands as far from all other numbers as these reach. said: the file's own
    mark, which counts anywhere.
    """
    if said is None and values.size:
        ends = values.min(), values.max()  # no numbers where any value is none
        if all(np.isfinite(end) and float(np.float32(end)) not in _KNOWN for end in ends):
            return None
    where = np.zeros(values.shape, bool)
    if said is not None and np.isfinite(said):
        where |= np.isclose(values, said, rtol=1e-6, atol=0)
    for extreme in (np.min, np.max):
        rest = values[~where & np.isfinite(values)]
        if not rest.size:
            break
        end = extreme(rest)
        if float(np.float32(end)) not in _KNOWN:
            continue
        others = rest[rest != end].astype(np.float64)
        if len(others) and np.abs(others - float(end)).min() > np.ptp(others):
            where |= values == end
    return where if where.any() else None
