"""`export FILE answer`: what the model said, as the trace holds it, and the reason where it said nothing."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
import transformers as hf

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.answers import Classes, NextTokens, PixelLabels
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.inputs import from_path
from tests.models.headed import GPT2, NAMED, STAGES, TEXT, VIT, saved

PICTURE = ASSETS / "samples" / "chelsea.jpg"
SENTENCE = "the cat 🎉 sat"


@pytest.fixture
def exported(tmp_path, capfd):
    """Exports the answer of a model: (arrays, the rows of the table)."""

    def call(folder: Path, *given: str) -> tuple[dict[str, np.ndarray], list[list[str]]]:
        for ending in ("npz", "csv"):
            out = str(tmp_path / f"out.{ending}")
            assert run(["export", *given, "answer", "--model", str(folder), "--out", out]) == 0, (
                capfd.readouterr()
            )
        with (
            np.load(tmp_path / "out.npz", allow_pickle=False) as archive,
            open(tmp_path / "out.csv") as table,
        ):
            return dict(archive), list(csv.reader(table))

    return call


def test_classes_of_a_picture(tmp_path, exported):
    folder = saved(tmp_path / "vit", hf.ViTForImageClassification(hf.ViTConfig(**VIT)))
    arrays, table = exported(folder, str(PICTURE), "--size", "224")
    trace = open_engine(str(folder), "image", "cpu").run(from_path(PICTURE).pixels, 224)
    answer = trace.answer(Classes)
    assert arrays["classes"].tolist() == ["cat", "dog", "eel"]
    np.testing.assert_array_equal(arrays["probabilities"], answer.probabilities)
    np.testing.assert_array_equal(arrays["pixel_values"], trace.inputs["pixel_values"])
    assert table[0] == ["index", "class", "probability"]
    assert [row[1] for row in table[1:]] == [target.name for target in answer.targets()]
    assert np.float32(table[1][2]) == answer.probabilities.max()


def test_classes_of_the_parts_of_a_picture(tmp_path, exported):
    model = hf.SegformerForSemanticSegmentation(hf.SegformerConfig(**STAGES, **NAMED))
    folder = saved(tmp_path / "segformer", model)
    arrays, table = exported(folder, str(PICTURE), "--size", "224")
    trace = open_engine(str(folder), "image", "cpu").run(from_path(PICTURE).pixels, 224)
    answer = trace.answer(PixelLabels)
    np.testing.assert_array_equal(arrays["labels"], answer.labels)
    np.testing.assert_array_equal(arrays["confidence"], answer.confidence)
    region = trace.tokens.region
    assert arrays["region"].tolist() == [region.x0, region.y0, region.x1, region.y1]
    assert sum(int(row[2]) for row in table[1:]) == answer.labels.size


@pytest.mark.parametrize("causal", [True, False])
def test_expected_tokens_with_the_numbers_of_their_places(tmp_path, exported, causal):
    bert = hf.BertConfig(**TEXT, intermediate_size=64)
    model = hf.GPT2LMHeadModel(hf.GPT2Config(**GPT2)) if causal else hf.BertForMaskedLM(bert)
    folder = saved(tmp_path / "model", model)
    arrays, table = exported(folder, "--text", SENTENCE)
    trace = open_engine(str(folder), "text", "cpu").run(SENTENCE)
    answer = trace.answer(NextTokens)
    assert arrays["places"].tolist() == ([0, 1, 2, 3, 4, 5] if causal else [1, 2, 3, 4])
    assert bool(arrays["follows"]) == causal
    for name in ("ids", "probabilities", "given"):
        np.testing.assert_array_equal(arrays[name], getattr(answer, name))
    assert arrays["tokens"].tolist() == [list(row) for row in answer.names]
    assert table[0][4] == ("after" if causal else "in_place")
    assert table[1][:3] == [str(arrays["places"][0]), trace.tokens.labels[arrays["places"][0]], "1"]
    assert len(table) == 1 + answer.ids.size


def test_a_model_without_a_head_says_so(tmp_path, capfd):
    out = tmp_path / "x.npz"
    assert run(["export", "--text", "the cat", "answer", "--out", str(out)]) == 2
    assert capfd.readouterr().err == (
        "headlight: MiniLM-L6 gives no answer: it has no head for a task, or none that can be trusted. "
        "Choose a classifier, a segmenter or a masked or causal language model with --model.\n"
    )
    assert not out.exists()
