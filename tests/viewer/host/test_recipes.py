"""How a trace was made, as plain data, and made again from that alone."""

from __future__ import annotations

import pickle
from dataclasses import replace
from hashlib import sha256

import numpy as np
import pytest
import transformers as hf
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import File, Hide, Recipe
from headlight.models.core.trace import Trace
from headlight.models.engines import door
from headlight.viewer.host.asked import OfCloud, OfImage, OfText
from headlight.viewer.host.forward import forward_pass, made, remade
from headlight.viewer.host.recipe import Making, RunOptions
from headlight.viewer.inputs.inputs import ImageInput, TextInput, from_path, from_text
from headlight.viewer.inputs.source import Reading
from headlight.viewer.inputs.told.columns import AS_TEXT, Meanings
from tests.models.headed import NAMED, TEXT, VIT, saved
from tests.models.tiny_points import room, transformer
from tests.models.tiny_points import saved as saved_points


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(door, "_engines", type(door._engines)())


@pytest.fixture
def texts(tmp_path):
    config = hf.BertConfig(**TEXT, intermediate_size=64, **NAMED)
    return RunOptions(model=str(saved(tmp_path / "bert", hf.BertForSequenceClassification(config))))


def made_again(trace: Trace) -> None:
    """The trace, and what was hidden of it, from a recipe that was written down."""
    last = trace.tokens.place(len(trace.tokens) - 2)
    for one in (trace, trace.run.again((Hide((last,)),))):
        recipe = pickle.loads(pickle.dumps(one.recipe))
        assert recipe == one.recipe
        assert hash(recipe) == hash(one.recipe)
        door._engines.clear()
        result = remade(recipe)
        again = result.trace
        assert again.recipe == one.recipe
        assert len(result.checks) == len(again.layers)
        assert again.inputs.keys() == one.inputs.keys()
        for name, values in one.inputs.items():
            np.testing.assert_array_equal(again.inputs[name], values)
        for answer, before in zip(again.answers, one.answers, strict=True):
            assert answer.targets() == before.targets()


def test_a_typed_text_and_one_of_a_file_with_its_pair(texts, tmp_path):
    typed = forward_pass(from_text("the cat sat"), texts).trace
    assert typed.recipe == Recipe("text", texts.model, "the cat sat")
    made_again(typed)
    path = tmp_path / "words.txt"
    path.write_text("the cat sat on the mat")
    pair = OfText(pair="the mat").applied(from_path(str(path)))
    paired = forward_pass(pair, texts, path=str(path)).trace  # no file holds both
    assert paired.recipe == Recipe("text", texts.model, "the cat sat on the mat", (("pair", "the mat"),))
    made_again(paired)
    trace = forward_pass(from_path(str(path)), texts, path=str(path)).trace
    source = File(str(path), sha256(path.read_bytes()).hexdigest())
    assert trace.recipe == Recipe("text", texts.model, source)
    made_again(trace)
    path.write_text("another text")
    with pytest.raises(HeadlightError, match=r"words\.txt is not what it was"):
        remade(trace.recipe)
    path.write_bytes("Grüße aus Köln".encode("cp1252"))
    trace = forward_pass(
        from_path(str(path), reading=Reading(encoding="cp1250")), texts, path=str(path)
    ).trace
    assert trace.recipe.options == (("encoding", "cp1250"),)
    made_again(trace)
    path.unlink()
    gone = forward_pass(TextInput("words.txt", "the cat"), texts, path=str(path)).trace
    assert gone.recipe.source == File(str(path), "")


def test_a_picture_of_a_file_but_not_of_the_clipboard(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (48, 64, 3), np.uint8)
    path = tmp_path / "picture.png"
    Image.fromarray(pixels).save(path)
    folder = saved(tmp_path / "vit", hf.ViTForImageClassification(hf.ViTConfig(**VIT)))
    options = RunOptions(model=str(folder), size=240, device="cpu", trust_pickle=True)
    trace = forward_pass(OfImage(240).applied(from_path(str(path))), options, path=str(path)).trace
    assert trace.recipe.options == (("size", 240),)
    made_again(trace)
    film = tmp_path / "film.gif"
    frames = [Image.fromarray(pixels), Image.fromarray(255 - pixels)]
    frames[0].save(film, save_all=True, append_images=frames[1:])
    second = from_path(str(film), reading=Reading(frame=2))
    trace = forward_pass(second, replace(options, frame=2), path=str(film)).trace
    assert trace.recipe.options == (("frame", 2), ("size", 240))
    made_again(trace)
    pasted = forward_pass(ImageInput("Pasted", pixels), replace(options, size=224)).trace
    assert pasted.recipe.source is None
    with pytest.raises(HeadlightError, match="What was read is in no file"):
        remade(pasted.recipe)


def test_a_cloud_in_another_unit_and_turned(tmp_path):
    points, colours = room(900)
    path = tmp_path / "room.npy"
    np.save(path, np.column_stack([points * 1000, colours]).astype(np.float32))
    folder = saved_points(tmp_path / "net", transformer(), grid=0.3)
    cloud = OfCloud(unit="cm", up="y").applied(from_path(str(path)))
    trace = forward_pass(cloud, RunOptions(model=str(folder)), path=str(path)).trace
    assert dict(trace.recipe.options) == {"unit": "cm", "up": "y"}
    made_again(trace)


def test_a_table_whose_columns_were_told(tmp_path):
    points, colours = room(900)
    path = tmp_path / "room.csv"
    np.savetxt(path, np.column_stack([colours, points[:, [1, 0, 2]]]), delimiter=",", header="a,b,c,d,e,f")
    folder = saved_points(tmp_path / "net", transformer(), grid=0.3)
    told = ("red", "green", "blue", "y", "x", "z")
    trace = forward_pass(
        from_path(path, meanings=Meanings(told)), RunOptions(model=str(folder)), path=str(path)
    ).trace
    assert dict(trace.recipe.options)["columns"] == told
    made_again(trace)


def test_a_table_that_was_read_as_a_text(texts, tmp_path):
    path = tmp_path / "room.csv"
    np.savetxt(path, room(30)[0], fmt="%.1f", delimiter=",", header="x,y,z", comments="")
    what = from_path(path, meanings=Meanings(AS_TEXT))
    trace = forward_pass(what, texts, path=str(path)).trace
    assert dict(trace.recipe.options) == {"columns": AS_TEXT}
    made_again(trace)


def test_labels_that_are_read_anew_are_in_the_recipe(tmp_path):
    points, _ = room(900)
    path = tmp_path / "room.npy"
    np.save(path, np.column_stack([points, np.arange(900) % 13]).astype(np.float32))
    folder = saved_points(tmp_path / "net", transformer(), grid=0.3)
    cloud, options = from_path(str(path)), RunOptions(model=str(folder))
    result = forward_pass(cloud, options, path=str(path))
    wanted = replace(Making.of(cloud, options), listed="scannet20")
    _, again = made(cloud, wanted, str(path), result)
    before, now = (dict(one.trace.recipe.options) for one in (result, again))
    assert (before["classes"], now["classes"]) == ("none", "scannet20")
    assert again.trace.layers == result.trace.layers
