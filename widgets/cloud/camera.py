"""Where a cloud is looked at from: one object that several views may share. numpy and psygnal, no GL, no Qt.

Distances are metres, z is up, angles degrees. A point of the screen is (x, y) in pixels from the top left,
y down, the middle of the first pixel being (0.5, 0.5); depth is the distance in metres along the line of
sight. `size` is always (width, height) of the view in the same pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from psygnal import Signal

Projection = Literal["perspective", "orthographic"]
Size = tuple[float, float]

LOOKS: dict[str, tuple[float, float]] = {
    "front": (0.0, 0.0),
    "right": (90.0, 0.0),
    "back": (180.0, 0.0),
    "left": (270.0, 0.0),
    "top": (0.0, 90.0),
    "bottom": (0.0, -90.0),
    "iso": (35.0, 32.0),
}
"""Azimuth and elevation of the named views. From the front x is to the right and y is away."""

FIELD_OF_VIEW = 40.0
"""Degrees from the top to the bottom of the view."""

_HALF = float(np.tan(np.radians(FIELD_OF_VIEW / 2)))
_FARTHEST = 30.0  # radii of the scene beyond which one cannot zoom out
_NEAREST = 1e-3  # of the radius, to which one can zoom in


@dataclass(frozen=True, slots=True)
class Pose:
    """All that a camera is: it looks at `centre` from `distance`.

    azimuth: degrees by which the camera is turned about z, counter-clockwise from above; elevation: how far
    above the horizon it stands.
    """

    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)
    distance: float = 5.0
    azimuth: float = LOOKS["iso"][0]
    elevation: float = LOOKS["iso"][1]
    projection: Projection = "perspective"


class Camera:
    """changed: emitted after each change of pose or scene, never without one."""

    changed = Signal()

    def __init__(self) -> None:
        self._pose = Pose()
        self._scene = (np.zeros(3), 1.0)
        self._fitted = self._pose.distance

    @property
    def pose(self) -> Pose:
        return self._pose

    @pose.setter
    def pose(self, pose: Pose) -> None:
        """Elevation is held within ±90, the distance within what the scene's size allows."""
        if not np.isfinite([*pose.centre, pose.distance, pose.azimuth, pose.elevation]).all():
            raise ValueError(f"a camera cannot stand at {pose}")
        pose = replace(
            pose,
            distance=self._held(pose.distance),
            azimuth=pose.azimuth % 360.0,
            elevation=min(max(pose.elevation, -90.0), 90.0),
        )
        if pose != self._pose:
            self._pose = pose
            self.changed.emit()

    @property
    def scene(self) -> tuple[np.ndarray, float]:
        """(centre, radius) of a ball that holds all that is to be seen: nothing inside it is cut off."""
        return self._scene

    def set_scene(self, low: np.ndarray, high: np.ndarray) -> None:
        """Say in which box (3,) to (3,) all points lie; one without extent counts as a metre wide."""
        low, high = np.asarray(low, np.float64), np.asarray(high, np.float64)
        radius = float(np.linalg.norm(high - low)) / 2
        scene = ((low + high) / 2, radius if radius > 1e-6 else 0.5)
        if scene[1] != self._scene[1] or (scene[0] != self._scene[0]).any():
            self._scene = scene
            self.changed.emit()

    @property
    def fitted(self) -> float:
        """The distance from which all was seen when it was last fitted, in metres."""
        return self._fitted

    # Axes and matrices.

    def axes(self) -> np.ndarray:
        """float64 (3, 3): the rows point to the right, up and towards the viewer."""
        azimuth, elevation = np.radians([self._pose.azimuth, self._pose.elevation])
        (ca, sa), (ce, se) = (np.cos(azimuth), np.sin(azimuth)), (np.cos(elevation), np.sin(elevation))
        return np.array([[ca, sa, 0], [-sa * se, ca * se, ce], [sa * ce, -ca * ce, se]])

    def eye(self) -> np.ndarray:
        """float64 (3,): where the camera stands."""
        return np.array(self._pose.centre) + self.axes()[2] * self._pose.distance

    def clip(self) -> tuple[float, float]:
        """(near, far) distances along the line of sight between which points are drawn.

        In perspective the near one is at least 1/20 of the distance or 1/1000 of the far one, whichever is
        less: the depth buffer has 24 bits to tell apart what lies between.
        """
        centre, radius = self._scene
        radius = 1.01 * radius
        depth = float(self.axes()[2] @ (self.eye() - centre))
        if self._pose.projection == "orthographic":
            return depth - radius, depth + radius
        far = max(depth + radius, 1e-3 * radius)
        least = max(min(1e-3 * far, 0.05 * self._pose.distance), 1e-5 * far)
        near = max(depth - radius, least)
        return near, max(far, near * 1.001)

    def matrix(self, size: Size) -> np.ndarray:
        """float32 (4, 4): column vector (x, y, z, 1) → clip coordinates of OpenGL."""
        width, height = size
        near, far = self.clip()
        axes, aspect = self.axes(), max(width, 1) / max(height, 1)
        view = np.eye(4)
        view[:3, :3], view[:3, 3] = axes, -axes @ self.eye()
        project = np.zeros((4, 4))
        if self._pose.projection == "perspective":
            project[0, 0], project[1, 1] = 1 / (_HALF * aspect), 1 / _HALF
            project[2, 2:] = -(far + near) / (far - near), -2 * far * near / (far - near)
            project[3, 2] = -1
        else:
            half = _HALF * self._pose.distance
            project[0, 0], project[1, 1] = 1 / (half * aspect), 1 / half
            project[2, 2:] = -2 / (far - near), -(far + near) / (far - near)
            project[3, 3] = 1
        return (project @ view).astype(np.float32)

    def pixels_per_metre(self, depth: np.ndarray | float, size: Size) -> np.ndarray | float:
        """How many pixels a metre across the line of sight takes at `depth`. Depths must be positive in
        perspective."""
        scale = max(size[1], 1) / 2 / _HALF
        if self._pose.projection == "perspective":
            return scale / depth
        return scale / self._pose.distance + 0 * depth

    # Between space and screen.

    def project(self, points: np.ndarray, size: Size) -> np.ndarray:
        """(n, 3) metres → float64 (n, 3): x, y in pixels and the depth in metres.

        In perspective x and y are NaN for what lies behind the camera. The sums run in the type of `points`
        where that is float32.
        """
        points = np.atleast_2d(points)
        kind = np.float32 if points.dtype == np.float32 else np.float64
        axes, eye = self.axes(), self.eye()
        seen = (points - eye.astype(kind)) @ axes.T.astype(kind)
        depth = -seen[:, 2]
        if self._pose.projection == "perspective":
            depth_or_nan = np.where(depth > 0, depth, np.nan)
            scale = self.pixels_per_metre(depth_or_nan, size)
        else:
            scale = self.pixels_per_metre(0.0, size)
        out = np.empty((len(points), 3), kind)
        out[:, 0] = size[0] / 2 + scale * seen[:, 0]
        out[:, 1] = size[1] / 2 - scale * seen[:, 1]
        out[:, 2] = depth
        return out

    def extent(self, low: np.ndarray, high: np.ndarray, size: Size) -> np.ndarray | None:
        """(2, 2) pixels: the corners at the top left and the bottom right of what holds a box (3,) to (3,).

        None where a part of the box lies before the near plane.
        """
        corners = [[(low, high)[side][axis] for axis, side in enumerate(at)] for at in np.ndindex(2, 2, 2)]
        screen = self.project(np.array(corners, np.float64), size)
        if not screen[:, 2].min() > self.clip()[0]:
            return None
        return np.array([screen[:, :2].min(0), screen[:, :2].max(0)])

    def unproject(self, screen: np.ndarray, size: Size) -> np.ndarray:
        """(n, 3) of x, y in pixels and depth in metres → float64 (n, 3) metres: `project` the other way."""
        screen = np.atleast_2d(np.asarray(screen, np.float64))
        scale = self.pixels_per_metre(screen[:, 2], size)
        seen = np.empty_like(screen)
        seen[:, 0] = (screen[:, 0] - size[0] / 2) / scale
        seen[:, 1] = (size[1] / 2 - screen[:, 1]) / scale
        seen[:, 2] = -screen[:, 2]
        return seen @ self.axes() + self.eye()

    def focus(self, x: float, y: float, size: Size) -> np.ndarray:
        """float64 (3,): the point under (x, y) in the plane through the centre that faces the viewer."""
        return self.unproject([[x, y, self._pose.distance]], size)[0]

    # What gestures do.

    def orbit(self, dx: float, dy: float) -> None:
        """Turn about the centre by a drag of (dx, dy) pixels: half a degree each."""
        pose = self._pose
        self.pose = replace(pose, azimuth=pose.azimuth - 0.5 * dx, elevation=pose.elevation + 0.5 * dy)

    def pan(self, dx: float, dy: float, size: Size, depth: float | None = None) -> None:
        """Move so that what is seen at `depth` (or else the centre) follows a drag of (dx, dy) pixels."""
        depth = self._pose.distance if depth is None else depth
        scale = self.pixels_per_metre(depth, size)
        right, up, _ = self.axes()
        self._place(np.array(self._pose.centre) - right * (dx / scale) + up * (dy / scale))

    def zoom(self, factor: float, anchor: np.ndarray | None = None) -> None:
        """Come closer by `factor` (> 1). `anchor` (3,), or else the centre, stays where it is on the screen.

        Eye and centre both move on straight lines to the anchor.
        """
        pose = self._pose
        distance = self._held(pose.distance / factor)
        share = distance / pose.distance
        centre = np.array(pose.centre)
        anchor = centre if anchor is None else np.asarray(anchor, np.float64)
        centre = anchor + (centre - anchor) * share
        self.pose = replace(pose, centre=_tuple(centre), distance=distance)

    def centre_on(self, point: np.ndarray) -> None:
        """Turn about this point (3,) from now on, and show it in the middle."""
        self._place(np.asarray(point, np.float64))

    def look(self, name: str) -> None:
        """Turn to one of LOOKS, at the same centre. KeyError for another name."""
        azimuth, elevation = LOOKS[name]
        self.pose = replace(self._pose, azimuth=azimuth, elevation=elevation)

    def set_projection(self, projection: Projection) -> None:
        """Both show the plane through the centre alike."""
        self.pose = replace(self._pose, projection=projection)

    def fit(self, points: np.ndarray, size: Size, margin: float = 0.06) -> None:
        """Move, without turning, so that all of `points` (n, 3) are seen as large as can be.

        margin: share of the view left free at each side. In perspective the closest eye has a closed form:
        each point asks of each side that |offset| ≤ tan · depth.
        """
        points = np.asarray(points, np.float64).reshape(-1, 3)
        if not len(points):
            return
        axes = self.axes()
        across, up, near = ((points - self._scene[0]) @ axes.T).T
        free = 1 - 2 * margin
        tan_y = _HALF * free
        tan_x = _HALF * free * max(size[0], 1) / max(size[1], 1)
        middle = np.array([0.0, 0.0, (near.min() + near.max()) / 2])
        needed = []
        for axis, (offset, tan) in enumerate(((across, tan_x), (up, tan_y))):
            lean = near * tan if self._pose.projection == "perspective" else 0 * near
            above, below = (offset + lean).max(), (-offset + lean).max()
            middle[axis] = (above - below) / 2
            needed.append((above + below) / 2 / tan)
        distance = max(needed)
        if self._pose.projection == "perspective":
            distance -= middle[2]
            # Nothing may come to lie between the eye and the near plane.
            distance = max(distance, (near.max() - middle[2]) * 1.05)
        centre = self._scene[0] + middle @ axes
        smallest = 0.05 * self._scene[1]  # a single point is not looked at from a hair's breadth
        distance = self._fitted = max(distance, smallest)
        self.pose = replace(self._pose, centre=_tuple(centre), distance=distance)

    def _held(self, distance: float) -> float:
        radius = self._scene[1]
        return min(max(distance, _NEAREST * radius), max(_FARTHEST * radius, self._fitted))

    def _place(self, centre: np.ndarray) -> None:
        """Look at `centre`, but never so far off that the scene is lost."""
        middle, radius = self._scene
        away = centre - middle
        length, most = float(np.linalg.norm(away)), 4 * radius
        if length > most:
            centre = middle + away * (most / length)
        self.pose = replace(self._pose, centre=_tuple(centre))


def _tuple(point: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in point)
    return x, y, z
