"""geometry() and collate(): neighbours, samples and interpolation, down to one point."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.spatial import cKDTree

from headlight.models.core.task import Cancelled, Task
from headlight.models.points.neighbours import collate, farthest, geometry, spacing
from tests.models.clouds import cloud


def test_neighbours_are_the_nearest_and_the_point_itself_comes_first() -> None:
    points = cloud(300)
    finest, second, *_ = geometry(points).stages
    apart = np.linalg.norm(points[:, None].astype(float) - points, axis=2)
    np.testing.assert_array_equal(finest.neighbours, np.argsort(apart, 1, kind="stable")[:, :8])
    np.testing.assert_array_equal(finest.index, np.arange(300))
    assert len(second.points) == 75
    np.testing.assert_array_equal(second.points, points[second.index])
    np.testing.assert_array_equal(
        second.gathered, np.argsort(apart[second.sampled], 1, kind="stable")[:, :16]
    )
    near = np.argsort(apart[:, second.index], 1, kind="stable")[:, :3]
    np.testing.assert_array_equal(second.up_index, near)
    inverse = 1 / (np.take_along_axis(apart[:, second.index], near, 1) + 1e-8)
    np.testing.assert_allclose(second.up_weight, inverse / inverse.sum(1, keepdims=True), atol=1e-6)


def test_inverse_square_interpolation() -> None:
    points = np.array([[0, 0, 0], [1, 0, 0], [3, 0, 0], [0.5, 0, 0]], np.float32)
    stage = geometry(points, k=(2, 2), stride=(1, 2), interpolation="inverse-square").stages[1]
    assert sorted(stage.index.tolist()) == [0, 2]
    # The last point is 0.5 m from the first and 2.5 m from the third: 25 to 1.
    weight = dict(zip(stage.index[stage.up_index[3, :2]].tolist(), stage.up_weight[3].tolist(), strict=False))
    assert weight == {0: pytest.approx(25 / 26), 2: pytest.approx(1 / 26)}
    assert stage.up_weight[3, 2] == 0


@pytest.mark.parametrize("count", [1, 2, 5, 15, 300, 5000])
def test_every_stage_holds_a_quarter_and_at_least_one_point(count: int) -> None:
    stages = geometry(cloud(count)).stages
    assert [len(s.points) for s in stages] == [max(1, count // 4**i) for i in range(5)]
    for stage, finer in zip(stages[1:], stages, strict=False):
        assert stage.neighbours.shape[1] == min(16, len(stage.points))
        assert len(stage.sampled.unique()) == len(stage.sampled)
        torch.testing.assert_close(stage.points, finer.points[stage.sampled])
        torch.testing.assert_close(stage.gathered[:, 0], stage.sampled)
        torch.testing.assert_close(stage.neighbours[:, 0], torch.arange(len(stage.points)))
        torch.testing.assert_close(stage.up_weight.sum(1), torch.ones(len(finer.points)))
        assert stage.absent is None


@pytest.mark.parametrize("count", [5, 50, 3000])
def test_points_in_one_place_are_each_their_own_nearest(count: int) -> None:
    for stage in geometry(np.ones((count, 3), np.float32)).stages:
        np.testing.assert_array_equal(stage.neighbours[:, 0], np.arange(len(stage.points)))
        assert all(len(set(row)) == len(row) for row in stage.neighbours.tolist())
        assert stage.sampled is None or len(stage.sampled.unique()) == len(stage.sampled)


def test_sampling_takes_the_farthest_each_time() -> None:
    for count in (600, 4000):  # below and above where the algorithm changes
        points = cloud(count)
        found = farthest(points, 50)
        apart = np.linalg.norm(points[:, None].astype(float) - points[found], axis=2)
        for step in range(1, 50):
            distance = apart[:, :step].min(1)
            assert distance[found[step]] == pytest.approx(distance.max(), rel=1e-5)
    assert farthest(cloud(600), 3)[0] == 0


def test_joined_clouds_keep_to_themselves() -> None:
    parts = [geometry(cloud(count, count)) for count in (400, 7, 90)]
    batch = collate([collate(parts[:2]), parts[2]])
    assert batch.clouds == (400, 7, 90)
    for number, stage in enumerate(batch.stages):
        alone = [part.stages[number] for part in parts]
        assert stage.counts == tuple(len(s.points) for s in alone)
        owner = np.repeat([0, 1, 2], stage.counts)
        np.testing.assert_array_equal(
            owner[stage.neighbours], owner[:, None].repeat(stage.neighbours.shape[1], 1)
        )
        np.testing.assert_array_equal(
            stage.points, torch.cat([p.stages[0].points for p in parts])[stage.index]
        )
        lacking = np.concatenate([np.full(s.neighbours.shape, s.neighbours.shape[1]).max(1) for s in alone])
        absent = np.arange(stage.neighbours.shape[1]) >= lacking[:, None]
        assert (stage.absent is None) == (not absent.any())
        if stage.absent is not None:
            np.testing.assert_array_equal(stage.absent, absent)
        if number:
            finer = batch.stages[number - 1]
            torch.testing.assert_close(stage.points, finer.points[stage.sampled])
            finer_owner = np.repeat([0, 1, 2], finer.counts)
            assert (finer_owner[stage.gathered] == owner[:, None]).all()
            assert (owner[stage.up_index] == finer_owner[:, None]).all()


def test_it_stops_when_nobody_waits_and_refuses_an_empty_cloud() -> None:
    class Stop(Task):
        def check(self) -> None:
            raise Cancelled

    with pytest.raises(Cancelled):
        geometry(cloud(50), task=Stop())
    with pytest.raises(ValueError, match="without points"):
        geometry(np.empty((0, 3), np.float32))


def test_the_spacing_of_points_on_a_plane_is_that_of_their_density() -> None:
    flat = np.random.default_rng(0).random((10_000, 3)) * (5, 2, 0)  # 1,000 points a square metre
    assert spacing(cKDTree(flat)) == pytest.approx(1000**-0.5, rel=0.1)
    assert spacing(cKDTree(3 * flat)) == pytest.approx(3 * spacing(cKDTree(flat)))
    assert [spacing(cKDTree(np.zeros((count, 3)))) for count in (0, 1, 2)] == [0, 0, 0]
