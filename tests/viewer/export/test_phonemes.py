"""The bundled encoder–decoder: letters to phonemes, through the command line."""

from __future__ import annotations

import csv

import numpy as np

from headlight.viewer.app.cli import run
from script.training.phonemes.publish import letters, phonemes
from script.training.phonemes.words import LETTERS, PHONEMES, encode

MODEL = ("--model", "phonemes")


def test_a_word_is_spelled_out_and_its_three_attentions_lie_open(tmp_path):
    out = tmp_path / "o.npz"
    assert run(["export", "--text", "attention", "generate", *MODEL, "--out", str(out)]) == 0
    with np.load(out) as found:
        assert str(found["text"]) == "AH T EH N SH AH N"
        assert found["tokens"].tolist() == [*str(found["text"]).split(), "</s>"]
        assert found["ids"].tolist() == encode(str(found["text"]).split(), PHONEMES)
        assert found["input_ids"].tolist() == encode("attention", LETTERS)
        assert (found["probabilities"] > 0.5).all()
    for stack, shape in (("encoder", (4, 10, 10)), ("decoder", (4, 8, 8)), ("cross", (4, 8, 10))):
        given = ("--stack", stack, "--layer", "3", *MODEL, "--out", str(out))
        assert run(["export", "--text", "attention", "attention", *given]) == 0
        with np.load(out) as found:
            assert found["attention"].shape == shape
            assert (int(found["layer"]), str(found["stack"])) == (3, stack)
            assert found["decoder_input_ids"].tolist()[0] == 0


def test_all_layers_go_into_one_file_whose_size_is_said_first(tmp_path, capfd):
    out = tmp_path / "o.npz"
    line = ["export", "--text", "cat", "attention", "--layer", "all", "--out", str(out), "--model"]
    assert run([*line, "phonemes"]) == 0
    assert "The weights of 12 layers take 0.1 MB." in capfd.readouterr().err
    with np.load(out) as found:
        shapes = {stack: found[f"attention_{stack}"].shape for stack in ("encoder", "decoder", "cross")}
        cross = found["attention_cross"][2]
        assert found["key_labels_cross"].tolist() == ["c", "a", "t", "</s>"]
    assert shapes == {"encoder": (4, 4, 4, 4), "decoder": (4, 4, 4, 4), "cross": (4, 4, 4, 4)}
    one = ["export", "--text", "cat", "attention", "--stack", "cross", "--layer", "2", "--out", str(out)]
    assert run([*one, *MODEL]) == 0
    with np.load(out) as found:
        np.testing.assert_array_equal(found["attention"], cross)
    assert run([*line, "minilm-l6"]) == 0
    with np.load(out) as found:
        assert found["attention"].shape[:2] == (6, 12)
    capfd.readouterr()
    assert run([*line[:-3], "--query", "0", *line[-3:], "minilm-l6"]) == 2
    assert "All layers go into an npz alone" in capfd.readouterr().err


def test_every_line_is_a_word_and_what_cannot_be_written_is_one_line(tmp_path, capfd):
    words, out = tmp_path / "words.txt", tmp_path / "o.csv"
    words.write_text("attention\ncat\n\nserve\n")
    given = ("generate", "--lines", "--beams", "2", *MODEL, "--out", str(out))
    assert run(["export", str(words), *given]) == 0
    with open(out) as file:
        rows = [*csv.reader(file)][1:]
    assert [row[:3] for row in rows] == [
        ["1", "attention", "AH T EH N SH AH N"],
        ["2", "cat", "K AE T"],
        ["4", "serve", "S ER V"],
    ]
    words.write_text("cat\n" + "a" * 99 + "\ncät\n")
    capfd.readouterr()
    for drawn in ((), ("--temperature", "1")):
        assert run(["export", str(words), "generate", "--lines", *drawn, *MODEL, "--out", str(out)]) == 0
        said = capfd.readouterr().err
        assert "Line 2: The text has 99 tokens and the model reads 31 of them at once" in said
        assert "Line 3: 1 character is not in this model's vocabulary" in said
        assert "Line 1" not in said
    out.unlink()
    for target, said in ((" ", "The target is empty"), ("K " * 40, "The target has 40 tokens")):
        line = ["export", "--text", "cat", "generate", "--target", target, *MODEL, "--out", str(out)]
        assert run(line) == 2
        assert said in capfd.readouterr().err
        assert not out.exists()
    line = ["export", "--text", "cat", "generate", "--target", "к AE0 t", *MODEL, "--out", str(out)]
    assert run(line) == 0  # stress and small letters are read
    assert "1 character is not in this model's vocabulary" in capfd.readouterr().err
    with open(out) as file:
        assert [row[2] for row in csv.reader(file)][1:] == ["<unk> “к”", "AE", "t", "</s>"]


def test_tokenizers_cut_as_the_network_was_trained():
    assert letters().encode("O'Neil-x.").ids == encode("o'neil-x.", LETTERS)
    found = phonemes().encode("K AE1 t")
    assert found.ids == encode(["K", "AE", "T"], PHONEMES)
    assert found.offsets[:3] == [(0, 1), (2, 4), (6, 7)]
    assert phonemes().decode(found.ids) == "K AE T"
