"""The window's exports: filled in as the document is looked at, and byte for byte the command line's."""

from __future__ import annotations

import csv
import shlex
import threading
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QPoint, QPointF
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QMessageBox

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.answers import PointLabels
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.stack import ConvLayer, ConvStack
from headlight.models.core.tokens import Position
from headlight.viewer.app.cli import run
from headlight.viewer.export import door
from headlight.viewer.export.results import PICTURES
from headlight.viewer.session.view import MapSettings

WAIT = 60_000
PICTURE = str(ASSETS / "samples" / "coffee.jpg")


@pytest.fixture
def dialog_of(qtbot, tmp_path):
    """Opens a window's dialog, its files in a folder of the test."""

    def open_(window, pane: str = ""):
        window.settings.setValue("folder/export", str(tmp_path))
        before = window.exports.dialog
        if pane:
            window.deck.docks[pane]._bar.export()  # of the title's context menu
        else:
            window.actions_.run("export")
        qtbot.waitUntil(lambda: window.exports.dialog not in (None, before), timeout=WAIT)
        return window.exports.dialog

    return open_


@pytest.fixture
def written(qtbot):
    """Runs a dialog's export and gives the file's path."""

    def write(dialog) -> Path:
        out = Path(dialog.path.text())
        with qtbot.waitSignal(dialog.exported, timeout=WAIT):
            dialog.foot.export_button.click()
        assert not list(out.parent.glob(".*"))
        return out

    return write


def by_command(dialog, out: Path) -> Path:
    """The same by the command line that the dialog shows, in another file."""
    words = shlex.split(dialog.command.toPlainText())
    words = words[words.index("export") :]
    other = out.with_name(f"other{out.suffix}")
    assert words[-2:] == ["--out", str(out)]
    assert run([*words[:-1], str(other)]) == 0
    return other


def test_a_picture_is_exported_as_it_is_looked_at(make_window, settled, dialog_of, written, qtbot):
    window = make_window(size=224)
    window.runs.open_path(PICTURE)
    settled(window)
    window.session.select(layer=3, head=2)
    look = {"colours": "viridis", "opacity": 0.5, "log": True, "percentile": 95.3, "floor": 10.0}
    window.session.change(MapSettings, leave_out=False, **look)
    dialog = dialog_of(window)
    assert (dialog.what.value(), dialog.ending.value()) == ("attention", "png")
    of = {"layer": "3", "head": 2, "query": "readout"}
    assert dialog.form.values() == of | look | {"with_sinks": True}
    qtbot.waitUntil(lambda: dialog.preview.image is not None, timeout=WAIT)
    dialog.ending._group.button(dialog.ending._values.index("svg")).click()
    assert dialog.path.text().endswith("coffee-attention-layer-3-head-2-query-readout.svg")
    out = written(dialog)
    assert "--colours viridis --log --percentile 95.3" in dialog.command.toPlainText()
    assert out.read_bytes() == by_command(dialog, out).read_bytes()
    assert dialog.foot.said.text().startswith("Saved coffee-attention-layer-3-head-2-query-readout.svg (")
    dialog.foot.copy_path.click()
    assert QGuiApplication.clipboard().text() == str(out)
    assert window.messages.texts()[-1] == f"Exported from coffee.jpg: {out}"

    window.session.change(RolloutSettings, residual="mix", fusion="max", discard=0.25, first=2)
    dialog = dialog_of(window, "relevance")
    assert dialog.what.value() == "rollout"
    dialog.ending._group.button(dialog.ending._values.index("npz")).click()
    assert not {*look, "with_sinks"} & set(dialog.form.shown())
    found = dict(np.load(written(dialog)))
    other = dict(np.load(by_command(dialog, Path(dialog.path.text()))))
    assert found.keys() == other.keys()
    for name, values in other.items():
        np.testing.assert_array_equal(found[name], values)
    assert window.messages.unread() == []


def test_a_text_that_was_typed_stands_in_the_command(make_window, settled, dialog_of, written):
    window = make_window()
    text = "-- it's “odd” text"
    window.runs.open_text(text)
    settled(window)
    window.session.change(MapSettings, heads="mean")
    dialog = dialog_of(window, "matrix")
    values = dialog.form.values()
    assert (values["head"], values["query"]) == ("mean", None)  # the pane shows all queries
    assert "opacity" not in values
    places = window.session.current.trace.tokens.place
    window.session.select(queries=(places(2), places(4)))
    dialog = dialog_of(window, "sentence")
    assert dialog.form.values()["query"] == (2, 4)
    assert dialog.form.widget("query").currentText() == "Mean of 2 selected"
    dialog.ending._group.button(dialog.ending._values.index("csv")).click()
    out = written(dialog)
    assert out.read_bytes() == by_command(dialog, out).read_bytes()


def test_the_next_export_begins_where_the_last_was_written(
    make_window, settled, dialog_of, written, tmp_path, qtbot
):
    window = make_window()
    window.runs.open_text("a great serve")
    settled(window)
    dialog = dialog_of(window)
    (tmp_path / "elsewhere").mkdir()
    dialog.path.setText(str(tmp_path / "elsewhere" / "typed.png"))
    written(dialog)
    dialog.foot.close_button.click()
    qtbot.waitUntil(lambda: window.exports.dialog is None, timeout=WAIT)
    window.actions_.run("export")
    qtbot.waitUntil(lambda: window.exports.dialog is not None, timeout=WAIT)
    assert Path(window.exports.dialog.path.text()).parent == tmp_path / "elsewhere"
    window.exports.dialog.reject()


def test_a_stack_is_exported_as_it_is_built(make_window, settled, dialog_of, written):
    window = make_window(run=False)
    window.runs.open_stack()
    settled(window)
    layers = (ConvLayer(3, 2, 1), ConvLayer(3, 1, 2, 2), ConvLayer(2, 2, kind="max pooling"))
    window.session.change(ConvStack, layers=layers, side=20)
    settled(window)
    dialog = dialog_of(window, "stack-layers")
    rows = list(csv.DictReader(written(dialog).read_text().splitlines()))
    assert [row["layer"] for row in rows] == ["layer 1", "layer 2", "layer 3"]
    dialog.ending.set_value("npz")
    dialog._take_ending()
    found = np.load(written(dialog))
    # Araujo et al. 2019: r = r + reach·j, j = j·s, start = start − padding·j.
    assert found["size"].tolist() == [3, 11, 13] == [int(row["size"]) for row in rows]
    assert found["jump"].tolist() == [2, 2, 4] == [int(row["jump"]) for row in rows]
    assert found["start"].tolist() == [-1, -5, -5] == [int(row["start"]) for row in rows]
    assert found["dilation"].tolist() == [1, 2, 1] == [int(row["dilation"]) for row in rows]
    assert found["shape"].tolist() == [10, 10, 5]
    assert dialog.command.toPlainText() == ""


def test_cancelling_leaves_no_file(make_window, settled, dialog_of, qtbot, monkeypatch, tmp_path):
    window = make_window()
    window.runs.open_text("a great serve")
    settled(window)
    dialog = dialog_of(window)
    dialog.what.set_value("tokens")
    dialog._take_what("csv")
    started, never = [], threading.Event()

    def endless(options, document, trace, task):
        started.append(task)
        while not never.wait(0.005):  # it leaves the window time to listen
            task.progress(0.5, "Going on")

    monkeypatch.setattr(door, "result_of", endless)
    dialog.foot.export_button.click()
    qtbot.waitUntil(lambda: bool(started), timeout=WAIT)
    qtbot.waitUntil(lambda: dialog.foot.progress.sentence() == "Going on", timeout=WAIT)
    assert dialog.foot.close_button.text() == "Cancel"
    dialog.foot.close_button.click()
    settled(window)
    qtbot.waitUntil(lambda: not list(tmp_path.glob("*.part")) and not list(tmp_path.glob(".*")))
    assert not [file for file in tmp_path.iterdir() if file.suffix == ".csv"]
    assert dialog.foot.said.text() == "Cancelled: no file was written."
    assert dialog.foot.close_button.text() == "Close"


def test_what_is_there_is_replaced_only_after_asking(make_window, settled, dialog_of, written, monkeypatch):
    window = make_window()
    window.runs.open_text("a great serve")
    settled(window)
    dialog = dialog_of(window)
    dialog.what.set_value("tokens")
    dialog._take_what("csv")
    out = Path(dialog.path.text())
    out.write_text("mine")
    asked = []

    def answer(button: str):
        def exec_(box: QMessageBox) -> int:
            asked.append(box.text())
            next(b for b in box.buttons() if b.text().replace("&", "") == button).click()
            return 0

        monkeypatch.setattr(QMessageBox, "exec", exec_)

    answer("Cancel")
    dialog.foot.export_button.click()
    assert (out.read_text(), asked) == ("mine", [f"{out.name} is there already."])
    answer("Replace")
    written(dialog)
    assert out.read_text().startswith("index,label")
    dialog.path.setText(str(out.parent / "no" / "a.csv"))
    dialog.foot.export_button.click()
    assert dialog.foot.said.text().startswith(f"The folder {out.parent / 'no'} does not exist.")


def test_a_cloud_needs_a_point_for_what_is_of_one(cloud_window, dialog_of, written):
    window = cloud_window
    dialog = dialog_of(window)
    assert (dialog.what.value(), dialog.ending.value()) == ("segmentation", "ply")
    assert written(dialog).read_bytes().startswith(b"ply\n")
    dialog = dialog_of(window, "neighbourhood")
    assert not dialog.foot.export_button.isEnabled()
    assert dialog.size.text() == "This needs a choice: point of the file."
    place = window.session.current.trace.tokens.place(7)
    assert isinstance(place, Position)
    window.session.select(queries=(place,), layer=1, head=1)
    dialog = dialog_of(window, "neighbourhood")
    point = int(window.session.current.trace.answer(PointLabels).sample[7])
    assert dialog.form.values() == {"layer": "1", "head": 1, "point": point}
    assert f"--layer 1 --head 1 --point {point} --out" in dialog.command.toPlainText()
    rows = written(dialog).read_text().splitlines()
    assert (rows[0], len(rows)) == ("neighbour,x,y,z,map 1", 9)
    for reach, what in (("attention", "attention"), ("composed", "rollout"), ("hops", "segmentation")):
        window.session.change(MapSettings, method=reach)
        begun = {pane: dialog_of(window, pane).what.value() for pane in ("", "cloud", "cloud-second")}
        assert begun == {"": what, "cloud": "segmentation", "cloud-second": what}
    window.session.change(MapSettings, method="attention")
    dialog = dialog_of(window, "cloud-second")
    assert dialog.form.values() == {"layer": "1", "head": 1, "point": point, "colours": "inferno"}
    assert dialog_of(window, "maps").form.values() == {"layer": "1", "head": None, "point": point}


def test_every_export_of_a_document_can_be_opened_and_goes_with_it(make_window, settled, dialog_of, qtbot):
    window = make_window(size=224)
    window.runs.open_path(PICTURE)
    settled(window)
    window.session.set_page("fields")
    settled(window)
    dialog = dialog_of(window)
    assert (dialog.what.value(), dialog.ending.value()) == ("receptive-field", "png")
    look = ["colours", "opacity", "log"]
    assert dialog.form.shown() == ["layer", "cell", "inputs", "source", *look]
    dialog.ending._group.button(dialog.ending._values.index("csv")).click()
    assert dialog.form.shown() == []
    lacking = {}
    for what in dialog.choices.exports:
        dialog.start(what)
        first, _, choice = dialog.size.text().partition(": ")
        if first == "This needs a choice":
            lacking[what] = choice
        assert dialog.foot.export_button.isEnabled() != (what in lacking), (what, dialog.size.text())
        assert (dialog.ending.value() in PICTURES) or dialog.preview.said()
    assert lacking == {"cloud": "calibration.", "prototypes": "folder of classes."}
    window.runs.close(window.session.current)
    qtbot.waitUntil(lambda: window.exports.dialog is None)


def test_labels_stand_in_the_middle_of_their_controls_which_begin_at_one_edge(opened, dialog_of, qtbot):
    dialog = dialog_of(opened("image", "attention"))
    for what in dialog.choices.exports:
        dialog.start(what)
        dialog.layout().activate()
        qtbot.wait(1)
        labels = [label for label in dialog.findChildren(QLabel) if label.buddy() and label.isVisible()]
        assert len(labels) > 3
        assert len({label.buddy().mapTo(dialog, QPoint()).x() for label in labels}) == 1, what
        for label in labels:
            field = label.buddy()
            middle = field.height() / 2
            if field is dialog.command:  # of its first line
                middle = field.viewport().y() + field.cursorRect().top() + field.fontMetrics().height() / 2
            apart = (
                label.mapTo(dialog, QPointF(0, label.height() / 2)).y() - field.mapTo(dialog, QPoint()).y()
            )
            assert abs(apart - middle) <= 1, (what, label.text())
