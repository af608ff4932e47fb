"""What a model is shown of a picture by clicks and a box, as it is given these, and as tokens.

Kirillov et al. 2023, "Segment Anything", appendix A: a point is the sum of the encoding of its place and of a
learnt vector that says whether it lies on the thing; of a box both corners are given; without one a padding
token takes its place. Before all these stand learnt tokens, which read out how good the masks are and what
they are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import OUTPUT, PatchTokens
from headlight.models.core.tokens.mixed import MixedTokens

Point = tuple[float, float]
Corners = tuple[float, float, float, float]


@dataclass(frozen=True)
class Prompts:
    """at: pixels (x, y) of the picture on what is meant, counted from 0. not_at: those beside it. around: x0,
    y0, x1, y1, the first and the last pixel of a box around it."""

    at: tuple[Point, ...] = ()
    not_at: tuple[Point, ...] = ()
    around: Corners | None = None

    def __bool__(self) -> bool:
        return bool(self.at or self.not_at or self.around is not None)

    @property
    def points(self) -> tuple[Point, ...]:
        return (*self.at, *self.not_at)

    def check(self, height: int, width: int) -> None:
        """HeadlightError for what lies outside of a picture, and for a box of nothing."""
        for x, y in self.points:
            if not (0 <= x < width and 0 <= y < height):
                raise HeadlightError(
                    f"The point {x:g},{y:g} lies outside of the picture, which has {width:,} × {height:,} "
                    "pixels.",
                    f"Choose from 0,0 to {width - 1},{height - 1}.",
                )
        if self.around is None:
            return
        x0, y0, x1, y1 = self.around
        if not (0 <= x0 < x1 < width and 0 <= y0 < y1 < height):
            raise HeadlightError(
                f"{x0:g},{y0:g},{x1:g},{y1:g} is no box within a picture of {width:,} × {height:,} pixels.",
                f"Name its left, top, right and bottom pixel, from 0,0 to {width - 1},{height - 1}.",
            )

    def inputs(self, scale: tuple[float, float], device: str) -> dict[str, Tensor]:
        """As the model takes them. scale: pixels that it sees a pixel of the picture, across and down."""
        found: dict[str, Tensor] = {}
        if self.points:
            where = torch.tensor(self.points, dtype=torch.float64) * torch.tensor(scale, dtype=torch.float64)
            found["input_points"] = where.float()[None, None].to(device)
            labels = [1] * len(self.at) + [0] * len(self.not_at)
            found["input_labels"] = torch.tensor(labels, device=device)[None, None]
        if self.around is not None:
            corners = torch.tensor(self.around, dtype=torch.float64) * torch.tensor(
                (*scale, *scale), dtype=torch.float64
            )
            found["input_boxes"] = corners.float()[None, None].to(device)
        return found

    def tokens(self, ahead: Sequence[str], ends: bool, cells: PatchTokens) -> MixedTokens:
        """Those that the decoder reads, in their order: learnt ones, points, corners of a box.

        ahead: what the learnt ones are called. ends: padding stands behind a box too, and in
        place of any point (SAM 2). cells: of the
        picture; a point is a quarter as large as one.
        """
        labels = [*ahead, *(["no point"] if ends and not self else [])]
        places = [(np.nan,) * 4] * len(labels)
        half = [side / 8 for side in reversed(cells.patch_size)]
        boxed = self.around is not None
        corners = [self.around[:2], self.around[2:]] if self.around is not None else []
        for x, y in (*self.points, *corners):
            places.append((x + 0.5 - half[0], y + 0.5 - half[1], x + 0.5 + half[0], y + 0.5 + half[1]))
        labels += [f"point {number}" for number in range(1, len(self.at) + 1)]
        labels += [f"point {number}, not" for number in range(len(self.at) + 1, len(self.points) + 1)]
        labels += ["upper left corner", "lower right corner"] if boxed else ["no box"]
        labels += ["end"] if boxed and ends else []
        places += [(np.nan,) * 4] * (len(labels) - len(places))
        boxes = np.array(places, np.float64)
        return MixedTokens.named(labels, boxes, stream=OUTPUT)
