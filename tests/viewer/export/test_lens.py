"""`export … lens` and `export … attribution`, of the decoder that is built by hand."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from headlight.models.explain.lens import added, lens
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine

TEXT = "Mrs Abernathy lit the lamp. Then Mrs"


def test_both_are_written(tmp_path, capfd):
    def export(what: str, out: str, *more: str) -> None:
        given = ["export", "--text", TEXT, what, "--model", "induction", "--out", str(tmp_path / out), *more]
        assert run(given) == 0, capfd.readouterr()

    trace = open_engine("induction", "text").run(TEXT)
    export("lens", "lens.npz")
    with np.load(tmp_path / "lens.npz") as out:
        np.testing.assert_allclose(out["probabilities"], lens(trace).probabilities, atol=1e-6)
        assert out["layers"].tolist() == ["embedding", "layer 0", "layer 1"]
        assert out["entries"][-1, -1, 0] == "Abernathy"
    export("attribution", "last.npz")
    with np.load(tmp_path / "last.npz") as out:
        assert (out["query"], out["entry"]) == (len(trace.tokens) - 1, "Abernathy")
        parts = out["heads"].sum() + out["biases"].sum() + out["others"].sum()
        assert parts + out["embedding"] + out["constant"] == pytest.approx(float(out["logit"]), abs=1e-4)
    export("attribution", "other.csv", "--query", "2", "--token", "lamp")
    rows = list(csv.reader((tmp_path / "other.csv").read_text().splitlines()))
    number = trace.run.engine().numbered("lamp")
    expected = added(trace, 2, number)
    assert float(rows[-1][-1]) == pytest.approx(expected.logit, rel=1e-6)
    assert [row[:3] for row in rows if row[0] == "head"] == [["head", "0", "0"], ["head", "1", "0"]]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["lens"], "does not say which tokens belong in a text"),
        (["lens", "--model", "phonemes"], "its layers are no one stream"),
        (["attribution", "--model", "induction", "--query", "99"], "says nothing at --query 99"),
        (["attribution", "--model", "induction", "--token", "lamp lamp"], "is no single token"),
        (["attribution", "--model", "induction", "--token", "日本"], "is no single token"),
        (["attribution", "--model", "induction", "--token", "999999"], "has no entry 999,999"),
    ],
)
def test_what_cannot_be_is_said(given, said, tmp_path, capfd):
    out = tmp_path / "out.npz"
    assert run(["export", "--text", TEXT, *given, "--out", str(out)]) == 2
    assert said in capfd.readouterr().err
    assert not out.exists()
