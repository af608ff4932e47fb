"""Exports of a sound by the command line: its frames, what is written of it, and what is refused."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from headlight.viewer.app.cli import run
from tests.models import listening
from tests.viewer.inputs.test_sounds import RATE, TONE, wav


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> str:
    return str(listening.whisper(tmp_path_factory.mktemp("model")))


@pytest.fixture(scope="module")
def sound(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("sound") / "tone.wav"
    path.write_bytes(wav(np.tile(TONE, 2)[: RATE + RATE // 2]))
    return str(path)


def test_weights_and_what_the_model_saw_are_in_one_file(sound, model, tmp_path):
    out = tmp_path / "attention.npz"
    asked = ["--stack", "cross", "--layer", "1", "--text", "a", "--since", "0.5", "--model", model]
    assert run(["export", sound, "attention", *asked, "--out", str(out)]) == 0
    found = np.load(out)
    assert found["attention"].shape == (4, 6, 50)
    assert found["attention"].sum(-1).max() < 1
    assert found["key_labels"][-1] == "1.48 s"
    assert found["query_labels"][2] == "<|transcribe|>"
    assert found["input_features"].shape == (1, 80, 200)
    assert len(found["decoder_input_ids"]) == 6


@pytest.mark.parametrize(
    ("what", "more", "ending"),
    [
        ("attention", ("--stack", "cross", "--head", "0", "--query", "5"), "png"),
        ("generate", ("--new", "3", "--language", "de", "--translate"), "csv"),
        ("report", (), "html"),
    ],
)
def test_what_pictures_with_texts_have_is_there_of_sounds(sound, model, tmp_path, what, more, ending):
    out = tmp_path / f"out.{ending}"
    assert run(["export", sound, what, "--model", model, "--out", str(out), *more]) == 0
    assert out.stat().st_size > 100
    if what == "generate":
        rows = list(csv.DictReader(out.read_text().splitlines()))
        assert [row["token"] for row in rows[:3]] == ["<|de|>", "<|translate|>", "<|notimestamps|>"]


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("attention",), "No model in the box reads sounds."),
        (("attention", "--model", "minilm-l6"), "reads text, not sounds"),
        (("attention", "--since", "2", "--model", "{model}"), "nothing of it is heard from 2.00 s on"),
        (("answer", "--language", "xx", "--model", "{model}"), "knows no language “xx”"),
        (("attention", "--size", "300", "--model", "{model}"), "--size is of images"),
        (("norms", "--model", "{model}"), "writes of a sound is shown, not asked about"),
    ],
)
def test_what_cannot_be_is_one_sentence(sound, model, tmp_path, capsys, argv, said):
    out = tmp_path / "out.csv"
    argv = [word.format(model=model) for word in argv]
    assert (
        run(["export", sound, *argv, "--out", str(out), *(["--head", "0"] if "attention" in argv else [])])
        == 2
    )
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()
