"""The crops that training sees: how many points they have, and that sparse ones are among them."""

import itertools

import numpy as np
import pytest
from scipy.spatial import cKDTree

from headlight.models.points.neighbours import spacing
from script.training.crops import BLOCK, FEWEST, Crops, Room

SIDE = 100
"""Points along each side of the floor; 0.04 m between them."""


@pytest.fixture
def floor() -> Room:
    grid = np.stack(np.meshgrid(range(SIDE), range(SIDE)), -1).reshape(-1, 2) * 0.04
    points = np.column_stack([grid, np.zeros(len(grid))]).astype(np.float32)
    half = (points[:, 0] > 2).astype(np.uint8) + 1
    return Room(points, np.full(points.shape, 128, np.uint8), True, half)


@pytest.mark.parametrize("points", [4096, 16_384, 65_536])
def test_a_batch_is_filled_and_holds_sparse_clouds_whatever_its_size(floor, points):
    crops, rng = Crops(None, 0, points), np.random.default_rng(1)
    apart = []
    for _ in range(min(12, 262_144 // points)):
        batch = crops.batch([floor], rng)
        clouds = batch.geometry.clouds
        assert points / 2 < len(batch.labels) <= points
        assert len(batch.features) == len(batch.labels) == sum(clouds)
        assert max(clouds) <= len(floor.points)
        starts = np.cumsum((0, *clouds))
        every = batch.geometry.stages[0].points.numpy()
        apart += [spacing(cKDTree(every[a:b])) for a, b in itertools.pairwise(starts)]
    assert min(apart) < 0.05
    assert max(apart) > 0.06


def test_pointnets_blocks_have_exactly_their_points(floor):
    crops, rng = Crops(None, 0, 4 * BLOCK, neighbours=False), np.random.default_rng(1)
    small = Room(*(a[: BLOCK - 1] for a in (floor.points, floor.colours)), True, floor.labels[: BLOCK - 1])
    for _ in range(10):
        batch = crops.batch([small, floor], rng)
        assert batch.geometry.shape == (4, BLOCK, 3)
        assert batch.features.shape == (4 * BLOCK, 5)


def test_a_room_with_too_few_points_is_left_out(floor):
    few = Room(
        *(a[: FEWEST - 1] for a in (floor.points, floor.colours)), True, np.full(FEWEST - 1, 7, np.uint8)
    )
    batch = Crops(None, 0, 8192).batch([few, floor], np.random.default_rng(0))
    assert 7 not in batch.labels
    with pytest.raises(ValueError, match=f"No room has {FEWEST} points"):
        Crops(None, 0, 8192).batch([few], np.random.default_rng(0))
