"""Boxes as tables and JSON of their own: the middle, the sides, the yaw in the cloud file's coordinates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.viewer.inputs.boxes.listed import COLUMNS, Listed, NoBoxes

_OTHERS = {
    "length": ("l", "dx"),
    "width": ("w", "dy"),
    "height": ("h", "dz"),
    "yaw": ("heading", "rotation_z"),
    "class": ("label", "name", "category"),
    "score": ("confidence",),
}
"""What other programs call the same."""
_TURNS = 4 * np.pi
"""Radians beyond which a yaw looks like degrees."""


def is_table(head: str) -> bool:
    """Whether a text begins with the names of a box's columns."""
    words = {word.strip().lower() for word in head.partition("\n")[0].split(",")}
    return all(any(name in words for name in _names(column)) for column in COLUMNS)


def read_table(text: str) -> Listed:
    """Raises NoBoxes."""
    rows = csv.DictReader(io.StringIO(text))
    rows.fieldnames = [name.strip().lower() for name in rows.fieldnames or ()]
    return read_rows(rows)


def read_rows(rows: Iterable[Mapping[str, Any]]) -> Listed:
    """Raises NoBoxes."""
    boxes, names, scores = [], [], []
    for number, row in enumerate(rows, 1):
        try:
            boxes.append([float(_value(row, column)) for column in COLUMNS])
            score = _value(row, "score")
            scores.append(np.nan if score in (None, "") else float(score))
        except (TypeError, ValueError):
            raise NoBoxes(f"box {number} lacks a number, or has something else in its place") from None
        names.append(str(_value(row, "class") or "thing"))
    known = len(scores) > 0 and not np.isnan(scores).any()
    found = np.array(boxes, np.float64).reshape(-1, 7)
    widest = float(np.abs(found[:, 6]).max(initial=0))
    said = (f"Its yaws, up to {widest:g}, are read as radians.",) if widest > _TURNS else ()
    return Listed(found, tuple(names), np.array(scores) if known else None, said=said)


def table(boxes: np.ndarray, answer: Boxes) -> Iterator[Sequence[object]]:
    """Rows of a csv, its header first. boxes: float (n, 7) in the file's coordinates."""
    yield (*COLUMNS, "class", "score")
    for box, label, score in zip(boxes.tolist(), answer.labels.tolist(), answer.scores.tolist(), strict=True):
        yield (*(f"{value:.9g}" for value in box), answer.classes[label], f"{score:.6g}")


def document(boxes: np.ndarray, answer: Boxes) -> dict[str, Any]:
    """What a json holds."""
    numbers = np.column_stack([np.asarray(boxes, np.float64).reshape(-1, 7), answer.scores]).tolist()
    names = [answer.classes[label] for label in answer.labels]
    return {
        "boxes": [
            dict(zip((*COLUMNS, "score", "class"), (*row, name), strict=True))
            for row, name in zip(numbers, names, strict=True)
        ]
    }


def _names(column: str) -> tuple[str, ...]:
    return column, *_OTHERS.get(column, ())


def _value(row: Mapping[str, Any], column: str) -> Any:
    return next((row[name] for name in _names(column) if name in row), None)
