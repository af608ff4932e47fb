"""What a cloud is taken for: samples of rooms and streets, and things of known sizes."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.points.representations.extent import extent
from headlight.viewer.inputs.inputs import from_path

RNG = np.random.default_rng(0)


def shell(size, faces, many=4000):
    """Points on some faces of a box from zero on: (axis, 0 or 1) each."""
    parts = []
    for axis, end in faces:
        part = RNG.uniform(0, size, (many, 3))
        part[:, axis] = end * size[axis]
        parts.append(part)
    return np.concatenate(parts).astype(np.float32)


BALL = RNG.normal(size=(9000, 3))
WALLS = ((0, 0), (0, 1), (1, 0), (1, 1))
FLOOR, CEILING = (2, 0), (2, 1)


@pytest.mark.parametrize("name", ["rooms/bedroom", "rooms/corridor", "rooms/meeting"])
def test_sample_rooms_are_rooms(name):
    cloud = from_path(str(ASSETS / "samples" / f"{name}.ply"))
    assert extent(cloud.points, cloud.zero, cloud.ring).sort == "room"


@pytest.mark.parametrize("name", ["streets/street", "streets/plaza"])
def test_sample_streets_are_scans_with_and_without_their_rings(name):
    cloud = from_path(str(ASSETS / "samples" / f"{name}.ply"))
    for ring in (cloud.ring, None):
        found = extent(cloud.points, cloud.zero, ring)
        assert (found.sort, 20 < found.beams <= 40) == ("scan", True)
    elsewhere = extent(cloud.points, cloud.zero + np.array((500, 0, 0)))
    assert (elsewhere.sort, elsewhere.beams) == ("street", 0)


@pytest.mark.parametrize(
    ("points", "sort"),
    [
        (shell((0.5, 0.5, 0.9), (*WALLS, CEILING)), "object"),  # a stool
        (shell((4.6, 1.9, 1.45), (*WALLS, FLOOR, CEILING)), "object"),  # a car
        (shell((1.0, 0.6, 2.2), (*WALLS, FLOOR, CEILING)), "object"),  # a wardrobe
        (BALL * 2 / np.linalg.norm(BALL, axis=1)[:, None], "object"),  # the crown of a tree
        (shell((4, 3, 2.6), (*WALLS, FLOOR)), "room"),  # without its ceiling
        (shell((40, 2.5, 2.8), (*WALLS, FLOOR, CEILING)), "room"),  # a corridor
        (shell((30, 20, 5), (*WALLS, FLOOR, CEILING)), "room"),  # a hall
        (shell((80, 60, 9), (FLOOR, (0, 0), (1, 1))), "street"),
        (np.zeros((3, 3)), "room"),
        (np.zeros((300, 3)), "object"),
    ],
)
def test_things_are_told_by_their_size(points, sort):
    assert extent(points).sort == sort


def test_a_few_strays_change_nothing():
    room = np.concatenate([shell((4, 3, 2.6), (*WALLS, FLOOR, CEILING)), [[90, 90, 90], [-50, 0, 0]]])
    found = extent(room)
    assert found.sort == "room"
    np.testing.assert_allclose(found.size, (4, 3, 2.6), rtol=0.08)
