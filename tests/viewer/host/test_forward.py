"""From an input to a checked trace: which engine reads what, and a cloud's truth by its classes' names."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from headlight.models.catalogue import entries
from headlight.models.catalogue.entry import Entry
from headlight.models.core.answers import PointLabels
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.core.errors import HeadlightError, UntrustedPickle
from headlight.models.engines import door
from headlight.viewer.host import engines
from headlight.viewer.host.forward import forward_pass, model_for, truth_for
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import TextInput
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.clouds.relevance import on_points
from tests.models.tiny_points import room, saved, transformer
from tests.viewer.given import method

POINTS, COLOURS = room(800)
LABELS = (np.arange(800) % 5 - 1).astype(np.int16)


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


def cloud(labels: np.ndarray | None = LABELS, classes: tuple[str, ...] | None = S3DIS_CLASSES) -> CloudInput:
    return CloudInput("room", POINTS, np.zeros(3), Frame(), Frame(), "", COLOURS, None, labels, classes)


def test_a_cloud_is_read_by_a_point_model_and_every_layer_checked(tmp_path):
    folder = saved(tmp_path / "tiny", transformer(), classes=list(S3DIS_CLASSES), grid=0.1)
    done = forward_pass(cloud(), RunOptions(model=str(folder), device="cpu"))
    assert len(done.checks) == len(done.trace.layers) == 10
    assert max(done.checks) < 1e-4
    assert np.array_equal(done.trace.answer(PointLabels).truth, LABELS)
    assert done.trace.answer(PointLabels).confusion().sum() == (LABELS >= 0).sum()
    assert done.device.startswith("CPU")
    with pytest.raises(HeadlightError, match="MiniLM-L6 reads text, not point clouds"):
        forward_pass(cloud(), RunOptions(model="minilm-l6", device="cpu"))
    with pytest.raises(HeadlightError, match="tiny reads point clouds, not text"):
        forward_pass(TextInput("a", "a"), RunOptions(model=str(folder), device="cpu"))


def test_a_pickle_is_opened_once_the_user_trusts_it(tmp_path, monkeypatch):
    file = tmp_path / "net.pth"
    torch.save({"state_dict": transformer(in_channels=6).state_dict()}, file)
    with pytest.raises(UntrustedPickle):
        forward_pass(cloud(), RunOptions(model=str(file), device="cpu"))
    done = forward_pass(cloud(), RunOptions(model=str(file), device="cpu", trust_pickle=True))
    # This program's list names the chair before the table: the truth is matched by name.
    assert done.trace.answer(PointLabels).classes[7:9] == ("chair", "table")
    # What opens it again for more, when it is no longer loaded, does not ask once more.
    monkeypatch.setattr(door, "_engines", type(door._engines)())
    view = View(Selection(queries=(done.trace.tokens.place(0),)))
    assert on_points(done.trace, view, method("gradient"), (0, 0)).values[0] > 0
    monkeypatch.setattr(door, "_engines", type(door._engines)())
    with pytest.raises(UntrustedPickle):
        forward_pass(cloud(), RunOptions(model=str(file), device="cpu"))


def test_truth_is_matched_by_the_names_of_classes():
    assert truth_for(cloud(None, None), S3DIS_CLASSES, "A") == (None, ())
    same, notices = truth_for(cloud(), S3DIS_CLASSES, "A")
    assert same is LABELS
    assert notices == ()
    turned, notices = truth_for(cloud(), S3DIS_CLASSES[::-1], "A")
    assert [S3DIS_CLASSES[::-1][label] if label >= 0 else "" for label in turned[:5]] == [
        "",
        *S3DIS_CLASSES[:4],
    ]
    assert notices == ()
    some, notices = truth_for(cloud(classes=("floor", "lamp", "cat", "wall")), S3DIS_CLASSES, "A")
    assert some[:5].tolist() == [-1, 1, -1, -1, 2]
    assert notices == ("A knows no lamp, cat: points of these count as unlabelled.",)
    none, notices = truth_for(cloud(classes=("a", "b", "c", "d")), S3DIS_CLASSES, "A")
    assert none is None
    assert notices == ("A knows none of the file's classes: its labels are not compared.",)


def test_the_model_that_is_for_such_a_cloud_is_taken_and_said(monkeypatch):
    others = tuple(entry for entry in entries.BUNDLED if not {"street", "scan"} & set(entry.suits))
    monkeypatch.setattr(entries, "BUNDLED", others)
    ground = np.random.default_rng(0).uniform(0, (90, 70, 0.1), (5000, 3)).astype(np.float32)
    wide = replace(cloud(None, None), points=ground)
    found, (said,) = model_for(wide, RunOptions())
    assert found == "point-transformer"
    assert said.startswith("A cloud of 87 × 67 × 0.096 m: it is taken for a street. No model in the box")
    streets = Entry(
        "streets", "Streets", "bundled", "", "", modality="points", suits=("street",), detects=True
    )
    monkeypatch.setattr(engines, "brought", lambda: (streets,))
    found, (said,) = model_for(wide, RunOptions())
    assert found == "streets"
    assert said.endswith("Streets reads it, and any other model can be chosen.")
    assert model_for(wide, RunOptions(model="pointnet")) == ("pointnet", ())
    assert model_for(wide, RunOptions(says="labels"))[0] == "point-transformer"
    assert model_for(cloud(), RunOptions()) == ("point-transformer", ())


def test_of_a_model_with_a_background_all_other_classes_are_that():
    known = ("background", "car", "cycle")
    found, notices = truth_for(cloud(classes=("road", "bicycle", "car", "tree")), known, "A")
    assert (found[:5].tolist(), notices) == ([-1, 0, 2, 1, 0], ())
    none, _ = truth_for(cloud(classes=("a", "b", "c", "d")), known, "A")
    assert none is None
