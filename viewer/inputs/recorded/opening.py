"""A file of a recorded trace → what is seen beside its weights: a text, a picture or a cloud."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.pictures.decoding import check_size
from headlight.viewer.inputs.recorded import ENDING
from headlight.viewer.inputs.recorded.format import arrays_of, damaged, header_of
from headlight.viewer.inputs.recorded.inputs import Recorded, RecordedCloud, RecordedImage, RecordedText, Step
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.registry import Reader

PATCH = 16
"""Pixels of a patch where there is a grid and no picture."""
_GREY = (168, 184)
"""Two greys of the squares of a picture that nobody gave."""


def opened(reader: Reader, source: Source) -> Recorded:
    """What a file shows beside its weights. HeadlightError where it is damaged."""
    if source.path is None:
        raise HeadlightError("A recorded trace was pasted.", f"Save it as NAME{ENDING} and open that.")
    header = header_of(source.file, source.name)
    steps = (Step(int(header.get("step") or 0), str(source.path.absolute())),)
    title = str(header.get("title") or Path(source.name).name.removesuffix(ENDING))[:200]
    try:
        described = dict(header["streams"]["input"])
        arrays = arrays_of(source.file, source.name, ("picture", "points"), source.task)
        found = _seen(described, arrays, title, steps, source)
        return replace(found, name=str(header.get("name") or "")[:200])
    except (KeyError, TypeError, ValueError) as error:
        raise damaged(source.name) from error


def _seen(
    described: dict[str, Any], arrays: dict[str, Any], title: str, steps: tuple[Step, ...], source: Source
) -> Recorded:
    if "points" in described:
        points = np.ascontiguousarray(arrays["points"], np.float32)
        if points.ndim != 2 or points.shape[1] != 3 or not len(points) or not np.isfinite(points).all():
            raise damaged(source.name)
        plain = Frame()
        return RecordedCloud(title, points, np.zeros(3), plain, plain, steps=steps)
    if "grid" in described:
        picture = arrays.get("picture")
        if picture is None:
            rows, columns = (int(side) for side in described["grid"])
            check_size(source.name, PATCH * columns, PATCH * rows)
            picture = chequered(rows, columns)
        if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3:
            raise damaged(source.name)
        check_size(source.name, picture.shape[1], picture.shape[0])
        return RecordedImage(title, picture, steps=steps)
    return RecordedText(title, str(described["text"]), steps=steps)


def chequered(rows: int, columns: int) -> np.ndarray:
    """uint8 (16 · rows, 16 · columns, 3): a board of greys, a square a patch."""
    board = np.where(np.indices((rows, columns)).sum(0) % 2, *_GREY).astype(np.uint8)
    return np.repeat(board.repeat(PATCH, 0).repeat(PATCH, 1)[..., None], 3, axis=2)
