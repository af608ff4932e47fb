"""A part of a picture in other surroundings, and points alone, beside passes over the same by hand."""

from __future__ import annotations

import numpy as np
import pytest
import transformers as hf

from headlight.models.core.answers import Classes, PointLabels
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide, Surroundings
from headlight.models.core.tokens import Region
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.explain.context import Alone, alone, in_context
from tests.models.headed import VIT, saved
from tests.viewer.given_cloud import room

PICTURE = np.random.default_rng(0).integers(0, 256, (70, 90, 3)).astype(np.uint8)
BOX = Surroundings(((20.0, 10.0), (70.0, 10.0), (70.0, 55.0), (20.0, 55.0)), "cut")


@pytest.fixture(scope="module")
def trace(tmp_path_factory):
    model = hf.ViTForImageClassification(hf.ViTConfig(**VIT, image_size=224, patch_size=16)).eval()
    return open_engine(str(saved(tmp_path_factory.mktemp("vit"), model)), "image", "cpu").run(PICTURE, 224)


def test_rows_are_what_another_pass_says(trace):
    found = in_context(trace, PICTURE, BOX, 224)
    after = trace.run.engine().run(BOX.applied(PICTURE), 224)
    np.testing.assert_array_equal(found.pixels, BOX.applied(PICTURE))
    rows = {row.name: row for row in found.rows}
    for number, name in enumerate(("cat", "dog", "eel")):
        assert rows[name].before == pytest.approx(trace.answer(Classes).probabilities[number])
        assert rows[name].after == pytest.approx(after.answer(Classes).probabilities[number], abs=1e-6)
    changes = [abs(row.after - row.before) for row in found.rows]
    assert changes == sorted(changes, reverse=True)
    assert found.maps[0].shape == found.maps[1].shape == trace.tokens.grid
    assert found.share == pytest.approx(50 * 45 / (70 * 90))
    assert -1 <= rows["its vector, cosine"].after < 1


@pytest.mark.parametrize(
    "outline", [((0, 0), (0.1, 0), (0.1, 0.1)), ((-9, -9), (999, -9), (999, 999), (-9, 999))]
)
def test_nothing_and_everything_are_refused(outline, trace):
    with pytest.raises(HeadlightError, match="holds"):
        in_context(trace, PICTURE, Surroundings(outline), 224)


def test_points_alone_are_read_without_all_others():
    cloud = room(600)
    trace = open_engine("point-transformer", "points", "cpu").run(cloud.points, cloud.colours)
    tokens = trace.tokens.find_all([Region(trace.tokens.positions[:200])])
    found = alone(trace, tokens)
    answer = trace.answer(PointLabels)
    outside = np.setdiff1d(np.arange(len(trace.tokens)), tokens)
    hidden = Hide((Region(trace.tokens.positions[outside]),))
    after = trace.run.again((hidden,)).answer(PointLabels)
    np.testing.assert_array_equal(found.kept, np.flatnonzero(np.isin(answer.nearest, tokens)))
    np.testing.assert_array_equal(found.before, answer.labels[found.kept])
    np.testing.assert_array_equal(found.after, after.labels[found.kept])
    with pytest.raises(HeadlightError, match="nothing around"):
        alone(trace, np.arange(len(trace.tokens)))


def test_accuracies_are_of_what_is_known():
    before, after, truth = np.array([0, 0, 1, 1]), np.array([0, 1, 1, 1]), np.array([0, 0, 1, -1])
    found = Alone(np.arange(4), before, after, truth, ("a", "b"), Region(np.zeros((0, 3))))
    assert (found.changed, found.accuracies()) == (1, (1.0, pytest.approx(2 / 3)))
    assert [(row.name, row.before, row.after) for row in found.rows()] == [("b", 0.5, 0.75), ("a", 0.5, 0.25)]
    assert Alone(np.arange(4), before, after, None, ("a", "b"), found.outside).accuracies() is None
