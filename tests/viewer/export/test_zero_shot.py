"""`export IMAGE zero-shot`: texts beside a picture, with a label on it and without."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.answers import TextClasses
from headlight.models.engines.pictures.labels import Label, written_on
from headlight.models.explain.of_target.carried import generic
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from headlight.viewer.slices.explain.targets import named
from tests.models import two_towers

TEXTS = ("a chair", "a lamp")
PIXELS = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Path:
    """A folder with a picture and a model."""
    root = tmp_path_factory.mktemp("zero-shot")
    two_towers.folder(root, "clip")
    Image.fromarray(PIXELS).save(root / "picture.png")
    return root


def export(there: Path, out: Path, *more: str, what: str = "zero-shot") -> int:
    return run(
        ["export", str(there / "picture.png"), what, "--model", str(there / "clip"), *more, "--out", str(out)]
    )


def test_each_kind_of_file(there, tmp_path):
    for ending in ("npz", "csv", "json"):
        assert export(there, tmp_path / f"a.{ending}", "--texts", *TEXTS, "--prompts", "a photo of {}") == 0
    engine = open_engine(str(there / "clip"), "image", "cpu")
    trace = engine.run(PIXELS, texts=TEXTS, prompts=("a photo of {}",))
    wanted = trace.answer(TextClasses)
    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_allclose(found["probabilities"], wanted.probabilities, rtol=1e-6)
        assert (found["texts"].tolist(), found["prompts"].tolist()) == ([*TEXTS], ["a photo of {}"])
        assert "before" not in found
        np.testing.assert_array_equal(found["pixel_values"], trace.inputs["pixel_values"])
    rows = list(csv.reader((tmp_path / "a.csv").read_text().splitlines()))
    assert rows[0] == ["index", "text", "probability", "cosine"]
    assert rows[1][1] == wanted.targets()[0].name
    assert json.loads((tmp_path / "a.json").read_text())["texts"] == [*TEXTS]


def test_a_label_and_what_it_changes(there, tmp_path):
    placed = ("--put-text", "lamp", "--put-at", "30,40", "--put-size", "12", "--put-style", "pen")
    assert export(there, tmp_path / "a.npz", "--texts", *TEXTS, *placed) == 0
    engine = open_engine(str(there / "clip"), "image", "cpu")
    after = written_on(PIXELS, Label("lamp", 30, 40, 12, "pen"))
    with np.load(tmp_path / "a.npz") as found:
        for name, pixels in (("before", PIXELS), ("probabilities", after)):
            wanted = engine.run(pixels, texts=TEXTS).answer(TextClasses).probabilities
            np.testing.assert_allclose(found[name], wanted, rtol=1e-5)
        assert not np.allclose(found["before"], found["probabilities"])


def test_the_relevance_of_a_text(there, tmp_path):
    assert export(there, tmp_path / "a.npz", "--texts", *TEXTS, "--target", "a lamp", what="relevance") == 0
    trace = open_engine(str(there / "clip"), "image", "cpu").run(PIXELS, texts=TEXTS)
    (target,) = (one for one in trace.answer(TextClasses).targets() if one.name == "a lamp")
    with np.load(tmp_path / "a.npz") as found:
        np.testing.assert_allclose(found["relevance"], generic(trace, target).values, rtol=1e-4)
        assert str(found["target"]) == "a lamp"


def test_a_text_that_is_a_number_is_meant_before_what_has_that_number(there):
    trace = open_engine(str(there / "clip"), "image", "cpu").run(PIXELS, texts=("1", "0"))
    assert [named(trace, name).name for name in ("0", "1")] == ["0", "1"]


WRONG = {
    (): "There are no class texts. Name them",
    ("--texts", "a", " "): "Class text 2 is empty",
    ("--texts", "a" * 30): "Shorten it",
    ("--texts", "a", "--prompts", "b"): "does not hold {} once",
    ("--texts", "a", "--put-at", "3,4"): "--put-at is of a label",
    ("--texts", "a", "--put-text", "b", "--put-at", "900,900"): "lies beside the picture",
    ("--texts", "a", "--put-text", "b", "--put-at", "3"): "“3” is not X,Y",
    ("--texts", "a", "--put-text", "b", "--put-at", "nan,3"): "“nan,3” is not X,Y",
    ("--texts", "a", "--put-text", "b", "--put-size", "-5"): "outside 6 to 1,000",
    (
        "--texts",
        "a",
        "--model",
        "dinov2-small",
    ): "compares no texts with pictures. Choose a model of two towers",
}


@pytest.mark.parametrize("more", WRONG)
def test_what_cannot_be_asked_is_told_in_one_line(there, tmp_path, more, capfd):
    assert export(there, tmp_path / "a.npz", *more) == 2
    err = capfd.readouterr().err
    assert WRONG[more] in err
    assert err.count("\n") == 1
    assert not list(tmp_path.iterdir())
