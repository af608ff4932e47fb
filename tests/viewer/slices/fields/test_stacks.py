"""What the panes of a stack show, against sums done by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.stack import PRESETS, ConvLayer, ConvStack
from headlight.models.core.tokens import Position
from headlight.viewer.slices.fields import stacks


def test_rows_of_the_editor_lead_back_to_the_layers():
    for stack in PRESETS.values():
        assert stacks.layers(stacks.rows(stack)) == stack.layers
        assert stacks.faults(stack) == [""] * len(stack.layers)
        assert stacks.built(stack).problem is None


def test_each_faulty_layer_is_told_until_nothing_can_be_said():
    layers = (ConvLayer(), ConvLayer(stride=0), ConvLayer(kernel=99))
    assert stacks.faults(ConvStack(layers)) == ["", "Has a stride of 0. Set its stride to 1 or more.", ""]
    first, second, third = stacks.faults(ConvStack(layers, parallel=True))
    assert (first, second[:12]) == ("", "Has a stride")
    assert third.startswith("Has a kernel that reaches over 99 units, but its input has 15.")
    small = stacks.faults(ConvStack((ConvLayer(5, 3), ConvLayer(5)), 15))
    assert small[1].startswith("Has a kernel that reaches over 5 units, but its input has 4.")


LAYERS = st.builds(ConvLayer, st.integers(1, 4), st.integers(1, 3), st.integers(0, 3), st.integers(1, 3))


@given(st.lists(LAYERS, min_size=1, max_size=4), st.booleans())
def test_around_a_cloud_a_small_input_says_what_an_endless_one_does(layers, parallel):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stacks, "LONGEST", 4096)
        stack = ConvStack(tuple(layers), 5, 2, parallel)
        small, whole = stacks.built_around(stack), stacks.built(stacks.around(stack))
    assert str(small.problem) == str(whole.problem)
    what = [
        [(f.name, f.size, f.stride, f.start, f.aligned) for f in found.fields] for found in (small, whole)
    ]
    assert what[0] == what[1]
    assert stacks.results(small, shapes=False) == stacks.results(whole, shapes=False)


def test_a_stack_ends_with_the_chosen_layer():
    first, second = ConvLayer(), ConvLayer(5)
    stack = ConvStack((first, second))
    assert stacks.up_to(stack, "layer 1").layers == (first,)
    assert stacks.up_to(stack, "layer 2") == stacks.up_to(stack, "") == stacks.up_to(stack, "sum") == stack
    branches = ConvStack((first, second), parallel=True)
    assert stacks.up_to(branches, "layer 2") == ConvStack((second,))
    assert stacks.up_to(branches, "sum") is branches


def test_a_place_leads_to_a_unit_and_back():
    for name in ("VGG16", "3D stack"):
        field = stacks.built(PRESETS[name]).fields[-1]
        for unit in (
            (0,) * len(field.shape),
            tuple(n - 1 for n in field.shape),
            tuple(range(len(field.shape))),
        ):
            assert stacks.unit_at(field, stacks.place_of(field, unit)) == unit
        assert stacks.unit_at(field, None) == tuple(n // 2 for n in field.shape)
    rows_first = stacks.built(ConvStack((ConvLayer(),), 9)).fields[-1]
    assert stacks.unit_at(rows_first, Position(7.5, 2.5, 0)) == (1, 6)  # x to the right, y down


def test_the_look_at_a_unit_says_where_its_weight_lies():
    stack = ConvStack((ConvLayer(3, padding=1),) * 2, 9)
    found = stacks.look(stack, "layer 2", (4, 4))
    (plane,) = found.planes
    weights = np.convolve([1 / 3] * 3, [1 / 3] * 3)
    np.testing.assert_allclose(plane.levels[2:7, 2:7] / 255, np.outer(weights, weights) * 9, atol=0.003)
    assert not plane.levels[:2].any()
    assert plane.box == (2, 2, 7, 7)
    assert found.spread**2 == pytest.approx(2 * (3**2 - 1) / 12)
    assert found.equivalent == pytest.approx(3)
    assert found.widths == (3, 5)
    assert found.padding == pytest.approx(0)
    corner = stacks.look(stack, "", (0, 4))
    assert corner.planes[0].box == (2, -2, 7, 3)
    # Of the nine paths down from row 0 three pass a padded row, and one of the six others ends in one.
    assert corner.padding == pytest.approx(4 / 9)


def test_in_three_axes_there_are_three_sums():
    stack = ConvStack((ConvLayer(padding=1),) * 3, 12, 3)
    found = stacks.look(stack, "", (3, 6, 9))
    assert [plane.axes for plane in found.planes] == [(1, 0), (2, 0), (2, 1)]
    assert [plane.box for plane in found.planes] == [(0, 3, 7, 10), (0, 6, 7, 13), (3, 6, 10, 13)]
    for plane, (row, column) in zip(found.planes, ((6, 3), (9, 3), (9, 6)), strict=True):
        assert plane.levels[row, column] == plane.levels.max()
        assert plane.levels.shape == (12, 12)
        lit = np.argwhere(plane.levels)
        assert lit.min(0).tolist() == [max(row - 3, 0), max(column - 3, 0)]


def test_a_curve_has_the_input_and_every_layer():
    name, depths, sizes, labels, colour, whole = stacks.curve(
        "d", stacks.built(PRESETS["Dilated 1-2-4-8"]), 2
    )
    assert (name, colour, whole) == ("d", 2, None)
    assert depths == (0, 1, 2, 3, 4)
    assert sizes == (1, 3, 7, 15, 31)
    assert labels[0] == "input"
