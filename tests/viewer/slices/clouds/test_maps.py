"""What the panes draw of a cloud, against the given weights and labels themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headlight.models.attention import statistics
from headlight.models.core.answers import PointLabels, Target
from headlight.models.core.classes.palettes import WRONG, class_colours
from headlight.models.core.colours import DIVERGING, lut
from headlight.models.core.relevance import Relevance
from headlight.models.core.tokens import Position, Region
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.panes.shared.readings import of_point
from headlight.viewer.registry import Method
from headlight.viewer.session import selecting
from headlight.viewer.session.methods import IN_SPACE
from headlight.viewer.session.view import CloudSettings, Selection, View
from headlight.viewer.slices.clouds import maps as cloud_maps
from headlight.viewer.slices.clouds.classes import class_table, coordinates, named, places_of_cell, reading
from headlight.viewer.slices.clouds.colours import (
    Look,
    Scene,
    coarsest,
    heat,
    lattice,
    offers,
    plain_colours,
    relevance_colours,
    shown_as,
    visible,
)
from headlight.viewer.slices.clouds.relevance import asks, colours_of, on_points
from tests.viewer.given import method
from tests.viewer.given_cloud import GivenNeighbourhood, room, trace_of, weights_of

LOOK = Look(True, (20, 22, 27))


@pytest.fixture(scope="module")
def cloud():
    return room()


@pytest.fixture
def trace(cloud):
    return trace_of(cloud)


def view(trace, *tokens: int, layer: int = 1, head: int = 1, **cloud) -> View:
    where = tuple(trace.tokens.place(token) for token in tokens)
    return View(Selection(layer, head, where), CloudSettings(**cloud))


def test_layers_of_the_same_points_are_a_stage_and_the_grid_remembers_where_one_was(trace):
    assert statistics.stages(trace.layers) == ((0, 4), (1, 3), (2,))
    assert statistics.starting_layer(trace) == 3
    assert selecting.rows_shown(trace, view(trace, layer=0)) == (0, 1, 2)
    assert selecting.rows_shown(trace, view(trace, layer=3)) == (4, 3, 2)
    assert selecting.rows_shown(trace, view(trace, layer=2, rows=(4, 1, 2))) == (4, 1, 2)
    assert selecting.rows_shown(trace, view(trace, layer=3, rows=(0, 1, 2))) == (0, 3, 2)
    assert [cloud_maps.short_name(layer) for layer in trace.layers[:2]] == ["enc1.1", "enc2.1"]


def test_a_neighbourhood_is_the_row_of_the_point_that_answers_in_the_stage(trace):
    layer = trace.layers[1]
    chosen = view(trace, 41)
    query = int(layer.queries.find(trace.tokens.place(41))[0])
    found = cloud_maps.neighbourhood(trace, chosen, (1, 1))
    np.testing.assert_array_equal(found.weights, weights_of(layer)[1, query])
    assert found.own == pytest.approx(weights_of(layer)[1, query, 0])
    weights = weights_of(layer)[1, query].astype(float)
    assert found.entropy == pytest.approx(-(weights * np.log(weights)).sum(), rel=1e-5)
    gap = layer.queries.positions[query] - trace.tokens.positions[41]
    assert found.away == pytest.approx(np.linalg.norm(gap), rel=1e-5)
    assert found.distances[0] == 0
    assert (np.diff(found.distances) >= 0).all()
    exact = cloud_maps.neighbourhood(trace, view(trace, 40), (1, 1))
    assert exact.away == 0
    assert cloud_maps.neighbourhood(trace, view(trace), (1, 1)) is None


def test_of_several_points_the_mean_by_rank_and_the_union_in_space(trace):
    layer = trace.layers[0]
    chosen = view(trace, 3, 50, 200, layer=0)
    found = cloud_maps.neighbourhood(trace, chosen, (0, "mean"))
    each = weights_of(layer).mean(0)[[3, 50, 200]]
    np.testing.assert_allclose(found.weights, each.mean(0), rtol=1e-6)
    assert (found.queries, len(found.neighbours)) == (3, 0)
    assert found.entropy == pytest.approx(np.mean([-(w * np.log(w)).sum() for w in each]), rel=1e-5)
    lines = cloud_maps.star(trace, chosen, (0, "mean"))
    assert lines.centre is None
    assert lines.weights.sum() == pytest.approx(1, rel=1e-5)
    one = cloud_maps.star(trace, view(trace, 3), (0, 1))
    np.testing.assert_array_equal(one.centre, trace.tokens.positions[3])
    np.testing.assert_array_equal(one.ends, trace.tokens.positions[layer.neighbours[3]])
    np.testing.assert_array_equal(one.weights, weights_of(layer)[1, 3])


def test_rows_of_the_grid_hold_every_map_nearest_first_on_the_rows_own_scale(trace):
    found = cloud_maps.map_rows(trace, view(trace, 40))
    assert [row.shape for row in found.levels] == [(2, 8), (4, 8), (8, 8)]
    layer = trace.layers[1]
    weights = weights_of(layer)[:, layer.queries.find(trace.tokens.place(40))[0]]
    np.testing.assert_array_equal(found.levels[1], np.floor(weights / weights.max() * 255 + 0.5))
    assert found.scales[1].high == pytest.approx(weights.max())
    several = cloud_maps.map_rows(trace, view(trace, 40, 44))
    assert several.levels[0].shape == (2, 8)
    assert cloud_maps.map_rows(trace, view(trace)).levels == []


@pytest.mark.parametrize("off", [0.0, 0.004, 0.049, 0.2])
def test_a_row_whose_maps_do_not_differ_says_so(trace, off):
    weights = trace.layers[3]._weights  # [n, k, maps]
    weights[:] = 1 / 8
    weights[:, 0] *= 1 + off
    weights[:, 1] *= 1 - off
    found = cloud_maps.map_rows(trace, view(trace, 40, layer=3))
    said = {0.0: "±0.1 %", 0.004: "±0.4 %", 0.049: "±4.9 %"}
    expected = f"uniform: 1/8 each, {said[off]}" if off in said else ""
    assert found.even[found.layers.index(3)] == expected
    assert found.even[0] == ""


def test_many_points_are_one_region_and_adding_takes_out_what_was_in(trace):
    few, many = np.arange(4), np.arange(100)
    assert trace.tokens.places(few)[3] == trace.tokens.place(3)
    (region,) = trace.tokens.places(many)
    assert isinstance(region, Region)
    assert trace.tokens.find_all([region]).tolist() == many.tolist()
    both = cloud_maps.joined(trace, (region,), np.array([100, 50]))
    assert cloud_maps.chosen(trace, trace.tokens, both).tolist() == list(range(101))
    fewer = cloud_maps.joined(trace, both, np.array([100, 50]))
    assert 50 not in cloud_maps.chosen(trace, trace.tokens, fewer)
    assert cloud_maps.joined(trace, (trace.tokens.place(7),), np.array([7])) == ()


def test_before_the_answer_the_cloud_is_seen_as_it_came():
    bare = Scene(room(labels=False, colours=False))
    assert shown_as(bare, "prediction", False) == "height"
    assert offers(bare)["prediction"] == "The model has not answered yet"
    colours = plain_colours(bare, "height", "soft", LOOK)
    top = bare.cloud.points[:, 2].argmax()
    assert (colours.shape, colours.dtype) == ((600, 3), np.uint8)
    assert colours[top].tolist() != colours[0].tolist()
    full = Scene(room())
    assert shown_as(full, "prediction", False) == "rgb"
    assert shown_as(full, "attention", True) == "truth"
    np.testing.assert_array_equal(plain_colours(full, "rgb", "soft", LOOK), full.cloud.colours)


def test_colours_by_class_truth_and_error(cloud, trace):
    scene = Scene(cloud, trace)
    table, answer = class_colours(trace.answer(PointLabels).classes, "soft"), trace.answer(PointLabels)
    np.testing.assert_array_equal(plain_colours(scene, "prediction", "soft", LOOK), table[answer.labels])
    np.testing.assert_array_equal(plain_colours(scene, "truth", "soft", LOOK), table[cloud.labels])
    error = plain_colours(scene, "error", "soft", LOOK)
    red = (error == WRONG).all(1)
    np.testing.assert_array_equal(red, answer.labels != cloud.labels)
    assert plain_colours(scene, "error", "soft", LOOK) is error
    half = replace(cloud, labels=np.where(np.arange(600) < 300, cloud.labels, -1).astype(np.int16))
    unlabelled = Scene(half, replace(trace, answers=(replace(answer, truth=half.labels),)))
    assert not (plain_colours(unlabelled, "error", "soft", LOOK)[300:] == WRONG).all(1).any()
    assert len(np.unique(plain_colours(unlabelled, "truth", "soft", LOOK)[300:], axis=0)) == 1


def test_a_stage_is_the_coarsest_that_a_token_is_a_point_of(cloud, trace):
    last = coarsest(trace)
    assert [(last == stage).sum() for stage in (1, 2, 3)] == [225, 56, 19]
    assert (last[::16] == 3).all()
    assert len(np.unique(plain_colours(Scene(cloud, trace), "stage", "soft", LOOK), axis=0)) == 3


def test_attention_lights_the_neighbours_and_shades_the_rest(cloud, trace):
    scene, chosen = Scene(cloud, trace), view(trace, 40)
    field = on_points(trace, chosen, method("attention"), (1, 1))
    layer = trace.layers[1]
    query = int(layer.queries.find(trace.tokens.place(40))[0])
    lit = np.sort(layer.neighbours[query] * 4)  # every fourth token is in stage 2
    np.testing.assert_array_equal(np.flatnonzero(field.seen), lit)
    np.testing.assert_allclose(field.values[layer.neighbours[query] * 4], weights_of(layer)[1, query])
    colours = relevance_colours(scene, field, "soft", LOOK, "inferno")
    strongest = int(field.values.argmax())
    answered = trace.answer(PointLabels).nearest
    assert (colours[answered == strongest] == heat("inferno", LOOK)[255]).all()
    shaded = ~field.seen[answered]
    prediction = plain_colours(scene, "prediction", "soft", LOOK)
    wanted = np.floor(prediction[shaded] * 0.3 + np.array(LOOK.background) * 0.7 + 0.5)
    np.testing.assert_allclose(colours[shaded], wanted, atol=1)
    assert on_points(trace, view(trace), method("attention"), (1, 1)) is None
    assert shown_as(scene, "attention", False) == "truth"
    assert shown_as(scene, "attention", True) == "attention"


def test_a_hidden_class_is_masked(cloud, trace):
    scene = Scene(cloud, trace)
    assert visible(scene, frozenset()) is None
    np.testing.assert_array_equal(visible(scene, frozenset({1})), trace.answer(PointLabels).labels != 1)


def test_a_model_without_attention_says_so_and_offers_what_it_has(cloud):
    trace = trace_of(cloud, layers=(), outputs={"critical": np.arange(5)})
    scene = Scene(cloud, trace)
    assert offers(scene)["attention"] == "Given has no attention layers"
    assert shown_as(scene, "attention", True) == "truth"
    assert shown_as(scene, "critical", False) == "critical"
    colours = plain_colours(scene, "critical", "soft", LOOK)
    bright = (colours == plain_colours(scene, "prediction", "soft", LOOK)).all(1)
    np.testing.assert_array_equal(bright, trace.answer(PointLabels).nearest < 5)
    assert shown_as(scene, "bound", False) == "bound"
    places = lattice(trace.tokens.positions, 500)
    assert 300 < len(places) <= 500
    np.testing.assert_allclose(places.min(0), trace.tokens.positions.min(0))
    assert (places <= trace.tokens.positions.max(0) + 1e-5).all()


def test_one_point_is_a_cloud_too():
    cloud = room(1)
    trace = trace_of(cloud, every=1)
    chosen = View(Selection(0, 0, (Position(1, 1, 1),)))
    assert isinstance(trace.layers[0], GivenNeighbourhood)
    assert cloud_maps.neighbourhood(trace, chosen, (0, 0)).weights.tolist() == [1.0]
    field = on_points(trace, chosen, method("attention"), (0, 0))
    assert relevance_colours(Scene(cloud, trace), field, "soft", LOOK, "inferno").shape == (
        1,
        3,
    )


def test_scores_cells_and_read_outs_are_those_of_the_labels(cloud, trace):
    scene, answer = Scene(cloud, trace), trace.answer(PointLabels)
    table = class_table(scene)
    assert table.matrix.sum() == 600
    assert table.counts.tolist() == np.bincount(answer.labels, minlength=3).tolist()
    assert table.scores.oa == pytest.approx((answer.labels == cloud.labels).mean())
    cell = trace.tokens.find_all(places_of_cell(scene, 0, 1))
    wrong = answer.nearest[(cloud.labels == 0) & (answer.labels == 1)]
    assert cell.tolist() == sorted(set(wrong.tolist()))
    assert len(cell) > 5
    point = int(np.flatnonzero((cloud.labels == 0) & (answer.labels == 1))[0])
    x, y, _ = cloud.points[point]
    assert reading(scene, point) == "wall\t0.80"
    where = {"Point": f"{point}", "x": f"{100 + x:.3f}", "y": f"{200 + y:.3f}", "z": "0.000"}
    said = of_point(scene, point)
    assert said == {**where, "Class": "wall", "Confidence": "0.80", "Truth": "floor"}
    assert of_point(Scene(replace(cloud, labels=None)), point) == where
    assert named(scene, np.array([41])) == "floor, point 82"
    assert named(scene, np.arange(3)) == "3 points"
    kept = replace(cloud, kept=np.arange(600) + 7)
    assert named(Scene(kept, trace), np.array([41])) == "floor, point 89"
    millimetres = replace(cloud, frame=Frame(0.001), origin=np.zeros(3))
    assert coordinates(Scene(millimetres), np.array([1, 2, 0.5])) == ("1,000", "2,000", "500")


def test_without_labels_there_are_counts_alone(cloud):
    bare = replace(cloud, labels=None)
    table = class_table(Scene(bare, trace_of(bare)))
    assert (table.matrix, table.scores) == (None, None)
    before = class_table(Scene(cloud))
    assert before.counts.tolist() == [200, 200, 200]


ASKED: list[Target] = []


def lopsided(trace, target, task) -> Relevance:
    ASKED.append(target)
    values = np.zeros(len(trace.tokens), np.float32)
    values[:3] = 2, -1, 0
    return Relevance(values=values, tokens=trace.tokens, shares=False)


def test_a_method_of_a_target_colours_all_points_about_zero(trace, monkeypatch):
    asked = Target("chair", 0.5, 1)
    monkeypatch.setattr("headlight.viewer.slices.clouds.relevance.target_of", lambda *_: asked)
    one = Method("given", "Given", "given", f"{__name__}:lopsided", of="target", signed=True)
    assert asks(one, View())
    assert not asks(method("composed"), View())
    drawn = on_points(trace, View(), one, (0, 0))
    assert [asked] == ASKED
    assert drawn.seen.all()
    assert drawn.scale.low == -drawn.scale.high < 0
    assert drawn.levels[:4].tolist() == [255, 0, 128, 128]
    assert colours_of(one, View()) == DIVERGING
    assert np.array_equal(heat(DIVERGING, LOOK), lut(DIVERGING)[:, :3])
    assert IN_SPACE.of == ("head", "layers", "target")
