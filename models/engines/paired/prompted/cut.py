"""Masks as a decoder gives them, and in pixels of the picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from headlight.models.core.answers import Masks
from headlight.models.core.tokens import Box

MARGIN = 1.0
"""By which logits are off their threshold where the stability of a mask is measured (section 5)."""


Size = tuple[int, int]
"""(height, width) in pixels."""


def in_pixels(logits: Tensor, seen: Size | None, filled: Size, size: Size) -> Tensor:
    """float [n, *size]: logits [n, h, w] over what the model saw, resampled to that, cut to what of it the
    picture fills, and resampled to a size of the picture. seen: None where the picture fills all of it and
    the logits are resampled once (SAM 2)."""
    every = logits[None].float()
    if seen is not None:
        every = interpolate(every, seen, mode="bilinear", align_corners=False)
        every = every[..., : filled[0], : filled[1]]
    if tuple(every.shape[-2:]) != tuple(size):
        every = interpolate(every, size, mode="bilinear", align_corners=False)
    return every[0]


def stability(logits: Tensor) -> np.ndarray:
    """float32 (n,), as `Masks` has it, of logits [n, h, w]; 1 of a mask that is empty at either threshold."""
    inner, outer = ((logits > level).sum((1, 2)).float() for level in (MARGIN, -MARGIN))
    return torch.where(outer > 0, inner / outer.clamp(min=1), 1.0).cpu().numpy()


def masks_of(
    logits: Tensor, scores: Tensor, seen: Size | None, filled: Size, size: Size, before: int = 1
) -> Masks:
    """What is said of a picture of `size`, in its own pixels, or in those that the model saw where these are
    fewer. logits: float [n, h, w]; scores: float [n], the predicted intersections over union. before: tokens
    of the decoder that stand before those of masks."""
    shown = min(size, filled, key=lambda one: one[0] * one[1])
    found = in_pixels(logits, seen, filled, shown)
    first = 1 if len(logits) > 1 else 0
    return Masks(
        names=tuple(f"mask {number + first}" for number in range(len(logits))),
        scores=scores.float().cpu().numpy(),
        measure="predicted IoU",
        masks=(found > 0).cpu().numpy(),
        region=Box(0.0, 0.0, float(size[1]), float(size[0])),
        stability=stability(logits.float()),
        tokens=np.arange(len(logits)) + before + first,
    )
