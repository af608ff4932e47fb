"""What the panes draw: levels of colour with their scale, and what they are of. Pure functions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.colours import Scale, levels, lut, scale_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.points.representations.asked import Name, hard_of, stand_of
from headlight.models.points.representations.cells import Grid, Triple, box_of
from headlight.models.points.representations.pillars import canvas
from headlight.models.points.representations.range_image import CHANNELS, Sensor, spherical
from headlight.models.points.representations.voxels import Hard
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.view import RepresentSettings
from headlight.viewer.slices.clouds.represented.kept import USUAL, asked_of, cloud_of, usual_of
from headlight.viewer.slices.clouds.represented.kept import grid as grid_for
from headlight.viewer.slices.clouds.represented.kept import sensor as sensor_for
from headlight.viewer.slices.clouds.represented.parts import Part, PartName, named, part_of

COLOURS = "viridis"
"""The map of all of them: its low end is seen on dark and on light ground."""
BIRDS_EYE = {
    "highest": "Highest point, m",
    "lowest": "Lowest point, m",
    "mean": "Mean height, m",
    "counts": "Points",
    "intensity": "Mean intensity",
}
"""What is shown of the view from above, by the names of its arrays."""
PILLAR = {
    "count": "Points kept",
    "x": "x, m",
    "y": "y, m",
    "z": "z, m",
    "intensity": "Intensity",
    "x-mean": "x − mean, m",
    "y-mean": "y − mean, m",
    "z-mean": "z − mean, m",
    "x-middle": "x − middle, m",
    "y-middle": "y − middle, m",
    "z-middle": "z − middle, m",
}
"""What is shown of pillars: how many points, or the largest of one of the ten numbers each is fed with."""
UNITS = {"range": "m", "height": "m", "azimuth": "radians", "intensity": "as the file has it", "occupied": ""}
"""Of the channels of a range image."""


@dataclass(frozen=True, eq=False)
class Picture(ABC):
    """A rectangle of cells. levels: uint8 (rows, columns), 0 where nothing is, else 1 to 255 for the values
    between the ends of the scale. of: what the values are. said: what is counted. zero: float64 (3,), where
    the zero of the file's own coordinates lies in the cloud's frame.
    """

    levels: np.ndarray
    scale: Scale
    of: str
    said: str
    zero: np.ndarray

    @abstractmethod
    def places(self, points: np.ndarray) -> np.ndarray:
        """float64 (k, 2): where points (k, 3), metres in the file's own axes with z up, lie in it: columns
        from the left, rows from the first one's border."""


@dataclass(frozen=True, eq=False)
class FromAbove(Picture):
    grid: Grid

    def places(self, points: np.ndarray) -> np.ndarray:
        return ((points - np.asarray(self.grid.low)) / np.asarray(self.grid.edge))[:, :2]


@dataclass(frozen=True, eq=False)
class RangePicture(Picture):
    sensor: Sensor
    stand: np.ndarray
    """float64 (3,): where it is seen from, in the same metres as points are given."""

    def places(self, points: np.ndarray) -> np.ndarray:
        _, azimuth, elevation = spherical(points - self.stand)
        return np.stack(self.sensor.place(azimuth, np.degrees(elevation)), axis=1)


@dataclass(frozen=True, eq=False)
class ViewsPicture:
    """levels: uint8 (cameras, side, side). azimuths: degrees of each."""

    levels: np.ndarray
    scale: Scale
    said: str
    azimuths: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class CellsInSpace:
    """centres: float32 (V, 3) metres of the cloud's frame. rgb: uint8 (V, 3). scale: of what `of` says, None
    where all have one colour. edge: metres of a cell along x, y, z.
    """

    centres: np.ndarray
    rgb: np.ndarray
    scale: Scale | None
    of: str
    said: str
    edge: tuple[float, float, float]


@dataclass(frozen=True)
class Why:
    """In place of a picture: why there is none, and what to do."""

    sentence: str


def drawn(
    part: PartName, cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT
) -> CellsInSpace | FromAbove | RangePicture | ViewsPicture | Why:
    """What a part of the page draws."""
    of = {"space": cells_in_space, "above": from_above, "range": range_picture, "views": views_picture}
    try:
        return of[part](cloud, settings, task)
    except HeadlightError as error:
        return Why(str(error))


@dataclass(frozen=True)
class InForce:
    """What holds where nothing was chosen. low, high: metres, the cloud's box as the file has it. edges:
    metres of a voxel and of a pillar along x. most_points, most_cells: that hard voxelisation would keep of
    pillars. of_voxels: what of voxels is not the same, in words, by the field.
    """

    low: Triple
    high: Triple
    voxel_edge: float
    pillar_edge: float
    most_points: int
    most_cells: int
    of_voxels: Mapping[str, str]


def in_force(cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT) -> InForce:
    """For the controls."""
    whole = cloud_of(cloud).points
    ends = box_of(whole) if len(whole) else (np.zeros(3), np.ones(3))
    low, high = ((float(x), float(y), float(z)) for x, y, z in ends)
    (voxel, of_voxels), (pillar, of_pillars) = (
        _usual_cells(cloud, settings, "voxels", settings.voxel_edge),
        _usual_cells(cloud, settings, "pillars", settings.pillar_edge),
    )
    notes = {}
    if of_voxels.most_points != of_pillars.most_points:
        notes["most_points"] = f"{of_voxels.most_points} of a voxel"
    if of_voxels.most_cells != of_pillars.most_cells:
        notes["most_cells"] = f"{of_voxels.most_cells:,} voxels"
    if len(set(voxel)) > 1:
        notes["voxel_edge"] = f"{voxel[2]:g} m high"
    return InForce(low, high, voxel[0], pillar[0], of_pillars.most_points, of_pillars.most_cells, notes)


def _usual_cells(
    cloud: CloudInput, settings: RepresentSettings, name: Name, chosen: float | None
) -> tuple[Triple, Hard]:
    """(metres of a cell, what hard voxelisation would keep). chosen: an edge, which may be refused."""
    asked = asked_of(replace(settings, hard=True), name)
    edge = (chosen, chosen, chosen) if chosen is not None else grid_for(cloud, asked).edge
    return edge, hard_of(asked) or USUAL


def painted_lut(name: str = COLOURS) -> np.ndarray:
    """uint8 (256, 4): nothing for level 0, and the map's colours for the others."""
    table = lut(name)[np.round(np.linspace(0, 255, 255)).astype(int)]
    return np.concatenate([np.zeros((1, 4), np.uint8), table])


def shown(values: np.ndarray, there: np.ndarray, scale: Scale) -> np.ndarray:
    """uint8: levels of values, 0 where nothing is."""
    found = 1 + (levels(np.where(there, values, scale.low), scale).astype(np.uint16) * 254 + 127) // 255
    return np.where(there, found, 0).astype(np.uint8)


def scaled(values: np.ndarray, there: np.ndarray, whole: bool = False) -> Scale:
    """Between the percentiles 0.5 and 99.5 of what is there; of counts from zero. whole: all of it."""
    if whole:
        return scale_of(values[there], 100.0)
    kept = values[there]
    if not len(kept):
        return Scale(0.0, 0.0)
    low, high = (float(np.percentile(kept, at, method="nearest")) for at in (0.5, 99.5))
    beyond = np.count_nonzero(kept < low) + np.count_nonzero(kept > high)
    return Scale(low, high, clipped=float(beyond / len(kept)))


def cells_in_space(cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT) -> CellsInSpace:
    """The voxels, or the occupied cells of the grid of a 3D CNN, by their middles."""
    part = part_of(cloud, settings, "space")
    asked, arrays = asked_of(settings, part.as_), part.shown.arrays
    grid = grid_for(cloud, asked)
    if part.as_ == "voxels":
        places, counts = arrays["coordinates"][:, ::-1], arrays["counts"]
    else:
        places = grid.unravelled(part.occupied)[:, ::-1]
        counts = arrays["counts"].reshape(-1)[part.occupied]
    centres = np.asarray(grid.low) + (places + 0.5) * np.asarray(grid.edge) + cloud.zero
    scale, of = None, "occupied: 1"
    values = np.zeros(len(counts))
    if settings.colour == "count":
        values, of = counts.astype(np.float32), f"points a {part.word}"
        scale = scale_of(values, 99.5)
    elif settings.colour == "height":
        values, of = centres[:, 2] - cloud.zero[2], "metres of its middle"
        scale = scaled(values, np.ones(len(values), bool))
    rgb = lut(COLOURS)[levels(values, scale) if scale else np.full(len(values), 140), :3]
    return CellsInSpace(centres.astype(np.float32), rgb, scale, of, _said(part, grid), grid.edge)


def _said(part: Part, grid: Grid) -> str:
    """45,852 voxels of 0.05 m · 12 points outside"""
    edges = [f"{one:.3g}" for one in grid.edge[: 2 if part.as_ in ("pillars", "birds-eye") else 3]]
    size = edges[0] if len(set(edges)) == 1 else " × ".join(edges)
    first, *rest = part.counted().split(" · ")
    return " · ".join([f"{first} of {size} m", *rest])


def from_above(cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT) -> FromAbove:
    """The canvas of the pillars, or what is measured from above; rows are y, from the smallest."""
    part = part_of(cloud, settings, "above")
    asked, arrays = asked_of(settings, part.as_), part.shown.arrays
    grid = grid_for(cloud, asked)
    if part.as_ == "pillars":
        per, of = _of_pillars(arrays, settings.pillar), PILLAR[settings.pillar]
        numbers = grid.numbers(grid.low + (arrays["coordinates"][:, ::-1] + 0.5) * np.asarray(grid.edge))
        values, there = canvas(per, numbers, grid), arrays["canvas"] >= 0
    else:
        name = settings.birds_eye if settings.birds_eye in arrays else "highest"
        values, of = arrays[name].astype(np.float32), BIRDS_EYE[name]
        there = arrays["counts"] > 0
    whole = of in (PILLAR["count"], BIRDS_EYE["counts"])
    scale = scale_of(values[there], 99.5) if whole else scaled(values, there)
    return FromAbove(shown(values, there, scale), scale, of, _said(part, grid), cloud.zero, grid)


def _of_pillars(arrays: Mapping[str, np.ndarray], name: str) -> np.ndarray:
    """float32 (P,): how many points each keeps, or the largest of one of their numbers."""
    if name == "count":
        return arrays["counts"].astype(np.float32)
    column = [one for one in PILLAR if one != "count"].index(name)
    count = len(arrays["counts"])
    out = np.full(count, -np.inf, np.float32)
    if "pillars" in arrays:
        values = arrays["pillars"][..., column]
        kept = np.arange(values.shape[1]) < arrays["counts"][:, None]
        return np.where(kept, values, -np.inf).max(axis=1, initial=-np.inf).astype(np.float32)
    np.maximum.at(out, arrays["pillar"], arrays["points"][:, column].astype(np.float32))
    return out


def range_picture(cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT) -> RangePicture:
    """A channel of the range image. HeadlightError where no sensor can have measured the cloud."""
    part = part_of(cloud, settings, "range")
    asked = usual_of(cloud, settings, "range")
    sensor, stand = sensor_for(cloud, asked), stand_of(cloud_of(cloud), asked)
    image, there = part.shown.arrays["image"], part.shown.arrays["index"] >= 0
    values = image[CHANNELS.index(settings.channel)]
    ends = {"azimuth": Scale(-float(np.pi), float(np.pi)), "occupied": Scale(0.0, 1.0)}
    scale = ends.get(settings.channel) or scaled(values, there)
    of = ", ".join(filter(None, (settings.channel, UNITS[settings.channel])))
    said = f"{sensor.title}, {sensor.rows:,} × {sensor.columns:,} · {part.counted()}"
    return RangePicture(shown(values, there, scale), scale, of, said, cloud.zero, sensor, stand)


def views_picture(cloud: CloudInput, settings: RepresentSettings, task: Task = SILENT) -> ViewsPicture:
    """What the cameras around the cloud see."""
    part = part_of(cloud, settings, "views")
    arrays, scale = part.shown.arrays, Scale(0.0, 1.0)
    pictures = arrays["views"]
    made = shown(pictures, arrays["index"] >= 0, scale)
    azimuths = tuple(360 * number / len(pictures) for number in range(len(pictures)))
    return ViewsPicture(made, scale, f"{len(pictures)} from 30° above · {part.counted()}", azimuths)


def title_of(settings: RepresentSettings, part: PartName) -> str:
    """What stands over a pane."""
    return {
        "voxels": "Voxels",
        "occupancy": "Occupancy grid",
        "birds-eye": "Bird’s-eye view",
        "pillars": "Pillars from above",
        "range": "Range image",
        "views": "Views",
    }[named(settings, part)]
