import csv
import io
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModel

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.colours import lut, overlay_colours
from headlight.models.core.task import SILENT
from headlight.viewer.app.cli import run
from headlight.viewer.export.choices import Subject, fitting
from headlight.viewer.export.door import result_of
from headlight.viewer.export.figures import Label, Raster
from headlight.viewer.export.options import ExportOptions
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.registry import REGISTRY, Export, resolve
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.explain.relevance import relevance_map
from headlight.viewer.slices.maps import matrix_map
from tests.bad_files import DATA, MESSAGES
from tests.viewer.given import method, patch_tokens, text_tokens, trace_of

SENTENCE = "The keys to the cabinet are on the table."
PICTURE = str(ASSETS / "samples" / "chelsea.jpg")
SMALL = ("--size", "224")


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    """Threads that wait for each other on a busy machine take longer than one of these small passes."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def exported(tmp_path, capfd):
    """Runs one export and reads what it wrote: arrays of an npz, else bytes."""

    def call(*arguments: str, ending: str = "npz", notices: tuple[str, ...] = ()):
        out = tmp_path / f"out.{ending}"
        assert run(["export", *arguments, "--out", str(out)]) == 0, capfd.readouterr().err
        told = capfd.readouterr()
        assert told.err.splitlines() == [f"headlight: {notice}" for notice in notices]
        assert told.out == ""
        assert not list(tmp_path.glob(".*"))
        if ending != "npz":
            return out.read_bytes()
        with np.load(out, allow_pickle=False) as archive:
            return dict(archive)

    return call


def eager(name: str, **inputs: np.ndarray) -> list[np.ndarray]:
    """float32 (heads, queries, keys) a layer, from transformers alone."""
    model = AutoModel.from_pretrained(
        ASSETS / "weights" / name, attn_implementation="eager", dtype=torch.float32, local_files_only=True
    )
    with torch.no_grad():
        output = model(
            **{key: torch.from_numpy(value)[None] for key, value in inputs.items()}, output_attentions=True
        )
    return [attention[0].numpy() for attention in output.attentions]


@pytest.fixture(scope="module")
def eager_sentence():
    import transformers

    tokenizer = transformers.AutoTokenizer.from_pretrained(ASSETS / "weights" / "minilm-l6")
    ids = np.array(tokenizer(SENTENCE)["input_ids"])
    return ids, eager("minilm-l6", input_ids=ids)


def test_attention_of_a_sentence_is_that_of_eager_attention(exported, eager_sentence):
    ids, layers = eager_sentence
    for index in (0, 3):
        found = exported("attention", "--text", SENTENCE, "--layer", str(index))
        assert found["input_ids"].dtype == np.int64
        assert found["input_ids"].tolist() == ids.tolist()
        assert found["attention"].dtype == np.float32
        assert found["attention"].shape == (12, len(ids), len(ids))
        assert np.abs(found["attention"] - layers[index]).max() <= 1e-4
        assert int(found["layer"]) == index
        assert found["query_labels"].tolist() == found["key_labels"].tolist()
        assert found["query_labels"][[0, 2, -1]].tolist() == ["[CLS]", "keys", "[SEP]"]
        assert np.flatnonzero(found["special"]).tolist() == [0, len(ids) - 1]


def test_one_head_or_all_as_one_and_a_layer_by_name(exported, eager_sentence):
    _, layers = eager_sentence
    name = "encoder.layer.1.attention.self"
    one = exported("attention", "--text", SENTENCE, "--layer", name, "--head", "8")
    assert np.abs(one["attention"] - layers[1][8:9]).max() <= 1e-4
    for head in ("mean", "max", "min"):
        fused = exported("attention", "--text", SENTENCE, "--layer", name, "--head", head)["attention"]
        assert np.abs(fused - getattr(layers[1], head)(axis=0)[None]).max() <= 1e-4


def test_one_token_alone_has_its_row_of_every_head(exported):
    whole = exported("attention", "--text", SENTENCE, "--layer", "3")
    one = exported("attention", "--text", SENTENCE, "--layer", "3", "--query", "2")
    assert np.abs(one["attention"] - whole["attention"][:, [2]]).max() <= 1e-6
    assert (one["query_labels"].tolist(), one["query"].tolist()) == (["keys"], [2])
    several = exported("attention", "--text", SENTENCE, "--layer", "3", "--query", "5,2,2")
    assert np.abs(several["attention"][:, 0] - whole["attention"][:, [2, 5]].mean(axis=1)).max() <= 1e-6
    # MiniLM answers with the mean of all tokens: those of the text.
    read = exported("attention", "--text", SENTENCE, "--layer", "3", "--query", "readout")
    assert np.abs(read["attention"][:, 0] - whole["attention"][:, 1:-1].mean(axis=1)).max() <= 1e-6
    line = ("attention", "--text", SENTENCE, "--layer", "3", "--head", "max", "--query", "2")
    rows = list(csv.reader(exported(*line, ending="csv").decode().splitlines()))
    assert [row[0] for row in rows] == ["", "keys"]
    assert b"max of 12 heads \xc2\xb7 attention of keys<" in exported(*line, ending="svg")
    picture = exported(PICTURE, "attention", *SMALL, "--head", "0", "--query", "0", ending="svg")
    assert b"attention of [CLS]<" in picture


def test_a_pair_holds_what_repeats_the_pass(exported):
    found = exported("attention", "--text", "A cat sat.", "--pair", "It slept.")
    layers = eager("minilm-l6", input_ids=found["input_ids"], token_type_ids=found["token_type_ids"])
    assert found["token_type_ids"].tolist() == [0] * 6 + [1] * 4
    assert np.abs(found["attention"] - layers[-1]).max() <= 1e-4


def test_attention_of_a_picture_is_that_of_eager_attention(exported):
    found = exported(PICTURE, "attention", *SMALL, "--layer", "5")
    assert found["pixel_values"].dtype == np.float32
    assert found["pixel_values"].shape[:2] == (3, 224)
    assert (
        np.abs(found["attention"] - eager("dinov2-small", pixel_values=found["pixel_values"])[5]).max()
        <= 1e-4
    )


def reference_rollout(layers: list[np.ndarray]) -> np.ndarray:
    """Abnar & Zuidema 2020: the product of row-normalised (mean over heads + I), the last layer first."""
    result = np.eye(layers[0].shape[1])
    for attention in layers:
        step = attention.astype(np.float64).mean(axis=0) + np.eye(attention.shape[1])
        result = step / step.sum(axis=-1, keepdims=True) @ result
    return result


def test_rollout_of_a_text_is_the_reference_formula_on_the_exported_attention(exported):
    layers = [exported("attention", "--text", SENTENCE, "--layer", str(i))["attention"] for i in range(6)]
    found = exported("rollout", "--text", SENTENCE)
    assert found["rollout"].dtype == np.float32
    assert np.abs(found["rollout"] - reference_rollout(layers)).max() <= 1e-6
    assert np.allclose(found["map"], found["rollout"].mean(axis=0))  # MiniLM answers with the mean token


def test_rollout_of_a_picture_has_a_map_of_its_patches(exported):
    layers = [exported(PICTURE, "attention", *SMALL, "--layer", str(i))["attention"] for i in (10, 11)]
    found = exported(PICTURE, "rollout", *SMALL, "--first", "10")
    assert np.abs(found["rollout"] - reference_rollout(layers)).max() <= 1e-6
    assert found["map"].shape == (16, 24)
    assert np.array_equal(found["map"], found["rollout"][0, 1:].reshape(16, 24))
    other = exported(PICTURE, "rollout", *SMALL, "--first", "10", "--query", "100")
    assert np.array_equal(other["map"], found["rollout"][100, 1:].reshape(16, 24))


def test_rollout_settings_of_a_text(exported):
    first, last = (
        exported("attention", "--text", SENTENCE, "--layer", str(index))["attention"].astype(np.float64)
        for index in (1, 2)
    )
    steps = []
    for attention in (first, last):
        fused = attention.max(axis=0)
        lowest = int(0.3 * fused.shape[1])
        fused[fused < np.sort(fused, axis=1)[:, lowest : lowest + 1]] = 0
        steps.append(0.5 * fused / fused.sum(axis=1, keepdims=True) + 0.5 * np.eye(len(fused)))
    options = ("--fusion", "max", "--discard", "0.3", "--residual", "mix", "--first", "1", "--last", "2")
    found = exported("rollout", "--text", SENTENCE, *options)
    assert np.abs(found["rollout"] - steps[1] @ steps[0]).max() <= 1e-6


def test_csv_holds_the_very_numbers(exported, eager_sentence):
    data = exported("attention", "--text", SENTENCE, "--layer", "1", "--head", "8", ending="csv")
    rows = list(csv.reader(io.StringIO(data.decode())))
    weights = exported("attention", "--text", SENTENCE, "--layer", "1", "--head", "8")
    assert rows[0] == ["", *weights["key_labels"]]
    assert [row[0] for row in rows[1:]] == weights["query_labels"].tolist()
    assert np.array_equal(np.array([row[1:] for row in rows[1:]], np.float32), weights["attention"][0])


def test_tokens_of_texts_and_pictures(exported):
    text = "Unbelievable, 🙂!"
    found = exported(
        "tokens", "--text", text, notices=("1 character is not in this model's vocabulary and became [UNK].",)
    )
    assert found["labels"][1] == "Unbelievable"
    assert found["pieces"][1] == "unbelievable"
    spans = [text[start:stop] for start, stop in found["spans"]]
    assert spans[0] == spans[-1] == ""
    assert "".join(spans) == text.replace(" ", "")
    rows = list(csv.DictReader(io.StringIO(exported("tokens", "--text", "A cat.", ending="csv").decode())))
    assert [row["label"] for row in rows] == ["[CLS]", "A", "cat", ".", "[SEP]"]
    assert [(row["start"], row["stop"]) for row in rows[1:4]] == [("0", "1"), ("2", "5"), ("5", "6")]
    patches = exported(PICTURE, "tokens", *SMALL)
    assert np.isnan(patches["boxes"][0]).all()
    assert patches["boxes"][1][:2].tolist() == patches["region"][:2].tolist()
    assert patches["boxes"][-1][2:] == pytest.approx(patches["region"][2:])
    assert patches["grid"].tolist() == [16, 24]


def test_saliency_finds_the_cat(exported):
    found = exported(PICTURE, "saliency", *SMALL)
    assert found["saliency"].dtype == np.float32
    assert found["saliency"].shape == (224, 336)
    face, background = found["saliency"][80:140, 130:200].mean(), found["saliency"][:40, 300:].mean()
    assert face > 0.8 > 0.5 > background


@pytest.mark.parametrize(
    "arguments",
    [
        ("attention", "--text", "A <b> & “c”", "--head", "mean"),
        ("rollout", "--text", "A <b> & “c”"),
        (PICTURE, "rollout", *SMALL),
        (PICTURE, "saliency", *SMALL),
    ],
    ids=["matrix", "strip", "overlay", "saliency"],
)
def test_drawings_are_whole_pictures_in_both_kinds(arguments, exported):
    png = np.asarray(Image.open(io.BytesIO(exported(*arguments, ending="png"))))
    svg = ElementTree.fromstring(exported(*arguments, ending="svg"))
    assert png.shape[1::-1] == (int(svg.get("width")), int(svg.get("height")))
    edge = np.concatenate([png[:4].ravel(), png[-4:].ravel(), png[:, :4].ravel(), png[:, -4:].ravel()])
    assert (edge == 255).all()
    assert len(np.unique(png @ np.array([65_536, 256, 1]))) > 20


@pytest.mark.parametrize("name", ["animated.gif", "photo.txt", "letter.png", "export"])
def test_notices_are_lines_on_stderr(name, exported):
    size = SMALL if name in ("animated.gif", "photo.txt") else ()
    exported(str(DATA / name), "tokens", *size, notices=tuple(MESSAGES["notices"][name]))


@pytest.mark.parametrize(
    ("arguments", "ending", "message"),
    [
        (
            [PICTURE, "attention", *SMALL, "--layer", "14"],
            "npz",
            "Layer 14 does not exist: dinov2-small has 12, 0 to 11. Choose one with --layer, ",
        ),
        (
            ["attention", "--text", "a", "--head", "12"],
            "npz",
            "Head 12 does not exist: layer 5 of minilm-l6 has 12, 0 to 11. Choose one of these with --head.",
        ),
        (
            ["attention", "--text", "a"],
            "csv",
            "A csv file holds one matrix, and layer 5 has 12 heads. Choose --head 0 to 11, mean, max or min.",
        ),
        (
            ["rollout", "--text", "a", "--query", "3"],
            "npz",
            "Token 3 does not exist: there are 3, 0 to 2. Choose one of these with --query.",
        ),
        (
            ["rollout", "--text", "a", "--discard", "1.5"],
            "npz",
            "The discard share 1.5 is outside 0 to 1. Choose at least 0 and less than 1.",
        ),
        (
            ["tokens", "--text", "a", "--model", "dinov2-small"],
            "npz",
            "DINOv2-small reads images, not text. ",
        ),
        (["tokens", "--text", "a", "--device", "abacus"], "npz", "There is no device “abacus” here. "),
    ],
)
def test_what_the_model_does_not_have_is_one_line(arguments, ending, message, tmp_path, capfd):
    assert run(["export", *arguments, "--out", str(tmp_path / f"out.{ending}")]) == 2
    told = capfd.readouterr()
    assert told.err.startswith(f"headlight: {message}")
    assert told.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_no_numbers_are_not_exported(exported, tmp_path, capfd):
    folder = shutil.copytree(ASSETS / "weights" / "minilm-l6", tmp_path / "damaged")
    weights = load_file(folder / "model.safetensors")
    name = next(name for name in weights if name.endswith("layer.2.attention.self.value.weight"))
    weights[name][3, 4] = np.nan
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    of = ("--text", SENTENCE, "--model", str(folder))
    capfd.readouterr()
    first = "encoder.layer.2.attention.self"
    told = f"4 layers compute no numbers (NaN or infinite), from {first} on: nothing of that is drawn."
    assert np.isfinite(exported("attention", *of, "--layer", "1", notices=(told,))["attention"]).all()
    for arguments in (("attention", "--layer", "2"), ("attention", "--layer", "4"), ("rollout",)):
        assert run(["export", *arguments, *of, "--out", str(tmp_path / "none.npz")]) == 2
        name = f"encoder.layer.{4 if '4' in arguments else 2}.attention.self"
        assert capfd.readouterr().err == (
            f"headlight: What {name} computes are no numbers (NaN or infinite). "
            "The model's weights are damaged there: choose a layer before it, or another model.\n"
        )
        assert not (tmp_path / "none.npz").exists()


@pytest.mark.parametrize(
    "look",
    [
        {},
        {"percentile": 70.0, "floor": 30.0},
        {"log": True, "colours": "viridis", "opacity": 0.4},
        {"leave_out": False, "percentile": 100.0},
    ],
    ids=str,
)
@pytest.mark.parametrize("what", ["attention", "rollout", "matrix"])
@pytest.mark.parametrize("kind", ["text", "picture"])
def test_a_picture_has_the_colours_of_the_window(kind, what, look):
    """The same levels in the same colours, by what the dialog fills in, as the command line is given it."""
    tokens = patch_tokens() if kind == "picture" else text_tokens(*"abcdefgh")
    grey = np.full((20, 30, 3), 100, np.uint8)
    document = ImageInput("A", grey) if kind == "picture" else TextInput("A", "a b c d e f g h")
    trace = trace_of(tokens)
    places = (tokens.place(2),) if what == "attention" else ()
    by = "rollout" if what == "rollout" else "attention"
    view = View(Selection(1, 1, places)).changed(MapSettings, **look)
    export = REGISTRY.all(Export)[by]
    filled = resolve(export.filled)(Subject(0, document, RunOptions(), trace, view, "attention", "a"), SILENT)
    values = filled.values | ({"query": None} if what == "matrix" else {})
    asked = ExportOptions(by, Path("map.png"), "a", fitting(export, "png", values))
    items = result_of(asked, document, trace, SILENT).drawing().items
    painted, *_, bar = [item for item in items if isinstance(item, Raster)] * 2
    shown = matrix_map(trace, view) if what == "matrix" else relevance_map(trace, view, method(by), (1, 1))
    table = lut(view[MapSettings].colours)
    if what == "matrix":
        assert np.array_equal(painted.pixels, table[shown.levels][..., :3])
    elif kind == "text":
        chips = [item.fill for item in items if getattr(item, "height", 0) == 20]
        assert np.array_equal(chips, table[shown.levels][:, :3])
    else:
        colours = overlay_colours(table, view[MapSettings].opacity)[shown.levels] / 255
        mixed = (1 - colours[..., 3:]) * 100 + colours[..., 3:] * 255 * colours[..., :3]
        assert np.array_equal(painted.pixels[5::10, 5::10], mixed.round())
    assert np.array_equal(bar.pixels[:, 0], table[::-1, :3])
    said = [item.text for item in items if isinstance(item, Label)][-3:]
    assert [float(text.split()[0]) for text in said[1:]] == pytest.approx(
        [shown.scale.high, shown.scale.low], rel=1e-3
    )
    assert shown.scale.left_out in ("", *(item.text for item in items if isinstance(item, Label)))


def test_heads_have_a_number_for_each_measure(exported):
    text, said = ("--text", "The cat sat on the mat, and the cat slept."), ("--band", "0", "--template", "1")
    found = exported(*text, "heads", *said)
    names = found["names"].tolist()
    assert names[:3] == ["previous", "next", "word"]
    assert all(found[name].shape == (6, 12) and found[name].dtype == np.float32 for name in names)
    assert np.isnan(found["word"]).all()  # no word has parts
    np.testing.assert_array_equal(found["band"], found["own"])
    np.testing.assert_allclose(found["template"], 1, atol=1e-6)
    assert np.unravel_index(found["previous"].argmax(), (6, 12)) == (0, 2)
    rows = list(csv.reader(io.StringIO(exported(*text, "heads", *said, ending="csv").decode())))
    assert rows[0] == ["layer", "head", "name", *names]
    assert len(rows) == 73
    assert np.float32(rows[3][3]) == found["previous"][0, 2]
    assert rows[3][5] == ""


def test_heads_of_many_lines_are_means_over_all_of_them(exported, tmp_path):
    lines = ("The keys are on the table.", "A dog, a cat.", "The dog sleeps, and the cat.")
    (tmp_path / "lines.txt").write_text("\n\n".join(lines))
    found = exported(str(tmp_path / "lines.txt"), "heads", "--lines")
    alone = [exported("--text", line, "heads") for line in lines]
    placed = np.array([len(one["input_ids"]) - 2 for one in alone])
    assert (found["texts"], found["tokens"]) == (3, placed.sum() + 6)
    for name in ("own", "entropy", "distance", "written", "sink"):
        wanted = sum(one[name] * count for one, count in zip(alone, placed, strict=True)) / placed.sum()
        np.testing.assert_allclose(found[name], wanted, rtol=2e-4, atol=1e-6)
    wanted = sum(one["previous"] * (n - 1) for one, n in zip(alone, placed, strict=True)) / (placed - 1).sum()
    np.testing.assert_allclose(found["previous"], wanted, rtol=2e-4, atol=1e-6)
    assert found["cut"] == 0


def test_what_is_not_read_of_many_lines_is_said(tmp_path, capfd):
    lines, out = tmp_path / "lines.txt", str(tmp_path / "o.npz")
    lines.write_text("a cat\n" + "word " * 600 + "\n")
    assert run(["export", str(lines), "heads", "--lines", "--out", out]) == 0
    assert "1 of 2 lines are longer than MiniLM-L6 reads" in capfd.readouterr().err
    for what, ending in (("heads", "npz"), ("generate", "csv")):
        to = str(tmp_path / f"pair.{ending}")
        assert run(["export", str(lines), what, "--lines", "--pair", "a", "--out", to]) == 2
        assert "Leave --pair out" in capfd.readouterr().err
    assert run(["export", str(lines), "heads", "--lines", "--model", "phonemes", "--out", out]) == 2
    assert "Letters to phonemes is an encoder–decoder" in capfd.readouterr().err
