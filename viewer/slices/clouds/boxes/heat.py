"""The heat map of a detector over the bird's-eye view: where it takes the middle of a thing to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, lut
from headlight.models.core.task import SILENT, Task
from headlight.viewer.slices.clouds.boxes.shown import Read

LEAST = 0.05
"""Below it the points themselves are seen."""
_GROUND = 64
"""Levels from 1 on that say how many points a cell holds; those above are the heat's."""
_EDGE = 0.5
"""Metres of a cell where there is no heat map."""
_MOST = 400.0
"""Metres across, of a cloud without a heat map, that are drawn."""


@dataclass(frozen=True, eq=False)
class HeatPicture:
    """levels: uint8 (rows, columns) of `heat_colours`; rows are y, the first the smallest. values: float16
    (rows, columns), the heat, None without. scale: of it. extent: x0 y0 x1 y1 in metres of the cloud. said:
    what it is.
    """

    levels: np.ndarray
    values: np.ndarray | None
    scale: Scale | None
    extent: tuple[float, float, float, float]
    said: str

    @property
    def edge(self) -> tuple[float, float]:
        """Metres of a cell along x and y."""
        x0, y0, x1, y1 = self.extent
        rows, columns = self.levels.shape
        return (x1 - x0) / columns, (y1 - y0) / rows


def heat_colours(name: str, dark: bool) -> np.ndarray:
    """uint8 (256, 4): nothing, greys for points, then the map."""
    colours = np.zeros((256, 4), np.uint8)
    greys = np.linspace(52, 130, _GROUND) if dark else np.linspace(215, 120, _GROUND)
    colours[1 : _GROUND + 1, :3] = greys.round()[:, None]
    colours[1 : _GROUND + 1, 3] = 255
    colours[_GROUND + 1 :] = heat_bar(name)[np.linspace(0, 255, 255 - _GROUND).round().astype(int)]
    return colours


def heat_bar(name: str) -> np.ndarray:
    """uint8 (256, 4): the colours of the heat alone, without its darkest end, which no ground shows."""
    return lut(name)[np.linspace(40, 255, 256).round().astype(int)]


def heat_picture(read: Read, heat: int | None, task: Task = SILENT) -> HeatPicture:
    """heat: of which class, None for the most of all."""
    if read.trace is None:
        return _picture(read, heat)
    return derived(read.trace, ("heat", read.cloud, heat), lambda: _picture(read, heat))


def _picture(read: Read, heat: int | None) -> HeatPicture:
    answer, points = read.answer, read.cloud.points
    if answer is None or answer.heat is None or answer.extent is None:
        extent = _around(points)
        shape = tuple(max(1, round((extent[at + 2] - extent[at]) / _EDGE)) for at in (1, 0))
        return HeatPicture(_ground(points, extent, shape), None, None, extent, "points, without a heat map")
    one = heat if heat is not None and heat < len(answer.classes) else None
    values = answer.heat.max(axis=0) if one is None else answer.heat[one]
    made = _ground(points, answer.extent, values.shape)
    scale = Scale(LEAST, max(float(values.max(initial=0.0)), 2 * LEAST))
    warm = values >= LEAST
    share = levels(values[warm], scale).astype(np.int64)
    made[warm] = _GROUND + 1 + share * (254 - _GROUND) // 255
    what = "any class" if one is None else answer.classes[one]
    said = f"most sure of {what}: {float(values.max(initial=0)):.2f}"
    return HeatPicture(made, values.astype(np.float16), scale, answer.extent, said)


def _ground(points: np.ndarray, extent: tuple[float, ...], shape: tuple[int, ...]) -> np.ndarray:
    """uint8 (rows, columns): 0 without a point, else more the more points a cell holds."""
    rows, columns = shape
    x0, y0, x1, y1 = extent
    column = np.floor((points[:, 0] - x0) / (x1 - x0) * columns).astype(np.int64)
    row = np.floor((points[:, 1] - y0) / (y1 - y0) * rows).astype(np.int64)
    inside = (row >= 0) & (row < rows) & (column >= 0) & (column < columns)
    counts = np.bincount(row[inside] * columns + column[inside], minlength=rows * columns)
    bright = np.log1p(counts) / np.log1p(max(float(np.percentile(counts, 99.5)), 1.0))
    made = np.where(counts > 0, 1 + np.clip(bright, 0, 1) * (_GROUND - 1), 0)
    return made.round().astype(np.uint8).reshape(rows, columns)


def _around(points: np.ndarray) -> tuple[float, float, float, float]:
    """The ground that (nearly) all points cover, in whole metres."""
    low, high = np.percentile(points[:, :2], (0.5, 99.5), axis=0)
    middle, half = (low + high) / 2, np.clip((high - low) / 2 + 1, 1, _MOST / 2)
    (x0, y0), (x1, y1) = np.floor(middle - half), np.ceil(middle + half)
    return float(x0), float(y0), float(x1), float(y1)
