"""The law that nothing stands as complete that a cancelled, superseded or failed job made; keys that act."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import SILENT
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.panes.shared.slices import Slice
from headlight.viewer.session.session import RunOptions
from headlight.viewer.slices.explain import relevance
from tests.viewer.cloud_windows import answered
from tests.viewer.given import patch_tokens, text_tokens, trace_of
from tests.viewer.linked import GO, held

WAIT = 20_000


class Gate:
    """Stands in for a slow function: tells how far it is, hands out what the function gives as a part, and
    waits to be let through or cancelled."""

    def __init__(self, function) -> None:
        self.function, self.go, self.shut = function, threading.Event(), threading.Event()
        self.parts = True

    def __call__(self, *asked):
        *seen, task = asked
        task.progress(0.4, "Rollout through layer 5")
        if self.parts:
            task.partial(self.function(*seen, SILENT))
        self.shut.set()
        while not self.go.wait(0.005):
            task.check()
        return self.function(*seen, SILENT)


@pytest.fixture
def gate(monkeypatch):
    made = Gate(relevance._from_layers)
    monkeypatch.setattr(relevance, "_from_layers", made)
    yield made
    made.go.set()


@pytest.fixture
def window(make_window, gate):
    made = make_window(run=False)
    document = made.session.add(TextInput("a", "a b c"), RunOptions())
    answered(made, document, trace_of(text_tokens("a", "b", "c")))
    return made


def test_a_rollout_that_is_cancelled_says_so_and_can_be_gone_on_with(window, gate, qtbot, settled):
    rollout, dock = window.deck.panes["relevance"], window.deck.docks["relevance"]
    qtbot.waitUntil(lambda: rollout.result is not None, timeout=WAIT)
    assert dock.unfinished() == "so far · 40 %"
    assert not dock._bar.resume.isVisible()
    assert not rollout.is_whole()
    qtbot.waitUntil(window.actions_.actions["cancel"].isEnabled)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=WAIT)
    QTest.keyClick(window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    settled(window)
    assert dock.unfinished() == "cancelled · 40 %"
    assert dock._bar.resume.isVisible()
    assert not dock._bar._subtitle.isVisible()  # its range is of no whole rollout
    gate.go.set()
    dock._bar.resume.click()
    settled(window)
    assert (dock.unfinished(), rollout.is_whole()) == ("", True)
    assert dock._bar._subtitle.isVisible()


def test_the_colour_bar_of_a_part_is_that_part_s(window, gate, qtbot, settled):
    rollout = window.deck.panes["relevance"]
    gate.go.set()
    settled(window)
    whole = rollout.result
    gate.go.clear()
    window.session.change(RolloutSettings, residual="none")
    qtbot.waitUntil(lambda: rollout.result is not whole, timeout=WAIT)
    assert not rollout.is_whole()
    assert rollout.result.scale != whole.scale
    assert rollout.bar._scale == rollout.result.scale
    gate.go.set()
    settled(window)


def test_what_is_shown_of_other_settings_goes_when_its_successor_is_cancelled(window, gate, qtbot, settled):
    rollout, dock = window.deck.panes["relevance"], window.deck.docks["relevance"]
    gate.go.set()
    settled(window)
    assert rollout.is_whole()
    gate.go.clear()
    gate.shut.clear()
    gate.parts = False
    window.session.change(RolloutSettings, fusion="max")
    qtbot.waitUntil(gate.shut.is_set, timeout=WAIT)
    window.runs.cancel()
    assert rollout.result is None
    assert dock.unfinished().startswith("cancelled")
    gate.go.set()
    window.actions_.run("resume")
    settled(window)
    assert rollout.result is not None
    assert not window.actions_.actions["resume"].isEnabled()


def test_a_part_is_marked_until_what_superseded_it_is_whole(window, gate, qtbot, settled):
    rollout, dock = window.deck.panes["relevance"], window.deck.docks["relevance"]
    qtbot.waitUntil(lambda: rollout.result is not None, timeout=WAIT)
    gate.parts = False
    window.session.change(RolloutSettings, fusion="max")
    assert dock.unfinished().startswith("so far")
    gate.go.set()
    settled(window)
    assert dock.unfinished() == ""


def test_a_slice_cancelled_before_it_began_says_nothing_of_its_predecessor(window, gate, qtbot, settled):
    dock = window.deck.docks["relevance"]
    GO.clear()
    qtbot.waitUntil(lambda: dock.unfinished() == "so far · 40 %", timeout=WAIT)
    window.jobs.submit("before it", held, lambda _: None, lane="run")
    window.session.change(RolloutSettings, fusion="max")  # it waits for its turn, and never has it
    assert dock.unfinished().startswith("so far")
    window.runs.cancel()
    assert dock.unfinished() == "cancelled"
    GO.set()
    settled(window)
    assert dock.unfinished() == "cancelled"


def test_a_slice_is_complete_only_when_all_of_what_was_asked_for_is_painted():
    one = Slice("key", 1)
    assert one.sentence() == ""
    one.arrived(partial=True)
    assert (one.sentence(), one.is_stale()) == ("so far", False)
    one.ended("cancelled")
    assert (one.sentence(), one.is_stale(), one.is_stopped()) == ("cancelled", False, True)
    other = Slice("other", 1, painted="key")
    other.ended("failed")
    assert (other.sentence(), other.is_stale()) == ("not computed", True)
    other = Slice("other", 1, painted="key")
    other.arrived(partial=False)
    assert (other.sentence(), other.is_stale(), other.is_stopped()) == ("", False, False)


def test_a_slice_that_fails_is_marked_and_asked_again(window, gate, qtbot, settled, monkeypatch):
    gate.go.set()
    settled(window)

    def broken(*_):
        raise HeadlightError("It is broken.", "Mend it.")

    monkeypatch.setattr(relevance, "_from_layers", broken)
    window.session.change(RolloutSettings, fusion="min")
    settled(window)
    dock = window.deck.docks["relevance"]
    assert (dock.unfinished(), window.deck.panes["relevance"].result) == ("not computed", None)
    monkeypatch.setattr(relevance, "_from_layers", gate)
    dock._bar.resume.click()
    settled(window)
    assert dock.unfinished() == ""


def test_an_action_is_enabled_whenever_its_command_can_be_run(make_window, qtbot, settled):
    window = make_window(run=False)
    session = window.session
    GO.clear()

    def agree() -> None:
        qtbot.waitUntil(window._bridge.is_empty)
        qtbot.wait(20)
        for id_, command in window.actions_.commands.items():
            assert window.actions_.actions[id_].isEnabled() == command.enabled(), id_

    agree()
    text = session.add(TextInput("a", "a b"), RunOptions())
    agree()
    answered(window, text, trace_of(text_tokens("a", "b")))
    agree()
    job = window.jobs.submit("slow", held, lambda _: None, lane="run")
    agree()
    assert window.actions_.actions["cancel"].isEnabled()
    assert job in window.jobs.running("run")
    GO.set()
    settled(window)
    agree()
    assert not window.actions_.actions["cancel"].isEnabled()
    session.select(layer=0)
    agree()
    session.undo()
    session.set_page("cost")
    agree()
    picture = session.add(ImageInput("p", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    answered(window, picture, trace_of(patch_tokens()))
    agree()
    window.runs.close(picture)
    agree()
    assert window.actions_.actions["reopen"].isEnabled()
    window.runs.close(text)
    agree()


def test_every_pane_that_is_offered_comes_and_goes(make_window, settled):
    window = make_window()
    window.runs.open_stack()
    settled(window)
    offered = [id_ for id_ in window.actions_.commands if id_.startswith("pane-")]
    offered = [id_ for id_ in offered if window.actions_.actions[id_].isEnabled()]
    assert "pane-log" in offered
    assert "pane-matrix" not in offered
    for id_ in offered:
        dock = window.deck.docks[id_.removeprefix("pane-")]
        before = dock.isVisible()
        window.actions_.run(id_)
        assert dock.isVisible() != before, id_


def test_controls_show_what_is_wanted_while_it_is_not_there_yet(make_window, qtbot, settled, monkeypatch):
    def endless(what, options, task, path):
        while not threading.Event().wait(0.005):
            task.check()

    monkeypatch.setattr("headlight.viewer.host.forward.forward_pass", endless)
    window = make_window()
    document = window.session.add(ImageInput("p", np.zeros((20, 30, 3), np.uint8)), RunOptions())
    answered(window, document, trace_of(patch_tokens()))
    settled(window)
    window.runs.change(document, size=1022, model="vit-base")
    size = window.deck.panes["settings"].size
    qtbot.waitUntil(lambda: size.value() == 1022)
    assert window.topbar.model_button.text() == "ViT-B/16"
    window.session.undo()
    qtbot.waitUntil(lambda: size.value() == 518)


def test_undo_brings_the_text_back_into_an_editor_that_has_the_focus(make_window, qtbot, settled):
    window = make_window()
    window.runs.open_text("He drank tea.")
    settled(window)
    window.actions_.run("edit-text")
    sentence, document = window.deck.panes["sentence"], window.session.current
    sentence.first.selectAll()
    qtbot.keyClicks(sentence.first, "She ate.")
    qtbot.waitUntil(lambda: document.input.text == "She ate.", timeout=WAIT)
    settled(window)
    assert document.title == "She ate."
    window.session.undo()
    assert (document.input.text, sentence.first.toPlainText()) == ("He drank tea.", "He drank tea.")
    window.session.redo()
    assert (document.input.text, sentence.first.toPlainText()) == ("She ate.", "She ate.")
