"""Real windows with the bundled models: from a drop to linked panes, and back by undo."""

from __future__ import annotations

import math
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QSlider

from models.tokens import Box, CharSpan
from tests.bad_files import BAD, DATA, MESSAGES, bad_file
from tests.viewer import given
from tests.viewer.bars import on_bar
from tests.viewer.cloud_windows import answered
from tests.widgets.pointer import move
from viewer.inputs import ImageInput, from_text
from viewer.panes.picture import ARTIFACTS_NAMED
from viewer.session import Hover, RunOptions
from widgets.cursor_tip import read_out

ROOT = Path(__file__).parents[2]
SENTENCE = "a great serve from Djokovic won the match"
WAIT = 60_000


@pytest.fixture
def text_window(make_window, settled):
    window = make_window()
    window.runs.open_text(SENTENCE)
    settled(window)
    look_at(window, 5, 0)
    settled(window)
    return window


@pytest.fixture
def image_window(make_window, settled):
    window = make_window(size=224)
    window.runs.open_path(str(ROOT / "assets" / "samples" / "coffee.jpg"))
    settled(window)
    look_at(window, 11, 0)
    settled(window)
    return window


def look_at(window, layer, head) -> None:
    """As if the document had been opened at this head."""
    window.session.select(layer=layer, head=head)
    window.session.current.past.clear()
    window.actions_.refresh()


def pane(window, name):
    return window.deck.panes[name]


def numbers(window, section):
    return pane(window, "numbers").widget.figures(section)


def click(view, at, modifiers=Qt.KeyboardModifier.NoModifier) -> None:
    point = at.toPoint() if isinstance(at, QPointF) else at
    move(view, point)
    QTest.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, modifiers, point)


def test_the_window_opens_without_torch_transformers_or_pyqtgraph():
    code = (
        "import sys\n"
        "from types import SimpleNamespace\n"
        "from PySide6.QtCore import QTimer\n"
        "import viewer.app, viewer.window\n"
        "made = []\n"
        "shown = viewer.window.Window.showEvent\n"
        "def later(self, event):\n"
        "    shown(self, event); made.append(self); QTimer.singleShot(200, self, self.close)\n"
        "viewer.window.Window.showEvent = later\n"
        "from viewer.cli import WindowOptions\n"
        "status = viewer.app.run([], WindowOptions())\n"
        "heavy = {'torch', 'transformers', 'pyqtgraph', 'vispy', 'open3d'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy or not made else status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_the_panes_of_the_first_document_are_imported_while_the_window_goes_on():
    code = (
        "import sys, threading\n"
        "import viewer.app, viewer.window\n"
        "importers = {}\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        importers.setdefault(name, threading.current_thread() is threading.main_thread())\n"
        "sys.meta_path.insert(0, Watch())\n"
        "shown, painted = viewer.window.Window.showEvent, viewer.window.Window._current_changed\n"
        "def later(self, event):\n"
        "    shown(self, event); self.runs.open_stack()\n"
        "def done(self):\n"
        "    painted(self); self.close()\n"
        "viewer.window.Window.showEvent, viewer.window.Window._current_changed = later, done\n"
        "from viewer.cli import WindowOptions\n"
        "status = viewer.app.run([], WindowOptions())\n"
        "print(importers['pyqtgraph'], importers['vispy'], importers['viewer.panes.cost'])\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, ["False"] * 3), done.stderr


def test_a_sentence_becomes_linked_panes(text_window, settled):
    window = text_window
    trace = window.session.current.trace
    assert (len(trace.layers), trace.layers[0].heads) == (6, 12)
    sentence, matrix = pane(window, "sentence"), pane(window, "matrix")
    serve = trace.tokens.labels.index("serve")

    click(sentence.strip, sentence.strip.chip_rect(serve).center())
    settled(window)
    start = SENTENCE.index("serve")
    assert window.session.view.selection.queries == (CharSpan(start, start + 5),)
    np.testing.assert_array_equal(sentence.result.values, trace.layers[5].row(0, serve)[1])

    dj = trace.tokens.labels.index("Dj")
    click(matrix.view, QPoint(matrix.view.cell_rect(dj, serve).center()))
    assert window.session.view.selection.queries == (trace.tokens.place(dj),)
    assert window.session.view.selection.keys == (trace.tokens.place(serve),)
    window.session.undo()
    assert window.session.view.selection.keys == ()
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
    assert (window.session.view.selection.layer, window.session.view.selection.head) == (3, 0)
    grid = pane(window, "heads").grid
    click(grid, grid.cell_rect(0, 2).center())
    assert (window.session.view.selection.layer, window.session.view.selection.head) == (0, 2)
    settled(window)
    # The bundled model's head 0.2 looks at the previous token: the matrix is its sub-diagonal.
    matrix = pane(window, "matrix")._result.values
    assert np.diagonal(matrix, -1).mean() > 0.95


def test_a_click_on_a_head_shows_that_head_alone(text_window, settled):
    window = text_window
    window.session.set_map(heads="max")
    settled(window)
    grid = pane(window, "heads").grid
    click(grid, grid.cell_rect(2, 7).center())
    settled(window)
    assert window.session.view.map.heads == "one"
    trace = window.session.current.trace
    np.testing.assert_array_equal(pane(window, "matrix")._result.values, trace.layers[2].matrix(7))
    window.session.undo()
    assert (window.session.view.map.heads, window.session.view.selection.layer) == ("max", 5)


def painted(view, at) -> tuple[int, ...]:
    """The colour at a pixel of a view."""
    move(view, QPoint(1, 1))
    return view.viewport().grab().toImage().pixelColor(at).getRgb()[:3]


@pytest.mark.parametrize("settings", [{}, {"log": True, "colours": "viridis"}, {"leave_out": False}])
def test_what_is_painted_has_the_colour_of_its_own_bar(text_window, settled, settings):
    window = text_window
    window.session.pick_head(3, 8)
    window.session.set_map(percentile=95.0, **settings)
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
    assert window.session.view.selection.layer >= 3
    matrix = pane(window, "matrix")._result
    ordinary = matrix.levels[1:-1, 1:-1]
    assert (ordinary > 50).sum() >= 6  # the words among themselves are to be seen
    assert "left out of the scale" in matrix.scale.left_out
    assert document.view.map.leave_out


def test_words_and_hidden_tokens_change_what_is_shown_and_say_so(text_window, settled):
    window = text_window
    window.session.set_map(whole_words=True, hide_special=True)
    settled(window)
    shown = pane(window, "sentence").result
    assert shown.tokens.labels == tuple(SENTENCE.split())
    assert shown.numbers.total < 1
    assert numbers(window, "shown")["On special tokens"].startswith("hidden, ")
    assert pane(window, "matrix")._result.values.shape == (8, 8)


def test_an_edited_text_runs_again_and_keeps_what_was_selected(text_window, qtbot, settled):
    window = text_window
    window.session.select_queries([CharSpan(2, 7)])
    window.edit_text()
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
    assert sentence.stack.currentWidget() is sentence.strip
    assert window.session.view.selection.queries == (CharSpan(2, 7),)


def test_a_picture_and_its_patches(image_window, settled):
    window = image_window
    trace = window.session.current.trace
    assert trace.tokens.grid == (16, 24)
    picture = pane(window, "picture")
    box = trace.tokens.place(trace.tokens.index(5, 7))
    middle = picture.view.to_widget((box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2)
    click(picture.view, middle)
    settled(window)
    assert window.session.view.selection.queries == (box,)
    index = trace.tokens.index(5, 7)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, index)[1])
    assert [chip.label for chip in picture.chips.chips()] == ["[CLS]", "patch (5, 7)"]
    window.actions_.run("clear")
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, 0)[1])


def test_the_picture_stays_where_it_is_whatever_is_selected_in_it(image_window, settled):
    window = image_window
    picture, tokens = pane(window, "picture"), window.session.current.trace.tokens
    before = picture.view.geometry()
    for count in (1, 3, 40, 384):
        window.session.select_queries([tokens.place(index) for index in range(1, 1 + count)])
        settled(window)
        assert picture.view.geometry() == before, count
    assert [chip.label for chip in picture.chips.chips()] == ["[CLS]", "mean of all patches"]


def test_a_rollout_offers_and_says_nothing_before_its_model_is_known(text_window):
    window = text_window
    rollout, said = pane(window, "rollout"), []
    assert rollout.controls.isVisible()
    rollout.subtitle_changed.connect(said.append)
    window.session.add(from_text("another text"), window.runs.options)  # which nobody has run yet
    assert not rollout.controls.isVisible()
    assert said[-1] == ""
    assert rollout.bar.ends() == ("", "")


def test_pointing_at_a_head_previews_it_on_the_picture(image_window, settled):
    window = image_window
    trace, picture = window.session.current.trace, pane(window, "picture")
    window.session.set_hover(Hover(layer=3, head=4))
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[3].row(4, 0)[1])
    window.session.set_hover(Hover())
    settled(window)
    np.testing.assert_array_equal(picture.result.values, trace.layers[11].row(0, 0)[1])


def test_rollout_saliency_and_mass_mask_on_the_picture(image_window, settled):
    window = image_window
    picture = pane(window, "picture")
    window.session.set_map(method="rollout")
    settled(window)
    assert picture.result.values.sum() == pytest.approx(1, abs=1e-4)
    np.testing.assert_array_equal(picture.result.values, pane(window, "rollout")._result.values)
    window.session.set_map(method="attention", mass=0.6)
    settled(window)
    assert 0 < picture.result.mask.sum() < picture.result.mask.size
    window.session.set_map(method="saliency")
    settled(window)
    saliency = picture.result.values
    assert saliency.shape == (224, 336)
    cup, corner = saliency[60:170, 90:250].mean(), saliency[:30, :30].mean()
    assert cup > 0.6 > 0.2 > corner


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


def test_a_failed_run_loses_nothing(text_window, settled, tmp_path):
    window = text_window
    trace = window.session.current.trace
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    window.models.use(str(tmp_path))
    settled(window)
    assert window.session.current.trace is trace
    assert window.session.current.state == "ready"
    assert "no weights" in window.messages.texts()[-1]


def test_bad_files_get_their_message_and_nothing_is_lost(text_window, qtbot, tmp_path, monkeypatch):
    window = text_window
    document, trace = window.session.current, window.session.current.trace
    for name in BAD:
        path, message = bad_file(name, tmp_path, monkeypatch)
        window.messages.clear()
        window.runs.open_path(str(path))
        qtbot.waitUntil(lambda: bool(window.messages.texts()), timeout=WAIT)
        assert window.messages.texts() == [message]
        assert window.session.documents == [document]
        assert document.trace is trace
    window.messages.clear()


def test_odd_files_open_and_what_is_odd_is_said(make_window, qtbot):
    window = make_window(run=False)
    for name, notices in MESSAGES["notices"].items():
        window.messages.clear()
        window.runs.open_path(str(DATA / name))
        before = len(window.session.documents)
        qtbot.waitUntil(lambda before=before: len(window.session.documents) > before, timeout=WAIT)
        assert window.messages.texts() == notices
        assert window.session.current.title == name
    window.messages.clear()


def test_closing_during_work_cancels_and_leaves_no_thread(make_window, qtbot):
    window = make_window(size=1022)
    window.runs.open_path(str(ROOT / "assets" / "samples" / "astronaut.jpg"))
    runs = window.jobs.running
    qtbot.waitUntil(lambda: any(j.kind.startswith("run ") and j.sentence for j in runs()), timeout=WAIT)
    window.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("headlight-")]
    assert window.session.current.trace is None


def test_a_file_dropped_on_a_pane_opens(text_window, qtbot):
    window = text_window
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(ROOT / "README.md"))])
    target = window.deck.docks["matrix"]
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(5, 5), action, mime, button, none))
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), action, mime, button, none))
    qtbot.waitUntil(lambda: len(window.session.documents) == 2, timeout=WAIT)
    assert window.session.current.title == "README.md"


def test_undo_reaches_every_setting_and_commands_say_what_can_be_done(text_window):
    window = text_window
    actions = window.actions_
    assert not actions.actions["undo"].isEnabled()
    view = window.session.view
    actions.run("log")
    actions.run("heads-mean")
    assert window.session.view == replace(view, map=replace(view.map, log=True, heads="mean"))
    assert actions.actions["log"].isChecked()
    actions.run("undo")
    actions.run("undo")
    assert window.session.view == view
    assert not actions.actions["undo"].isEnabled()
    assert not actions.actions["show-saliency"].isEnabled()


def test_places_outlive_another_size_of_the_picture(image_window, settled):
    window = image_window
    window.session.select_queries([Box(300, 200, 310, 210)])
    window.runs.change(window.session.current, size=448)
    settled(window)
    tokens = window.session.current.trace.tokens
    assert tokens.grid == (32, 48)
    assert len(tokens.find_all(window.session.view.selection.queries)) == 1


def test_the_read_out_says_weight_tokens_layer_and_head(image_window, settled):
    window = image_window
    picture, trace = pane(window, "picture"), window.session.current.trace
    box = trace.tokens.place(trace.tokens.index(5, 7))
    middle = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    weight = trace.layers[11].row(0, 0)[1][trace.tokens.index(5, 7)]
    assert picture._tip(*middle) == f"patch (5, 7)\t{read_out(float(weight))}"
    rank = 1 + int((trace.layers[11].row(0, 0)[1] > weight).sum())
    assert numbers(window, "pointed") == {
        "Query": "[CLS]",
        "Key": "patch (5, 7)",
        "Weight": read_out(float(weight)),
        "Rank": f"{rank} of 385",
        "In": "layer 11, head 0",
    }
    assert numbers(window, "head")["Entropy, mean"].endswith(" nats")
    assert numbers(window, "head")["Distance, mean"].endswith(" px")


def test_arrow_keys_are_a_sliders_that_tab_has_reached_until_a_click(image_window, qtbot):
    window = image_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    settings = pane(window, "settings")
    slider = settings.opacity.findChild(QSlider)
    slider.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert window.session.view.map.opacity == pytest.approx(0.74)
    assert window.session.view.selection.layer == 11
    QTest.mouseClick(slider, Qt.MouseButton.LeftButton, pos=slider.rect().center())
    QTest.keyClick(slider, Qt.Key.Key_Left)
    assert window.session.view.selection.layer == 10


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


def test_opened_files_are_offered_again_the_next_time(make_window, qtbot):
    window = make_window(run=False)
    window.runs.open_path(str(ROOT / "README.md"))
    window.runs.open_path(str(ROOT / "no such file"))
    qtbot.waitUntil(lambda: len(window.session.documents) == 1 and window.is_idle(), timeout=WAIT)
    window.messages.clear()
    window.close()
    assert make_window(run=False).recent.files() == [str(ROOT / "README.md")]


def test_a_screenshot_is_taken_when_all_is_drawn(tmp_path):
    out = tmp_path / "out.png"
    command = [sys.executable, str(ROOT / "main.py"), "--screenshot", str(out)]
    done = subprocess.run([*command, "--text", SENTENCE], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    picture = QImage(str(out))
    assert (picture.width(), picture.height()) == (1440, 900)
    colours = {picture.pixel(x, y) for x in range(0, 1440, 7) for y in range(200, 900, 7)}
    assert len(colours) > 100  # the head grid and the matrix are painted
    out.unlink()
    done = subprocess.run([*command, str(DATA / "spaces.txt")], capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert done.stderr == f"headlight: {MESSAGES['errors']['spaces.txt']}\n"
    assert not out.exists()


def test_an_interrupt_during_work_ends_with_status_0():
    picture = ROOT / "assets" / "samples" / "astronaut.jpg"
    command = [sys.executable, str(ROOT / "main.py"), str(picture), "--size", "1022"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    if sys.platform == "linux":
        seen = ["xdotool", "search", "--sync", "--onlyvisible", "--name", "Headlight"]
        subprocess.run(seen, stdout=subprocess.DEVNULL, timeout=60, check=True)
    time.sleep(2)  # it is importing, loading or running by now
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=120)
    assert (process.returncode, said) == (0, "")


def test_the_welcome_page_and_back_by_the_tab_that_was_open(make_window, qtbot):
    window = make_window(run=False)
    window.runs.open_text(SENTENCE)
    qtbot.waitUntil(lambda: window.session.current is not None, timeout=WAIT)
    document = window.session.current
    window.new_text()
    assert window.pages.currentWidget() is window.welcome
    tabs = window.topbar.tabs.bar
    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(0).center())
    assert window.session.current is document
    assert window.pages.currentWidget() is window.deck


@pytest.fixture
def active(make_window, qtbot):
    """A window with the keyboard and a sentence of which a word is selected, without its model."""
    window = make_window(run=False)
    window.session.add(from_text(SENTENCE), RunOptions())
    answered(window, window.session.current, given.trace_of(given.text_tokens(*SENTENCE.split())))
    window.session.select_queries([CharSpan(2, 7)])
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    return window


def test_the_palette_is_right_the_first_time_and_its_keys_are_its_own(active, qtbot):
    selected = active.session.view.selection
    QTest.keyClick(active, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    palette = active.palette_popup
    assert palette.isVisible()
    card = palette._card.geometry()
    assert card.width() > 400
    assert abs(card.center().x() - active.rect().center().x()) <= 1
    assert palette._list.height() > 200
    field = active.focusWidget()
    for key, modifiers in (
        (Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier),
        (Qt.Key.Key_F5, Qt.KeyboardModifier.NoModifier),
        (Qt.Key.Key_Down, Qt.KeyboardModifier.NoModifier),
    ):
        QTest.keyClick(field, key, modifiers)
    assert active.session.current.page == "attention"
    assert active.session.documents
    QTest.keyClick(field, Qt.Key.Key_Escape)
    assert palette.isHidden()
    assert active.session.view.selection == selected
    QTest.keyClick(active, Qt.Key.Key_Escape)
    assert active.session.view.selection != selected


def test_the_palette_never_stays_without_the_keyboard(active, qtbot):
    active.open_palette()
    other = active.topbar.palette_button
    other.setFocus()
    assert active.palette_popup.isHidden()
    assert other.hasFocus()


def test_menus_and_dialogs_keep_the_keys_of_the_window(active, qtbot):
    menu = active.topbar.menu_button.menu()
    menu.popup(active.mapToGlobal(QPoint(20, 20)))
    QTest.keyClick(menu, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    menu.close()
    box = QMessageBox(active)
    box.open()
    QTest.keyClick(box, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert active.session.current.page == "attention"
    box.close()
    qtbot.waitUntil(active.isActiveWindow)
    QTest.keyClick(active, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)


def test_the_title_is_the_current_documents_after_an_edit_too(active):
    active.session.update(active.session.current, input=from_text("another text"))
    assert active.windowTitle() == "another text – Headlight"
    active.new_text()
    assert active.windowTitle() == "Headlight"


def test_the_keyboard_starts_in_the_sentence_and_then_belongs_to_the_panes(make_window, qtbot):
    window = make_window(run=False)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    assert isinstance(window.focusWidget(), QLineEdit)
    window.session.add(from_text(SENTENCE), RunOptions())
    assert window.focusWidget() is window.deck


if sys.platform == "linux":  # other systems always have a screen

    def test_without_a_display_one_line_says_so():
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        command = [sys.executable, str(ROOT / "main.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert done.stderr.startswith("headlight: There is no display to open a window on. ")
        assert done.stderr.count("\n") == 1


def test_a_document_closed_during_its_pass_runs_again_when_reopened(make_window, qtbot, settled):
    window = make_window(size=448)
    window.runs.open_path(str(ROOT / "assets" / "samples" / "coffee.jpg"))
    qtbot.waitUntil(lambda: window.session.current is not None, timeout=WAIT)
    document = window.session.current
    assert document.state == "running"
    window.actions_.run("close")
    settled(window)
    assert (window.session.documents, document.trace) == ([], None)
    window.actions_.run("reopen")
    settled(window)
    assert window.session.current.trace.tokens.grid == (32, 48)


def test_what_is_typed_in_one_document_never_reaches_another(text_window, qtbot, settled):
    window = text_window
    first = window.session.current
    window.runs.open_text("He drank tea.")
    settled(window)
    second = window.session.current
    window.session.show(first)
    window.edit_text()
    sentence = pane(window, "sentence")
    sentence.first.setFocus()
    qtbot.keyClicks(sentence.first, "!")
    window.session.show(second)  # before the pause after typing is over
    assert sentence.first.toPlainText() == "He drank tea."
    settled(window)
    qtbot.waitUntil(lambda: first.input.text == SENTENCE + "!", timeout=WAIT)
    settled(window)
    assert second.input.text == "He drank tea."
    assert first.trace.tokens.labels[-2] == "!"


def test_a_rollout_through_a_layer_that_fails_its_check_is_not_drawn(image_window, settled):
    window = image_window
    document, rollout = window.session.current, pane(window, "rollout")
    window.session.update(document, checks=(*document.checks[:4], 0.5, *document.checks[5:]))
    settled(window)
    assert rollout.picture._overlay.image is None
    window.session.set_rollout(first=5)
    settled(window)
    assert rollout.picture._overlay.image is not None


def test_many_artifact_tokens_leave_the_picture_its_room(make_window, settled):
    window = make_window(run=False)
    document = window.session.add(ImageInput("Picture", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    tokens = given.patch_tokens(4, 5)
    artifacts = np.arange(tokens.prefix, len(tokens))
    answered(window, document, given.trace_of(tokens, artifacts=artifacts))
    settled(window)
    pane = window.deck.panes["picture"]
    last = pane.artifacts.chips()[-1]
    assert len(pane.artifacts.chips()) == ARTIFACTS_NAMED + 1
    assert last.label == f"{len(artifacts) - ARTIFACTS_NAMED} more"
    assert last.tooltip.count("(") == len(artifacts) - ARTIFACTS_NAMED
    pane.artifacts.clicked.emit(ARTIFACTS_NAMED, False)
    assert len(window.session.view.selection.queries) == len(artifacts) - ARTIFACTS_NAMED
