"""Statistics against closed forms, published figures and the bundled vision transformer."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from headlight.models.attention.distances import attention_distance
from headlight.models.attention.statistics import (
    artifact_tokens,
    entropy,
    head_statistics,
    mass_mask,
    received,
    sinks,
    special_share,
    starting_head,
)
from headlight.models.core.tokens import Box, PatchTokens, TextTokens
from tests.dense import Dense


def patches(rows: int, columns: int, size: float, prefix: int = 1) -> PatchTokens:
    n = prefix + rows * columns
    region = Box(0, 0, columns * size, rows * size)
    return PatchTokens(("x",) * n, np.arange(n) < prefix, grid=(rows, columns), region=region)


def test_entropy_in_nats():
    np.testing.assert_allclose(entropy(np.full((2, 50), 1 / 50)), math.log(50))
    np.testing.assert_allclose(entropy(np.eye(4)), 0)
    assert entropy(np.array([0.5, 0.25, 0.25])) == pytest.approx(1.5 * math.log(2))


@pytest.mark.parametrize(("side", "size", "figure"), [(14, 16, 116.492), (7, 32, 115.503), (16, 14, 116.565)])
def test_uniform_attention_reaches_the_known_distance(side, size, figure):
    tokens = patches(side, side, size)
    n = len(tokens)
    everyone = np.arange(1, n)
    uniform = np.full((3, n - 1, n), 1 / n)
    mean = attention_distance(uniform, tokens, everyone).mean(axis=1)
    np.testing.assert_allclose(mean, figure, atol=1e-3)
    without = attention_distance(uniform, tokens, everyone, include_self=False).mean()
    assert without == pytest.approx(figure * side**2 / (side**2 - 1), abs=1e-3)


def test_distance_counts_patches_only_and_knows_their_shape():
    tokens = patches(3, 5, 10.0)
    row = np.zeros(16)
    row[[0, tokens.index(2, 0)]] = 0.9, 0.1  # nine tenths on the class token, the rest 2 down and 1 left
    assert attention_distance(row, tokens, tokens.index(0, 1)) == pytest.approx(math.hypot(20, 10))
    wide = PatchTokens(tokens.labels, tokens.special, grid=(3, 5), region=Box(0, 0, 500, 30))
    assert attention_distance(row, wide, wide.index(0, 1)) == pytest.approx(math.hypot(20, 100))
    own = np.eye(16)[tokens.index(1, 1)]
    assert attention_distance(own, tokens, tokens.index(1, 1)) == 0
    assert np.isnan(attention_distance(own, tokens, tokens.index(1, 1), include_self=False))


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("share", "kept"), [(0, 0), (0.3, 1), (0.4, 1), (0.6, 2), (0.7, 2), (0.71, 3), (1, 4)]
)
def test_mass_threshold_keeps_the_fewest_patches(kind, share, kept):
    mask = mass_mask(np.array([0.2, 0.4, 0.1, 0.3], kind), share)
    assert mask.sum() == kept
    np.testing.assert_array_equal(mask, np.isin(np.arange(4), [1, 3, 0, 2][:kept]))
    assert not mass_mask(np.zeros(4, kind), 0.6).any()


@given(arrays.arrays(np.float64, st.integers(1, 30), elements=st.floats(1e-3, 1)), st.floats(0.01, 0.99))
def test_mass_threshold_holds_its_share_and_no_patch_is_idle(weights, share):
    mask = mass_mask(weights, share)
    held, wanted = weights[mask].sum(), share * weights.sum()
    assert held >= wanted - 2e-6 * weights.sum()
    assert held - weights[mask].min() < wanted + 2e-6 * weights.sum()
    assert weights[~mask].max(initial=0) <= weights[mask].min()


def test_head_statistics_are_means_over_the_whole_layer(monkeypatch):
    monkeypatch.setattr("headlight.models.attention.recorded.CHUNK_ELEMENTS", 3 * 7 * 22)
    generator = torch.Generator().manual_seed(0)
    tokens = patches(4, 5, 8.0, prefix=2)
    weights = torch.softmax(torch.randn(3, 22, 22, generator=generator), -1)
    found = head_statistics(Dense(weights, tokens, tokens))
    plain = weights.double().numpy()
    np.testing.assert_allclose(found.entropy, -(plain * np.log(plain)).sum(-1)[:, 2:].mean(-1), rtol=1e-5)
    np.testing.assert_allclose(found.special, plain[:, 2:, :2].sum(-1).mean(-1), rtol=1e-5)
    distance = attention_distance(plain[:, 2:], tokens, np.arange(2, 22)).mean(-1)
    np.testing.assert_allclose(found.distance, distance, rtol=1e-5)

    words = TextTokens(("a",) * 22, np.arange(22) == 0)
    found = head_statistics(Dense(weights, words, words))
    assert found.distance is None
    special = special_share(plain, words.special)[:, 1:].mean(-1)
    np.testing.assert_allclose(found.special, special, rtol=1e-5)
    # What is said of a head's special tokens is one number, wherever it is said.
    everywhere = received(Dense(weights, words, words))[:, words.special].sum(-1)
    np.testing.assert_allclose(everywhere, special, rtol=1e-5)


def test_artifacts_are_patches_that_draw_far_more_than_the_median():
    tokens = patches(6, 7, 14.0)
    weights = torch.ones(2, 43, 43)
    weights[:, :, 0] = 500  # a class token may draw what it likes
    weights[:, :, [9, 30]] = torch.tensor([15.0, 40.0])
    weights[:, :, 20] = 5
    weights /= weights.sum(-1, keepdim=True)
    layers = [Dense(weights, tokens, tokens)] * 3
    np.testing.assert_array_equal(artifact_tokens(layers, tokens), [30, 9])
    words = TextTokens(tokens.labels, tokens.special)
    assert not len(artifact_tokens(layers, words))


def test_a_sink_gets_nearly_all_of_everybody():
    n = 20
    weights = torch.full((3, n, n), 0.3 / (n - 1))
    weights[0, :, 0] = 0.7  # a class token
    weights[1] = torch.eye(n)  # every row has one weight of 1, no column has much
    weights[2] = 1 / n
    words = TextTokens(("a",) * n, np.arange(n) == 0)
    layer = Dense(weights, words, words)
    assert sinks(received(layer)).sum(axis=1).tolist() == [1, 0, 0]
    assert sinks(received(layer))[0, 0]
    np.testing.assert_allclose(received(layer, 0)[0], received(layer)[0], rtol=1e-6)
    few = TextTokens(("a",) * 3, np.arange(3) == 0)
    assert not sinks(received(Dense(torch.full((1, 3, 3), 1 / 3), few, few))).any()


def test_the_head_to_start_with_is_the_one_whose_rows_differ_most():
    n = 12
    words = TextTokens(("a",) * n, np.isin(np.arange(n), [0, n - 1]))
    sink, alike, near = torch.zeros(n, n), torch.full((n, n), 1 / n), torch.zeros(n, n)
    sink[:, 0] = 1
    near[torch.arange(n), torch.arange(n).roll(1)] = 1
    dull = Dense(torch.stack([sink, alike]), words, words)
    telling = Dense(torch.stack([alike, 0.6 * near + 0.4 * sink]), words, words)
    strongest = Dense(torch.stack([near, alike]), words, words)
    assert starting_head([strongest, dull, telling, dull]) == (2, 1)  # the first half is not looked at
    assert starting_head([dull, telling, dull, telling]) == (3, 1)
    assert starting_head([dull, Dense(torch.stack([sink, sink]), words, words)]) == (1, 0)
    assert starting_head([]) == (0, 0)
