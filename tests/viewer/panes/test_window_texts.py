"""A sentence in a real window with the bundled model: linked panes, colours, edits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtTest import QTest

from headlight.models.core.tokens import CharSpan
from headlight.viewer.inputs.inputs import ImageInput, from_text
from headlight.viewer.session.session import Hover, RunOptions
from headlight.viewer.session.view import MapSettings, Selection
from tests.viewer.bars import on_bar
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import SENTENCE, WAIT, click, numbers, traced
from tests.widgets.pointer import move, surface


def test_a_sentence_becomes_linked_panes(text_window, settled):
    window = text_window
    trace = traced(window)
    assert (len(trace.layers), trace.layers[0].heads) == (6, 12)
    sentence, matrix = pane(window, "sentence"), pane(window, "matrix")
    serve = trace.tokens.labels.index("serve")

    click(sentence.strip, sentence.strip.chip_rect(serve).center())
    settled(window)
    start = SENTENCE.index("serve")
    assert window.session.view[Selection].queries == (CharSpan(start, start + 5),)
    np.testing.assert_array_equal(sentence.result.values, trace.layers[5].row(0, serve)[1])

    dj = trace.tokens.labels.index("Dj")
    click(matrix.view, QPoint(matrix.view.cell_rect(dj, serve).center()))
    assert window.session.view[Selection].queries == (trace.tokens.place(dj),)
    assert window.session.view[Selection].keys == (trace.tokens.place(serve),)
    window.session.undo()
    assert window.session.view[Selection].keys == ()
    settled(window)
    np.testing.assert_array_equal(sentence.result.values, trace.layers[5].row(0, serve)[1])


def test_pointing_in_one_pane_answers_in_the_others_and_recomputes_no_map(text_window, settled):
    window = text_window
    matrix, sentence = pane(window, "matrix"), pane(window, "sentence")
    shown = matrix._result
    place = window.session.current.trace.tokens.place(3)
    window.session.set_hover(Hover(query=place, key=place))
    assert sentence.strip._hover == 3
    assert matrix.view._hover == (3, 3)
    settled(window)
    assert matrix._result is shown


def test_arrow_keys_walk_heads_and_a_click_on_the_grid_selects(text_window, qtbot, settled):
    window = text_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Left, Qt.Key.Key_Down, Qt.Key.Key_Up, Qt.Key.Key_Up):
        QTest.keyClick(window, key)
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (3, 0)
    grid = pane(window, "heads").grid
    click(grid, grid.cell_rect(0, 2).center())
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (0, 2)
    settled(window)
    # The bundled model's head 0.2 looks at the previous token: the matrix is its sub-diagonal.
    matrix = pane(window, "matrix")._result.values
    assert np.diagonal(matrix, -1).mean() > 0.95


def test_a_click_on_a_head_shows_that_head_alone(text_window, settled):
    window = text_window
    window.session.change(MapSettings, heads="max")
    settled(window)
    grid = pane(window, "heads").grid
    click(grid, grid.cell_rect(2, 7).center())
    settled(window)
    assert window.session.view[MapSettings].heads == "one"
    trace = traced(window)
    np.testing.assert_array_equal(pane(window, "matrix")._result.values, trace.layers[2].matrix(7))
    window.session.undo()
    assert (window.session.view[MapSettings].heads, window.session.view[Selection].layer) == ("max", 5)
    assert window.deck._own is None, "a click is no layout of one's own"


def test_what_is_wanted_of_a_picture_is_none_of_the_editor_s_business(opened, settled):
    window = opened("text", "attention")
    picture = window.session.add(ImageInput("p", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    settled(window)
    window.runs.change(picture, size=224)  # the pane of the sentence hears of it too
    settled(window)
    assert picture.wanted.options.size == 224


def painted(view, at) -> tuple[int, ...]:
    """The colour at a pixel of a view."""
    move(view, QPoint(1, 1))
    return surface(view).grab().toImage().pixelColor(at).getRgb()[:3]


@pytest.mark.parametrize("settings", [{}, {"log": True, "colours": "viridis"}, {"leave_out": False}])
def test_what_is_painted_has_the_colour_of_its_own_bar(text_window, settled, settings):
    window = text_window
    window.session.select(layer=3, head=8, also=(MapSettings(heads="one"),))
    window.session.change(MapSettings, percentile=95.0, **settings)
    settled(window)
    matrix, sentence = pane(window, "matrix"), pane(window, "sentence")
    window.session.set_hover(Hover())
    for (query, key), value in np.ndenumerate(matrix._result.values):
        if (query + key) % 3 == 0:
            shown = painted(matrix.view, matrix.view.cell_rect(query, key).center())
            assert np.abs(on_bar(matrix.bar, value) - shown).sum(axis=1).min() <= 40, (query, key)
    assert sentence.bar._scale is sentence.result.scale
    for index, value in enumerate(sentence.result.values):
        chip = sentence.strip.chip_rect(index)
        shown = painted(sentence.strip, QPoint(round(chip.left()) + 4, round(chip.center().y())))
        assert np.abs(on_bar(sentence.bar, value) - shown).sum(axis=1).min() <= 40, index
    assert pane(window, "heads").bar._scale is pane(window, "heads")._scales[3][8]


def test_pointing_at_a_head_moves_the_bars_too(text_window, settled):
    window = text_window
    heads, sentence = pane(window, "heads"), pane(window, "sentence")
    before = sentence.bar.ends()
    window.session.set_hover(Hover(layer=2, head=9))
    settled(window)
    assert sentence.bar._scale == sentence.result.scale
    assert sentence.bar.ends() != before
    assert heads.bar._scale is heads._scales[2][9]
    assert heads.bar.said()[0].startswith("layer 2, head 9")
    assert "[CLS]" in heads.bar.said()[1]
    window.session.set_hover(Hover())
    settled(window)
    assert sentence.bar.ends() == before


def test_a_fresh_text_starts_at_a_head_that_looks_at_its_words(make_window, settled):
    window = make_window()
    window.runs.open_text(SENTENCE)
    settled(window)
    document = window.session.current
    assert window.session.view[Selection].layer >= 3
    matrix = pane(window, "matrix")._result
    ordinary = matrix.levels[1:-1, 1:-1]
    assert (ordinary > 50).sum() >= 6  # the words among themselves are to be seen
    assert "left out of the scale" in matrix.scale.left_out
    assert document.view[MapSettings].leave_out


def test_words_and_hidden_tokens_change_what_is_shown_and_say_so(text_window, settled):
    window = text_window
    window.session.change(MapSettings, whole_words=True, hide_special=True)
    settled(window)
    shown = pane(window, "sentence").result
    assert shown.tokens.labels == tuple(SENTENCE.split())
    assert shown.numbers.total < 1
    assert numbers(window, "shown")["On special tokens"].startswith("hidden, ")
    assert pane(window, "matrix")._result.values.shape == (8, 8)


def test_an_edited_text_runs_again_and_keeps_what_was_selected(text_window, qtbot, settled):
    window = text_window
    window.session.select(queries=[CharSpan(2, 7)])
    window.actions_.run("edit-text")
    sentence = pane(window, "sentence")
    qtbot.keyClicks(sentence.first, "!")
    before = window.session.current.trace
    qtbot.waitUntil(lambda: window.session.current.trace is not before, timeout=WAIT)
    settled(window)
    assert window.session.current.input.text == SENTENCE + "!"
    QTest.keySequence(sentence.first, QKeySequence.StandardKey.Undo)  # while it is open, undo is the editor's
    assert sentence.first.toPlainText() == SENTENCE
    qtbot.waitUntil(lambda: window.session.current.input.text == SENTENCE, timeout=WAIT)
    settled(window)
    QTest.keyClick(sentence.first, Qt.Key.Key_Escape)  # leaves the editor, the selection stays
    assert sentence.stack.currentWidget() is sentence.streams
    assert window.session.view[Selection].queries == (CharSpan(2, 7),)


def test_a_rollout_offers_and_says_nothing_before_its_model_is_known(text_window):
    window = text_window
    rollout, said = pane(window, "relevance"), []
    assert rollout.controls.isVisible()
    rollout.subtitle_changed.connect(said.append)
    window.session.add(from_text("another text"), window.runs.options)  # which nobody has run yet
    assert not rollout.controls.isVisible()
    assert said[-1] == ""
    assert rollout.bar.ends() == ("", "")


def test_a_layer_that_fails_its_check_is_not_drawn(text_window, settled):
    window = text_window
    document = window.session.current
    window.session.update(document, checks=(*document.checks[:5], 0.5))
    for name in ("matrix", "sentence", "heads"):
        pane(window, name).forget()
        pane(window, name).update()
    settled(window)
    assert pane(window, "matrix")._result is None
    assert "Layer 5 is not drawn" in pane(window, "matrix").view._message
    assert "miss the output" in window.status.check.text()
    window.session.update(document, checks=(*document.checks[:4], math.nan, math.nan))
    for name in ("matrix", "sentence", "heads"):
        pane(window, name).forget()
        pane(window, name).update()
    settled(window)
    assert "Layer 5 is not drawn: what it computes are no numbers" in pane(window, "matrix").view._message
    assert window.status.check.text() == "✗ no numbers (NaN) in layer 4 and 1 more"
    assert numbers(window, "head")["Entropy, mean"] == "–"
    window.session.update(document, checks=(*document.checks[:4], 0.0, 0.5))
    window.actions_.run("layer-previous")
    settled(window)
    assert pane(window, "matrix")._result is not None


def test_a_long_text_says_what_is_shown_and_lets_choose(make_window, settled):
    window = make_window()
    window.runs.open_text("attention is all you need " * 150)
    settled(window)
    sentence = pane(window, "sentence")
    assert window.session.current.trace.stretch == (0, 510, 750)
    assert any("750 tokens" in message for message in window.messages.texts())
    assert sentence.stretch.isVisible()
    window.runs.change(window.session.current, start=240)
    settled(window)
    assert window.session.current.trace.stretch == (240, 750, 750)
    assert sentence.stretch.value() == 240
    window.messages.clear()


def test_what_is_typed_in_one_document_never_reaches_another(text_window, qtbot, settled):
    window = text_window
    first = window.session.current
    window.runs.open_text("He drank tea.")
    settled(window)
    second = window.session.current
    window.session.show(first)
    settled(window)
    window.actions_.run("edit-text")
    sentence = pane(window, "sentence")
    sentence.first.setFocus()
    qtbot.keyClicks(sentence.first, "!")
    window.session.show(second)  # before the pause after typing is over
    assert not sentence.first.hasFocus()
    qtbot.waitUntil(lambda: sentence.first.toPlainText() == "He drank tea.")
    settled(window)
    qtbot.waitUntil(lambda: first.input.text == SENTENCE + "!", timeout=WAIT)
    settled(window)
    assert second.input.text == "He drank tea."
    assert first.trace.tokens.labels[-2] == "!"
