"""Models that hear waves: weights are eager attention’s, letters are read off, and parts can be silenced."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import transformers as hf

from headlight.models.attention.asking.implementations import eager, unchanged
from headlight.models.core.answers import Classes, NextTokens, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide
from headlight.models.engines.door import check
from headlight.models.engines.paired.heard.letters import Letters
from headlight.models.explain.of_target.gradients import times_input
from headlight.models.explain.of_target.occlusion import parts_of
from headlight.viewer.host.engines import open_engine
from tests.models import listening

NOISE = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
SEEN = (80, 100.0, 1.0)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    root, engines = tmp_path_factory.mktemp("waves"), {}

    def engine(kind: str):
        if kind not in engines:
            engines[kind] = open_engine(str(listening.waves(root / kind, kind)), "sound", "cpu")
        return engines[kind]

    return engine


KINDS = ("Wav2Vec2ForCTC", "HubertModel", "WavLMForSequenceClassification")


@pytest.mark.parametrize("kind", KINDS)
def test_weights_are_those_of_eager_attention(opened, kind):
    engine = opened(kind)
    trace = engine.run(NOISE, SEEN)
    values = hf.Wav2Vec2FeatureExtractor()(NOISE, sampling_rate=16_000, return_tensors="pt").input_values
    assert np.allclose(trace.inputs["input_values"], values, atol=1e-5)
    with torch.no_grad(), unchanged(engine.model), eager(engine.model):
        wanted = engine.model(values, output_attentions=True)
    assert len(trace.layers) == len(wanted.attentions) == 2
    for layer, weights in zip(trace.layers, wanted.attentions, strict=True):
        assert torch.allclose(layer.block(None, 0, len(layer.queries)), weights[0], atol=1e-5)
    assert max(check(trace)) < 1e-5
    assert (len(trace.tokens), trace.tokens.labels[3]) == (24, "1.06 s")
    if kind == KINDS[0]:
        found, logits = trace.answer(NextTokens), wanted.logits[0].softmax(-1)
        assert np.allclose(found.probabilities[:, 0], logits.max(-1).values, atol=1e-5)
        assert found.names[5][0] == listening.LETTERS[int(logits[5].argmax())]
        assert any("hears “" in one for one in trace.notices)
    elif kind == KINDS[2]:
        assert np.allclose(trace.answer(Classes).probabilities, wanted.logits[0].softmax(0), atol=1e-5)
    else:
        assert trace.answers == ()


def test_letters_come_to_a_text():
    letters = Letters(dict(enumerate(listening.LETTERS)), 0)
    a, b, blank, space = 5, 6, 0, 4
    assert letters.spelled([blank, a, a, blank, a, space, space, b, blank, 2]) == "AA B"
    assert (letters.numbered("a"), letters.numbered("z"), letters.name(40)) == (5, None, "#40")


def test_what_an_answer_rests_on_can_be_asked(opened):
    trace = opened(KINDS[0]).run(NOISE, SEEN)
    target = next(one for one in trace.answer(NextTokens).targets() if one.place == trace.tokens.place(9))
    found = trace.run.gradients(target)
    assert found.inputs.shape == NOISE.shape
    step = np.zeros_like(found.at)
    step[3000] = 1e-2
    logits, _ = trace.run.slopes(target, np.stack([found.at - step, found.at + step]))
    assert (logits[1] - logits[0]) / 2e-2 == pytest.approx(found.inputs[3000], rel=0.05, abs=1e-4)
    assert times_input(trace, target).values.shape == (24,)
    hidden = np.zeros((2, 24), bool)
    hidden[1, 8:11] = True
    scores = trace.run.scores(hidden, target)
    assert scores[0] == pytest.approx(target.score, abs=1e-5)
    assert len(np.unique(parts_of(trace.tokens))) == 24
    assert len(np.unique(parts_of(trace.tokens.only(np.arange(24).repeat(60))))) == 48
    silent = trace.run.again((Hide((trace.tokens.place(8),)),))
    assert (silent.inputs["input_values"][0, 8 * 320 : 9 * 320] == 0).all()


def test_what_it_cannot_do_is_said(opened):
    engine = opened(KINDS[0])
    assert any("text and language are left out" in one for one in engine.run(NOISE, SEEN, "a").notices)
    with pytest.raises(HeadlightError, match="goes on with no text"):
        engine.run(NOISE, SEEN, writing=Writing(new=3))
    with pytest.raises(HeadlightError, match="makes no frame of 0"):
        engine.run(NOISE[:350], SEEN)
