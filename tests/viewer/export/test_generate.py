"""`export … generate`: what a model wrote, and what it says where it writes nothing."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from headlight.models.core.answers import Writing
from headlight.viewer.app.cli import run
from headlight.viewer.host.forward import forward_pass, remade
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import from_text

PROMPT = "Mrs Abernathy lit the lamp. Then Mrs"
MODEL = ("--model", "induction")


def test_what_is_written_and_how_likely_it_was(tmp_path):
    out = tmp_path / "o.npz"
    assert run(["export", "--text", PROMPT, "generate", *MODEL, "--new", "5", "--out", str(out)]) == 0
    with np.load(out) as found:
        assert str(found["text"]) == " Abernathy lit the"
        assert found["tokens"].tolist() == ["Abernathy", "l", "##i", "##t", "the"]
        np.testing.assert_array_equal(found["ids"], found["input_ids"][found["start"] :])
        assert (found["probabilities"] > 0.999).all()
        assert np.isnan(found["drawn"]).all()


def test_any_export_can_be_of_a_text_with_what_was_written_behind_it(tmp_path):
    out = tmp_path / "a.npz"
    given = ("--target", "Abernathy", "--layer", "1", "--head", "0")
    assert run(["export", "--text", PROMPT, "attention", *MODEL, *given, "--out", str(out)]) == 0
    with np.load(out) as found:
        assert found["key_labels"][-1] == "Abernathy"


def test_every_line_is_an_input_of_its_own(tmp_path):
    lines, out = tmp_path / "lines.txt", tmp_path / "o.csv"
    lines.write_text(f"the cat sat the\n\n{PROMPT}\n")
    assert run(["export", str(lines), "generate", "--lines", *MODEL, "--new", "2", "--out", str(out)]) == 0
    with open(out) as file:
        head, *rows = csv.reader(file)
    assert head == ["line", "input", "text", "ids", "log_probability", "ended"]
    assert [row[:3] for row in rows] == [["1", "the cat sat the", " cat sat"], ["3", PROMPT, " Abernathy l"]]
    assert all(-0.001 < float(row[4]) <= 0 for row in rows)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--beams", "0"), "A search with 0 beams finds nothing."),
        (("--beams", "1000000"), "A search does not keep 1,000,000 beams. Choose 256 or fewer."),
        (("--temperature", "1", "--seed", str(1 << 64)), "18446744073709551616 is no seed."),
        (("--ids", "99999"), "Token 99,999 does not exist: Induction heads has"),
        (
            ("--ids", "99999", "--model", "phonemes"),
            "Token 99,999 does not exist: Letters to phonemes has",
        ),
        (("--temperature", "0"), "Logits cannot be divided by a temperature of 0."),
        (("--target", " "), "The target is empty"),
        (("--model", "minilm-l6"), "MiniLM-L6 writes nothing"),
        (("--new", "0"), "Nothing is to be written."),
        (("--top-p", "0"), "No tokens hold the share 0."),
        (("--lines",), "Of many lines only a table is written."),
    ],
)
def test_what_cannot_be_written_is_one_line(tmp_path, capfd, given, said):
    out = tmp_path / "o.npz"
    assert run(["export", "--text", PROMPT, "generate", *MODEL, *given, "--out", str(out)]) == 2
    assert said in capfd.readouterr().err
    assert not out.exists()


def test_what_was_drawn_is_made_again_from_its_recipe():
    options = RunOptions(model="induction", writing=Writing(new=6, temperature=5.0, seed=1))
    trace = forward_pass(from_text(PROMPT), options).trace
    again = remade(trace.recipe).trace
    assert again.recipe == trace.recipe
    assert again.written.ids == trace.written.ids == trace.recipe.written
    assert dict(trace.recipe.options) == {"new": 6, "temperature": 5.0, "seed": 1}
    np.testing.assert_array_equal(again.written.drawn, trace.written.drawn)


def test_tokens_that_are_given_by_their_numbers_come_first(tmp_path):
    out = tmp_path / "o.npz"
    given = ("--new", "2", "--ids", "7,8", "--out", str(out))
    assert run(["export", "--text", PROMPT, "generate", *MODEL, *given]) == 0
    with np.load(out) as found:
        assert (found["ids"].tolist()[:2], len(found["ids"])) == ([7, 8], 4)
