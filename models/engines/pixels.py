"""From a picture's pixels to what a network takes: one resampling of a region, then its normalisation."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from transformers.image_utils import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD

from headlight.models.catalogue.folders import read_preprocessor
from headlight.models.core.tokens import Box


@dataclass(frozen=True, eq=False)
class Normalisation:
    """(value · factor − mean) / std. mean, std: float32 (3,), red first."""

    mean: np.ndarray
    std: np.ndarray
    factor: float

    @classmethod
    def of(cls, folder: Path | None) -> Normalisation:
        """As the model's preprocessor says, else ImageNet's and 1/255."""
        said = {} if folder is None else read_preprocessor(folder)
        mean = said.get("image_mean", IMAGENET_DEFAULT_MEAN)
        std = said.get("image_std", IMAGENET_DEFAULT_STD)
        if said.get("do_normalize") is False:
            mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)
        factor = 1.0 if said.get("do_rescale") is False else said.get("rescale_factor", 1 / 255)
        return cls(np.asarray(mean, np.float32), np.asarray(std, np.float32), float(factor))

    def values(self, pixels: np.ndarray, region: Box, height: int, width: int) -> np.ndarray:
        """float32 (3, height, width) of the region of a picture uint8 (H, W, 3)."""
        picture = Image.fromarray(pixels).resize(
            (width, height), Image.Resampling.BICUBIC, box=(region.x0, region.y0, region.x1, region.y1)
        )
        values = np.asarray(picture, np.float32) * np.float32(self.factor)
        values = (values - self.mean) / self.std  # (height, width, 3)
        return np.ascontiguousarray(values.transpose(2, 0, 1), np.float32)
