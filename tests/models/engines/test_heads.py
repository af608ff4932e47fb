"""Heads of tasks: their answer is the whole model's, and what is random or other is no answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers as hf
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel
from tokenizers.decoders import WordPiece as WordPieces
from tokenizers.models import BPE, WordPiece

from headlight.models.core.answers import Classes, NextTokens, PixelLabels
from headlight.models.core.task import Cancelled, Task
from headlight.models.core.tokens import CharSpan
from headlight.models.engines import door, heads
from headlight.models.engines.door import check
from headlight.models.engines.texts.expected import Vocabulary
from headlight.models.engines.texts.token_labels import entry_named
from headlight.viewer.host.engines import open_engine
from tests.models.headed import GPT2, NAMED, NET, STAGES, TEXT, VIT, saved


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


def picture() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (240, 300, 3), np.uint8)


@pytest.mark.parametrize(
    "model",
    [
        lambda: hf.ViTForImageClassification(hf.ViTConfig(**VIT)),
        lambda: hf.SwinForImageClassification(
            hf.SwinConfig(embed_dim=16, depths=[2, 2], num_heads=[2, 4], window_size=7, **NAMED)
        ),
        lambda: hf.SegformerForSemanticSegmentation(hf.SegformerConfig(**STAGES, **NAMED)),
        lambda: hf.ResNetForImageClassification(hf.ResNetConfig(**NET, **NAMED)),
    ],
    ids=["vit", "swin", "segformer", "resnet"],
)
def test_of_a_picture_the_answer_is_that_of_the_whole_model(model, tmp_path):
    whole = model().eval()
    engine = open_engine(str(saved(tmp_path / "model", whole)), "image", "cpu")
    trace = engine.run(picture(), 224)
    (answer,) = trace.answers
    values = torch.from_numpy(trace.inputs["pixel_values"])[None]
    options = {"interpolate_pos_encoding": True} if isinstance(whole, hf.ViTForImageClassification) else {}
    with torch.no_grad():
        logits = whole(pixel_values=values, **options).logits[0]
    if isinstance(answer, PixelLabels):
        assert answer.labels.shape == (56, 64)
        assert len(answer.targets()) > 1
        np.testing.assert_array_equal(answer.labels, logits.argmax(0))
        np.testing.assert_allclose(answer.confidence, logits.softmax(0).amax(0), atol=1e-5)
        assert answer.region == trace.tokens.region
    else:
        np.testing.assert_allclose(answer.probabilities, logits.softmax(0), atol=1e-5)
        assert answer.targets()[0].name == ("cat", "dog", "eel")[int(logits.argmax())]
    assert (trace.model.untrained, trace.notices) == (False, ())
    assert max(check(trace), default=0) < 1e-4
    assert all(not layer.name.startswith(("vit.", "swin.", "segformer.")) for layer in trace.layers)


def test_a_masked_model_says_what_belongs_under_the_mask_or_everywhere(tmp_path, monkeypatch):
    whole = hf.BertForMaskedLM(hf.BertConfig(**TEXT, intermediate_size=64)).eval()
    engine = open_engine(str(saved(tmp_path / "model", whole)), "text", "cpu")
    monkeypatch.setattr(heads, "LOGITS", 24)  # two places at once
    masked, plain = engine.run("the [MASK] sat on the [MASK]"), engine.run("the cat sat")
    for trace, places in ((masked, [2, 6]), (plain, [1, 2, 3])):
        answer, ids = trace.answer(NextTokens), torch.from_numpy(trace.inputs["input_ids"])
        with torch.no_grad():
            scores = whole(input_ids=ids[None]).logits[0].softmax(-1)[places]
        assert [int(trace.tokens.find(place)[0]) for place in answer.places] == places
        np.testing.assert_allclose(answer.probabilities, scores.sort(descending=True).values, atol=1e-5)
        np.testing.assert_array_equal(answer.ids, scores.argsort(descending=True))
        assert not answer.follows
    assert masked.answer(NextTokens).places == (CharSpan(4, 10), CharSpan(22, 28))
    assert np.isnan(masked.answer(NextTokens).given).all()
    of_itself = scores[range(3), ids[[1, 2, 3]]]
    np.testing.assert_allclose(plain.answer(NextTokens).given, of_itself, atol=1e-5)
    names = {target.index: target.name for target in plain.answer(NextTokens).targets()}
    assert [names[i] for i in (2, 6, 11)] == ["[CLS]", "cat", "#11"]


def test_a_causal_model_says_what_follows_each_token(tmp_path):
    whole = hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)).eval()
    trace = open_engine(str(saved(tmp_path / "model", whole)), "text", "cpu").run("the cat sat")
    answer, ids = trace.answer(NextTokens), torch.from_numpy(trace.inputs["input_ids"])
    with torch.no_grad():
        scores = whole(input_ids=ids[None]).logits[0].softmax(-1)
    assert answer.follows
    assert len(answer.places) == len(ids) == 5
    np.testing.assert_allclose(answer.probabilities, scores.sort(descending=True).values, atol=1e-5)
    np.testing.assert_allclose(answer.given[:-1], scores[range(4), ids[1:]], atol=1e-5)
    assert np.isnan(answer.given[-1])


def test_cancel_stops_between_places(tmp_path, monkeypatch):
    class Impatient(Task):
        def progress(self, share, sentence):
            if sentence == "What is expected at token 3 of 5":
                raise Cancelled

    folder = saved(tmp_path / "model", hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)))
    engine = open_engine(str(folder), "text", "cpu")
    monkeypatch.setattr(heads, "LOGITS", 24)
    with pytest.raises(Cancelled):
        engine.run("the cat sat", task=Impatient())


@pytest.mark.parametrize("problem", [None, "multi_label_classification"])
def test_texts_have_classes_that_exclude_each_other_or_do_not(problem, tmp_path):
    config = hf.BertConfig(**TEXT, intermediate_size=64, problem_type=problem, **NAMED)
    whole = hf.BertForSequenceClassification(config).eval()
    trace = open_engine(str(saved(tmp_path / "model", whole)), "text", "cpu").run("the cat sat")
    with torch.no_grad():
        logits = whole(input_ids=torch.from_numpy(trace.inputs["input_ids"])[None]).logits[0]
    answer = trace.answer(Classes)
    assert answer.exclusive == (problem is None)
    expected = logits.softmax(0) if problem is None else logits.sigmoid()
    np.testing.assert_allclose(answer.probabilities, expected, atol=1e-5)


def without(folder: Path, begin: str) -> Path:
    """The folder, of whose weights those are gone whose names begin so."""
    file = folder / "model.safetensors"
    kept = {name: x for name, x in load_file(file).items() if not name.startswith(begin)}
    save_file(kept, file, metadata={"format": "pt"})
    return folder


def test_random_weights_of_a_head_answer_nothing(tmp_path):
    folder = saved(tmp_path / "vit", hf.ViTForImageClassification(hf.ViTConfig(**VIT)))
    trace = open_engine(str(without(folder, "classifier.")), "image", "cpu").run(picture(), 224)
    assert (trace.answers, trace.model.untrained) == ((), False)
    assert trace.notices == (
        "The head of vit lacks the weights classifier.bias and 1 more: it gives no answer.",
    )
    bert = hf.BertForSequenceClassification(hf.BertConfig(**TEXT, intermediate_size=64))
    folder = saved(tmp_path / "bert", bert)
    trace = open_engine(str(without(folder, "bert.pooler")), "text", "cpu").run("the cat sat")
    assert (trace.answers, trace.model.untrained) == ((), False)
    assert "bert.pooler.dense.bias and 1 more" in trace.notices[0]


def test_a_head_of_another_size_is_none_and_a_body_alone_has_none(tmp_path):
    three, five = dict(enumerate("abc")), dict(enumerate("abcde"))
    model = hf.ViTForImageClassification(hf.ViTConfig(**VIT | {"id2label": three}))
    folder = saved(tmp_path / "other", model, id2label=five, label2id={v: k for k, v in five.items()})
    trace = open_engine(str(folder), "image", "cpu").run(picture(), 224)
    assert trace.notices == ("The head of other does not fit: it gives no answer.",)
    trace = open_engine(str(saved(tmp_path / "body", hf.ViTModel(hf.ViTConfig(**VIT)))), "image", "cpu").run(
        picture(), 224
    )
    assert (trace.answers, trace.notices, trace.model.untrained) == ((), (), False)


def test_a_head_that_answers_otherwise_than_the_whole_model_is_not_heard(tmp_path, monkeypatch):
    folder = saved(tmp_path / "vit", hf.ViTForImageClassification(hf.ViTConfig(**VIT)))
    alone = heads.Head.__call__
    monkeypatch.setattr(heads.Head, "__call__", lambda *given: alone(*given) * 1.1)
    trace = open_engine(str(folder), "image", "cpu").run(picture(), 224)
    assert trace.answers == ()
    assert trace.notices == (
        "The answer of vit is not shown: its head alone gives another one than the whole model.",
    )


@pytest.mark.parametrize(
    ("piece", "decoded", "marks", "name"),
    [
        *(("Ġcat", " cat", "Ġ", "cat"), ("cat", "cat", "Ġ", "##cat"), (".", ".", "Ġ", ".")),
        *(("cat", "cat", "", "cat"), ("##s", "##s", "", "##s"), ("▁", "", "▁", " ")),
        *(("Ċ", "\n", "Ġ", "\n"), ("Ġ", " ", "Ġ", " "), ("Ã", "\ufffd", "Ġ", "⟨byte C3⟩")),
        *(("âĢ", "\ufffd", "Ġ", "⟨bytes E2 80⟩"), ("<0xE2>", "\ufffd", "▁", "⟨byte E2⟩")),
        *(("Ĵ", "\x1d", "Ġ", "U+001D"), ("Ġużin", "Ġużin", "", "Ġużin")),
    ],
)
def test_entries_of_a_vocabulary_are_called_as_tokens_of_a_text_are(piece, decoded, marks, name):
    assert entry_named(piece, decoded, marks) == name


def test_a_letter_of_an_alphabet_is_no_mark_of_a_space():
    plain = Tokenizer(WordPiece({"[UNK]": 0, "Ġ": 1, "cat": 2}, unk_token="[UNK]"))
    plain.decoder = WordPieces()
    bytes_ = Tokenizer(BPE({"Ġ": 0, "cat": 1, "Ġcat": 2}, []))
    bytes_.decoder = ByteLevel()
    assert [Vocabulary(plain, None).name(number) for number in (1, 2)] == ["Ġ", "cat"]
    assert [Vocabulary(bytes_, None).name(number) for number in (0, 1, 2)] == [" ", "##cat", "cat"]
