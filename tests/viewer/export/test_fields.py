"""`export` of receptive fields and attention distances, and the one line that says what is wrong."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import AutoModel, ResNetConfig, ViTConfig
from transformers.utils import logging

from headlight.models.attention.distances import attention_distance
from headlight.viewer.app.cli import run

SIZE = 224


@pytest.fixture(scope="module")
def picture(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("pictures") / "noise.png"
    pixels = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), np.uint8)
    Image.fromarray(pixels).save(file)
    return str(file)


@pytest.fixture(scope="module")
def resnet(tmp_path_factory) -> str:
    config = ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")
    return _saved(tmp_path_factory.mktemp("resnet"), config)


@pytest.fixture(scope="module")
def vit(tmp_path_factory) -> str:
    config = ViTConfig(
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=32,
        image_size=SIZE,
        patch_size=32,
    )
    return _saved(tmp_path_factory.mktemp("vit"), config)


def _saved(folder, config) -> str:
    torch.manual_seed(0)
    logging.disable_progress_bar()
    AutoModel.from_config(config).save_pretrained(folder)
    return str(folder)


@pytest.fixture
def exported(tmp_path, capfd):
    """Runs one export and reads what it wrote: arrays of an npz, else bytes; or the line of its error."""

    def call(*arguments: str, ending: str = "npz", fails: bool = False):
        out = tmp_path / f"out.{ending}"
        status = run(["export", *arguments, "--size", str(SIZE), "--out", str(out)])
        told = capfd.readouterr().err.splitlines()
        assert not list(tmp_path.glob(".*"))
        if fails:
            assert status == 2
            assert len(told) == 1
            assert not out.exists()
            return told[0]
        assert status == 0, told
        if ending != "npz":
            return out.read_bytes()
        with np.load(out, allow_pickle=False) as archive:
            return dict(archive)

    return call


def test_theoretical_fields_of_all_layers_and_the_effective_one_of_a_unit(exported, picture, resnet):
    found = exported(picture, "receptive-field", "--model", resnet)
    layers = found["layers"].tolist()
    assert found["size"].shape == found["stride"].shape == found["start"].shape == (len(layers), 2)
    stem = next(i for i, kind in enumerate(found["kinds"]) if kind == "Conv2d")
    assert found["size"][stem].tolist() == [7, 7]
    assert found["stride"][stem].tolist() == [2, 2]
    assert found["start"][stem].tolist() == [-3, -3]
    assert found["size"][-1].tolist() == [11 + 2 * 8 + 8 + 16] * 2
    assert "effective" not in found
    # What the network saw is the whole picture, although the units of its map do not reach from edge to edge.
    np.testing.assert_allclose(found["region"], (0, 0, SIZE, SIZE), atol=1e-9)

    unit = ("--layer", layers[-1], "--cell", "14,13")
    deep = exported(picture, "receptive-field", "--model", resnet, *unit)
    heat, ((top, bottom), (left, right)) = deep["effective"], deep["box"]
    assert heat.dtype == np.float32
    assert heat.shape == (SIZE, SIZE)
    assert deep["unit"].tolist() == [14, 13]
    assert (bottom - top, right - left) == tuple(deep["size"][-1])
    outside = heat.copy()
    outside[top:bottom, left:right] = 0
    assert not outside.any()
    assert deep["mass_inside"] == pytest.approx(1)
    kept = np.sort(heat.ravel())[::-1].astype(np.float64)
    for share, ratio in zip(deep["shares"], deep["area_ratio"], strict=True):
        count = int(np.searchsorted(np.cumsum(kept), share * kept.sum())) + 1
        assert ratio == pytest.approx(count / heat.size)


def test_the_table_of_fields_and_the_picture_of_one(exported, picture, resnet):
    rows = list(
        csv.reader(
            io.StringIO(exported(picture, "receptive-field", "--model", resnet, ending="csv").decode())
        )
    )
    assert rows[0][:5] == ["index", "layer", "kind", "level", "size_rows"]
    assert rows[-1][4:6] == ["51", "51"]
    drawn = exported(picture, "receptive-field", "--model", resnet, "--layer", rows[-1][1], ending="png")
    assert Image.open(io.BytesIO(drawn)).size[0] > SIZE


def test_attention_distances_are_those_of_the_exported_attention(exported, picture, vit):
    found = exported(picture, "attention-distance", "--model", vit)
    assert found["distance"].shape == (2, 4)
    without = exported(picture, "attention-distance", "--model", vit, "--without-self")
    attention = exported(picture, "attention", "--model", vit, "--layer", "1")
    from headlight.viewer.host.forward import forward_pass
    from headlight.viewer.inputs.inputs import from_path
    from headlight.viewer.session.session import RunOptions

    tokens = forward_pass(from_path(picture), RunOptions(model=vit, size=SIZE)).trace.tokens
    patches = np.arange(tokens.prefix, len(tokens))
    for include_self, distance in ((True, found["distance"]), (False, without["distance"])):
        rows = attention["attention"][:, tokens.prefix :]
        expected = attention_distance(rows, tokens, patches, include_self).mean(axis=-1)
        np.testing.assert_allclose(distance[1], expected, rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "ending", "line"),
    [
        (
            ("receptive-field",),
            "png",
            "A png file holds the effective field of one layer's unit. Choose the layer with --layer.",
        ),
        (
            ("receptive-field", "--layer", "0"),
            "csv",
            "A csv file holds the theoretical fields of all layers. Leave --layer out, or write npz or png.",
        ),
        (
            ("receptive-field", "--inputs", "8"),
            "npz",
            "--inputs is of the effective field of one layer. Give --layer too.",
        ),
        (
            ("receptive-field", "--layer", "1", "--inputs", "0"),
            "npz",
            "Argument --inputs: “0” is not a whole number from 1 on. "
            "See “headlight export --help” for the options.",
        ),
        (
            ("receptive-field", "--layer", "1", "--cell", "3"),
            "npz",
            "Argument --cell: “3” is not a row and a column, as in 12,7. "
            "See “headlight export --help” for the options.",
        ),
        (
            ("tokens", "--cell", "0,0"),
            "npz",
            "--cell belongs to receptive-field, not to tokens. Leave it out.",
        ),
        (
            ("attention-distance", "--head", "0"),
            "npz",
            "--head belongs to attention, report, arcs, compare or product, not to attention-distance. "
            "Leave it out.",
        ),
        (
            ("attention",),
            "npz",
            "resnet0 has no attention: it is a convolutional network. "
            "Export receptive-field, or choose a vision transformer with --model.",
        ),
        (
            ("attention-distance",),
            "npz",
            "resnet0 has no attention: it is a convolutional network. "
            "Export receptive-field, or choose a vision transformer with --model.",
        ),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_line(exported, picture, resnet, arguments, ending, line):
    told = exported(picture, *arguments, "--model", resnet, ending=ending, fails=True)
    assert told == f"headlight: {line}"


def test_a_layer_and_a_unit_that_do_not_exist(exported, picture, resnet):
    told = exported(picture, "receptive-field", "--model", resnet, "--layer", "999", fails=True)
    assert told.startswith("headlight: Layer 999 does not exist: ")
    assert "Choose one with --layer, by its number or its name: " in told
    far = ("--layer", "1", "--cell", "0,500")
    told = exported(picture, "receptive-field", "--model", resnet, *far, fails=True)
    assert "Unit 0,500 does not exist: " in told
    assert told.endswith("Choose one of these with --cell.")


def test_a_text_has_no_receptive_field(exported):
    told = exported("receptive-field", "--text", "a b", fails=True)
    assert "receptive-field" in told.lower()
