"""Pictures with texts in one sequence: weights are eager attention's, and each token lies where it looks."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from headlight.models.core.answers import NextTokens, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Hide
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.tokens import Box, CharSpan
from headlight.models.engines.door import check
from headlight.models.engines.paired.one_sequence import OneSequenceEngine
from headlight.models.explain.artifacts import token_norms
from headlight.models.explain.of_target.carried import generic
from headlight.models.explain.rollout import rollout_row
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.explain.artifacts import carrying
from tests.models import picture_texts

HEIGHT, WIDTH = 60, 100
PIXELS = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
TEXT = "a cat on a mat"
ENDS = ("out_proj", "proj", "o_proj", "projection_layer")
"""What attention modules of towers call the projection of what heads give."""


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """An engine of each kind, as from a user's disk, opened once."""
    root, engines = tmp_path_factory.mktemp("picture-texts"), {}

    def engine(name: str) -> OneSequenceEngine:
        if name not in engines:
            engines[name] = open_engine(str(picture_texts.folder(root, name)), "picture-text", "cpu")
        return engines[name]

    return engine


@pytest.mark.parametrize("name", picture_texts.MADE)
def test_weights_are_those_of_eager_attention_and_the_answer_is_the_models(opened, name):
    engine = opened(name)
    trace = engine.run(PIXELS, TEXT)
    inputs = engine._inputs(trace.run.given, None)
    with torch.no_grad():
        plain = engine.head.whole(**inputs)
        engine.model.set_attn_implementation("eager")
        given = engine.head.whole(**inputs, output_attentions=True)
        engine.model.set_attn_implementation("sdpa")
    layers = [layer for layer in trace.layers if layer.stack == "language"]
    assert len(layers) == len(given.attentions) == 2
    for layer, weights in zip(layers, given.attentions, strict=True):
        found = layer.block(None, 0, len(layer.queries))
        assert torch.allclose(found, weights[0], atol=1e-5)
    assert max(check(trace)) < 1e-5
    answer = trace.answer(NextTokens)
    wanted = plain.logits[0].softmax(-1).topk(answer.probabilities.shape[1]).values
    assert np.allclose(answer.probabilities, wanted.numpy(), atol=1e-5)


def local(engine: OneSequenceEngine) -> None:
    """Let no patch see another one: what heads give counts for nothing."""
    for module in engine.model.modules():
        if "Attention" not in type(module).__name__ or module is engine.model.get_decoder():
            continue
        for end in ENDS:
            if isinstance(projection := getattr(module, end, None), torch.nn.Linear):
                projection.weight.zero_()


@pytest.mark.parametrize("name", picture_texts.MADE)
def test_a_token_lies_where_the_pixels_are_that_it_is_made_of(tmp_path, name):
    engine = open_engine(str(picture_texts.folder(tmp_path, name)), "picture-text", "cpu")
    local(engine)
    before = engine.run(PIXELS, TEXT)
    tower = [layer for layer in before.layers if layer.stack not in ("language", "overview")]
    for share in (0.0, 0.3, 0.7, 0.99):
        tokens = tower[int(share * len(tower))].queries
        x, y = middle(tokens.place(tokens.prefix + int(share * (len(tokens) - tokens.prefix))))
        changed = PIXELS.copy()
        changed[y : y + 2, x : x + 2] = 255 - changed[y : y + 2, x : x + 2]
        after = engine.run(changed, TEXT)
        at = Box(x + 1, y + 1, x + 1, y + 1)
        moved = difference(before, after, "language")
        on_picture = before.tokens.on_picture
        assert moved[~on_picture].max() == 0, "what is no part of the picture changes"
        where = before.tokens.find(at)
        if not len(where):  # what is cropped away
            assert moved.max() == 0
            continue
        assert moved.argmax() in where
        for layer in tower[:: len(tower) // 2]:
            moved = difference(before, after, layer.stack, layer.name)
            if moved.max() > 0:
                assert moved.argmax() in layer.queries.find(at), layer.name


def middle(box: Box) -> tuple[int, int]:
    """A pixel whose right lower corner is the middle of a box, within the picture."""
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return min(max(round(x) - 1, 0), WIDTH - 2), min(max(round(y) - 1, 0), HEIGHT - 2)


def difference(before, after, stack: str, name: str = "") -> np.ndarray:
    """float (n,): how far the values of each token moved in the first layer of a stack, or that of a name."""
    pair = [
        next(one for one in trace.layers if one.stack == stack and name in ("", one.name))
        for trace in (before, after)
    ]
    values = [layer.vectors("value") for layer in pair]
    return (values[0] - values[1]).abs().amax((0, 2)).numpy()


def test_the_text_says_where_the_picture_stands_and_knows_its_characters(opened):
    text = "before <image> and behind"
    tokens = opened("llava").run(PIXELS, text).tokens
    on_picture = np.flatnonzero(tokens.on_picture)
    assert len(on_picture) == 16
    assert (np.diff(on_picture) == 1).all()
    assert on_picture[0] == len("before ")
    for index in np.flatnonzero(~tokens.on_picture):
        place = tokens.place(int(index))
        assert isinstance(place, CharSpan)
        assert text[place.start : place.stop].strip() == tokens.labels[int(index)].removeprefix("##").strip()
        assert index in tokens.find(place)
    with pytest.raises(HeadlightError, match="places for 2 pictures"):
        opened("llava").run(PIXELS, "<image> beside <image>")


def test_what_is_written_follows_both(opened):
    engine = opened("gemma")
    trace = engine.run(PIXELS, TEXT, writing=Writing(new=4))
    whole, inputs = engine.head.whole, engine._inputs(engine.run(PIXELS, TEXT).run.given, None)
    wanted = []
    for _ in range(4):  # by hand, without a cache
        with torch.no_grad():
            following = whole(**inputs).logits[0, -1].argmax()
        wanted.append(int(following))
        inputs["input_ids"] = torch.cat([inputs["input_ids"], following[None, None]], 1)
        for name in ("attention_mask", "token_type_ids"):
            more = torch.full((1, 1), int(name == "attention_mask"))
            inputs[name] = torch.cat([inputs[name], more], 1)
    assert list(trace.written.ids) == wanted
    assert trace.written.probabilities.min() > 0
    assert len(trace.tokens) == trace.written.start + 4
    assert trace.tokens.on_picture.sum() == 4


def test_a_hidden_patch_is_seen_by_no_word(opened):
    trace = opened("smolvlm").run(PIXELS, TEXT)
    place = trace.tokens.place(int(np.flatnonzero(trace.tokens.on_picture)[-1]))
    hidden = trace.run.again((Hide((place,)),))
    at = int(trace.tokens.find(place)[0])
    last = hidden.layers[-1]
    assert last.stack == "language"
    assert last.rows(np.arange(at + 1, len(trace.tokens)))[1][:, at].max() == 0


def test_relevance_and_rollout_reach_the_picture(opened):
    trace = opened("llava").run(PIXELS, TEXT)
    on_picture = trace.tokens.on_picture
    row = rollout_row(trace.layers, trace.readout, RolloutSettings())
    assert row.sum() == pytest.approx(1, abs=1e-5)
    assert row[on_picture].sum() > 0.1
    assert len(rollout_row(trace.layers, 3, RolloutSettings(stack="encoder"))) == 17
    found = generic(trace, targets_at(trace)[0])
    assert found.values.shape == (len(trace.tokens),)
    assert found.values[on_picture].max() > 0


@pytest.mark.parametrize("name", ["llava", "smolvlm"])
def test_norms_are_of_the_stream_of_the_language_model(opened, name):
    engine = opened(name)
    trace = engine.run(PIXELS, TEXT)
    with torch.no_grad():
        plain = engine.model(**engine._inputs(trace.run.given, None), output_hidden_states=True)
    wanted = torch.stack([one[0].norm(dim=-1) for one in plain.hidden_states[:-1]])  # the last is normalised
    found = token_norms(trace)
    assert found.shape == (3, len(trace.tokens))
    np.testing.assert_allclose(found[:2], wanted, rtol=1e-4)
    assert {layer.stack for layer in carrying(trace)} == {"language"}


def test_a_second_place_for_a_picture_is_refused_however_it_is_written(opened, monkeypatch):
    with pytest.raises(HeadlightError, match=r"places for 2 pictures \(<image>\)"):
        opened("qwen2").run(PIXELS, "<image> and <image>")
    with pytest.raises(HeadlightError, match=r"places for 2 pictures \(<begin>\)"):
        opened("qwen2").run(PIXELS, "<begin> and <begin>")
    composer = opened("llava")._composer
    monkeypatch.setattr(composer, "image", picture_texts.END)
    with pytest.raises(HeadlightError, match=r"<image> would be read as words: .* is <end>"):
        opened("llava").run(PIXELS, "what is <image> it")


def test_what_cannot_be_read_is_said(opened, tmp_path):
    with pytest.raises(HeadlightError, match="needs at least 8 × 8"):
        opened("llava").run(PIXELS[:4], TEXT)
    with pytest.raises(HeadlightError, match="tokens and the text"):
        opened("llava").run(PIXELS, "a " * 3000)
    with pytest.raises(HeadlightError, match="reads images, not pictures with texts"):
        open_engine("dinov2-small", "picture-text", "cpu")
    with pytest.raises(HeadlightError, match="No model in the box reads pictures with texts"):
        open_engine(None, "picture-text", "cpu")
