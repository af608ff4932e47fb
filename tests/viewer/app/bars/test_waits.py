"""While a model reads, empty panes say what is awaited; what was cancelled or failed runs again there."""

from __future__ import annotations

import threading
from functools import wraps
from pathlib import Path

import pytest
from PySide6.QtWidgets import QLabel, QPushButton

from headlight.models.core.errors import HeadlightError
from headlight.viewer.host import forward
from headlight.viewer.panes.attention import matrix
from headlight.viewer.panes.shared import on_input, slices
from headlight.viewer.slices.explain import relevance
from headlight.widgets.base.waiting import Cover
from headlight.widgets.shell.message_strip import MessageStrip

SAMPLES = Path(__file__).parents[4] / "assets" / "samples"


@pytest.fixture
def held(monkeypatch):
    """Forward passes that tell 40 % and then wait for `go`, `stop` or a cancel."""
    whole, hold = forward.forward_pass, threading.Event()
    hold.error = None

    def read(what, options, task, path):
        task.progress(0.0, "Loading")
        task.progress(0.4, "DINOv2-small looks at it")
        while not hold.wait(0.01):
            task.check()
        if hold.error is not None:
            raise hold.error
        return whole(what, options, task, path)

    monkeypatch.setattr(forward, "forward_pass", read)
    yield hold
    hold.set()


@pytest.fixture
def waiting(make_window, held, qtbot):
    """A window whose picture is being read, its panes laid out."""
    window = make_window(size=224)
    window.resize(1440, 900)
    window.runs.open_path(str(SAMPLES / "astronaut.jpg"))
    qtbot.waitUntil(lambda: bool(said(window)) and "Reading" in said(window)["heads"], timeout=60_000)
    return window


def said(window) -> dict[str, str]:
    """What panes say instead of showing anything, by their names."""
    if window.deck is None:
        return {}
    docks = window.deck.docks.items()
    return {name: dock.waiting().says for name, dock in docks if dock.isVisible() and dock.waiting()}


def offered(window) -> dict[str, QPushButton]:
    covers = [cover for cover in window.deck.findChildren(Cover) if cover.isVisible()]
    found = [button for cover in covers for button in cover.findChildren(QPushButton) if button.isVisible()]
    assert len({button.text() for button in found}) == len(found), "each button stands in one pane"
    return {button.text(): button for button in found}


def test_empty_panes_say_what_runs_and_one_can_cancel(waiting, held, qtbot, settled):
    window = waiting
    assert said(window) == dict.fromkeys(
        ("heads", "matrix", "relevance"), "Reading the image with DINOv2-small…"
    )
    assert list(offered(window)) == ["Cancel"]
    main = offered(window)["Cancel"].parentWidget()
    told = "DINOv2-small looks at it · 40 %"
    qtbot.waitUntil(lambda: any(label.text() == told for label in main.findChildren(QLabel)))
    assert not window.topbar.tabs.bar.tabIcon(0).isNull()
    assert window.deck.docks["picture"].waiting() is None
    held.set()
    settled(window)
    assert said(window) == {}
    assert window.topbar.tabs.bar.tabIcon(0).isNull()


def test_what_was_cancelled_says_so_and_runs_again(waiting, held, qtbot, settled):
    window = waiting
    offered(window)["Cancel"].click()
    qtbot.waitUntil(lambda: set(said(window).values()) == {"Cancelled."})
    assert window.session.current.state == "cancelled"
    assert window.topbar.tabs.bar.tabIcon(0).isNull()
    held.set()
    qtbot.waitUntil(lambda: list(offered(window)) == ["Run again (F5)"])
    offered(window)["Run again (F5)"].click()
    settled(window)
    assert said(window) == {}
    assert window.session.current.trace is not None


def test_what_failed_says_why_and_offers_another_model(waiting, held, qtbot):
    window = waiting
    held.error = HeadlightError("The model wants 9 channels.", "Choose another one.")
    held.set()
    qtbot.waitUntil(lambda: set(said(window).values()) == {"The model wants 9 channels. Choose another one."})
    qtbot.waitUntil(lambda: set(offered(window)) == {"Run again (F5)", "Choose another model…"})
    offered(window)["Choose another model…"].click()
    qtbot.waitUntil(window.topbar._models.isVisible)
    window.topbar._models.close()
    assert window.findChild(MessageStrip).shown.source == "astronaut.jpg"
    window.messages.clear()


def test_the_second_document_waits_for_its_turn(waiting, held, qtbot):
    window = waiting
    window.runs.open_path(str(SAMPLES / "coffee.jpg"))
    cancel = window.welcome._drop._cancel
    qtbot.waitUntil(lambda: not cancel.isHidden())
    window.runs.cancel_of(None)  # what is opened is of no document yet
    qtbot.waitUntil(cancel.isHidden)
    assert window.session.current.title == "astronaut.jpg"


def test_the_welcome_page_says_what_is_being_read(make_window, qtbot, monkeypatch):
    window, hold = make_window(run=False), threading.Event()

    def read(path, task, *_):
        task.progress(0.3, "Reading room.ply")
        while not hold.wait(0.01):
            task.check()
        raise HeadlightError("room.ply is empty.", "Open another one.")

    monkeypatch.setattr("headlight.viewer.host.forward.from_path", read)
    monkeypatch.setattr(window.runs, "prepare", lambda task: None)
    window.runs.open_path("room.ply")
    area = window.welcome._drop
    qtbot.waitUntil(lambda: area._title.text() == "Reading room.ply…")
    assert area._hint.text() == "30 %"
    assert area._cancel.isVisible()
    area._cancel.click()
    qtbot.waitUntil(lambda: "Drop an image" in area._title.text())
    assert not window.jobs.running("run")


def test_a_notice_takes_no_room_of_the_panes(make_window, qtbot):
    """A cloud of another size would be drawn anew, and a saved picture show a part of it."""
    window = make_window(run=False)
    room = window.pages.size()
    window.notify("info", "It is read as s3dis.", "")
    qtbot.waitUntil(window.status.bell.isVisible)
    qtbot.wait(20)
    assert window.pages.size() == room
    with window.status.silent():
        assert window.pages.size() == room
    window.messages.clear()


def test_a_saved_picture_has_no_messages(make_window, tmp_path, qtbot):
    window = make_window(run=False)
    before = window.picture().toImage()
    window.notify("error", "a.png ends after 12 bytes.", "Open another copy.")
    qtbot.waitUntil(window.status.strip.isVisible)
    qtbot.wait(20)
    assert window.picture().toImage() == before
    assert window.status.strip.isVisible()
    assert window.grab().toImage() != before
    window.messages.clear()


def test_a_pane_whose_own_slice_takes_long_says_so_until_it_is_there(opened, monkeypatch, qtbot, settled):
    whole, go = matrix.relevance_matrix, threading.Event()
    monkeypatch.setattr(slices, "UNNOTICED", 0.0)
    window = opened("text", "attention")
    assert window.deck.docks["matrix"].waiting() is None

    @wraps(whole)
    def slow(*asked):
        go.wait()
        return whole(*asked)

    for place in (matrix, relevance):
        monkeypatch.setattr(place, "relevance_matrix", slow)
    try:
        window.deck.panes["matrix"].forget()  # as when another document is looked at
        window.deck.panes["matrix"].update()
        qtbot.waitUntil(lambda: said(window) == {"matrix": "Computing…"})
    finally:
        go.set()
    settled(window)
    qtbot.waitUntil(lambda: said(window) == {})

    @wraps(whole)
    def failing(*asked):
        held.wait()
        raise HeadlightError("There is nothing of it.", "Choose another model.")

    held = threading.Event()
    for place in (matrix, relevance):
        monkeypatch.setattr(place, "relevance_matrix", failing)
    try:
        window.deck.panes["matrix"].forget()
        window.deck.panes["matrix"].update()
        qtbot.waitUntil(lambda: said(window) == {"matrix": "Computing…"})
    finally:
        held.set()
    qtbot.waitUntil(window.deck.panes["matrix"].is_stopped)
    qtbot.waitUntil(lambda: said(window) == {})  # what failed is not waited for


def test_a_pane_with_controls_says_in_its_title_that_it_is_computed(opened, monkeypatch, qtbot, settled):
    whole, go = on_input.relevance_map, threading.Event()
    monkeypatch.setattr(slices, "UNNOTICED", 0.0)
    window = opened("text", "attention")
    pane, dock = window.deck.panes["relevance"], window.deck.docks["relevance"]

    @wraps(whole)
    def slow(*asked):
        go.wait()
        return whole(*asked)

    for place in (on_input, relevance):
        monkeypatch.setattr(place, "relevance_map", slow)
    try:
        pane.forget()
        pane.update()
        qtbot.waitUntil(lambda: dock.unfinished() == "computing")
        assert pane.controls.isVisible()
        assert dock.waiting() is None
    finally:
        go.set()
    settled(window)
    assert dock.unfinished() == ""
