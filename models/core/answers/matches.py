"""Which points of one picture a model takes for points of another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers.target import Target
from headlight.models.core.tokens import Place


@dataclass(frozen=True, eq=False)
class Matches:
    """m pairs of tokens. first, second: int (m,), of the first and of the second picture. scores: float32
    (m,). places: where the tokens `first` are. lines: float32 (m, 4), x0 y0 x1 y1 from one to the other in
    pixels of what is shown, both pictures beside each other. names: what the pairs are called.
    """

    first: np.ndarray
    second: np.ndarray
    scores: np.ndarray
    places: tuple[Place, ...]
    lines: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.first)

    def targets(self) -> tuple[Target, ...]:
        """Every pair, the surest first."""
        order = np.argsort(-self.scores, kind="stable")
        return tuple(Target(self.names[i], float(self.scores[i]), int(i), self.places[i]) for i in order)

    def of(self, tokens: np.ndarray) -> np.ndarray:
        """int (k,): the pairs that one of these tokens is of."""
        return np.flatnonzero(np.isin(self.first, tokens) | np.isin(self.second, tokens))
