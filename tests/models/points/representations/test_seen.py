"""Range images, views and depth images: what of a cloud is seen from somewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations import depth_image as depths
from headlight.models.points.representations.range_image import (
    SENSORS,
    Sensor,
    fitted,
    fitting,
    lost,
    range_image,
)
from headlight.models.points.representations.represented import DROPPED, OUTSIDE
from headlight.models.points.representations.views import Ring, views

ASKED = np.float32(
    [[10, 0, 0], [0, 10, 0], [0, -10, 0], [-10, 1e-4, 0], [-10, -1e-4, 0], [10, 0, -1.73], [20, 5, -1]]
)
CLOUDS = arrays(np.float32, st.tuples(st.integers(1, 80), st.just(3)), elements=st.floats(-20, 20, width=32))


@pytest.mark.parametrize(
    ("name", "rows", "columns"),
    [
        ("hdl-64e", [6, 6, 6, 6, 6, 29, 13], [1024, 512, 1536, 0, 2047, 1024, 944]),
        ("hdl-32e", [8, 8, 8, 8, 8, 15, 10], [512, 256, 768, 0, 1023, 512, 472]),
    ],
)
def test_projection_is_the_published_one(name, rows, columns):
    """RangeNet++ (Milioto et al. 2019), equation 1, worked out by hand for seven points."""
    for point, row, column in zip(ASKED, rows, columns, strict=True):
        found = range_image(point[None], SENSORS[name])
        assert np.divmod(found.cell[0], found.shape[1]) == (row, column)


@given(CLOUDS)
def test_of_the_points_of_a_pixel_the_nearest_stays(points):
    sensor = Sensor("coarse", 4, 6, 90.0, -90.0)
    found = range_image(points, sensor, intensity=np.arange(len(points)))
    far = np.linalg.norm(points.astype(np.float64), axis=1)
    seen = found.cell >= 0
    index = found.arrays["index"]
    assert np.array_equal(np.sort(index[index >= 0]), np.flatnonzero(seen))
    assert (found.cell == OUTSIDE).sum() == (far == 0).sum()
    for point in np.flatnonzero(found.cell == DROPPED):
        alone = range_image(points[[point]], sensor).cell[0]
        assert far[index.ravel()[alone]] <= far[point]
    image = found.arrays["image"]
    assert np.allclose(image[0][index >= 0], far[index[index >= 0]], rtol=1e-6)
    assert (image[:4, index < 0] == -1).all()
    assert image[4].sum() == seen.sum()


def scan(beams, columns=400):
    """Every beam of a sensor on a wall all around, with some noise in its range."""
    chance = np.random.default_rng(0)
    turn, rise = np.meshgrid(np.linspace(-np.pi, np.pi, columns, False) + 1e-3, np.radians(beams))
    far = (8 + chance.normal(0, 0.02, turn.shape)) / np.cos(rise)
    return (far * [np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)]).reshape(3, -1).T


def test_beams_are_found_again_each_in_a_row_of_its_own():
    uneven = np.concatenate([np.arange(2, -8.4, -1 / 3), np.arange(-8.9, -24.5, -0.5)])
    points = scan(uneven)
    sensor = fitted(points)
    assert sensor.rows == len(uneven)
    assert np.allclose(sensor.beams, uneven, atol=0.01)
    found = range_image(points, sensor)
    assert (found.cell >= 0).all()
    assert (np.bincount(found.cell // found.shape[1]) == 400).all()
    # Evenly spread rows lose some of these, as semantic-kitti-api's issue 76 tells of the real sensor.
    assert range_image(points, SENSORS["hdl-64e"]).dropped > 0


def test_a_ring_of_the_file_decides_the_row():
    points = scan((2.0, 0.0, -3.0), 10)
    ring = np.repeat([2, 1, 0], 10)
    found = range_image(points, Sensor("three", 3, 64, 2.0, -3.0), ring=ring)
    assert (found.cell // 64).tolist() == [0] * 10 + [1] * 10 + [2] * 10


def test_sensors_that_cannot_have_measured_a_scan_say_what_they_lose():
    points = scan(np.linspace(10.67, -30.67, 32))
    assert lost(points, SENSORS["hdl-32e"]) == 0
    assert lost(points, SENSORS["vlp-16"]) == (abs(np.linspace(10.67, -30.67, 32)) > 15 + 15 / 16).sum() * 400
    assert fitting(points) == ("hdl-32e",)
    with pytest.raises(HeadlightError, match="No beams"):
        fitted(np.random.default_rng(1).normal(size=(5000, 3)))


def test_a_camera_sees_the_side_that_faces_it():
    """Two plates one behind the other: a camera sees the nearer, and the two opposite ones see both."""
    side = np.linspace(-1, 1, 30)
    y, z = (one.ravel() for one in np.meshgrid(side, side))
    points = np.concatenate([np.c_[np.full_like(y, x), y, z] for x in (-0.5, 0.5)]).astype(np.float32)
    found = views(points, Ring(count=2, elevation=0.0, side=64))
    first, second = found.arrays["cells"]
    assert (first[:900] == DROPPED).all()
    assert (second[900:] == DROPPED).all()
    assert (first[900:] >= 0).all()
    assert found.arrays["views"].shape == (2, 64, 64)
    # +y stands to the right for the camera on +x, and the picture is upright.
    highest = points[900 + np.argmax(y + z)]
    row, column = np.argwhere(found.arrays["index"][0] == 900 + np.argmax(y + z))[0]
    assert (highest[1:] == 1).all()
    assert row < 16 < 48 < column


@given(CLOUDS, st.integers(1, 5))
def test_every_point_of_a_view_has_a_pixel_or_is_hidden(points, count):
    found = views(points, Ring(count=count, side=32))
    index, cells = found.arrays["index"].reshape(-1), found.arrays["cells"]
    for camera, point in np.argwhere(cells >= 0):
        assert index[cells[camera, point]] == point
        assert cells[camera, point] // 32**2 == camera
    assert found.outside == 0


KITTI = """P0: 721.5 0 609.5 0 0 721.5 172.8 0 0 0 1 0
P2: 721.5 0 609.5 44.86 0 721.5 172.8 0.2164 0 0 1 0.0027
P3: 721.5 0 609.5 -339.5 0 721.5 172.8 2.2 0 0 1 0.0027
R0_rect: 0.9999 0.0098 -0.0074 -0.0099 0.9999 -0.0043 0.0074 0.0044 0.9999
Tr_velo_to_cam: 0.0075 -0.9999 -0.0006 -0.0041 0.0148 0.0007 -0.9998 -0.0763 0.9998 0.0075 0.0148 -0.2718
"""


def test_a_depth_image_comes_back_out_of_its_cloud():
    calibration = depths.Calibration.read(KITTI)
    rows, columns = np.mgrid[:40, :120]
    depth = (5 + rows / 3 + columns / 40).astype(np.float64)
    plain = depths.Calibration(
        (700.0, 700.0), (60.0, 10.0), calibration.shift, calibration.turn, calibration.move
    )
    lifted = depths.cloud_of(depth, plain)
    assert lifted.left_out == (depth.size - len(lifted.points))
    found = depths.depth_image(lifted.points, plain, depth.shape)
    assert np.array_equal(found.cell, lifted.pixel)
    assert np.allclose(found.arrays["depth"].ravel()[lifted.pixel], depth.ravel()[lifted.pixel], atol=1e-3)


def test_a_pixel_of_disparity_at_forty_metres_is_several():
    """Wang et al. 2019, section 3: depth = focal · baseline / disparity; KITTI's is 389.6 m · px."""
    calibration = depths.Calibration((721.5377, 721.5377), (0.0, 0.0))
    assert calibration.depth_of(np.array([9.74, 0.0])) == pytest.approx([40.0, 0.0], abs=0.01)
    near, there, far = depths.fan(calibration, [0.0], [0.0], [40.0])[0, :, 0]
    assert there == pytest.approx(40)
    assert far - there == pytest.approx(4.58, abs=0.01)
    assert there - near == pytest.approx(3.72, abs=0.01)


def test_points_are_turned_as_kitti_says():
    """x forward becomes z, y left becomes −x, z up becomes −y."""
    camera = depths.Calibration((1.0, 1.0), (0.0, 0.0)).to_camera(np.float32([[1, 2, 3]]))
    assert camera.tolist() == [[-2, -3, 1]]


def test_a_calibration_that_lacks_something_says_what():
    with pytest.raises(HeadlightError, match="lacks R0_rect, Tr_velo_to_cam"):
        depths.Calibration.read(KITTI.split("R0")[0])


def test_a_calibration_whose_rotation_is_none_is_refused():
    with pytest.raises(HeadlightError, match="changes lengths or angles"):
        depths.Calibration((1.0, 1.0), (0.0, 0.0), turn=((0, -5, 0), (0, 0, -5), (5, 0, 0)))
    with pytest.raises(HeadlightError, match="no focal lengths"):
        depths.Calibration.read(
            "P2: 0 0 1 0 0 1 1 0 0 0 1 0\nR0_rect:" + " 1" * 9 + "\nTr_velo_to_cam:" + " 1" * 12
        )
