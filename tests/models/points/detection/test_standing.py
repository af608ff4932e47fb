"""What a box stands on: parts near it, what they are worth, and the part of the network that bears on it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headlight.models.core.tokens import Cuboid
from headlight.models.points.detection.asked.standing import left_out, of_cells, of_points, parts_near
from headlight.models.points.detection.asked.window import Window, reach
from headlight.models.points.detection.config import STREETS, Backbone, Voxels
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import batch_of
from headlight.models.points.representations.cells import Grid

BOX = Cuboid(0.0, 0.0, 5.0, 4.0, 2.0, 1.5, 0.0)


def test_parts_near_a_box_are_left_out_in_turn():
    points = np.array([[0, 0, 0], [2.9, 0, 9], [3.1, 0, 0], [0, 1.9, 0], [0, 2.1, 0], [0.1, 0, 0]], float)
    cell = np.array([7, 3, 4, 9, 1, 7])
    assert parts_near(points, cell, BOX).tolist() == [7, 9, 3]
    assert parts_near(points, cell, BOX, most=1).tolist() == [7]
    assert parts_near(points, np.full(6, -1), BOX).tolist() == []

    def scores(hidden: np.ndarray) -> np.ndarray:
        return 0.9 - 0.1 * hidden.sum(axis=1)

    parts = np.array([7, 9, 3])
    falls = left_out(0.9, cell, parts, scores)
    assert falls == pytest.approx([0.2, 0.1, 0.1])
    assert of_points(falls, cell, parts) == pytest.approx([0.2, 0.1, 0, 0.1, 0, 0.2])
    assert of_points(falls[:0], cell, parts[:0]).tolist() == [0] * 6
    assert of_cells(np.arange(6.0), np.array([0, 2, -1, 2, 0, 0]), 4).tolist() == [9, 0, 4, 0]


STREET = replace(
    STREETS,
    grid=Grid((-32.0, -16.0, -3.0), (32.0, 16.0, 3.0), (0.25, 0.25, 6.0)),
    backbone=Backbone((1, 1), (8, 16), (2, 2), (1.0, 2.0), (8, 8)),
)
VOXELS = replace(
    STREET,
    grid=Grid((-12.8, -6.4, -2.0), (12.8, 6.4, 2.0), (0.1, 0.1, 0.2)),
    encoder=Voxels((4, 4, 8), 8),
    backbone=Backbone((0,), (8,), (1,), (1.0,), (8,)),
)


@pytest.mark.parametrize("config", [STREET, VOXELS])
@pytest.mark.parametrize("place", [(0, 0), (15, 30), (8, 40), (31, 63)])
def test_what_is_said_of_a_cell_depends_on_its_window_alone(config, place):
    """The same logits from the points and cells of the window as from all."""
    torch.manual_seed(0)
    net = Detector(config).eval()
    random, rows_columns = np.random.default_rng(0), config.map
    row, column = (min(at, length - 1) for at, length in zip(place, rows_columns, strict=True))
    rows, columns = slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2)
    rows, columns = (
        slice(rows.start, min(rows.stop, rows_columns[0])),
        slice(columns.start, min(columns.stop, rows_columns[1])),
    )
    low, high = config.grid.low, config.grid.high
    points = random.uniform((*low, 0), (*high, 1), (4000, 4)).astype(np.float32)
    window = Window.around(rows, columns, config)
    assert window.rows[1] - window.rows[0] <= config.cells[0]
    near = window.holds(points, config)
    assert near.sum() < len(points)
    with torch.no_grad():
        whole = net(batch_of([points], config))[0]["heatmap"][0][:, rows, columns]
        canvas = net.encoder(batch_of([points[near]], config))[
            :, :, slice(*window.rows), slice(*window.columns)
        ]
        part = net.over(canvas)[0]["heatmap"][0]
        down, right = window.within(rows, columns)
    assert (part[:, down, right] - whole).abs().max() < 1e-4


def test_reach_counts_every_kernel():
    """One of 3 at one step, one at two, three of the heads at two, and the step of the coarsest map."""
    config = replace(STREET, backbone=Backbone((1,), (8,), (2,), (1.0,), (8,)))
    assert reach(config) == 1 + 2 + 2 + 3 * 2
