import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from headlight.models.core.colours import (
    DIVERGING,
    LOG_FLOOR,
    MANY,
    MIDDLE,
    Scale,
    levels,
    levels_of,
    lut,
    scale_about_zero,
    scale_of,
    scales_of,
)
from headlight.viewer.registry import REGISTRY, ColourMap

VALUES = arrays(
    st.sampled_from([np.float32, np.float64]), st.integers(1, 60), elements=st.floats(-1e6, 1e6, width=32)
)


def test_percentile_is_nearest_rank_and_the_rest_is_counted():
    values = np.random.default_rng(0).permutation(1000).reshape(25, 40)
    assert scale_of(values, 99.5) == Scale(0.0, 994.0, False, 5 / 1000)
    assert scale_of(values, 100) == Scale(0.0, 999.0, False, 0.0)


@given(VALUES)
def test_a_scale_about_zero_reaches_as_far_down_as_up_and_zero_is_its_middle(values):
    scale = scale_about_zero(values, 100)
    assert (scale.low, scale.high) == (-np.abs(values).max(), np.abs(values).max())
    if scale.high > 0:
        shown, turned = (levels(np.append(one, 0), scale).astype(int) for one in (values, -values))
        assert shown[-1] == MIDDLE
        assert (np.abs(shown + turned - 2 * MIDDLE) <= 1).all()
        assert scale.marks() == (0.0,)


def test_the_colours_of_zero_are_the_darkest_of_the_diverging_map():
    light = lut(DIVERGING)[:, :3].sum(1).astype(int)
    assert abs(int(light.argmin()) - MIDDLE) <= 2
    assert light[0] > 500 < light[255]


def test_left_out_columns_do_not_stretch_the_scale_but_count_as_clipped():
    values = np.ones((10, 20), np.float32)
    values[:, 3] = 50
    artifact = np.arange(20) == 3
    assert scale_of(values, 100, leave_out=artifact) == Scale(0.0, 1.0, False, 10 / 200)


def test_a_logarithmic_scale_starts_where_the_values_do():
    values = 10.0 ** np.linspace(-2, -1, 100)
    scale = scale_of(values, 100, log=True)
    assert scale.low == pytest.approx(values[4])
    assert scale.clipped == pytest.approx(0.04)
    spread = np.bincount(levels(values, scale) // 64, minlength=4)
    assert spread.min() > 15  # every quarter of the colours is used
    assert scale_of(np.append(values, 0), 100, log=True).clipped == pytest.approx(4 / 101)
    assert scale_of(np.full(9, 0.3), 100, log=True).low == pytest.approx(0.03)


@settings(deadline=None)
@given(VALUES, st.booleans())
def test_a_place_on_the_bar_is_the_level_that_is_painted(values, log):
    scale = scale_of(values.astype(np.float64), 90, log)
    for value, level in zip(values.tolist(), levels(values.astype(np.float64), scale).tolist(), strict=True):
        assert level == pytest.approx(255 * scale.position(value), abs=0.51)
    for decade in scale.marks():
        assert 0 <= scale.position(decade) <= 1


def test_sparse_values_keep_a_scale():
    values = np.zeros(1000)
    values[7] = 0.25
    assert scale_of(values, 99.5) == Scale(0.0, 0.25, False, 0.0)


@pytest.mark.parametrize("log", [False, True])
def test_nothing_to_show_is_black(log):
    for values in (np.zeros((4, 4)), np.full(5, np.nan), np.empty(0)):
        scale = scale_of(values, log=log)
        assert scale.low == scale.high
        assert not levels(values, scale).any()


def test_constant_is_full_and_non_finite_is_passed_over():
    values = np.array([0.2, np.nan, 0.2, np.inf, -np.inf])
    scale = scale_of(values)
    assert (scale.low, scale.high, scale.clipped) == (0.0, 0.2, 0.2)
    assert levels(values, scale).tolist() == [255, 0, 255, 255, 0]


def test_levels_linear_and_log():
    assert levels(np.array([-1, 0, 1, 2, 4, 9.0]), Scale(0, 4)).tolist() == [0, 0, 64, 128, 255, 255]
    scale = scale_of(np.array([1.0, 1e-9]), 100, log=True)
    assert scale.low == LOG_FLOOR
    # Four decades over 255 steps: one decade down is a quarter of the way.
    assert levels(10.0 ** -np.arange(6), scale).tolist() == [255, 191, 128, 64, 0, 0]


@settings(deadline=None)
@given(VALUES, st.floats(1, 100), st.booleans())
@example(np.array([0, 1e-45], np.float32), 1.0, True)
def test_a_larger_weight_is_never_darker(values, percentile, log):
    scale = scale_of(values, percentile, log)
    painted = levels(values, scale).astype(int)
    order = np.argsort(values, kind="stable")
    assert (np.diff(painted[order]) >= 0).all()
    below = (values < scale.low) & (values > 0) if log else np.zeros(len(values), bool)
    assert scale.clipped == pytest.approx(((values > scale.high) | below).mean())
    if scale.high > scale.low:
        assert painted.max() == 255


@pytest.mark.parametrize("name", tuple(REGISTRY.all(ColourMap)))
def test_maps_rise_in_lightness(name):
    table = lut(name)
    assert table.shape == (256, 4)
    assert table.dtype == np.uint8
    assert (table[:, 3] == 255).all()
    luminance = (table[:, :3] / 255.0) ** 2.2 @ [0.2126, 0.7152, 0.0722]
    assert (np.diff(luminance) > -1e-3).all()
    assert luminance[-1] > luminance[0] + 0.5


def test_unknown_map_is_named():
    with pytest.raises(ValueError, match="nonsense"):
        lut("nonsense")


def test_a_floor_starts_the_scale_at_a_percentile_and_says_what_it_cuts():
    values = np.arange(100.0, 200.0)
    assert scale_of(values, 100, floor=0) == Scale(100.0, 199.0, False, 0.0)
    assert scale_of(values, 90, floor=10) == Scale(109.0, 189.0, False, 19 / 100)
    assert scale_of(values, 100) == Scale(0.0, 199.0, False, 0.0)


@settings(deadline=None)
@given(st.data())
def test_many_scales_at_once_are_each_its_own(data):
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    shape = data.draw(st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6)))
    some = st.one_of(st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0, np.nan, np.inf]))
    values = data.draw(arrays(dtype, shape, elements=some))
    out = data.draw(arrays(bool, shape))
    how = (data.draw(st.sampled_from([50, 99.5, 100])), data.draw(st.booleans()))
    floor = data.draw(st.sampled_from([None, 0, 10]))
    scales = scales_of(values, *how, out, floor)
    assert scales == [scale_of(v, *how, left, floor) for v, left in zip(values, out, strict=True)]
    each = [levels(one, scale) for one, scale in zip(values, scales, strict=True)]
    np.testing.assert_array_equal(levels_of(values, scales), each)


@pytest.mark.parametrize("percentile", [99.5, 97.0, 100 - 1e-4, 50.0])
def test_a_percentile_of_very_many_values_is_exact(percentile):
    drawn = np.random.default_rng(3).random(MANY + 5, np.float32)
    for values in (drawn**9, np.where(drawn < 0.999, 0, drawn).astype(np.float32), np.round(drawn, 1)):
        rank = int(np.ceil(percentile / 100 * len(values) - 1e-9)) - 1
        high = float(np.sort(values)[rank]) or float(values.max())
        assert scale_of(values, percentile).high == high


def test_no_scale_is_of_rounding():
    weights = np.array([[1, 2e-19, 1e-19, 0], [0.5, 0.25, 2e-9, 0.25]], np.float32)
    out = np.array([[True, False, False, False]] * 2)
    alone = [scale_of(one, 100.0, leave_out=left) for one, left in zip(weights, out, strict=True)]
    assert [(scale.low, scale.high) for scale in alone] == [(0, 1), (0, 0.25)]
    assert scales_of(weights, 100.0, False, out, None) == alone
    assert scale_of(np.array([1.0, *[1e-9] * 300]), 99.5).high == 1
