import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations import voxels as of_voxels
from headlight.models.points.representations.cells import Grid, listed
from headlight.models.points.representations.pillars import PUBLISHED, birds_eye, canvas, pillars
from headlight.models.points.representations.represented import DROPPED, OUTSIDE
from headlight.models.points.representations.voxels import Hard, occupancy, voxels

GRID = Grid((-2.0, -1.0, 0.0), (2.0, 1.0, 1.0), (0.5, 0.25, 1.0))
CLOUDS = arrays(np.float32, st.tuples(st.integers(0, 60), st.just(3)), elements=st.floats(-3, 3, width=32))


def test_a_range_is_half_open_and_places_are_by_floor():
    points = np.float32([[-2, -1, 0], [1.999, 0.999, 0.999], [2, 0, 0], [0, 1, 0], [-0.1, -0.1, 0.5]])
    places, inside = GRID.places(points)
    assert inside.tolist() == [True, True, False, False, True]
    assert places[[0, 1, 4]].tolist() == [[0, 0, 0], [7, 7, 0], [3, 3, 0]]
    assert GRID.shape == (8, 8, 1)


@pytest.mark.parametrize(
    ("name", "shape"), [("kitti", (432, 496, 1)), ("nuscenes", (512, 512, 1)), ("waymo", (468, 468, 1))]
)
def test_published_grids_have_their_published_sizes(name, shape):
    assert PUBLISHED[name].grid.shape == shape


def test_second_and_voxelnet_grids_have_their_published_sizes():
    assert of_voxels.PUBLISHED["kitti"].grid.shape == (1408, 1600, 40)
    assert of_voxels.PUBLISHED["nuscenes"].grid.shape == (1024, 1024, 40)
    assert of_voxels.PUBLISHED["waymo"].grid.shape == (1504, 1504, 40)
    assert Grid((0, -40, -3), (70.4, 40, 1), (0.2, 0.2, 0.4)).shape == (352, 400, 10)
    assert Grid((0, -20, -3), (48, 20, 1), (0.2, 0.2, 0.4)).shape == (240, 200, 10)


def test_a_grid_that_cannot_be_is_refused():
    for sides in (((0, 0, 0), (1, 1, 1), (0, 1, 1)), ((0, 0, 0), (1, 0, 1), (1, 1, 1))):
        with pytest.raises(HeadlightError, match="edges above zero"):
            Grid(*sides)
    with pytest.raises(HeadlightError, match="more than"):
        Grid((0, 0, 0), (1e6, 1e6, 1e6), (0.01, 0.01, 0.01))


@given(CLOUDS)
def test_a_grid_around_a_cloud_has_all_of_it_inside(points):
    assert (Grid.around(points, (0.3, 0.3, 0.3)).numbers(points) >= 0).all()


@given(CLOUDS, st.integers(1, 4), st.integers(1, 8))
def test_hard_voxels_keep_the_first_points_and_the_first_cells(points, most_points, most_cells):
    """Against the loop of the published readers, a point after the other."""
    rows, expected, counts = {}, [], {}
    for number in GRID.numbers(points).tolist():
        if number < 0:
            expected.append(OUTSIDE)
            continue
        if number not in rows:
            rows[number] = len(rows)
        row = rows[number]
        full = row >= most_cells or counts.get(row, 0) >= most_points
        expected.append(DROPPED if full else row)
        counts[row] = counts.get(row, 0) + (not full)
    found = voxels(points, points, GRID, Hard(most_points, most_cells))
    assert found.cell.tolist() == expected
    assert found.arrays["voxels"].shape == (min(len(rows), most_cells), most_points, 3)
    for row, count in enumerate(found.arrays["counts"].tolist()):
        mine = points[found.cell == row]
        assert len(mine) == count
        assert np.array_equal(found.arrays["voxels"][row, :count], mine)
        assert not found.arrays["voxels"][row, count:].any()


@given(CLOUDS, st.randoms(use_true_random=False))
def test_dynamic_voxels_do_not_hang_on_the_order_of_the_file(points, chance):
    order = list(range(len(points)))
    chance.shuffle(order)
    one, other = voxels(points, points, GRID), voxels(points[order], points[order], GRID)
    key = [np.lexsort(found.arrays["coordinates"].T) for found in (one, other)]
    for name in ("coordinates", "counts", "means"):
        first, second = (found.arrays[name][rows] for found, rows in zip((one, other), key, strict=True))
        assert np.allclose(first, second, atol=2e-6)
    assert one.dropped == other.dropped == 0


def test_occupancy_counts_the_points_of_every_cell():
    points = np.float32([[0, 0, 0], [0.1, 0.1, 0.9], [-2, -1, 0.5], [9, 9, 9]])
    found = occupancy(points, GRID)
    assert found.arrays["counts"].shape == (1, 8, 8)
    assert found.arrays["counts"][0, 4, 4] == 2
    assert found.arrays["occupancy"].sum() == 2
    assert found.outside == 1
    assert found.points_of(int(found.cell[0])).tolist() == [0, 1]


@pytest.mark.parametrize(("centre", "width"), [("xy", 9), ("xyz", 10)])
def test_points_of_a_pillar_are_decorated_as_published(centre, width):
    """Lang et al. 2019, section 2.1: x y z r, offset from the mean, offset from the middle."""
    points = np.float32([[0.1, 0.1, 0.2], [0.3, 0.2, 0.6]])
    features = np.c_[points, [0.5, 1.0]].astype(np.float32)
    found = pillars(points, features, GRID, Hard(3, 9), centre)
    fed = found.arrays["pillars"]
    assert fed.shape == (1, 3, width)
    mean, middle = points.mean(0), np.array([0.25, 0.125, 0.5])
    assert np.allclose(fed[0, :2, :4], features)
    assert np.allclose(fed[0, :2, 4:7], points - mean, atol=1e-6)
    assert np.allclose(fed[0, :2, 7:], (points - middle)[:, : len(centre)], atol=1e-6)
    assert not fed[0, 2].any()
    assert found.arrays["coordinates"].tolist() == [[0, 4, 4]]
    assert found.arrays["canvas"][4, 4] == 0
    assert (found.arrays["canvas"] >= 0).sum() == 1


@given(CLOUDS)
def test_what_is_scattered_is_gathered_again(points):
    found = listed(GRID.numbers(points))
    values = np.arange(2.0 * len(found.numbers)).reshape(-1, 2)
    onto = canvas(values, found.numbers, GRID)
    assert np.array_equal(onto.reshape(-1, 2)[found.numbers], values)
    assert onto.shape == (8, 8, 2)


def test_pillars_are_one_cell_high():
    with pytest.raises(HeadlightError, match="one cell high"):
        pillars(np.zeros((1, 3)), np.zeros((1, 3)), Grid((0, 0, 0), (1, 1, 1), (1, 1, 0.5)))


def test_the_view_from_above_keeps_the_highest_and_says_where_nothing_is():
    points = np.float32([[0.1, 0.1, 0.2], [0.3, 0.2, 0.6]])
    found = birds_eye(points, np.c_[points, [1.0, 3.0]], GRID).arrays
    where = (4, 4)
    assert [float(found[name][where]) for name in ("counts", "highest", "lowest", "mean", "intensity")] == (
        pytest.approx([2, 0.6, 0.2, 0.4, 2])
    )
    assert np.isnan(found["highest"]).sum() == 63


def test_a_cloud_without_a_point_in_range_has_no_cells():
    points = np.full((3, 3), 50, np.float32)
    found = pillars(points, points, GRID)
    assert found.shape == (0,)
    assert found.outside == 3
    assert found.points_of(OUTSIDE).size == 0
