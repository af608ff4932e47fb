"""Following what each element of a tensor can see of the input, through the operations that really run.

A tensor's `Places` say to which unit of which map each of its elements belongs. Operations that only move
elements move the places alike; those that mix elements (convolution, pooling, attention, a matrix product
over several units) make a new map, whose field follows from the old one's. Nothing here knows a network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.field import (
    Field,
    as_whole,
    joined,
    merged,
    spans,
    through,
    unions,
    with_intervals,
)

NOWHERE = -1
"""The unit of an element that sees nothing of the input: padding, a learned token."""
EVERYWHERE = -2
"""The unit of an element that sees all of the input and lies nowhere: a class token after attention."""
BLOCKED = -50.0
"""A constant below this, added to scores, shuts a key out in single precision (Swin: −100)."""
VANISHED = -745.0
"""Below this nothing is left of a weight in double precision either."""
_FAR = 1 << 40


@dataclass(frozen=True, eq=False)
class Places:
    """What is known of a tensor's elements. Each tensor here has its dimensions, or 1 where all agree.

    field, at: the map, and int64 unit numbers in it (row-major), or NOWHERE or EVERYWHERE.
    key_field, keys: of scores of attention the keys' map and units; `at` are the queries' then.
    blocked: bool, keys that a mask shuts out. value: the numbers, of constants that a forward makes.
    note: what the field leaves out.
    """

    field: Field | None = None
    at: Tensor | None = None
    key_field: Field | None = None
    keys: Tensor | None = None
    blocked: Tensor | None = None
    value: Tensor | None = None
    note: str = ""

    def moved(self, move: Callable[[Tensor, int], Tensor]) -> Places:
        """move: (a tensor of places, what stands for padding) → where its elements went."""
        return replace(
            self,
            at=None if self.at is None else move(self.at, NOWHERE),
            keys=None if self.keys is None else move(self.keys, NOWHERE),
            blocked=None if self.blocked is None else move(self.blocked, False),
            value=None,
        )


def canonical(field: Field, dims: Sequence[int], ndim: int) -> Tensor:
    """The units of a map in order, its axes being `dims` of a tensor."""
    shape = [1] * ndim
    for dim, count in zip(dims, field.shape, strict=True):
        shape[dim] = count
    return torch.arange(int(np.prod(field.shape))).view(shape)


def laid_out(places: Places, shape: Sequence[int]) -> tuple[tuple[int, ...], int] | None:
    """(the dimensions of a tensor that hold the map's axes, tokens before the map), or None if they do not.

    One dimension holds all axes of a sequence of tokens, in row-major order.
    """
    at, field = places.at, places.field
    if at is None or field is None or places.keys is not None or at.shape[0] > 1:
        return None
    dims = tuple(d for d in range(1, at.ndim) if at.shape[d] > 1)
    count = int(np.prod(field.shape))
    flat = at.flatten()
    prefix = len(flat) - count
    if prefix < 0 or not torch.equal(flat[prefix:], torch.arange(count)) or (flat[:prefix] >= 0).any():
        return None
    if len(dims) <= 1 and (prefix or len(shape) != len(field.shape) + 2):
        return (dims or (1,)), prefix
    if prefix:
        return None
    if len(shape) != len(field.shape) + 2:
        return None
    # Axes of one unit do not show in `at`: the map's axes stand together, behind the channels or before.
    for first in (2, 1):
        axes = range(first, first + len(field.shape))
        if all(at.shape[d] == n for d, n in zip(axes, field.shape, strict=True)):
            return tuple(axes), 0
    return None


def regrouped(places: Tensor, old: Sequence[int], new: Sequence[int]) -> Tensor:
    """Places after a view from one shape to another. Dimensions where all agree stay 1 where they can."""
    expanded, target = [], []
    i = j = 0
    while i < len(old) or j < len(new):
        a, b, left, right = i, j, 1, 1
        if a < len(old):
            left, a = old[a], a + 1
        if b < len(new):
            right, b = new[b], b + 1
        while left != right:
            if left < right:
                left, a = left * old[a], a + 1
            else:
                right, b = right * new[b], b + 1
        mixed = any(n > 1 for n in places.shape[i:a])
        expanded += old[i:a] if mixed else [1] * (a - i)
        target += new[j:b] if mixed else [1] * (b - j)
        i, j = a, b
    return places.expand(expanded).reshape(target)


def coordinates(units: Tensor, shape: Sequence[int]) -> list[Tensor]:
    """Unit numbers → one coordinate per axis; meaningless where the number is negative."""
    found = []
    for count in reversed(shape):
        found.append(units % count)
        units = units.div(count, rounding_mode="floor")
    return found[::-1]


def extents(
    units: Tensor, shape: Sequence[int], allowed: Tensor | None = None
) -> list[tuple[Tensor, Tensor]]:
    """Per axis (first, last + 1) coordinates among the last dimension's units; (_FAR, 0) of none."""
    seen = units >= 0
    if allowed is not None:
        seen = seen & allowed
    found = []
    for at in coordinates(units, shape):
        found.append((at.where(seen, _FAR).amin(-1), at.where(seen, -1).amax(-1) + 1))
    return found


def covers(parts: list[tuple[Tensor, Tensor]], shape: Sequence[int]) -> bool:
    """Every one of the extents spans the whole map."""
    return all(
        bool((first == 0).all()) and bool((last == n).all())
        for (first, last), n in zip(parts, shape, strict=True)
    )


def gathered(field: Field, windows: Sequence[np.ndarray], name: str, kind: str) -> Field:
    """The field of units that each read [first, last + 1) units of a map; int (n, 2) per axis."""
    steps, even = [], []
    for window in windows:
        jumps, lengths = np.diff(window[:, 0]), np.diff(window, axis=1)
        steps.append(max(1, int(np.median(jumps)) if len(jumps) else int(lengths[0, 0])))
        even.append(bool((jumps == steps[-1]).all() and (lengths == lengths[0]).all()))
    shape = [len(window) for window in windows]
    reach = [int(window[0, 1] - window[0, 0]) for window in windows]
    before = [(-int(window[0, 0]), 0) for window in windows]
    regular = through(field, reach, steps, before, name=name, kind=kind, shape=shape)
    if all(even) or field.whole:
        return regular
    return with_intervals(regular, tuple(map(unions, field.windows(), windows)), anchor=regular._middle())


def slid(
    places: Places,
    dims: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    shape: Sequence[int],
    name: str,
    kind: str,
) -> Field | None:
    """The field after a window slid over `dims` and gave `shape` units. None if these hold no map."""
    lines = lines_of(places, dims)
    if lines is None:
        return None
    reach, steps, before, units = [], [], [], []
    even = True
    for axis, line in enumerate(lines):
        long = dilation[axis] * (kernel[axis] - 1) + 1
        taps = stride[axis] * np.arange(shape[axis])[:, None] - padding[axis]
        taps = taps + dilation[axis] * np.arange(kernel[axis])
        inside = (taps >= 0) & (taps < len(line))
        units.append(np.where(inside, line[np.clip(taps, 0, len(line) - 1)], NOWHERE))
        found = progression(line)
        even = even and found is not None
        # Place p of the line is unit value + (p − at)·step.
        at, value, step = found or (0, 0, 1)
        steps.append(stride[axis] * step)
        reach.append((long - 1) * step + 1)
        before.append(((padding[axis] + at) * step - value, 0))
    field = through(places.field, reach, steps, before, name=name, kind=kind, shape=shape, units=units)
    return field if even or field.whole else with_intervals(field, field.reach, anchor=field._middle())


def lines_of(places: Places, dims: Sequence[int]) -> list[np.ndarray] | None:
    """Which unit of each axis stands at each place of `dims`, NOWHERE for padding; None if it is no grid."""
    at, field = places.at, places.field
    if any(at.shape[d] > 1 for d in range(at.ndim) if d not in dims) or len(dims) != len(field.shape):
        return None
    grid = at.reshape([at.shape[d] for d in dims])
    if tuple(grid.shape) == field.shape and torch.equal(grid.flatten(), torch.arange(grid.numel())):
        return [np.arange(n) for n in field.shape]
    seen = grid >= 0
    if not seen.any() or (grid == EVERYWHERE).any():
        return None
    lines = []
    for axis, coordinate in enumerate(coordinates(grid, field.shape)):
        others = [a for a in range(grid.ndim) if a != axis]
        line = coordinate.where(seen, NOWHERE)
        line = line.amax(others) if others else line
        lines.append(line)
    expected = torch.zeros((), dtype=torch.int64)
    known = torch.ones((), dtype=torch.bool)
    for axis, (line, count) in enumerate(zip(lines, field.shape, strict=True)):
        line = line.view([-1 if a == axis else 1 for a in range(grid.ndim)])
        expected = expected * count + line
        known = known & (line >= 0)
    if not torch.equal(expected.where(known, NOWHERE), grid):
        return None
    return [line.numpy() for line in lines]


def progression(line: np.ndarray) -> tuple[int, int, int] | None:
    """(place, unit, step) of a line of units that grows evenly, with padding at its ends alone."""
    seen = np.flatnonzero(line >= 0)
    jumps = np.diff(line[seen])
    if len(seen) != seen[-1] - seen[0] + 1 or (len(jumps) and (jumps != jumps[0]).any()):
        return None
    step = int(jumps[0]) if len(jumps) else 1
    return (int(seen[0]), int(line[seen[0]]), step) if step > 0 else None


def stretched(
    places: Places,
    dims: Sequence[int],
    reads: Callable[[int, np.ndarray], np.ndarray],
    scale: Sequence[float],
    offset: Sequence[float],
    shape: Sequence[int],
    name: str,
    kind: str,
) -> Field | None:
    """The field after an enlargement: reads(axis, new units) → int (n, 2) [first, last + 1) places read.

    New unit u lies at place offset + u / scale.
    """
    lines = lines_of(places, dims)
    if lines is None:
        return None
    field = places.field
    windows = []
    for axis, line in enumerate(lines):
        read = reads(axis, np.arange(shape[axis]))
        windows.append(np.concatenate([_read(line, a[:1], int(a[1] - a[0])) for a in read]))
    middle = field._middle()
    anchor = tuple(m + j * o for m, j, o in zip(middle, field.stride, offset, strict=True))
    stride = tuple(max(1, round(j / s)) for j, s in zip(field.stride, scale, strict=True))
    new = replace(
        field, name=name, kind=kind, level="operation", shape=tuple(shape), stride=stride, anchor=anchor
    )
    if field.whole:
        return new
    return with_intervals(new, tuple(map(unions, field.windows(), windows)), anchor=anchor)


def _read(line: np.ndarray, first: np.ndarray, long: int) -> np.ndarray:
    """int (n, 2): the units [first, last + 1) that windows of `long` places read, (0, 0) of none."""
    found = np.zeros((len(first), 2), int)
    for row, place in enumerate(first):
        units = line[max(place, 0) : max(place + long, 0)]
        units = units[units >= 0]
        if len(units):
            found[row] = units.min(), units.max() + 1
    return found


def reduced(places: Places, dims: Sequence[int], name: str, kind: str) -> tuple[Field, Tensor, bool]:
    """What comes of mixing all elements along `dims`: (map, places with 1 there, all units were mixed)."""
    field, at = places.field, places.at
    varying = [d for d in dims if at.shape[d] > 1]
    if not varying:
        return replace(field, name=name, kind=kind, level="operation"), at, False
    rest = [d for d in range(at.ndim) if d not in varying]
    kept = [1 if d in varying else at.shape[d] for d in range(at.ndim)]
    units = at.permute(*rest, *varying).reshape(*[at.shape[d] for d in rest], -1)
    parts = extents(units, field.shape)
    if bool((units == EVERYWHERE).any()) or (covers(parts, field.shape) and parts[0][0].numel() > 1):
        whole = as_whole(field, name=name, kind=kind, level="operation")
        return whole, torch.full(kept, EVERYWHERE), True
    if covers(parts, field.shape):
        size = field.input_shape
        one = replace(field, shape=(1,) * len(size), stride=size)
        centre = tuple(side / 2 for side in size)
        return (
            as_whole(one, name=name, kind=kind, level="operation", anchor=centre),
            torch.zeros(kept, dtype=torch.int64),
            True,
        )
    new = torch.zeros_like(parts[0][0])
    windows = []
    for first, last in parts:
        starts, inverse = torch.unique(first, return_inverse=True)
        ends = torch.zeros_like(starts).scatter_reduce_(0, inverse.flatten(), last.flatten(), "amax")
        real = starts < _FAR
        windows.append(torch.stack([starts, ends], 1)[real].numpy())
        new = new * len(windows[-1]) + inverse
    new = new.where((units >= 0).any(-1), NOWHERE)
    return gathered(field, windows, name, kind), new.reshape(kept), False


def attended(
    queries: Places | None,
    sources: Sequence[tuple[Field, Tensor]],
    blocked: Tensor | None,
    shape: Sequence[int],
    name: str,
) -> Places:
    """What queries see after they took up keys and values.

    queries: places [..., n, 1]. sources: maps and places [..., m] of keys and values. blocked: [..., n, m].
    shape: of what attention returns, [..., n, d].
    """
    base = sources[0][0] if queries is None else queries.field
    at = torch.full([1] * len(shape), NOWHERE) if queries is None else queries.at
    allowed = None if blocked is None else ~blocked
    whole = any(field.whole for field, _ in sources) or base.whole
    parts = []
    for field, units in sources:
        row = units.unsqueeze(-2)  # [..., 1, m]
        every = row == EVERYWHERE
        whole = whole or bool((every if allowed is None else every & allowed).any())
        parts.append(extents(row, field.shape, allowed))  # [..., n or 1]
        whole = whole or covers(parts[-1], field.shape)
    if whole:
        at = at.where(at != NOWHERE, EVERYWHERE)
        return Places(as_whole(base, name=name, kind="attention", level="operation"), at)
    units = at.squeeze(-1)
    note = ""
    windows = list(base.windows())
    for (field, _), extent in zip(sources, parts, strict=True):
        for axis, (first, last) in enumerate(extent):
            line, uneven = _per_axis(units, first, last, base.shape, axis)
            if uneven:
                note = f"What {name} reads differs along an axis: the span is shown."
            windows[axis] = spans(windows[axis], unions(field.windows()[axis], line))
    new = replace(base, name=name, kind="window attention", level="operation", note=joined(base.note, note))
    return Places(with_intervals(new, tuple(windows), anchor=base._middle()), at)


def _per_axis(
    units: Tensor, first: Tensor, last: Tensor, shape: Sequence[int], axis: int
) -> tuple[np.ndarray, bool]:
    """(int (n, 2): per unit of one axis the span of what is told of it, whether units there differ)."""
    units, first, last = torch.broadcast_tensors(units, first, last)
    real = units >= 0
    at = coordinates(units[real], shape)[axis]
    low = torch.full((shape[axis],), _FAR).scatter_reduce_(0, at, first[real], "amin")
    high = torch.zeros(shape[axis], dtype=torch.int64).scatter_reduce_(0, at, last[real], "amax")
    uneven = bool((low[at] != first[real]).any() or (high[at] != last[real]).any())
    low = low.where(low < _FAR, 0)
    return torch.stack([low, high], 1).numpy(), uneven


def together(parts: Sequence[Places], shape: Sequence[int], name: str, kind: str) -> Places:
    """What elements see that are computed one from one: sums, products, branches joined by channels."""
    parts = [part for part in parts if part.at is not None]
    scores = [part for part in parts if part.keys is not None]
    note = joined(*(part.note for part in parts))
    if scores:
        masks = [part.blocked for part in scores if part.blocked is not None]
        blocked = masks[0] if masks else None
        for mask in masks[1:]:
            blocked = blocked | mask
        return replace(scores[0], blocked=blocked, value=None, note=note)
    first = max(parts, key=lambda part: (part.at >= 0).sum() if len(parts) > 1 else 0)
    fields, spread = [], False
    for part in parts:
        if not (part.field is first.field or any(part.field is field for field in fields)):
            fields.append(part.field)
        spread = spread or not (part.at is first.at or _agree(part.at, first.at))
    if not spread and not fields:
        return replace(first, value=None, note=note)
    at = first.at
    if not spread and all(field.shape == first.field.shape for field in fields):
        return Places(merged([first.field, *fields], kind, name), at, note=note)
    if any(field.whole for field in (first.field, *fields)) or any(
        bool((part.at == EVERYWHERE).any()) and not _agree(part.at, at) for part in parts
    ):
        said = joined(*(field.note for field in (first.field, *fields)))
        return Places(
            as_whole(first.field, name=name, kind=kind, level="operation", note=said), at, note=note
        )
    return _overlaid(first, [part for part in parts if part is not first], name, kind, note)


def _overlaid(first: Places, others: Sequence[Places], name: str, kind: str, note: str) -> Places:
    """Elements of other units laid over the first's: each unit sees what any of them sees."""
    windows = list(first.field.windows())
    for part in others:
        at, units = torch.broadcast_tensors(first.at, part.at)
        extent = extents(units.unsqueeze(-1), part.field.shape)
        for axis, (low, high) in enumerate(extent):
            line, uneven = _per_axis(at, low, high, first.field.shape, axis)
            if uneven:
                note = joined(note, f"What {name} adds differs along an axis: the span is shown.")
            windows[axis] = spans(windows[axis], unions(part.field.windows()[axis], line))
    base = replace(first.field, name=name, kind=kind, level="operation")
    return Places(with_intervals(base, tuple(windows), anchor=first.field._middle()), first.at, note=note)


def _agree(one: Tensor, other: Tensor) -> bool:
    """The same units at the same places, up to dimensions where one of them does not vary."""
    if one.shape == other.shape:
        return torch.equal(one, other)
    try:
        shape = torch.broadcast_shapes(one.shape, other.shape)
    except RuntimeError:
        return False
    return one.numel() == other.numel() and torch.equal(one.expand(shape), other.expand(shape))
