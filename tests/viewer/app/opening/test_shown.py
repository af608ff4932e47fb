"""What scripts show arrives in a window: as documents, or as the steps of one."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

import headlight
from headlight.api.recording import recording_of
from headlight.viewer.app.listening import Listener
from headlight.viewer.shown import places, sending, steps
from headlight.viewer.shown.steps import open_shown, place_of, steps_of


@pytest.fixture(autouse=True)
def folders(tmp_path, monkeypatch):
    for name in ("RUNTIME_DIR", "CACHE_HOME"):
        (tmp_path / name).mkdir(mode=0o700)
        monkeypatch.setenv(f"XDG_{name}", str(tmp_path / name))


def weights(seed: int, n: int = 5) -> np.ndarray:
    """(layers, heads, queries, keys)"""
    return np.random.default_rng(seed).dirichlet(np.ones(n), (2, 3, n)).astype(np.float32)


def shown(seed: int, step: int | None = None, name: str = "training"):
    """A file as `show` writes one."""
    path = places.new_file()
    header = {} if step is None else {"name": name, "step": step}
    recording_of(weights(seed)).described(title=name, tokens=list("abcde")).write(path, **header)
    return path


def test_steps_of_one_name_are_one_document_with_a_slider(make_window, settled, qtbot):
    window = make_window()
    for number, step in enumerate((100, 200, 300)):
        open_shown(window.runs, shown(number, step))
    open_shown(window.runs, shown(7, name="another"))
    settled(window)
    qtbot.waitUntil(lambda: len(window.session.documents) == 2)
    settled(window)
    document = window.session.documents[0]
    window.session.show(document)
    settled(window)
    pane, matrix = window.deck.panes["steps"], window.deck.panes["matrix"]
    assert [step.number for step in steps_of(document)] == [100, 200, 300]
    assert window.deck.shows("steps")
    assert window.status.check.text().startswith("weights as they were given")
    window.session.select(layer=0, head=0)
    settled(window)
    np.testing.assert_array_equal(matrix._result.values, weights(2)[0, 0])
    pane.slider.changed.emit(0.0)
    qtbot.waitUntil(lambda: document.options.step == 100)
    settled(window)
    np.testing.assert_array_equal(matrix._result.values, weights(0)[0, 0])
    open_shown(window.runs, shown(3, 400))  # what is looked at stays
    qtbot.waitUntil(lambda: len(steps_of(document)) == 4)
    settled(window)
    assert (place_of(document), document.options.step) == (0, 100)
    np.testing.assert_array_equal(matrix._result.values, weights(0)[0, 0])
    steps.walk(window.runs, document, 3)
    settled(window)
    assert (place_of(document), document.options.step) == (3, 400)
    np.testing.assert_array_equal(matrix._result.values, weights(3)[0, 0])
    assert not window.actions_.commands["run-again"].enabled()
    document = window.session.current
    lost, document.trace = document.trace, None  # as where the engine has ended
    assert window.actions_.commands["run-again"].enabled(), "it is read from its file once more"
    document.trace = lost


def test_a_document_of_one_recording_has_no_slider(make_window, settled):
    window = make_window()
    open_shown(window.runs, shown(0))
    settled(window)
    assert not window.deck.shows("steps")
    assert window.deck.shows("sentence")


def test_a_listener_opens_what_it_is_told_and_nothing_else(qtbot, qapp):
    opened = []
    path = shown(0)
    (places.windows() / f"{path.name}.waiting").touch()
    listener = Listener(qapp, opened.append)
    assert opened == [path]
    (record,) = places.windows().glob("*.json")
    assert record.stat().st_mode & 0o077 == 0
    token = json.loads(record.read_text())["token"]
    good = {"token": token, "file": path.name}
    bad = [
        good | {"token": "0" * 64},
        good | {"file": "../" + path.name},
        good | {"file": "/etc/passwd"},
        good | {"file": "0" * 32 + ".headlight.npz"},
        {"token": token},
        [token],
    ]
    assert [listener.answer(json.dumps(one).encode()) for one in (good, *bad)] == [True, *[False] * 6]
    assert not listener.answer(b"[" * 4000)
    assert opened == [path, path]
    line = socket.create_connection(("127.0.0.1", json.loads(record.read_text())["port"]))
    line.sendall(json.dumps(good).encode() + b"\n")
    qtbot.waitUntil(lambda: len(opened) == 3)
    assert line.recv(16) == b"shown\n"
    line.close()
    listener.close()
    assert not list(places.windows().glob("*.json"))
    listener.deleteLater()


def test_a_window_knows_recordings_without_torch():
    code = """
import sys
import headlight.viewer.builtin
from headlight.viewer.app import listening
from headlight.viewer.host import engines
assert engines.brought()
print({"torch", "transformers"} & sys.modules.keys())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_window_is_started_once_and_told_of_all_that_follows(monkeypatch):
    started = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr(sending, "_started", lambda path: started.append(path) or _Started())
    for seed in range(3):
        headlight.show(weights(seed))
    waiting = list(places.windows().glob("*.waiting"))
    assert (len(started), len(waiting)) == (1, 2)


def test_what_cannot_be_shown_is_said(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(headlight.HeadlightError, match="There is no display"):
        headlight.show(weights(0))
    with pytest.raises(headlight.HeadlightError, match="A step belongs to a document"):
        headlight.show(weights(0), step=3)
    with pytest.raises(headlight.HeadlightError, match="no attention"):
        headlight.show([np.zeros(3)])


class _Started:
    pid = os.getpid()


def test_a_machine_without_a_runtime_folder_is_no_reason_to_warn(monkeypatch, recwarn):
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    monkeypatch.setattr(places, "_own", lambda folder: folder)
    assert places.windows().name == "windows"
    assert not recwarn.list
