"""Range images: a row a beam, a column an angle of the turning sensor (RangeNet++, Milioto et al. 2019,
section III-A; LaserNet, Meyer et al. 2019, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.represented import DROPPED, OUTSIDE, Represented

CHANNELS = ("range", "height", "azimuth", "intensity", "occupied")
"""LaserNet's five, section 3.1."""
LOST = 0.02
"""Share of the points beyond a sensor's field of view from which on it is not the one that measured them."""


@dataclass(frozen=True)
class Sensor:
    """up, down: degrees of the highest and the lowest beam, down below the horizon. beams: degrees of each,
    the highest first, where they are not spread evenly; then a point's row is that of the nearest.
    """

    title: str
    rows: int
    columns: int
    up: float
    down: float
    beams: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1 or not self.down < self.up:
            raise HeadlightError(
                "A sensor has rows, columns, and a highest beam above the lowest.",
                "Choose these in another way.",
            )

    def lines(self, elevation: np.ndarray) -> np.ndarray:
        """int64 (n,): the row of elevations in degrees, held within the image."""
        if self.beams:
            falling = np.asarray(self.beams)
            borders = (falling[1:] + falling[:-1]) / 2
            return np.searchsorted(-borders, -elevation, side="left").astype(np.int64)
        share = (elevation - self.down) / (self.up - self.down)
        return np.clip(np.floor(self.rows * (1 - share)), 0, self.rows - 1).astype(np.int64)

    def place(self, azimuth: np.ndarray, elevation: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """float64 (n,), (n,): columns and rows, and parts of them, of azimuths in radians and elevations in
        degrees; between uneven beams in proportion."""
        across = self.columns * 0.5 * (1 - azimuth / np.pi)
        if self.beams:
            falling = -np.asarray(self.beams)
            return across, np.interp(-elevation, falling, np.arange(len(falling)) + 0.5)
        return across, self.rows * (1 - (elevation - self.down) / (self.up - self.down))

    def sees(self, elevation: np.ndarray) -> np.ndarray:
        """bool (n,): whether elevations in degrees lie in its field of view, half a row beyond its ends."""
        half = (self.up - self.down) / self.rows / 2
        return (elevation <= self.up + half) & (elevation >= self.down - half)


SENSORS = {
    "hdl-64e": Sensor("Velodyne HDL-64E", 64, 2048, 3.0, -25.0),
    "hdl-32e": Sensor("Velodyne HDL-32E", 32, 1024, 10.67, -30.67),
    "vlp-16": Sensor("Velodyne VLP-16", 16, 1800, 15.0, -15.0),
    "vlp-32c": Sensor("Velodyne VLP-32C", 32, 1800, 15.0, -25.0),
}
"""Rows, columns and fields of view as their makers give them; of the HDL-64E those of the usual formula."""


def spherical(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """float (n, 3) seen from zero → float64 (range in metres, azimuth and elevation in radians)."""
    x, y, z = points.astype(np.float64).T
    far = np.sqrt(x * x + y * y + z * z)
    with np.errstate(invalid="ignore", divide="ignore"):
        elevation = np.arcsin(np.clip(np.nan_to_num(z / far), -1, 1))
    return far, np.arctan2(y, x), elevation


def range_image(
    points: np.ndarray,
    sensor: Sensor,
    intensity: np.ndarray | None = None,
    ring: np.ndarray | None = None,
) -> Represented:
    """The cloud (N, 3) as its sensor at zero saw it: forward (+x) is the middle column, left is left, and the
    seam is behind.

    Arrays: `image` float32 (5, rows, columns) of CHANNELS, metres and radians, −1 where nothing was hit and 0
    in "occupied"; `index` int64 (rows, columns), the point, −1 without one. Of several points in a pixel the
    nearest stays, the others are DROPPED; a point at zero, or beyond the field of view, is OUTSIDE.
    intensity: (N,). ring: int (N,), the beam of each point from the lowest on, where the file has it: then
    that decides the row.
    """
    rows, columns = sensor.rows, sensor.columns
    far, azimuth, _ = spherical(points)
    cell = pixels(points, sensor, ring)
    inside = cell != OUTSIDE
    index = nearest(cell, far, rows * columns)
    hidden = inside & (index[np.maximum(cell, 0)] != np.arange(len(points)))
    hit = index >= 0
    image = np.full((len(CHANNELS), rows * columns), -1, np.float32)
    brightness = np.zeros(len(points)) if intensity is None else intensity
    for channel, values in enumerate((far, points[:, 2], azimuth, brightness)):
        image[channel, hit] = values[index[hit]]
    image[-1] = hit
    arrays = {"image": image.reshape(-1, rows, columns), "index": index.reshape(rows, columns)}
    return Represented(arrays, np.where(hidden, DROPPED, cell), (rows, columns))


def pixels(points: np.ndarray, sensor: Sensor, ring: np.ndarray | None = None) -> np.ndarray:
    """int64 (N,): the pixel, row · columns + column, that each point falls into, whether it is hidden there
    or not; or OUTSIDE."""
    far, azimuth, elevation = spherical(points)
    rows, columns = sensor.rows, sensor.columns
    column = np.floor(columns * 0.5 * (1 - azimuth / np.pi)).astype(np.int64).clip(0, columns - 1)
    inside = (far > 0) & np.isfinite(far)
    if ring is None:
        row = sensor.lines(np.degrees(elevation))
        inside &= sensor.sees(np.degrees(elevation))
    else:
        row = rows - 1 - ring.astype(np.int64)
        inside &= (row >= 0) & (row < rows)
    return np.where(inside, row * columns + column, OUTSIDE)


def nearest(cell: np.ndarray, depth: np.ndarray, count: int) -> np.ndarray:
    """int64 (count,): of each cell the point of the least depth, the first of equal ones; −1 without any."""
    inside = np.flatnonzero(cell >= 0)
    # Written in falling depth, the last one stays.
    order = inside[np.argsort(depth[inside], kind="stable")[::-1]]
    index = np.full(count, -1, np.int64)
    index[cell[order]] = order
    return index


def lost(points: np.ndarray, sensor: Sensor) -> int:
    """Points that the sensor, at zero, could not have measured."""
    return int((~sensor.sees(np.degrees(spherical(points)[2]))).sum())


def fitting(points: np.ndarray) -> tuple[str, ...]:
    """The listed sensors in whose field of view (nearly) all points lie, those with the closest one first."""
    few = LOST * len(points)
    found = [(one.up - one.down, name) for name, one in SENSORS.items() if lost(points, one) <= few]
    return tuple(name for _, name in sorted(found))


def fitted(points: np.ndarray, columns: int = 2048, most: int = 128) -> Sensor:
    """A sensor with a row for each beam that the elevations of a scan (N, 3) show.

    Beams leave gaps between elevations: those are counted in a histogram of a hundredth of a degree, smoothed
    over the noise, and a beam is every separate hill. HeadlightError where no beams stand out, as in clouds
    of several scans or of a room's walls.
    """
    far, _, elevation = spherical(points)
    degrees = np.degrees(elevation[far > 0])
    if not len(degrees):
        raise _no_beams()
    low, high = np.percentile(degrees, (0.1, 99.9))
    edges = np.arange(low - 0.5, high + 0.5, 0.01)
    counts, _ = np.histogram(degrees, edges)
    smooth = np.convolve(counts, np.hanning(13) / np.hanning(13).sum(), "same")
    hills = smooth > 0.25 * np.percentile(smooth[smooth > 0], 90)
    starts = np.flatnonzero(hills & ~np.append(False, hills[:-1]))
    ends = np.flatnonzero(hills & ~np.append(hills[1:], False))
    beams = [
        float(np.average(edges[a : b + 1] + 0.005, weights=np.maximum(counts[a : b + 1], 1e-9)))
        for a, b in zip(starts, ends, strict=True)
    ]
    share = hills.sum() / max((edges[:-1] >= low).sum(), 1)
    if not 4 <= len(beams) <= most or share > 0.6:
        raise _no_beams()
    falling = tuple(sorted(beams, reverse=True))
    return Sensor(
        f"{len(falling)} beams as measured", len(falling), columns, falling[0], falling[-1], falling
    )


def _no_beams() -> HeadlightError:
    return HeadlightError(
        "No beams of a turning sensor stand out in this cloud: it may be of several scans, or not be seen "
        "from its zero.",
        "Choose a sensor, a panorama from the middle, or a single scan in the sensor's own coordinates.",
    )
