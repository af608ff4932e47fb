"""Pseudo-lidar (Wang et al. 2019, section 3): a depth or disparity image and a calibration make a cloud, and
a cloud makes a depth image."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.range_image import nearest
from headlight.models.points.representations.represented import DROPPED, OUTSIDE, Represented

KITTI_BASELINE = 0.54
"""Metres between the two cameras of KITTI."""
HIGHEST = 1.0
"""Metres above the sensor from which on a point is left out, as the published code does (z < 1 m)."""
_SKEW = 0.02
"""By which products of a rotation's rows may miss 0 and 1: files round them."""


@dataclass(frozen=True)
class Calibration:
    """focal: pixels, of u and v. centre: pixels. shift: metres, from the reference camera's zero to this one.

    turn, move: (3, 3) and (3,), that take a point of the scanner's frame (x forward, y left, z up) into the
    rectified camera's (x right, y down, z forward): p' = turn p + move. baseline: metres, for disparities.
    """

    focal: tuple[float, float]
    centre: tuple[float, float]
    shift: tuple[float, float] = (0.0, 0.0)
    turn: tuple[tuple[float, ...], ...] = ((0.0, -1.0, 0.0), (0.0, 0.0, -1.0), (1.0, 0.0, 0.0))
    move: tuple[float, ...] = (0.0, 0.0, 0.0)
    baseline: float = KITTI_BASELINE

    def __post_init__(self) -> None:
        numbers = (*self.focal, *self.centre, *self.shift, *np.ravel(self.turn), *self.move, self.baseline)
        if not np.isfinite(numbers).all() or min(*self.focal, self.baseline) <= 0:
            raise HeadlightError(
                "A calibration has focal lengths and a baseline above zero.", "Look into its file."
            )
        turn = np.asarray(self.turn)
        if np.abs(turn @ turn.T - np.eye(3)).max() > _SKEW:
            raise HeadlightError(
                "The calibration's rotation is none: it changes lengths or angles.", "Look into its file."
            )

    @classmethod
    def read(cls, text: str, camera: int = 2) -> Calibration:
        """Of a KITTI object calibration file: P0 to P3, R0_rect, Tr_velo_to_cam. Raises HeadlightError."""
        rows = {}
        for line in text.splitlines():
            name, _, numbers = line.partition(":")
            try:
                rows[name.strip()] = np.array([float(one) for one in numbers.split()])
            except ValueError:
                continue
        need = {f"P{camera}": 12, "R0_rect": 9, "Tr_velo_to_cam": 12}
        if missing := [name for name, size in need.items() if rows.get(name, np.empty(0)).size != size]:
            raise HeadlightError(
                f"The calibration lacks {', '.join(missing)}.",
                "Choose a calibration file of KITTI's objects.",
            )
        projection = rows[f"P{camera}"].reshape(3, 4)
        move = rows["Tr_velo_to_cam"].reshape(3, 4)
        rectify = rows["R0_rect"].reshape(3, 3)
        fu, fv = float(projection[0, 0]), float(projection[1, 1])
        if not min(fu, fv) > 0:
            raise HeadlightError(
                f"P{camera} of the calibration has no focal lengths above zero.", "Look into its file."
            )
        first = rows["P0"].reshape(3, 4)[0, 3] if rows.get("P0", np.empty(0)).size == 12 else 0.0
        return cls(
            focal=(fu, fv),
            centre=(float(projection[0, 2]), float(projection[1, 2])),
            shift=(float(projection[0, 3]) / -fu, float(projection[1, 3]) / -fv),
            turn=tuple(map(tuple, (rectify @ move[:, :3]).tolist())),
            move=tuple((rectify @ move[:, 3]).tolist()),
            baseline=_baseline(rows, fu, float(first)),
        )

    def depth_of(self, disparity: np.ndarray) -> np.ndarray:
        """Metres of disparities in pixels: focal · baseline / disparity; 0 where there is none."""
        disparity = np.asarray(disparity, np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            depth = self.focal[0] * self.baseline / disparity
        return np.where(disparity > 0, depth, 0.0)

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """float64 (n, 3): points of the scanner's frame in the camera's."""
        return points.astype(np.float64) @ np.asarray(self.turn).T + np.asarray(self.move)

    def to_scanner(self, points: np.ndarray) -> np.ndarray:
        """float64 (n, 3): points of the camera's frame in the scanner's."""
        return np.linalg.solve(np.asarray(self.turn), (points - np.asarray(self.move)).T).T

    def lifted(self, u: np.ndarray, v: np.ndarray, depth: np.ndarray) -> np.ndarray:
        """float64 (n, 3): pixels u, v at depths in metres, in the scanner's frame."""
        x = (u - self.centre[0]) * depth / self.focal[0] + self.shift[0]
        y = (v - self.centre[1]) * depth / self.focal[1] + self.shift[1]
        return self.to_scanner(np.stack([x, y, depth], axis=1))


def _baseline(rows: dict[str, np.ndarray], focal: float, first: float) -> float:
    """Metres between the cameras of a pair, as P2 and P3 say; KITTI's without them."""
    if not all(rows.get(name, np.empty(0)).size == 12 for name in ("P2", "P3")):
        return KITTI_BASELINE
    found = abs(rows["P3"][3] - rows["P2"][3]) / focal
    return float(found) if found > 0 else KITTI_BASELINE


@dataclass(frozen=True, eq=False)
class Lifted:
    """points: float32 (m, 3) in the scanner's frame. pixel: int64 (m,), v · width + u. left_out: pixels
    with a depth whose point lies behind the scanner or above HIGHEST.
    """

    points: np.ndarray
    pixel: np.ndarray
    left_out: int


def cloud_of(depth: np.ndarray, calibration: Calibration) -> Lifted:
    """A depth image (height, width) in metres, 0 or NaN where there is none, as points."""
    width = depth.shape[1]
    pixel = np.flatnonzero(np.isfinite(depth) & (depth > 0))
    v, u = np.divmod(pixel, width)
    points = calibration.lifted(u.astype(float), v.astype(float), depth.ravel()[pixel].astype(float))
    kept = (points[:, 0] >= 0) & (points[:, 2] < HIGHEST)
    return Lifted(points[kept].astype(np.float32), pixel[kept], int((~kept).sum()))


def depth_image(points: np.ndarray, calibration: Calibration, shape: tuple[int, int]) -> Represented:
    """Points (N, 3) of the scanner's frame as the camera sees them. shape: height, width in pixels.

    Arrays: `depth` float32 (height, width) in metres, 0 where there is none; `index` int64, the point, −1.
    Behind the camera or beside the image is OUTSIDE, behind a nearer point DROPPED.
    """
    height, width = shape
    camera = calibration.to_camera(points)
    depth = camera[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        u = calibration.focal[0] * (camera[:, 0] - calibration.shift[0]) / depth + calibration.centre[0]
        v = calibration.focal[1] * (camera[:, 1] - calibration.shift[1]) / depth + calibration.centre[1]
    column, row = (np.round(np.nan_to_num(one, nan=-1, posinf=-1, neginf=-1)) for one in (u, v))
    inside = (depth > 0) & (column >= 0) & (column < width) & (row >= 0) & (row < height)
    cell = np.where(inside, row * width + column, OUTSIDE).astype(np.int64)
    index = nearest(cell, depth, height * width)
    image = np.where(index >= 0, depth[index], 0).astype(np.float32)
    hidden = inside & (index[np.maximum(cell, 0)] != np.arange(len(points)))
    arrays = {"depth": image.reshape(shape), "index": index.reshape(shape)}
    return Represented(arrays, np.where(hidden, DROPPED, cell), shape)


def fan(
    calibration: Calibration, u: np.ndarray, v: np.ndarray, depth: np.ndarray, error: float = 1.0
) -> np.ndarray:
    """float64 (m, 3, 3), scanner's frame: where pixels u, v (m,) would lie with a disparity `error` pixels
    larger, as it is, and `error` smaller: at 40 m one pixel of KITTI's is 4.6 m. The last is infinite, and so
    NaN, where the disparity is no larger than the error.
    """
    disparity = calibration.focal[0] * calibration.baseline / np.asarray(depth, np.float64)
    found = np.stack([disparity + error, disparity, disparity - error], axis=1)
    with np.errstate(divide="ignore"):
        depths = np.where(found > 0, calibration.focal[0] * calibration.baseline / found, np.nan)
    us, vs = (np.repeat(np.asarray(one, np.float64), 3) for one in (u, v))
    return calibration.lifted(us, vs, depths.ravel()).reshape(-1, 3, 3)
