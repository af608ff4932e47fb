"""Going on with a text: what is written, how likely it was, and that it can be made again."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel as Bytes
from tokenizers.models import BPE
from tokenizers.pre_tokenizers import ByteLevel

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import NextTokens, SoFar, Writing
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Cancelled, Task
from headlight.models.engines.language import LanguageEngine
from headlight.models.engines.texts import going_on
from headlight.models.engines.texts.encodings import tokens_of
from headlight.models.engines.texts.going_on import extended, spelled

PROMPT = "Mrs Abernathy lit the lamp. Then Mrs"


@pytest.fixture(scope="module")
def engine() -> LanguageEngine:
    return LanguageEngine.open(find("induction"), "cpu")


@pytest.mark.parametrize(
    "writing", [Writing(new=9), Writing(new=9, beams=3), Writing(new=9, top_k=1, seed=2)]
)
def test_the_likeliest_goes_on_as_the_text_did(engine, writing):
    trace = engine.run(PROMPT, writing=writing)
    written = trace.written
    assert (written.text, written.ended) == (" Abernathy lit the lamp. Then Mrs", "length")
    assert trace.tokens.sources == (PROMPT + written.text,)
    assert [trace.tokens.labels[at] for at in range(written.start, len(trace.tokens))] == [
        *("Abernathy", "l", "##i", "##t", "the", "lamp", ".", "Then", "Mrs")
    ]
    # One pass over all of it: each probability is what the answer says at the token before.
    answer = trace.answer(NextTokens)
    np.testing.assert_array_equal(written.probabilities, answer.given[written.start - 1 : -1])
    assert (written.probabilities > 0.999).all()
    assert all(layer.check() < 1e-5 for layer in trace.layers)


def test_drawn_tokens_have_their_own_probabilities_and_the_same_seed_draws_the_same(engine):
    writing = Writing(new=12, temperature=4.0, seed=3)
    first, again = (engine.run(PROMPT, writing=writing) for _ in range(2))
    other = engine.run(PROMPT, writing=replace(writing, seed=4))
    assert first.written.ids == again.written.ids != other.written.ids
    trace, start = first, first.written.start
    with torch.no_grad():
        logits = engine.head.logits({"input_ids": torch.tensor(trace.inputs["input_ids"])[None]})[0]
    answer = trace.answer(NextTokens)
    for step, number in enumerate(trace.written.ids):
        shares = (logits[start - 1 + step] / 4.0).softmax(-1)
        assert trace.written.drawn[step] == pytest.approx(float(shares[number]), rel=1e-4)
        listed = shares[torch.tensor(answer.ids[start - 1 + step])]
        np.testing.assert_allclose(trace.written.shares[step], listed, rtol=1e-4)
    assert len(trace.written.shares) == len(trace.written.ids) + 1


def test_of_what_a_cut_leaves_the_shares_are_of_one_whole():
    logits = torch.randn(3, 9, generator=torch.Generator().manual_seed(0))

    class Speaking:
        def logits_at(self, *_: object) -> list[tuple[int, torch.Tensor]]:
            return [(0, logits[:2]), (2, logits[2:])]

    ids = np.tile(np.arange(9), (3, 1))
    found = going_on.shares_drawn(Speaking(), None, np.arange(3), ids, Writing(temperature=2.0, top_k=4))
    kept = logits.masked_fill(logits < logits.topk(4).values[:, -1:], -torch.inf)
    np.testing.assert_allclose(found, (kept / 2).softmax(-1), rtol=1e-5)


def test_what_was_written_can_be_given_and_the_model_goes_on(engine):
    whole = engine.run(PROMPT, writing=Writing(new=6)).written
    same = engine.run(PROMPT, writing=Writing(new=0, ids=whole.ids))
    assert (same.written.ids, same.written.ended, same.recipe.written) == (whole.ids, "given", whole.ids)
    np.testing.assert_allclose(same.written.probabilities, whole.probabilities, rtol=1e-6)
    assert engine.run(PROMPT, writing=Writing(new=4, ids=whole.ids[:2])).written.ids == whole.ids
    assert engine.run(PROMPT, writing=Writing(target="Abernathy lit the")).written.ids == whole.ids[:5]


def test_a_text_ends_where_the_model_says_so_and_where_there_is_no_room(engine):
    ended = engine.run("zebra sings", writing=Writing()).written
    assert (ended.ids, ended.text, ended.ended) == ((0,), "", "end")
    long = "a b c d e f g " * 146
    full = engine.run(long, writing=Writing(new=20)).written
    assert (len(full.ids), full.ended) == (1, "room")
    with pytest.raises(HeadlightError, match="longer than the 1,024 tokens"):
        engine.run(long + long, writing=Writing())


@pytest.mark.parametrize(
    "wrong",
    [
        *({"beams": 0}, {"temperature": 0.0}, {"top_k": 0}, {"top_p": 1.5}, {"top_p": 0.0}),
        *({"new": -1}, {"new": 0}, {"target": " "}),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(wrong):
    with pytest.raises(HeadlightError):
        Writing(**wrong)


def test_an_encoder_writes_nothing():
    with pytest.raises(HeadlightError, match="writes nothing"):
        LanguageEngine.open(find("minilm-l6"), "cpu").run("the cat", writing=Writing())


@pytest.mark.parametrize("step", [1, 4])
def test_writing_can_be_cancelled_at_any_token(engine, step):
    class Impatient(Task):
        heard = 0

        def progress(self, share: float, sentence: str) -> None:
            self.heard += "is written" in sentence
            if self.heard == step:
                raise Cancelled

    with pytest.raises(Cancelled):
        engine.run(PROMPT, task=Impatient(), writing=Writing(new=8))
    assert engine.run(PROMPT, writing=Writing(new=2)).written.text == " Abernathy l"


def test_what_is_written_is_handed_out_on_the_way_and_known_once_it_is_done(engine, monkeypatch):
    class Listening(Task):
        def __init__(self) -> None:
            self.heard, self.said = [], []

        def progress(self, share: float, sentence: str) -> None:
            self.said.append(sentence)

        def partial(self, value: SoFar) -> None:
            self.heard.append(value)

    monkeypatch.setattr(going_on, "PAUSE", -1.0)
    first = engine.run(PROMPT, writing=Writing(new=1)).written.ids
    task, writing = Listening(), Writing(new=7, ids=first)
    whole = engine.run(PROMPT, task=task, writing=writing).written
    assert [one.ids for one in task.heard] == [whole.ids[:count] for count in range(1, 8)]
    assert whole.text.lstrip().startswith(task.heard[-1].text)
    again = Listening()
    assert engine.run(PROMPT, task=again, writing=writing).written.ids == whole.ids
    assert not any("is written" in sentence for sentence in again.said)


def of_bytes() -> Tokenizer:
    tokenizer = Tokenizer(BPE({letter: at for at, letter in enumerate(ByteLevel.alphabet())}, []))
    tokenizer.pre_tokenizer, tokenizer.decoder = ByteLevel(add_prefix_space=False), Bytes()
    return tokenizer


def test_half_a_character_says_so():
    tokenizer = of_bytes()
    read, ids = tokenizer.encode("a"), tokenizer.encode("éd👍").ids[:-1]
    ids.insert(2, ids[0])  # a first half, and behind it a whole letter
    text, spans = spelled(tokenizer, read.ids, ids)
    before = tokens_of(read, ("a",), None)
    found = extended(before, tokenizer, ids, text, spans, [False] * len(ids))
    assert found.labels == (
        *("a", "##⟨1/2 of é⟩", "⟨2/2 of é⟩", "⟨byte C3⟩", "d"),
        *("⟨byte F0⟩", "⟨byte 9F⟩", "⟨byte 91⟩"),
    )


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=12), st.text(max_size=12))
def test_spans_of_bytes_cover_the_text_and_share_characters(before, text):
    tokenizer = of_bytes()
    ids = tokenizer.encode(text).ids
    said, spans = spelled(tokenizer, tokenizer.encode(before).ids[-8:], ids)
    if "\ufffd" not in text:
        assert said == text
    covered = [set(range(*span)) for span in spans.tolist()]
    assert set().union(*covered) == set(range(len(said)))
