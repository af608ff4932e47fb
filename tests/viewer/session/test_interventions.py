"""What is changed of a document's input and model: made again, taken back, refused, kept by an edit."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import transformers as hf
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.core.answers import Classes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Freeze, Hide, Level, Off, Scale, Swap
from headlight.models.core.tokens import Box, CharSpan
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.host.forward import forward_pass, remade
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput, TextInput, from_text
from headlight.viewer.session.interventions import after_model, after_text
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session
from tests.models.headed import NAMED, TEXT, VIT, saved

LAYER = "encoder.layer.1.attention.self"
OFF = Scale(LAYER, (0, 2))
CAT = Hide((CharSpan(4, 7),))


@pytest.fixture(scope="module")
def bert(tmp_path_factory):
    config = hf.BertConfig(**TEXT, intermediate_size=64, **NAMED)
    return str(saved(tmp_path_factory.mktemp("bert"), hf.BertForSequenceClassification(config)))


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    return str(saved(tmp_path_factory.mktemp("vit"), hf.ViTForImageClassification(hf.ViTConfig(**VIT))))


class Desk:
    """A session with its runs and real passes, without a window."""

    def __init__(self, qtbot) -> None:
        self.session, self.jobs, self.told = Session(), Jobs(Bridge().post), []
        self.runs = Runs(self.session, self.jobs, lambda *said: self.told.append(said), RunOptions())
        self._qtbot = qtbot

    def open(self, what, model):
        document = self.session.add(what, RunOptions(model=model, size=224))
        self.runs.start(document)
        return self.settled(document)

    def settled(self, document):
        self._qtbot.waitUntil(lambda: not self.jobs.running(), timeout=20_000)
        return document

    def intervened(self, document, *interventions):
        self.runs.intervene(document, interventions)
        return logits(self.settled(document).trace)


@pytest.fixture
def desk(qtbot):
    made = Desk(qtbot)
    yield made
    made.jobs.close()


def logits(trace) -> np.ndarray:
    return trace.answer(Classes).probabilities


def test_a_document_is_made_again_and_undo_gives_back_what_was(desk, bert):
    document = desk.open(from_text("the cat sat"), bert)
    plain, number = logits(document.trace), len(desk.told)
    off = desk.intervened(document, OFF)
    both = desk.intervened(document, OFF, CAT)
    assert document.trace.recipe.interventions == (OFF, CAT)
    assert document.made.interventions == (OFF, CAT)
    np.testing.assert_array_equal(both, logits(remade(document.trace.recipe).trace))
    assert not np.array_equal(plain, off)
    assert not np.array_equal(off, both)
    for wanted in (off, plain):
        desk.session.undo()
        np.testing.assert_array_equal(logits(desk.settled(document).trace), wanted)
    desk.session.redo()
    np.testing.assert_array_equal(logits(desk.settled(document).trace), off)
    assert len(desk.told) == number  # what was said of the first pass is not said again


@pytest.mark.parametrize("nothing", [Hide(()), Scale(LAYER, (1,), 1.0), Level(LAYER, ()), Off(OFF)])
def test_what_changes_nothing_changes_the_output_by_0(bert, nothing):
    options = RunOptions(model=bert)
    plain = forward_pass(from_text("the cat sat"), options)
    same = forward_pass(from_text("the cat sat"), replace(options, interventions=(nothing,)))
    np.testing.assert_array_equal(logits(plain.trace), logits(same.trace))
    assert same.checks == plain.checks


def test_what_cannot_be_done_is_said_and_leaves_all_as_it_was(desk, bert):
    document = desk.open(from_text("the cat sat"), bert)
    trace = document.trace
    for wrong, why in [
        (Scale("encoder.layer.9", (0,)), "There is no layer encoder.layer.9"),
        (Scale(LAYER, (7,)), "has no head 7"),
        (Hide((CharSpan(90, 91),)), "nothing at the places"),
        (Hide(tuple(trace.tokens.places(range(len(trace.tokens))))), "Nothing is left"),
    ]:
        desk.runs.intervene(document, (OFF, wrong))
        desk.settled(document)
        assert why in desk.told[-1][1]
        assert (document.trace, document.made.interventions, document.state) == (trace, (), "ready")


def test_heads_are_frozen_to_another_document_open_or_closed(desk, bert):
    other, document = (desk.open(from_text(text), bert) for text in ("the mat sat", "the cat sat"))
    frozen = tuple(Freeze(layer.name, (0, 1, 2, 3), other.trace.recipe) for layer in document.trace.layers)
    found = desk.intervened(document, *frozen)
    for layer, theirs in zip(document.trace.layers, other.trace.layers, strict=True):
        np.testing.assert_array_equal(layer.matrix(1), theirs.matrix(1))
    assert max(document.checks) < 1e-4
    desk.intervened(document)
    desk.runs.close(other)
    np.testing.assert_array_equal(desk.intervened(document, *frozen), found)
    desk.runs.edit(document, "the cat sat on", None)
    desk.settled(document)
    assert "attends from 6 to 6 tokens" in desk.told[-1][1]
    assert document.input.text == "the cat sat"


def test_a_picture_is_edited_before_it_is_read(desk, vit):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    swap = Swap(Box(0, 0, 16, 16), Box(32, 16, 48, 32))
    document = desk.open(ImageInput("noise", pixels), vit)
    plain = logits(document.trace)
    off = Scale(document.trace.layers[1].name, (0,))
    found = desk.intervened(document, swap, off)
    edited = pixels.copy()
    edited[:16, :16], edited[16:32, 32:48] = pixels[16:32, 32:48], pixels[:16, :16]
    np.testing.assert_array_equal(document.input.pixels, edited)
    options = RunOptions(model=vit, size=224)
    wanted = forward_pass(ImageInput("edited", edited), options).trace.run.again((off,))
    np.testing.assert_array_equal(found, logits(wanted))
    np.testing.assert_array_equal(desk.intervened(document, Off(swap)), plain)
    np.testing.assert_array_equal(document.input.pixels, pixels)
    with pytest.raises(HeadlightError, match="edited before a model reads it"):
        wanted.run.again((swap,))


def test_another_model_has_other_heads(desk, bert):
    assert after_model((OFF, CAT, Off(Level(LAYER, (0,))))).interventions == (CAT,)
    assert after_model((CAT,)).dropped == ""
    document = desk.open(from_text("the cat sat"), bert)
    desk.intervened(document, OFF, CAT)
    desk.runs.change(document, model=bert)
    desk.settled(document)
    assert document.made.interventions == (CAT,)
    assert "1 change of heads is taken back" in desk.told[-1][1]


def test_an_edit_keeps_the_words_that_it_leaves(desk, bert):
    document = desk.open(from_text("the cat sat"), bert)
    desk.intervened(document, OFF, CAT)
    desk.runs.edit(document, "once the cat sat", None)
    desk.settled(document)
    assert document.made.interventions == (OFF, Hide((CharSpan(9, 12),)))
    desk.runs.edit(document, "once the dog sat", None)
    desk.settled(document)
    assert document.made.interventions == (OFF,)
    assert "“cat” is not hidden any more: the text there is another." in [said[1] for said in desk.told]


WORDS = st.lists(st.sampled_from(["a", "ab", "b"]), min_size=1, max_size=6)


@settings(max_examples=50)
@given(before=WORDS, after=WORDS, data=st.data())
def test_what_stays_hidden_is_the_same_word(before, after, data):
    number = data.draw(st.integers(0, len(before) - 1))
    start = sum(len(word) + 1 for word in before[:number])
    span = CharSpan(start, start + len(before[number]))
    old, new = " ".join(before), " ".join(after)
    kept = after_text((Hide((span,)),), TextInput("", old), TextInput("", new))
    assert bool(kept.dropped) == (kept.interventions == ())
    for one in kept.interventions:
        (place,) = one.places
        assert new[place.start : place.stop] == before[number]
        assert f" {new} "[place.start] == " " == f" {new} "[place.stop + 1]
    if old == new:
        assert kept.interventions == (Hide((span,)),)
