"""`export FILE relevance`: what a method says of a target, and what is said of targets there are not."""

from __future__ import annotations

import numpy as np
import pytest
import transformers as hf
from PIL import Image

from headlight.models.core.answers import Target
from headlight.models.explain.of_target.carried import generic
from headlight.viewer.app.cli import run
from headlight.viewer.host.engines import open_engine
from tests.models.headed import VIT, saved

TEXT = "the cat sat on the mat and the cat sat on"


def export(out, *more: str) -> int:
    return run(["export", "relevance", "--text", TEXT, "--model", "induction", *more, "--out", str(out)])


def test_a_token_of_the_vocabulary_by_its_name_and_place(tmp_path):
    assert export(tmp_path / "a.npz", "--target", "mat", "--target-place", "5") == 0
    with np.load(tmp_path / "a.npz") as found:
        trace = open_engine("induction", "text", "cpu").run(TEXT)
        number = trace.run.engine().numbered("mat")
        assert (int(found["target_index"]), found["target_place"].tolist()) == (number, [5])
        wanted = generic(trace, Target("mat", 0.0, number, trace.tokens.place(5)))
        np.testing.assert_allclose(found["relevance"], wanted.values, rtol=1e-5)
        assert found["relevance"].dtype == np.float32
        assert (str(found["method"]), str(found["target"])) == ("chefer", "mat")


def test_what_is_said_first_and_every_kind_of_file(tmp_path):
    for ending in ("csv", "png", "svg"):
        assert export(tmp_path / f"a.{ending}", "--method", "gradient-input") == 0
    lines = (tmp_path / "a.csv").read_text().splitlines()
    assert lines[0] == "index,label,special,relevance"
    assert len(lines) == 1 + len(open_engine("induction", "text", "cpu").run(TEXT).tokens)


def test_digits_are_a_token_where_there_is_one_and_else_a_number(tmp_path):
    token = open_engine("induction", "text", "cpu").numbered("7")
    assert token not in (None, 7)
    for target, number in (("7", token), ("#7", 7), (str(token), token)):
        assert export(tmp_path / "a.npz", "--target", target) == 0
        with np.load(tmp_path / "a.npz") as found:
            assert int(found["target_index"]) == number


WRONG = {
    "--target zebrafish": "does not say “zebrafish”",
    "--target-place 99": "Token 99 does not exist",
    "--target-place 1,2": "is of one place, not of 2",
    "--target similarity --target-place 2,2": "is of two places, not of 1",
    "--target similarity --target-place 1,2,3": "is of two places, not of 3",
    "--method guess": "“guess” is not",
    "--method hops": "is not of texts",
}


@pytest.mark.parametrize("words", WRONG)
def test_targets_places_and_methods_that_there_are_not(words, tmp_path, capfd):
    assert export(tmp_path / "a.npz", *words.split()) == 2
    err = capfd.readouterr().err
    assert WRONG[words] in err
    assert "Choose" in err or "See" in err
    assert not list(tmp_path.iterdir())


def test_a_rollout_of_one_stream_is_not_of_what_reads_and_writes(tmp_path, capfd):
    words = ["--text", "cat", "--model", "phonemes", "--method", "gradient-rollout"]
    assert run(["export", "relevance", *words, "--out", str(tmp_path / "a.npz")]) == 2
    assert "this rollout leads through one" in capfd.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_picture_has_a_map_of_what_draws_the_eye_at_a_place(tmp_path):
    words = ["assets/samples/coffee.jpg", "relevance", "--size", "224"]
    out = tmp_path / "a.npz"
    arguments = ["export", *words, "--target", "saliency", "--target-place", "40", "--out", str(out)]
    assert run(arguments) == 0
    with np.load(out) as found:
        rows, columns = found["map"].shape
        assert found["relevance"].shape == (rows * columns + 1,)
        assert str(found["target"]) == "saliency"


def test_experiments_hold_curves_and_effects(tmp_path):
    words = ["export", "--text", TEXT, "--model", "induction", "--target", "mat", "--target-place", "5"]
    assert run([*words, "faithfulness", "--orders", "2", "--out", str(tmp_path / "a.npz")]) == 0
    with np.load(tmp_path / "a.npz") as found:
        assert found["deletion"].shape == found["insertion"].shape == found["fractions"].shape
        assert found["random"].shape == (2, len(found["fractions"]))
        assert found["auc"].shape == (3,)
    assert (
        run([*words, "methods", "--methods", "chefer,gradient-input", "--out", str(tmp_path / "c.npz")]) == 0
    )
    with np.load(tmp_path / "c.npz") as found:
        assert found["methods"].tolist() == ["chefer", "gradient-input"]
        assert found["relevance"].shape == (2, len(found["input_ids"]))
        np.testing.assert_allclose(np.diag(found["correlations"]), 1, atol=1e-6)
    for ending in ("npz", "csv"):
        assert run([*words, "ablation", "--out", str(tmp_path / f"b.{ending}")]) == 0
    with np.load(tmp_path / "b.npz") as found:
        trace = open_engine("induction", "text", "cpu").run(TEXT)
        assert found["effect"].shape == (len(trace.layers), max(layer.heads for layer in trace.layers))
        assert (found["effect"].dtype, str(found["target"])) == (np.float32, "mat")
        most = np.nanmax(np.abs(found["effect"]))
    other = ["--pair", TEXT.replace("cat", "mat"), "--out", str(tmp_path / "p.npz")]
    assert run([*words, "patching", *other]) == 0
    with np.load(tmp_path / "p.npz") as found:
        there = open_engine("induction", "text", "cpu").run(TEXT.replace("cat", "mat"))
        assert found["effect"].shape == (len(trace.layers), max(layer.heads for layer in trace.layers))
        assert found["states"].shape == (len(trace.layers), len(there.tokens))
        assert found["giving"] != found["taking"]
    first = (tmp_path / "b.csv").read_text().splitlines()[1]
    assert abs(float(first.split(",")[2])) == pytest.approx(most)


def test_a_folder_of_pictures_gives_a_table_of_methods(tmp_path, capfd):
    net = hf.ViTForImageClassification(hf.ViTConfig(**VIT)).eval()
    model, pictures = saved(tmp_path / "vit", net), tmp_path / "pictures"
    pictures.mkdir()
    draw = np.random.default_rng(0)
    for name in ("a", "b"):
        Image.fromarray(draw.integers(0, 256, (64, 80, 3), np.uint8)).save(pictures / f"{name}.png")
    (pictures / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno more")
    words = ["export", str(pictures), "faithfulness", "--model", str(model), "--size", "224"]
    names = ["--methods", "chefer,gradient-input", "--orders", "2"]
    assert run([*words, *names, "--out", str(tmp_path / "a.npz")]) == 0
    assert "broken.png was left out" in capfd.readouterr().err
    with np.load(tmp_path / "a.npz") as found:
        assert found["inputs"].tolist() == ["a.png", "b.png"]
        assert found["deletion"].shape == found["insertion"].shape == (2, 2)
        assert found["random_deletion"].shape == (2, 2)
        assert found["wins"].sum(0).tolist() >= [2, 2]
        assert "mean colour before pixels are normalised" in str(found["convention"])
    assert run([*words, "--target-place", "3", "--out", str(tmp_path / "b.csv")]) == 2
    assert "A place is of one input" in capfd.readouterr().err
    assert run(["export", str(tmp_path / "pictures"), "tokens", "--out", str(tmp_path / "c.npz")]) == 2
    assert "is a folder" in capfd.readouterr().err
    (tmp_path / "lines.txt").write_text("the cat sat on the cat\na b a b\n")
    lines = ["export", str(tmp_path / "lines.txt"), "faithfulness", "--lines", "--model", "induction"]
    assert run([*lines, "--methods", "rollout", "--out", str(tmp_path / "d.csv")]) == 0
    rows = (tmp_path / "d.csv").read_text().splitlines()
    assert [row.split(",")[:2] for row in rows[1:]] == [["rollout", "2"], ["random", "2"]]
    both = [*lines, "--methods", "rollout", "--method", "chefer", "--out", str(tmp_path / "e.csv")]
    assert run(both) == 2
    assert "--method names one method" in capfd.readouterr().err
    of_one = ["export", "faithfulness", "--text", "a b a", "--model", "induction", "--methods", "rollout"]
    assert run([*of_one, "--out", str(tmp_path / "e.csv")]) == 2
    assert "--methods is of many inputs" in capfd.readouterr().err
