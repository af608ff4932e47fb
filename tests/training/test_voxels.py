"""Crops of cells, and the loss of the 3D CNN on one of them."""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
import torch

from headlight.models.points.grids.voxel_net import VoxelNet
from script.training.crops import Room
from script.training.fit import shares
from script.training.losses import class_weights
from script.training.voxels import fit
from script.training.voxels.crops import CELLS, Boxes
from script.training.voxels.fit import VoxelTraining, predicted


def rooms():
    """A floor, a wall and a box on the floor."""
    rng = np.random.default_rng(0)
    floor = np.column_stack([rng.uniform(0, 4, (4000, 2)), np.zeros(4000)])
    wall = np.column_stack([rng.uniform(0, 4, 4000), np.zeros(4000), rng.uniform(0, 2.5, 4000)])
    box = rng.uniform((1.5, 1.5, 0.4), (2.5, 2.5, 0.8), (4000, 3))
    labels = np.repeat([1, 2, 7], 4000).astype(np.uint8)
    points = np.concatenate([floor, wall, box]).astype(np.float32)
    return [Room(points, np.zeros((12000, 3), np.uint8), False, labels)]


def test_each_point_of_a_crop_lies_in_an_occupied_cell():
    batch = Boxes(None, 0).batch(rooms(), np.random.default_rng(1))
    assert tuple(batch.occupancy.shape) == (1, *CELLS[::-1])
    assert (batch.occupancy.flatten()[batch.cells] == 1).all()
    assert int(batch.occupancy.sum()) == len(batch.cells)
    assert batch.owner.unique().tolist() == list(range(len(batch.cells)))
    assert len(batch.owner) == len(batch.labels) > 1000


def test_the_loss_falls_and_the_room_gets_its_classes(tmp_path, monkeypatch):
    monkeypatch.setattr(fit, "VoxelNet", partial(VoxelNet, kernels=(3, 3), width=8))
    one = rooms()[0]
    for split in ("train", "validation"):
        (tmp_path / split).mkdir()
        np.savez(tmp_path / split / "room.npz", **vars(one))
    given = argparse.Namespace(run=tmp_path, rooms=tmp_path, rate=None, cool=False, start=None)
    training = VoxelTraining(given)
    training.optimiser.param_groups[0]["lr"] = training.optimiser.param_groups[1]["lr"] = 5e-3
    batch = Boxes(None, 0).batch([one], np.random.default_rng(1))
    weights = class_weights(shares(tmp_path / "train"))
    losses = [training.learn(batch, weights)[0] for _ in range(12)]
    assert losses[-1] < 0.8 * losses[0]
    assert training.step == 12
    assert predicted(training.net.eval(), one.points).shape == (12000,)
    assert torch.isfinite(training.average.last.weight).all()
