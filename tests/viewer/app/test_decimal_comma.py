"""On a desktop that writes 0,5 all numbers are read and written as anywhere, by whatever library."""

from __future__ import annotations

import locale
import os
import re
import shutil
import subprocess

import numpy as np
import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtWidgets import QLineEdit

from headlight.models.core.colours import Scale
from headlight.viewer.app.start import plain_words
from headlight.viewer.export.figures import matrix_drawing
from headlight.viewer.export.results import Result, content
from headlight.viewer.inputs import guard
from headlight.viewer.inputs.inputs import from_bytes
from headlight.widgets.controls.number_field import NumberField
from headlight.widgets.controls.sliders import LabelledSlider
from tests.viewer import cloud_samples as make

COMMA = 'LC_NUMERIC\ndecimal_point ","\nthousands_sep "."\ngrouping 3;3\nEND LC_NUMERIC\n'
ROWS = make.XYZ + 0.25


@pytest.fixture(scope="module")
def wording(tmp_path_factory):
    """A folder with a language of decimal commas, which few machines have."""
    if shutil.which("localedef") is None:
        pytest.skip("no localedef to make a language with")
    folder = tmp_path_factory.mktemp("languages")
    (folder / "comma.src").write_text(COMMA)
    command = ["localedef", "-c", "--quiet", "-i", folder / "comma.src", "-f", "UTF-8", folder / "comma"]
    subprocess.run(command, capture_output=True)  # it warns of all else that is missing
    return folder


@pytest.fixture
def comma(wording, monkeypatch):
    """This process as Qt leaves it on such a desktop, and the children that it starts."""
    monkeypatch.setenv("LOCPATH", str(wording))
    monkeypatch.setenv("LC_ALL", "comma")
    usual, qt = locale.setlocale(locale.LC_NUMERIC), QLocale()
    locale.setlocale(locale.LC_NUMERIC, "comma")
    QLocale.setDefault(QLocale(QLocale.Language.German))
    assert locale.format_string("%.1f", 0.5) == "0,5"
    guard.waiting.end()
    yield
    guard.waiting.end()
    locale.setlocale(locale.LC_NUMERIC, usual)
    QLocale.setDefault(qt)


@pytest.mark.parametrize(
    ("text", "share", "count"),
    [
        ("0.5", 0.5, None),
        ("0,5", 0.5, None),
        ("1.37", 1.37, None),
        ("1.370", 1.37, 1370),
        ("1,370", 1.37, 1370),
    ],
)
def test_what_is_typed_is_that_number(text, share, count, comma, qtbot):
    slider = LabelledSlider("Share", 0, 10, 0.01, "{:.2f}", 3)
    qtbot.addWidget(slider)
    field = slider.findChild(QLineEdit)
    field.setText(text)
    qtbot.keyClick(field, Qt.Key.Key_Return)
    assert (slider.value(), field.text()) == (pytest.approx(share), f"{share:.2f}")
    whole = NumberField("Channels", 1, 9999)
    qtbot.addWidget(whole)
    whole.set_value(7)
    whole.lineEdit().setText(text)
    assert bool(whole.property("invalid")) == (count is None)
    qtbot.keyClick(whole, Qt.Key.Key_Return)
    assert whole.value() == (count or 7)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.xyz", make.table(ROWS)),
        ("a.csv", make.table(ROWS, separator=";").replace(b".", b",")),
        ("a.ply", make.ply("text", **make.columns("x y z", ROWS))),
        ("a.e57", make.e57({"xyz": ROWS})),
        ("a.las", make.las(False, ROWS)),
    ],
)
def test_what_is_read_are_those_numbers(name, data, comma):
    assert np.allclose(from_bytes(data, name).points, ROWS, atol=1e-3)


def test_what_is_written_has_points(comma):
    matrix = np.array([[0.5, 0.25]], np.float32)
    drawing = matrix_drawing(matrix, ["a"], ["b", "c"], "T", Scale(0.0, 0.5)).svg()
    assert b">0.5<" in drawing
    assert not re.search(rb"\d,\d", re.sub(rb'href="[^"]*"', b"", drawing))
    result = Result(dict, lambda: [("share",), (0.5,), (np.float32(0.25),)])
    assert content("csv", result) == b"share\n0.5\n0.25\n"


def test_the_window_has_libraries_read_points_again(comma):
    plain_words()
    assert locale.localeconv()["decimal_point"] == "."
    assert os.strerror(2) == "No such file or directory"
