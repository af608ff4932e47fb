"""Heads and vectors of one text in another's pass, against hooks on the model itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.attention.capture import blocks_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Freeze, Hide, Level, Recipe, Scale
from headlight.models.core.task import SILENT
from headlight.models.engines.patching import known_until
from headlight.models.engines.switching import given, noting
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from tests.models.headed import GPT2, NAMED, TEXT, saved

LLAMA = {"intermediate_size": 64, "num_key_value_heads": 2, "tie_word_embeddings": False}
MODELS = {
    "bert": (
        lambda: hf.BertForSequenceClassification(hf.BertConfig(**TEXT, intermediate_size=64, **NAMED)),
        "encoder.layer.{}.attention.output.dense",
    ),
    "gpt2": (lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)), "h.{}.attn.c_proj"),
    "llama": (lambda: hf.LlamaForCausalLM(hf.LlamaConfig(**TEXT, **LLAMA)), "layers.{}.self_attn.o_proj"),
}


@pytest.fixture(scope="module", params=MODELS)
def two(request, tmp_path_factory):
    """Two traces of one model, of as many tokens, and where its heads are joined."""
    make, joined = MODELS[request.param]
    engine = open_engine(
        str(saved(tmp_path_factory.mktemp("models") / request.param, make().eval())), "text", "cpu"
    )
    giving, taking = (engine.run(text) for text in ("the cat sat on the mat", "the mat sat on the cat"))
    return *(named(one, name) for one, name in ((giving, "giving"), (taking, "taking"))), joined


def named(trace, name):
    return replace(trace, run=replace(trace.run, recipe=Recipe("text", "model", name)))


def score(trace, target) -> float:
    return float(trace.run.scores(np.zeros((1, len(trace.tokens)), bool), target)[0])


def test_shares_are_those_of_hooks_on_the_model(two):
    giving, taking, joined = two
    target = targets_at(taking)[0]
    found = giving_to(taking, giving, target)
    model, made = taking.run.engine().model, taking.run
    assert found.heads.shape == (2, 4)
    assert found.states.shape == (2, len(taking.tokens))
    assert found.taking == pytest.approx(score(taking, target), abs=1e-6)
    there, here = found.giving, found.taking

    def share(module: torch.nn.Module, before: bool, change) -> float:
        """With what goes in or comes out of a module, [1, n, d], changed by that of the other text."""
        other, one = (hidden_of(trace, module, before) for trace in (giving, taking))
        value = change(one.clone(), other)

        def hook(_, args, *gave):
            if before:
                return (value, *args[1:])
            return value if isinstance(gave[0], torch.Tensor) else (value, *gave[0][1:])

        kind = module.register_forward_pre_hook if before else module.register_forward_hook
        handle = kind(hook)
        try:
            return (score(taking, target) - here) / (there - here)
        finally:
            handle.remove()

    for layer, head in ((0, 1), (1, 3)):

        def swap(own, other, head=head):
            own.unflatten(-1, (4, -1))[..., head, :] = other.unflatten(-1, (4, -1))[..., head, :]
            return own

        wanted = share(model.get_submodule(joined.format(layer)), True, swap)
        assert found.heads[layer, head] == pytest.approx(wanted, abs=2e-4)
        frozen = taking.run.again(
            (Freeze(taking.layers[layer].name, (head,), giving.recipe),), donors=(giving,)
        )
        again = (score(frozen, target) - here) / (there - here)
        assert found.heads[layer, head] == pytest.approx(again, abs=2e-4)
        np.testing.assert_allclose(
            frozen.layers[layer].matrix(head), giving.layers[layer].matrix(head), atol=1e-6
        )
        assert max(one.check() for one in frozen.layers) < 1e-4
    for block, token in ((0, 2), (1, len(taking.tokens) - 2)):

        def put(own, other, token=token):
            own[:, token] = other[:, token]
            return own

        wanted = share(blocks_of(model)[block], False, put)
        assert found.states[block, token] == pytest.approx(wanted, abs=2e-4)
    assert made is taking.run


def giving_to(taking, giving, target):
    return taking.run.patched(giving, target)


def hidden_of(trace, module, before: bool) -> torch.Tensor:
    """What goes in or comes out of a module in the pass of a trace."""
    seen = []

    def note(_, args, *gave):
        value = args[0] if before else gave[0]
        seen.append(value if isinstance(value, torch.Tensor) else value[0])

    handle = (module.register_forward_pre_hook if before else module.register_forward_hook)(note)
    try:
        trace.run.scores(np.zeros((1, len(trace.tokens)), bool), targets_at(trace)[0])
    finally:
        handle.remove()
    return seen[0]


def test_all_tokens_of_a_block_give_the_one_text_exactly_and_none_the_other(two):
    giving, taking, _ = two
    engine, target = taking.run.engine(), targets_at(taking)[0]
    blocks, passes = blocks_of(engine.model), {}
    scores = {trace: engine._scoring(trace.run, target, taking.run) for trace in (giving, taking)}
    plain = {}
    for trace in (giving, taking):
        with torch.no_grad(), noting(blocks, SILENT) as passes[trace]:
            plain[trace] = scores[trace](1)
    for all_of_them, wanted in ((True, giving), (False, taking)):
        which = torch.full((1, len(taking.tokens)), all_of_them)
        known = known_until(blocks, 0, passes[taking], passes[giving], which)
        with torch.no_grad(), given(blocks, known, 1, SILENT):
            assert scores[taking](1) == plain[wanted]


def test_heads_frozen_to_what_they_are_change_nothing(two):
    giving, _, _ = two
    heads = (Freeze(layer.name, (0, 1, 2, 3), giving.recipe) for layer in giving.layers)
    same = giving.run.again(tuple(heads), donors=(giving,))
    target = targets_at(giving)[0]
    grouped = "llama" in giving.model.source or "llama" in giving.model.id
    assert score(same, target) == pytest.approx(score(giving, target), abs=1e-6 if grouped else 0)


def test_what_does_not_fit_is_said(two):
    giving, taking, _ = two
    name, engine = taking.layers[0].name, taking.run.engine()
    freeze, target = Freeze(name, (0,), giving.recipe), targets_at(taking)[0]
    with pytest.raises(HeadlightError, match="not there any more"):
        taking.run.again((freeze,))
    longer = named(engine.run("the cat sat on the mat mat"), "giving")
    with pytest.raises(HeadlightError, match=r"attends from \d+ to"):
        taking.run.again((freeze,), donors=(longer,))
    with pytest.raises(HeadlightError, match=r"they part at token"):
        taking.run.patched(longer, target)
    with pytest.raises(HeadlightError, match="the same score"):
        taking.run.patched(taking, target)
    changed = named(giving.run.again((Scale(name, (0,)),)), "giving")
    with pytest.raises(HeadlightError, match="changed there as well"):
        taking.run.again((freeze,), donors=(changed,))
    with pytest.raises(HeadlightError, match="changed already"):
        changed.run.patched(taking, target)
    hidden = named(giving.run.again((Hide((giving.tokens.place(1),)),)), "giving")
    with pytest.raises(HeadlightError, match="some are hidden"):
        taking.run.again((freeze,), donors=(hidden,))
    with pytest.raises(HeadlightError, match="changed there as well"):
        taking.run.again((freeze,), donors=(named(giving.run.again((Level(name, (1,)),)), "giving"),))
