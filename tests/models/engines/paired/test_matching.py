"""Points of one picture in another: matches and attention as transformers has them, in one sequence."""

from __future__ import annotations

import csv

import numpy as np
import pytest
import torch
from PIL import Image

from headlight.models.attention.asking.implementations import eager
from headlight.models.core.answers import Matches
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.door import check
from headlight.models.explain.rollout import rollout_row
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.inputs.pictures.pairs import side_by_side
from tests.models import matchers

LEFT, RIGHT = (
    np.kron(np.random.default_rng(seed).integers(0, 256, (8, 10, 3), np.uint8), np.ones((8, 10, 1), np.uint8))
    for seed in (0, 1)
)
RIGHT = RIGHT[:48]
PIXELS, PARTS = side_by_side(LEFT, RIGHT)


@pytest.fixture(scope="module", params=matchers.KINDS)
def engine(request, tmp_path_factory):
    return open_engine(str(matchers.folder(tmp_path_factory.mktemp("two"), request.param)), "image", "cpu")


def plain(engine, trace):
    """(what the model gives, the weights of its attention, [2, H, N, N] each)."""
    given = {"pixel_values": torch.from_numpy(trace.inputs["pixel_values"])[None]}
    with torch.no_grad(), eager(engine.model):
        return engine.model(**given, output_attentions=True)


def test_points_match_and_look_as_transformers_has_it(engine):
    trace = engine.run(PIXELS, parts=PARTS)
    found = plain(engine, trace)
    counts = found.mask[0].sum(1).tolist()
    assert len(trace.tokens) == sum(counts)
    attentions = [one[0] if one.ndim == 5 else one for one in found.attentions]
    assert len(trace.layers) == len(attentions) == 4
    for number, (layer, weights) in enumerate(zip(trace.layers, attentions, strict=True)):
        whole, start = layer.block(None, 0, sum(counts)), counts[0]
        parts = ((slice(0, start), slice(start, None)), (slice(start, None), slice(0, start)))
        for item, (own, other) in enumerate(parts):
            looks, not_there = (other, own) if number % 2 else (own, other)
            keys = counts[1 - item] if number % 2 else counts[item]
            shown = weights[item, :, : counts[item], :keys]
            np.testing.assert_allclose(whole[:, own][..., looks], shown, atol=1e-5)
            assert not whole[:, own][..., not_there].any()
    assert max(check(trace)) < 1e-5
    sizes = [[LEFT.shape[:2], RIGHT.shape[:2]]]
    (wanted,) = engine._prepare.post_process_keypoint_matching(found, sizes)
    answer = trace.answer(Matches)
    assert len(answer) == len(wanted["matching_scores"]) > 0
    np.testing.assert_allclose(answer.scores, wanted["matching_scores"], atol=1e-6)
    np.testing.assert_allclose(answer.lines[:, :2], wanted["keypoints0"], atol=1)
    np.testing.assert_allclose(answer.lines[:, 2:] - (PARTS[1].x0, 0), wanted["keypoints1"], atol=1)


def test_a_rollout_leads_through_both_pictures(engine):
    row = rollout_row(engine.run(PIXELS, parts=PARTS).layers, 3)
    assert row.sum() == pytest.approx(1, abs=1e-4)
    assert (row > 0).all()


def test_points_that_are_left_out_are_in_no_later_layer(tmp_path_factory):
    folder = matchers.folder(tmp_path_factory.mktemp("pruned"), "lightglue")
    engine = open_engine(str(folder), "image", "cpu")
    model = engine.model
    model.width_confidence, model.depth_confidence = 0.33, 1.5  # about half of them go
    torch.nn.init.constant_(model.token_confidence[0].token.bias, 50)  # it is sure of all of them
    trace = engine.run(PIXELS, parts=PARTS)
    attentions = plain(engine, trace).attentions
    first, later = len(trace.layers[0].queries), len(trace.layers[2].queries)
    assert 0 < later < first
    layer, weights = trace.layers[2], attentions[2]
    left = sum(label.startswith("left") for label in layer.queries.labels)
    whole = layer.block(None, 0, later)
    weights = weights[0] if weights.ndim == 5 else weights
    right = later - left
    np.testing.assert_allclose(whole[:, :left, :left], weights[0, :, :left, :left], atol=1e-5)
    np.testing.assert_allclose(whole[:, left:, left:], weights[1, :, :right, :right], atol=1e-5)
    assert set(layer.queries.labels) <= set(trace.tokens.labels)
    assert max(check(trace)) < 1e-5


def test_a_second_picture_is_asked_for(engine):
    with pytest.raises(HeadlightError) as caught:
        engine.run(LEFT)
    assert caught.value.cause == f"{engine.card.title} finds points of one picture in another."


def test_two_files_on_the_command_line(tmp_path, tmp_path_factory, capfd):
    folder = matchers.folder(tmp_path_factory.mktemp("told"), "lightglue")
    for name, pixels in (("a.png", LEFT), ("b.png", RIGHT)):
        Image.fromarray(pixels).save(tmp_path / name)
    told = ["export", str(tmp_path / "a.png"), "answer", "--model", str(folder)]
    out, second = tmp_path / "m.csv", ("--second", str(tmp_path / "b.png"))
    assert run([*told, *second, "--out", str(out)]) == 0
    rows = list(csv.reader(out.read_text().splitlines()))
    refused = ["export", str(tmp_path / "a.png"), "receptive-field", "--model", str(folder), *second]
    assert run([*refused, "--out", str(tmp_path / "f.npz")]) == 2
    said = capfd.readouterr().err.splitlines()[-1]
    assert said.endswith("looks at points, not at parts of a picture. Choose a model that reads one picture.")
    assert rows[0] == ["first", "second", "score", "x0", "y0", "x1", "y1"]
    assert len(rows) > 1


def test_a_second_picture_comes_and_goes(tmp_path):
    Image.fromarray(RIGHT).save(tmp_path / "b.png")
    first = ImageInput("a", LEFT)
    both = first.beside(str(tmp_path / "b.png"))
    np.testing.assert_array_equal(both.pixels, PIXELS)
    assert both.parts == PARTS
    assert both.beside(both.second) is both
    assert both.beside("") is first
