"""An engine whose model is given pixels: what gradients are taken of, and how cells share them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.tokens import PatchTokens
from headlight.models.engines.pictures.pixels import summed
from headlight.models.engines.run import Askable, Made


def unrunnable(title: str) -> HeadlightError:
    """Of a network that fails whatever it is given."""
    return HeadlightError(
        f"{title} cannot be run: its config.json describes a network that fails on every picture, those of "
        "the size it was made for too.",
        "Correct config.json, or choose another model.",
    )


class OfPixels(Askable):
    """Of pixels [1, 3, H, W], which `inputs` holds as "pixel_values"."""

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the pixels of each cell."""
        return summed(known(run.tokens, PatchTokens), values, run.given.fitted.region)

    @contextmanager
    def _leaf(
        self, inputs: dict[str, Any], values: torch.Tensor | None = None
    ) -> Iterator[list[torch.Tensor]]:
        if values is not None:
            inputs["pixel_values"] = values[None].clone()
        yield [inputs["pixel_values"].requires_grad_()]
