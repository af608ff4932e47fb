"""A window whose engine runs behind a command, as over ssh: another disk, 50 ms of latency, a broken line."""

from __future__ import annotations

import os
import signal
import sys
import time

import pytest

from headlight.viewer.host.apart.host import ProcessHost
from headlight.viewer.session.session import Hover
from tests.viewer.app.test_engine import WAIT, apart, model, opened  # noqa: F401  fixtures

LATE = """
import os, queue, subprocess, sys, threading, time
command, pipe = [sys.executable, "-m", "headlight", "engine"], subprocess.PIPE
engine = subprocess.Popen(command, stdin=pipe, stdout=pipe)
def carry(read, write):
    late = queue.Queue()
    def deliver():
        while True:
            when, data = late.get()
            time.sleep(max(0.0, when - time.monotonic()))
            if not data:
                return os.close(write)
            try:
                while data:
                    data = data[os.write(write, data):]
            except OSError:
                return
    threading.Thread(target=deliver, daemon=True).start()
    while True:
        data = os.read(read, 1 << 16)
        late.put((time.monotonic() + 0.05, data))
        if not data:
            return
threading.Thread(target=carry, args=(0, engine.stdin.fileno()), daemon=True).start()
carry(engine.stdout.fileno(), 1)
time.sleep(0.1)
sys.exit(engine.wait())
"""


@pytest.fixture
def far(tmp_path):
    script = tmp_path / "far.py"
    script.write_text(LATE)
    return ProcessHost([sys.executable, str(script)])


def test_a_file_of_this_disk_is_read_there_and_hovers_do_not_queue_up(
    apart,  # noqa: F811
    far,
    model,  # noqa: F811
    settled,
    qtbot,
    tmp_path,
    monkeypatch,
):
    path = tmp_path / "here.txt"
    path.write_text(" ".join("abcdefgh"))
    window = apart(far)
    window.runs.open_path(str(path))
    qtbot.waitUntil(lambda: bool(window.session.documents), timeout=WAIT)
    document = window.session.current
    qtbot.waitUntil(lambda: document.trace is not None and window.is_idle(), timeout=WAIT)
    assert document.input.text == "a b c d e f g h"
    sentence, painted = window.deck.panes["sentence"], []
    paint = sentence.paint
    monkeypatch.setattr(sentence, "paint", lambda result: (painted.append(result), paint(result)))
    heads = [(layer, head) for layer in (0, 1) for head in range(document.trace.layers[layer].heads)]
    began = time.monotonic()
    for number in range(48):  # a sweep of the mouse, faster than the line
        layer, head = heads[number % len(heads)]
        window.session.set_hover(Hover(layer=layer, head=head))
        qtbot.wait(4)
    settled(window)
    ways = (time.monotonic() - began) / 0.05  # each answer has gone there and back, and two go at a time
    assert 2 <= len(painted) <= 3 + ways, "some of the way and the end of it, but no queue"
    last = sentence._slices[""]
    assert (last.stage, last.key == last.painted) == ("whole", True)
    assert window.said == []


def test_a_line_that_breaks_is_told_and_made_again(apart, far, model, settled, qtbot):  # noqa: F811
    window = apart(far)
    document = opened(window, settled)
    os.kill(far.pid, signal.SIGTERM)
    qtbot.waitUntil(lambda: bool(window.said), timeout=WAIT)
    settled(window)
    (said,) = window.said
    assert "The connection to the engine" in said
    assert (document.trace, document.state) == (None, "failed")
    window.actions_.run("run-again")
    settled(window)
    assert document.trace is not None
    assert len(window.said) == 1


def test_models_are_chosen_on_the_disk_where_they_are_read(apart, far, settled, qtbot, tmp_path):  # noqa: F811
    (tmp_path / "shelf" / "small").mkdir(parents=True)
    (tmp_path / "shelf" / "small" / "config.json").write_text("{}")
    (tmp_path / "shelf" / "weights.pth").write_text("")
    window, taken = apart(far), []
    window.models._take = taken.append
    window.models.choose_folder()
    dialog = window.models.elsewhere
    assert "far.py" in dialog.windowTitle()
    qtbot.waitUntil(lambda: dialog._listing is not None, timeout=WAIT)
    dialog.path.setText(str(tmp_path / "nothing"))
    dialog.path.returnPressed.emit()
    qtbot.waitUntil(lambda: "cannot be read there" in dialog.said.text(), timeout=WAIT)
    dialog.path.setText(str(tmp_path / "shelf"))
    dialog.path.returnPressed.emit()
    qtbot.waitUntil(lambda: dialog.names.count() == 1, timeout=WAIT)  # no file is offered
    assert not dialog.open_.isEnabled()
    dialog.names.itemActivated.emit(dialog.names.item(0))
    qtbot.waitUntil(dialog.open_.isEnabled, timeout=WAIT)
    dialog.open_.click()
    assert taken == [str(tmp_path / "shelf" / "small")]
    window.open_paths([str(tmp_path / "shelf" / "small")])  # dropped on the window: it lies on this disk
    (said,) = window.said
    assert "Copy it there" in said
