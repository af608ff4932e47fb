"""`export … product`: the numbers of one weight, and what is said where there are none."""

from __future__ import annotations

import csv

import numpy as np
import pytest

from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine

TEXT = "The cat sat down."


def test_a_weight_can_be_computed_again_from_what_is_written(tmp_path, capfd):
    given = ["export", "--text", TEXT, "product", "--layer", "3", "--head", "1", "--query", "3", "--key", "2"]
    for ending in ("npz", "csv"):
        assert run([*given, "--out", str(tmp_path / f"out.{ending}")]) == 0, capfd.readouterr()
    layer = open_engine(None, "text", "cpu").run(TEXT).layers[3]
    with np.load(tmp_path / "out.npz") as out:
        score = float(out["q"] @ out["k"] * out["scale"])
        assert out["terms"].sum() == pytest.approx(score, abs=1e-5)
        assert out["scores"][2] == pytest.approx(score, abs=1e-5)
        powers = np.exp(out["scores"] - out["scores"].max())
        np.testing.assert_allclose(powers / powers.sum(), layer.row(1, 3)[1], atol=1e-6)
        np.testing.assert_allclose(out["weights"] @ out["values"], out["output"], atol=1e-5)
        np.testing.assert_allclose(out["projection"] @ out["output"], out["parts"][1], atol=1e-5)
        np.testing.assert_allclose(out["parts"].sum(0), out["layer_output"], atol=1e-5)
        assert out["key_labels"][2] == "cat"
        assert "bias" not in out
        assert "input_ids" in out
    lines = list(csv.reader((tmp_path / "out.csv").read_text().splitlines()))
    assert lines[0] == ["step", "place", "value"]
    softmax = [float(value) for step, _, value in lines[1:] if step == "softmax"]
    np.testing.assert_allclose(softmax, layer.row(1, 3)[1], atol=1e-6)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--head", "1", "--query", "3"], "with --key"),
        (["--head", "1", "--key", "3"], "with --query"),
        (["--query", "3", "--key", "1"], "Of which head the weight is is not said."),
        (["--head", "mean", "--query", "3", "--key", "1"], "one head, by its number"),
        (["--head", "1", "--query", "3,4", "--key", "1"], "one token that looks"),
        (["--stack", "cross", "--head", "1", "--query", "3", "--key", "1"], "There is no stack “cross”"),
        (["--head", "1", "--query", "99", "--key", "1"], "0 to 6. Choose one of these with --query"),
        (["--head", "1", "--query", "3", "--key", "99"], "0 to 6. Choose one of these with --key"),
    ],
)
def test_what_is_no_weight_is_one_line(given, said, tmp_path, capfd):
    out = tmp_path / "out.npz"
    assert run(["export", "--text", TEXT, "product", *given, "--out", str(out)]) == 2
    assert said in capfd.readouterr().err
    assert not out.exists()
