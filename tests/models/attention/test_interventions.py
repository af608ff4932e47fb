"""Heads that are changed, against closed forms of what the model would be without them."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.agreement import floats
from headlight.models.attention.calls import AttentionCall
from headlight.models.attention.capture import recording
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Level, OnHeads, Scale
from tests.models import tiny

HEADS = st.sets(st.integers(0, 3)).map(tuple)
PROJECTED = {
    "bert": "encoder.layer.{}.attention.output.dense",
    "llama": "model.layers.{}.self_attn.o_proj",
    "gemma2": "model.layers.{}.self_attn.o_proj",
    "gpt_oss": "model.layers.{}.self_attn.o_proj",
}
"""W_O of each layer, whose columns stand head by head."""


def changed(tiny_model: tiny.Tiny, *changes: OnHeads) -> tuple[dict[str, torch.Tensor], list[AttentionCall]]:
    """(what a pass gives, its calls)"""
    model, inputs = tiny_model
    with torch.no_grad(), recording(model, changes=changes) as calls:
        output = model(**inputs)
    return {name: value for name, value in floats(output) if value.ndim < 4}, calls


@pytest.mark.parametrize("name", PROJECTED)
@settings(max_examples=8, deadline=None)
@given(heads=HEADS, factor=st.sampled_from([0.0, -0.5, 3.0]), layer=st.integers(0, 1))
def test_scaled_heads_are_the_columns_of_the_output_projection(name, heads, factor, layer):
    model, inputs = getattr(tiny, name)()
    call = changed((model, inputs))[1][layer]
    found, calls = changed((model, inputs), Scale(call.name, heads, factor))
    scaled = copy.deepcopy(model)
    weight = scaled.get_submodule(PROJECTED[name].format(layer)).weight
    with torch.no_grad():
        columns = weight.unflatten(1, (4, -1))
        columns[:, list(heads)] *= factor
        weight.copy_(columns.flatten(1))
    wanted, _ = changed((scaled, inputs))
    for key, value in wanted.items():
        torch.testing.assert_close(found[key], value, atol=2e-5, rtol=2e-5)
    assert max(call.error(b) for call in calls for b in range(2)) < 1e-4


@pytest.mark.parametrize("make", tiny.RECORDED, ids=lambda make: make.__name__)
def test_a_scale_of_one_changes_no_bit(make: Callable[[], tiny.Tiny]):
    made = make()
    plain, calls = changed(made)
    ones = [Scale(call.name, tuple(range(call.shape[1])), 1.0) for call in calls]
    found, again = changed(made, *ones)
    assert all(torch.equal(found[key], plain[key]) for key in plain)
    assert all(torch.equal(a.weights(), b.weights()) for a, b in zip(calls, again, strict=True))


@pytest.mark.parametrize("make", tiny.RECORDED, ids=lambda make: make.__name__)
def test_level_heads_look_at_all_alike_that_they_may_see(make: Callable[[], tiny.Tiny]):
    made = make()
    plain, calls = changed(made)
    name = calls[-1].name
    found, again = changed(made, Level(name, (1, 2)))
    assert not all(torch.equal(found[key], plain[key]) for key in plain)
    before, now = calls[-1], again[-1]
    share = 1 - now.sink()[..., None]
    seen = before.weights() > 0
    assert torch.equal(now.weights()[[0, 3]], before.weights()[[0, 3]])
    level = seen / seen.sum(-1, keepdim=True) * share
    torch.testing.assert_close(now.weights()[[1, 2]], level[[1, 2]])
    assert all(call.error(b) < 1e-4 for call in again for b in range(call.shape[0]))


def test_changes_are_data_and_say_what_they_cannot_do():
    off, level = Scale("a", (0, 1)), Level("a", (2,))
    assert pickle.loads(pickle.dumps((off, level))) == (off, level)
    assert len({off, Scale("a", (0, 1), 0.0), level}) == 2
    with pytest.raises(HeadlightError, match="There is no layer a"):
        changed(tiny.bert(), off)
    with pytest.raises(HeadlightError, match=r"has no head 4\. Choose from 0 to 3"):
        changed(tiny.bert(), Scale("encoder.layer.0.attention.self", (4,)))
    with pytest.raises(HeadlightError, match="This model hands out its weights itself"):
        changed(tiny.deberta(), off)
