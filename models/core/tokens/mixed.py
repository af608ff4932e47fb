"""Tokens of one sequence of a picture and a text: some have their place on pixels, others on words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from headlight.models.core.tokens import Box, Place, TextTokens

GRAIN = 16
"""Edges of boxes that lie within so small a part of a pixel are one."""
RASTER = 512
"""Cells along the longer side of a map of boxes that form no single grid."""


@dataclass(frozen=True, eq=False)
class MixedTokens(TextTokens):
    """As TextTokens; where `boxes` (float64 (n, 4): x0, y0, x1, y1 in pixels of the shown picture) has
    numbers, a token is a part of the picture, and its span is (0, 0). reach: of points, which are smaller
    than a hand can meet, how many pixels around a place that is pointed at the nearest is looked for."""

    boxes: np.ndarray = field(default_factory=lambda: np.empty((0, 4)))
    reach: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.boxes.shape != (len(self), 4):
            raise ValueError(f"{len(self)} tokens, but boxes of {self.boxes.shape}")

    @classmethod
    def of(cls, tokens: TextTokens, boxes: np.ndarray) -> MixedTokens:
        """The same with boxes for the first of them; those behind these have none."""
        every = np.full((len(tokens), 4), np.nan)
        every[: len(boxes)] = boxes
        fields = ("labels", "special", "spans", "words", "texts", "pieces", "sources", "stream")
        return cls(**{name: getattr(tokens, name) for name in fields}, boxes=every)

    @classmethod
    def named(cls, labels: Sequence[str], boxes: np.ndarray, **more: Any) -> MixedTokens:
        """Tokens of no text, called so; special are those without a box. more: other fields."""
        nothing, names = np.zeros(len(labels), int), tuple(labels)
        return cls(
            labels=names,
            special=np.isnan(boxes[:, 0]),
            spans=np.zeros((len(labels), 2), int),
            words=nothing - 1,
            texts=nothing,
            pieces=names,
            sources=("",),
            boxes=boxes,
            **more,
        )

    @property
    def on_picture(self) -> np.ndarray:
        """bool (n,): which are parts of the picture."""
        return ~np.isnan(self.boxes[:, 0])

    def laid(self, values: np.ndarray) -> tuple[np.ndarray, Box] | None:
        """(float32 (rows, columns), the part of the picture that these cells cover) of values (n,): each lies
        in the box of its token, and where boxes lie upon each other, as those of tiles and of the whole
        picture do, their mean. Boxes of one grid give its cells. None without any.
        """
        held = np.flatnonzero(self.on_picture)
        if not len(held):
            return None
        boxes = np.round(self.boxes[held] * GRAIN).astype(np.int64)
        x, y = np.unique(boxes[:, ::2]), np.unique(boxes[:, 1::2])
        cells, counts = np.zeros((2, len(y) - 1, len(x) - 1), np.float32)
        first, last = np.searchsorted(x, boxes[:, 0]), np.searchsorted(x, boxes[:, 2])
        top, bottom = np.searchsorted(y, boxes[:, 1]), np.searchsorted(y, boxes[:, 3])
        for number, value in enumerate(values[held]):
            where = slice(top[number], bottom[number]), slice(first[number], last[number])
            cells[where] += value
            counts[where] += 1
        cells /= np.maximum(counts, 1)
        region = Box(*(float(edge) / GRAIN for edge in (x[0], y[0], x[-1], y[-1])))
        if not (_even(x) and _even(y)):
            cells = _resampled(cells, y, x)
        return cells, region

    def merged(self, first: np.ndarray, labels: Sequence[str], spans: np.ndarray) -> MixedTokens:
        """As of TextTokens: a part of the picture is no word."""
        return MixedTokens.of(super().merged(first, labels, spans), self.boxes[first])

    def _kept(self, indices: np.ndarray) -> dict[str, Any]:
        return {**super()._kept(indices), "boxes": self.boxes[indices]}

    def _place(self, index: int) -> Place:
        box = self.boxes[index]
        return super()._place(index) if np.isnan(box[0]) else Box(*(float(v) for v in box))

    def _find(self, place: Place) -> np.ndarray:
        """Parts of the picture of which a box covers the centre; of a box that covers none those that its
        own centre lies in, or of a place the nearest in reach. Where it is the box of a token, that token
        alone."""
        if not isinstance(place, Box):
            found = super()._find(place)
            return found[~self.on_picture[found]]
        x0, y0, x1, y1 = self.boxes.T
        same = np.abs(self.boxes - place.corners).max(1) < 1 / GRAIN
        if same.any():
            return np.flatnonzero(same)
        x, y = (x0 + x1) / 2, (y0 + y1) / 2
        inside = (x >= place.x0) & (x < place.x1) & (y >= place.y0) & (y < place.y1)
        if not inside.any():
            x, y = (place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2
            inside = (x0 <= x) & (x < x1) & (y0 <= y) & (y < y1)
            if not inside.any() and self.reach and (place.x0, place.y0) == (place.x1, place.y1):
                return self._nearest(x, y)
        return np.flatnonzero(inside)

    def _nearest(self, x: float, y: float) -> np.ndarray:
        """int (1,) or (0,): the token whose middle is nearest to a place, none of them out of reach."""
        x0, y0, x1, y1 = self.boxes.T
        away = np.hypot((x0 + x1) / 2 - x, (y0 + y1) / 2 - y)
        at = np.flatnonzero(away <= self.reach)
        return at[np.argsort(away[at], kind="stable")[:1]]


def _even(edges: np.ndarray) -> bool:
    """Whether they stand at equal distances, up to rounding."""
    steps = np.diff(edges)
    return bool(np.ptp(steps) <= 2)


def _resampled(cells: np.ndarray, y: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Cells between uneven edges as even ones, RASTER along the longer side: that in whose place each is."""
    height, width = y[-1] - y[0], x[-1] - x[0]
    share = RASTER / max(height, width)
    found = []
    for edges, extent in ((y, height), (x, width)):
        count = max(1, round(extent * share))
        middles = edges[0] + (np.arange(count) + 0.5) * extent / count
        found.append(np.searchsorted(edges, middles, side="right") - 1)
    return cells[np.ix_(*found)]
