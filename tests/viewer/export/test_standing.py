"""The relevance of a box, as files: over points, pillars and pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from headlight.models.core.answers import Boxes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT
from headlight.viewer.export.attention.relevance import RelevanceOptions, relevance
from headlight.viewer.export.door import refuse_early
from headlight.viewer.export.options import ExportOptions
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import from_text
from headlight.viewer.inputs.told.frame import Frame
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


def exported(made, **options):
    return relevance(RelevanceOptions(**options), "npz", *made, SILENT)


def test_gradients_are_added_up_over_pillars_and_pixels(made):
    for over, shape in (("pillars", (64, 64)), ("pixels", (1, 2048))):
        found = exported(made, method="box-gradient", over=over).arrays()
        values, cell = found["relevance"], found["cell"]
        assert found["sample"][0] == 1  # the first was left out of the file
        assert found["map"].shape == shape
        assert found["map"].sum() == pytest.approx(values[cell >= 0].sum(), rel=1e-5)
        assert found["map"].ravel()[cell[1000]] >= values[1000]
        assert (str(found["target"]), found["target_score"]) == (
            made[1].answer(Boxes).targets()[0].name,
            made[1].answer(Boxes).scores[0],
        )


def test_parts_are_left_out_in_turn(made):
    answer = made[1].answer(Boxes)
    box = max(range(len(answer)), key=lambda at: len(answer.inside(made[1].tokens.positions)[at]))
    found = exported(made, method="box-occlusion", target_box=box).arrays()
    one = int(np.nanargmax(found["map"]))
    there = found["cell"] == one
    assert found["relevance"][there] == pytest.approx(found["map"].ravel()[one])
    row, column = divmod(one, 64)
    assert np.abs([-7.875 + column / 4, -7.875 + row / 4] - found["box"][:2]).max() < 4
    assert found["box"] == pytest.approx(answer.boxes[box], abs=1e-5)


def test_any_method_of_a_target_is_of_a_box_and_drawn(made):
    made_of_box = exported(made, method="gradient-input", target_box=1)
    assert made_of_box.arrays()["target"] == made[1].answer(Boxes).targets()[1].name
    drawn = made_of_box.drawing().svg()
    assert drawn.startswith(b"<svg")


def test_a_box_is_of_the_class_that_is_named_or_that_is_told(made):
    targets = made[1].answer(Boxes).targets()
    other = next(at for at, one in enumerate(targets) if one.name != targets[0].name)
    found = exported(made, method="box-gradient", target=targets[other].name).arrays()
    assert (str(found["target"]), found["target_score"]) == (
        targets[other].name,
        np.float32(targets[other].score),
    )
    for method in ("box-gradient", "gradient-input"):
        with pytest.raises(HeadlightError, match=f"Box {other} is of {targets[other].name}, not of"):
            exported(made, method=method, target=targets[0].name, target_box=other)


def test_a_box_that_is_not_there_is_told(made):
    with pytest.raises(HeadlightError, match="Box 12 does not exist: there are 12"):
        exported(made, target_box=12)
    text = from_text("a")
    with pytest.raises(HeadlightError, match="Boxes are of point clouds"):
        refuse_early(ExportOptions("relevance", Path("a.npz"), given={"over": "pixels"}), text)
