"""Stacks of convolutions: published sizes, exact gradients, and what is said of layers that cannot be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.core import stack as cs
from headlight.models.core.errors import HeadlightError
from headlight.models.core.stack import PRESETS, ConvLayer, ConvStack, check, effective, shapes, taps
from headlight.models.fields.figures import equivalent_width, mass_inside, variance

LAYERS = st.builds(
    ConvLayer,
    st.integers(1, 4),
    st.integers(1, 3),
    st.integers(0, 3),
    st.integers(1, 3),
)


def sizes(name: str) -> list[int]:
    return [field.size[0] for field in cs.fields(PRESETS[name])]


def test_presets_have_the_published_sizes():
    assert sizes("Plain 3×3") == [1, 3, 5, 7, 9]
    assert sizes("Dilated 1-2-4-8") == [1, 3, 7, 15, 31]
    assert sizes("VGG16")[-1] == 212
    assert sizes("ASPP rates") == [1, 13, 25, 37, 49, 49]
    assert cs.fields(PRESETS["3D stack"])[-1].size == (24, 24, 24)
    figure = PRESETS["No padding, no stride, dilation 2"]
    assert shapes(figure) == (3,)
    assert [taps(figure.layers[0], unit, 7).tolist() for unit in range(3)] == [
        [0, 2, 4],
        [1, 3, 5],
        [2, 4, 6],
    ]


@pytest.mark.parametrize(("count", "kernel"), [(1, 3), (4, 5), (7, 4), (20, 3)])
def test_uniform_convolutions_have_their_known_variance(count: int, kernel: int):
    side = count * (kernel - 1) + 9
    stack = ConvStack((ConvLayer(kernel),) * count, side)
    found = effective(stack, count - 1, (4, 4))
    assert variance(found) == pytest.approx([count * (kernel**2 - 1) / 12] * 2, abs=1e-6)
    assert mass_inside(found, cs.fields(stack)[-1].box((4, 4))) == pytest.approx(1)
    if count == 1:
        assert equivalent_width(found) == pytest.approx([kernel] * 2)


@settings(max_examples=40, deadline=None)
@given(st.lists(LAYERS, min_size=1, max_size=4), st.integers(20, 40))
def test_the_field_is_where_the_gradient_is(layers: list[ConvLayer], side: int):
    stack = ConvStack(tuple(layers), side)
    try:
        check(stack)
    except HeadlightError:
        return
    field = cs.fields(stack)[-1]
    for unit in {0, field.shape[0] // 2, field.shape[0] - 1}:
        reached = np.flatnonzero(effective(stack, len(layers) - 1, (unit, unit)).sum(1))
        first, last = field.box((unit, unit))[0]
        if len(reached):
            assert max(first, 0) <= reached[0]
            assert reached[-1] < min(last, side)
        if first >= 0 and last <= side:
            assert (reached[0], reached[-1] + 1) == (first, last)


def test_branches_are_averaged():
    stack = ConvStack((ConvLayer(3, 1, 1), ConvLayer(3, 1, 4, 4)), 21, parallel=True)
    both = effective(stack, 2, (10, 10))
    assert both == pytest.approx((effective(stack, 0, (10, 10)) + effective(stack, 1, (10, 10))) / 2)
    assert cs.fields(stack)[-1].size == (9, 9)


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        (
            ConvStack((ConvLayer(), ConvLayer(stride=0))),
            "Layer 2 has a stride of 0. Set its stride to 1 or more.",
        ),
        (ConvStack((ConvLayer(0),)), "Layer 1 has a kernel of 0. Set its kernel to 1 or more."),
        (
            ConvStack((ConvLayer(dilation=0),)),
            "Layer 1 has a dilation of 0. Set its dilation to 1 or more.",
        ),
        (ConvStack((ConvLayer(padding=-1),)), "Layer 1 has a padding of -1. Set its padding to 0 or more."),
        (
            ConvStack((ConvLayer(5, 2), ConvLayer(7, padding=1, dilation=2)), 15),
            "Layer 2 has a kernel that reaches over 13 units, but its input has 6 and 1 of padding at either "
            "end. Make the kernel, the dilation or earlier strides smaller, or the input or the padding "
            "larger.",
        ),
        (
            ConvStack((ConvLayer(2, 2, 2, kind="max pooling"),)),
            "Layer 1 is a pooling with a padding of 2, so that some units see padding alone. Set its padding "
            "to 1 or less.",
        ),
        (ConvStack(()), "The stack has no layers. Add a layer."),
        (ConvStack(side=0), "The input has no units. Give it a side of at least 1."),
        (
            ConvStack((ConvLayer(3, 1, 1), ConvLayer(3)), 15, parallel=True),
            "The branches give 15, 13 units and cannot be added. Give all branches the same stride, and each "
            "a padding of dilation·(kernel − 1) / 2.",
        ),
    ],
)
def test_layers_that_cannot_be_are_named(stack: ConvStack, message: str):
    with pytest.raises(HeadlightError) as failure:
        cs.fields(stack)
    assert str(failure.value) == message


def test_a_unit_outside_the_map_is_named():
    with pytest.raises(HeadlightError, match=r"The map of layer 3 has 9×9 units; there is no unit \(9, 0\)"):
        effective(ConvStack(), 2, (9, 0))
    with pytest.raises(HeadlightError, match="gives 13 units; there is no unit 13"):
        taps(ConvLayer(), 13, 15)
