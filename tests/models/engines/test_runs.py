"""From a trace back to its model: the same again, with interventions, asked about and backwards."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.core.answers import NextTokens, PointLabels, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide, Level, Scale
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import CharSpan
from headlight.models.core.trace import INPUT, Trace
from headlight.models.engines import door
from headlight.models.engines.door import check
from headlight.viewer.host.engines import open_engine
from tests.models.headed import GPT2, NAMED, NET, STAGES, TEXT, VIT, saved
from tests.models.tiny_points import room, transformer
from tests.models.tiny_points import saved as saved_points

TEXT_MODEL = {"intermediate_size": 64, **NAMED}
MODELS = {
    "bert": lambda: hf.BertForSequenceClassification(hf.BertConfig(**TEXT, **TEXT_MODEL)),
    "mask": lambda: hf.BertForMaskedLM(hf.BertConfig(**TEXT, intermediate_size=64)),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)),
    "vit": lambda: hf.ViTForImageClassification(hf.ViTConfig(**VIT)),
    "swin": lambda: hf.SwinForImageClassification(
        hf.SwinConfig(embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=7, **NAMED)
    ),
    "segformer": lambda: hf.SegformerForSemanticSegmentation(hf.SegformerConfig(**STAGES, **NAMED)),
    "resnet": lambda: hf.ResNetForImageClassification(hf.ResNetConfig(**NET, **NAMED)),
}
WORDS = ("bert", "mask", "gpt2")
PICTURE = np.random.default_rng(0).integers(0, 256, (240, 300, 3), np.uint8)


@pytest.fixture(scope="module", params=[*MODELS, "points"])
def name(request) -> str:
    return request.param


@pytest.fixture(scope="module")
def folder(name, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("models") / name
    if name == "points":
        folder.mkdir()
        return saved_points(folder, transformer(), grid=0.3)
    return saved(folder, MODELS[name]().eval())


@pytest.fixture(scope="module")
def trace(name, folder) -> Trace:
    if name == "points":
        return open_engine(str(folder), "points", "cpu").run(*room(900))
    if name in WORDS:
        return open_engine(str(folder), "text", "cpu").run("the cat sat on the mat")
    return open_engine(str(folder), "image", "cpu").run(PICTURE, 224)


@pytest.fixture(scope="module", autouse=True)
def nothing_stays_loaded():
    yield
    door._engines.clear()


def same(one: Trace, other: Trace) -> bool:
    if one.inputs.keys() != other.inputs.keys():
        return False
    arrays = [(one.inputs[key], other.inputs[key]) for key in one.inputs]
    for layers in zip(one.layers, other.layers, strict=True):
        for parts in zip(*(layer.groups() for layer in layers), strict=False):
            arrays.append(tuple(part.weights.cpu() for part in parts))
    said = [[(t.index, t.score) for t in each.answers[0].targets()] for each in (one, other)]
    return all(np.array_equal(a, b) for a, b in arrays) and said[0] == said[1]


def hidden_part(trace: Trace) -> tuple[np.ndarray, Hide]:
    """Some tokens, as a mask and by their places."""
    which = np.zeros(len(trace.tokens), bool)
    which[[-2, -3] if len(trace.tokens) < 100 else slice(-20, -10)] = True
    return which, Hide(tuple(trace.tokens.place(int(i)) for i in np.flatnonzero(which)))


def test_layers_know_their_stack_and_how_deep_they_stand_in_it(name, trace):
    places = [(layer.stack, layer.depth) for layer in trace.layers]
    if name == "points":
        assert places == [
            (layer.name.split(".")[0], int(layer.name.split(".")[1]) - 1) for layer in trace.layers
        ]
    else:
        assert places == [("decoder" if name == "gpt2" else "encoder", n) for n in range(len(places))]
    assert [trace.nearest(trace, number) for number in range(len(places))] == list(range(len(places)))
    assert trace.streams == {INPUT: trace.tokens}


def test_again_gives_the_same(trace):
    again = trace.run.again()
    assert same(again, trace)
    assert same(again.run.again(), trace)


def test_what_is_hidden_changes_the_trace_and_its_checks_hold(trace):
    _, hide = hidden_part(trace)
    found = trace.run.again((hide,))
    assert found.recipe == replace(trace.recipe, interventions=(hide,))
    assert not same(found.run.again((hide,)), trace)
    assert same(found.run.again(), trace)
    assert max(check(found), default=0) < 1e-4
    everything = Hide(tuple(trace.tokens.place(i) for i in range(len(trace.tokens))))
    with pytest.raises(HeadlightError, match=r"Nothing is left|covers no pixels"):
        trace.run.again((everything,))


def test_scores_are_those_of_the_answers(trace):
    which, hide = hidden_part(trace)
    variants = np.stack([np.zeros_like(which), which])
    answer, hidden = trace.answers[0], trace.run.again((hide,)).answers[0]
    targets = answer.targets()[:3]
    if isinstance(answer, NextTokens):
        targets = [target for target in targets if target.index in set(hidden.ids[0])]
    assert targets
    for target in targets:
        found = trace.run.scores(variants, target)
        assert found.dtype == np.float32
        now = {(one.index, one.place): one.score for one in hidden.targets()}
        wanted = [target.score, now.get((target.index, target.place), 0.0)]
        np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_batch_ends_at_its_next_block_once_it_is_cancelled(name, trace):
    class Left(Task):
        """Cancelled at the third look: the batch has begun, and so has its first block."""

        looks = 0

        def check(self) -> None:
            self.looks += 1
            if self.looks == 3:
                raise Cancelled

    variants, target = np.zeros((2, len(trace.tokens)), bool), trace.answers[0].targets()[0]
    if "scores" in trace.run.offers and trace.layers and name != "points":
        with pytest.raises(Cancelled):
            trace.run.scores(variants, target, Left())


def test_the_gradient_of_the_input_is_the_slope_of_the_score(name, trace):
    target = trace.answers[0].targets()[0]
    found = trace.run.gradients(target)
    assert np.isfinite(found.inputs).all()
    assert np.abs(found.inputs).max() > 0
    if name in WORDS:
        assert found.inputs.shape == (len(trace.tokens), 32)
    else:
        assert found.inputs.shape == trace.inputs["features" if name == "points" else "pixel_values"].shape
    changed = {"heads"} & trace.run.offers
    assert [layer.name for layer in found.layers] == [layer.name for layer in trace.layers if changed]
    assert max((layer.check() for layer in found.layers), default=0) == 0


def test_heads_that_are_changed_change_the_trace_where_that_is_offered(name, trace):
    if "heads" not in trace.run.offers:
        with pytest.raises(HeadlightError, match=r"no heads to change|cannot be changed"):
            trace.run.again((Scale("any", (0,)),))
        return
    last = trace.layers[-1]
    off = trace.run.again((Scale(last.name, (0,)),))
    assert not off.layers[-1].row(0, 1)[1].any()
    assert off.layers[-1].row(1, 1)[1].any() or last.heads == 1
    assert not same(off, trace)
    assert max(check(off)) < 1e-4
    assert max(check(trace.run.again((Level(last.name, (0,)),)))) < 1e-4
    assert same(trace.run.again((Scale(last.name, tuple(range(last.heads)), 1.0),)), trace)


@pytest.mark.parametrize("name", ["bert"], indirect=True)
def test_hidden_tokens_are_those_that_the_attention_mask_leaves_out(folder, trace):
    which, hide = hidden_part(trace)
    whole = hf.BertForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.from_numpy(trace.inputs["input_ids"])[None]
    mask = torch.from_numpy(~which).long()[None]
    with torch.no_grad():
        wanted = whole(input_ids=ids, attention_mask=mask).logits[0].softmax(0)
    found = trace.run.again((hide,))
    np.testing.assert_allclose(found.answers[0].probabilities, wanted, atol=1e-5)
    np.testing.assert_array_equal(found.inputs["attention_mask"], mask[0])
    assert not found.layers[0].matrix("max")[:, which].any()


@pytest.mark.parametrize("name", ["bert", "gpt2", "vit"], indirect=True)
def test_a_target_of_another_answer_is_refused(trace):
    target, shown = trace.answers[0].targets()[0], np.zeros((1, len(trace.tokens)), bool)
    place = trace.tokens.place(1) if target.place is None else None
    for other in (replace(target, index=99), replace(target, index=-2), replace(target, place=place)):
        with pytest.raises(HeadlightError, match="does not say"):
            trace.run.scores(shown, other)
        with pytest.raises(HeadlightError, match="does not say"):
            trace.run.gradients(other)


@pytest.mark.parametrize("name", ["gpt2"], indirect=True)
def test_a_decoder_whose_first_token_is_hidden_is_one_still(trace):
    found = trace.run.again((Hide((trace.tokens.place(0),)),))
    assert {layer.stack for layer in found.layers} == {"decoder"}
    assert found.answers
    assert not found.notices


@pytest.mark.parametrize("name", ["bert"], indirect=True)
def test_what_hides_nothing_or_everything_is_refused_and_no_variants_have_no_scores(trace):
    target, none = trace.answers[0].targets()[0], np.zeros((0, len(trace.tokens)), bool)
    assert trace.run.scores(none, target).shape == (0,)
    with pytest.raises(HeadlightError, match="Nothing is left"):
        trace.run.scores(np.ones((1, len(trace.tokens)), bool), target)
    with pytest.raises(HeadlightError, match="There is nothing at the places"):
        trace.run.again((Hide((CharSpan(500, 505),)),))


@pytest.mark.parametrize("name", ["bert"], indirect=True)
def test_the_gradient_of_weights_is_that_of_the_heads_factor(folder, trace):
    """Σ A · ∂y/∂A over a head is the slope of y when the head is scaled."""
    target = trace.answers[0].targets()[0]
    found = trace.run.gradients(target)
    whole = hf.BertForSequenceClassification.from_pretrained(folder).eval()
    ids = torch.from_numpy(trace.inputs["input_ids"])[None]
    for number, (layer, flow) in enumerate(zip(trace.layers, found.layers, strict=True)):
        for head in range(layer.heads):
            slope = 0.0
            for sign in (1, -1):
                scaled = copy.deepcopy(whole).double()
                weight = scaled.bert.encoder.layer[number].attention.output.dense.weight
                with torch.no_grad():
                    weight.unflatten(1, (layer.heads, -1))[:, head] *= 1 + sign * 1e-4
                    slope += sign * float(scaled(input_ids=ids).logits[0, target.index]) / 2e-4
            assert (layer.matrix(head) * flow.matrix(head)).sum() == pytest.approx(slope, rel=1e-3, abs=1e-4)


@pytest.mark.parametrize("name", ["vit"], indirect=True)
def test_hidden_patches_are_of_the_mean_colour(trace):
    which, hide = hidden_part(trace)
    values = trace.run.again((hide,)).inputs["pixel_values"]
    rows, columns = trace.tokens.grid
    patches = values.reshape(3, rows, 16, columns, 16).transpose(1, 3, 0, 2, 4).reshape(rows * columns, -1)
    np.testing.assert_array_equal(~patches.any(1), which[1:])
    kept = np.kron(~which[1:].reshape(rows, columns), np.ones((16, 16), bool))
    np.testing.assert_array_equal(values[:, kept], trace.inputs["pixel_values"][:, kept])
    with pytest.raises(HeadlightError, match=r"\[CLS\] covers no pixels"):
        trace.run.again((Hide((trace.tokens.place(0),)),))


@pytest.mark.parametrize("name", ["points"], indirect=True)
def test_hidden_points_are_out_of_the_cloud_and_answered_by_their_neighbours(trace):
    which, hide = hidden_part(trace)
    found = trace.run.again((hide,))
    assert np.array_equal(found.tokens.positions, trace.tokens.positions[~which])
    answer, before = found.answer(PointLabels), trace.answer(PointLabels)
    kept = ~which[before.nearest]
    assert np.array_equal(answer.sample[answer.nearest][kept], before.sample[before.nearest][kept])
    near = found.tokens.nearest(trace.tokens.positions[before.nearest[~kept]])
    assert np.array_equal(answer.nearest[~kept], near)


SCALED = {"d_model": 32, "vocab_size": 12}
BART = {"decoder_layers": 2, "decoder_attention_heads": 4, "decoder_ffn_dim": 64, "is_encoder_decoder": False}
OTHERWISE = {
    "a wrapped decoder": lambda: hf.BartForCausalLM(hf.BartConfig(**SCALED, **BART, is_decoder=True)),
    "scaled in place": lambda: hf.CTRLLMHeadModel(
        hf.CTRLConfig(vocab_size=12, n_embd=32, dff=64, n_layer=2, n_head=4)
    ),
    "tokens before the batch": lambda: hf.XLNetForSequenceClassification(
        hf.XLNetConfig(**SCALED, n_layer=2, n_head=4, d_inner=64, **NAMED)
    ),
}


@pytest.mark.parametrize("made", OTHERWISE.values(), ids=OTHERWISE)
def test_embeddings_are_found_wherever_tokens_become_vectors(made, tmp_path):
    folder = saved(tmp_path / "model", made().eval())
    trace = open_engine(str(folder), "text", "cpu").run("the cat sat on the mat")
    found = trace.run.gradients(trace.answers[0].targets()[0])
    assert found.inputs.shape == (len(trace.tokens), 32)
    assert np.abs(found.inputs).max() > 0


def test_a_head_that_cannot_be_told_from_its_body_gives_no_answer(tmp_path):
    config = hf.Llama4TextConfig(
        vocab_size=12,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=8,
        intermediate_size=32,
        intermediate_size_mlp=64,
        num_local_experts=2,
    )
    folder = saved(tmp_path / "model", hf.Llama4ForCausalLM(config).eval())
    trace = open_engine(str(folder), "text", "cpu").run("the cat sat on the mat")
    assert not trace.answers
    assert any("cannot be told from its body" in notice for notice in trace.notices)


def test_a_model_without_a_head_says_nothing_to_ask_about(tmp_path):
    folder = saved(tmp_path / "model", hf.ViTModel(hf.ViTConfig(**VIT)))
    trace = open_engine(str(folder), "image", "cpu").run(PICTURE, 224)
    assert trace.run.offers == {"hide", "heads", "gradients", "scores", "similarity"}
    with pytest.raises(HeadlightError, match="model has no head"):
        trace.run.gradients(Target("cat", 1.0, 0))
