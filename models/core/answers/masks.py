"""Parts of a picture that a model cuts out, each by itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers.target import Target
from headlight.models.core.tokens import Box


@dataclass(frozen=True, eq=False)
class Masks:
    """n parts of a picture, in the order in which the model gives them; they may lie upon each other.

    names: what each is called. scores: float32 (n,), how sure the model is of each. measure: what these are,
    in a word. masks: bool (n, rows, columns), True within a part; region: what of the shown picture the cells
    cover, in its pixels. stability: float32 (n,), intersection over union of the part where its logits are
    above 1 and of that where they are above −1 (Kirillov et al. 2023, section 5); 1 where no threshold
    matters. tokens: int (n,), which of the OUTPUT stream each is read from.
    """

    names: tuple[str, ...]
    scores: np.ndarray
    measure: str
    masks: np.ndarray
    region: Box
    stability: np.ndarray
    tokens: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    @property
    def best(self) -> int:
        """The one of which the model is surest."""
        return int(self.scores.argmax())

    @property
    def shares(self) -> np.ndarray:
        """float32 (n,): how much of the picture each takes."""
        return self.masks.mean((1, 2), dtype=np.float64).astype(np.float32)

    def targets(self) -> tuple[Target, ...]:
        """Every part, the surest first."""
        order = np.argsort(-self.scores, kind="stable")
        return tuple(Target(self.names[i], float(self.scores[i]), int(i)) for i in order)

    def at(self, x: float, y: float) -> np.ndarray:
        """int (m,): the parts that a pixel of the shown picture lies in."""
        rows, columns = self.masks.shape[1:]
        column = int(np.floor((x - self.region.x0) / (self.region.x1 - self.region.x0) * columns))
        row = int(np.floor((y - self.region.y0) / (self.region.y1 - self.region.y0) * rows))
        inside = 0 <= row < rows and 0 <= column < columns
        return np.flatnonzero(self.masks[:, row, column]) if inside else np.empty(0, int)
