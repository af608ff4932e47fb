"""Texts that are written of pictures: weights are eager attention’s, and what is written the model’s own."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import NextTokens, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT, OUTPUT, Box, CharSpan, PatchTokens
from headlight.models.engines.door import check
from headlight.models.engines.paired.captions import CaptionEngine
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.host.engines import open_engine
from tests.models import picture_texts

PIXELS = np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)
TEXT = "a cat"


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """An engine of each kind, as from a user's disk, opened once."""
    root, engines = tmp_path_factory.mktemp("written"), {}

    def engine(name: str) -> CaptionEngine:
        if name not in engines:
            engines[name] = open_engine(str(picture_texts.folder(root, name)), "picture-text", "cpu")
        return engines[name]

    return engine


def plain(engine: CaptionEngine, ids: list[int], **more) -> dict[str, object]:
    """What transformers gives of the same, as a whole: logits, and the weights of each stack."""
    values = engine._feeder.fed(PIXELS).inputs["pixel_values"]
    with torch.no_grad():
        if engine.whole.config.is_encoder_decoder:
            out = engine.whole(pixel_values=values, decoder_input_ids=torch.tensor([ids]), **more)
            return {"logits": out.logits, "decoder": out.decoder_attentions, "cross": out.cross_attentions}
        states = engine.eye.tower(values).last_hidden_state
        out = engine.model(input_ids=torch.tensor([ids]), encoder_hidden_states=states, **more)
        whole = engine.whole(pixel_values=values, input_ids=torch.tensor([ids]))
        return {"logits": whole.logits, "decoder": out.attentions, "cross": out.cross_attentions}


@pytest.mark.parametrize("name", picture_texts.WRITTEN)
def test_weights_are_those_of_eager_attention_and_the_answer_is_the_models(opened, name):
    engine = opened(name)
    trace = engine.run(PIXELS, TEXT)
    ids = trace.inputs["decoder_input_ids"].tolist()
    with eager(engine.whole):
        wanted = plain(engine, ids, output_attentions=True)
    for stack in ("decoder", "cross"):
        layers = [layer for layer in trace.layers if layer.stack == stack]
        assert len(layers) == len(wanted[stack]) == 2
        for layer, weights in zip(layers, wanted[stack], strict=True):
            assert torch.allclose(layer.block(None, 0, len(layer.queries)), weights[0], atol=1e-5)
    assert max(check(trace)) < 1e-5
    answer = trace.answer(NextTokens)
    likeliest = plain(engine, ids)["logits"][0].softmax(-1).topk(answer.probabilities.shape[1]).values
    assert np.allclose(answer.probabilities, likeliest.numpy(), atol=1e-5)


@pytest.mark.parametrize("name", picture_texts.WRITTEN)
def test_without_a_text_it_writes_what_is_likeliest(opened, name):
    engine = opened(name)
    trace = engine.run(PIXELS, "", writing=Writing(new=3))
    ids = [engine._start]
    for _ in range(3):
        ids.append(int(plain(engine, ids)["logits"][0, -1].argmax()))
    assert list(trace.written.ids) == ids[1:]
    behind = engine.run(PIXELS, TEXT, writing=Writing(new=2))
    assert behind.written.text.startswith(TEXT)
    assert len(behind.written.ids) == len(TEXT) + 2


def test_both_streams_have_their_places(opened):
    trace = opened("donut").run(PIXELS, TEXT)
    assert {layer.stack for layer in trace.layers} == {"encoder", "decoder", "cross"}
    written, cross = trace.streams[OUTPUT], trace.layers[-1]
    assert written.place(1) == CharSpan(0, 1, stream=OUTPUT)
    assert cross.queries is written
    assert isinstance(cross.keys, PatchTokens)
    assert isinstance(cross.keys.place(0), Box)
    finest = trace.streams[INPUT]
    assert len(finest) == 4 * len(cross.keys)
    row = rollout_row(trace.layers, len(written) - 1)
    assert row.shape == (len(finest),)
    assert 0.5 < row.sum() < 1


def test_what_is_longer_than_it_writes_is_refused(opened):
    with pytest.raises(HeadlightError, match="writes 63 at most"):
        opened("vit-bert").run(PIXELS, "a" * 80)
