"""Attention distances of windows, reduced keys and whole traces against closed forms."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from headlight.models.attention.calls import GivenCall
from headlight.models.attention.distances import attention_distances
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.attention.stages import Stages
from headlight.models.attention.statistics import head_statistics
from headlight.models.attention.windows.layer import WindowLayer, padded_grid, window_slots
from headlight.models.core.tokens import Box
from headlight.models.core.trace import INPUT, ModelCard, Trace


def trace_of(*layers) -> Trace:
    card = ModelCard("given", "Given", "image", "a test", "none")
    return Trace(card, layers, {INPUT: layers[0].queries}, {}, None, 0.0, "cpu")


def full(grid: int, keys: int, patch: float, weights: torch.Tensor | None = None) -> RecordedLayer:
    """Two heads over grid × grid queries of `patch` pixels and keys × keys keys, uniform unless given."""
    stages = Stages((1, 1), Box(0, 0, grid * patch, grid * patch))
    if weights is None:
        weights = torch.full((1, 2, grid**2, keys**2), 1 / keys**2)
    call = GivenCall("full", "self", weights)
    return RecordedLayer(call, stages.tokens(grid**2), stages.tokens(keys**2))


def windows(grid: int, window: int, shift: int, patch: float, identity: bool = False) -> WindowLayer:
    tokens = Stages((1, 1), Box(0, 0, grid * patch, grid * patch)).tokens(grid**2)
    count, area = len(window_slots((grid, grid), window, shift)), window**2
    weights = torch.eye(area) if identity else torch.full((area, area), 1 / area)
    return WindowLayer(GivenCall("w", "window", weights.expand(count, 3, area, area)), tokens, window, shift)


@pytest.mark.parametrize(
    ("grid", "patch", "figure"), [(14, 16, 116.492), (7, 32, 115.503), (16, 14, 116.565)]
)
def test_uniform_attention_over_the_map_or_in_windows_of_it_reaches_the_known_distance(grid, patch, figure):
    # Windows of as many tokens, four to a map; in the second layer fewer heads than in the first.
    trace = trace_of(windows(2 * grid, grid, 0, patch), full(grid, grid, patch))
    others = grid**2 / (grid**2 - 1)  # without itself the same sum is shared by one less
    np.testing.assert_allclose(attention_distances(trace)[:, :2], figure, atol=1e-3)
    np.testing.assert_allclose(attention_distances(trace, False)[:, :2], figure * others, atol=1e-3)
    assert np.isnan(attention_distances(trace)[1, 2])


def test_a_token_that_looks_at_itself_looks_0_pixels_far_and_nowhere_without_itself():
    eye = torch.eye(49).expand(1, 2, 49, 49)
    trace = trace_of(windows(14, 7, 3, 4, identity=True), windows(6, 4, 2, 4, True), full(7, 7, 32, eye))
    assert attention_distances(trace)[:, :2].max() == 0
    assert np.isnan(attention_distances(trace, False)).all()


@pytest.mark.parametrize("include_self", [True, False])
@pytest.mark.parametrize(("grid", "window", "shift"), [(6, 3, 1), (7, 4, 2)])
def test_shifted_and_padded_windows_count_the_tokens_they_hold(grid, window, shift, include_self):
    layer = windows(grid, window, shift, 10.0)
    means = []
    for query in range(grid**2):
        at = divmod(query, grid)
        keys = [divmod(int(k), grid) for k in layer.members(layer.group_of(query))]
        far = [10 * np.hypot(at[0] - r, at[1] - c) for r, c in keys if include_self or (r, c) != at]
        means += [np.mean(far)] if far else []
    assert attention_distances(trace_of(layer), include_self)[0] == pytest.approx(np.mean(means), abs=1e-4)
    if include_self:
        np.testing.assert_allclose(head_statistics(layer).distance, np.mean(means), atol=1e-4)
        real = np.bincount([*map(layer.group_of, range(grid**2))])
        entropy = (real * real / window**2 * np.log(window**2)).sum() / grid**2
        np.testing.assert_allclose(head_statistics(layer).entropy, entropy, atol=1e-5)
        assert padded_grid((grid, grid), window) == layer.padded


@pytest.mark.parametrize("include_self", [True, False])
def test_keys_on_a_coarser_grid_are_as_far_as_their_centres(include_self):
    layer = full(4, 2, 10.0)
    centres, cells = [5, 15, 25, 35], [10, 30]
    means = []
    for y, x in itertools.product(centres, centres):
        own = (0 if y < 20 else 1, 0 if x < 20 else 1)
        places = [(r, c) for r in (0, 1) for c in (0, 1) if include_self or (r, c) != own]
        means.append(np.mean([np.hypot(y - cells[r], x - cells[c]) for r, c in places]))
    np.testing.assert_allclose(
        attention_distances(trace_of(layer), include_self)[0], np.mean(means), rtol=1e-6
    )
