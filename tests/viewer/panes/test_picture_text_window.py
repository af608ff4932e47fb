"""A picture with a text in a real window: both answer where either is pointed at, and the text runs again."""

from __future__ import annotations

import wave

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.tokens import Box, CharSpan
from headlight.viewer.session.view import Selection
from tests.models import picture_texts
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import click, traced
from tests.widgets.pointer import move


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A picture and models, as a user's disk holds them."""
    root = tmp_path_factory.mktemp("disk")
    path = root / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)).save(path)
    return path, {name: str(picture_texts.folder(root, name)) for name in ("qwen2", "trocr")}


def test_a_sound_that_is_dropped_on_it_is_read_by_no_model_of_pictures(make_window, settled, disk):
    path, models = disk
    window = make_window()
    window.runs.open_described(str(path), "a cat")
    settled(window)
    window.runs.change(window.session.current, model=models["qwen2"])
    settled(window)
    sound = path.with_name("tone.wav")
    with wave.open(str(sound), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(6_400))
    window.open_paths([str(sound)])
    settled(window)
    assert (window.session.current.kind.id, window.session.current.options.model) == ("sound", None)


def test_methods_lie_on_the_picture_and_behind_the_words(make_window, settled, disk):
    path, models = disk
    window = make_window(model=models["qwen2"])
    window.session.opening_page = "methods"
    window.runs.open_described(str(path), "a cat")
    settled(window)
    beside, tokens = pane(window, "beside"), traced(window).tokens
    words = np.flatnonzero(~tokens.on_picture)
    both = beside.both
    assert beside.stack.currentWidget() is both
    assert len(both.strips.rows) == len(both.maps._maps) == len(beside.result.sides) + 1
    for side, shown, row in zip(beside.result.sides, both.maps._maps, both.strips.rows, strict=False):
        if not side.failed:
            np.testing.assert_array_equal(shown.levels, side.levels)
            np.testing.assert_array_equal(row.strip._levels, side.levels[words])
    both.strips.clicked.emit(1, False)
    settled(window)
    assert window.session.view[Selection].queries == (tokens.place(int(words[1])),)
    patch = int(np.flatnonzero(tokens.on_picture)[2])
    both.maps.hovered.emit((0, patch))
    assert window.session.hover.query == tokens.place(patch)


def test_both_answer_where_either_is_pointed_at(make_window, settled, disk, qtbot):
    path, models = disk
    window = make_window(model=models["qwen2"])
    window.runs.open_described(str(path), "a cat")
    settled(window)
    document = window.session.current
    assert document.kind.id == "picture-text"
    both, trace = pane(window, "picture-and-text"), traced(window)
    language = next(at for at, layer in enumerate(trace.layers) if layer.stack == "language")
    window.session.select(layer=language, head=0)
    settled(window)

    word = CharSpan(2, 3)
    window.session.select(queries=[word])
    settled(window)
    at = int(trace.tokens.find(word)[0])
    np.testing.assert_array_equal(both.result.values, trace.layers[language].row(0, at)[1])
    laid, region = both.result.laid
    assert laid.shape == (2, 4)
    assert region == Box(0, 0, 100, 60)

    patch = trace.tokens.place(int(np.flatnonzero(trace.tokens.on_picture)[5]))
    x, y = (patch.x0 + patch.x1) / 2, (patch.y0 + patch.y1) / 2
    move(both.view, both.view.to_widget(x, y).toPoint())
    assert window.session.hover.query == patch
    click(both.view, both.view.to_widget(x, y))
    settled(window)
    assert window.session.view[Selection].queries == (patch,)
    assert both.result.asked.tolist() == trace.tokens.find(patch).tolist()

    tower = next(at for at, layer in enumerate(trace.layers) if layer.stack == "vision")
    window.session.select(layer=tower, head=1)
    settled(window)
    assert both.result.tokens.grid == trace.layers[tower].keys.grid == (4, 8)

    window.runs.edit(document, "two cats", None)
    settled(window)
    assert document.input.text == "two cats"
    assert both.editor.toPlainText() == "two cats"
    window.session.undo()
    settled(window)
    assert document.input.text == "a cat"
    assert document.trace.recipe.kind == "picture-text"


def test_a_text_is_put_beside_a_picture_and_what_is_written_has_a_strip(make_window, settled, disk):
    path, models = disk
    window = make_window()
    window.runs.open_path(str(path))
    settled(window)
    window.runs.prefer("picture-text", models["trocr"])
    window.actions_.run("in-words")
    settled(window)
    document, both = window.session.current, pane(window, "picture-and-text")
    assert window.focusWidget() is both.editor, "what is typed next is the text, not commands"
    both.view.setFocus()
    window.actions_.run("edit-text")
    assert window.focusWidget() is both.editor
    assert document.kind.id == "picture-text"
    assert document.trace.stacks == ("encoder", "decoder", "cross")
    window.runs.edit(document, "a cat", None)
    settled(window)
    cross = next(at for at, layer in enumerate(document.trace.layers) if layer.stack == "cross")
    window.session.select(layer=cross, head=0, queries=[CharSpan(2, 3, stream="output")])
    settled(window)
    layer = traced(window).layers[cross]
    np.testing.assert_array_equal(both.result.values, layer.row(0, 3)[1])


def test_a_picture_that_is_dropped_on_a_text_goes_beside_it(make_window, settled, disk):
    path, models = disk
    window = make_window()
    window.runs.open_text("a cat", model=models["qwen2"])
    settled(window)
    window.open_paths([str(path)])
    settled(window)
    document = window.session.current
    assert document.kind.id == "picture-text"
    assert (document.input.text, document.title) == ("a cat", "noise.png")
