import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.widgets.cloud.prepared import STRETCH, gathered, mixed_order, prepare


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 5000))
def test_the_mixed_order_holds_every_point_once(n):
    assert np.array_equal(np.sort(mixed_order(n)), np.arange(n))


@pytest.mark.parametrize("n", [1 << 17, 200_001])
@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_every_prefix_is_a_fair_sample(n, share):
    """χ² of a prefix over stretches of the file and over the columns of scans of 64, 100 and 1000 points."""
    prefix = mixed_order(n)[: int(share * n)].astype(np.int64)
    for group, count in ((prefix * 40 // n, 40), *((prefix % width, width) for width in (64, 100, 1000))):
        found = np.bincount(group, minlength=count)
        expected = len(prefix) / count
        assert ((found - expected) ** 2 / expected).sum() / (count - 1) < 1.7
    assert abs(np.corrcoef(prefix[:-1], prefix[1:])[0, 1]) < 0.05


@pytest.mark.parametrize("n", [0, 1, STRETCH - 1, STRETCH, 2 * STRETCH + 5])
def test_neighbours_are_gathered_in_stretches_that_stay_as_fair_as_they_were(n):
    order = mixed_order(n)
    cells = np.random.default_rng(0).integers(0, 1 << 15, n).astype(np.uint16)
    found = gathered(order, cells)
    for start in range(0, n, STRETCH):
        stretch = slice(start, start + STRETCH)
        np.testing.assert_array_equal(np.sort(found[stretch]), np.sort(order[stretch]))
        assert (np.diff(cells[found[stretch]].astype(int)) >= 0).all()


def test_what_is_prepared_belongs_to_the_points():
    points = np.random.default_rng(0).normal(0, (3, 2, 1), (5000, 3)).astype(np.float32)
    cloud = prepare(points)
    np.testing.assert_array_equal(cloud.shuffled, points[cloud.order])
    np.testing.assert_array_equal([cloud.low, cloud.high], [points.min(0), points.max(0)])
    assert cloud.grid is cloud.grid
    assert (cloud.box.low < cloud.box.high).all()
    rgb = np.random.default_rng(1).integers(0, 256, points.shape, dtype=np.uint8)
    shown = points[:, 0] > 0
    groups = np.arange(5000).astype(np.uint8) % 255
    packed = cloud.coloured(rgb, groups, shown).packed
    np.testing.assert_array_equal(packed[:, :3], rgb[cloud.order])
    np.testing.assert_array_equal(packed[:, 3], np.where(shown, 1 + groups.astype(int), 0)[cloud.order])
    assert (cloud.coloured(rgb).packed[:, 3] == 1).all()


def test_no_points_and_no_numbers():
    none = prepare(np.zeros((0, 3)))
    assert (len(none.order), none.spacing, none.box) == (0, 0.0, None)
    for value in (np.nan, np.inf, -np.inf):
        with pytest.raises(ValueError, match="not finite"):
            prepare(np.array([[0, 0, 0], [1, value, 0]]))
