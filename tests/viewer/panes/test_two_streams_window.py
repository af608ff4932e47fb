"""An encoder–decoder in a window: two streams, three stacks, a target that is typed and taken back."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from headlight.models.core.settings import RolloutSettings
from headlight.models.core.tokens import INPUT, OUTPUT
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection
from headlight.viewer.session.writing import go_on
from headlight.viewer.slices.predicted.attentions import attentions
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import numbers, traced
from tests.widgets.pointer import click

WORD, SOUNDS = tuple("attention"), ("AH", "T", "EH", "N", "SH", "AH", "N")


def test_what_is_written_is_looked_at_beside_what_is_read(make_window, settled, qtbot):
    window = make_window()
    window.runs.open_text("attention", model="phonemes")
    settled(window)
    session = window.session
    sentence, heads, matrix = (pane(window, name) for name in ("sentence", "heads", "matrix"))
    read, written = (sentence.streams.strips[stream] for stream in (INPUT, OUTPUT))
    assert (read._labels[:-1], written._labels[1:]) == (WORD, SOUNDS)
    assert unexplained(window) == set()

    # A stack at a time; its layers are told by it.
    trace = traced(window)
    heads.stacks.changed.emit("encoder")
    heads.stacks.changed.emit("cross")
    settled(window)
    layer = trace.layers[session.view[Selection].layer]
    assert (layer.stack, heads.grid._counts) == ("cross", [4] * 4)
    assert f"cross layer {layer.depth}, head" in window.deck.docks["matrix"].subtitle()

    # Where only the keys are other tokens, they are named so, and back.
    assert matrix.view._keys.labels[:-1] == WORD
    heads.stacks.changed.emit("decoder")
    settled(window)
    assert matrix.view._keys.labels[1:] == SOUNDS
    heads.stacks.changed.emit("cross")
    settled(window)

    # A token that was written is the query: weights lie on what is read; three attentions are its own.
    click(written, written.chip_rect(3).center().toPoint())
    settled(window)
    head = session.view[Selection].head
    assert session.view[Selection].queries == (trace.streams[OUTPUT].place(3),)
    np.testing.assert_allclose(read._values, layer.matrix(head)[3], atol=1e-6)
    assert written._values is None
    assert list(matrix.view._selected[0]) == [3]
    assert pane(window, "answer").rows._names[0] == "N"
    assert numbers(window, "shown")["Of"] == "“EH”"
    of = attentions(trace, session.view)
    shown = pane(window, "attentions")
    for row, strip, number in zip(of.rows, shown.strips, of.layers, strict=True):
        stack = trace.layers[number].stack
        query = 3 if stack != "encoder" else int(layer.matrix(head)[3, :-1].argmax())
        np.testing.assert_allclose(strip._values, trace.layers[number].matrix(head)[query], atol=1e-6)
        np.testing.assert_array_equal(strip._values, row.values)
        assert strip.verticalScrollBar().maximum() == 0  # all its lines are in sight
    assert [trace.layers[number].stack for number in of.layers] == ["decoder", "cross", "encoder"]

    # Relevance leads from what is written to what is read; a click there asks for nothing that is not there.
    relevance = pane(window, "relevance")
    session.change(RolloutQuery, selected=True)
    settled(window)
    assert relevance.result.tokens is not relevance.result.asked_of
    assert relevance.strip._selected == frozenset()
    click(relevance.strip, relevance.strip.chip_rect(0).center().toPoint())
    settled(window)
    assert session.view[Selection].queries == (trace.streams[INPUT].place(0),)
    session.change(RolloutSettings, stack="decoder")
    settled(window)
    assert relevance.strip._labels[1:] == SOUNDS
    session.change(MapSettings, whole_words=True, hide_special=True)
    settled(window)
    assert (read._labels, written._labels) == (WORD, SOUNDS)


def test_a_target_is_typed_undone_and_refused(make_window, settled, qtbot):
    window = make_window()
    window.runs.open_text("cat", model="phonemes")
    settled(window)
    document, sentence = window.session.current, pane(window, "sentence")
    own = document.trace.written.text
    window.actions_.run("edit-text")
    assert sentence.target.isVisible()
    sentence.target.setFocus()
    qtbot.keyClicks(sentence.target, "K AH T")
    QTest.keyClick(sentence.target, Qt.Key.Key_Escape)
    settled(window)
    assert document.trace.written.text == "K AH T"
    assert sentence.streams.strips[OUTPUT]._labels[1:] == ("K", "AH", "T")
    window.runs.edit(document, "cat", "", "K " * 40)
    settled(window)
    assert document.trace.written.text == "K AH T"  # what was there stays
    window.actions_.run("undo")
    settled(window)
    assert (document.trace.written.text, sentence.target.toPlainText()) == (own, "")

    # A part of it is gone on with: the model may say what it says behind.
    window.runs.edit(document, "cat", "", own.rpartition(" ")[0])
    settled(window)
    assert document.trace.written.ended == "given"
    go_on(window.runs, document)
    settled(window)
    assert (document.trace.written.ended, document.trace.written.text) == ("end", own)
