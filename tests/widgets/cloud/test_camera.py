"""The camera: what it projects is what OpenGL draws, and gestures keep what they promise to keep."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.widgets.cloud.camera import LOOKS, Camera, Pose

SIZE = (640, 400)
CUBE = np.array([[x, y, z] for x in (-3, 3) for y in (-2, 2) for z in (0, 2.5)], np.float64)

metres = st.floats(-3, 3)
places = st.tuples(metres, metres, metres)
poses = st.builds(
    Pose,
    centre=places,
    distance=st.floats(4, 30),
    azimuth=st.floats(0, 360),
    elevation=st.floats(-90, 90),
    projection=st.sampled_from(["perspective", "orthographic"]),
)
sizes = st.tuples(st.integers(50, 2000), st.integers(50, 2000))


def camera_at(pose: Pose) -> Camera:
    camera = Camera()
    camera.set_scene([-3, -3, -3], [3, 3, 3])
    camera.pose = pose
    return camera


@given(poses, sizes, st.lists(places, min_size=1, max_size=5))
def test_back_from_the_screen_is_where_one_started(pose, size, points):
    camera = camera_at(pose)
    screen = camera.project(np.array(points), size)
    ahead = screen[:, 2] > 0.01
    np.testing.assert_allclose(camera.unproject(screen[ahead], size), np.array(points)[ahead], atol=1e-8)


@given(poses, sizes, st.tuples(places, places), st.tuples(*[st.floats(0, 1)] * 3))
def test_what_lies_in_a_box_is_seen_within_its_extent(pose, size, corners, share):
    camera = camera_at(pose)
    low, high = np.min(corners, 0), np.max(corners, 0)
    extent = camera.extent(low, high, size)
    if extent is None:
        depth = camera.project(np.array(list(np.ndindex(2, 2, 2))) * (high - low) + low, size)[:, 2]
        assert depth.min() <= camera.clip()[0] + 1e-9
    else:
        x, y, _ = camera.project(low + np.array(share) * (high - low), size)[0]
        assert (extent[0] - 1e-6 <= (x, y)).all()
        assert (extent[1] + 1e-6 >= (x, y)).all()


@given(poses, sizes, places)
def test_the_matrix_draws_where_project_says(pose, size, point):
    camera = camera_at(pose)
    x, y, depth = camera.project(np.array([point]), size)[0]
    clip = camera.matrix(size).astype(np.float64) @ [*point, 1.0]
    near, far = camera.clip()
    if not near * 1.01 < depth < far:
        return
    drawn = (clip[0] / clip[3] + 1) / 2 * size[0], (1 - clip[1] / clip[3]) / 2 * size[1]
    assert drawn == pytest.approx((x, y), abs=max(size) * 1e-3)
    assert -1.001 <= clip[2] / clip[3] <= 1.001


@given(poses, sizes, places, st.floats(0.2, 5))
def test_zooming_keeps_the_point_under_the_cursor(pose, size, anchor, factor):
    camera = camera_at(pose)
    before = camera.project(np.array([anchor]), size)[0]
    if before[2] <= 0.01:
        return
    camera.zoom(factor, np.array(anchor))
    after = camera.project(np.array([anchor]), size)[0]
    assert after[:2] == pytest.approx(before[:2], abs=1e-5, rel=1e-7)


@given(poses, sizes, places, st.floats(-300, 300), st.floats(-300, 300))
def test_moving_takes_the_point_along_with_the_cursor(pose, size, anchor, dx, dy):
    camera = camera_at(pose)
    x, y, depth = camera.project(np.array([anchor]), size)[0]
    if depth <= 0.01:
        return
    camera.pan(dx, dy, size, depth)
    _, radius = camera.scene
    if np.linalg.norm(camera.pose.centre) > 3.9 * radius:
        return  # held, so that the cloud is not lost
    after = camera.project(np.array([anchor]), size)[0]
    assert after == pytest.approx((x + dx, y + dy, depth), abs=1e-5, rel=1e-7)


@given(poses, st.floats(-250, 250), st.floats(-150, 150))
def test_both_projections_agree_at_the_focus(pose, x, y):
    camera = camera_at(pose)
    camera.set_projection("perspective")
    point = camera.focus(320 + x, 200 + y, SIZE)
    seen = camera.project(point[None], SIZE)
    camera.set_projection("orthographic")
    np.testing.assert_allclose(camera.project(point[None], SIZE), seen, atol=1e-6)


@given(poses, sizes)
def test_fit_shows_everything_and_no_smaller_than_it_must(pose, size):
    camera = Camera()
    camera.set_scene(CUBE.min(0), CUBE.max(0))
    camera.pose = pose
    camera.fit(CUBE, size, margin=0.05)
    screen = camera.project(CUBE, size)
    share = screen[:, :2] / size
    assert (share > 0.05 - 1e-6).all()
    assert (share < 0.95 + 1e-6).all()
    assert camera.pose.azimuth == pose.azimuth % 360
    assert (screen[:, 2] > camera.clip()[0] - 1e-9).all()
    spread = share.max(0) - share.min(0)
    eye_on_the_cube = screen[:, 2].min() < 0.06 * camera.pose.distance
    assert spread.max() == pytest.approx(0.9, abs=1e-6) or eye_on_the_cube


@pytest.mark.parametrize(
    "points",
    [[[1e3, 2, 3]], [[1, 1, 1]] * 9, [[0, 0, z] for z in range(5)], [[x, 0, 0] for x in range(5)]],
    ids=["one point", "all equal", "upright line", "level line"],
)
@pytest.mark.parametrize("projection", ["perspective", "orthographic"])
@pytest.mark.parametrize("look", LOOKS)
def test_flat_clouds_can_be_looked_at(points, projection, look):
    points = np.array(points, np.float32)
    camera = Camera()
    camera.set_scene(points.min(0), points.max(0))
    camera.set_projection(projection)
    camera.look(look)
    camera.fit(points, SIZE)
    camera.orbit(40, -30)
    camera.zoom(1.5, points[0])
    camera.zoom(0.2)
    assert np.isfinite(camera.matrix(SIZE)).all()
    screen = camera.project(points, SIZE)
    assert np.isfinite(screen).all()
    near, far = camera.clip()
    assert ((near < screen[:, 2]) & (screen[:, 2] < far)).all()


@pytest.mark.parametrize(
    ("name", "right", "up"),
    [
        ("front", (1, 0, 0), (0, 0, 1)),
        ("back", (-1, 0, 0), (0, 0, 1)),
        ("right", (0, 1, 0), (0, 0, 1)),
        ("left", (0, -1, 0), (0, 0, 1)),
        ("top", (1, 0, 0), (0, 1, 0)),
        ("bottom", (1, 0, 0), (0, -1, 0)),
    ],
)
def test_named_views(name, right, up):
    camera = Camera()
    camera.look(name)
    np.testing.assert_allclose(camera.axes()[:2], [right, up], atol=1e-12)
    assert np.linalg.det(camera.axes()) == pytest.approx(1)
    with pytest.raises(KeyError):
        camera.look("sideways")


def test_it_speaks_once_for_each_change():
    camera, heard = Camera(), []
    camera.changed.connect(lambda: heard.append(camera.pose))
    camera.orbit(10, 0)
    camera.look("top")
    camera.look("top")
    camera.orbit(0, 500)
    camera.set_projection("perspective")
    assert [pose.elevation for pose in heard] == [LOOKS["iso"][1], 90]
    with pytest.raises(ValueError, match="cannot stand"):
        camera.pose = replace(camera.pose, distance=float("nan"))
    assert len(heard) == 2


def test_what_lies_behind_is_nowhere_on_the_screen():
    camera = camera_at(Pose(distance=5, azimuth=0, elevation=0))
    screen = camera.project(np.array([[0, -6, 0], [0, -4, 0]], np.float32), SIZE)
    assert screen.dtype == np.float32
    assert np.isnan(screen[0, :2]).all()
    assert screen[:, 2] == pytest.approx([-1, 1], abs=1e-5)
