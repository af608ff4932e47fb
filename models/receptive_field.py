"""Receptive fields: which part of the input a unit can see, exactly, from how layers are put together.

Araujo et al. 2019, "Computing receptive fields of convolutional neural networks" (Distill), section 2. numpy
only; `receptive_walk` finds the fields of a whole network, `effective_field` what a unit really uses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True, eq=False)
class Field:
    """The theoretical receptive field of the units of one layer, per axis (rows, columns; 3D: x, y, z).

    name: the module's name in the network, unique ("input" for the input itself). kind: what it is ("Conv2d",
    "MaxPool2d", "add", "window attention", ...). level: an operation, or the last one of a block or a stage.
    size, stride, start: in pixels of the network's input. Unit u of an axis sees the pixels
    [start + u·stride, start + u·stride + size), before anything is clipped at the picture's edge.
    shape: units per axis of the layer's output. channels: of its output, 0 where unknown.
    aligned: False where branches of other stride or centre were merged; `note` then names them.
    whole: a global operation came before: every unit sees the whole picture.
    intervals: one int array (units, 2) per axis, [first, last + 1), where what a unit sees depends on where
    it lies (attention in windows); size, stride and start are then those of the unit in the middle.
    """

    name: str
    kind: str
    size: tuple[int, ...]
    stride: tuple[int, ...]
    start: tuple[int, ...]
    shape: tuple[int, ...]
    channels: int = 0
    level: Literal["operation", "block", "stage"] = "operation"
    aligned: bool = True
    whole: bool = False
    intervals: tuple[np.ndarray, ...] | None = None
    note: str = ""
