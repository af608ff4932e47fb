"""Surroundings of a part of a picture: what is inside, and what becomes of the rest."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.interventions import Surroundings, blurred

PICTURE = np.random.default_rng(0).integers(0, 256, (20, 30, 3)).astype(np.uint8)
BOX = ((5.0, 4.0), (12.0, 4.0), (12.0, 9.0), (5.0, 9.0))


def test_an_outline_holds_the_pixels_whose_centres_lie_in_it():
    found = Surroundings(BOX).holds(20, 30)
    assert found.sum() == 35
    assert found[4:9, 5:12].all()
    triangle = Surroundings(((0.0, 0.0), (10.0, 0.0), (0.0, 10.0))).holds(10, 10)
    rows, columns = np.mgrid[:10, :10] + 0.5
    np.testing.assert_array_equal(triangle, rows + columns < 10)
    beyond = Surroundings(((-5.0, -5.0), (99.0, -5.0), (99.0, 99.0), (-5.0, 99.0)))
    assert beyond.holds(20, 30).all()


@given(st.lists(st.tuples(st.floats(-9, 39), st.floats(-9, 29)), min_size=3, max_size=7))
def test_inside_and_outside_are_all_there_is(outline):
    outline = tuple(outline)
    outside, inside = (Surroundings(outline, "cut", one).applied(PICTURE) for one in (False, True))
    held = Surroundings(outline).holds(20, 30)
    np.testing.assert_array_equal(outside, np.where(held[..., None], PICTURE, 255))
    np.testing.assert_array_equal(inside, np.where(held[..., None], 255, PICTURE))


@pytest.mark.parametrize("how", ["cut", "cover", "blur"])
def test_what_is_changed_is_the_rest_alone(how):
    before = PICTURE.copy()
    found = Surroundings(BOX, how).applied(PICTURE)
    np.testing.assert_array_equal(PICTURE, before)
    np.testing.assert_array_equal(found[4:9, 5:12], PICTURE[4:9, 5:12])
    rest = ~Surroundings(BOX).holds(20, 30)
    if how == "cover":
        np.testing.assert_array_equal(np.unique(found[rest], axis=0)[0], np.round(PICTURE.mean((0, 1))))
    assert (found[rest] != PICTURE[rest]).mean() > 0.9


def test_a_blur_is_a_gaussians():
    point = np.zeros((81, 81, 3), np.uint8)
    point[30:51, 30:51] = 255
    sigma = np.sqrt((11**2 - 1) / 4)  # of three means over 11 pixels
    found = blurred(point, sigma).astype(float)[..., 0]
    reach = np.arange(-40, 41)
    kernel = np.exp(-(reach**2) / (2 * sigma**2))
    matrix = np.stack([np.roll(kernel / kernel.sum(), shift) for shift in reach])
    wanted = matrix @ point[..., 0].astype(float) @ matrix.T
    assert np.abs(found - wanted).max() < 4
    np.testing.assert_array_equal(blurred(PICTURE, 0.0), PICTURE)
    even = np.full((9, 9, 3), 77, np.uint8)
    np.testing.assert_array_equal(blurred(even, 3.0), even)
