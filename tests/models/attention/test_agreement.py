"""That a recorded pass answers as an unrecorded one, and what is done where it does not."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import PreTrainedModel, T5Config, T5EncoderModel, ViTConfig, ViTModel

from headlight.models.attention import capture
from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.calls import GivenCall
from headlight.models.attention.capture import recording
from headlight.models.attention.same_answer import TOLERANCE, agree, floats
from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.entry import Entry
from headlight.models.catalogue.loading import needs_only
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.door import check
from headlight.models.engines.language import LanguageEngine
from headlight.models.engines.pictures.vision import VisionEngine
from tests.models import tiny
from tests.models.engines.test_language import words_tokenizer

SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}


def tried(made: tiny.Tiny) -> tuple[bool, str]:
    model, inputs = made
    return way_to_record(model, "Tiny", lambda: model(**inputs))


def saved(folder: Path, model: PreTrainedModel) -> Entry:
    """A model with a tokenizer of a few words, as somebody might have saved it."""
    model.save_pretrained(folder)
    words_tokenizer(specials=False).save_pretrained(folder)
    return Entry("tiny", "Tiny", "folder", "a test", "none", folder=folder, modality="text")


@pytest.mark.parametrize(
    "make",
    [tiny.bert, tiny.splinter, tiny.gpt2, tiny.llama, tiny.falcon, tiny.vit, tiny.swin, tiny.deberta],
    ids=lambda make: make.__name__,
)
def test_models_that_answer_alike_are_recorded_as_they_are(make) -> None:
    assert tried(make()) == (False, "")


def test_a_pass_that_recording_changes_falls_back_to_the_models_own_weights(monkeypatch) -> None:
    model, inputs = tiny.gpt2()
    monkeypatch.setattr(capture, "sdpa_mask", lambda *_, **__: None)
    asked, notice = tried((model, inputs))
    assert asked
    assert notice.startswith("Tiny answers otherwise while its attention is recorded")
    with torch.no_grad(), recording(model, weights=True) as calls:
        model(**inputs)
    assert all(isinstance(call, GivenCall) for call in calls)
    assert [call.given.triu(1).abs().max() for call in calls] == [0, 0]


def test_where_the_fused_attention_is_another_the_eager_one_is_shown() -> None:
    model, inputs = tiny.falcon(alibi=True)
    with torch.no_grad():
        fused = model(**inputs)[0]
    asked, notice = tried((model, inputs))
    assert (asked, "fused attention of transformers" in notice) == (False, True)
    with torch.no_grad(), recording(model):
        recorded = model(**inputs)[0]
    with torch.no_grad():
        torch.testing.assert_close(recorded, model(**inputs)[0])  # the model stays in eager attention
    assert (recorded - fused).abs().max() > TOLERANCE


def test_a_model_that_answers_otherwise_each_time_is_refused() -> None:
    model, _ = tiny.bert()
    numbers = itertools.count(1.0)
    with pytest.raises(HeadlightError, match="while its attention is recorded it gives another answer"):
        way_to_record(model, "Tiny", lambda: {"x": torch.full((3,), next(numbers))})


def test_what_a_model_draws_is_drawn_again_and_leaves_no_trace() -> None:
    model, _ = tiny.bert()
    torch.manual_seed(5)
    state = torch.get_rng_state()
    assert way_to_record(model, "Tiny", lambda: torch.rand(3)) == (False, "")
    assert torch.equal(torch.get_rng_state(), state)


@given(st.lists(st.floats(-1e4, 1e4, width=32), min_size=1, max_size=5), st.floats(0, 0.01))
def test_answers_agree_up_to_a_share_of_their_largest_number(values, share) -> None:
    one = torch.tensor(values, dtype=torch.float64)
    other = one.clone()
    other[0] += share * one.abs().max()
    if not math.isclose(share, TOLERANCE, rel_tol=1e-6):
        assert agree({"x": other}, {"x": one}) == (share < TOLERANCE or not one.any())


def test_other_shapes_names_and_holes_do_not_agree() -> None:
    whole, holed = torch.ones(3), torch.tensor([1.0, torch.nan, 1.0])
    assert agree({"x": holed}, {"x": holed.clone()})
    assert not agree({"x": holed}, {"x": whole})
    assert not agree({"x": whole}, {"x": holed})
    assert not agree({"x": torch.ones(4)}, {"x": whole})
    assert not agree({"y": whole}, {"x": whole})
    assert not agree(None, {"x": whole})
    assert not agree({}, {})
    nested = {"a": torch.ones(1), "b": (torch.zeros(2), None, {"c": torch.ones(3)}), "d": torch.tensor([1])}
    assert [name for name, _ in floats(nested)] == [".a", ".b.0", ".b.2.c"]


def test_loading_makes_sure_and_every_run_says_what_was_found(tmp_path, monkeypatch) -> None:
    entry = saved(tmp_path, tiny.gpt2()[0])
    right = LanguageEngine.open(entry, "cpu").run("the cat sat").layers[0].matrix(1)
    monkeypatch.setattr(capture, "sdpa_mask", lambda *_, **__: None)
    trace = LanguageEngine.open(entry, "cpu").run("the cat sat")
    assert "Tiny answers otherwise" in trace.notices[0]
    np.testing.assert_allclose(trace.layers[0].matrix(1), right, atol=1e-6)
    assert max(check(trace)) < 1e-5


def test_loading_makes_sure_of_pictures_too(tmp_path, monkeypatch) -> None:
    torch.manual_seed(0)
    ViTModel(ViTConfig(**SIZES, image_size=64, patch_size=16)).save_pretrained(tmp_path)
    entry = Entry("tiny", "Tiny", "folder", "a test", "none", folder=tmp_path, modality="image")
    picture = np.random.default_rng(0).integers(0, 256, (224, 240, 3), np.uint8)
    right = VisionEngine.open(entry, "cpu").run(picture, 224)
    assert right.notices == ()
    scaled = capture.sdpa_attention_forward
    monkeypatch.setattr(capture, "sdpa_attention_forward", lambda *a, **k: (2 * scaled(*a, **k)[0], None))
    trace = VisionEngine.open(entry, "cpu").run(picture, 224)
    assert "Tiny answers otherwise" in trace.notices[0]
    np.testing.assert_allclose(trace.layers[1].matrix(1), right.layers[1].matrix(1), atol=1e-6)


def test_bundled_models_are_known_to_be_right(monkeypatch) -> None:
    def never(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr("headlight.models.engines.language.way_to_record", never)
    assert LanguageEngine.open(BUNDLED[0], "cpu").run("the cat").notices == ()


@pytest.mark.parametrize("said_to_be_both", [False, True])
def test_an_encoder_that_was_saved_alone_is_whole(tmp_path, said_to_be_both) -> None:
    torch.manual_seed(0)
    config = T5Config(vocab_size=20, d_model=32, d_kv=8, d_ff=48, num_layers=2, num_heads=4)
    model = T5EncoderModel(config).eval()
    model.set_attn_implementation("eager")
    with torch.no_grad():
        weights = model(input_ids=torch.tensor([[4, 5, 6]]), output_attentions=True).attentions
    entry = saved(tmp_path, model)
    described = json.loads((tmp_path / "config.json").read_text()) | {"is_encoder_decoder": said_to_be_both}
    (tmp_path / "config.json").write_text(json.dumps(described))
    trace = LanguageEngine.open(entry, "cpu").run("the cat sat")
    assert not trace.model.untrained
    for layer, weight in zip(trace.layers, weights, strict=True):
        np.testing.assert_allclose(layer.matrix(2), weight[0, 2], atol=1e-6)
    del described["architectures"]  # of which nothing says what it was saved from
    described["is_encoder_decoder"] = True
    (tmp_path / "config.json").write_text(json.dumps(described))
    assert not LanguageEngine.open(entry, "cpu").card.untrained


def test_what_a_model_needs_besides_is_named() -> None:
    class Listener(torch.nn.Module):
        def forward(self, input_features, mask=None) -> None: ...

    with pytest.raises(HeadlightError, match=r"Tiny reads sounds, not a text\."):
        needs_only(Listener(), {"input_ids"}, "Tiny", "a text")
    needs_only(Listener(), {"input_features"}, "Tiny", "sound")
