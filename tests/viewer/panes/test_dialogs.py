"""Dialogs for files begin where the last one of their purpose ended; what is copied or saved is said."""

from __future__ import annotations

import pytest
from PySide6.QtWidgets import QApplication, QFileDialog, QLabel

from headlight.viewer.app.commands.help import GESTURES
from headlight.widgets.shell.key_sheet import KeySheet


@pytest.fixture
def asked(monkeypatch, tmp_path):
    """What the dialogs were given, each a (folder or path, filters); they answer with a file of tmp_path."""
    calls, answer = [], tmp_path / "in" / "a.txt"
    answer.parent.mkdir()
    answer.write_text("A text.")

    def several(parent, title, folder, filters, *_):
        calls.append((folder, filters))
        return [str(answer)], ""

    def one(parent, title, path, filters, *_):
        calls.append((path, filters))
        return str(answer.with_name("picture")), ""

    monkeypatch.setattr(QFileDialog, "getOpenFileNames", several)
    monkeypatch.setattr(QFileDialog, "getSaveFileName", one)
    return calls


def test_dialogs_are_filtered_and_remember_their_folders(make_window, settled, asked, tmp_path):
    window = make_window(run=False)
    window.actions_.run("open")
    settled(window)
    window.actions_.run("open")
    settled(window)
    (first, kinds), (second, _) = asked
    assert (first != second, second) == (True, str(tmp_path / "in"))
    names = [line.split(" (")[0] for line in kinds.split(";;")]
    kinds_of_files = ["Texts", "Images", "Point clouds", "Sounds", "Models"]
    assert names == ["All that Headlight opens", *kinds_of_files, "All files"]
    assert {"*.png", "*.LAZ", "*.md", "*.gguf"} <= set(kinds.split(";;")[0].split("(")[1].rstrip(")").split())
    assert window.dialogs.folder("model") == first  # another purpose, another folder


def test_a_saved_picture_is_told_with_its_path_and_shows_no_message(make_window, asked, tmp_path):
    window = make_window(run=False)
    window.notify("error", "It is wrong.", "Do it again.")
    window.actions_.run("screenshot")
    path = tmp_path / "in" / "picture.png"
    assert path.is_file()
    assert window.messages.texts()[-1] == f"The picture is saved: {path}"
    window.messages.clear()


def test_copying_always_says_what_was_copied_or_why_nothing_was(make_window, settled):
    window = make_window(run=False)
    QApplication.clipboard().setText("before")
    window.actions_.run("copy-numbers")
    assert window.messages.texts() == ["Nothing is open that could be copied. Open something first."]
    window.runs.open_stack()
    settled(window)
    assert QApplication.clipboard().text() == "before"
    window.actions_.run("copy-numbers")
    assert window.messages.texts()[-1] == "4 layers copied, for a spreadsheet."
    rows = [line.split("\t") for line in QApplication.clipboard().text().splitlines()]
    assert [(row[0], row[2], row[5]) for row in rows] == [
        *(("input", "1", "15"), ("layer 1", "3", "13"), ("layer 2", "5", "11"), ("layer 3", "7", "9"))
    ]


def test_a_cloud_without_a_chosen_point_has_no_weights_to_copy(cloud_window):
    cloud_window.actions_.run("copy-numbers")
    assert cloud_window.messages.texts()[-1].startswith("No weights are shown that could be copied.")


def test_the_sheet_of_keys_lists_every_command_that_has_one(make_window):
    window = make_window(run=False)
    window.actions_.run("keys")
    sheet = window.findChild(KeySheet)
    shown = {label.text() for label in sheet.findChildren(QLabel)}
    assert {c.title for c in window.actions_.commands.values() if c.keys} <= shown
    assert {"File", "Map", "Gestures", "Ctrl+E"} <= shown
    assert {what for _, what in GESTURES} <= shown
    sheet.close()
