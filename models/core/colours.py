"""From weights to colours: a scale that says what it cuts off, levels 0 to 255, and a table of 256 colours.

numpy only, so that it can run off the GUI thread; the levels and the table are what the views paint.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

LOG_FLOOR = 1e-4
"""A logarithmic scale reaches no further down than this share of its top: four decades are told apart."""
LOG_PERCENTILE = 5.0
"""Where a logarithmic scale starts among the values above zero, so that its colours go to what is there."""


DUST = 1e-6
"""What is below this share of the largest value is rounding, in which nothing is to be told apart."""
MANY, SAMPLED = 1 << 20, 1 << 14
"""Values of which a percentile is looked for among a part, and how many are drawn to find that part."""
DIVERGING, MIDDLE = "berlin", 128
"""The colour map of values with a sign, dark at zero as the others are, and the level that zero has."""


@dataclass(frozen=True, slots=True)
class Scale:
    """Values at `low` or less get level 0, at `high` or more level 255.

    log: the levels follow the logarithm. clipped: share (0 to 1) of all values that are above `high`, or
    below a `low` that is a percentile. left_out: the sentence on what took no part in finding `high`.
    """

    low: float
    high: float
    log: bool = False
    clipped: float = 0.0
    left_out: str = ""

    def position(self, value: float) -> float:
        """Where a value lies between the ends, 0 to 1, as `levels` has it."""
        if not self.high > self.low:
            return 0.0
        value = min(max(value, self.low), self.high)
        if self.log:
            return float(np.log(value / self.low) / np.log(self.high / self.low))
        return (value - self.low) / (self.high - self.low)

    def marks(self) -> tuple[float, ...]:
        """What stands between the ends: powers of ten within a logarithmic scale, zero in one about it."""
        if not self.log:
            return (0.0,) if self.low < 0 < self.high else ()
        if not self.high > self.low > 0:
            return ()
        first, last = np.ceil(np.log10(self.low) - 1e-9), np.floor(np.log10(self.high) + 1e-9)
        return tuple(float(10.0**power) for power in np.arange(first, last + 1))


def scale_of(
    values: np.ndarray,
    percentile: float = 99.5,
    log: bool = False,
    leave_out: np.ndarray | None = None,
    floor: float | None = None,
) -> Scale:
    """The scale of `values` (any shape, any real type; what is not finite is passed over).

    `high` is the nearest-rank percentile of the values kept, or the largest if that percentile is no more
    than `low`; `low` is 0, or the smallest value where there are negative ones. A logarithmic scale starts at
    LOG_PERCENTILE of the values above zero, but not below LOG_FLOOR · high. Without a value above `low` the
    scale is empty (low = high) and all levels are 0.
    leave_out: bool, broadcast against `values`; True (artifact tokens, say) takes no part in finding the
    ends, yet counts in `clipped`, since it is painted. Where all are True none is left out, nor where all
    else is DUST.
    floor: the percentile at which the scale starts instead, 0 for the smallest value; for maps in which all
    values share a large part, as those of a rollout do.
    """
    if not 0 < percentile <= 100:
        raise ValueError(f"percentile {percentile} is not in (0, 100]")
    values = _real(values)
    kept = _kept(values, leave_out)
    if not len(kept):
        return Scale(0.0, 0.0, log)
    smallest, largest = float(kept.min()), float(kept.max())
    low = min(0.0, smallest)
    high = largest if percentile == 100 else _at_percentile(kept, percentile)
    if high <= low:
        high = max(low, largest)
    if 0 < high < (whole := _largest(values)) * DUST:
        high = whole if largest < whole * DUST else largest
    if log:
        return _logarithmic(values, kept, high, floor)
    beyond = np.count_nonzero(values > high)
    if floor is not None:
        low = max(low, min(_at_percentile(kept, floor), high))
        beyond += np.count_nonzero(values < low)
    return Scale(low, high, False, float(beyond / values.size))


def scale_about_zero(
    values: np.ndarray, percentile: float = 99.5, leave_out: np.ndarray | None = None
) -> Scale:
    """The scale of values with a sign, as far below zero as above: level 128 is zero, for DIVERGING colours.

    percentile, leave_out: as for `scale_of`, of the sizes of the values.
    """
    scale = scale_of(np.abs(values), percentile, leave_out=leave_out)
    return Scale(-scale.high, scale.high, False, scale.clipped)


def scales_of(
    values: np.ndarray, percentile: float, log: bool, leave_out: np.ndarray, floor: float | None
) -> list[Scale]:
    """`scale_of` each of `values` (n, …), all at once. leave_out: bool, of their shape."""
    flat, out = _real(values).reshape(len(values), -1), leave_out.reshape(len(values), -1)
    if log or not flat.size or not np.isfinite(flat.sum(dtype=np.float64)):
        return [
            scale_of(one, percentile, log, left, floor) for one, left in zip(values, leave_out, strict=True)
        ]
    out = out & ~out.all(axis=1, keepdims=True)
    kept = np.where(out, flat.dtype.type(np.inf), flat)
    kept.sort(axis=1)  # what is left out stands at the end
    counts, rows = np.count_nonzero(~out, axis=1), np.arange(len(kept))

    def at(percentile: float) -> np.ndarray:
        return kept[rows, np.maximum(np.ceil(percentile / 100 * counts - 1e-9).astype(int) - 1, 0)]

    low, largest = np.minimum(kept[:, 0], 0), kept[rows, counts - 1]
    high = largest if percentile == 100 else at(percentile)
    high = np.where(high <= low, np.maximum(low, largest), high)
    whole = flat.max(axis=1)
    dust, most = (high > 0) & (high < whole * DUST), np.where(largest < whole * DUST, whole, largest)
    high = np.where(dust, most, high)
    beyond = np.count_nonzero(flat > high[:, None], axis=1)
    if floor is not None:
        low = np.maximum(low, np.minimum(at(floor), high))
        beyond += np.count_nonzero(flat < low[:, None], axis=1)
    ends = zip(low.tolist(), high.tolist(), (beyond / flat.shape[1]).tolist(), strict=True)
    return [Scale(start, end, False, clipped) for start, end, clipped in ends]


def levels_of(values: np.ndarray, scales: Sequence[Scale]) -> np.ndarray:
    """uint8 (n, …): `levels` of each of `values` (n, …) by its scale, all at once."""
    values = _real(values)
    if any(scale.log for scale in scales):
        return np.stack([levels(one, scale) for one, scale in zip(values, scales, strict=True)])
    across = (len(scales), *(1,) * (values.ndim - 1))
    low, high = (np.array(ends, values.dtype).reshape(across) for ends in _ends(scales))
    painted = high > low
    share = np.clip(values, low, np.where(painted, high, low))
    share -= low
    share /= np.where(painted, high - low, 1)
    share *= 255
    share += 0.5
    if np.isnan(share.sum()):
        np.nan_to_num(share, copy=False)
    return np.minimum(share, 255, out=share).astype(np.uint8) * painted


def _ends(scales: Sequence[Scale]) -> tuple[list[float], list[float]]:
    return [scale.low for scale in scales], [scale.high for scale in scales]


def _largest(values: np.ndarray) -> float:
    """Of what is finite."""
    largest = float(values.max())
    return largest if np.isfinite(largest) else float(values[np.isfinite(values)].max())


def _kept(values: np.ndarray, leave_out: np.ndarray | None) -> np.ndarray:
    """The finite values that take part in finding the ends, flat."""
    kept = values.reshape(-1)
    if leave_out is not None and not leave_out.all():
        if leave_out.shape == values.shape[-1:]:  # whole columns: taken row by row they come twice as fast
            kept = np.take(values, np.flatnonzero(~leave_out), axis=-1).reshape(-1)
        else:
            kept = values[~np.broadcast_to(leave_out, values.shape)]
    # What is not finite is an end, or makes NaN of both.
    ends = (kept.min(), kept.max()) if len(kept) else ()
    return kept if np.isfinite(ends).all() else kept[np.isfinite(kept)]


def _logarithmic(values: np.ndarray, kept: np.ndarray, high: float, floor: float | None) -> Scale:
    """Zero has no logarithm: it gets the first colour, and does not count as clipped."""
    above = kept[kept > 0]
    if not len(above):
        return Scale(0.0, 0.0, True)
    low = max(_at_percentile(above, LOG_PERCENTILE if floor is None else floor), high * LOG_FLOOR)
    if low >= high:  # all alike
        low = high / 10
    beyond = np.count_nonzero(values > high) + np.count_nonzero((values < low) & (values > 0))
    return Scale(low, high, True, float(beyond / values.size))


def _at_percentile(values: np.ndarray, percentile: float) -> float:
    """The nearest-rank percentile; the smallest value for 0."""
    rank = max(0, int(np.ceil(percentile / 100 * len(values) - 1e-9)) - 1)
    above = len(values) - 1 - rank
    if len(values) > MANY and above < len(values) // 16:  # among the highest alone, as a sample tells them
        sample = values[np.random.default_rng(0).integers(0, len(values), SAMPLED)]
        place = -1 - 2 * (above * len(sample) // len(values) + 8)
        highest = values[values >= np.partition(sample, place)[place]]
        if len(highest) > above:
            return float(np.partition(highest, -1 - above)[-1 - above])
    return float(np.partition(values, rank)[rank])


def levels(values: np.ndarray, scale: Scale) -> np.ndarray:
    """uint8, the shape of `values`: 0 at scale.low and below, 255 at scale.high and above, never decreasing.

    NaN gets 0.
    """
    values = _real(values)
    low, high = values.dtype.type(scale.low), values.dtype.type(scale.high)
    if scale.log and scale.low > 0 and not low > 0:  # too small for a single; its logarithm is not
        values, low, high = values.astype(np.float64), np.float64(scale.low), np.float64(scale.high)
    if not high > low:
        return np.zeros(values.shape, np.uint8)
    share = np.clip(values, low, high)
    if scale.log:
        share = np.log(share, out=share)
        low, high = np.log(low), np.log(high)
    share -= low
    share /= high - low
    share *= 255
    share += 0.5
    if np.isnan(share.sum()):
        np.nan_to_num(share, copy=False)
    return np.minimum(share, 255, out=share).astype(np.uint8)


@cache
def lut(name: str = "inferno") -> np.ndarray:
    """uint8 (256, 4), read-only: red, green, blue, alpha of each level. name: cmap's.

    ValueError where cmap has no such map.
    """
    from cmap import Colormap  # not needed until the first map is painted

    colours = Colormap({"grey": "gray"}.get(name, name)).lut(256)  # cmap's grey is white
    table = np.ascontiguousarray(np.round(colours * 255).astype(np.uint8))
    table.setflags(write=False)
    return table


def overlay_colours(lut: np.ndarray, opacity: float, zero: int = 0) -> np.ndarray:
    """uint8 (256, 4): the table with alpha opacity · (level/255)^¾, for maps that lie on a picture.

    Where there is no weight the picture stays as it is, whatever colour the table begins with; at opacity 1
    the highest weight hides it. zero: the level of no weight, MIDDLE of values with a sign.
    """
    coloured, levels = np.array(lut, np.uint8), np.abs(np.arange(256) - zero)
    coloured[:, 3] = np.round(255 * float(np.clip(opacity, 0, 1)) * (levels / levels.max()) ** 0.75)
    return coloured


def _real(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype in (np.float32, np.float64) else values.astype(np.float32)
