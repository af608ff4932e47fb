"""A window whose engine is a process of its own: whatever becomes of that, what was open stays."""

from __future__ import annotations

import gc
import os
import queue
import signal
import sys
from functools import partial

import psutil
import pytest

from headlight.viewer.host.apart.host import ProcessHost
from headlight.viewer.inputs.inputs import TextInput
from headlight.viewer.panes.attention import matrix
from headlight.viewer.session import runs
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import MapSettings
from tests.viewer.host import calls
from tests.viewer.linked import ROOT, SENTENCE

WAIT = 60_000
END = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


@pytest.fixture
def apart(make_window):
    """A function that opens a window over a host; it says what the user was told."""

    def make(host: ProcessHost | None = None, **options):
        window = make_window(host=host or ProcessHost(), **options)
        window.said = []
        window.told.connect(lambda kind, text: window.said.append(text))
        return window

    return make


@pytest.fixture
def model(monkeypatch):
    """Models of two layers in place of real ones: which call reads a text can be changed."""
    asked = {"made": calls.read}
    plain = runs.work_of

    def work(name, *given):
        return partial(asked[name], *given) if name in asked else plain(name, *given)

    monkeypatch.setattr(runs, "work_of", work)
    return asked


def opened(window, settled, text="a great serve"):
    document = window.session.add(TextInput("Text", text), RunOptions())
    window.runs.start(document)
    settled(window)
    return document


def end(window, qtbot) -> None:
    """Its engine's process is ended from outside, and the window has noticed."""
    before, pid = len(window.said), window.jobs.host.pid
    os.kill(pid, END)
    qtbot.waitUntil(lambda: len(window.said) > before, timeout=WAIT)
    assert not psutil.pid_exists(pid)


def ask(window, call, *given):
    heard: queue.SimpleQueue = queue.SimpleQueue()
    window.jobs.host.start(-1, "look", partial(call, *given), lambda *said: heard.put(said))
    word, value = heard.get(timeout=60)
    assert word == "done", value
    return value


def run_all(window, settled) -> None:
    for document in window.session.documents:
        window.session.show(document)
        window.actions_.run("run-again")
        settled(window)
        assert document.state == "ready"
        assert window.deck.panes["matrix"]._result is not None


def test_what_was_open_outlives_its_engine_whatever_that_does(apart, model, qtbot, settled, monkeypatch):
    """It ends in a load, twice in a row while idle, in a pass and in a slice."""
    window = apart()
    documents = [
        window.session.add(TextInput("Text", text), RunOptions()) for text in ("a great serve", "b c")
    ]
    for document in documents:
        window.runs.start(document)
    qtbot.waitUntil(lambda: window.jobs.host.pid is not None, timeout=WAIT)
    end(window, qtbot)  # it imports what a pass needs
    run_all(window, settled)
    window.session.change(MapSettings, percentile=91.0)
    for at in ("idle", "idle", "pass", "slice"):
        window.said.clear()
        if at == "pass":
            model["made"] = calls.reads_slowly
            window.runs.start(documents[1])
            qtbot.waitUntil(lambda: any(job.sentence for job in window.jobs.running("run")), timeout=WAIT)
        if at == "slice":
            with monkeypatch.context() as changed:
                changed.setattr(matrix, "relevance_matrix", calls.looks_slowly)
                window.deck.panes["matrix"].forget()
                window.deck.panes["matrix"].update()
            assert window.jobs.running("look")
        end(window, qtbot)
        settled(window)
        assert len(window.said) == 1, "it is told once, however much was lost"
        assert [(one.trace, one.state, bool(one.failure)) for one in documents] == [
            (None, "failed", True)
        ] * 2
        if at == "pass" and END != signal.SIGTERM:
            assert "out of memory at “Layer 2 of 12”" in window.said[0]
        model["made"] = calls.read
        run_all(window, settled)
        assert window.session.view[MapSettings].percentile == 91.0
    window.session.undo()
    assert window.session.view[MapSettings].percentile != 91.0


@pytest.mark.parametrize("where", ["idle", "pass", "slice"])
def test_a_window_closes_whatever_its_engine_does(apart, model, qtbot, settled, monkeypatch, where):
    window = apart()
    if where == "pass":
        model["made"] = calls.reads_slowly
        window.runs.start(window.session.add(TextInput("Text", "a b"), RunOptions()))
    else:
        if where == "slice":
            monkeypatch.setattr("headlight.viewer.slices.fields.stacks.built", calls.builds_slowly)
        window.runs.open_stack()
    qtbot.waitUntil(lambda: window.jobs.host.pid is not None, timeout=WAIT)
    if where == "idle":
        settled(window)
    pid = window.jobs.host.pid
    window.close()
    assert not psutil.pid_exists(pid)


def test_a_slice_that_raises_is_told_and_the_engine_goes_on(apart, model, settled, monkeypatch):
    window = apart()
    opened(window, settled)
    pid = window.jobs.host.pid
    monkeypatch.setattr(matrix, "relevance_matrix", calls.raises)
    window.session.change(MapSettings, percentile=91.0)
    settled(window)
    assert "shapes do not fit" in window.deck.panes["matrix"].view._message
    assert window.deck.panes["heads"].is_whole()
    assert window.jobs.host.pid == pid


def test_an_engine_that_cannot_start_is_told_with_what_to_do(apart, qtbot, settled):
    window = apart(ProcessHost(["no-such-program-anywhere"]))
    window.runs.open_text(SENTENCE)
    qtbot.waitUntil(lambda: bool(window.said), timeout=WAIT)
    settled(window)
    assert "--engine" in " ".join(window.said)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a process's memory to set so")
def test_a_pass_that_wants_more_memory_than_there_is_says_so(apart, settled, qtbot):
    window = apart(size=224)
    path = str(ROOT / "assets" / "samples" / "coffee.jpg")
    window.runs.open_path(path)
    qtbot.waitUntil(lambda: bool(window.session.documents), timeout=WAIT)
    document = window.session.current
    qtbot.waitUntil(lambda: document.trace is not None and window.is_idle(), timeout=3 * WAIT)
    ask(window, calls.limits_memory, 100_000_000)
    window.runs.change(document, size=1022)
    settled(window)
    (said,) = window.said
    assert "memory" in said
    assert "smaller" in said
    assert document in window.session.documents
    window.runs.change(document, size=224)
    settled(window)
    assert document.trace is not None


def test_two_windows_have_an_engine_each(apart, model, qtbot, settled):
    one, other = apart(), apart()
    documents = [opened(window, settled) for window in (one, other)]
    assert one.jobs.host.pid != other.jobs.host.pid
    end(one, qtbot)
    assert (documents[0].trace, other.said) == (None, [])
    assert documents[1].trace is not None


def test_documents_that_come_and_go_leave_no_memory_behind(apart, model, settled):
    """200 of them, ten at a time: a long sentence each, a megabyte and more if it stayed."""
    window, words = apart(), " ".join(f"word{number}" for number in range(60))
    held = []
    for number in range(1, 21):
        documents = [window.session.add(TextInput("Text", words), RunOptions()) for _ in range(10)]
        for document in documents:
            window.runs.start(document)
        settled(window)
        assert all(document.state == "ready" for document in documents)
        for _ in documents:
            window.actions_.run("close")
        if number in (6, 20):
            gc.collect()
            held.append((psutil.Process().memory_info().rss, ask(window, calls.memory)))
    grown = [after - before for before, after in zip(*held, strict=True)]
    assert max(grown) < 6_000_000, grown
