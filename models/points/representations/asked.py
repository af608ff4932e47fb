"""One representation of a cloud as it is asked for: by its name, and what may be set of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations import voxels as of_voxels
from headlight.models.points.representations.cells import Grid, Triple, box_of
from headlight.models.points.representations.depth_image import Calibration, depth_image
from headlight.models.points.representations.pillars import PUBLISHED, Centre, birds_eye, pillars
from headlight.models.points.representations.range_image import (
    LOST,
    SENSORS,
    Sensor,
    fitted,
    fitting,
    lost,
    range_image,
)
from headlight.models.points.representations.represented import Represented
from headlight.models.points.representations.views import Ring, views
from headlight.models.points.representations.voxels import Hard, Published, occupancy, voxels

Name = Literal["voxels", "pillars", "birds-eye", "range", "views", "occupancy", "depth"]
NAMES = get_args(Name)
FITTED = "fitted"
"""In place of a sensor's name: a row for each beam that the cloud shows."""
PIXELS = (1242, 375)
"""Width and height of KITTI's pictures."""
MIDDLE = "middle"
"""In place of a sensor's name: a panorama from the middle of the cloud's box, as of a room."""
PANORAMA = Sensor("Panorama from the middle", 64, 1024, 90.0, -90.0)
_ROOM = 30.0
"""Metres that a room is wide at most: then its cells are smaller."""
_EDGES = {"voxels": (0.05, 0.1), "pillars": (0.08, 0.16), "birds-eye": (0.05, 0.16)}
"""Metres of a cell where nobody says how many, of a room and of a street."""
_CELLS = 32
"""Cells along the longest side of an occupancy grid (Qi et al. 2017, figure 10)."""


@dataclass(frozen=True)
class Asked:
    """as_: which. like: a published configuration, its range, edge and limits. edge: metres of a
    cell along x, y, z. low, high: the range, the cloud's own box without. most_points, most_cells: what hard
    voxelisation keeps; dynamic without both. centre: as of `pillars`. sensor: of SENSORS, FITTED or MIDDLE;
    None for the one that fits best. cameras, elevation, side: of `Ring`. shuffle: the seed of the order in
    which hard voxelisation comes to the points, 0 for that of the file. calibration, pixels: of a depth
    image, its camera and its width and height.
    """

    as_: Name = "voxels"
    like: str | None = None
    edge: Triple | None = None
    low: Triple | None = None
    high: Triple | None = None
    most_points: int | None = None
    most_cells: int | None = None
    centre: Centre = "xyz"
    sensor: str | None = None
    cameras: int = 12
    elevation: float = 30.0
    side: int = 128
    calibration: Calibration | None = None
    pixels: tuple[int, int] = PIXELS
    shuffle: int = 0

    def __post_init__(self) -> None:
        if self.like is not None and self.like not in (known := self._published()):
            raise _unknown(f"published configuration “{self.like}” of {self.as_}", known)
        if self.sensor is not None and self.sensor not in (known := (*SENSORS, FITTED, MIDDLE)):
            raise _unknown(f"sensor “{self.sensor}”", known)
        if (self.low is None) != (self.high is None):
            raise HeadlightError("A range has both ends.", "Give the lower and the higher corner.")

    @property
    def published(self) -> Published | None:
        """What `like` names."""
        return None if self.like is None else self._published()[self.like]

    def _published(self) -> dict[str, Published]:
        return of_voxels.PUBLISHED if self.as_ == "voxels" else PUBLISHED


FAR = 8192.0
"""Metres from which on neighbouring numbers of 32 bits are a millimetre apart."""


@dataclass(frozen=True, eq=False)
class Cloud:
    """points: float (n, 3), metres, z up, seen from zero. Others are (n,) and (n, 3), where there are any."""

    points: np.ndarray
    intensity: np.ndarray | None = None
    ring: np.ndarray | None = None
    normals: np.ndarray | None = None

    @property
    def features(self) -> np.ndarray:
        """float32 (n, 4): x y z and the intensity, 0 where the cloud has none; float64 where points are so
        far from zero that 32 bits would round them by a millimetre, as those of a surveyed area are."""
        bright = np.zeros(len(self.points)) if self.intensity is None else self.intensity
        far = np.abs(self.points).max(initial=0) > FAR
        return np.column_stack([self.points, bright]).astype(np.float64 if far else np.float32)


def represent(cloud: Cloud, asked: Asked) -> Represented:
    """The cloud as asked; of a grid with its `low`, `high` and `edge`, float64 (3,). Raises HeadlightError
    where no point of it is in range, or no sensor fits."""
    if asked.as_ == "depth":
        if asked.calibration is None:
            raise HeadlightError(
                "A depth image is what a camera sees, and where that stands nobody said.",
                "Give KITTI's calibration file of the scan.",
            )
        found = depth_image(cloud.points, asked.calibration, asked.pixels[::-1])
    elif asked.as_ == "range":
        points = cloud.points - stand_of(cloud, asked) if asked.sensor == MIDDLE else cloud.points
        found = range_image(points, sensor_of(cloud, asked), cloud.intensity, _rings(cloud, asked))
    elif asked.as_ == "views":
        ring = Ring(asked.cameras, asked.elevation, asked.side)
        found = views(cloud.points, ring, cloud.normals)
    else:
        grid = grid_of(cloud, asked)
        if asked.as_ in ("voxels", "pillars"):
            found = _in_order(cloud, asked, grid)
        elif asked.as_ == "birds-eye":
            found = birds_eye(cloud.points, cloud.features, grid)
        else:
            found = occupancy(cloud.points, grid)
        ends = {name: np.array(getattr(grid, name)) for name in ("low", "high", "edge")}
        found = replace(found, arrays={**found.arrays, **ends})
    if len(cloud.points) and found.outside == len(cloud.points):
        raise HeadlightError(
            f"None of the {found.outside:,} points is in the range.",
            "Choose another range, or look whether the cloud is in another frame or unit.",
        )
    return found


def _in_order(cloud: Cloud, asked: Asked, grid: Grid) -> Represented:
    """Voxels or pillars, whose hard kinds hang on the order of the points."""
    points, features, hard = cloud.points, cloud.features, hard_of(asked)
    order = None if not asked.shuffle else np.random.default_rng(asked.shuffle).permutation(len(points))
    if order is not None:
        points, features = points[order], features[order]
    if asked.as_ == "voxels":
        found = voxels(points, features, grid, hard)
    else:
        found = pillars(points, features, grid, hard, asked.centre)
    if order is None:
        return found
    cell = np.empty_like(found.cell)
    cell[order] = found.cell
    return Represented(found.arrays, cell, found.shape)


def grid_of(cloud: Cloud, asked: Asked) -> Grid:
    """The grid of what has one: as published, as asked, or around the cloud."""
    is_published = asked.published is not None and asked.as_ != "occupancy"
    published = asked.published.grid if is_published else None
    points, ends = cloud.points, (asked.low, asked.high)
    if published is not None and None in ends:
        ends = published.low, published.high
    is_open = None in ends
    if is_open:
        ends = box_of(points) if len(points) else (np.zeros(3), np.ones(3))
    low, high = (np.asarray(end, float) for end in ends)
    edge = asked.edge or (_edge(asked.as_, high - low) if published is None else published.edge)
    if asked.as_ in ("pillars", "birds-eye"):  # one cell high, and the highest point within
        tall = float(high[2] - low[2])
        edge = (*edge[:2], tall * 1.001 + 1e-3 if is_open else tall)
    return Grid.around(points, edge) if is_open else Grid(_triple(low), _triple(high), edge)


def _edge(as_: Name, size: np.ndarray) -> Triple:
    if as_ == "occupancy":
        edge = max(float(size.max()) / _CELLS * 1.0001, 1e-6)
    else:
        edge = _EDGES[as_][int(size[:2].max() > _ROOM)]
    return edge, edge, edge


def hard_of(asked: Asked) -> Hard | None:
    """What is kept of voxels or pillars; None for all."""
    if asked.most_points is None and asked.most_cells is None:
        return None if asked.published is None else asked.published.hard
    usual = (asked.published or PUBLISHED["kitti"]).hard
    return Hard(
        usual.most_points if asked.most_points is None else asked.most_points,
        usual.most_cells if asked.most_cells is None else asked.most_cells,
    )


def _rings(cloud: Cloud, asked: Asked) -> np.ndarray | None:
    return cloud.ring if asked.sensor is None else None


def usual(cloud: Cloud, asked: Asked) -> Asked:
    """A range image of a room that no sensor at its zero has measured is a panorama, unless a sensor is asked
    for.
    """
    if asked.as_ != "range" or asked.sensor is not None or not len(cloud.points):
        return asked
    low, high = box_of(cloud.points)
    if (high - low)[:2].max() > _ROOM:
        return asked
    try:
        sensor_of(cloud, asked)
    except HeadlightError:
        return replace(asked, sensor=MIDDLE)
    return asked


def stand_of(cloud: Cloud, asked: Asked) -> np.ndarray:
    """float64 (3,): where a range image is seen from, in the cloud's metres."""
    if asked.sensor != MIDDLE or not len(cloud.points):
        return np.zeros(3)
    return np.mean(box_of(cloud.points), axis=0)


def sensor_of(cloud: Cloud, asked: Asked) -> Sensor:
    """The sensor of a range image: as asked, else by the rings of the file, the beams, or the field of view.

    Raises HeadlightError for one that could not have measured more than a few of the points.
    """
    points = cloud.points
    if asked.sensor == MIDDLE:
        return PANORAMA
    if asked.sensor == FITTED:
        return fitted(points)
    if asked.sensor is not None:
        sensor = SENSORS[asked.sensor]
        if (gone := lost(points, sensor)) > LOST * len(points):
            others = fitting(points)
            step = f"Choose {' or '.join(others)}." if others else f"None of the listed fits; try {FITTED}."
            raise HeadlightError(
                f"{gone:,} of the {len(points):,} points lie outside of what a {sensor.title} sees, from "
                f"{sensor.up:g}° to {sensor.down:g}°.",
                step,
            )
        return sensor
    if cloud.ring is not None:
        rows = int(cloud.ring.max(initial=0)) + 1
        listed = next((one for one in SENSORS.values() if one.rows == rows), None)
        return listed or Sensor(f"{rows} beams of the file", rows, 2048, 90.0, -90.0)
    try:
        return fitted(points)
    except HeadlightError:
        if not (names := fitting(points)):
            raise
        return SENSORS[names[0]]


def _unknown(what: str, known) -> HeadlightError:
    return HeadlightError(f"There is no {what}.", f"Choose one of {', '.join(known)}.")


def _triple(values: np.ndarray) -> Triple:
    x, y, z = values.tolist()
    return x, y, z
