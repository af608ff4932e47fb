"""A cloud made into what a point network sees of each point. Training and use share it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError

INPUTS = ("height", "x", "y", "z", "r", "g", "b", "coloured")
"""What a feature can be: metres above the floor, coordinates, colour, and whether there is colour."""
OWN = ("height", "r", "g", "b", "coloured")
"""What the networks that Headlight trains see of a point."""
LOWEST = 1.0
"""Percentile of the heights that stands for the floor: stray points lie below it."""
GREY = 127.5

Colour = Literal["unit", "signed"]
Centre = Literal["minimum", "box", "floor"]


def check_inputs(inputs: Sequence[str], where: object) -> None:
    """HeadlightError for a feature that nobody knows how to make."""
    for name in inputs:
        if name not in INPUTS:
            raise HeadlightError(
                f"{where} has “{name[:80]}” among its inputs, and they can be {', '.join(INPUTS)}.",
                "Correct the file, or choose another model.",
            )


def features(
    points: np.ndarray,
    colours: np.ndarray | None,
    inputs: Sequence[str],
    colour: Colour = "unit",
    centre: Centre = "minimum",
    cloud: np.ndarray | None = None,
    floor: float | None = None,
) -> np.ndarray:
    """float32 (m, 3) in metres, z up, 0 to 255 (m, 3) or None → float32 (m, inputs).

    colour: "unit" is rgb / 255, "signed" is rgb / 127.5 − 1. centre: where x, y and z have their zero, the
    lowest corner of the cloud's box, its middle, or the middle of its floor. cloud: the points whose box and
    floor count, if not these. floor: its height, where it is known. Without colours r, g and b are 0 for a
    network that is told so ("coloured"), and grey for one that is not.
    """
    cloud = points if cloud is None else cloud
    zero, middle = cloud.min(axis=0), (cloud.min(axis=0) + cloud.max(axis=0)) / 2
    if centre == "box":
        zero = middle
    elif centre == "floor":
        zero = np.array([*middle[:2], zero[2]])
    columns: list[np.ndarray] = []
    for name in inputs:
        if name == "height":
            columns.append(points[:, 2] - (floor_of(cloud) if floor is None else floor))
        elif name in "xyz":
            axis = "xyz".index(name)
            columns.append(points[:, axis] - zero[axis])
        elif name == "coloured":
            columns.append(np.full(len(points), colours is not None, np.float32))
        elif colours is None and "coloured" in inputs:
            columns.append(np.zeros(len(points), np.float32))
        else:
            values = np.full(len(points), GREY) if colours is None else colours[:, "rgb".index(name)]
            columns.append(values / 255 if colour == "unit" else values / 127.5 - 1)
    return np.stack(columns, axis=1).astype(np.float32)


def floor_of(points: np.ndarray) -> float:
    """The height, in metres, that only the lowest 1 % of the points lie below."""
    return float(np.percentile(points[:, 2], LOWEST))
