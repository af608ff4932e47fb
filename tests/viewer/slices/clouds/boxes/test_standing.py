"""The methods that say what a box stands on, over the points of a cloud."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.answers import Boxes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.relevance import Relevance
from headlight.models.core.trace import Trace
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.clouds.boxes.standing import box_of, gradient, occlusion
from tests.models.tiny_detector import saved, scan


@pytest.fixture(scope="module")
def trace(tmp_path_factory) -> Trace:
    points, intensity = scan()
    return open_engine(str(saved(tmp_path_factory.mktemp("detector"))), "points").run(
        points, intensity=intensity
    )


def boxed(trace: Trace) -> np.ndarray:
    """Points of the fullest box."""
    return max(trace.answer(Boxes).inside(trace.tokens.positions), key=len)


def test_points_stand_for_the_box_they_lie_in(trace):
    answer, inside = trace.answer(Boxes), boxed(trace)
    target = box_of(trace, inside)
    assert inside.tolist() == trace.tokens.find(target.place).tolist()
    assert target in answer.targets()
    far = int(np.abs(trace.tokens.positions).sum(1).argmax())
    with pytest.raises(HeadlightError, match="No box holds"):
        box_of(trace, np.array([far]))


def test_a_box_stands_on_points_near_it(trace):
    inside = boxed(trace)
    target = box_of(trace, inside)
    sloped, without = gradient(trace, inside), occlusion(trace, inside)
    for found in (sloped, without):
        assert isinstance(found, Relevance)
        assert found.said.startswith(f"{target.name} {target.score:.2f}")
        assert found.values.max() > 0
    cell = trace.inputs["cell"]
    assert without.seen[inside[cell[inside] >= 0]].any()
    assert not without.values[~without.seen].any()
    # Of one pillar all points are worth the same: its score without it less its score.
    point = int(without.values.argmax())
    pillar = cell == cell[point]
    (score,) = trace.run.scores(pillar[None], target)
    assert without.values[pillar] == pytest.approx(abs(target.score - score), abs=1e-6)
