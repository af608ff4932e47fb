"""A sound in a real window: words show when they were heard, and another stretch or language runs again."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.answers import Writing
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import OUTPUT, CharSpan
from headlight.viewer.session.view import Selection
from headlight.widgets.plane.spectrogram_view import nice_step
from tests.models import listening
from tests.viewer.cloud_windows import pane
from tests.viewer.inputs.test_sounds import RATE, TONE, wav
from tests.viewer.linked import click, traced
from tests.widgets.pointer import move


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """Two sounds and a model, as a user's disk holds them."""
    root = tmp_path_factory.mktemp("disk")
    for name, seconds in (("tone", 1.5), ("long", 32)):
        (root / f"{name}.wav").write_bytes(wav(np.tile(TONE, 32)[: round(seconds * RATE)]))
    return root, str(listening.whisper(root / "whisper"))


def test_a_word_shows_when_it_was_heard(make_window, settled, disk, qtbot):
    root, model = disk
    window = make_window(model=model)
    window.runs.open_path(str(root / "tone.wav"))
    settled(window)
    document, heard, trace = window.session.current, pane(window, "heard"), traced(window)
    assert document.kind.id == "sound"
    assert trace.layers[window.session.view[Selection].layer].stack == "cross"

    window.runs.edit(document, "a word", None)
    settled(window)
    trace, cross = traced(window), len(traced(window).layers) - 1
    window.session.select(layer=cross, head=1, queries=[CharSpan(3, 4, stream=OUTPUT)])
    settled(window)
    layer = trace.layers[cross]
    at = int(trace.streams[OUTPUT].find(CharSpan(3, 4, stream=OUTPUT))[0])
    np.testing.assert_array_equal(heard.result.values, layer.row(1, at)[1])
    laid, region = heard.result.laid
    assert laid.shape == (1, 75)
    assert region.corners == (0, 0, *document.input.pixels.shape[1::-1])
    padding = float(layer.elsewhere(1, at)["padding"][0])
    figures = heard.figures(3)
    assert figures["On padding"] == percent(padding)
    assert "On special tokens" not in figures
    assert padding + heard.result.values.sum() == pytest.approx(1, abs=1e-5)
    assert heard.strip._labels[1:4] == ("<|en|>", "<|transcribe|>", "<|notimestamps|>")

    x = 37.5 * region.x1 / 75
    move(heard.view, heard.view.to_widget(x, 10).toPoint())
    assert window.session.hover.key == trace.tokens.place(37)
    assert heard.read_at(x, 10).splitlines()[-1].startswith("at\t0.75 s, 7,")
    window.session.select(layer=0, head=0)
    click(heard.view, heard.view.to_widget(x, 10))
    settled(window)
    assert heard.result.asked.tolist() == [37]


def test_another_language_and_another_stretch_are_heard(make_window, settled, disk):
    root, model = disk
    window = make_window(model=model)
    window.runs.options = window.runs.options.__class__(model=model, writing=Writing(new=2))
    window.runs.open_path(str(root / "long.wav"))
    settled(window)
    document, heard = window.session.current, pane(window, "heard")
    assert [heard.language.itemText(at) for at in range(heard.language.count())][1:] == ["de", "en"]
    heard.language.setCurrentIndex(1)
    heard.language.activated.emit(1)
    settled(window)
    assert document.trace.written.labels[:2] == ("<|de|>", "<|transcribe|>")
    before = document.input.pixels

    heard.since.changed.emit(2.0)
    heard._later.now()
    settled(window)
    assert (document.input.since, document.trace.tokens.labels[0]) == (2.0, "2.00 s")
    assert document.trace.written.labels[0] == "<|de|>"
    window.session.undo()
    settled(window)
    assert document.input.since == 0
    np.testing.assert_array_equal(document.input.pixels, before)


def test_a_model_that_writes_nothing_has_frames_alone(make_window, settled, disk):
    root, _ = disk
    window = make_window(model=str(listening.waves(root / "waves")))
    window.runs.open_path(str(root / "tone.wav"))
    settled(window)
    heard, trace = pane(window, "heard"), traced(window)
    assert trace.stacks == ("encoder",)
    assert heard.editor.isHidden()
    assert heard.spoken.isHidden()
    assert heard.result.laid[0].shape == (1, 74)


def test_that_no_model_read_it_is_settled_once_one_has(make_window, settled, disk, qtbot):
    root, model = disk
    window = make_window()
    window.runs.open_path(str(root / "tone.wav"))
    qtbot.waitUntil(lambda: bool(window.messages.unread()))
    (message,) = window.messages.unread()
    assert message.text.startswith("No model in the box reads sounds. Name one, such as openai/whisper-tiny")
    window.runs.change(window.session.current, model=model)
    settled(window)
    assert window.messages.unread() == []


@pytest.mark.parametrize(("least", "step"), [(0.001, 0.01), (0.03, 0.05), (0.3, 0.5), (2, 2), (7, 10)])
def test_labels_of_time_stand_at_round_seconds(least, step):
    assert nice_step(least) == pytest.approx(step)
