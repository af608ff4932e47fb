"""What a detector says of a picture: boxes and classes of its tokens (Carion et al. 2020, "DETR", section 3).

In YOLOS (Fang et al. 2021, "You only look at one sequence", section 3.1) these are tokens of the same
sequence as the patches, behind them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headlight.models.core.answers import EVERY, Target, Things
from headlight.models.core.tokens import Box, Place
from headlight.models.engines.heads import Head, foreign
from headlight.models.engines.pictures.laying import Laying


def things(
    logits: Tensor, boxes: Tensor, named: Mapping[int, str], seen: Box, places: Sequence[Place]
) -> Things | None:
    """Of logits [n, classes + 1], the last of nothing, and boxes [n, 4], their middles and extents as shares
    of what of the picture was `seen`. None where they are no numbers."""
    if not (logits.isfinite().all() and boxes.isfinite().all()):
        return None
    shares = logits.float().softmax(-1)[:, :-1]
    return Things(
        tuple(str(named.get(number, f"LABEL_{number}")) for number in range(shares.shape[1])),
        shares.cpu().numpy(),
        on_picture(boxes, seen).astype(np.float32),
        tuple(places),
    )


def on_picture(boxes: Tensor, seen: Box) -> np.ndarray:
    """float64 (n, 4), x0 y0 x1 y1 in pixels of the picture, of middles and extents [n, 4]."""
    middle, extent = (part.double().cpu().numpy() for part in boxes.split(2, -1))
    corner, size = np.array(seen.corners[:2]), np.array(seen.corners[2:]) - seen.corners[:2]
    return np.hstack([corner + (middle + sign * extent / 2) * size for sign in (-1, 1)])


class DetectingHead(Head):
    """Over tokens behind the patches, which are shown before them."""

    _laying: Laying
    _prefix: int

    def over(self, laying: Laying, prefix: int) -> DetectingHead:
        """laying: which tokens stand where; prefix: of how many that are shown first."""
        self._laying, self._prefix = laying, prefix
        return self

    @property
    def first(self) -> int:
        """The number of the first of its tokens among those that are shown."""
        return self._prefix - len(self._laying.behind)

    def __call__(self, output: Any, inputs: Mapping[str, Tensor]) -> Tensor:
        """Logits [1, tokens, classes + 1], the last of nothing."""
        return super().__call__(self._as_given(output, inputs), inputs)

    def said(self, output: Any, inputs: Mapping[str, Tensor], seen: Box, places: Sequence[Place]) -> Any:
        """Things, of a picture of which the model saw this part; None where it gives no numbers."""
        found = self.whole_output(self._as_given(output, inputs), inputs)
        named = self.whole.config.id2label or {}
        return things(found.logits[0], found.pred_boxes[0], named, seen, places)

    def of_target(
        self, output: Any, inputs: Mapping[str, Tensor], target: Target, place: int | None
    ) -> tuple[Tensor, Tensor]:
        """As of all heads: of one of its tokens a class."""
        if place is None:
            raise foreign(target)
        every = self(output, inputs)[0].float()
        number = place - self.first
        if not (0 <= number < len(every) and EVERY <= target.index < every.shape[1] - 1):
            raise foreign(target)
        logits = every[number]
        if target.index == EVERY:
            return logits[:-1].sum(), torch.ones(())
        return logits[target.index], logits.softmax(0)[target.index]

    def _as_given(self, output: Any, inputs: Mapping[str, Tensor]) -> Any:
        """In the order in which the model has its tokens."""
        grid = tuple(count // self._laying.patch for count in inputs["pixel_values"].shape[2:])
        order = self._laying.order((grid[0], grid[1]), self._prefix)
        if order is None:
            return output
        state = output.last_hidden_state[:, torch.from_numpy(order).to(output.last_hidden_state.device)]
        return type(output)(**{**output, "last_hidden_state": state})
