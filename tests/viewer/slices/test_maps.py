"""What the panes draw, against the given weights themselves."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.recorded import area_means
from headlight.models.core.colours import Scale
from headlight.models.core.task import Task
from headlight.models.core.tokens import Box, CharSpan
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.explain.relevance import relevance_map
from headlight.viewer.slices.head_maps import _pooled, head_maps
from headlight.viewer.slices.maps import attention_map, matrix_map, query_indices, selected_weight, shown
from headlight.viewer.slices.names import tokens_named
from tests.viewer.given import method, patch_tokens, text_tokens, trace_of

PATCH_4 = Box(10, 10, 20, 20)  # the middle patch of the lower row, token 5


@pytest.fixture
def picture():
    return trace_of(patch_tokens())


def view(**settings) -> View:
    return View(Selection(layer=1, head=1, queries=(PATCH_4,)), MapSettings(**settings))


def test_without_a_choice_the_readout_is_the_query(picture):
    assert query_indices(picture, picture.tokens, ()).tolist() == [0]
    pooled = replace(picture, readout=None)
    assert query_indices(pooled, pooled.tokens, ()).tolist() == [1, 2, 3, 4, 5, 6]
    assert query_indices(picture, picture.tokens, (PATCH_4,)).tolist() == [5]


def test_the_map_on_the_picture_is_the_row_of_the_query(picture):
    shown = attention_map(picture, view(), 1, 1)
    row = picture.layers[1].weights[1, 5]
    np.testing.assert_array_equal(shown.values, row)
    assert shown.levels.shape == (2, 3)
    assert shown.levels.ravel().argmax() == row[1:].argmax()
    assert shown.numbers.special == pytest.approx(row[0])
    assert shown.numbers.total == pytest.approx(1)
    assert shown.numbers.entropy == pytest.approx(-(row * np.log(row)).sum(), rel=1e-5)


def test_incoming_is_the_column(picture):
    shown = attention_map(picture, view(incoming=True), 0, "mean")
    np.testing.assert_allclose(shown.values, picture.layers[0].weights.mean(0)[:, 5])


@pytest.mark.parametrize("incoming", [False, True])
def test_of_several_tokens_the_mean_or_the_sum(picture, incoming):
    several = View(Selection(1, 1, (PATCH_4, Box(0, 0, 10, 10))))
    mean, total = (
        attention_map(picture, several.changed(MapSettings, incoming=incoming, several=how), 1, 1)
        for how in ("mean", "sum")
    )
    weights = picture.layers[1].weights[1]
    weights = weights.T if incoming else weights
    np.testing.assert_allclose(total.values, weights[1] + weights[5], rtol=1e-5)
    np.testing.assert_allclose(mean.values * 2, total.values, rtol=1e-5)
    assert (mean.summed, total.summed, total.numbers.entropy) == (False, True, None)
    assert tokens_named(total.asked_of, total.asked, True) == "sum of 2 patches"
    alone = attention_map(picture, view(several="sum", incoming=incoming), 1, 1)
    np.testing.assert_allclose(alone.values, weights[5], rtol=1e-6)


def test_the_selected_cells_hold_the_sum_over_keys_in_the_mean_of_queries(picture):
    found = matrix_map(picture, view())
    held = selected_weight(found, np.array([1, 5]), np.array([0, 2, 3]))
    assert held == pytest.approx(found.values[[1, 5]][:, [0, 2, 3]].sum(1).mean(), rel=1e-6)
    every = selected_weight(found, np.empty(0, int), np.array([4]))
    assert every == pytest.approx(found.values[:, 4].mean(), rel=1e-6)
    assert selected_weight(found, np.array([1]), np.array([2])) is None
    assert selected_weight(found, np.array([1, 2]), np.empty(0, int)) is None


def test_artifacts_are_drawn_but_do_not_set_the_scale():
    trace = trace_of(patch_tokens(), artifacts=np.array([3]))
    trace.layers[0].weights[0, 5] = [0.1, 0.1, 0.05, 0.6, 0.05, 0.05, 0.05]
    without = attention_map(trace, view(percentile=100.0), 0, 0)
    with_ = attention_map(trace, view(percentile=100.0, leave_out=False), 0, 0)
    assert without.scale.high == pytest.approx(0.1)
    assert without.scale.clipped == pytest.approx(1 / 6)
    assert with_.scale.high == pytest.approx(0.6)
    assert without.levels[0, 2] == 255


def with_sink() -> Trace:
    """A text of which [CLS] gets 0.9 of every query's attention in layer 0, head 0."""
    trace = trace_of(text_tokens("a", "great", "serve", "of", "tea", "here"))
    weights = trace.layers[0].weights[0]
    weights[:] *= 0.1 / weights[:, 1:].sum(axis=1, keepdims=True)
    weights[:, 0], weights[:, -1] = 0.9, 0
    return trace


def test_a_sink_does_not_set_the_scale_and_is_named_in_every_map():
    trace = with_sink()
    rest = trace.layers[0].weights[0][:, 1:-1].max()
    said = "[CLS] holds 90 %, left out of the scale"
    chosen = View(Selection(layer=0, head=0, queries=(CharSpan(2, 7),)), MapSettings(percentile=100.0))
    matrix, strip = matrix_map(trace, chosen), attention_map(trace, chosen, 0, 0)
    heads = head_maps(trace, chosen)
    for scale in (matrix.scale, heads.scales[0][0]):
        assert scale.high == pytest.approx(rest)
        assert said in scale.left_out
    assert strip.scale.high == pytest.approx(trace.layers[0].weights[0, 2, 1:-1].max())
    assert strip.scale.left_out == "[CLS] holds 93 %, left out of the scale"
    assert (matrix.levels[:, 0] == 255).all()
    plain = chosen.having(MapSettings(percentile=100.0, leave_out=False))
    assert matrix_map(trace, plain).scale == Scale(0.0, pytest.approx(0.9))
    assert head_maps(trace, plain).scales[0][0] == matrix_map(trace, plain).scale


def test_a_token_that_is_not_special_can_be_a_sink_but_a_previous_token_head_has_none():
    trace = trace_of(text_tokens(*"abcdefghij"))
    first, previous = trace.layers[0].weights[:2]
    first[:], previous[:] = 0.2 / 11, np.eye(12, k=-1)
    first[:, 3] = 0.8
    previous[0, 0] = 1
    chosen = View(Selection(queries=(CharSpan(8, 9),)), MapSettings(percentile=100.0))
    assert attention_map(trace, chosen, 0, 0).scale.left_out == "“c” holds 80 %, left out of the scale"
    clear = attention_map(trace, chosen, 0, 1).scale
    assert (clear.high, clear.left_out) == (1.0, "")


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=9), st.data())
def test_a_pixel_of_a_thumbnail_is_left_out_if_a_token_in_it_is(tokens, data):
    width = data.draw(st.integers(1, len(tokens)))
    means = area_means(len(tokens), width).numpy()
    pooled = _pooled(np.array([tokens]), width)
    np.testing.assert_array_equal(pooled[0], (means > 1e-6) @ np.array(tokens, int) > 0)


@pytest.mark.parametrize(("head", "incoming"), [("max", False), (0, True)])
def test_what_is_no_distribution_has_no_entropy(picture, head, incoming):
    numbers = attention_map(picture, view(incoming=incoming), 0, head).numbers
    assert numbers.entropy is None
    assert attention_map(picture, view(), 0, "mean").numbers.entropy > 0


def test_the_mass_mask_holds_the_share(picture):
    shown = attention_map(picture, view(mass=0.6), 1, 1)
    patches = shown.values[1:]
    inside = patches[shown.mask.ravel()]
    assert inside.sum() >= 0.6 * patches.sum() > inside.sum() - inside.min()


def test_head_maps_of_a_picture_are_rows_and_stream_layer_by_layer(picture, monkeypatch):
    monkeypatch.setattr("headlight.viewer.slices.head_maps.MOMENT", 0.0)
    got = []

    class Streamed(Task):
        def partial(self, value):
            got.append(value)

    maps = head_maps(picture, view(percentile=100.0), task=Streamed())
    assert [layer for layer, *_ in got] == [0, 1]
    row = picture.layers[1].weights[0, 5, 1:].reshape(2, 3)
    np.testing.assert_array_equal(maps.layers[1][0], np.floor(row / row.max() * 255 + 0.5))
    hovered = head_maps(picture, view(percentile=100.0), query=Box(0, 0, 10, 10))
    row = picture.layers[0].weights[1, 1, 1:].reshape(2, 3)
    np.testing.assert_array_equal(hovered.layers[0][1], np.floor(row / row.max() * 255 + 0.5))


def test_one_scale_for_all_heads_keeps_them_comparable(picture):
    maps = head_maps(picture, view(shared=True, percentile=100.0))
    highest = max(layer.weights[:, 5, 1:].max() for layer in picture.layers)
    assert {scale.high for scales in maps.scales for scale in scales} == {maps.scales[0][0].high}
    assert maps.scales[0][0].high == pytest.approx(highest)
    assert sorted(layer.max() == 255 for layer in maps.layers) == [False, True]


def test_the_matrix_is_the_heads_own_and_a_text_is_not_clipped():
    trace = trace_of(text_tokens("a", "great", "serve"))
    chosen = View(Selection(layer=1, head=0, queries=(CharSpan(2, 7),)), MapSettings(percentile=100.0))
    np.testing.assert_array_equal(matrix_map(trace, chosen).values, trace.layers[1].weights[0])
    shown = attention_map(trace, chosen, 1, 0)
    np.testing.assert_array_equal(shown.values, trace.layers[1].weights[0, 2])
    assert shown.scale.clipped == 0
    assert shown.levels.max() == 255


def rolled_out(trace, view):
    return relevance_map(trace, view, method("rollout"), (0, 0))


def test_a_rollout_is_computed_once_for_equal_settings(picture, monkeypatch):
    import headlight.models.explain.rollout

    calls = []
    real = headlight.models.explain.rollout.rollout_row
    monkeypatch.setattr(
        headlight.models.explain.rollout, "rollout_row", lambda *a, **k: calls.append(1) or real(*a, **k)
    )
    first = rolled_out(picture, view())
    again = rolled_out(picture, view().having(MapSettings(log=True)))
    np.testing.assert_array_equal(first.values, again.values)
    assert len(calls) == 1
    selected = rolled_out(picture, view().having(RolloutQuery(True)))
    assert len(calls) == 2
    mean = [layer.weights.mean(0) for layer in picture.layers]
    steps = [(a + np.eye(7)) / (a + np.eye(7)).sum(1, keepdims=True) for a in mean]
    np.testing.assert_allclose(selected.values, (steps[1] @ steps[0])[5], rtol=1e-5)


def test_what_is_derived_does_not_keep_the_trace():
    trace = trace_of(patch_tokens())
    settings = MapSettings(whole_words=True)
    assert shown(trace, settings) is trace
    rolled_out(trace, view())
    gone = weakref.ref(trace)
    del trace
    assert gone() is None


def test_matrix_and_head_of_a_short_text_leave_out_the_same_tokens():
    trace = trace_of(text_tokens("a", "b", "c"))
    weights = trace.layers[0].weights[0]
    weights[:] = [0.5, 0.1, 0.3, 0.07, 0.03]  # [SEP] is there, but brighter than nothing
    chosen = View(Selection(layer=0, head=0), MapSettings(percentile=100.0))
    matrix, head = matrix_map(trace, chosen).scale, head_maps(trace, chosen).scales[0][0]
    assert matrix.left_out == head.left_out == "[CLS] holds 50 %, left out of the scale"
