"""Queries that cut things out of a picture: masks, classes and attention as transformers has them."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import Masks
from headlight.models.core.tokens import INPUT, OUTPUT
from headlight.models.engines.door import check
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from tests.models import segmenters

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)


@pytest.fixture(scope="module", params=segmenters.KINDS)
def engine(request, tmp_path_factory):
    return open_engine(
        str(segmenters.folder(tmp_path_factory.mktemp("masks"), request.param)), "image", "cpu"
    )


def wanted(engine, trace):
    """(what the model gives, the weights of each attention module of its decoder)."""
    weights, hooks = {}, []

    def keep(name):
        def hook(module, args, kwargs, out):
            if isinstance(module, nn.MultiheadAttention):
                with torch.no_grad():
                    plain = {**kwargs, "need_weights": True, "average_attn_weights": False}
                    out = nn.functional.multi_head_attention_forward(
                        *(plain["query"], plain["key"], plain["value"], module.embed_dim, module.num_heads),
                        *(module.in_proj_weight, module.in_proj_bias, None, None, False, 0.0),
                        *(module.out_proj.weight, module.out_proj.bias),
                        training=False,
                        attn_mask=plain["attn_mask"],
                        average_attn_weights=False,
                    )
            weights[name] = out[1]

        return hook

    for name, module in engine.model.named_modules():
        if name.endswith(("cross_attn", "self_attn", "encoder_attn")):
            hooks.append(module.register_forward_hook(keep(name), with_kwargs=True))
    with torch.no_grad(), eager(engine.model):
        found = engine.model(**engine._inputs(trace.run.given, None))
    for hook in hooks:
        hook.remove()
    return found, {name: one for name, one in weights.items() if "transformer_module" in name}


def test_queries_cut_out_and_look_as_transformers_has_it(engine):
    trace = engine.run(PIXELS)
    found, weights = wanted(engine, trace)
    answer = trace.answer(Masks)
    likely, classes = found.class_queries_logits[0].softmax(-1)[:, :-1].max(-1)
    np.testing.assert_allclose(answer.scores, likely[answer.tokens], atol=1e-5)
    assert list(answer.names) == [f"LABEL_{int(classes[at])}" for at in answer.tokens]
    masks = nn.functional.interpolate(found.masks_queries_logits, (64, 128), mode="bilinear")
    masks = nn.functional.interpolate(masks, (60, 100), mode="bilinear")[0][answer.tokens] > 0
    assert trace.run.given.filled == (64, 128)  # squashed to whole strides
    assert (engine.in_full(trace) == masks.numpy()).mean() > 0.999
    layers = {layer.name: layer for layer in trace.layers}
    assert layers.keys() == weights.keys()
    for name, one in weights.items():
        shown = layers[name].block(None, 0, 6)
        np.testing.assert_allclose(shown, one.reshape(shown.shape), atol=1e-5)
    assert max(check(trace)) < 1e-5


def test_queries_lie_around_their_masks(engine):
    trace = engine.run(PIXELS)
    queries, answer = trace.streams[OUTPUT], trace.answer(Masks)
    assert trace.layers[-1].queries is queries
    for number, token in enumerate(answer.tokens):
        rows, columns = np.nonzero(engine.in_full(trace)[number])
        if len(rows):
            x0, _, _, y1 = queries.boxes[token]
            assert abs(x0 - columns.min()) <= 8
            assert abs(y1 - rows.max() - 1) <= 8


def test_a_rollout_leads_to_the_finest_map(engine):
    trace = engine.run(PIXELS)
    row = rollout_row(trace.layers, 2)
    assert row.shape == (len(trace.streams[INPUT]),)
    assert 0.3 < row.sum() <= 1.0001
