"""Closed forms against table 1, against what torch counts, and the curves' crossings against power laws."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headlight.models.core.costs import (
    LAYERS,
    Measurements,
    Point,
    Setup,
    at,
    crossing,
    crossing_formula,
    crossings,
    live_bytes,
    multiply_adds,
    operations,
    path_length,
    sequential,
)

LOADED = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
"""Machines are slow at times."""
EVEN = st.integers(1, 64).map(lambda half: 2 * half)


def test_table_1_at_n_1024_d_512_k_3_r_64():
    n, d = 1024, 512
    assert [operations(layer, n, d) for layer in LAYERS] == [
        *(n * n * d, n * d * d, 3 * n * d * d, 64 * n * d),
    ]
    assert [float(sequential(layer, n)) for layer in LAYERS] == [1, n, 1, 1]
    assert [float(path_length(layer, n)) for layer in LAYERS] == pytest.approx(
        [1, n, np.log(1024) / np.log(3), 16]
    )
    assert path_length("convolution", n, dilated=False) == pytest.approx(1024 / 3)
    assert path_length("convolution", 243) == 5  # not a hair more
    assert path_length("convolution", 9, k=1) == np.inf
    short = np.array([1, 2])
    np.testing.assert_array_equal(path_length("restricted", short), 1)
    np.testing.assert_array_equal(path_length("convolution", short), 1)


@LOADED
@given(EVEN, st.integers(2, 15), st.integers(1, 300))
def test_attention_costs_as_much_as_the_others_where_they_cross(d, k, r):
    for other in ("recurrent", "convolution", "restricted"):
        n = crossing(other, d, k, r)
        assert operations("attention", n, d, k, r) == pytest.approx(operations(other, n, d, k, r))
        if other != "restricted":  # which never costs more than attention
            assert operations("attention", n * 1.01, d) > operations(other, n * 1.01, d, k)
            assert operations("attention", n * 0.99, d) < operations(other, n * 0.99, d, k)


@LOADED
@given(EVEN, st.integers(1, 15), st.booleans())
def test_with_every_term_they_cross_there_or_nowhere(d, k, projections):
    for other in ("recurrent", "convolution"):
        n = crossing(other, d, k, terms="all", projections=projections)
        every = np.arange(1, 16 * d)
        one = multiply_adds("attention", every, d, projections=projections)
        rest = multiply_adds(other, every, d, k)
        if n is None:
            assert crossing_formula(other, k, "all", projections) == ""
            assert np.all(one > rest)
        else:
            assert np.all((one > rest) == (every > n))


def test_how_crossings_are_written():
    assert [crossing_formula(other) for other in ("recurrent", "convolution", "restricted")] == [
        *("d", "k·d", "r"),
    ]
    assert crossing_formula("recurrent", terms="all") == "2·d"
    assert crossing_formula("recurrent", terms="all", projections=False) == "4·d"
    assert crossing_formula("convolution", 3, "all", projections=False) == "1.5·d"
    assert crossing_formula("convolution", 5, "all") == "0.5·d"


@pytest.mark.parametrize("projections", [True, False])
@pytest.mark.parametrize(("n", "d", "heads"), [(24, 32, 4), (40, 16, 2)])
def test_every_term_of_attention_is_what_torch_counts(n, d, heads, projections):
    import torch

    from headlight.models.cost.measuring import build

    layer, x = build("weights", Setup((n,), d, 3, heads, projections), "cpu"), torch.randn(1, n, d)
    with torch.no_grad(), torch.autograd.profiler.profile(record_shapes=True, with_flops=True) as profile:
        list(layer(x))
    products = ("aten::addmm", "aten::bmm")  # torch also counts the scale, n² for each head
    flops = sum(event.flops for event in profile.key_averages() if event.key in products)
    assert flops == 2 * multiply_adds("attention", n, d, projections=projections)


def test_every_parameter_of_an_lstm_and_of_a_convolution_meets_every_token_once():
    from torch import nn

    def weights(module):
        return sum(p.numel() for name, p in module.named_parameters() if "bias" not in name)

    assert multiply_adds("recurrent", 40, 16) == 40 * weights(nn.LSTM(16, 16))
    assert multiply_adds("convolution", 40, 16, k=5) == 40 * weights(nn.Conv1d(16, 16, 5))


def test_bytes_of_a_layer():
    n, d, heads = 100, 32, 4
    assert live_bytes("attention", True, n, d, heads) == 4 * (3 * n * d + 2 * heads * n * n)
    assert live_bytes("attention", True, n, d, heads, projections=False) == 4 * 2 * heads * n * n
    assert live_bytes("attention", True, 4, d, 1) == 4 * (3 * 4 * d + 16 + 4 * d)  # the output is larger
    assert live_bytes("attention", False, n, d, heads) == 4 * 4 * n * d
    assert live_bytes("recurrent", False, n, d) == live_bytes("convolution", False, n, d) == 4 * n * d


POWER = st.tuples(st.floats(0.3, 3), st.floats(0.3, 3)).filter(lambda two: abs(two[0] - two[1]) > 0.05)


@LOADED
@given(POWER, st.floats(150, 9000))
def test_power_laws_cross_where_they_do(powers, where):
    n = 2.0 ** np.arange(7, 15)
    one, other = ((n / where) ** power for power in powers)
    found = crossings(n, one, other)
    assert found == pytest.approx([where])
    assert at(n, one, found[0]) == pytest.approx(1)


@LOADED
@given(st.lists(st.tuples(st.floats(1e-6, 1e3), st.floats(1e-6, 1e3)), min_size=1, max_size=9))
def test_crossings_are_counted_once_and_lie_between_lengths_that_changed_sides(pairs):
    one, other = np.array(pairs).T
    n = 64 * 2.0 ** np.arange(len(one))
    found = crossings(n, one, other)
    sides = np.sign(np.log(one) - np.log(other))
    sides = sides[sides != 0]
    assert len(found) == np.count_nonzero(np.diff(sides))
    assert np.all(np.diff(found) >= 0)
    assert np.all((found > n[0] * (1 - 1e-9)) & (found < n[-1] * (1 + 1e-9)))
    np.testing.assert_allclose(found, crossings(n, other, one), rtol=1e-9)


def test_curves_that_are_equal_for_a_while_cross_in_the_middle_and_touching_is_no_crossing():
    n = 2.0 ** np.arange(5)
    assert crossings(n, np.array([1, 2, 3, 4, 9]), np.array([2, 2, 3, 4, 5])) == pytest.approx([4])
    assert len(crossings(n, np.array([1, 2, 3, 4, 5]), np.array([2, 2, 4, 5, 6]))) == 0


def test_measured_curves_know_their_last_crossing_and_who_is_dearer():
    def point(kind, n, seconds):
        return Point(kind, n, seconds, 5, None)

    taken = {"fused": (1, 4, 16), "recurrent": (2, 4, 8), "convolution": (0.5, 1, 2), "weights": (1, 5)}
    points = tuple(point(k, 100 * 2**i, s) for k, all_ in taken.items() for i, s in enumerate(all_))
    found = Measurements(Setup((100, 200, 400)), points[::-1])
    assert found.crossing("fused", "recurrent") == pytest.approx((200, 4))
    assert found.comparison("fused", "recurrent") == "crosses"
    assert found.comparison("fused", "convolution") == "dearer"
    assert found.comparison("convolution", "fused") == "cheaper"
    share = np.log(2) / np.log(2.5)  # the gap goes from log 1/2 to log 5/4
    assert found.crossing("weights", "recurrent") == pytest.approx((100 * 2**share, 5**share))
    assert found.comparison("fused", "fused") == "cheaper"
    assert Measurements(Setup((1,))).comparison("fused", "weights") == "unknown"
    ones = {kind: np.full(len(found.seconds(kind)[0]), 3.0) for kind in taken}
    assert found.rate(ones) == 6
    assert len(found.memory("fused")[0]) == 0
