"""Rollout against closed forms and against the plain product of whole matrices."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.calls import AttentionCall, GivenCall
from headlight.models.attention.recorded import RecordedLayer
from headlight.models.core.errors import HeadlightError, TooLarge
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import Box, PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.models.explain.rollout import (
    RolloutSettings,
    rollout,
    rollout_matrix,
    rollout_row,
    rollout_rows,
)
from tests.dense import Dense, plain


def random_layers(seed: int, layers: int, heads: int, size: int) -> list[Dense]:
    generator = torch.Generator().manual_seed(seed)
    return [
        Dense(torch.softmax(2 * torch.randn(heads, size, size, generator=generator), -1))
        for _ in range(layers)
    ]


def reference(layers: list[Dense], chosen: RolloutSettings) -> np.ndarray:
    """The formula as it is written in the paper, in float64, row by row and with whole matrices."""
    product = None
    for layer in layers[chosen.first : None if chosen.last is None else chosen.last + 1]:
        weights = getattr(np, chosen.fusion)(layer.weights.astype(np.float64), axis=0)
        size = len(weights)
        for row in weights:
            row[np.argsort(row)[: int(chosen.discard * size)]] = 0
        if chosen.residual == "add":
            weights = weights + np.eye(size)
        weights = weights / weights.sum(axis=1, keepdims=True)
        if chosen.residual == "mix":
            weights = 0.5 * weights + 0.5 * np.eye(size)
        product = weights if product is None else weights @ product
    return product


def test_uniform_attention_has_its_closed_form():
    size, depth = 9, 5
    layers = [Dense(torch.full((2, size, size), 1 / size)) for _ in range(depth)]
    expected = 2.0**-depth * np.eye(size) + (1 - 2.0**-depth) / size
    np.testing.assert_allclose(rollout_matrix(layers), expected, atol=1e-6)


@pytest.mark.parametrize("residual", ["add", "mix"])
def test_a_previous_token_head_spreads_like_a_coin(residual):
    weights = torch.diag(torch.ones(7), -1)
    weights[0, 0] = 1
    layers = [Dense(weights[None])] * 3
    row = rollout_row(layers, 7, RolloutSettings(residual=residual))
    np.testing.assert_allclose(row, [0, 0, 0, 0, 1 / 8, 3 / 8, 3 / 8, 1 / 8], atol=1e-7)
    assert rollout_row(layers, 7, RolloutSettings(residual="none")).argmax() == 4


def test_discarding_works_per_row_and_never_on_the_residual():
    weights = torch.tensor([[0.1, 0.2, 0.3, 0.4], [0.7, 0.1, 0.1, 0.1], [0.25] * 4, [0.4, 0.3, 0.2, 0.1]])
    kept = rollout_matrix([Dense(weights[None])], RolloutSettings(discard=0.5))
    np.testing.assert_allclose(kept[0], np.array([1, 0, 0.3, 0.4]) / 1.7, atol=1e-7)
    np.testing.assert_allclose(
        kept[2], np.array([0.25, 0.25, 1.25, 0.25]) / 2, atol=1e-7
    )  # all equal: all stay
    np.testing.assert_allclose(kept[3], np.array([0.4, 0.3, 0, 1]) / 1.7, atol=1e-7)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 1000),
    fusion=st.sampled_from(["mean", "max", "min"]),
    residual=st.sampled_from(["add", "mix", "none"]),
    discard=st.sampled_from([0.0, 0.3, 0.9]),
    first=st.integers(0, 2),
    last=st.sampled_from([None, 2, 3]),
)
def test_rollout_is_the_papers_product(seed, fusion, residual, discard, first, last):
    layers = random_layers(seed, layers=4, heads=3, size=11)
    chosen = RolloutSettings(fusion, residual, discard, first, last)
    expected = reference(layers, chosen)
    matrix = rollout_matrix(layers, chosen)
    np.testing.assert_allclose(matrix, expected, atol=1e-6)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(rollout_rows(layers, np.array([4, 0]), chosen), expected[[4, 0]], atol=1e-6)
    np.testing.assert_allclose(
        rollout_row(layers, np.array([4, 0]), chosen), expected[[4, 0]].mean(0), atol=1e-6
    )


@pytest.mark.parametrize("residual", ["add", "mix", "none"])
@pytest.mark.parametrize("is_long", [False, True])
def test_a_row_through_recorded_calls_needs_no_matrix(residual, is_long, monkeypatch):
    if is_long:  # than a block, and than is carried at a time
        monkeypatch.setattr("headlight.models.attention.calls.CHUNK_ELEMENTS", 0)
        monkeypatch.setattr("headlight.models.explain.rollout.QUERIES", 7)
    generator, tokens = torch.Generator().manual_seed(4), plain(40)
    layers = []
    for number, more in enumerate(({}, {"factors": torch.tensor([0.5, 2.0, 0.0])}, {})):
        q, k = (torch.randn(1, 40, 3, 4, generator=generator).transpose(1, 2) for _ in range(2))
        layers.append(RecordedLayer(AttentionCall(f"{number}", "self", q, k, k, 0.5, **more), tokens, tokens))
    written = [Dense(np.stack([layer.matrix(head) for head in range(3)])) for layer in layers]
    chosen = RolloutSettings(residual=residual)
    monkeypatch.setattr(RecordedLayer, "groups", None)
    for asked in (7, np.array([3, 9, 31])):
        row = rollout_row(layers, asked, chosen)
        np.testing.assert_allclose(row, rollout_row(written, asked, chosen), atol=1e-6)


def test_the_layers_own_weights_stay_as_they_are():
    layer = random_layers(3, layers=1, heads=1, size=6)[0]
    before = layer.weights.copy()
    layer.block = lambda head, start, stop: torch.from_numpy(layer.weights)[
        0, start:stop
    ]  # a view, as a layer may hand out
    rollout_matrix([layer], RolloutSettings("max", discard=0.5))
    np.testing.assert_array_equal(layer.weights, before)


def test_one_row_asks_only_for_rows_that_carry_weight():
    size = 3000
    weights = torch.ones(1, size, size).tril()
    weights /= weights.sum(-1, keepdim=True)
    layers = [Dense(weights), Dense(weights)]
    rollout_row(layers, 40)
    assert layers[1].asked == [(40, 41)]
    assert layers[0].asked == [(0, 41)]
    layers[0].asked.clear()
    rollout_row(layers, size - 1)
    assert max(stop - start for start, stop in layers[0].asked) < size / 2
    assert sum(stop - start for start, stop in layers[0].asked) == size


class Listener(Task):
    def __init__(self) -> None:
        self.partials, self.shares = [], []

    def progress(self, share, sentence):
        self.shares.append(share)

    def partial(self, value):
        self.partials.append(value)


def test_every_layer_hands_out_the_product_so_far():
    layers, listener = random_layers(1, layers=3, heads=2, size=6), Listener()
    row = rollout_row(layers, 2, task=listener)
    assert len(listener.partials) == 3
    np.testing.assert_allclose(listener.partials[0], reference(layers[2:], RolloutSettings())[2], atol=1e-6)
    np.testing.assert_array_equal(listener.partials[-1], row)
    assert listener.shares == sorted(listener.shares)
    assert listener.shares[-1] == 1


def test_cancel_is_heard_inside_a_layer():
    class Impatient(Task):
        def check(self):
            raise Cancelled

    with pytest.raises(Cancelled):
        rollout_row(random_layers(1, 2, 1, 5), 0, task=Impatient())


def test_what_cannot_be_composed_is_said():
    square, small = random_layers(0, 1, 2, 6)[0], random_layers(0, 1, 2, 5)[0]
    with pytest.raises(HeadlightError, match="5 × 5"):
        rollout_row([square, small], 0)
    # Called alike, but another sequence: tokens are the same only where they are one.
    alike = Tokens(square.queries.labels, square.queries.special)
    with pytest.raises(HeadlightError, match=r"decoder\.0"):
        rollout_row([Dense(square.weights, alike, square.queries, name="decoder.0")], 0)
    with pytest.raises(HeadlightError, match=r"decoder\.1"):
        rollout_row([square, Dense(square.weights, alike, name="decoder.1")], 0)
    with pytest.raises(HeadlightError, match="Layers 1 to 0"):
        rollout_row([square], 0, RolloutSettings(first=1))
    with pytest.raises(HeadlightError, match="token from 0 to 5"):
        rollout_row([square], 6)
    with pytest.raises(HeadlightError, match="discard share 1 "):
        RolloutSettings(discard=1)
    large = Dense(torch.ones(1, 1, 1).expand(1, 6000, 6000))
    with pytest.raises(TooLarge, match="all 6,000 tokens is above the limit of 5,401"):
        rollout_matrix([large])


def crossing(seed: int, **stacks: tuple[int, int]) -> list[Dense]:
    """Layers of one head, "cross_0": (queries, keys), by the stack that each name begins with."""
    generator = torch.Generator().manual_seed(seed)
    found = []
    for name, shape in stacks.items():
        layer = Dense(torch.softmax(2 * torch.randn(1, *shape, generator=generator), -1), name=name)
        layer.queries, layer.keys = plain(shape[0]), plain(shape[1])
        layer.stack = name.split("_")[0]
        found.append(layer)
    return found


def test_who_looks_at_the_input_once_passes_it_through_all_that_follows():
    """A Perceiver's latents: X = C after the cross attention, and each self-attention mixes what there is."""
    layers = crossing(0, cross_0=(3, 5), decoder_0=(3, 3), decoder_1=(3, 3))
    c, a, b = (layer.weights[0].astype(np.float64) for layer in layers)
    half = np.eye(3) / 2
    expected = (b / 2 + half) @ (a / 2 + half) @ c / 2
    np.testing.assert_allclose(rollout_matrix(layers), expected, atol=1e-6)


def test_a_decoder_without_its_encoder_leads_to_what_it_looks_at():
    layers = crossing(1, decoder_0=(3, 3), cross_0=(3, 5), decoder_1=(3, 3), cross_1=(3, 5))
    _, c, b, d = (layer.weights[0].astype(np.float64) for layer in layers)
    half = np.eye(3) / 2
    expected = d / 2 + half @ (b / 2 + half) @ c / 2
    np.testing.assert_allclose(rollout_matrix(layers), expected, atol=1e-6)
    by_stack = [layers[0], layers[2], layers[1], layers[3]]
    np.testing.assert_allclose(rollout_matrix(by_stack), expected, atol=1e-6)
    trace = Trace(None, tuple(layers), {"input": plain(5), "output": plain(3)}, {}, None, 0.0, "cpu")
    assert rollout(trace, np.array([0])).tokens is plain(5)
    with pytest.raises(HeadlightError, match="no layers of a stack “encoder”"):
        rollout_row(layers, 0, RolloutSettings(stack="encoder"))


def test_a_cross_attention_to_another_number_of_tokens_is_refused():
    layers = crossing(2, cross_0=(3, 5), decoder_0=(3, 3), cross_1=(3, 4))
    with pytest.raises(HeadlightError, match="does not fit"):
        rollout_row(layers, 0)


def test_pooled_queries_lead_to_the_finer_tokens_that_they_are_the_largest_of():
    def patches(rows: int, columns: int) -> PatchTokens:
        labels = tuple(map(str, range(rows * columns)))
        return PatchTokens(labels, np.zeros(len(labels), bool), (rows, columns), Box(0, 0, 40, 40))

    fine, coarse = patches(4, 4), patches(2, 2)
    weights = torch.softmax(torch.randn(1, 1, 4, 16, generator=torch.Generator().manual_seed(0)), -1)
    layer = RecordedLayer(GivenCall("pooled", "self", weights), coarse, fine)
    owner = np.arange(16) // 4 // 2 * 2 + np.arange(16) % 4 // 2  # the coarse token of each fine one
    own = (owner == np.arange(4)[:, None]) / 4
    np.testing.assert_allclose(rollout_matrix([layer]), 0.5 * weights[0, 0].numpy() + 0.5 * own, atol=1e-6)
    before = RecordedLayer(GivenCall("before", "self", torch.full((1, 1, 16, 16), 1 / 16)), fine, fine)
    np.testing.assert_allclose(rollout_row([before, layer], 1).sum(), 1, rtol=1e-6)
    with pytest.raises(HeadlightError, match="Rollout needs layers"):
        rollout_row([layer, before], 1)
