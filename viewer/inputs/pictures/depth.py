"""Samples of any depth → 8 bits a channel: full scale where one is agreed, else stretched, and said."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from headlight.viewer.inputs.pictures.marks import marked

_PART = 1 << 20
"""Samples that are converted at a time."""
_DARK = 4
"""A picture that leaves this many times its range unused would be shown all but black."""


@dataclass
class Samples:
    """A picture as its file stores it.

    values: (h, w, channels) of any real type, the colours alone. mode: Pillow's name of what they mean: L,
    RGB, CMYK or LAB. white: what full scale is, or None where none is agreed. missing: the number that the
    file says stands for none. alpha: uint8 (h, w) or None.
    """

    values: np.ndarray
    mode: str
    white: float | None
    alpha: np.ndarray | None = None
    premultiplied: bool = False
    profile: bytes | None = None
    orientation: int = 1
    missing: float | None = None


@dataclass(frozen=True)
class Scale:
    """Which values are shown black and white."""

    black: float
    white: float

    def bytes8(self, values: np.ndarray) -> np.ndarray:
        """uint8 of the same shape; what is no number is black."""
        if values.dtype in (np.uint8, np.uint16):
            every = np.arange(np.iinfo(values.dtype).max + 1, dtype=np.float64)
            return self._mapped(every)[values]
        with np.errstate(invalid="ignore"):  # of a NaN that signals
            part = values.astype(np.float64)
        finite = np.isfinite(part)
        part[~finite] = self.black
        return self._mapped(part)

    def _mapped(self, values: np.ndarray) -> np.ndarray:
        span = (self.white - self.black) or 1.0
        if not np.isfinite(span):  # numbers so far apart that their difference is none
            return Scale(self.black / 2, self.white / 2)._mapped(values / 2)
        return np.rint(((values - self.black) / span).clip(0, 1) * 255).astype(np.uint8)


def scale_of(samples: Samples, name: str) -> tuple[Scale, tuple[str, ...]]:
    """How to show them, and what the user should know about it. One scale for all channels.

    Where nothing was measured, `samples` has NaN afterwards.
    """
    low, high, missing = _range(samples.values)
    if samples.white is None and (where := marked(samples.values, samples.missing)) is not None:
        # What is no number is passed over from here on.
        samples.values = np.where(where, np.nan, samples.values.astype(np.float32))
        low, high, missing = _range(samples.values)
    notices = []
    if missing:
        notices.append(f"{name} has {missing:,} pixels without a number: they are shown black.")
    if samples.white is not None:
        if not 0 < high * _DARK <= samples.white or samples.mode not in ("L", "RGB"):
            return Scale(0.0, samples.white), tuple(notices)
        white = float(2 ** int(high).bit_length() - 1)
        notices.append(
            f"{name} has no value above {high:,.0f} of {samples.white:,.0f}: {white:,.0f} is shown white."
        )
        return Scale(0.0, white), tuple(notices)
    if low >= 0 and high <= 1 and not 0 < high * _DARK < 1:
        return Scale(0.0, 1.0), tuple(notices)
    told = f"{name} holds values from {low:.6g} to {high:.6g}"
    bulk_low, bulk_high = _bulk(samples.values)
    if 0 < (bulk_high - bulk_low) * _DARK < high - low:
        if bulk_low >= 0 and bulk_high <= 1 < bulk_high * _DARK:
            bulk_low, bulk_high = 0.0, 1.0
        notices.append(f"{told}: {bulk_low:.6g} is shown black and {bulk_high:.6g} white.")
        return Scale(bulk_low, bulk_high), tuple(notices)
    notices.append(f"{told}: they are shown black to white.")
    return Scale(low, high), tuple(notices)


def parts(values: np.ndarray) -> Iterator[np.ndarray]:
    """The rows, so many at a time that no part is large."""
    step = max(1, _PART // max(1, int(np.prod(values.shape[1:]))))
    for start in range(0, len(values), step):
        yield values[start : start + step]


def _range(values: np.ndarray) -> tuple[float, float, int]:
    """(least, greatest, pixels without a number): 0 to 0 where there is no number at all."""
    if values.dtype.kind in "bui":
        return float(values.min()), float(values.max()), 0
    low, high, missing = np.inf, -np.inf, 0
    for part in parts(values):
        finite = np.isfinite(part)
        missing += int((~finite).any(axis=-1).sum())
        if finite.any():
            low = min(low, float(part.min(where=finite, initial=np.inf)))
            high = max(high, float(part.max(where=finite, initial=-np.inf)))
    return (low, high, missing) if low <= high else (0.0, 0.0, missing)


def _bulk(values: np.ndarray) -> tuple[float, float]:
    """Between which values all but one in 200 lie at either end, by a sample of the pixels."""
    step = max(1, int(np.sqrt(values.shape[0] * values.shape[1] / _PART)))
    with np.errstate(invalid="ignore"):
        some = values[::step, ::step].astype(np.float64)
    low, high = np.percentile(some[np.isfinite(some)], (0.5, 99.5))
    return float(low), float(high)
