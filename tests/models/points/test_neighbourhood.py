"""NeighbourhoodLayer: rows, columns, matrices and thumbnails of sparse weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.recorded import area_means
from headlight.models.core.errors import TooLarge
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.tokens import PointTokens
from headlight.models.points.neighbourhood import NeighbourhoodLayer

FUSED = {"mean": np.mean, "max": np.max, "min": np.min}


def layer_of(
    n: int = 30, k: int = 4, maps: int = 3, repeats: bool = False
) -> tuple[NeighbourhoodLayer, np.ndarray]:
    """A layer and its whole matrix, float64 (maps, n, n), made entry by entry."""
    random = np.random.default_rng(0)
    near = np.array([random.choice(n, k, replace=repeats) for _ in range(n)])
    near[:, 0] = np.arange(n)
    weights = torch.softmax(torch.from_numpy(random.normal(size=(n, k, maps))).float(), 1)
    values = torch.from_numpy(random.normal(size=(2, k, 8 * maps))).float()
    rows = torch.tensor([0, n - 1])
    outputs = torch.zeros(2, 8 * maps)
    whole = np.zeros((maps, n, n))
    for i in range(n):
        for j in range(k):
            whole[:, i, near[i, j]] += weights[i, j].numpy()
    for r, row in enumerate(rows.tolist()):
        for c in range(8 * maps):
            outputs[r, c] = sum(values[r, j, c] * weights[row, j, c % maps] for j in range(k))
    tokens = PointTokens(tuple(map(str, range(n))), np.zeros(n, bool), random.random((n, 3)))
    layer = NeighbourhoodLayer("near", tokens, tokens, torch.from_numpy(near), weights, rows, values, outputs)
    return layer, whole


def dense(found: tuple[np.ndarray, np.ndarray], n: int) -> np.ndarray:
    """[..., n] from keys and their weights; a key that is there twice would show as too little."""
    whole = np.zeros((*found[1].shape[:-1], n))
    whole[..., found[0]] = found[1]
    return whole


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("which", [4, [4], [0, 5, 2, 5]])
def test_rows_and_columns_are_those_of_the_matrix(which: int | list[int], repeats: bool) -> None:
    layer, whole = layer_of(repeats=repeats)
    assert isinstance(layer, AttentionLayer)
    index = np.atleast_1d(which)
    np.testing.assert_allclose(dense(layer.rows(which), 30), whole[:, index].mean(1), atol=1e-6)
    if len(index) == 1:
        near = list(dict.fromkeys(layer.neighbours[4].tolist()))
        assert layer.rows(which)[0].tolist() == near
        assert layer.row("max", which)[0].tolist() == near
    keys = np.unique(index)
    for head in range(3):
        np.testing.assert_allclose(dense(layer.row(head, which), 30), whole[head, index].mean(0), atol=1e-6)
        np.testing.assert_allclose(
            dense(layer.column(head, which), 30), whole[head][:, keys].mean(1), atol=1e-6
        )
        np.testing.assert_allclose(layer.matrix(head), whole[head], atol=1e-6)
    for fusion, over in FUSED.items():
        fused = over(whole, 0)
        np.testing.assert_allclose(dense(layer.row(fusion, which), 30), fused[index].mean(0), atol=1e-6)
        np.testing.assert_allclose(dense(layer.column(fusion, which), 30), fused[:, keys].mean(1), atol=1e-6)
        np.testing.assert_allclose(layer.matrix(fusion), fused, atol=1e-6)
        np.testing.assert_allclose(layer.block(fusion, 2, 6).numpy(), fused[2:6], atol=1e-6)


@given(st.integers(1, 40), st.integers(1, 48))
@settings(max_examples=40, deadline=None)
def test_a_thumbnail_holds_exact_area_means(n: int, size: int) -> None:
    layer, whole = layer_of(n, min(4, n), repeats=n % 2 == 0)
    pixels = layer.thumbnail(size)
    means = area_means(n, min(size, n)).double().numpy()
    np.testing.assert_allclose(pixels, means @ whole @ means.T, atol=1e-6)
    np.testing.assert_allclose(pixels.mean((1, 2)), 1 / n, atol=1e-6)


def test_groups_stand_in_the_order_of_the_neighbours() -> None:
    layer, whole = layer_of()
    (every,) = layer.groups()
    queries, near, weights = every.rows()
    assert (queries.tolist(), near.dtype, weights.shape) == ([*range(30)], np.int32, (3, 30, 4))
    assert weights[2, 7, 3] == pytest.approx(whole[2, 7, near[7, 3]])
    (some,) = layer.groups("max", np.array([9, 7]))
    assert some.queries.tolist() == [[7], [9]]
    np.testing.assert_array_equal(some.rows()[2][0], weights[:, [7, 9]].max(0))
    query, keys, matrix = layer.group(2, layer.group_of(7))
    assert (query.tolist(), keys.tolist()) == ([7], near[7].tolist())
    np.testing.assert_array_equal(matrix[0], weights[2, 7])


def test_the_check_sees_weights_that_were_not_used() -> None:
    layer, _ = layer_of()
    assert layer.check() < 1e-6
    layer._weights[-1] = layer._weights[-1].flip(0)
    assert layer.check() > 1e-2


def test_a_matrix_above_the_limit_is_refused_and_a_thumbnail_is_not() -> None:
    n = 8001
    near = torch.arange(n)[:, None]
    tokens = PointTokens(tuple(map(str, range(n))), np.zeros(n, bool), np.zeros((n, 3)))
    some = torch.zeros(1, 1, 8)
    layer = NeighbourhoodLayer("self", tokens, tokens, near, torch.ones(n, 1, 1), near[:1, 0], some, some[0])
    with pytest.raises(TooLarge, match="8,001 × 8,001"):
        layer.matrix(0)
    pixels = layer.thumbnail(64)[0]
    np.testing.assert_allclose(np.diag(pixels), 64 / n, rtol=0.02)
    assert pixels[np.abs(np.subtract.outer(range(64), range(64))) > 1].max() == 0


def test_numbers_must_agree() -> None:
    layer, _ = layer_of()
    fewer = layer.queries.without_special()
    with pytest.raises(ValueError, match="near: weights"):
        NeighbourhoodLayer(
            "near", fewer, fewer, layer._neighbours[:, :3], layer._weights, *(torch.zeros(1),) * 3
        )
