"""What the columns of a table are: as somebody tells it, as was told before, or guessed with a doubt."""

from __future__ import annotations

import gzip
from dataclasses import replace

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.app.cli import run
from headlight.viewer.host.asked import asked_of
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.cloud_files import make_cloud
from headlight.viewer.inputs.clouds.tables import table as tables
from headlight.viewer.inputs.clouds.tables.told import read
from headlight.viewer.inputs.inputs import TextInput, from_path
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.columns import (
    AS_TEXT,
    Meanings,
    Table,
    Undecided,
    columns,
    faults,
    wrong_cells,
)
from tests.viewer.cloud_samples import table

RNG = np.random.default_rng(0)
XYZ = RNG.uniform(1, 5, (40, 3)).round(4)
COLOUR = RNG.integers(0, 256, (40, 3)).astype(float)
CLASS = RNG.integers(0, 9, (40, 1)).astype(float)
OTHER = RNG.uniform(100, 900, (40, 1)).round(2)


def told(path, said: str, **more) -> CloudInput:
    return from_path(path, meanings=Meanings(columns(said), **more))


def where(cloud: CloudInput) -> np.ndarray:
    """In the order of the file's axes."""
    return cloud.file_coordinates(cloud.points)


def test_columns_stand_where_somebody_says_they_do(tmp_path):
    path = tmp_path / "odd.csv"
    path.write_bytes(table(OTHER, XYZ[:, ::-1], COLOUR, CLASS, separator=",", header="a,b,c,d,e,f,g,h"))
    cloud = told(path, "intensity,z,y,x,blue,green,r,label")
    np.testing.assert_allclose(where(cloud), XYZ, atol=1e-5)
    assert np.array_equal(cloud.colours, COLOUR[:, ::-1])
    np.testing.assert_allclose(cloud.intensity, OTHER[:, 0], atol=1e-3)
    assert np.array_equal(cloud.numbers, CLASS[:, 0])
    packed = tmp_path / "odd.csv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    assert np.array_equal(told(packed, "_,z,y,x,_,_,_,_").points, cloud.points)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["P1;1,5;2,5;3,5", "P2;4,5;5,5;6,5"], "_,x,y,z"),  # a comma for a point
        (["1.5 2.5 3.5 -", "4.5 5.5 6.5 wall"], "x,y,z,"),
        (["2", "1.5|2.5|3.5|9", "4.5|5.5|6.5|gone"], "x,y,z,_"),  # as many as the first line says
        (["// east, north, up, n", "1.5, 2.5, 3.5, 9", "4.5, 5.5, 6.5, 8"], "x,y,z,_"),
    ],
)
def test_what_is_passed_over_may_be_anything(tmp_path, rows, said):
    path = tmp_path / "odd.txt"
    path.write_text("\n".join(rows))
    np.testing.assert_allclose(where(told(path, said)), [[1.5, 2.5, 3.5], [4.5, 5.5, 6.5]])


@pytest.mark.parametrize("cut", [",", " ", ";", "\t"])
def test_words_beside_numbers_are_read_as_cell_by_cell(cut, monkeypatch):
    kinds = ["wall", "a_door", "x1", "é"]
    rows = [cut.join(map(str, (*row, i % 9, kinds[i % 4], kinds[i % 3]))) for i, row in enumerate(XYZ)]
    rows[3:4] = [rows[3], "# in between"] if cut == ";" else [rows[3]]
    data = ("\n".join(rows) + "\n").encode()
    asked = Meanings(columns("x,y,z,intensity,_,label"))

    def cloud() -> CloudInput:
        source = Source.of(data, "words.txt")
        return make_cloud(read(replace(source, meanings=asked)), "words.txt", source.task)

    fast = cloud()
    monkeypatch.setattr(tables, "plain_columns", lambda *_: None)
    slow = cloud()
    assert np.array_equal(fast.points, slow.points)
    assert np.array_equal(fast.intensity, slow.intensity)
    assert np.array_equal(fast.numbers, slow.numbers)
    assert fast.names == slow.names == ("wall", "a_door", "x1")


def test_a_label_in_numbers_stays_one_beside_words_and_words_may_come_late(tmp_path):
    path = tmp_path / "late.csv"
    rows = [f"{x},{y},{z},{i % 9},{'gone' if i > 290 else i}" for i, (x, y, z) in enumerate(XYZ.repeat(9, 0))]
    path.write_text("\n".join(rows))
    cloud = told(path, "x,y,z,label,_")
    assert (cloud.names, cloud.numbers.tolist()) == (None, [i % 9 for i in range(360)])
    path.write_text("\n".join(reversed(rows)))
    assert told(path, "x,y,z,label,_").numbers.tolist() == [i % 9 for i in range(360)][::-1]


def test_the_unit_is_that_of_the_columns_that_are_told(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_bytes(table(XYZ * 1000, OTHER, separator=",", header="p [mm],q [mm],up [mm],n [m]"))
    cloud = told(path, "x,y,z,_")
    assert cloud.frame.unit == "millimetres"
    assert "as the file says" in cloud.guess_reason
    assert "as the file says" not in told(path, "x,y,_,z").guess_reason


def test_words_name_classes_in_a_column_that_is_called_a_label(tmp_path):
    path = tmp_path / "named.txt"
    path.write_text(
        "".join(f"{kind} {i} {i % 7}.5 {i % 3}.5\n" for i, kind in enumerate(["wall", "door"] * 9))
    )
    cloud = told(path, "label,x,y,z")
    assert [cloud.classes[one] for one in cloud.labels[:3]] == ["wall", "door", "wall"]


def test_a_guess_that_may_be_wrong_is_told_and_a_sure_one_is_not(tmp_path):
    def doubt(name: str, *parts: np.ndarray, **more) -> str:
        (tmp_path / name).write_bytes(table(*parts, **more))
        cloud = from_path(tmp_path / name)
        assert cloud.table.guessed == cloud.table.roles
        assert (cloud.table.doubt in cloud.notices) == bool(cloud.table.doubt)
        return cloud.table.doubt

    whole = ["%.4f"] * 3 + ["%d"] * 4
    assert doubt("a.txt", XYZ) == doubt("b.txt", XYZ, COLOUR, CLASS, form=whole) == ""
    assert doubt("c.csv", OTHER, XYZ, separator=",", header="n,x,y,z") == ""
    assert (
        doubt("d.txt", XYZ, OTHER)
        == "Nothing says what the 4 columns of d.txt are: they are read as x y z _."
    )
    assert "x y z label" in doubt("e.txt", XYZ, CLASS, form=whole[:4])
    half = doubt("f.csv", XYZ, OTHER, separator=",", header="X,Y,top,Intensity")
    assert half == "Not all axes are named in f.csv: its columns are read as x y z intensity."


def test_who_can_be_asked_is_asked_where_no_guess_is_sensible(tmp_path):
    path = tmp_path / "survey.csv"
    path.write_bytes(table(XYZ, OTHER, separator=",", header="p,q,r s,t"))
    assert "it is read as a text, since nothing says which" in from_path(path).notices[0]
    assert from_path(path, meanings=Meanings(AS_TEXT)).notices == ()
    with pytest.raises(Undecided, match=r"survey\.csv is a table of 4 columns, and nothing says") as asked:
        from_path(path, meanings=Meanings(asks=True))
    shown = asked.value.table
    assert shown.names == ("p", "q", "r s", "t")
    assert shown.guessed == ("x", "y", "z", "_")
    assert (len(shown.rows), shown.lines[0]) == (20, 2)
    count = np.arange(float(len(XYZ)))[:, None]
    (tmp_path / "frame.csv").write_bytes(table(count, XYZ, separator=",", header="o,p,q,r", form="%.3f"))
    with pytest.raises(Undecided) as frame:
        from_path(tmp_path / "frame.csv", meanings=Meanings(asks=True))
    assert frame.value.table.guessed == ("_", "x", "y", "z"), "7.000 numbers a line"
    again = Meanings(known={shown.shape: ("y", "x", "z", "_")}, asks=True)
    cloud = from_path(path, meanings=again)
    np.testing.assert_allclose(where(cloud), XYZ[:, [1, 0, 2]], atol=1e-5)
    assert "read as for the last table like it: y x z _" in cloud.notices[0]
    assert isinstance(from_path(path, meanings=replace(again, known={shown.shape: AS_TEXT})), TextInput)
    (tmp_path / "sales.csv").write_text("year,sales,cost\n" + "2001,5,6\n" * 30)
    assert isinstance(from_path(tmp_path / "sales.csv", meanings=Meanings(asks=True)), TextInput)


def test_what_was_told_is_said_again_to_read_it_again(tmp_path):
    path = tmp_path / "scan.txt"
    path.write_bytes(table(XYZ, OTHER))
    assert "columns" not in asked_of(from_path(path), RunOptions(), True)
    cloud = told(path, "x,z,y,intensity")
    assert asked_of(cloud, RunOptions(), True)["columns"] == ("x", "z", "y", "intensity")


def test_what_is_wrong_with_a_choice_is_named_with_its_columns():
    assert faults(("x", "y", "z", "_")) == []
    doubled, missing, half = faults(("x", "red", "x", "z"))
    assert (doubled.said, doubled.columns) == ("Columns 1 and 3 are both x.", (0, 2))
    assert (missing.said, half.said) == ("No column is y.", "There is red without green or blue.")
    shown = Table("a.csv", (("1", "2", "3", "wall"), ("1,5", "?", "", "9")), (7, 9))
    assert wrong_cells(("x", "y", "z", "label"), shown) == {(1, 1): "Line 9: “?” is no number for y."}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            "x,y,z",
            "scan.txt has 4 columns, and 3 are named. Name one for each, “_” for those to be passed over.",
        ),
        ("x,y,z,x", "Argument --columns: columns 1 and 4 are both x."),
        ("x,y,_,_", "Argument --columns: no column is z."),
        ("x,y,z,hue", "Argument --columns: “hue” is none of x, y, z, red,"),
    ],
)
def test_the_command_line_refuses_in_a_line(tmp_path, capfd, said, message):
    path = tmp_path / "scan.txt"
    path.write_bytes(table(XYZ, OTHER))
    out = tmp_path / "out.npz"
    assert run(["export", str(path), "represent", "--columns", said, "--out", str(out)]) == 2
    assert capfd.readouterr().err.startswith(f"headlight: {message}")
    assert not out.exists()


def test_columns_are_of_tables_alone(tmp_path):
    path = tmp_path / "words.npy"
    np.save(path, XYZ)
    with pytest.raises(HeadlightError, match=r"words\.npy is no table, whose columns could be told"):
        told(path, "x,y,z")


def test_who_exports_points_of_a_table_that_nobody_knows_is_told_how(tmp_path, capfd):
    path = tmp_path / "survey.csv"
    path.write_bytes(table(XYZ, OTHER, separator=",", header="p,q,r,s"))
    assert run(["export", str(path), "segmentation", "--out", str(tmp_path / "out.npz")]) == 2
    assert "this is a text. Say what its columns are, with --columns x,y,z" in capfd.readouterr().err
