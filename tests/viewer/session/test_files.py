"""Files that are walked through, pictures of one file, encodings: one document, looked at as before."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from headlight.models.core.interventions import Hide, Scale
from headlight.models.core.tokens import Box
from headlight.viewer.inputs.readers import files_in
from headlight.viewer.session.view import MapSettings
from headlight.viewer.shown.files import reread, turn, walk
from tests.viewer.session.test_runs import Desk


@pytest.fixture
def desk(qtbot, monkeypatch):
    made = Desk(qtbot, monkeypatch)
    yield made
    made.jobs.close()


def filled(shade: int) -> Image.Image:
    return Image.new("L", (16, 12), shade)


def shade_of(document) -> int:
    return int(document.input.pixels[0, 0, 0])


def test_a_folder_is_walked_through_and_looked_at_as_before(desk, tmp_path):
    for number in (1, 2, 10):
        filled(number).save(tmp_path / f"scan {number}.png")
    (tmp_path / "scan 3.png").write_bytes(b"\x89PNG\r\n\x1a\n torn")
    (tmp_path / "scan 0.png").write_bytes(b"torn as well")
    (tmp_path / "notes.txt").write_text("of the scans")
    desk.runs.open_path(str(tmp_path))
    desk.settle()
    (document,) = desk.session.documents
    assert (document.title, shade_of(document)) == ("scan 1.png", 1)
    assert any("5 images: Page Down and Page Up walk" in said[1] for said in desk.told)
    assert any("1 other thing in it is passed over" in said[1] for said in desk.told)

    desk.session.change(MapSettings, opacity=0.25)
    head, hidden = Scale("0", (0,)), Hide((Box(0, 0, 8, 8),))
    desk.runs.change(document, interventions=(head, hidden), size=300)
    desk.settle()
    walk(desk.runs, document, 1)
    desk.settle()
    assert (document.title, shade_of(document), document.path) == (
        "scan 2.png",
        2,
        str(tmp_path / "scan 2.png"),
    )
    assert document.view[MapSettings].opacity == 0.25
    assert document.made.interventions == (head,)
    walk(desk.runs, document, 1)  # the torn one is told, and passed over the next time
    desk.settle()
    assert (document.title, document.state) == ("scan 2.png", "ready")
    assert "scan 3.png is a damaged or cut-off PNG image." in [said[1] for said in desk.told]
    walk(desk.runs, document, 1)
    desk.settle()
    assert document.title == "scan 10.png"
    walk(desk.runs, document, 1)
    desk.settle()
    assert document.title == "scan 10.png"
    desk.session.undo()
    desk.settle()
    assert (document.title, shade_of(document)) == ("scan 2.png", 2)

    desk.runs.close(document)
    desk.runs.reopen()
    desk.settle()
    assert desk.session.current.title == "scan 2.png"
    walk(desk.runs, desk.session.current, -1)
    desk.settle()
    assert desk.session.current.title == "scan 1.png"


def test_clouds_are_walked_through_each_in_its_own_unit(desk, tmp_path):
    points = np.random.default_rng(0).random((400, 3)) * (4, 3, 2.6)
    np.savetxt(tmp_path / "a.xyz", points)
    np.savetxt(tmp_path / "b.xyz", points * 1000)
    desk.runs.open_path(str(tmp_path))
    desk.settle()
    (document,) = desk.session.documents
    walk(desk.runs, document, 1)
    desk.settle()
    assert (document.title, document.input.frame.unit) == ("b.xyz", "millimetres")
    desk.session.undo()
    desk.settle()
    assert (document.title, document.input.frame.unit) == ("a.xyz", "metres")


def test_the_kind_that_is_more_often_in_a_folder_is_walked_through(tmp_path):
    for name in ("1.ply", "2.las", "a.png", ".b.png", "c.txt"):
        (tmp_path / name).touch()
    assert [path[-5:] for path in files_in(tmp_path).files] == ["1.ply", "2.las"]


def test_another_picture_of_a_file_is_shown_with_all_that_was_changed(desk, tmp_path):
    path = tmp_path / "film.gif"
    filled(0).save(path, save_all=True, append_images=[filled(100), filled(200)])
    desk.runs.open_path(str(path))
    desk.settle()
    (document,) = desk.session.documents
    hidden = (Hide((Box(0, 0, 8, 8),)),)
    desk.runs.change(document, interventions=hidden, size=300)
    desk.settle()
    for by, wanted in ((1, 100), (1, 200), (1, 200), (-1, 100)):
        turn(desk.runs, document, by)
        desk.settle()
        assert (shade_of(document), document.made.interventions) == (wanted, hidden)
    desk.session.undo()
    desk.settle()
    assert (shade_of(document), document.input.film.at) == (0, 1)  # a quick walk is one step


def test_where_the_engine_is_elsewhere_files_are_read_here(desk, tmp_path, monkeypatch):
    for shade in (10, 20):
        filled(shade).save(tmp_path / f"{shade}.gif", save_all=True, append_images=[filled(shade + 5)])
    monkeypatch.setattr(desk.jobs.host, "where", "box", raising=False)
    desk.runs.open_path(str(tmp_path))
    desk.settle()
    document = desk.session.current
    for act, wanted in ((turn, 15), (walk, 20)):
        act(desk.runs, document, 1)
        desk.settle()
        assert shade_of(document) == wanted


def test_a_text_is_read_in_another_encoding_and_back(desk, tmp_path):
    path = tmp_path / "old.txt"
    path.write_bytes("Привет, мир! Это простой текст.".encode("cp1251"))
    desk.runs.open_path(str(path))
    desk.settle()
    (document,) = desk.session.documents
    guessed = document.input.text
    reread(desk.runs, document, "koi8_r")
    desk.settle()
    assert document.input.text == path.read_bytes().decode("koi8_r")
    assert document.input.encoding == "koi8_r"
    reread(desk.runs, document, "utf-8")
    desk.settle()
    assert document.input.encoding == "koi8_r"
    assert desk.told[-1][1].startswith("old.txt is not UTF-8: byte 0")
    desk.session.undo()
    desk.settle()
    assert document.input.text == guessed
