"""Heads switched off one by one, and what a score does as tokens go and come."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Scale
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import Cancelled, Task
from headlight.models.explain.faithfulness import FRACTIONS, area, faithfulness, hidden
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from tests.models.explain.test_of_target import MODELS, PICTURE
from tests.models.headed import NAMED, NET, TEXT, saved


@pytest.fixture(scope="module", params=["bert", "gpt2", "vit", "bart"])
def trace(request, tmp_path_factory):
    folder = saved(tmp_path_factory.mktemp("models") / request.param, MODELS[request.param]().eval())
    is_picture = request.param == "vit"
    engine = open_engine(str(folder), "image" if is_picture else "text", "cpu")
    return engine.run(PICTURE, 224) if is_picture else engine.run("the cat sat on the mat")


def test_effects_are_what_the_score_loses_without_each_head(trace):
    target = targets_at(trace)[0]
    nothing = np.zeros((1, len(trace.tokens)), bool)
    whole = trace.run.scores(nothing, target)[0]
    found = trace.run.effects(target)
    assert found.shape == (len(trace.layers), 4)
    for number, head in [(0, 1), (len(trace.layers) - 1, 3)]:
        off = trace.run.again((Scale(trace.layers[number].name, (head,)),))
        lost = whole - off.run.scores(nothing, target)[0]
        assert found[number, head] == pytest.approx(lost, abs=1e-5)
    assert np.abs(found).max() > 1e-4
    blocks = [module for module in trace.run.engine().model.modules() if "forward" in vars(module)]
    assert not blocks  # every block is as it was


class Stopped(Task):
    def __init__(self, after: int) -> None:
        self.left = after

    def check(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Cancelled


def test_a_sweep_that_is_cancelled_leaves_the_model_as_it_was(trace):
    target = targets_at(trace)[0]
    before = trace.run.effects(target)
    with pytest.raises(Cancelled):
        trace.run.effects(target, Stopped(4))
    np.testing.assert_array_equal(trace.run.effects(target), before)


def test_the_most_relevant_tokens_go_first_and_come_first(trace):
    target, placed = targets_at(trace)[0], np.flatnonzero(~trace.tokens.special)
    values = np.random.default_rng(0).normal(size=len(trace.tokens)).astype(np.float32)
    found = faithfulness(trace, target, Relevance(values=values, tokens=trace.tokens, shares=False), 2)
    order = placed[np.argsort(-values[placed])]
    for at in (0, 3, 9):
        share = round(FRACTIONS[at] * len(placed))
        gone, shown = np.zeros((2, len(values)), bool)
        gone[order[:share]], shown[order[share:]] = True, True
        if shown.all():
            shown[order[0]] = False
        wanted = trace.run.scores(np.stack([gone, shown]), target)
        np.testing.assert_allclose([found.deletion[at], found.insertion[at]], wanted, atol=1e-6)
    assert found.random.shape == (2, 10)
    np.testing.assert_allclose(found.random[:, 0], found.deletion[0], atol=1e-6)
    assert found.areas[0] == pytest.approx(area(FRACTIONS, found.deletion))


def test_an_area_is_the_mean_height():
    assert area(FRACTIONS, np.full(10, 0.3)) == pytest.approx(0.3)
    assert area(FRACTIONS, 1 - FRACTIONS) == pytest.approx(0.55)
    assert hidden(6, np.array([4, 2]), np.array([0.5, 1.0])).tolist() == [
        [False, False, False, False, True, False],
        [False, False, True, False, True, False],
    ]


def test_a_network_without_heads_and_one_module_for_all_layers_say_so(tmp_path):
    net = hf.ResNetForImageClassification(hf.ResNetConfig(**NET, **NAMED)).eval()
    trace = open_engine(str(saved(tmp_path / "net", net)), "image", "cpu").run(PICTURE, 224)
    with pytest.raises(HeadlightError, match="cannot be changed"):
        trace.run.effects(targets_at(trace)[0])
    config = hf.AlbertConfig(**TEXT, intermediate_size=64, embedding_size=16, **NAMED)
    albert = hf.AlbertForSequenceClassification(config).eval()
    trace = open_engine(str(saved(tmp_path / "albert", albert)), "text", "cpu").run("the cat sat")
    with pytest.raises(HeadlightError, match="as several layers"):
        trace.run.effects(targets_at(trace)[0])
    assert torch.is_grad_enabled()
