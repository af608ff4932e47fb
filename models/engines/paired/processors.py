"""What prepares pictures for a model that also reads: its folder's own image processor, else its family's
with the numbers of its configuration, else one resampling to the square that its tower was made for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from PIL import Image
from transformers import AutoImageProcessor, PreTrainedConfig
from transformers.models.auto.image_processing_auto import IMAGE_PROCESSOR_MAPPING

from headlight.models.catalogue.folders import read_preprocessor
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import Box
from headlight.models.engines.pictures.pixels import Normalisation


class Prepare(Protocol):
    """A picture, uint8 (H, W, 3), as what a model is given of it: tensors, "pixel_values" among them. small:
    not cut into tiles, where that can be left out."""

    def __call__(self, pixels: np.ndarray, small: bool = False) -> Mapping[str, Any]: ...


_FAILS = (OSError, ValueError, TypeError, ImportError, LookupError, AttributeError, RuntimeError)
_TRIED = (61, 83)
"""Height and width of the picture that shows whether a processor works."""
USUAL = 224
"""Pixels of a square where nothing says how many."""
NORMALISES = ("image_mean", "image_std", "rescale_factor", "do_rescale", "do_normalize")


def processor_of(
    folder: Path, config: PreTrainedConfig, title: str, side: int | None = None
) -> tuple[Prepare, tuple[str, ...]]:
    """(what prepares pictures for the model of a folder, notices). The first way that works.

    side: pixels of the only square that the model reads, None of one that reads others.
    """
    said = read_preprocessor(folder)
    for made in _ways(folder, config, said):
        try:
            prepare = _called(made())
            if _is_picture(prepare(np.zeros((*_TRIED, 3), np.uint8)), side):
                return prepare, () if said else (_unsaid(title),)
        except _FAILS:
            continue
    square = Square(config, Normalisation.of(folder), side)
    return square, () if said else (_unsaid(title),)


def _unsaid(title: str) -> str:
    return f"The folder of {title} does not say how pictures are prepared: as is usual of its family."


def _ways(folder: Path, config: PreTrainedConfig, said: Mapping[str, Any]) -> Iterator[Callable[[], Any]]:
    if said:
        yield lambda: AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
    every = IMAGE_PROCESSOR_MAPPING.get(type(config), None)
    kinds = every.values() if isinstance(every, dict) else [every]
    for kind in (one for one in kinds if one is not None):
        yield lambda kind=kind: kind(
            **_of_family(kind, config), **{n: said[n] for n in NORMALISES if n in said}
        )
        yield lambda kind=kind: kind(**{n: said[n] for n in NORMALISES if n in said})


def _called(processor: Any) -> Prepare:
    cuts = hasattr(processor, "do_image_splitting")
    if hasattr(processor, "apply_ocr"):  # which takes another program
        processor.apply_ocr = False

    def prepare(pixels: np.ndarray, small: bool = False) -> Mapping[str, Any]:
        asked: dict[str, Any] = {"return_row_col_info": True} if cuts else {}
        if cuts and small:
            asked["do_image_splitting"] = False
        return processor(images=Image.fromarray(pixels), return_tensors="pt", **asked)

    return prepare


def _is_picture(found: Mapping[str, Any], side: int | None = None) -> bool:
    values = found.get("pixel_values")
    if not isinstance(values, torch.Tensor) or not values.is_floating_point() or not values.numel():
        return False
    return side is None or tuple(values.shape[-2:]) == (side, side)


def _of_family(kind: type, config: PreTrainedConfig) -> dict[str, Any]:
    """Sizes of a processor's class, with the numbers of a tower's configuration in their place."""
    tower = getattr(config, "vision_config", config)
    size, patch = _one(_side(tower)), _one(getattr(tower, "patch_size", None))
    merge = getattr(tower, "spatial_merge_size", None) or getattr(config, "spatial_merge_size", None)
    found: dict[str, Any] = {}
    if patch and getattr(kind, "patch_size", None) is not None:
        is_dict = isinstance(kind.patch_size, dict)
        whole = patch * merge if is_dict and merge else patch  # Pixtral's grid is of merged patches
        found["patch_size"] = {"height": whole, "width": whole} if is_dict else patch
    if merge and getattr(kind, "merge_size", None) is not None:
        found["merge_size"] = merge
    usual = getattr(kind, "size", None)
    if not size or not isinstance(usual, Mapping):
        return found
    if "height" in usual:
        found["size"] = {"height": size, "width": size}
    elif getattr(kind, "max_image_size", None) is not None:
        times = max(1, usual["longest_edge"] // kind.max_image_size["longest_edge"])
        found |= {"max_image_size": {"longest_edge": size}, "size": {"longest_edge": times * size}}
    elif set(usual) == {"shortest_edge"}:
        found["size"] = {"shortest_edge": size}
    elif set(usual) == {"longest_edge"}:
        found["size"] = {"longest_edge": size}
    if getattr(kind, "pad_size", None) is not None:
        found["pad_size"] = {"height": size, "width": size}
    if getattr(kind, "crop_size", None) is not None:
        found["crop_size"] = {"height": size, "width": size}
    pinpoints = getattr(config, "image_grid_pinpoints", None)
    if pinpoints and getattr(kind, "image_grid_pinpoints", None) is not None:
        found["image_grid_pinpoints"] = pinpoints
    return found


def _side(tower: Any) -> Any:
    """What a tower's configuration says of the size of its pictures, if anything."""
    return getattr(tower, "image_size", None) or getattr(tower, "input_size", None)


def _one(value: Any) -> int | None:
    """Of a height and a width the first."""
    if isinstance(value, list | tuple) and value:
        value = value[0]
    return value if isinstance(value, int) and value > 0 else None


class Square:
    """The whole picture, resampled to the size that a tower was made for."""

    def __init__(
        self, config: PreTrainedConfig, normalisation: Normalisation, side: int | None = None
    ) -> None:
        towers = (getattr(config, "vision_config", None), getattr(config, "encoder", None), config)
        sizes = (_side(tower) for tower in towers)
        found = side or next((size for size in sizes if size), USUAL)
        self._height, self._width = found if isinstance(found, list | tuple) else (found, found)
        self._normalisation = normalisation

    def __call__(self, pixels: np.ndarray, small: bool = False) -> dict[str, torch.Tensor]:
        height, width = pixels.shape[:2]
        if self._normalisation.mean.size != 3:
            raise HeadlightError("The model sees pictures without colours.", "Choose another model.")
        values = self._normalisation.values(
            pixels, Box(0, 0, width, height), int(self._height), int(self._width)
        )
        return {"pixel_values": torch.from_numpy(values)[None]}
