"""RecordedLayer: slices, fusions, thumbnails and limits of one recorded call."""

from __future__ import annotations

import gc
import threading
import tracemalloc

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.calls import CHUNK_ELEMENTS, AttentionCall, GivenCall
from headlight.models.attention.capture import recording
from headlight.models.attention.recorded import RecordedLayer, area_means
from headlight.models.core.cache import OVERHEAD, Cache
from headlight.models.core.errors import TooLarge
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.tokens import Tokens
from tests.models import tiny

FUSED = {"mean": np.mean, "max": np.max, "min": np.min}


def plain(count: int) -> Tokens:
    return Tokens(tuple(map(str, range(count))), np.zeros(count, bool))


def given_layer(rows: int = 7, columns: int = 5, heads: int = 3) -> tuple[RecordedLayer, np.ndarray]:
    """A layer and all its weights, float32 (heads, rows, columns)."""
    torch.manual_seed(0)
    weights = torch.rand(2, heads, rows, columns).softmax(-1)
    layer = RecordedLayer(GivenCall("given", "cross", weights), plain(rows), plain(columns), batch=1)
    return layer, weights[1].numpy()


def random_call(count: int, heads: int = 2, width: int = 8) -> AttentionCall:
    q, k, v = torch.randn(3, 1, heads, count, width, generator=torch.Generator().manual_seed(0))
    return AttentionCall("random", "self", q, k, v, scaling=1.0)


def test_it_is_an_attention_layer() -> None:
    layer, _ = given_layer()
    assert isinstance(layer, AttentionLayer)
    assert (layer.name, layer.heads, layer.group_count) == ("given", 3, 1)


@pytest.mark.parametrize("which", [4, [4], [0, 5, 2]])
def test_rows_and_columns_are_those_of_the_matrix(which: int | list[int]) -> None:
    layer, weights = given_layer()
    index, several = np.atleast_1d(which), np.atleast_1d(which) % 5
    keys, rows = layer.rows(index)
    np.testing.assert_array_equal(keys, np.arange(5))
    np.testing.assert_allclose(rows, weights[:, index].mean(1), atol=1e-7)
    for head in range(3):
        np.testing.assert_allclose(layer.row(head, index)[1], weights[head, index].mean(0), atol=1e-7)
        np.testing.assert_allclose(
            layer.column(head, several)[1], weights[head][:, several].mean(1), atol=1e-7
        )
        np.testing.assert_array_equal(layer.matrix(head), weights[head])
        # Now from the matrix that is remembered.
        np.testing.assert_allclose(
            layer.column(head, several)[1], weights[head][:, several].mean(1), atol=1e-7
        )
    for fusion, over in FUSED.items():
        whole = over(weights, 0)
        np.testing.assert_allclose(layer.row(fusion, index)[1], whole[index].mean(0), atol=1e-7)
        np.testing.assert_allclose(layer.column(fusion, several)[1], whole[:, several].mean(1), atol=1e-7)
        np.testing.assert_allclose(layer.matrix(fusion), whole, atol=1e-7)
        np.testing.assert_allclose(layer.block(fusion, 2, 6).numpy(), whole[2:6], atol=1e-7)
    np.testing.assert_array_equal(layer.block(1, 2, 6).numpy(), weights[1, 2:6])
    np.testing.assert_array_equal(weights, given_layer()[1])  # fusing wrote into nothing it was given


def test_a_padded_key_has_no_weight_and_its_layer_passes_the_check() -> None:
    model, inputs = tiny.bert()
    with recording(model) as calls:
        model(**inputs)
    layer = RecordedLayer(calls[0], plain(9), plain(9), batch=1)
    assert layer.matrix("max")[:, 5:].max() == 0
    assert layer.rows(0)[1][:, 5:].max() == 0
    assert layer.check() <= 1e-5
    assert RecordedLayer(calls[0], plain(9), plain(9), batch=0).matrix("max")[:, 5:].max() > 0.01


def test_tokens_and_item_must_be_those_of_the_call() -> None:
    call = random_call(6)
    with pytest.raises(ValueError, match="6 × 6 weights, 5 × 6 tokens"):
        RecordedLayer(call, plain(5), plain(6))
    with pytest.raises(ValueError, match="item 1 of 1"):
        RecordedLayer(call, plain(6), plain(6), batch=1)


def test_the_sink_s_share_is_what_the_row_lacks() -> None:
    model, inputs = tiny.gpt_oss()
    with recording(model) as calls:
        model(**inputs)
    layer = RecordedLayer(calls[0], plain(9), plain(9))
    share = layer.elsewhere(2, [3, 4])["sink"]
    np.testing.assert_allclose(share, [1 - layer.row(2, query)[1].sum() for query in (3, 4)], atol=1e-6)
    whole = 1 - layer.row("mean", 3)[1].sum()
    np.testing.assert_allclose(layer.elsewhere("mean", 3)["sink"], whole, atol=1e-6)
    every = [layer.elsewhere(head, 3)["sink"] for head in range(4)]
    np.testing.assert_array_equal(layer.elsewhere("max", 3)["sink"], np.max(every, axis=0))
    assert given_layer()[0].elsewhere("mean", 3) == {}


def test_a_matrix_above_the_limit_is_refused_before_anything_is_allocated() -> None:
    layer = RecordedLayer(random_call(8001), plain(8001), plain(8001))
    with pytest.raises(TooLarge) as error:
        layer.matrix(0)
    assert error.value.cause == (
        "The matrix of 8,001 × 8,001 tokens has 64,016,001 weights; the limit is 64,000,000."
    )
    assert error.value.next_step == "Look at single rows, or make the input smaller."


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 48))
@settings(max_examples=60, deadline=None)
def test_a_thumbnail_holds_exact_area_means(rows: int, columns: int, size: int) -> None:
    layer, weights = given_layer(rows, columns, heads=2)
    pixels = layer.thumbnail(size)
    h, w = min(size, rows), min(size, columns)
    assert pixels.shape == (2, h, w)
    # Every cell repeated h × w times: each pixel is then the mean of a whole block.
    fine = weights.repeat(h, 1).repeat(w, 2).reshape(2, h, rows, w, columns)
    np.testing.assert_allclose(pixels, fine.mean((2, 4)), atol=1e-6)
    np.testing.assert_allclose(pixels.mean((1, 2)), weights.mean((1, 2)), atol=1e-6)
    if size >= max(rows, columns):
        np.testing.assert_allclose(pixels, weights, atol=1e-6)


def test_the_stretches_of_a_thumbnail_are_cut_exactly() -> None:
    third = torch.tensor([[2, 1, 0, 0, 0], [0, 1, 2, 0, 0], [0, 0, 0, 2, 1]]) / 3
    expected = torch.tensor([[3, 2, 0, 0, 0], [0, 1, 3, 1, 0], [0, 0, 0, 2, 3]]) / 5
    assert not torch.allclose(third, expected)
    torch.testing.assert_close(area_means(5, 3), expected)


def test_chunks_leave_no_seam_and_keep_memory_small(monkeypatch: pytest.MonkeyPatch) -> None:
    layer = RecordedLayer(random_call(300), plain(300), plain(300))
    whole, pixels, row = layer.matrix(1), layer.thumbnail(7), layer.rows(np.arange(300))[1]
    for name in ("CHUNK_ELEMENTS", "HEAD_ELEMENTS"):  # 11 rows a block, 300 = 27 · 11 + 3
        monkeypatch.setattr(f"headlight.models.attention.recorded.{name}", 3500)
    fresh = RecordedLayer(random_call(300), plain(300), plain(300))
    np.testing.assert_allclose(fresh.matrix(1), whole, atol=1e-6)
    np.testing.assert_allclose(fresh.thumbnail(7), pixels, atol=1e-6)
    np.testing.assert_allclose(fresh.rows(np.arange(300))[1], row, atol=1e-6)


@given(
    count=st.integers(1, 150),
    loud=st.sampled_from([0.0, 0.3, 30.0]),
    groups=st.sampled_from([1, 2]),
    has_factors=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_what_is_carried_past_the_matrix_is_the_product_with_it(
    count: int, loud: float, groups: int, has_factors: bool
) -> None:
    generator = torch.Generator().manual_seed(count)
    q, k = (torch.randn(2, count, h, 3, generator=generator).transpose(1, 2) for h in (4, 4 // groups))
    factors = torch.tensor([1.0, 0.0, 2.0, 0.5]) if has_factors else None
    call = AttentionCall("random", "self", loud * q, k, k, 1.0, factors=factors)
    queries = torch.randint(0, count, (count,), generator=generator)
    shares = torch.rand(count, generator=generator) / count
    whole = call.weights(queries, batch=1).double()
    # Two ways to multiply round a score otherwise, and its error is the relative error of the weight.
    atol = 1e-6 + 4 * torch.finfo().eps * float(call.q.norm(dim=-1).amax() * call.k.norm(dim=-1).amax())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("headlight.models.attention.calls.CHUNK_ELEMENTS", 0)  # however short
        patch.setattr("headlight.models.attention.calls.HEAD_ELEMENTS", 1)
        found = call.carried(shares, queries, batch=1)
        rows = RecordedLayer(call, plain(count), plain(count), batch=1).rows(queries.numpy())[1]
    torch.testing.assert_close(found.double(), shares.double() @ whole, atol=atol, rtol=0)
    np.testing.assert_allclose(rows, whole.mean(1), atol=atol)
    torch.testing.assert_close(call.sums(queries, batch=1).double(), whole.sum(-1), atol=1e-6, rtol=0)


@given(
    rows=st.integers(1, 9),
    columns=st.integers(1, 9),
    groups=st.sampled_from([1, 2, 4]),
    added=st.sets(st.sampled_from(["mask", "bias", "softcap", "sinks", "level", "factors", "given"])),
    size=st.integers(1, 10),
)
@settings(max_examples=80, deadline=None)
def test_all_heads_at_once_are_each_alone(
    rows: int, columns: int, groups: int, added: set[str], size: int
) -> None:
    generator = torch.Generator().manual_seed(rows * 10 + columns)

    def random(*shape: int) -> torch.Tensor:
        return torch.randn(*shape, generator=generator)

    more = {
        "mask": random(1, 1, rows, columns) > 0,
        "bias": random(1, 4, rows, columns),
        "softcap": 2.0,
        "sinks": random(4),
        "level": random(4) > 0,
        "factors": random(4),
    }
    # Heads lie interleaved, as a linear layer gives them.
    q, k = random(1, rows, 4, 3).transpose(1, 2), random(1, columns, 4 // groups, 3).transpose(1, 2)
    call = AttentionCall("random", "cross", q, k, k, 1.0, **{name: more[name] for name in added - {"given"}})
    if "given" in added:
        call = GivenCall("given", "cross", call.weights()[None])
    alone = np.stack([call.weights(slice(None), head)[0].numpy() for head in range(4)])

    def layer() -> RecordedLayer:
        return RecordedLayer(call, plain(rows), plain(columns))

    once, thumbnail, halves = layer(), layer().thumbnail(size), slice(rows // 2, rows)
    with pytest.MonkeyPatch.context() as patch:
        for name in ("CHUNK_ELEMENTS", "HEAD_ELEMENTS"):  # a head and a row at a time
            patch.setattr(f"headlight.models.attention.recorded.{name}", 1)
        slow = layer()
        np.testing.assert_allclose(thumbnail, slow.thumbnail(size), atol=1e-6)
        fused = {fusion: slow.matrix(fusion) for fusion in FUSED}
        heads = np.stack([slow.matrix(head) for head in range(4)])
    np.testing.assert_allclose(heads, alone, atol=1e-6)
    np.testing.assert_allclose([once.matrix(head) for head in range(4)], alone, atol=1e-6)
    np.testing.assert_allclose(once.block(None, halves.start, rows), alone[:, halves], atol=1e-6)
    queries = torch.arange(rows)
    sums, carried = call.sums(queries), call.carried(torch.ones(rows), queries)
    np.testing.assert_allclose(carried, alone.sum(1), atol=1e-5)
    if sums is not None:
        np.testing.assert_allclose(sums, alone.sum(-1), atol=1e-6)
    for fusion, over in FUSED.items():
        np.testing.assert_allclose(fused[fusion], over(alone, 0), atol=1e-6)
        np.testing.assert_allclose(once.matrix(fusion), over(alone, 0), atol=1e-6)


def test_matrices_are_remembered_read_only_and_forgotten_with_their_layer() -> None:
    cache = Cache(limit=10**6)
    layer = RecordedLayer(random_call(50), plain(50), plain(50), cache=cache)
    matrix = layer.matrix(0)
    assert np.shares_memory(layer.matrix(0), matrix)
    with pytest.raises(ValueError, match="read-only"):
        matrix[0, 0] = 1
    assert cache.size == 2 * 10_000 + OVERHEAD  # of a small layer all heads
    assert np.shares_memory(layer.thumbnail(50)[1], layer.matrix(1))
    assert cache.size == 2 * 10_000 + OVERHEAD
    del layer
    gc.collect()
    assert cache.size == 0
    other = RecordedLayer(random_call(2), plain(2), plain(2), cache=cache)
    other.matrix("max")
    assert cache.size == 16 + OVERHEAD


def test_threads_share_a_cache() -> None:
    cache = Cache(limit=60_000)
    layers = [RecordedLayer(random_call(50, heads=1), plain(50), plain(50), cache=cache) for _ in range(4)]
    expected = layers[0].matrix(0).copy()
    wrong: list[int] = []

    def walk(seed: int) -> None:
        for number in np.random.default_rng(seed).integers(0, 4, 100):
            if not np.array_equal(layers[number].matrix(0), expected):
                wrong.append(number)

    threads = [threading.Thread(target=walk, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert 10_000 <= cache.size <= 60_000


def test_a_thumbnail_allocates_far_less_than_a_matrix() -> None:
    layer = RecordedLayer(random_call(3000, heads=1), plain(3000), plain(3000))
    tracemalloc.start()
    layer.thumbnail(32)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**20  # numpy's part; torch's blocks are CHUNK_ELEMENTS each
    assert max(stop - start for start, stop in layer._chunks(CHUNK_ELEMENTS)) * 3000 * 4 <= 2**22
