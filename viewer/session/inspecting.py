"""How artifact tokens are looked at. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from headlight.models.core.settings import OUTLIER


@dataclass(frozen=True)
class ArtifactSettings:
    """factor: a token is an outlier above so many medians of its layer's norms. behind: how many layers the
    norms that are shown have passed, None for all. by: which map is shown with artifact tokens and without.
    """

    factor: float = OUTLIER
    behind: int | None = None
    by: Literal["rollout", "head"] = "rollout"

    def state(self, count: int) -> int:
        """Which of so many states is shown."""
        return count - 1 if self.behind is None else min(self.behind, count - 1)
