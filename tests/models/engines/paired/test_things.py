"""What detectors find: boxes and classes of tokens, as transformers has them, and what these rest on."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import YolosImageProcessorPil

from headlight.models.core.answers import Things
from headlight.models.core.interventions import Hide
from headlight.models.core.tokens import OUTPUT
from headlight.models.explain.of_target.carried import generic
from headlight.models.explain.targets import asked_at, targets_at
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.answers import answer_rows
from tests.models import picture_texts

PIXELS = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return picture_texts.one_sequence_detector(tmp_path_factory.mktemp("yolos"))


@pytest.fixture(scope="module")
def engine(folder):
    return open_engine(str(folder), "image", "cpu")


def test_detection_tokens_find_what_the_whole_model_finds(engine):
    trace = engine.run(PIXELS, size=224)
    found = trace.answer(Things)
    with torch.no_grad():
        plain = engine.head.whole(torch.from_numpy(trace.inputs["pixel_values"])[None])
    sizes = torch.tensor([PIXELS.shape[:2]])
    (wanted,) = YolosImageProcessorPil().post_process_object_detection(plain, 0, sizes)
    np.testing.assert_allclose(found.boxes, wanted["boxes"], atol=1e-3)
    np.testing.assert_allclose(found.scores, wanted["scores"], atol=1e-6)
    assert found.labels.tolist() == wanted["labels"].tolist()
    assert [trace.tokens.labels[int(trace.tokens.find(one)[0])] for one in found.places] == [
        f"[DET{number}]" for number in range(1, 7)
    ]
    rows = answer_rows(trace)
    assert [row.place for row in rows.targets] == [one.place for one in found.targets()]


def test_a_class_of_a_detection_token_is_asked_what_it_rests_on(engine):
    trace = engine.run(PIXELS, size=224)
    place = trace.answer(Things).places[4]
    target = targets_at(trace, (place,))[1]
    assert (target.place, target.score) == (place, np.sort(trace.answer(Things).probabilities[4])[-2])
    pixels = torch.from_numpy(trace.inputs["pixel_values"])[None].requires_grad_()
    logit = engine.head.whole(pixels).logits[0, 4, target.index]
    (wanted,) = torch.autograd.grad(logit, pixels)
    found = trace.run.gradients(target)
    assert found.logit == pytest.approx(float(logit.detach()), abs=1e-5)
    np.testing.assert_allclose(found.inputs, wanted[0], atol=1e-5)
    nothing = np.zeros((1, len(trace.tokens)), bool)
    assert trace.run.scores(nothing, target)[0] == pytest.approx(target.score, abs=1e-5)


@pytest.fixture(scope="module")
def asking(tmp_path_factory):
    """A DETR."""
    return open_engine(str(picture_texts.detector(tmp_path_factory.mktemp("detr"))), "image", "cpu")


def test_a_class_of_a_query_is_asked_what_it_rests_on(asking):
    trace = asking.run(PIXELS)
    target = targets_at(trace)[0]
    tokens, (number,) = asked_at(trace, target)
    assert tokens is trace.streams[OUTPUT]
    given = asking._inputs(trace.run.given, None)
    pixels = given["pixel_values"].clone().requires_grad_()
    logit = asking.model(**{**given, "pixel_values": pixels}).logits[0, number, target.index]
    (wanted,) = torch.autograd.grad(logit, pixels)
    found = trace.run.gradients(target)
    assert found.logit == pytest.approx(float(logit.detach()), abs=1e-5)
    np.testing.assert_allclose(found.inputs, wanted[0], atol=1e-5)
    assert trace.run.pooled(found.inputs).sum() == pytest.approx(float(wanted.sum()), abs=1e-3)
    assert generic(trace, target).values.shape == (len(trace.tokens),)


def test_cells_are_hidden_from_queries(asking):
    trace = asking.run(PIXELS)
    target, place = targets_at(trace)[0], trace.tokens.place(17)
    which = np.zeros((1, len(trace.tokens)), bool)
    which[0, 17] = True
    changed = trace.run.again((Hide((place,)),))
    pixels = torch.from_numpy(changed.inputs["pixel_values"])
    assert (pixels == 0).all(0).sum() == 64  # of 8 × 8 pixels
    number = int(trace.streams[OUTPUT].find(target.place)[0])
    score = changed.answer(Things).probabilities[number, target.index]
    assert trace.run.scores(which, target)[0] == pytest.approx(score, abs=1e-6)


def test_queries_of_a_detector_say_what_they_found(asking):
    trace = asking.run(PIXELS)
    found = trace.answer(Things)
    assert found.names == trace.streams[OUTPUT].labels
    np.testing.assert_allclose(found.boxes, trace.streams[OUTPUT].boxes, rtol=1e-6)
    assert found.find(found.places[0]) == 0


def test_the_answer_is_exported_surest_first(folder, tmp_path):
    Image.fromarray(PIXELS).save(tmp_path / "a.png")
    told = [str(tmp_path / "a.png"), "answer", "--model", str(folder), "--out", str(tmp_path / "a.csv")]
    assert run(["export", *told]) == 0
    rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[0] == ["index", "class", "probability", "x0", "y0", "x1", "y1"]
    scores = [float(row[2]) for row in rows[1:]]
    assert (scores == sorted(scores, reverse=True), len(scores)) == (True, 6)
