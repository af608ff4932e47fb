"""Which point of a cloud lies under the cursor, and which lie inside a lasso: on the CPU, without a picture.

Points are sorted into blocks of neighbours; a pick passes over every block whose ball does not come near the
cursor, so that a million points cost a few milliseconds. numpy only.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.widgets.cloud.camera import Camera, Size
from headlight.widgets.cloud.cutaway import NOTHING, kept

SMALLEST, LARGEST = 0.6, 4.0
"""What depth makes of a point's size, at most."""

REACH = 6.0
"""Pixels around the cursor within which a point is still found."""

_BLOCK = 256  # points in a block
_CELLS = 32  # cells of the grid along each axis, so that a cell's number fits in 15 bits


@dataclass(frozen=True, slots=True)
class PointSize:
    """pixels: diameter at the depth `reference` (metres) in perspective, at every depth where that is 0."""

    pixels: float = 4.0
    reference: float = 0.0

    def at(self, depth: np.ndarray) -> np.ndarray:
        """Diameters in pixels of points at these depths (> 0), as they are drawn."""
        if not self.reference:
            return np.full(depth.shape, self.pixels)
        return self.pixels * np.clip(self.reference / depth, SMALLEST, LARGEST)


class PointGrid:
    """points: float32 (n, 3), kept as they are; every point is in one block of at most _BLOCK neighbours."""

    def __init__(self, points: np.ndarray) -> None:
        self.points = points
        order = np.argsort(cells(points), kind="stable")  # a radix sort: the cells are uint16
        self._order = order.astype(np.int32)
        self._sorted = points[order]
        starts = np.arange(0, len(points), _BLOCK)
        if len(points):
            low = np.minimum.reduceat(self._sorted, starts)
            high = np.maximum.reduceat(self._sorted, starts)
        else:
            low = high = np.zeros((0, 3), np.float32)
        self._centres = (low + high) / 2
        self._radii = np.linalg.norm(high - low, axis=1) / 2
        self._starts = starts

    def pick(
        self,
        camera: Camera,
        x: float,
        y: float,
        size: Size,
        visible: np.ndarray | None = None,
        point_size: PointSize = PointSize(),
        planes: np.ndarray = NOTHING,
    ) -> int | None:
        """The point seen at (x, y), or None.

        That is the nearest to the eye of those whose disc covers the cursor; where none does, of those within
        REACH pixels the one closest to the cursor on the frontmost surface.
        visible: bool (n,); the others are passed over, and what `planes` cut away (see `cutaway.cuts`).
        """
        reach = max(REACH, point_size.pixels * (LARGEST if point_size.reference else 1) / 2)
        nearest = camera.clip()[0]
        blocks, front = self._near(camera, x, y, size, reach)
        best: tuple[float, int] | None = None
        around: list[np.ndarray] = []
        # From the front to the back, until no block can hold anything nearer.
        for begin in range(0, len(blocks), 32):
            if best is not None and front[begin] > best[0]:
                break
            rows = self._rows(blocks[begin : begin + 32], visible, planes)
            screen = camera.project(self._sorted[rows], size)
            away = np.hypot(screen[:, 0] - x, screen[:, 1] - y)
            with np.errstate(invalid="ignore"):
                inside = (away <= reach) & (screen[:, 2] > nearest)
            if not inside.any():
                continue
            found = np.stack([away[inside], screen[inside, 2], rows[inside]], 1).astype(np.float64)
            covering = found[found[:, 0] <= point_size.at(found[:, 1]) / 2]
            around.append(found[found[:, 0] <= REACH])
            if len(covering):
                first = covering[covering[:, 1].argmin()]
                if best is None or first[1] < best[0]:
                    best = float(first[1]), int(first[2])
        found = np.concatenate(around) if around else np.zeros((0, 3))
        if best is None and len(found):
            depth = found[:, 1].min()
            # What is no deeper behind the frontmost than REACH is wide belongs to the same surface.
            same = found[found[:, 1] <= depth + 2 * REACH / camera.pixels_per_metre(max(depth, 1e-9), size)]
            best = 0.0, int(same[same[:, 0].argmin(), 2])
        return None if best is None else int(self._order[best[1]])

    def inside(
        self,
        camera: Camera,
        polygon: np.ndarray,
        size: Size,
        visible: np.ndarray | None = None,
        planes: np.ndarray = NOTHING,
    ) -> np.ndarray:
        """int64 (m,), ascending: the points whose projection lies inside a polygon (k, 2) of pixels.

        The even-odd rule; the last corner is joined to the first. visible, planes: as for `pick`.
        """
        polygon = np.asarray(polygon, np.float64)
        if len(polygon) < 3 or not len(self.points):
            return np.zeros(0, np.int64)
        middle = (polygon.min(0) + polygon.max(0)) / 2
        reach = float(np.linalg.norm(polygon.max(0) - polygon.min(0))) / 2
        blocks, _ = self._near(camera, middle[0], middle[1], size, reach)
        rows = self._rows(blocks, visible, planes)
        screen = camera.project(self._sorted[rows], size)
        rows = rows[_in_polygon(screen[:, 0], screen[:, 1], polygon) & (screen[:, 2] > camera.clip()[0])]
        return np.sort(self._order[rows]).astype(np.int64)

    def _near(
        self, camera: Camera, x: float, y: float, size: Size, reach: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Blocks whose ball may come within `reach` pixels of (x, y), the frontmost first; their fronts."""
        if not len(self._centres):
            return np.zeros(0, np.int64), np.zeros(0)
        screen = camera.project(self._centres, size)
        depth = screen[:, 2]
        front = depth - self._radii
        if camera.pose.projection == "perspective":
            # |(X + a) / (d + c) − X / d| ≤ r (1 + |X| / d) / (d − r) for a point (a, c) of a ball of radius r
            # at the depth d, X off the line of sight. A ball that holds the eye may be seen anywhere.
            around = front <= 1e-6 * np.maximum(self._radii, 1e-9)
            with np.errstate(invalid="ignore"):
                offset = np.hypot(screen[:, 0] - size[0] / 2, screen[:, 1] - size[1] / 2)
                scale = camera.pixels_per_metre(np.where(around, 1.0, front), size)
                seen = self._radii * scale * (1 + offset / camera.pixels_per_metre(1.0, size))
                near = np.hypot(screen[:, 0] - x, screen[:, 1] - y) <= seen + reach
            near |= around & (depth + self._radii > 0)
        else:
            seen = self._radii * camera.pixels_per_metre(0.0, size)
            near = np.hypot(screen[:, 0] - x, screen[:, 1] - y) <= seen + reach
        blocks = np.flatnonzero(near)
        blocks = blocks[np.argsort(front[blocks])]
        return blocks, front[blocks]

    def _rows(self, blocks: np.ndarray, visible: np.ndarray | None, planes: np.ndarray) -> np.ndarray:
        """The sorted points of some blocks that are drawn."""
        rows = (self._starts[blocks][:, None] + np.arange(_BLOCK)).reshape(-1)
        rows = rows[rows < len(self._sorted)]
        if visible is not None:
            rows = rows[visible[self._order[rows]]]
        if planes is not NOTHING:
            rows = rows[kept(self._sorted[rows], planes)]
        return rows


def spacing(few: np.ndarray, count: int) -> float:
    """Metres between neighbours of a cloud that lies on surfaces: 1 / √density, 0 for fewer than two points.

    few: a fair sample (m, 3) of its `count` points. The density is that of 8 neighbours in their disc, the
    median over some of the sample.
    """
    k = min(8, len(few) - 1)
    if k < 1:
        return 0.0
    asked = few[np.random.default_rng(0).integers(0, len(few), 64)]
    reach = np.sqrt([np.partition(((few - one) ** 2).sum(1), k)[k] for one in asked])
    return float(np.median(reach) * np.sqrt(np.pi / k * len(few) / count))


def cells(points: np.ndarray) -> np.ndarray:
    """uint16 (n,): the cell of each point along a Morton curve.

    The grid spans what lies between the 1st and 99th percentile, so that a stray point far off does not put
    all others into one cell.
    """
    if not len(points):
        return np.zeros(0, np.uint16)
    sample = points[:: max(1, len(points) // 20_000)]
    low, high = np.percentile(sample, [1, 99], axis=0)
    width = np.maximum((high - low) * 1.05, 1e-9)
    cell = np.zeros(len(points), np.uint16)
    spread = np.array([sum((i >> b & 1) << 3 * b for b in range(5)) for i in range(_CELLS)], np.uint16)
    for axis in range(3):
        place = (points[:, axis] - np.float32(low[axis] - 0.025 * width[axis])) * np.float32(
            _CELLS / width[axis]
        )
        cell |= spread[np.clip(place, 0, _CELLS - 1).astype(np.int16)] << axis
    return cell


def _in_polygon(x: np.ndarray, y: np.ndarray, polygon: np.ndarray) -> np.ndarray:
    """bool (n,): an odd number of the polygon's edges lies to the right."""
    inside = np.zeros(len(x), bool)
    with np.errstate(invalid="ignore"):
        box = (x >= polygon[:, 0].min()) & (x <= polygon[:, 0].max())
        box &= (y >= polygon[:, 1].min()) & (y <= polygon[:, 1].max())
    rows = np.flatnonzero(box)
    x, y = x[rows].astype(np.float64), y[rows].astype(np.float64)
    odd = np.zeros(len(rows), bool)
    for (x0, y0), (x1, y1) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        if y0 != y1:
            odd ^= ((y0 > y) != (y1 > y)) & (x < x0 + (y - y0) * ((x1 - x0) / (y1 - y0)))
    inside[rows] = odd
    return inside
