"""Real windows from start to end: imports, files good and bad, drops, closing, what is there again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.bad_files import BAD, DATA, MESSAGES, bad_file
from tests.viewer.linked import ROOT, SENTENCE, WAIT


def test_the_window_opens_without_what_only_documents_need(tmp_path):
    """Nor does PySide read the sources of what is imported, which `linecache` would keep."""
    code = (
        "import linecache, sys\n"
        "from headlight.viewer.app import cli\n"
        "status = cli.run(['--screenshot', sys.argv[1]])\n"
        "heavy = {'torch', 'transformers', 'numpy', 'scipy', 'vispy', 'open3d', 'PIL'} & set(sys.modules)\n"
        "heavy |= {name for name in linecache.cache if 'window.py' in name}\n"
        "sys.exit(f'imported or read {heavy}' if heavy else status)\n"
    )
    picture = tmp_path / "welcome.png"
    words = [sys.executable, "-c", code, str(picture)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert picture.exists()


def test_no_room_of_the_window_imports_what_computes():
    code = (
        "import importlib, sys\n"
        "from pathlib import Path\n"
        "for room in ('viewer/app', 'viewer/panes', 'viewer/session', 'widgets', 'models/core'):\n"
        "    for path in sorted(Path(room).rglob('*.py')):\n"
        "        importlib.import_module('.'.join(('headlight', *path.with_suffix('').parts)))\n"
        "print(*({'torch', 'transformers', 'scipy', 'PIL'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.stdout.split(), done.returncode) == ([], 0), done.stderr


def test_the_panes_of_the_first_document_are_imported_while_the_window_goes_on():
    code = (
        "import sys, threading\n"
        "from headlight.viewer.app import start, window\n"
        "importers = {}\n"
        "class Watch:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        importers.setdefault(name, threading.current_thread() is threading.main_thread())\n"
        "sys.meta_path.insert(0, Watch())\n"
        "shown, painted = window.Window.showEvent, window.Window._current_changed\n"
        "def later(self, event):\n"
        "    shown(self, event); self.runs.open_stack()\n"
        "def done(self):\n"
        "    painted(self); self.close()\n"
        "window.Window.showEvent, window.Window._current_changed = later, done\n"
        "from headlight.viewer.app.options import WindowOptions\n"
        "status = start.run([], WindowOptions())\n"
        "seen = ('headlight.widgets.plane.raster', 'vispy', 'headlight.viewer.panes.cost.cost')\n"
        "print(*(importers[name] for name in seen))\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout.split()) == (0, ["False"] * 3), done.stderr


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
        # The files of a folder open one after another, where there are any.
        message = message.replace("is a folder.", "is a folder without pictures or point clouds.")
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
    mime.setUrls([QUrl.fromLocalFile(str(ROOT / "assets" / "fonts" / "NOTICE.md"))])
    target = window.deck.docks["matrix"]
    action, button = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton
    none = Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(target, QDragEnterEvent(QPoint(5, 5), action, mime, button, none))
    QApplication.sendEvent(target, QDropEvent(QPointF(5, 5), action, mime, button, none))
    qtbot.waitUntil(lambda: len(window.session.documents) == 2, timeout=WAIT)
    assert window.session.current.title == "NOTICE.md"


def test_opened_files_are_offered_again_the_next_time(make_window, qtbot):
    window = make_window(run=False)
    window.runs.open_path(str(ROOT / "assets" / "fonts" / "NOTICE.md"))
    window.runs.open_path(str(ROOT / "no such file"))
    qtbot.waitUntil(lambda: len(window.session.documents) == 1 and window.is_idle(), timeout=WAIT)
    window.messages.clear()
    window.close()
    assert make_window(run=False).recent.files() == [str(ROOT / "assets" / "fonts" / "NOTICE.md")]


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


if sys.platform == "linux":  # other systems always have a screen

    def test_without_a_display_one_line_says_so():
        environment = {k: v for k, v in os.environ.items() if k not in ("DISPLAY", "WAYLAND_DISPLAY")}
        command = [sys.executable, str(ROOT / "main.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
        assert done.returncode == 2
        assert done.stderr.startswith("headlight: There is no display to open a window on. ")
        assert done.stderr.count("\n") == 1


def test_a_document_closed_during_its_pass_runs_again_when_reopened(make_window, qtbot, settled):
    window = make_window(size=280)
    window.runs.open_path(str(ROOT / "assets" / "samples" / "coffee.jpg"))
    qtbot.waitUntil(lambda: window.session.current is not None, timeout=WAIT)
    document = window.session.current
    assert document.state == "running"
    window.actions_.run("close")
    settled(window)
    assert (window.session.documents, document.trace) == ([], None)
    window.actions_.run("reopen")
    settled(window)
    assert window.session.current.trace.tokens.grid == (20, 30)
