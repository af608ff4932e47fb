"""What a box stands on, as files: over points, pillars and pixels."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT
from headlight.viewer.export.clouds.standing import StandingOptions, standing
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.cloud import CloudInput, Frame
from tests.models.tiny_detector import saved, scan


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A cloud of which the file's first point was left out, and its trace."""
    points, intensity = scan()
    ring = np.zeros(len(points), np.int16)
    cloud = CloudInput(
        *("scan", points, np.zeros(3), Frame(), Frame()),
        intensity=intensity,
        ring=ring,
        kept=np.arange(1, len(points) + 1),
        total=len(points) + 1,
    )
    folder = saved(tmp_path_factory.mktemp("detector"))
    return cloud, open_engine(str(folder), "points").run(points, intensity=intensity)


def test_gradients_are_added_up_over_pillars_and_pixels(made):
    for over, shape in (("pillars", (64, 64)), ("pixels", (1, 2048))):
        found = standing(StandingOptions(over=over), "npz", *made, SILENT).arrays()
        values, cell = found["values"], found["cell"]
        assert np.isnan(values[0])
        assert cell[0] == -1
        assert found["map"].shape == shape
        assert found["map"].sum() == pytest.approx(values[cell >= 0].sum(), rel=1e-5)
        assert found["map"].ravel()[cell[1000]] >= values[1000]


def test_parts_are_left_out_in_turn(made):
    found = standing(StandingOptions(box=1, by="occlusion"), "npz", *made, SILENT).arrays()
    one = int(np.nanargmax(np.abs(found["map"])))
    there = found["cell"] == one
    assert found["values"][there] == pytest.approx(found["map"].ravel()[one])
    row, column = divmod(one, 64)
    assert np.abs([-7.875 + column / 4, -7.875 + row / 4] - found["box"][:2]).max() < 4
    table = list(standing(StandingOptions(), "csv", *made, SILENT).table())
    assert (table[0], len(table)) == (("x", "y", "z", "value"), made[0].total + 1)


def test_a_box_that_is_not_there_is_told(made):
    with pytest.raises(HeadlightError, match="Box 12 does not exist: there are 12"):
        standing(StandingOptions(box=12), "npz", *made, SILENT)
