"""Overlap of turned boxes, against closed forms, a count of cells, and laws."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.points.detection.metrics.overlap import (
    aligned_overlap,
    bird_overlap,
    corners,
    overlap,
)


def box(x=0.0, y=0.0, z=0.0, length=1.0, width=1.0, height=1.0, yaw=0.0) -> np.ndarray:
    return np.array([[x, y, z, length, width, height, yaw]])


def test_closed_forms():
    octagon = 2 * (np.sqrt(2) - 1)
    pairs = [
        (box(), box(), 1.0),
        (box(), box(yaw=np.pi / 2), 1.0),
        (box(), box(yaw=np.pi / 4), octagon / (2 - octagon)),
        (box(), box(x=0.5), 1 / 3),
        (box(length=4), box(width=4), 1 / 7),
        (box(length=4, width=4), box(yaw=0.3), 1 / 16),  # one within the other
        (box(), box(x=1.0), 0.0),  # they touch
        (box(), box(x=1.5, yaw=np.pi / 4), 0.0),
        (box(x=4e5, y=5e6), box(x=4e5 + 0.5, y=5e6), 1 / 3),  # coordinates of a map
    ]
    for first, second, expected in pairs:
        assert bird_overlap(first, second)[0, 0] == pytest.approx(expected, abs=1e-6)
    assert overlap(box(), box(z=0.5))[0, 0] == pytest.approx(1 / 3)
    assert overlap(box(), box(z=1.5))[0, 0] == 0
    assert bird_overlap(box(), np.empty((0, 7))).shape == (1, 0)
    assert aligned_overlap(np.array([[4.0, 2, 1]]), np.array([[2.0, 2, 2]]))[0] == pytest.approx(4 / 12)


def test_the_length_lies_along_the_heading():
    front_left = corners(box(x=10, length=4, width=2, yaw=np.pi / 2))[0, 0]
    assert front_left == pytest.approx((9, 2))


numbers = st.floats(-3, 3)
sizes = st.floats(0.2, 5)
boxes = st.builds(box, numbers, numbers, numbers, sizes, sizes, sizes, numbers)


@given(first=boxes, second=boxes, turn=numbers, move=st.floats(-1000, 1000))
@settings(max_examples=60, deadline=None)
def test_overlap_is_that_of_counted_cells_and_stays_when_both_are_moved(first, second, turn, move):
    value = bird_overlap(first, second)[0, 0]
    assert bird_overlap(second, first)[0, 0] == pytest.approx(value, abs=1e-7)
    assert value == pytest.approx(counted(first[0], second[0]), abs=0.04)
    moved = []
    for one in (first, second):
        x, y = one[0, :2]
        there = one.copy()
        there[0, 0] = np.cos(turn) * x - np.sin(turn) * y + move
        there[0, 1] = np.sin(turn) * x + np.cos(turn) * y - move
        there[0, 6] += turn
        moved.append(there)
    assert bird_overlap(*moved)[0, 0] == pytest.approx(value, abs=1e-6)


def counted(first: np.ndarray, second: np.ndarray) -> float:
    """By the cells of a grid over the first box whose middle lies in the second."""
    steps = (np.arange(60) + 0.5) / 60 - 0.5
    along, across = np.meshgrid(steps * first[3], steps * first[4])
    x = np.cos(first[6]) * along - np.sin(first[6]) * across + first[0] - second[0]
    y = np.sin(first[6]) * along + np.cos(first[6]) * across + first[1] - second[1]
    ahead = np.cos(second[6]) * x + np.sin(second[6]) * y
    left = -np.sin(second[6]) * x + np.cos(second[6]) * y
    shared = ((abs(ahead) < second[3] / 2) & (abs(left) < second[4] / 2)).mean() * first[3] * first[4]
    return shared / (first[3] * first[4] + second[3] * second[4] - shared)
