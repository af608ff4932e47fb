"""Tokens: what attention goes from and to, and the place of each in what the user dropped.

A place (a span of characters, a box of pixels, a position or a box in space, or a special token) is the only
bridge between modalities, layers and panes: layers with other tokens than the input answer `find(place)`.
numpy only, so that every room may import it; scipy comes with the first search among points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, overload

import numpy as np

if TYPE_CHECKING:
    from scipy.spatial import cKDTree


SINGLY = 16
"""Up to so many selected points are kept one by one, more as one region."""
FEW = 1 << 12
"""Distances that are computed outright: a tree, and scipy with it, would take longer."""
INPUT, OUTPUT = "input", "output"
"""The stream of what was read, and of an encoder–decoder that of what it writes."""


@dataclass(frozen=True, slots=True)
class CharSpan:
    """Characters [start, stop) of text number `text` (0, or 1 for the second of a pair) of a stream."""

    start: int
    stop: int
    text: int = 0
    stream: str = INPUT


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the picture as it is shown (upright), x to the right, y down."""

    x0: float
    y0: float
    x1: float
    y1: float

    @property
    def corners(self) -> tuple[float, float, float, float]:
        return self.x0, self.y0, self.x1, self.y1


@dataclass(frozen=True, slots=True)
class Position:
    """A point in the cloud's own coordinates."""

    x: float
    y: float
    z: float


@dataclass(frozen=True, slots=True)
class Cuboid:
    """A box in a cloud's own coordinates: its middle, its length along the heading, width, height, and yaw in
    radians, counter-clockwise from +x."""

    x: float
    y: float
    z: float
    length: float
    width: float
    height: float
    yaw: float

    @property
    def numbers(self) -> tuple[float, float, float, float, float, float, float]:
        return self.x, self.y, self.z, self.length, self.width, self.height, self.yaw

    @property
    def reach(self) -> float:
        """Metres on the ground from the middle to a corner."""
        return float(np.hypot(self.length, self.width)) / 2

    def holds(self, positions: np.ndarray) -> np.ndarray:
        """float (n, 3) → bool (n,): which lie in it, its faces included."""
        x, y, z = (positions.astype(np.float64) - (self.x, self.y, self.z)).T
        c, s = np.cos(self.yaw), np.sin(self.yaw)
        ahead, left = np.abs(c * x + s * y), np.abs(c * y - s * x)
        return (2 * ahead <= self.length) & (2 * left <= self.width) & (2 * np.abs(z) <= self.height)


@dataclass(frozen=True, slots=True)
class Special:
    """A token without a place in what was read or written: [CLS], [SEP], a register; `index` counts those of
    a stream from the first."""

    label: str
    index: int
    stream: str = INPUT


@dataclass(frozen=True, eq=False, slots=True)
class Region:
    """Many points at once, as a lasso takes them in. positions: float (n, 3), the cloud's own coordinates."""

    positions: np.ndarray


Place = CharSpan | Box | Position | Region | Cuboid | Special


@dataclass(frozen=True, eq=False)
class Tokens:
    """`n` tokens in the order of the sequence.

    labels: n strings as a person reads them. special: bool (n,), True for tokens without a place.
    """

    labels: Sequence[str]
    special: np.ndarray

    stream = INPUT
    """Of a trace's sequences the one that they are of, whose places no other has."""

    def __post_init__(self) -> None:
        if len(self.labels) != len(self.special):
            raise ValueError(f"{len(self.labels)} labels, but {len(self.special)} special flags")

    def __len__(self) -> int:
        return len(self.labels)

    def place(self, index: int) -> Place:
        """Where token `index` stands in the input."""
        if self.special[index]:
            return Special(self.labels[index], int(self.special[:index].sum()), self.stream)
        return self._place(index)

    def places(self, indices: Iterable[int]) -> tuple[Place, ...]:
        """What to select for these tokens: each by its place."""
        return tuple(self.place(int(index)) for index in indices)

    def find(self, place: Place) -> np.ndarray:
        """int (m,): the tokens at `place`, in order; none where the place is of another modality."""
        if isinstance(place, Special):
            where = np.flatnonzero(self.special) if place.stream == self.stream else np.empty(0, int)
            return where[place.index : place.index + 1]
        return self._find(place)

    def find_all(self, places: Iterable[Place]) -> np.ndarray:
        """int (m,): the tokens at any of these places, sorted, each once."""
        found = [self.find(place) for place in places]
        return np.unique(np.concatenate(found)) if found else np.empty(0, int)

    def without_special(self) -> Self:
        """The tokens that have a place, in their order."""
        return self.only(np.flatnonzero(~self.special))

    def only(self, kept: np.ndarray) -> Self:
        """int (k,): these tokens alone."""
        labels = tuple(self.labels[int(index)] for index in kept)
        return replace(self, labels=labels, special=self.special[kept], **self._kept(kept))

    def _kept(self, indices: np.ndarray) -> dict[str, Any]:
        """The fields of a subclass that have one entry a token, for these tokens."""
        return {}

    def _place(self, index: int) -> Place:
        raise ValueError(f"token {index} has no place")

    def _find(self, place: Place) -> np.ndarray:
        return np.empty(0, int)


@dataclass(frozen=True, eq=False)
class TextTokens(Tokens):
    """Tokens of one text or a pair.

    spans: int (n, 2) characters [start, stop) in its text, (0, 0) for special tokens.
    words: int (n,) number of the word that the token belongs to, counted over both texts, -1 for special.
    texts: int (n,) which text of a pair: 0 or 1.
    pieces: n entries of the vocabulary as it writes them; none for words of several tokens.
    sources: the texts themselves. stream: as of all tokens.
    """

    spans: np.ndarray = field(default_factory=lambda: np.empty((0, 2), int))
    words: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    texts: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    pieces: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    stream: str = INPUT

    def merged(self, first: np.ndarray, labels: Sequence[str], spans: np.ndarray) -> TextTokens:
        """Words of several tokens: what is not said anew is that of the `first` of each, int (w,)."""
        return replace(self.only(first), labels=tuple(labels), spans=spans, pieces=())

    def _kept(self, indices: np.ndarray) -> dict[str, Any]:
        kept = {name: getattr(self, name)[indices] for name in ("spans", "words", "texts")}
        return {**kept, "pieces": tuple(self.pieces[index] for index in indices) if self.pieces else ()}

    def _place(self, index: int) -> Place:
        start, stop = self.spans[index]
        return CharSpan(int(start), int(stop), int(self.texts[index]), self.stream)

    def _find(self, place: Place) -> np.ndarray:
        if not isinstance(place, CharSpan) or place.stream != self.stream:
            return np.empty(0, int)
        overlap = (self.spans[:, 0] < place.stop) & (self.spans[:, 1] > place.start)
        return np.flatnonzero(overlap & ~self.special & (self.texts == place.text))


@dataclass(frozen=True, eq=False)
class PatchTokens(Tokens):
    """Prefix tokens (class token, registers), then rows × columns patches in reading order.

    grid: (rows, columns), never assumed square. region: the part of the shown picture that the grid covers,
    in its pixels; every patch covers the same share of it.
    """

    grid: tuple[int, int] = (0, 0)
    region: Box = Box(0, 0, 0, 0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.prefix < 0 or self.special[self.prefix :].any() or not self.special[: self.prefix].all():
            raise ValueError(f"{len(self)} tokens do not end in a grid of {self.grid}")

    @property
    def prefix(self) -> int:
        """Number of tokens before the first patch."""
        return len(self.labels) - self.grid[0] * self.grid[1]

    @property
    def patch_size(self) -> tuple[float, float]:
        """(height, width) of a patch in pixels of the shown picture."""
        rows, columns = self.grid
        return (self.region.y1 - self.region.y0) / rows, (self.region.x1 - self.region.x0) / columns

    def index(self, row: int, column: int) -> int:
        """The token of the patch in `row`, `column`."""
        return self.prefix + row * self.grid[1] + column

    def cell(self, index: int) -> tuple[int, int]:
        """(row, column) of a patch token."""
        return divmod(index - self.prefix, self.grid[1])

    def _place(self, index: int) -> Place:
        row, column = self.cell(index)
        height, width = self.patch_size
        x0, y0 = self.region.x0 + column * width, self.region.y0 + row * height
        return Box(x0, y0, x0 + width, y0 + height)

    def _find(self, place: Place) -> np.ndarray:
        """Patches of which the box covers the centre, or the one patch in which the box's own centre lies."""
        if not isinstance(place, Box):
            return np.empty(0, int)
        rows, columns = self.grid
        height, width = self.patch_size
        y = self.region.y0 + (np.arange(rows) + 0.5) * height
        x = self.region.x0 + (np.arange(columns) + 0.5) * width
        inside = np.outer((y >= place.y0) & (y < place.y1), (x >= place.x0) & (x < place.x1))
        found = np.flatnonzero(inside)
        if not len(found):
            row = int(np.floor(((place.y0 + place.y1) / 2 - self.region.y0) / height))
            column = int(np.floor(((place.x0 + place.x1) / 2 - self.region.x0) / width))
            if 0 <= row < rows and 0 <= column < columns:
                found = np.array([row * columns + column])
        return found + self.prefix


@dataclass(frozen=True, eq=False)
class PatchPart(Tokens):
    """Some patches of a grid in an order of their own, such as those that one window holds.

    whole: the grid. indices: int (n,), which of its tokens these are.
    """

    whole: PatchTokens
    indices: np.ndarray

    @classmethod
    def of(cls, whole: PatchTokens, indices: np.ndarray) -> PatchPart:
        labels = tuple(whole.labels[int(i)] for i in indices)
        return cls(labels, whole.special[indices], whole, indices)

    @property
    def prefix(self) -> int:
        """Number of tokens that are no patches; they come first."""
        return int(self.special.sum())

    def cell(self, index: int) -> tuple[int, int]:
        """(row, column) in the whole grid."""
        return self.whole.cell(int(self.indices[index]))

    def _kept(self, indices: np.ndarray) -> dict[str, np.ndarray]:
        return {"indices": self.indices[indices]}

    def _place(self, index: int) -> Place:
        return self.whole.place(int(self.indices[index]))

    def _find(self, place: Place) -> np.ndarray:
        return np.flatnonzero(np.isin(self.indices, self.whole.find(place)))


class _Numbered(Sequence[str]):
    """“point 17”, made when asked for: hundreds of thousands of strings would fill the memory.

    numbers: int (n,), what each point is called.
    """

    def __init__(self, numbers: np.ndarray) -> None:
        self.numbers = numbers

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> str: ...

    @overload
    def __getitem__(self, index: slice) -> _Numbered: ...

    def __getitem__(self, index: int | slice) -> str | _Numbered:
        if isinstance(index, slice):
            return _Numbered(self.numbers[index])
        return f"point {int(self.numbers[index])}"

    def __eq__(self, other: object) -> bool:
        if isinstance(other, _Numbered):
            return np.array_equal(self.numbers, other.numbers)
        return NotImplemented

    def __hash__(self) -> int:
        return hash((_Numbered, len(self.numbers)))


@dataclass(frozen=True, eq=False)
class PointTokens(Tokens):
    """Points of a cloud. positions: float (n, 3) in the cloud's own coordinates."""

    positions: np.ndarray = field(default_factory=lambda: np.empty((0, 3)))

    @classmethod
    def of(cls, positions: np.ndarray, numbers: np.ndarray | None = None) -> Self:
        """Tokens at `positions`, called by `numbers` (int (n,)), or by their place in the sequence."""
        numbers = np.arange(len(positions)) if numbers is None else numbers
        return cls(_Numbered(numbers), np.zeros(len(positions), bool), positions)

    @property
    def numbers(self) -> np.ndarray:
        """int (n,): what they are called by."""
        return self.labels.numbers if isinstance(self.labels, _Numbered) else np.arange(len(self))

    def places(self, indices: Iterable[int]) -> tuple[Place, ...]:
        """What to select for these points: each by its place, or all as one region where they are many."""
        indices = np.asarray(indices, int)
        if len(indices) > SINGLY:
            return (Region(self.positions[indices]),)
        return super().places(indices)

    def find_all(self, places: Iterable[Place]) -> np.ndarray:
        """int (m,): the points nearest to these places, or in these boxes, sorted, each once; one search for
        all."""
        places = tuple(places)
        where = [(place.x, place.y, place.z) for place in places if isinstance(place, Position)]
        parts = [np.array(where, np.float64).reshape(-1, 3)]
        parts += [place.positions for place in places if isinstance(place, Region)]
        wanted = np.concatenate(parts)
        found = [place.holds(self.positions) for place in places if isinstance(place, Cuboid)]
        held = [np.flatnonzero(one) for one in found]
        if len(wanted) and len(self):
            held.append(self.nearest(wanted))
        return np.unique(np.concatenate(held)) if held else np.empty(0, int)

    def nearest(self, positions: np.ndarray) -> np.ndarray:
        """float (n, 3) → int (n,): the point nearest to each position; there must be one."""
        if len(positions) * len(self) > FEW:
            return self._tree.query(positions)[1]
        offset = self.positions - positions[:, None]
        return np.einsum("mij,mij->mi", offset, offset).argmin(axis=1)

    def without_special(self) -> Self:
        """Itself: every point has a place."""
        return self

    @cached_property
    def _tree(self) -> cKDTree:
        from scipy.spatial import cKDTree

        # Not balanced: as good to search here, and much quicker to build where many points lie in a plane.
        return cKDTree(self.positions, balanced_tree=False, compact_nodes=False)

    def _place(self, index: int) -> Place:
        return Position(*(float(v) for v in self.positions[index]))

    def _find(self, place: Place) -> np.ndarray:
        """The one nearest point, or all in a box."""
        return self.find_all((place,))
