"""Norms beside hooks, outliers and shares beside planted ones, and maps in which nobody looks at a token."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.attention.mapped import without
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import SILENT
from headlight.models.core.tokens import PatchTokens
from headlight.models.explain import artifacts
from headlight.models.explain.rollout import rollout_matrix
from headlight.viewer.export.attention.artifacts import NormsOptions, norms
from headlight.viewer.host.engines import open_engine
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.explain.artifacts import inspected, pair
from tests.models.explain.test_of_target import PICTURE
from tests.models.headed import GPT2, VIT, saved

FACTOR = 1.1
"""Of random weights many a norm is so far above the median."""
SIZE = {"patch_size": 14, "image_size": 56}
MODELS = {
    "registers": lambda: hf.Dinov2WithRegistersModel(
        hf.Dinov2WithRegistersConfig(**VIT, **SIZE, num_register_tokens=3)
    ),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)),
}


@pytest.fixture(scope="module", params=MODELS)
def trace(request, tmp_path_factory):
    folder = saved(tmp_path_factory.mktemp("models") / request.param, MODELS[request.param]().eval())
    if request.param == "gpt2":
        return open_engine(str(folder), "text", "cpu").run("the cat sat on the mat " * 5)
    return open_engine(str(folder), "image", "cpu").run(PICTURE, 224)


def test_norms_are_those_of_what_enters_and_leaves_each_layer(trace):
    model, seen = trace.run.engine().model, []
    blocks = next(m for m in model.modules() if isinstance(m, torch.nn.ModuleList) and len(m) == 2)
    hooks = [blocks[0].register_forward_pre_hook(lambda _, args, kwargs: seen.append(args), with_kwargs=True)]
    hooks += [block.register_forward_hook(lambda *found: seen.append(found[2:])) for block in blocks]
    found = artifacts.token_norms(trace)
    for hook in hooks:
        hook.remove()
    states = [one[0][0] if isinstance(one[0], tuple) else one[0] for one in seen]
    wanted = [one.reshape(-1, one.shape[-1]).norm(dim=-1).numpy() for one in states]
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_outliers_are_above_so_many_medians_of_those_that_are_judged():
    norms = np.array([[90, 1, 2, 3, 9.1, 2], [90, 1, 1, 1, 2.9, 3.1]], np.float32)
    beside = np.array([True, False, False, False, False, False])
    np.testing.assert_array_equal(artifacts.medians(norms, beside), [2, 1])
    found = artifacts.outliers(norms, beside, 3)
    assert np.argwhere(found).tolist() == [[0, 4], [1, 5]]
    assert not artifacts.outliers(norms, np.ones(6, bool), 3).any()


def test_histograms_hold_every_token():
    norms = np.array([[0, 1, 2, 100], [1, 1, 9, 11]], np.float32)
    counts, edges = artifacts.histogram(norms, 2)
    np.testing.assert_allclose(edges, [1, 10, 100], rtol=1e-6)
    np.testing.assert_array_equal(counts, [[3, 1], [3, 1]])
    counts, edges = artifacts.histogram_of(norms[1], 11)
    assert (counts.tolist()[1], counts.tolist()[9:], edges[-1]) == (2, [1, 1], 11)
    assert artifacts.histogram(np.zeros((1, 3), np.float32), 2)[0].sum() == 3


def test_the_share_of_even_attention_is_that_of_the_tokens():
    even = [np.full((2, 10), 0.1, np.float32), np.full((3, 10), 0.1, np.float32)]
    found = artifacts.share_of(even, np.arange(10) < 3)
    np.testing.assert_allclose(found[:, :2], 0.3, rtol=1e-6)
    assert np.isnan(found[0, 2])
    assert found[1, 2] == pytest.approx(0.3)


def test_what_is_marked_and_what_it_gets(trace):
    found = inspected(trace, FACTOR)
    assert found.outliers.any()
    special = trace.tokens.special
    of_picture = isinstance(trace.tokens, PatchTokens)
    assert not (of_picture and found.outliers[:, special].any())
    weights = np.stack([[layer.matrix(head) for head in range(4)] for layer in trace.layers])
    placed = np.flatnonzero(~special)
    wanted = weights[:, :, placed][..., found.marked].sum(-1).mean(-1)
    np.testing.assert_allclose(found.share, wanted, rtol=1e-4)
    ratios = found.ratios.max(0)[found.listed()]
    assert (np.diff(ratios) <= 0).all()
    nothing = inspected(trace, 1000.0)
    assert not nothing.outliers.any()
    arrays = norms(NormsOptions(FACTOR), "npz", None, trace, SILENT).arrays()
    assert arrays["norms"].shape == arrays["outliers"].shape == (3, len(trace.tokens))
    assert (arrays["share"].dtype, arrays["norms"].dtype, arrays["outliers"].dtype) == ("f4", "f4", "?")


def test_nobody_looks_at_what_is_left_out(trace):
    which = np.zeros(len(trace.tokens), bool)
    which[[0, 4]] = True
    seen = without(trace, which)
    assert seen.layers[0].keys is seen.layers[0].queries is trace.tokens
    for layer, before in zip(seen.layers, trace.layers, strict=True):
        wanted = np.where(which, 0, before.matrix(1))
        np.testing.assert_allclose(layer.matrix(1), wanted, atol=1e-6)
        np.testing.assert_allclose(
            layer.row("max", 3)[1], np.where(which, 0, before.row("max", 3)[1]), atol=1e-6
        )
        assert not layer.column(1, 4)[1].any()
    rolled = rollout_matrix(seen.layers, RolloutSettings(residual="none"))
    assert not rolled[:, which].any()
    np.testing.assert_allclose(rollout_matrix(seen.layers).sum(1), 1, rtol=1e-5)


@pytest.mark.parametrize("by", ["rollout", "head"])
def test_a_map_with_and_without(by, trace):
    view = View(ArtifactSettings(factor=FACTOR, by=by), Selection(layer=1, head=2, queries=()), MapSettings())
    found, marked = pair(trace, view), inspected(trace, FACTOR).marked
    assert found.held == pytest.approx(found.whole.values[marked].sum() / found.whole.total)
    assert -1 <= found.alike <= 1
    if by == "head":
        assert not found.without.values[marked].any()
        others = ~marked
        np.testing.assert_allclose(found.without.values[others], found.whole.values[others], atol=1e-6)
        assert found.alike == pytest.approx(1, abs=1e-5)
    same = pair(trace, view.changed(ArtifactSettings, factor=1000.0))
    if not inspected(trace, 1000.0).marked.any():
        np.testing.assert_allclose(same.whole.values, same.without.values, rtol=1e-4)
        assert same.held is None


def test_stages_have_no_one_stream(tmp_path):
    model = hf.SwinModel(
        hf.SwinConfig(embed_dim=8, depths=[1, 1], num_heads=[1, 2], window_size=2, patch_size=4)
    )
    engine = open_engine(str(saved(tmp_path / "swin", model.eval())), "image", "cpu")
    with pytest.raises(HeadlightError, match="no stream"):
        artifacts.token_norms(engine.run(PICTURE, 224))
