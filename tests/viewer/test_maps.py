"""What the panes draw, against the given weights themselves."""

from __future__ import annotations

import weakref
from dataclasses import replace

import numpy as np
import pytest

from models.task import Task
from models.tokens import Box, CharSpan
from tests.viewer.given import patch_tokens, text_tokens, trace_of
from viewer import maps
from viewer.maps import attention_map, derived, head_maps, matrix_map, query_indices, rollout_map, shown
from viewer.view import MapSettings, Selection, View

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


def test_artifacts_are_drawn_but_do_not_set_the_scale():
    trace = trace_of(patch_tokens(), artifacts=np.array([3]))
    trace.layers[0].weights[0, 5] = [0.1, 0.1, 0.05, 0.6, 0.05, 0.05, 0.05]
    without = attention_map(trace, view(percentile=100.0), 0, 0)
    with_ = attention_map(trace, view(percentile=100.0, leave_out=False), 0, 0)
    assert without.scale.high == pytest.approx(0.1)
    assert without.scale.clipped == pytest.approx(1 / 6)
    assert with_.scale.high == pytest.approx(0.6)
    assert without.levels[0, 2] == 255


def test_the_mass_mask_holds_the_share(picture):
    shown = attention_map(picture, view(mass=0.6), 1, 1)
    patches = shown.values[1:]
    inside = patches[shown.mask.ravel()]
    assert inside.sum() >= 0.6 * patches.sum() > inside.sum() - inside.min()


def test_head_maps_of_a_picture_are_rows_and_stream_layer_by_layer(picture):
    got = []

    class Streamed(Task):
        def partial(self, value):
            got.append(value)

    maps = head_maps(picture, view(percentile=100.0), task=Streamed())
    assert [layer for layer, _ in got] == [0, 1]
    row = picture.layers[1].weights[0, 5, 1:].reshape(2, 3)
    np.testing.assert_array_equal(maps.layers[1][0], np.floor(row / row.max() * 255 + 0.5))
    hovered = head_maps(picture, view(percentile=100.0), query=Box(0, 0, 10, 10))
    row = picture.layers[0].weights[1, 1, 1:].reshape(2, 3)
    np.testing.assert_array_equal(hovered.layers[0][1], np.floor(row / row.max() * 255 + 0.5))


def test_one_scale_for_all_heads_keeps_them_comparable(picture):
    maps = head_maps(picture, view(shared=True, percentile=100.0))
    highest = max(layer.weights[:, 5, 1:].max() for layer in picture.layers)
    assert maps.scale.high == pytest.approx(highest)
    assert sorted(layer.max() == 255 for layer in maps.layers) == [False, True]


def test_the_matrix_is_the_heads_own_and_a_text_is_not_clipped():
    trace = trace_of(text_tokens("a", "great", "serve"))
    chosen = View(Selection(layer=1, head=0, queries=(CharSpan(2, 7),)), MapSettings(percentile=100.0))
    np.testing.assert_array_equal(matrix_map(trace, chosen).values, trace.layers[1].weights[0])
    shown = attention_map(trace, chosen, 1, 0)
    np.testing.assert_array_equal(shown.values, trace.layers[1].weights[0, 2])
    assert shown.scale.clipped == 0
    assert shown.levels.max() == 255


def test_a_rollout_is_computed_once_for_equal_settings(picture, monkeypatch):
    import models.rollout

    calls = []
    real = models.rollout.rollout_row
    monkeypatch.setattr(models.rollout, "rollout_row", lambda *a, **k: calls.append(1) or real(*a, **k))
    first = rollout_map(picture, view())
    again = rollout_map(picture, replace(view(), map=MapSettings(log=True)))
    np.testing.assert_array_equal(first.values, again.values)
    assert len(calls) == 1
    selected = rollout_map(picture, replace(view(), rollout_selected=True))
    assert len(calls) == 2
    mean = [layer.weights.mean(0) for layer in picture.layers]
    steps = [(a + np.eye(7)) / (a + np.eye(7)).sum(1, keepdims=True) for a in mean]
    np.testing.assert_allclose(selected.values, (steps[1] @ steps[0])[5], rtol=1e-5)


def test_what_is_derived_is_kept_within_bounds_and_goes_with_the_trace():
    trace = trace_of(patch_tokens())
    for number in range(maps.KEPT + 5):
        derived(trace, number, lambda number=number: number)
    assert len(maps._derived[trace]) == maps.KEPT
    assert derived(trace, maps.KEPT + 4, lambda: pytest.fail("computed again")) == maps.KEPT + 4
    settings = MapSettings(whole_words=True)
    assert shown(trace, settings) is trace
    rollout_map(trace, view())
    gone = weakref.ref(trace)
    del trace
    assert gone() is None
