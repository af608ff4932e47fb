"""Where what is pointed at or selected is in all the other representations, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import SINGLY, Cuboid, Place, Position, Region
from headlight.models.points.representations.range_image import spherical
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.view import RepresentSettings
from headlight.viewer.slices.clouds.represented.kept import asked_of, cloud_of, nearest
from headlight.viewer.slices.clouds.represented.kept import grid as grid_for
from headlight.viewer.slices.clouds.represented.parts import PARTS, Part, PartName, part_of

MANY = 20_000
"""Points and cells of which so many are marked; all are counted."""
TITLES: dict[PartName, str] = {
    "space": "In space",
    "above": "From above",
    "range": "Range image",
    "views": "Views",
}
"""The rows of what is said of each part."""
POINTED = (
    "What",
    "Points",
    "x",
    "y",
    "z",
    "Intensity",
    "Range",
    "Azimuth",
    "Elevation",
    "From mean",
    "From middle",
)
"""The rows of the numbers under the cursor."""


class CellOf(NamedTuple):
    """A cell of a part."""

    part: PartName
    number: int


At = int | CellOf | tuple[Place, ...]
"""A point, a cell of a part, or places."""


@dataclass(frozen=True, eq=False)
class Linked:
    """points: int64 (k,), at most MANY of the `count` ones. cells: of each part int64 (c,), those that hold
    any of them. said: of each part where they are. box: (2, 3) metres of the cloud's frame, the cell in space
    of a point, or the one that is pointed at. figures: what stands among the numbers.
    """

    points: np.ndarray
    count: int
    cells: Mapping[PartName, np.ndarray] = field(default_factory=dict)
    said: Mapping[PartName, str] = field(default_factory=dict)
    box: np.ndarray | None = None
    figures: Mapping[str, str] = field(default_factory=dict)


def linked(cloud: CloudInput, settings: RepresentSettings, at: At, task: Task = SILENT) -> Linked:
    """What is at a place, everywhere; parts that cannot be shown are left out."""
    parts = _parts(cloud, settings)
    points = points_at(cloud, parts, at)
    few = points if len(points) <= MANY else points[:: -(-len(points) // MANY)]
    cells: dict[PartName, np.ndarray] = {}
    said: dict[PartName, str] = {}
    for name, part in parts.items():
        cells[name] = _cells(part, few, at, name)
        if len(points):
            said[name] = part.said(points)
    box = _box(cloud, settings, parts, at, points)
    figures = _figures(cloud, settings, parts, at, points) if isinstance(at, int | CellOf) else {}
    return Linked(few, len(points), cells, said, box, figures)


def taken(
    cloud: CloudInput, settings: RepresentSettings, at: At | np.ndarray, task: Task = SILENT
) -> tuple[Place, ...]:
    """The places of the points at a place, or of the points int (m,); one region where they are many."""
    points = at if isinstance(at, np.ndarray) else points_at(cloud, _parts(cloud, settings), at)
    if len(points) > SINGLY:
        return (Region(cloud.points[points]),)
    return tuple(Position(*(float(value) for value in cloud.points[point])) for point in points)


def taken_of(
    cloud: CloudInput, settings: RepresentSettings, part: PartName, cells: np.ndarray, task: Task = SILENT
) -> tuple[Place, ...]:
    """The places of all points in these cells of a part, int (c,)."""
    shown = part_of(cloud, settings, part)
    if shown.as_ == "views":
        seen = shown.shown.arrays["index"].reshape(-1)[cells]
        return taken(cloud, settings, np.unique(seen[seen >= 0]))
    inside = np.isin(shown.cells_of(np.arange(len(cloud.points))), cells)
    return taken(cloud, settings, np.flatnonzero(inside))


def _parts(cloud: CloudInput, settings: RepresentSettings) -> dict[PartName, Part]:
    found = {}
    for name in PARTS:
        try:
            found[name] = part_of(cloud, settings, name)
        except HeadlightError:
            continue
    return found


def points_at(cloud: CloudInput, parts: Mapping[PartName, Part], at: At) -> np.ndarray:
    """int64 (k,): the points that are meant."""
    if isinstance(at, int):
        return np.array([at]) if 0 <= at < len(cloud.points) else np.empty(0, np.int64)
    if isinstance(at, CellOf):
        part, number = parts.get(at.part), at.number
        return part.points_of(number) if part is not None and number < part.size else np.empty(0, np.int64)
    where = [(one.x, one.y, one.z) for one in at if isinstance(one, Position)]
    wanted = [np.array(where, np.float64).reshape(-1, 3)]
    wanted += [one.positions for one in at if isinstance(one, Region)]
    positions = np.concatenate(wanted)
    held = [np.flatnonzero(one.holds(cloud.points)) for one in at if isinstance(one, Cuboid)]
    if len(positions) and len(cloud.points):
        held.append(nearest(cloud, positions))
    return np.unique(np.concatenate([np.empty(0, np.int64), *held]))


def _cells(part: Part, points: np.ndarray, at: At, name: PartName) -> np.ndarray:
    """Of a cell that is pointed at itself alone, though its points may lie in others of a part too."""
    if isinstance(at, CellOf) and at.part == name and name != "views":
        return np.array([at.number])
    cells = np.unique(part.cells_of(points))
    return cells[cells >= 0]


def _box(
    cloud: CloudInput,
    settings: RepresentSettings,
    parts: Mapping[PartName, Part],
    at: At,
    points: np.ndarray,
) -> np.ndarray | None:
    """The cell in space in which the first of the points lies, or the pillar that is pointed at."""
    pointed: PartName = "above" if isinstance(at, CellOf) and at.part == "above" else "space"
    if not isinstance(at, int | CellOf) or pointed not in parts or not len(points):
        return None
    part = parts[pointed]
    grid = grid_for(cloud, asked_of(settings, part.as_))
    places, inside = grid.places(cloud_of(cloud).points[points[:1]])
    if not inside[0]:
        return None
    low = np.asarray(grid.low) + places[0] * np.asarray(grid.edge)
    high = low + np.asarray(grid.edge)
    if pointed == "above":
        low[2], high[2] = grid.low[2], grid.high[2]
    return np.stack([low, high]) + cloud.zero


def _figures(
    cloud: CloudInput,
    settings: RepresentSettings,
    parts: Mapping[PartName, Part],
    at: int | CellOf,
    points: np.ndarray,
) -> dict[str, str]:
    """Of several points the means."""
    if isinstance(at, int):
        number = int(cloud.kept[at]) if cloud.kept is not None else at
        said = {"What": f"point {number:,}", "Points": "1"}
    else:
        part = parts.get(at.part)
        said = {"What": part.named(at.number) if part is not None else "", "Points": f"{len(points):,}"}
    if not len(points):
        return said
    decimals = max(0, round(3 + np.log10(cloud.frame.metres_per_unit)))
    mean = cloud.file_coordinates(cloud.points[points]).mean(0)
    said |= {axis: f"{value:,.{decimals}f}" for axis, value in zip("xyz", mean, strict=True)}
    if cloud.intensity is not None:
        said["Intensity"] = f"{cloud.intensity[points].mean():.4g}"
    own = cloud_of(cloud).points[points].astype(np.float64).mean(0)
    far, azimuth, elevation = (float(one[0]) for one in spherical(own[None]))
    said["Range"] = f"{far:.2f} m"
    said["Azimuth"], said["Elevation"] = (f"{np.degrees(one):.2f}°" for one in (azimuth, elevation))
    if len(points) == 1:
        said |= _offsets(cloud, settings, parts, int(points[0]))
    return said


def _offsets(
    cloud: CloudInput, settings: RepresentSettings, parts: Mapping[PartName, Part], point: int
) -> dict[str, str]:
    """What pillars are fed beside the point itself (Lang et al. 2019, section 2.1), or of its voxel."""
    name: PartName = "above" if settings.above == "pillars" else "space"
    part = parts.get(name)
    if part is None or (cell := int(part.cells_of(np.array([point]))[0])) < 0:
        return {}
    grid, own = grid_for(cloud, asked_of(settings, part.as_)), cloud_of(cloud).points
    where = own[point].astype(np.float64)
    places, _ = grid.places(own[[point]])
    middle = np.asarray(grid.low) + (places[0] + 0.5) * np.asarray(grid.edge)
    mean = own[part.points_of(cell)].astype(np.float64).mean(0)
    offsets = {"From mean": where - mean, "From middle": where - middle}
    return {row: " ".join(f"{value:.2f}" for value in offset) for row, offset in offsets.items()}
