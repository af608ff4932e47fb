"""Receptive fields: which part of the input a unit can see, exactly, from how layers are put together.

Araujo et al. 2019, "Computing receptive fields of convolutional neural networks" (Distill), section 2. numpy
only; `fields.walk` finds the fields of a whole network, `fields.effective` what a unit really uses.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError


@dataclass(frozen=True, eq=False)
class Field:
    """The theoretical receptive field of the units of one layer, per axis (rows, columns; 3D: x, y, z).

    name: the module's name in the network, unique ("input" for the input itself). kind: what it is ("Conv2d",
    "MaxPool2d", "add", "window attention", ...). level: an operation, or the last one of a block or a stage.
    size, stride, start: in pixels of the network's input. Unit u of an axis sees the pixels
    [start + u·stride, start + u·stride + size), before anything is clipped at the picture's edge.
    shape: units per axis of the layer's output. channels: of its output, 0 where unknown.
    aligned: False where branches of other stride or centre were merged; `note` then names them.
    whole: a global operation came before: every unit sees the whole picture; size is the picture's, start 0.
    intervals: one int array (units, 2) per axis, [first, last + 1), where what a unit sees depends on where
    it lies (attention in windows); size, stride and start are then those of the unit in the middle, and count
    what a mask only weakens (`fields.walk`). A unit that sees padding alone has an empty interval.
    input_shape: pixels per axis of the input.
    reach: int (units, 2) per axis, [first, last + 1): what each unit really sees, exact at the edges too: cut
    there, and without what lies in padding. `intervals` are the same arrays; None where whole.
    anchor: where the middle of unit 0 itself lies, if not in the middle of what it sees (whole, intervals).
    dims: the dimensions of the layer's output that hold the axes, one for all in a sequence of tokens, whose
    first `prefix` tokens lie nowhere.
    """

    name: str
    kind: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: tuple[int, ...]
    shape: tuple[int, ...]
    channels: int = 0
    level: Literal["operation", "block", "stage"] = "operation"
    aligned: bool = True
    whole: bool = False
    intervals: tuple[np.ndarray, ...] | None = None
    note: str = ""
    input_shape: tuple[int, ...] = ()
    anchor: tuple[float, ...] | None = None
    dims: tuple[int, ...] = ()
    prefix: int = 0
    reach: tuple[np.ndarray, ...] | None = None

    def box(self, unit: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Per axis [first, last + 1) in pixels of the input, not clipped at its edge."""
        self._check(unit)
        if self.whole:
            return tuple((0, side) for side in self.input_shape)
        if self.intervals is not None:
            return tuple((int(a[u, 0]), int(a[u, 1])) for a, u in zip(self.intervals, unit, strict=True))
        first = [s + u * j for s, u, j in zip(self.start, unit, self.stride, strict=True)]
        return tuple((a, a + r) for a, r in zip(first, self.size, strict=True))

    def centre(self, unit: tuple[int, ...]) -> tuple[float, ...]:
        """Where a unit lies in the input, rows first; pixel p covers [p, p + 1).

        The middle of its field, or of its own patch where the field is the whole picture or windows.
        """
        self._check(unit)
        return tuple(a + u * j for a, u, j in zip(self._middle(), unit, self.stride, strict=True))

    def unit_at(self, position: tuple[float, ...]) -> tuple[int, ...]:
        """The unit that lies nearest to a position in the input (pixels, rows first), on the map."""
        near = [(p - a) / j for p, a, j in zip(position, self._middle(), self.stride, strict=True)]
        return tuple(int(min(max(np.rint(u), 0), n - 1)) for u, n in zip(near, self.shape, strict=True))

    def seen(self, unit: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
        """Per axis [first, last + 1) of what a unit really sees, cut at the edge; (0, 0) of nothing."""
        self._check(unit)
        found = tuple(
            (int(axis[u, 0]), int(axis[u, 1])) for axis, u in zip(self.windows(), unit, strict=True)
        )
        return found if all(a < b for a, b in found) else ((0, 0),) * len(unit)

    def windows(self) -> tuple[np.ndarray, ...]:
        """int (units, 2) per axis: [first, last + 1) of what every unit really sees."""
        if self.reach is not None:
            return self.reach
        sides = zip(self.input_shape, self.shape, strict=True)
        if self.whole:
            return tuple(np.tile([0, side], (n, 1)) for side, n in sides)
        first = [s + j * np.arange(n) for s, j, n in zip(self.start, self.stride, self.shape, strict=True)]
        spans = [np.stack([a, a + r], 1) for a, r in zip(first, self.size, strict=True)]
        return tuple(_closed(np.clip(a, 0, side)) for a, (side, _) in zip(spans, sides, strict=True))

    def _middle(self) -> tuple[float, ...]:
        if self.anchor is not None:
            return self.anchor
        return tuple(s + r / 2 for s, r in zip(self.start, self.size, strict=True))

    def _check(self, unit: tuple[int, ...]) -> None:
        if len(unit) != len(self.shape) or any(not 0 <= u < n for u, n in zip(unit, self.shape, strict=True)):
            raise HeadlightError(
                f"The map of {self.name} has {by(self.shape)} units; there is no unit {tuple(unit)}.",
                "Choose a unit inside the map.",
            )


def by(counts: Sequence[int]) -> str:
    """(7, 7) → "7×7"."""
    return "×".join(map(str, counts))


def input_field(shape: Sequence[int], channels: int = 0) -> Field:
    """The input as a layer of its own: pixel p sees pixel p."""
    ones = (1,) * len(shape)
    return Field(
        "input",
        "input",
        ones,
        ones,
        (0,) * len(shape),
        tuple(shape),
        channels,
        input_shape=tuple(shape),
        reach=tuple(np.stack([np.arange(n), np.arange(1, n + 1)], 1) for n in shape),
    )


def through(
    field: Field,
    kernel: int | Sequence[int],
    stride: int | Sequence[int] = 1,
    padding: int | Sequence[int | tuple[int, int]] = 0,
    dilation: int | Sequence[int] = 1,
    *,
    name: str = "",
    kind: str = "",
    channels: int | None = None,
    shape: Sequence[int] | None = None,
    units: Sequence[np.ndarray] | None = None,
) -> Field:
    """The field after a convolution or a pooling. padding: the same at both ends, or (before, after) an axis.

    With k' = dilation·(kernel − 1) + 1 the size grows by (k' − 1)·stride so far, the start moves back by the
    padding before. shape: units that the layer really gives, where it is not the usual count (ceil mode).
    units: int (n, kernel) per axis, which units each reads, where padding and pieces do not follow from that.
    """
    axes = range(len(field.shape))
    kernels, strides, dilations = (_each(value, len(axes)) for value in (kernel, stride, dilation))
    paddings = [p if isinstance(p, tuple) else (p, p) for p in _each(padding, len(axes))]
    reach = [d * (k - 1) + 1 for k, d in zip(kernels, dilations, strict=True)]
    if shape is None:
        shape = [(field.shape[a] + sum(paddings[a]) - reach[a]) // strides[a] + 1 for a in axes]
    before = [p[0] for p in paddings]
    grown = replace(
        field,
        name=name,
        kind=kind,
        size=tuple(field.size[a] + (reach[a] - 1) * field.stride[a] for a in axes),
        stride=tuple(field.stride[a] * strides[a] for a in axes),
        start=tuple(field.start[a] - before[a] * field.stride[a] for a in axes),
        shape=tuple(shape),
        channels=field.channels if channels is None else channels,
        level="operation",
        anchor=None
        if field.anchor is None
        else tuple(field.anchor[a] + ((reach[a] - 1) / 2 - before[a]) * field.stride[a] for a in axes),
    )
    if field.whole:
        return replace(grown, size=field.size, start=field.start)
    if units is None:
        units = [
            strides[a] * np.arange(shape[a])[:, None] - before[a] + dilations[a] * np.arange(kernels[a])
            for a in axes
        ]
    seen = tuple(map(tapped, field.windows(), units))
    if field.intervals is None:
        return replace(grown, reach=seen)
    return with_intervals(grown, seen)


def merged(fields: Sequence[Field], kind: str = "add", name: str = "") -> Field:
    """The field of branches that are added or joined: what any of them sees.

    Branches of one stride and one centre give the largest of them. Others are not aligned: the field then
    spans all, `aligned` is False and `note` names them. (Araujo et al. 2019 keep the largest size there too;
    what a unit sees is the span, as a measurement shows.)
    """
    first, *others = fields
    if any(other.shape != first.shape for other in others):
        shapes = " and ".join(dict.fromkeys(by(f.shape) for f in fields))
        raise HeadlightError(
            f"Branches with {shapes} units cannot be merged.",
            "Give all branches the same stride and padding.",
        )
    note = joined(*(f.note for f in fields))
    largest = max(fields, key=lambda f: f.size)
    base = replace(largest, name=name, kind=kind, level="operation", note=note, channels=first.channels)
    base = replace(base, aligned=all(f.aligned for f in fields))
    if any(f.whole for f in fields):
        return as_whole(
            next(f for f in fields if f.whole), name=name, kind=kind, note=note, aligned=base.aligned
        )
    seen = tuple(spans(*axis) for axis in zip(*(f.windows() for f in fields), strict=True))
    if any(f.intervals is not None for f in fields):
        return with_intervals(base, seen, anchor=first._middle())
    start = tuple(map(min, zip(*(f.start for f in fields), strict=True)))
    ends = zip(*(np.add(f.start, f.size) for f in fields), strict=True)
    size = tuple(int(max(axis)) - s for axis, s in zip(ends, start, strict=True))
    if all(f.stride == first.stride and f._middle() == first._middle() for f in fields):
        return replace(base, start=start, size=size, reach=seen)
    told = "; ".join(dict.fromkeys(_told(f) for f in fields))
    if base.aligned:
        base = replace(base, aligned=False, note=joined(note, f"Branches are not aligned: {told}."))
    if all(f.stride == first.stride for f in fields):
        return replace(base, start=start, size=size, reach=seen)
    return with_intervals(base, seen, anchor=largest._middle())


def as_whole(field: Field, **changes: object) -> Field:
    """The field after an operation that lets every unit see the whole picture."""
    changes = {"anchor": field._middle(), **changes}
    start = (0,) * len(field.shape)
    return replace(
        field, size=field.input_shape, start=start, whole=True, intervals=None, reach=None, **changes
    )


def with_intervals(
    field: Field, intervals: tuple[np.ndarray, ...], anchor: tuple[float, ...] | None = None
) -> Field:
    """The field with what each unit sees told one by one; size and start become the middle unit's."""
    middle = [intervals[a][n // 2] for a, n in enumerate(field.shape)]
    return replace(
        field,
        intervals=intervals,
        reach=intervals,
        size=tuple(int(b - a) for a, b in middle),
        start=tuple(
            int(m[0]) - n // 2 * j for m, n, j in zip(middle, field.shape, field.stride, strict=True)
        ),
        anchor=field._middle() if anchor is None else anchor,
    )


def unions(intervals: np.ndarray, windows: np.ndarray) -> np.ndarray:
    """What units see together: int (units, 2), int (n, 2) [first, last + 1) of units → int (n, 2).

    Windows are cut at the map's edge: beyond it lies padding, which sees nothing.
    """
    low, high = _low(intervals), _high(intervals)
    result = np.zeros((len(windows), 2), int)
    for row, (first, last) in enumerate(np.clip(windows, 0, len(intervals))):
        if first < last:
            result[row] = low[first:last].min(), high[first:last].max()
    return _closed(result)


def tapped(seen: np.ndarray, units: np.ndarray) -> np.ndarray:
    """What units see together: int (units, 2), int (n, k) units, others are padding → int (n, 2)."""
    parts = seen[np.clip(units, 0, len(seen) - 1)]  # (n, k, 2)
    real = (units >= 0) & (units < len(seen)) & (parts[..., 0] < parts[..., 1])
    low = np.where(real, parts[..., 0], EMPTY).min(1)
    return _closed(np.stack([low, np.where(real, parts[..., 1], -EMPTY).max(1)], 1))


def spans(*intervals: np.ndarray) -> np.ndarray:
    """int (units, 2) each → per row the interval that holds all of them; an empty one adds nothing."""
    return _closed(np.stack([np.min([*map(_low, intervals)], 0), np.max([*map(_high, intervals)], 0)], 1))


def joined(*notes: str) -> str:
    """Notes one after the other. Of sentences that begin alike, about one layer and another, the first."""
    found: dict[tuple[str, ...], str] = {}
    for note in notes:
        for sentence in re.split(r"(?<=\.) ", note) if note else ():
            found.setdefault(tuple(sentence.split()[:3]), sentence)
    return " ".join(found.values())


EMPTY = 1 << 40
"""Stands for the first pixel of a unit that sees none."""


def _low(intervals: np.ndarray) -> np.ndarray:
    return np.where(intervals[:, 0] < intervals[:, 1], intervals[:, 0], EMPTY)


def _high(intervals: np.ndarray) -> np.ndarray:
    return np.where(intervals[:, 0] < intervals[:, 1], intervals[:, 1], -EMPTY)


def _closed(intervals: np.ndarray) -> np.ndarray:
    return np.where((intervals[:, :1] < intervals[:, 1:]), intervals, 0)


def _told(field: Field) -> str:
    centre = ", ".join(f"{c:g}" for c in field._middle())
    return f"{field.name or field.kind} (size {by(field.size)}, stride {by(field.stride)}, centre {centre})"


def _each(value, axes: int) -> tuple:
    """One value per axis."""
    return tuple(value) if isinstance(value, Sequence) else (value,) * axes
