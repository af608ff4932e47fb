"""Some points of a large cloud are seen while all are read, and go when it is open or will not be."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtWidgets import QWidget

from headlight.viewer.app.bridge import Bridge
from headlight.viewer.app.opening.first_look import FirstLook
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs import cloud_files
from headlight.viewer.session.jobs import Jobs
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Session
from tests.viewer import cloud_samples as make
from tests.viewer.cloud_samples import RGB, XYZ, columns


class Desk:
    """A session whose files are opened, with a place for the first look; nothing is read by a model."""

    def __init__(self, qtbot, monkeypatch) -> None:
        monkeypatch.setattr(cloud_files, "_LARGE", 0)
        self.room = QWidget()
        self.room.resize(400, 300)
        qtbot.addWidget(self.room)
        self.session, self.jobs, self.told, self.seen = Session(), Jobs(Bridge(self.room).post), [], []
        self.runs = Runs(self.session, self.jobs, lambda *said: self.told.append(said), RunOptions())
        self.runs.start = lambda document: None
        self.first = FirstLook(self.room, self.session, self.jobs)
        self.runs.looked.connect(lambda number, look: self.seen.append(look))
        self.runs.looked.connect(self.first.take)
        self.room.show()


@pytest.fixture
def desk(qtbot, monkeypatch):
    made = Desk(qtbot, monkeypatch)
    yield made
    made.jobs.close()


def test_a_first_look_comes_before_the_document_and_goes_with_it(desk, qtbot, tmp_path):
    path = tmp_path / "room.ply"
    path.write_bytes(make.ply(**columns("x y z", XYZ), **columns("red green blue", RGB)))
    desk.runs.open_path(str(path))
    qtbot.waitUntil(lambda: len(desk.seen) == 2 and not desk.first.isVisible())
    look, over = desk.seen
    assert over is None
    assert len(desk.session.documents) == 1
    assert {tuple(row) for row in look.points.tolist()} <= {tuple(row) for row in XYZ.tolist()}


def test_a_first_look_covers_what_is_empty_and_a_corner_of_what_is_open(desk, qtbot, tmp_path):
    from headlight.viewer.inputs.inputs import from_bytes

    look = from_bytes(make.npy(XYZ), "room.npy")
    desk.first.take(7, look)
    qtbot.waitUntil(desk.first.isVisible)
    assert desk.first.size() == desk.room.size()
    assert desk.first._said.text() == "room.npy: a first look at 60 of its points, while all are read"
    assert np.array_equal(desk.first.view._points, XYZ)
    desk.first.take(8, None)  # of another file
    assert desk.first.isVisible()
    desk.session.add(look, RunOptions())
    desk.room.resize(500, 300)
    qtbot.waitUntil(lambda: desk.first.width() == 225)
    assert desk.first.geometry().bottomRight() == desk.room.rect().bottomRight()
    desk.first.take(7, None)
    qtbot.waitUntil(lambda: not desk.first.isVisible())


def test_a_file_that_is_cut_off_leaves_no_first_look(desk, qtbot, tmp_path):
    path = tmp_path / "cut.csv"
    path.write_bytes(make.table(XYZ, header="x,y,z", separator=",") + b"1,2,three\n")
    desk.runs.open_path(str(path))
    qtbot.waitUntil(lambda: bool(desk.told))
    qtbot.waitUntil(lambda: not desk.jobs.running() and not desk.first.isVisible())
    assert desk.seen[-1] is None
    assert desk.session.current is None
