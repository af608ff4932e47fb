"""Heads switched off one by one, and what a score does as tokens go and come."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.core.answers import Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Scale
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Cancelled, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import Run
from headlight.models.explain.faithfulness import (
    FRACTIONS,
    Curves,
    Tally,
    area,
    at_random,
    faithfulness,
    hidden,
    tallied,
)
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from tests.models.explain.test_of_target import MODELS, PICTURE
from tests.models.headed import NAMED, NET, TEXT, saved
from tests.viewer.given import trace_of


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
    found = faithfulness(trace, target, Relevance(values=values, tokens=trace.tokens, shares=False))
    random = at_random(trace, target, 2)
    order = placed[np.argsort(-values[placed])]
    for at in (0, 3, 9):
        share = round(FRACTIONS[at] * len(placed))
        gone, shown = np.zeros((2, len(values)), bool)
        gone[order[:share]], shown[order[share:]] = True, True
        if shown.all():
            shown[order[0]] = False
        wanted = trace.run.scores(np.stack([gone, shown]), target)
        np.testing.assert_allclose([found.deletion[at], found.insertion[at]], wanted, atol=1e-6)
    assert random.deletion.shape == random.insertion.shape == (2, 10)
    np.testing.assert_allclose(random.deletion[:, 0], found.deletion[0], atol=1e-6)
    assert found.areas[0] == pytest.approx(area(FRACTIONS, found.deletion))
    # What comes in a random order is what goes in its reverse.
    drawn = np.random.default_rng(0).permutation(placed)
    alike = faithfulness(trace, target, replaced(trace, drawn))
    np.testing.assert_allclose(alike.deletion, random.deletion[0], atol=1e-6)
    reverse = faithfulness(trace, target, replaced(trace, drawn[::-1]))
    np.testing.assert_allclose(reverse.insertion, random.insertion[0], atol=1e-6)


class Seen(Run):
    """A model whose score is how many of its tokens it sees, the last ones a tenth of that."""

    def scores(self, hidden, target, task=SILENT):
        weights = np.where(np.arange(hidden.shape[1]) < 5, 1.0, 0.1)
        return (~hidden @ weights).astype(np.float32)


def test_as_many_tokens_are_left_as_the_model_has_to_see():
    tokens = PointTokens.of(np.random.default_rng(0).normal(size=(10, 3)).astype(np.float32))
    trace = trace_of(tokens, run=Seen(least=4))
    values = np.arange(10, 0, -1).astype(np.float32)
    found = faithfulness(trace, Target("a", 1.0, 0), Relevance(values=values, tokens=tokens, shares=False))
    np.testing.assert_allclose(found.insertion[:6], [4, 4, 4, 4, 4, 5], atol=1e-6)
    np.testing.assert_allclose(found.deletion[[0, 5, 6, 9]], [5.5, 0.5, 0.4, 0.4], atol=1e-6)


def replaced(trace, order: np.ndarray) -> Relevance:
    """Of which the tokens come in this order."""
    values = np.zeros(len(trace.tokens), np.float32)
    values[order] = np.arange(len(order), 0, -1)
    return Relevance(values=values, tokens=trace.tokens, shares=False)


def test_a_tally_says_means_errors_wins_and_what_is_beaten():
    less = np.array([[0.1, 0.3], [0.2, 0.2], [0.3, 0.6]])
    more = np.array([[0.9, 0.9], [0.8, 0.2], [0.7, 0.4]])
    orders = np.array([[0.2, 0.4], [0.1, 0.5], [0.5, 0.7]])
    tally = Tally(less, more, orders, 1 - orders)
    deletion, insertion = tally.means()
    np.testing.assert_allclose(deletion, [0.2, 1.1 / 3, 0.4])
    np.testing.assert_allclose(insertion, [0.8, 0.5, 0.6])
    np.testing.assert_allclose(tally.errors()[0][0], 0.1 / np.sqrt(3))
    np.testing.assert_allclose(tally.gains()[0][0], [0.2, np.std([0.2, 0.1, 0.3], ddof=1) / np.sqrt(3)])
    assert [one.tolist() for one in tally.wins()] == [[3, 1], [3, 1]]
    assert [one.tolist() for one in tally.beats()] == [[2, 0], [2, 1]]
    alone = Tally(less[:1], more[:1], orders[:1], orders[:1])
    assert np.isnan(alone.errors()[0]).all()
    assert np.isnan(alone.gains()[1][:, 1]).all()
    curves = Curves(FRACTIONS, np.full(10, 0.1, np.float32), np.full(10, 0.9, np.float32))
    many = Curves(FRACTIONS, np.full((2, 10), 0.4, np.float32), np.full((2, 10), 0.9, np.float32))
    assert curves.beaten(many) == (2, 0)
    found = tallied([([curves], many), ([curves], many)])
    np.testing.assert_allclose(found.deletion, [[0.1], [0.1]])
    assert found.random_insertion.shape == (2, 2)


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
