"""Picking over blocks finds what a search through all points finds."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.widgets.cloud.camera import Camera, Pose
from headlight.widgets.cloud.cutaway import NOTHING, cuts, kept, room_box
from headlight.widgets.cloud.picking import REACH, PointGrid, PointSize, spacing

SIZE = (500, 400)


def cloud(n=6000, seed=0):
    """A thick shell, with one stray point far off."""
    random = np.random.default_rng(seed)
    points = random.normal(size=(n, 3))
    points /= np.linalg.norm(points, axis=1)[:, None]
    points *= random.uniform(0.8, 1.0, (n, 1)) * [3, 2, 1]
    points[0] = 40, 40, 5
    return points.astype(np.float32)


def camera_on(points, projection="perspective", zoom=1.0):
    camera = Camera()
    camera.set_scene(points.min(0), points.max(0))
    camera.set_projection(projection)
    camera.fit(points[1:], SIZE)
    camera.zoom(zoom, points[17])
    return camera


def searched(points, camera, x, y, size, visible):
    """The definition of `pick`, point by point."""
    screen = camera.project(points.astype(np.float64), SIZE)
    away = np.hypot(screen[:, 0] - x, screen[:, 1] - y)
    seen = visible & (screen[:, 2] > camera.clip()[0])
    with np.errstate(invalid="ignore"):
        covering = np.flatnonzero(seen & (away <= size.at(np.maximum(screen[:, 2], 1e-9)) / 2))
    if len(covering):
        return covering[screen[covering, 2].argmin()]
    near = np.flatnonzero(seen & (away <= REACH))
    if not len(near):
        return None
    depth = screen[near, 2].min()
    same = near[screen[near, 2] <= depth + 2 * REACH / camera.pixels_per_metre(depth, SIZE)]
    return same[away[same].argmin()]


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@pytest.mark.parametrize("zoom", [0.3, 1.0, 3.0, 60.0])
def test_a_pick_is_what_a_search_through_all_points_finds(projection, zoom):
    points = cloud()
    camera, grid = camera_on(points, projection, zoom), PointGrid(points)
    size = PointSize(4.0, camera.fitted if projection == "perspective" else 0.0)
    random = np.random.default_rng(1)
    visible = random.random(len(points)) < 0.7
    found = 0
    aims = camera.project(points[np.append(random.integers(0, len(points), 60), 17)], SIZE)[:, :2] + 2.0
    for x, y in np.concatenate([random.uniform(0, 1, (60, 2)) * SIZE, aims]):
        if not (0 <= x <= SIZE[0] and 0 <= y <= SIZE[1]):
            continue
        index = grid.pick(camera, x, y, SIZE, visible, size)
        wanted = searched(points, camera, x, y, size, visible)
        found += index is not None
        if index != wanted:  # only where two lie alike within the precision of float32
            ours, other = (camera.project(points[[i]].astype(np.float64), SIZE)[0] for i in (index, wanted))
            assert ours[2] == pytest.approx(other[2], rel=1e-5) or np.hypot(
                *(ours - [x, y, 0])[:2]
            ) == pytest.approx(np.hypot(*(other - [x, y, 0])[:2]), abs=1e-2)
    assert found > (20 if zoom < 10 else 0)


@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@pytest.mark.parametrize("zoom", [0.5, 1.0, 8.0])
def test_a_lasso_holds_exactly_the_points_inside(projection, zoom):
    points = cloud(3000)
    camera, grid = camera_on(points, projection, zoom), PointGrid(points)
    visible = np.arange(len(points)) % 3 > 0
    star = np.array([[250, 20], [300, 350], [60, 120], [440, 110], [180, 360.0]])  # crosses itself
    screen = camera.project(points.astype(np.float64), SIZE)
    wanted = []
    for i, (x, y, depth) in enumerate(screen):
        crossed = 0
        for (x0, y0), (x1, y1) in zip(star, np.roll(star, -1, axis=0), strict=True):
            if (y0 > y) != (y1 > y):
                crossed += x < x0 + (y - y0) * (x1 - x0) / (y1 - y0)
        if crossed % 2 and visible[i] and depth > camera.clip()[0]:
            wanted.append(i)
    found = grid.inside(camera, star, SIZE, visible)
    assert found.dtype == np.int64
    assert len(wanted) > 20
    assert len(np.setxor1d(found, wanted)) <= 1  # a point on an edge may fall on either side in float32
    assert (np.diff(found) > 0).all()


def test_few_points_and_none():
    empty = PointGrid(np.zeros((0, 3), np.float32))
    camera = Camera()
    assert empty.pick(camera, 250, 200, SIZE) is None
    assert empty.inside(camera, np.array([[0, 0], [500, 0], [500, 400]]), SIZE).tolist() == []
    same = PointGrid(np.zeros((700, 3), np.float32))
    assert same.pick(camera, 252, 200, SIZE) is not None
    assert same.pick(camera, 300, 200, SIZE) is None
    assert len(same.inside(camera, np.array([[0, 0], [500, 0], [500, 400], [0, 400]]), SIZE)) == 700
    assert len(same.inside(camera, np.array([[0, 0], [500, 400]]), SIZE)) == 0


def walls(degrees, seed=0):
    """A room of 6 × 4 × 3 m with a table in the middle, turned about z. The wall of each point, −1 table."""
    random = np.random.default_rng(seed)
    side = random.integers(0, 6, 8000)
    points = random.uniform(0, 1, (8000, 3))
    points[np.arange(8000), side // 2] = side % 2
    points = (points - [0.5, 0.5, 0]) * [6, 4, 3]
    table = random.uniform([-0.5, -0.5, 0.7], [0.5, 0.5, 0.75], (500, 3))
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), np.sin(angle), 0], [-np.sin(angle), np.cos(angle), 0], [0, 0, 1]])
    points = np.concatenate([points, table]) @ turn
    return points.astype(np.float32), np.concatenate([side, np.full(500, -1)])


@pytest.mark.parametrize("degrees", [0, 17.5, 70])
@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
def test_walls_in_the_way_are_cut_away(degrees, projection):
    points, wall = walls(degrees)
    camera = Camera()
    camera.set_scene(points.min(0), points.max(0))
    camera.set_projection(projection)
    camera.pose = Pose((0, 0, 1.5), 12, degrees + 30, 35, projection)
    planes = cuts(room_box(points), camera)
    left = kept(points, planes)
    # From 30° to the right of the front, above: the front (−y), the right side (+x) and the ceiling are cut.
    for cut in (1, 2, 5):
        assert left[wall == cut].mean() < 0.02, cut
    for whole in (0, 3, 4):
        assert left[wall == whole].mean() > 0.85, whole  # their edges lie in the walls that are cut
    assert left[wall == -1].all()
    grid = PointGrid(points)
    aims = [(x, y) for x in range(150, 350, 20) for y in range(150, 250, 20)]
    with_cut = [grid.pick(camera, x, y, SIZE, planes=planes) for x, y in aims]
    assert left[[index for index in with_cut if index is not None]].all()
    without = [grid.pick(camera, x, y, SIZE) for x, y in aims]
    assert not left[[index for index in without if index is not None]].all()


def test_from_inside_nothing_is_cut_away():
    points, _ = walls(20)
    camera = Camera()
    camera.set_scene(points.min(0), points.max(0))
    camera.pose = Pose((0, 0.5, 1.5), 1.0, 20, 0)
    assert kept(points, cuts(room_box(points), camera)).all()
    assert kept(points, NOTHING).all()
    single = room_box(np.ones((1, 3), np.float32))
    assert np.isfinite([single.low, single.high]).all()


@pytest.mark.parametrize("n", [2_000, 90_000])
def test_spacing_is_that_of_a_surface(n):
    """n points a square metre have a spacing of 1/√n, wherever the surface is."""
    random = np.random.default_rng(0)
    points = np.concatenate([random.uniform(0, 1, (n, 2)), np.full((n, 1), 3.0)], 1).astype(np.float32)
    assert spacing(points, n) == pytest.approx(n**-0.5, rel=0.15)
    assert spacing(points[::7], n) == pytest.approx(n**-0.5, rel=0.2)  # a sample knows of all
    assert spacing(points[:1], 1) == spacing(points[:0], 0) == 0
    assert spacing(np.ones((500, 3), np.float32), 500) == 0
