"""What an answer rests on, method by method, beside references of their own in float64."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import reduce
from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.core.answers import SIMILARITY, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import NoiseSettings, OcclusionSettings
from headlight.models.core.task import SILENT
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import Gradients, Run, Trace
from headlight.models.explain.of_target import cam, carried, gradients, integrated, occlusion
from headlight.models.explain.targets import asked_at, targets_at
from headlight.viewer.host.engines import open_engine
from tests.models.headed import GPT2, NAMED, NET, TEXT, VIT, saved

MODELS = {
    "bert": lambda: hf.BertForSequenceClassification(hf.BertConfig(**TEXT, intermediate_size=64, **NAMED)),
    "gpt2": lambda: hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)),
    "vit": lambda: hf.ViTForImageClassification(hf.ViTConfig(**VIT)),
    "bart": lambda: hf.BartForConditionalGeneration(
        hf.BartConfig(
            vocab_size=12,
            d_model=32,
            encoder_layers=2,
            decoder_layers=2,
            encoder_attention_heads=4,
            decoder_attention_heads=4,
            encoder_ffn_dim=64,
            decoder_ffn_dim=64,
            decoder_start_token_id=2,
            eos_token_id=3,
        )
    ),
}
PICTURE = np.random.default_rng(0).integers(0, 256, (240, 300, 3), np.uint8)


@dataclass(frozen=True, eq=False)
class Case:
    """A trace, its target, and the same model in float64 that hands out its weights."""

    trace: Trace
    target: Target
    model: hf.PreTrainedModel

    @property
    def place(self) -> int | None:
        target = self.target
        return None if target.place is None else int(self.trace.at(target.place)[1][0])

    def passed(self, values: np.ndarray | None = None) -> tuple[torch.Tensor, torch.Tensor, dict]:
        """(the logit, what the model computes on, everything else) of a pass with a graph."""
        given, arrays = {}, self.trace.inputs
        if "pixel_values" in arrays:
            leaf = torch.tensor(arrays["pixel_values"] if values is None else values).double()[None]
            given = {"pixel_values": leaf.requires_grad_()}
        else:
            ids = torch.from_numpy(arrays["input_ids"])[None]
            table = self.model.get_input_embeddings()(ids).detach().numpy()[0]
            leaf = torch.tensor(table if values is None else values).double()[None].requires_grad_()
            given = {"inputs_embeds": leaf}
        if "decoder_input_ids" in arrays:
            given["decoder_input_ids"] = torch.from_numpy(arrays["decoder_input_ids"])[None]
        if "interpolate_pos_encoding" in inspect.signature(self.model.forward).parameters:
            given["interpolate_pos_encoding"] = True
        out = self.model(**given, output_attentions=True, output_hidden_states=True)
        logits = out.logits[0] if self.place is None else out.logits[0, self.place]
        return logits[self.target.index], leaf, out

    def grown(self, name: str = "attentions") -> list[np.ndarray]:
        """Ā of every layer."""
        logit, _, out = self.passed()
        slopes = torch.autograd.grad(logit, out[name])
        each = zip(out[name], slopes, strict=True)
        return [(a * s)[0].clamp_min(0).mean(0).detach().numpy() for a, s in each]

    def gradient(self, values: np.ndarray | None = None) -> np.ndarray:
        logit, leaf, _ = self.passed(values)
        return torch.autograd.grad(logit, leaf)[0][0].numpy()

    def tokens_of(self, values: np.ndarray) -> np.ndarray:
        """The sum of what each token has."""
        if values.ndim == 2:
            return values.sum(1)
        rows, columns = self.trace.tokens.grid
        cells = values.reshape(3, rows, 16, columns, 16).sum((0, 2, 4))
        return np.concatenate([[0.0], cells.ravel()])


@pytest.fixture(scope="module")
def cases(tmp_path_factory) -> dict[str, Case]:
    made = {}
    for name, model in MODELS.items():
        folder: Path = saved(tmp_path_factory.mktemp("models") / name, model().eval())
        engine = open_engine(str(folder), "image" if name == "vit" else "text", "cpu")
        trace = engine.run(PICTURE, 224) if name == "vit" else engine.run("the cat sat on the mat")
        again = type(model()).from_pretrained(folder, attn_implementation="eager").double().eval()
        made[name] = Case(trace, targets_at(trace)[0], again)
    return made


@pytest.fixture(params=["bert", "gpt2", "vit"])
def case(request, cases) -> Case:
    return cases[request.param]


def row_of(product: np.ndarray, case: Case) -> np.ndarray:
    return product[asked_at(case.trace, case.target)[1]].mean(0)


def test_generic_relevance_is_the_product_of_layers_and_their_skips(case):
    steps = [np.eye(len(one)) + one for one in case.grown()]
    wanted = row_of(reduce(lambda before, one: one @ before, steps), case)
    found = carried.generic(case.trace, case.target)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-6)


def test_gradient_rollout_divides_the_rows_of_each_step(case):
    steps = [np.eye(len(one)) + one for one in case.grown()]
    steps = [one / one.sum(1, keepdims=True) for one in steps]
    wanted = row_of(reduce(lambda before, one: one @ before, steps), case)
    found = carried.gradient_rollout(case.trace, case.target)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-6)
    assert found.is_distribution


def test_an_encoder_decoder_has_the_rules_for_two_streams(cases):
    case = cases["bart"]
    names = ("encoder_attentions", "decoder_attentions", "cross_attentions")
    encoder, decoder, cross = (case.grown(name) for name in names)
    n, t = len(encoder[0]), len(decoder[0])
    of_read, of_written, both = np.eye(n), np.eye(t), np.zeros((t, n))

    def normed(matrix: np.ndarray) -> np.ndarray:
        less = matrix - np.eye(len(matrix))
        sums = less.sum(1, keepdims=True)
        return np.divide(less, sums, out=np.zeros_like(less), where=sums > 0) + np.eye(len(matrix))

    for one in encoder:
        of_read += one @ of_read
    for own, across in zip(decoder, cross, strict=True):
        both += own @ both
        of_written += own @ of_written
        both += normed(of_written).T @ across @ normed(of_read)
    found = carried.generic(case.trace, case.target)
    assert found.tokens is case.trace.tokens
    np.testing.assert_allclose(found.values, both[case.place], rtol=1e-3, atol=1e-6)


def test_gradient_times_input_is_autograds(case):
    found = gradients.times_input(case.trace, case.target)
    _, leaf, _ = case.passed()
    wanted = case.tokens_of(leaf[0].detach().numpy() * case.gradient())
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-4 * np.abs(wanted).max())


def test_smoothgrad_is_the_mean_over_the_same_noise(case):
    settings = NoiseSettings(3, 0.1, 7)
    _, leaf, _ = case.passed()
    at = leaf[0].detach().numpy()
    noise = np.random.default_rng(7).normal(0, 0.1 * (at.max() - at.min()), (3, *at.shape))
    wanted = case.tokens_of(np.abs(np.mean([case.gradient(at + one) for one in noise], axis=0)))
    found = gradients.smooth(case.trace, case.target, SILENT, settings)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-3, atol=1e-4 * wanted.max())


@pytest.mark.parametrize("name", ["bert", "gpt2"])
def test_integrated_gradients_are_complete(name, cases):
    case = cases[name]
    found = integrated.integrated(case.trace, case.target)
    _, leaf, _ = case.passed()
    at = leaf[0].detach().numpy()
    difference = float((case.passed(at)[0] - case.passed(np.zeros_like(at))[0]).detach())
    assert found.total == pytest.approx(difference, rel=2e-3, abs=1e-4)


class Polynomial(Run):
    """y = Σ w x^p, whose integrated gradients are its own terms."""

    weights, power = np.array([[1.0, -2.0], [0.5, 3.0]]), 1

    def slopes(self, target, at, task=SILENT):
        logits = (self.weights * at**self.power).sum((1, 2))
        return logits, self.weights * self.power * at ** (self.power - 1)


@pytest.mark.parametrize("power", [1, 3])
def test_integrated_gradients_of_a_polynomial_are_its_terms(power, cases):
    run, at = Polynomial(), np.array([[1.0, 2.0], [-1.0, 0.5]])
    run = type("Of", (Polynomial,), {"power": power})()
    trace = Trace(**{**vars(cases["bert"].trace), "run": run})
    found, missed = integrated.along(trace, cases["bert"].target, at)
    np.testing.assert_allclose(found, Polynomial.weights * at**power, rtol=1e-6)
    assert abs(missed) < 1e-6


@pytest.mark.parametrize("name", ["bert", "vit"])
def test_grad_cam_weighs_the_last_layers_heads(name, cases):
    case = cases[name]
    logit, _, out = case.passed()
    last = out.attentions[-1]
    slopes = torch.autograd.grad(logit, last)[0]
    at = asked_at(case.trace, case.target)[1]
    looks, slopes = (x[0, :, at].detach().numpy() for x in (last, slopes))
    wanted = np.maximum((slopes.mean((1, 2), keepdims=True) * looks).mean((0, 1)), 0)
    found = cam.cam(case.trace, case.target)
    np.testing.assert_allclose(found.values, wanted, rtol=1e-4, atol=1e-8)


def test_grad_cam_weighs_the_last_map_of_a_network_of_convolutions(tmp_path):
    model = hf.ResNetForImageClassification(hf.ResNetConfig(**NET, **NAMED)).eval()
    folder = saved(tmp_path / "resnet", model)
    trace = open_engine(str(folder), "image", "cpu").run(PICTURE, 224)
    target = targets_at(trace)[0]
    again = hf.ResNetForImageClassification.from_pretrained(folder).double().eval()
    maps = again.resnet(torch.from_numpy(trace.inputs["pixel_values"]).double()[None]).last_hidden_state
    maps = maps.detach().requires_grad_()
    logit = again.classifier(maps.mean((2, 3), keepdim=True))[0, target.index]
    weights = torch.autograd.grad(logit, maps)[0].mean((2, 3), keepdim=True)
    wanted = (weights * maps).sum(1).clamp_min(0)[0].detach().numpy()
    found = cam.cam(trace, target)
    np.testing.assert_allclose(
        found.values.reshape(wanted.shape), wanted, rtol=1e-4, atol=1e-4 * wanted.max()
    )


def test_occlusion_is_what_the_score_loses(cases):
    case = cases["bert"]
    ids = torch.from_numpy(case.trace.inputs["input_ids"])[None]

    def score(hidden: int | None) -> float:
        mask = torch.ones_like(ids)
        if hidden is not None:
            mask[0, hidden] = 0
        with torch.no_grad():
            logits = case.model(input_ids=ids, attention_mask=mask).logits[0]
        return float(logits.softmax(0)[case.target.index])

    found = occlusion.occlusion(case.trace, case.target, SILENT, OcclusionSettings("fine"))
    placed = np.flatnonzero(~case.trace.tokens.special)
    wanted = [score(None) - score(int(at)) for at in placed]
    np.testing.assert_allclose(found.values[placed], wanted, atol=1e-5)
    np.testing.assert_array_equal(np.flatnonzero(found.seen), placed)


def test_occlusion_of_everything_is_the_blank_picture(cases):
    case = cases["vit"]
    everything = ~case.trace.tokens.special
    blank = np.zeros_like(case.trace.inputs["pixel_values"])
    with torch.no_grad():
        logits = case.passed(blank)[2].logits[0]
    found = case.trace.run.scores(everything[None], case.target)[0]
    assert found == pytest.approx(float(logits.softmax(0)[case.target.index]), abs=1e-5)


@pytest.mark.parametrize("parts", ["fine", "coarse"])
def test_parts_take_in_all_that_has_a_place_and_lie_together(parts, cases):
    for case in cases.values():
        found = occlusion.parts_of(case.trace.tokens, OcclusionSettings(parts))
        np.testing.assert_array_equal(found < 0, case.trace.tokens.special)
        assert set(found[found >= 0]) == set(range(found.max() + 1))


def test_of_a_cloud_of_one_object_not_all_is_hidden_at_once():
    corners = np.stack(np.meshgrid(*[np.linspace(0, 0.8, 9)] * 3), -1).reshape(-1, 3)
    for scale, coarse in ((1.0, 4**3), (10.0, 9**3)):  # of 0.2 m, of 1 m
        tokens = PointTokens.of(scale * corners)
        assert occlusion.parts_of(tokens).max() + 1 == coarse


def test_nothing_is_followed_through_whole_numbers(tmp_path):
    """What a model that is quantised says can be scored, and has no gradient: that is said."""
    folder = saved(tmp_path / "bert", MODELS["bert"]().eval())
    engine = open_engine(str(folder), "text", "cpu")
    assert {"gradients", "scores"} <= engine.run("the cat sat").run.offers
    block = engine.model.encoder.layer[0].output.dense
    weight = block.weight.detach()
    block.weight = torch.nn.Parameter((weight * 127).round().to(torch.int8), requires_grad=False)
    block.forward = lambda x: torch.nn.functional.linear(x, block.weight.float() / 127, block.bias)
    trace = engine.run("the cat sat")
    target = targets_at(trace)[0]
    assert "gradients" not in trace.run.offers
    for ask in (trace.run.gradients, lambda target: trace.run.slopes(target, np.zeros((1, 3, 32)))):
        with pytest.raises(HeadlightError, match="is quantised"):
            ask(target)
    assert occlusion.occlusion(trace, target).values.any()


def test_the_similarity_of_two_tokens_is_a_target_of_a_model_without_a_head(tmp_path):
    model = hf.BertModel(hf.BertConfig(**TEXT, intermediate_size=64)).eval()
    trace = open_engine(str(saved(tmp_path / "bert", model)), "text", "cpu").run("the cat sat on the mat")
    assert [one.name for one in targets_at(trace)] == ["similarity"]
    both = trace.tokens.places([2, 3])
    (target,) = targets_at(trace, both)
    assert (target.index, target.place, target.beside) == (SIMILARITY, *both)
    states = trace.run.states()[-1]
    wanted = states[2] @ states[3] / np.linalg.norm(states[2]) / np.linalg.norm(states[3])
    none = np.zeros((1, len(trace.tokens)), bool)
    assert trace.run.scores(none, target)[0] == pytest.approx(wanted, abs=1e-5)
    found = trace.run.gradients(target)
    assert found.logit == pytest.approx(wanted, abs=1e-5)
    assert isinstance(found, Gradients)
    np.testing.assert_array_equal(asked_at(trace, target)[1], [2, 3])
    with pytest.raises(HeadlightError, match="Choose two"):
        trace.run.gradients(Target("similarity", 1.0, SIMILARITY, both[0]))
