"""Exports of a picture with a text by the command line: both sources, one sequence, and what is refused."""

from __future__ import annotations

import csv

import numpy as np
import pytest
from PIL import Image

from headlight.viewer.app.cli import run
from tests.models import picture_texts


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(picture_texts.folder(tmp_path_factory.mktemp("model"), "qwen2"))


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("picture") / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)).save(path)
    return str(path)


def test_tokens_lie_on_the_picture_and_in_the_text(picture, model, tmp_path):
    out = tmp_path / "tokens.csv"
    asked = ["--text", "what is <image> it?", "--model", model, "--out", str(out)]
    assert run(["export", picture, "tokens", *asked]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    on_picture = [row for row in rows if row["x0"] != "nan"]
    assert len(on_picture) == 8
    assert {float(row["x1"]) - float(row["x0"]) for row in on_picture} == {25.0}
    words = [row for row in rows if row["x0"] == "nan" and row["special"] == "0"]
    assert "".join(row["label"].removeprefix("##") for row in words).replace(" ", "") == "whatisit?"


@pytest.mark.parametrize(
    ("what", "more", "ending"),
    [
        ("attention", ("--stack", "vision", "--head", "0", "--query", "3"), "png"),
        ("attention", ("--stack", "language", "--head", "mean", "--query", "readout"), "svg"),
        ("rollout", (), "npz"),
        ("relevance", ("--method", "gradient-input"), "png"),
        ("generate", ("--new", "3"), "csv"),
        ("report", (), "html"),
    ],
)
def test_what_texts_and_pictures_have_is_there_of_both(picture, model, tmp_path, what, more, ending):
    out = tmp_path / f"out.{ending}"
    asked = ["--text", "what is it?", "--model", model, "--out", str(out), *more]
    assert run(["export", picture, what, *asked]) == 0
    assert out.stat().st_size > 100


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("{text}", "attention", "--text", "a"), "is no picture for a text to stand beside"),
        (("{picture}", "attention", "--text", "a"), "No model in the box reads pictures with texts."),
        (
            ("{picture}", "attention", "--text", "a", "--model", "minilm-l6"),
            "reads text, not pictures with texts",
        ),
        (
            ("{picture}", "tokens", "--text", "<image> <image>", "--model", "{model}"),
            "The text has places for 2 pictures",
        ),
        (("{picture}", "arcs", "--text", "a", "--model", "{model}"), "Arcs is of texts"),
    ],
)
def test_what_cannot_be_is_one_sentence(picture, model, tmp_path, capsys, argv, said):
    text = tmp_path / "a.txt"
    text.write_text("words")
    known = {"picture": picture, "model": model, "text": str(text)}
    argv = [word.format(**known) for word in argv]
    out = tmp_path / "out.csv"
    more = ["--head", "0"] if "attention" in argv else []
    assert run(["export", *argv, *more, "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()
