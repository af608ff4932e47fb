"""A window with one object: what several networks say of it, and its views."""

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from headlight.models.catalogue.entries import find
from headlight.models.core.answers import Classes
from headlight.models.core.tokens import Position
from headlight.models.engines import shapes
from headlight.models.engines.shapes import ShapesEngine
from headlight.viewer.session.session import NOWHERE, RunOptions
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.clouds.objects import compared
from tests.models.shape_folders import CONFIGS, shape_folder
from tests.viewer.cloud_windows import pane
from tests.viewer.given_cloud import room


@pytest.fixture
def three(tmp_path, monkeypatch):
    """Networks of all kinds as if they were bundled; the first one's id."""
    entries = [find(str(shape_folder(tmp_path / kind, kind))) for kind in CONFIGS]
    monkeypatch.setattr(shapes, "BUNDLED", entries)
    return entries


def test_answers_stand_beside_each_other_and_views_lead_to_points(make_window, settled, three):
    window = make_window()
    document = window.session.add(room(900), RunOptions(model=three[0].id))
    window.runs.start(document)
    settled(window)
    window.session.set_page("shape")
    settled(window)
    assert document.page == "shape"
    answers, views = pane(window, "shape-answers"), pane(window, "shape-views")
    assert [said.id for said in answers.result.answers] == [entry.id for entry in three]
    best = document.trace.answer(Classes).targets()[0]
    assert answers.result.answers[0].targets[0] == best
    assert [column.title.font().bold() for column in answers.columns] == [True, False, False]
    assert answers.table().splitlines()[0] == f"{three[0].id}\t{best.name}\t{best.score:.6g}"
    seen = views.seen
    assert seen.won.sum() == 16
    view, row, column = np.argwhere(~np.isnan(seen.where[..., 0]))[100].tolist()
    frame = views.grid.frame(view)
    one = frame.width() / seen.pictures.shape[1]
    at = frame.topLeft() + QPointF((column + 0.5) * one, (row + 0.5) * one)
    assert views.grid.pixel_at(at) == (view, row, column)
    QTest.mouseClick(views.grid, Qt.MouseButton.LeftButton, pos=at.toPoint())
    (place,) = window.session.view[Selection].queries
    assert isinstance(place, Position)
    x, y, z = seen.where[view, row, column].tolist()
    assert (place.x, place.y, place.z) == (x, y, z)
    marks = seen.pixels(np.array([[x, y, z]]))
    assert [row, column] in marks[view].tolist()
    views.grid.hovered.emit(None)
    assert window.session.hover == NOWHERE


def test_the_views_of_another_network_are_of_the_same_object(three):
    engine = ShapesEngine.open(three[1], "cpu")
    trace = engine.run(room(900).points)
    engine.lease = _Lease(engine)
    trace = engine.run(room(900).points)
    found = compared(trace)
    assert [said.shown for said in found.answers] == [False, True, False]
    assert found.answers[1].came.endswith("of 128 points")
    alone = ShapesEngine.open(three[2], "cpu").run(room(900).points)
    np.testing.assert_array_equal(found.seen.pictures, np.round(255 * alone.outputs["views"]))
    np.testing.assert_allclose(
        [one.score for one in found.answers[2].targets],
        [one.score for one in alone.answer(Classes).targets()],
        atol=1e-6,
    )


class _Lease:
    def __init__(self, engine: ShapesEngine) -> None:
        self.engine = lambda task=None: engine
