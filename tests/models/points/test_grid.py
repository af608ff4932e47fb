"""One point a voxel, against a loop over voxels."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.points.grid import fitting_sample, grid_sample


def looped(points: np.ndarray, size: float) -> set[int]:
    voxels: dict[tuple, list[int]] = {}
    cells = np.floor((points - points.min(axis=0).astype(np.float64)) / size).astype(int)
    for index, cell in enumerate(map(tuple, cells)):
        voxels.setdefault(cell, []).append(index)
    chosen = set()
    for members in voxels.values():
        own = points[members].astype(np.float64)
        chosen.add(members[int(((own - own.mean(axis=0)) ** 2).sum(axis=1).argmin())])
    return chosen


def test_of_every_voxel_the_point_nearest_to_the_mean():
    points = np.random.default_rng(1).uniform(-1, 1, (3000, 3)).astype(np.float32)
    found = grid_sample(points, 0.2)
    assert len(set(found.tolist())) == len(found)
    assert set(found.tolist()) == looped(points, 0.2)
    assert np.array_equal(found, grid_sample(points, 0.2))


def test_neighbours_in_the_sample_are_neighbours_in_space():
    points = np.random.default_rng(2).uniform(0, 1, (20_000, 3)).astype(np.float32)
    sample = points[grid_sample(points, 0.05)]
    steps = np.linalg.norm(np.diff(sample, axis=0), axis=1)
    shuffled = np.random.default_rng(3).permutation(sample)
    assert np.median(steps) < 0.2 * np.median(np.linalg.norm(np.diff(shuffled, axis=0), axis=1))


def test_points_in_one_place_and_a_stray_one_far_away():
    assert grid_sample(np.ones((5, 3), np.float32), 0.04).tolist() == [0]
    assert grid_sample(np.empty((0, 3), np.float32), 0.04).tolist() == []
    points = np.random.default_rng(4).uniform(0, 1, (500, 3)).astype(np.float32)
    points[7] = 3e6  # more voxels away than interleaved bits can count
    found = grid_sample(points, 0.04)
    assert 7 in found
    # At this distance from the corner float32 keeps the voxels of the rest apart.
    assert set(found.tolist()) == looped(points, 0.04)


def test_a_large_cloud_gets_coarser_voxels_until_it_fits():
    points = np.random.default_rng(5).uniform(0, 10, (60_000, 3)).astype(np.float32)
    points[:, 2] = 0
    fine, size = fitting_sample(points, 0.04, 60_000)
    assert size == 0.04
    sample, size = fitting_sample(points, 0.04, 5000)
    assert 2500 < len(sample) <= 5000 < len(fine)
    assert size == pytest.approx(round(size, 2))
    assert np.array_equal(sample, grid_sample(points, size))
