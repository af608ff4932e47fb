"""Texts that are written of sounds: weights are eager attention’s, and silence behind a sound is no token."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import NextTokens, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT, OUTPUT, Box, CharSpan
from headlight.models.engines.door import check
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.answers import answer_rows
from tests.models import listening
from tests.models.listening import DE, EN, END, NO_TIMES, START, TRANSCRIBE, TRANSLATE

RATE = 16_000
NOISE = (
    np.random.default_rng(0).normal(0, 0.1, RATE + 100).astype(np.float32)
)  # 51 tokens of 20 ms begin in it
SEEN = (80, 100.0, 3.0)
TEXT = "hear"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    return open_engine(str(listening.whisper(tmp_path_factory.mktemp("whisper"))), "sound", "cpu")


def plain(engine, ids):
    """What transformers gives of the same, as a whole, with eager attention."""
    features = engine._hearing.heard(NOISE, SEEN).inputs["input_features"]
    with torch.no_grad(), eager(engine.whole):
        given = {"input_features": features, "decoder_input_ids": torch.tensor([ids])}
        return engine.whole(**given, output_attentions=True)


def test_weights_are_those_of_eager_attention_and_the_rest_lies_on_padding(engine):
    trace = engine.run(NOISE, SEEN, TEXT, language="en")
    ids = [START, EN, TRANSCRIBE, NO_TIMES, *(engine._reader.tokenizer.encode(f" {TEXT}").ids)]
    assert trace.inputs["decoder_input_ids"].tolist() == ids
    out = plain(engine, ids)
    wanted = {"encoder": out.encoder_attentions, "decoder": out.decoder_attentions}
    wanted["cross"] = out.cross_attentions
    assert len(trace.streams[INPUT]) == 51
    for stack, every in wanted.items():
        layers = [layer for layer in trace.layers if layer.stack == stack]
        assert len(layers) == len(every) == 2
        for layer, weights in zip(layers, every, strict=True):
            m, n = len(layer.queries), len(layer.keys)
            assert torch.allclose(layer.block(None, 0, m), weights[0, :, :m, :n], atol=1e-5)
            assert np.allclose(layer.rows(1)[1], weights[0, :, 1, :n], atol=1e-5)
            assert np.allclose(layer.row("max", 1)[1], weights[0].amax(0)[1, :n], atol=1e-5)
            behind = layer.elsewhere(2, np.arange(m)).get("padding", 0)
            assert np.allclose(behind, weights[0, 2, :m, n:].sum(-1), atol=1e-5)
    assert max(check(trace)) < 1e-5
    likeliest = out.logits[0].softmax(-1).topk(trace.answer(NextTokens).probabilities.shape[1]).values
    assert np.allclose(trace.answer(NextTokens).probabilities, likeliest, atol=1e-5)


def test_a_weights_arithmetic_counts_the_silence_too(engine):
    layer = engine.run(NOISE, SEEN, TEXT).layers[-1]
    product = layer.product(1, 5, 7)
    assert product.row.weights[7] == pytest.approx(layer.matrix(1)[5, 7], abs=1e-6)
    assert product.row.weights.sum() == pytest.approx(1, abs=1e-5)
    assert (product.row.keys[51:] == -1).all()


def test_without_a_text_it_writes_what_is_likeliest_behind_its_marks(engine):
    trace = engine.run(NOISE, SEEN, writing=Writing(new=3))
    assert trace.written.ids[0] in (EN, DE)
    assert any("takes the language" in one for one in trace.notices)
    ids = [START, *trace.written.ids[:3]]
    assert ids[2:] == [TRANSCRIBE, NO_TIMES]
    first = plain(engine, [START]).logits[0, -1]
    assert (ids[1] == EN) == bool(first[EN] >= first[DE])
    for _ in range(3):
        ids.append(int(plain(engine, ids).logits[0, -1].argmax()))
    assert list(trace.written.ids) == ids[1:]
    asked = engine.run(NOISE, SEEN, writing=Writing(new=1), language="de", translate=True)
    assert asked.written.ids[:3] == (DE, TRANSLATE, NO_TIMES)
    beams = engine.run(NOISE, SEEN, writing=Writing(new=2, beams=3), language="de")
    assert beams.written.ids[:3] == (DE, TRANSCRIBE, NO_TIMES)
    given = (*trace.written.ids[:3], 40)
    assert engine.run(NOISE, SEEN, writing=Writing(ids=given, new=1)).written.ids[:4] == given


def test_frames_have_their_place_in_time_and_words_in_the_text(engine):
    trace = engine.run(NOISE, SEEN, TEXT)
    frames, written = trace.streams[INPUT], trace.streams[OUTPUT]
    assert frames.labels[7] == "3.14 s"
    assert np.allclose(frames.place(7).corners, (14, 0, 16, 80))
    assert isinstance(frames.place(7), Box)
    assert list(frames.find(Box(15, 3, 15, 3))) == [7]
    assert written.special.tolist() == [True] * 4 + [False] * 5
    assert written.place(5) == CharSpan(1, 2, stream=OUTPUT)
    row = rollout_row(trace.layers, len(written) - 1)
    assert row.shape == (51,)
    assert 0 < row.sum() < 1


def test_what_says_nothing_has_no_place(engine):
    trace = engine.run(NOISE, SEEN, writing=Writing(ids=(EN, TRANSCRIBE, NO_TIMES, 299, 40)))
    written = trace.streams[OUTPUT]
    assert written.labels[4] == "#299"
    assert written.special.tolist() == [True] * 5 + [False]
    assert answer_rows(trace, (written.place(4),)).said == "after #299"


def test_what_is_heard_no_more_and_what_is_not_known_is_told(engine):
    trace = engine.run(np.tile(NOISE, 3), SEEN, TEXT)
    assert len(trace.streams[INPUT]) == 100
    assert any("hears 2 s at once" in one for one in trace.notices)
    assert trace.layers[0].elsewhere(0, 0) == {}
    with pytest.raises(HeadlightError, match="knows no language “xx”"):
        engine.run(NOISE, SEEN, TEXT, language="xx")
    with pytest.raises(HeadlightError, match="writes 44 at most"):
        engine.run(NOISE, SEEN, "a" * 80)
    assert END == 0
