"""`export … compare`: each text read by itself, and what is said where there is nothing to compare."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from headlight.models.explain.company import aligned, cosines, over_units
from headlight.models.explain.words import found_word
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine

TEXTS = ("Her serve won the tennis match.", "They serve the salad with bread.")


def test_a_word_is_compared_in_two_texts_that_know_nothing_of_each_other(tmp_path, capfd):
    given = ["export", "--text", TEXTS[0], "--pair", TEXTS[1], "compare", "--word", "Serve", "--out"]
    for ending in ("npz", "csv"):
        assert run([*given, str(tmp_path / f"out.{ending}")]) == 0, capfd.readouterr()
    engine = open_engine(None, "text", "cpu")
    first, second = (engine.run(text) for text in TEXTS)
    at = [trace.tokens.find(found_word(trace.tokens, "serve")) for trace in (first, second)]
    expected = cosines(first.run.states(), at[0], second.run.states(), at[1])
    with np.load(tmp_path / "out.npz") as out:
        np.testing.assert_allclose(out["cosine"], expected, atol=1e-6)
        np.testing.assert_array_equal(out["second_input_ids"], second.inputs["input_ids"])
        maps = aligned(first.tokens, second.tokens)
        both = zip((first, second), maps, strict=True)
        here, there = (over_units(one.layers[-1], units, units, 3) for one, units in both)
        np.testing.assert_allclose(out["difference"][3], here - there, atol=1e-6)
        assert (
            out["query_units"].tolist() == ["[CLS]", "[SEP]", "serve", "the", "."] == [*maps[0].tokens.labels]
        )
    rows = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert [int(row[0]) for row in rows[1:]] == list(range(len(first.layers) + 1))


def test_what_is_said_is_of_each_text_by_itself(tmp_path, capfd):
    both = ("--text", "cat " * 300, "--pair", "cat " * 700)
    assert run(["export", *both, "compare", "--word", "cat", "--out", str(tmp_path / "o.csv")]) == 0
    said = "The text has 700 tokens and the model reads 510 of them at once: tokens 1 to 510 are shown."
    assert capfd.readouterr().err.splitlines() == [f"headlight: {said}"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--text", TEXTS[0], "compare", "--word", "serve"], "with --pair"),
        (["--text", TEXTS[0], "--pair", TEXTS[1], "compare"], "with --word"),
        (["--text", TEXTS[0], "--pair", TEXTS[1], "compare", "--word", "serve", "--head", "12"], "0 to 11"),
        (["--text", TEXTS[0], "--pair", TEXTS[1], "compare", "--word", "tennis"], "no word of “They"),
    ],
)
def test_what_is_missing_is_said(given, said, tmp_path, capfd):
    out = tmp_path / "out.npz"
    assert run(["export", *given, "--out", str(out)]) == 2
    assert said in capfd.readouterr().err
    assert not out.exists()
