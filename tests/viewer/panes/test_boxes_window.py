"""The page of boxes: one box in all panes, the score, the truth, and boxes set by hand."""

from __future__ import annotations

import os
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from headlight.models.core.answers import BoxEdits
from headlight.models.core.tokens import Cuboid
from headlight.viewer.export.choices import Subject
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import BoxSettings, Selection
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.box_samples import CAR, boxes_of, street, traced
from tests.viewer.cloud_windows import answered, pane

NAMES = ("space", "above", "range", "list", "agreement", "confusion", "settings")


@pytest.fixture
def window(make_window, settled):
    made = make_window(run=False)
    document = made.session.add(street(), RunOptions(), "street.bin")
    answered(made, document, traced(document.input))
    settled(made)
    assert document.page == "boxes"  # that is what its model says
    return made


def of(window, name: str):
    return pane(window, f"boxes-{name}")


def marked(window) -> list[frozenset[int]]:
    """The boxes that each pane marks as selected."""
    wires = of(window, "space").view._overlay.marks.boxes.selected
    return [wires, of(window, "above").view._marked, of(window, "list").rows._marked[0]]


def at(view, x: float, y: float) -> QPointF:
    return QPointF(*view.pixels_of(np.array([[x, y]]))[0])


def test_one_box_is_selected_and_pointed_at_in_all_panes(window, settled):
    rows, above = of(window, "list").rows, of(window, "above").view
    assert [line[0] for line in rows.texts()] == ["car", "pedestrian", "car"]
    assert "1 below the score" in window.deck.docks["boxes-list"].subtitle()
    QTest.mouseClick(above, Qt.MouseButton.LeftButton, pos=at(above, *CAR[:2]).toPoint())
    settled(window)
    assert marked(window) == [{0}, {0}, {0}]
    assert window.session.view[Selection].queries == (of(window, "list").all.place(0),)
    assert len(of(window, "space").painted.selected) == 53  # points in it
    QTest.mouseClick(
        rows.viewport(), Qt.MouseButton.LeftButton, pos=rows.visualItemRect(rows.item(1, 0)).center()
    )
    settled(window)
    assert marked(window) == [{1}, {1}, {1}]
    rows.row_hovered.emit(2)
    assert of(window, "space").view._overlay.marks.boxes.pointed == 2
    assert above._pointed == 2
    numbers = pane(window, "numbers").widget
    assert numbers.figures("pointed")["Truth"].startswith("truck, 0.00 m away")
    assert numbers.figures("agreement")["Right"] == "2 of 3 found, 4 true"
    rows.sortItems(1, Qt.SortOrder.AscendingOrder)
    assert [line[1] for line in rows.texts()] == ["0.60", "0.80", "0.90"]
    space = of(window, "space").view
    x, y, _ = space.camera.project(
        np.array([of(window, "list").all.boxes[0, :3]]), (space.width(), space.height())
    )[0]
    assert space._overlay.box_at(QPointF(x, y)) == 0
    assert space._overlay.box_at(QPointF(3, 3)) is None
    assert unexplained(window) == set()
    outlines = of(window, "range").view._outlines
    assert len(outlines) == 3 + 4
    assert sum(outline.dashed for outline in outlines) == 4


def test_the_score_and_the_truth_change_at_once(window, settled):
    window.session.change(BoxSettings, score=0.1)
    settled(window)
    assert len(of(window, "list").rows.texts()) == 4
    assert "precision 0.50 · recall 0.50" in window.deck.docks["boxes-agreement"].subtitle()
    window.session.change(BoxSettings, suppress="none")
    settled(window)
    assert len(of(window, "list").rows.texts()) == 5
    window.session.change(BoxSettings, truth=False)
    settled(window)
    assert len(of(window, "above").view._prints.boxes) == 5
    assert not of(window, "space").view._overlay.marks.boxes.wires.dashed.any()
    window.actions_.run("undo")
    settled(window)
    assert len(of(window, "above").view._prints.boxes) == 9
    confusion = of(window, "confusion")
    confusion.view.clicked.emit(1, 0)  # trucks that were taken for cars
    settled(window)
    assert marked(window)[2] == {2}


def test_a_box_is_set_by_the_mouse_and_by_keys_and_that_is_undone(window, settled):
    above, session = of(window, "above").view, window.session
    first = of(window, "list").all.place(0)
    session.select(queries=(first,))
    settled(window)
    start, to = at(above, first.x, first.y).toPoint(), at(above, first.x + 3, first.y - 2).toPoint()
    QTest.mousePress(above, Qt.MouseButton.LeftButton, pos=start)
    QTest.mouseMove(above, to)
    QTest.mouseRelease(above, Qt.MouseButton.LeftButton, pos=to)
    settled(window)
    moved = session.view[Selection].queries[0]
    assert (moved.x - first.x, moved.y - first.y) == pytest.approx((3, -2), abs=0.5)
    assert marked(window) == [{0}, {0}, {0}]
    left = of(window, "settings").buttons["left"]
    left.setFocus()
    left.click()
    assert left.isEnabled()  # it would give the keyboard away, and what has that is scrolled into sight
    settled(window)
    assert left.isEnabled()
    turned = session.view[Selection].queries[0]
    assert turned.yaw - moved.yaw == pytest.approx(np.radians(5))
    assert len(session.view[BoxEdits].made) == 1
    assert Subject.of(session.current).input.edits == session.view[BoxEdits]
    assert Subject.of(session.current).path == ""  # no command makes this
    window.actions_.run("delete-box")
    settled(window)
    assert [line[1] for line in of(window, "list").rows.texts()] == ["0.80", "0.60"]
    for _ in range(3):
        window.actions_.run("undo")
    settled(window)
    assert session.view[BoxEdits] == BoxEdits()
    window.actions_.run("add-box")
    settled(window)
    assert len(of(window, "list").rows.texts()) == 4
    assert isinstance(session.view[Selection].queries[0], Cuboid)


def test_figures_go_with_the_boxes_they_are_of(window, settled):
    document, numbers = window.session.current, pane(window, "numbers").widget
    settled(window)
    assert numbers.figures("agreement")["Right"] != "–"
    answered(window, document, replace(traced(document.input), answers=()))
    settled(window)
    assert set(numbers.figures("agreement").values()) == {"–"}


def test_no_boxes_say_why(make_window, settled):
    window = make_window(run=False)
    cloud = replace(street(), boxes=None)
    document = window.session.add(cloud, RunOptions())
    window.session.set_page("boxes")
    answered(window, document, traced(cloud, boxes_of(())))
    settled(window)
    assert "the ground of this cloud lies at z = -1.7 m" in of(window, "list").note.text()
    answered(window, document, replace(traced(cloud), answers=()))
    settled(window)
    assert "choose a model that does" in of(window, "list").needs.met(document)


def test_what_it_looks_like(make_window, settled):
    folder = os.environ.get("BOXES_SHOTS")
    for theme in ("dark", "light"):
        window = make_window(run=False, theme_choice=theme)
        window.resize(1366, 740)
        document = window.session.add(street(ground=30_000), RunOptions())
        window.session.set_page("boxes")
        answered(window, document, traced(document.input))
        window.session.select(queries=(of(window, "list").subject(document, None, None).answer.place(0),))
        settled(window)
        if folder:
            window.grab().save(f"{folder}/boxes-{theme}.png")


def test_agreement_is_said_by_kitti_and_as_curves_too(window, settled):
    shown = of(window, "agreement")
    window.session.change(BoxSettings, agreement="kitti")
    settled(window)
    assert shown.stack.currentWidget() is shown.kitti
    assert [line[0] for line in shown.kitti.texts()] == ["all", "car", "truck", "pedestrian"]
    assert "KITTI" in shown.note.text()
    window.session.change(BoxSettings, agreement="curves")
    settled(window)
    assert shown.stack.currentWidget() is shown.plot
    assert shown.plot.accessibleDescription().startswith("Car: 0.333 at recall 0.50, score from ")
    assert shown.note.text().startswith("Found within 2 m")
