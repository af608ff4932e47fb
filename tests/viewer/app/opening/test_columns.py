"""The sheet of a table's columns: what is chosen there, what is wrong with it, and what becomes of it."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QSettings, Qt
from PySide6.QtWidgets import QWidget

from headlight.viewer.app.opening.columns import Sheets
from headlight.viewer.app.opening.remembered import KEPT, Remembered
from headlight.viewer.app.opening.sheet import Answer, ColumnsDialog
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import TextInput
from headlight.viewer.inputs.told.classes import classes_said
from headlight.viewer.inputs.told.columns import AS_TEXT, Table
from tests.viewer.session.test_runs import Desk

ROWS = tuple((f"{i}.5", f"{i}.25", f"{i % 3}", "wall" if i == 4 else "9") for i in range(20))
LINES = tuple(range(2, 22))
ODD = ("Line 22 has 3 cells where 4 should be.",)
TABLE = Table("scan.csv", ROWS, LINES, ODD, ("p", "q", "r", "s"), guessed=("x", "y", "z", "_"))


@pytest.fixture
def settings(tmp_path):
    return QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat)


@pytest.fixture
def sheets(qtbot, monkeypatch, settings):
    """The window's sheets, with what they told, on runs without a model."""
    desk, over, told = Desk(qtbot, monkeypatch), QWidget(), []
    qtbot.addWidget(over)
    made = Sheets(desk.session, desk.runs, settings, lambda *said: told.append(said), over)
    made.desk, made.told = desk, told
    yield made
    made.close()
    desk.jobs.close()


def choose(dialog: ColumnsDialog, column: int, role: str) -> None:
    """As a click in the list of a head does."""
    head = dialog.sheet.head.choices[column]
    head.setCurrentText(role)
    head.textActivated.emit(role)


def test_what_is_wrong_is_red_where_it_is_and_said(qtbot):
    dialog = ColumnsDialog(TABLE, open_=False)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.sheet.roles() == ("x", "y", "z", "_")
    assert dialog.read.isEnabled()
    choose(dialog, 3, "x")
    assert not dialog.read.isEnabled()
    assert dialog.said.text() == (
        "Columns 1 and 4 are both x. Leave one of them x. Line 6: “wall” is no number for x. "
        "Line 22 has 3 cells where 4 should be."
    )
    wrong = [bool(head.property("invalid")) for head in dialog.sheet.head.choices]
    assert wrong == [True, False, False, True]
    red, plain = dialog.sheet.item(4, 3).foreground(), dialog.sheet.item(3, 3).foreground()
    assert red != plain
    choose(dialog, 3, "label")
    assert dialog.read.isEnabled()
    assert dialog.meaning.text() == "9 · wall"  # which name their own classes
    dialog.guess.click()
    assert dialog.sheet.roles() == TABLE.guessed


def test_heads_are_reached_and_chosen_by_keys(qtbot):
    dialog = ColumnsDialog(TABLE)
    qtbot.addWidget(dialog)
    dialog.show()
    first, second = dialog.sheet.head.choices[:2]
    first.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(first, Qt.Key.Key_Tab)
    assert dialog.focusWidget() is second
    answers = []
    dialog.told.connect(answers.append)
    qtbot.keyClick(second, Qt.Key.Key_Down)
    qtbot.keyClick(first, Qt.Key.Key_Down)
    assert dialog.sheet.roles()[:2] == ("y", "z")
    assert answers == []
    choose(dialog, 2, "x")
    dialog.unit.setCurrentText("feet")
    qtbot.keyClick(dialog, Qt.Key.Key_Return)
    assert answers == [Answer(("y", "z", "x", "_"), "ft", None, True)]


def test_numbers_of_labels_are_said_by_their_list():
    assert classes_said(["7", "2", "7", "40"], "nyu40") == "2 floor · 7 table · 40 other prop"
    assert classes_said(["1", "0", "31"], "nuscenes") == "0 no class · 1 animal · 31 ego vehicle"
    assert classes_said(["13", "wall"], "s3dis") == "13 is not in the list · wall is no class"
    assert classes_said([str(65536 * 7 + 10), "252"], "semantickitti") == "252 moving car · 458762 car"
    assert classes_said([str(i) for i in range(9)], "none") == "0 · 1 · 2 · 3 · 4 · 5 · …"


def test_a_table_that_nobody_knows_asks_at_once_and_never_again(sheets, tmp_path):
    path, desk = tmp_path / "survey.csv", sheets.desk
    xyz = np.random.default_rng(0).uniform(1, 5, (30, 3)).round(3)
    np.savetxt(path, xyz, "%.3f", delimiter=",", header="p,q,r", comments="")
    desk.runs.open_path(str(path))
    desk.settle()
    assert (desk.session.documents, sheets.dialog.sheet.roles()) == ([], ("x", "y", "z"))
    choose(sheets.dialog, 0, "z")
    choose(sheets.dialog, 2, "x")
    sheets.dialog.read.click()
    desk.settle()
    assert sheets.dialog is None
    cloud = desk.session.current.input
    np.testing.assert_allclose(cloud.file_coordinates(cloud.points), xyz[:, ::-1], atol=1e-5)
    desk.runs.open_path(str(path))
    desk.settle()
    assert [document.made.columns for document in desk.session.documents] == [("z", "y", "x")] * 2
    sheets.open()  # from its own command, and forgotten there
    sheets.dialog.remember.set_on(False)
    sheets.dialog.read.click()
    assert sheets.remembered.known() == {}
    desk.runs.open_path(str(path))
    desk.settle()
    sheets.dialog.text.click()
    desk.settle()
    assert isinstance(desk.session.current.input, TextInput)
    assert list(sheets.remembered.known().values()) == [AS_TEXT]
    sheets.open()
    sheets.dialog.read.click()
    desk.settle()
    assert isinstance(desk.session.current.input, CloudInput)
    assert isinstance(desk.session.documents[-2].input, TextInput)  # what was open stays


def test_files_are_asked_about_after_each_other_and_those_alike_once(sheets, tmp_path):
    desk, random = sheets.desk, np.random.default_rng(0)
    for name, header in (("a", "p,q,r"), ("b", "p,q,r"), ("c", "u,v,w")):
        path = tmp_path / f"{name}.csv"
        np.savetxt(path, random.random((30, 3)), "%.3f", delimiter=",", header=header, comments="")
        desk.runs.open_path(str(path))
    desk.settle()
    assert sheets.dialog.table.title == "a.csv"
    sheets.open()
    sheets.dialog.read.click()
    desk.settle()
    assert sheets.dialog.table.title == "c.csv"
    assert [document.title for document in desk.session.documents] == ["a.csv", "b.csv"]
    sheets.dialog.reject()
    assert (sheets.dialog, len(desk.session.documents)) == (None, 2)


def test_a_doubt_is_told_with_the_way_to_the_sheet(sheets, tmp_path):
    path, desk = tmp_path / "scan.txt", sheets.desk
    rows = np.random.default_rng(0).uniform(1, 5, (40, 4)).round(3)
    np.savetxt(path, rows, "%.3f")
    desk.runs.open_path(str(path))
    desk.settle()
    ((kind, cause, step, _, document, (title, act)),) = sheets.told
    assert (kind, cause) == (
        "warning",
        "Nothing says what the 4 columns of scan.txt are: they are read as x y z _.",
    )
    assert title in step
    act()
    assert sheets.dialog.windowTitle() == "Columns of scan.txt"
    choose(sheets.dialog, 3, "intensity")
    sheets.dialog.unit.setCurrentText("millimetres")
    sheets.dialog.read.click()
    desk.settle()
    assert document.input.frame.unit == "millimetres"
    np.testing.assert_allclose(document.input.intensity, rows[:, 3], atol=1e-3)
    sheets.open()
    desk.runs.close(document)
    assert sheets.dialog is None
    desk.runs.open_path(str(path))
    desk.settle()
    sheets.open()
    sheets.dialog.remember.set_on(False)
    sheets.dialog.text.click()
    desk.settle()
    kinds = [type(document.input) for document in desk.session.documents]
    assert kinds == [CloudInput, TextInput]


def test_what_is_remembered_is_bounded_and_survives_nonsense(settings):
    kept = Remembered(settings)
    for number in range(KEPT + 5):
        kept.remember(f"a\t{number}", ("x", "y", "z"))
    assert len(kept.known()) == KEPT
    assert "a\t0" not in kept.known()
    kept.forget("a\t50")
    assert "a\t50" not in Remembered(settings).known()
    settings.setValue("columns of tables", '{"a": ["x", "hue"], "b": 3, "c": ["x", "y", "z"]}')
    assert kept.known() == {"c": ("x", "y", "z")}
    settings.setValue("columns of tables", "[1]")
    assert kept.known() == {}
    kept.remember("a", ("x", "y", "z"))
    kept.forget_all()
    assert kept.known() == {}
