"""Vectors of heads are gathered exactly, whatever the order and batches, and their components are those of
numpy's SVD."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.recorded import RecordedLayer
from headlight.models.corpus import vectors as module
from headlight.models.corpus.texts import gathered
from headlight.models.corpus.vectors import KINDS, Vectors
from headlight.viewer.host.engines import open_engine

TEXTS = [f"The {one} sat on the mat, and the {two} slept." for one in ("cat", "dog") for two in ("ox", "hen")]


def filled(values: torch.Tensor, batches: list[list[int]]) -> Vectors:
    """values: [inputs, heads, tokens, d] of one layer; the first token of each is none that counts."""
    found = Vectors([(values.shape[1], values.shape[3], values.shape[3])], [None], seed=3)
    for texts in batches:
        which = np.ones((len(texts), values.shape[2]), bool)
        which[:, 0] = False
        found.draw(texts, [np.zeros((values.shape[2], 2), int)] * len(texts), which)
        for kind in KINDS:
            found.add(0, kind, values[texts].transpose(0, 1), torch.from_numpy(which))
    return found


@settings(max_examples=20, deadline=None)
@given(st.integers(2, 30), st.integers(0, 99), st.data())
def test_order_and_batches_do_not_matter(count, seed, data):
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(count, 2, 4, 3, generator=generator) + 50 * torch.rand(3, generator=generator)
    order = data.draw(st.permutations(range(count)))
    cut = data.draw(st.integers(1, count))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "SAMPLE", 7)
        one = filled(values, [list(range(count))])
        other = filled(values, [order[:cut], *([order[cut:]] if cut < count else [])])
    places, kept = one.sample(0, 1, "key")
    assert (places, kept.tolist()) == (other.sample(0, 1, "key")[0], other.sample(0, 1, "key")[1].tolist())
    assert len(places) == min(7, 3 * count)
    for place, vector in zip(places, kept, strict=True):
        assert place.token > 0
        np.testing.assert_array_equal(vector, values[place.text, 1, place.token])
    planes = one.plane(0, 1, "key"), other.plane(0, 1, "key")
    np.testing.assert_allclose(planes[0].of(kept), planes[1].of(kept), atol=1e-6)


def test_components_are_those_of_numpys_svd():
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(40, 2, 9, 6, generator=generator) @ torch.randn(6, 6, generator=generator) + 20
    plane = filled(values, [list(range(10)), list(range(10, 40))]).plane(0, 1, "value")
    every = values[:, 1, 1:].reshape(-1, 6).double().numpy()
    centred = every - every.mean(0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    axes = axes[:2] * np.sign(np.take_along_axis(axes[:2], np.abs(axes[:2]).argmax(1)[:, None], 1))
    np.testing.assert_allclose(plane.of(every), centred @ axes.T, atol=1e-6 * sizes[0])
    np.testing.assert_allclose(plane.shares, sizes[:2] ** 2 / (sizes**2).sum(), atol=1e-6)


@pytest.fixture(scope="module")
def engine():
    return open_engine(None, "text", "cpu")


def test_what_a_head_writes_lies_as_in_the_stream(engine):
    """Of many texts, and the same of each by itself; what is written by W_O outright."""
    found = gathered(engine, TEXTS, vectors=True).vectors
    layer, head = 2, 5
    written, keys = [], []
    for text in TEXTS:
        trace = engine.run(text)
        one, kept = trace.layers[layer], ~trace.tokens.special
        weights = torch.tensor(one.matrix(head)[kept])
        table = one.call.projection.of_heads(one.heads)[head]
        written.append((weights @ one.vectors("value")[head] @ table).double().numpy())
        keys.append(one.vectors("key")[head][kept].double().numpy())
    for kind, each in (("written", written), ("key", keys)):
        every = np.concatenate(each)
        centred = every - every.mean(0)
        u, sizes, _ = np.linalg.svd(centred, full_matrices=False)
        plane, (places, vectors) = found.plane(layer, head, kind), found.sample(layer, head, kind)
        assert len(places) == len(every)
        projected = plane.of(vectors)
        order = np.argsort([text for text, rows in enumerate(each) for _ in rows], kind="stable")
        wanted = (u * sizes)[order, :2]
        signs = np.sign((projected * wanted).sum(0))
        np.testing.assert_allclose(projected * signs, wanted, atol=1e-5 * sizes[0])
        np.testing.assert_allclose(plane.shares, sizes[:2] ** 2 / (sizes**2).sum(), atol=1e-6)


def test_of_one_input_and_of_layers_that_tell_none(engine):
    trace = engine.run(TEXTS[0])
    layer, which = trace.layers[1], ~trace.tokens.special
    made = Vectors.of_layer(layer, which)
    places, kept = made.sample(0, 3, "query")
    assert [place.token for place in places] == np.flatnonzero(which).tolist()
    np.testing.assert_array_equal(kept, layer.vectors("query")[3][which])
    assert made.has(0, "written")
    given = RecordedLayer(layer.call, trace.tokens, trace.tokens)
    given.vectors = lambda kind: None
    assert Vectors.of_layer(given, which) is None


def test_what_is_kept_does_not_grow(engine, monkeypatch):
    monkeypatch.setattr(module, "BYTES", 2_000_000)
    few, many = (gathered(engine, TEXTS * times, vectors=True).vectors for times in (2, 8))
    assert few.nbytes == many.nbytes < 2 * 2_000_000 + 4 * 72 * 32 * 34 * 8
