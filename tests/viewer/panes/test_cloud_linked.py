"""Real windows with a hand-made cloud: what is pointed at or selected in one pane answers in all."""

from __future__ import annotations

from threading import Event

import numpy as np
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMenu

from headlight.models.core.answers import PointLabels
from headlight.models.core.tokens import Region
from headlight.models.points.reach import fields
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import StackInput
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import MapSettings, Selection
from headlight.widgets.base.cursor_tip import read_out
from tests.viewer.cloud_windows import on_screen, pane, pixels, seen
from tests.viewer.given_cloud import weights_of
from tests.viewer.linked import traced
from tests.widgets.pointer import move

SHIFT = Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


def test_a_click_selects_the_point_and_everything_answers_and_undo_restores(cloud_window, settled):
    window = cloud_window
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    trace = traced(window)
    assert window.deck.docks["cloud-second"].title() == "Ground truth"
    point = seen(first.view)
    QTest.mouseClick(first.view, Qt.MouseButton.LeftButton, PLAIN, on_screen(first.view, point))
    settled(window)
    token = int(trace.answer(PointLabels).nearest[point])
    assert window.session.view[Selection].queries == (trace.tokens.place(token),)
    layer = trace.layers[3]  # dec2.1: the layer that a cloud starts with
    query = int(layer.queries.find(trace.tokens.place(token))[0])
    bars = pane(window, "neighbourhood")
    np.testing.assert_array_equal(bars.result.weights, weights_of(layer)[0, query])
    near = pane(window, "numbers").widget.figures("near")
    assert near["On itself"] == read_out(float(weights_of(layer)[0, query, 0]))
    star = second.painted.star
    np.testing.assert_array_equal(star.ends, layer.keys.positions[layer.neighbours[query]])
    assert window.deck.docks["cloud-second"].title() == "Attention"
    assert window.deck.docks["cloud-second"].subtitle().startswith("dec2.1, map 0 · of ")
    assert pane(window, "maps").grid._maps[1] is not None

    grid = pane(window, "maps").grid
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, PLAIN, grid.cell_rect(2, 5).center())
    settled(window)
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (2, 5)
    query = int(trace.layers[2].queries.find(trace.tokens.place(token))[0])
    np.testing.assert_array_equal(bars.result.weights, weights_of(trace.layers[2])[5, query])
    for _ in range(2):
        window.actions_.run("undo")
    settled(window)
    assert window.session.view[Selection].queries == ()
    assert bars.result is None
    assert second.painted.star is None
    assert window.deck.docks["cloud-second"].title() == "Ground truth"


def test_pointing_names_the_point_here_and_rings_it_there(cloud_window, settled):
    window = cloud_window
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    point = seen(first.view)
    first._hovered(point)
    token = int(window.session.current.trace.answer(PointLabels).nearest[point])
    assert window.session.hover == Hover(query=window.session.current.trace.tokens.place(token))
    sampled = window.session.current.trace.answer(PointLabels).sample[token]
    np.testing.assert_array_equal(second.view._overlay.marks.hovered, second.view._points[sampled])
    np.testing.assert_array_equal(first.view._overlay.marks.hovered, first.view._points[point])
    assert first._tip(point).split("\n")[0].endswith("\t0.80")
    window.session.select(queries=[window.session.current.trace.tokens.place(token)])
    settled(window)
    bars = pane(window, "neighbourhood")
    bars._hovered(3)
    place = bars.result.keys.place(int(bars.result.neighbours[3]))
    assert window.session.hover == Hover(key=place)
    at = first.view._overlay.marks.hovered
    np.testing.assert_allclose(at, [place.x, place.y, place.z], rtol=1e-6)
    bars._clicked(3)
    assert window.session.view[Selection].queries == (place,)


def test_pointing_at_a_class_lights_its_points_and_sends_nothing_again(cloud_window, settled, monkeypatch):
    window = cloud_window
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    assert second.painted.asked.by == "truth"
    settled(window)
    sent = []
    for one in (first, second):
        monkeypatch.setattr(one.view._canvas._gl.cloud, "set_colours", sent.append)
    before = [pixels(one.view) for one in (first, second)]
    window.deck.panes["classes"].legend.hovered.emit(2)
    assert window.session.hover == Hover(kind=2)
    settled(window)
    trace, labels = window.session.current.trace, window.session.current.input.labels
    for one, was, kinds in zip(
        (first, second), before, (trace.answer(PointLabels).labels, labels), strict=True
    ):
        now, ground = pixels(one.view), before[0][2, 2].astype(int)
        points = [point for point in range(0, 900, 7) if one.view.pick(*_at(one.view, point)) == point]
        kept = {True: [], False: []}
        for point in points:
            x, y = (int(value) for value in _at(one.view, point))
            away = [np.abs(picture[y, x].astype(int) - ground).sum() for picture in (was, now)]
            kept[bool(kinds[point] == 2)].append(away[1] / max(away[0], 1))
        assert min(len(shares) for shares in kept.values()) > 5
        assert np.median(kept[True]) > 0.9
        assert np.median(kept[False]) < 0.4
    window.deck.panes["classes"].legend.hovered.emit(None)
    settled(window)
    for one, was in zip((first, second), before, strict=True):
        assert np.abs(pixels(one.view).astype(int) - was).mean() < 0.5
    assert sent == []


def test_hiding_a_class_does_not_darken_the_room_under_the_pointer(cloud_window, settled):
    window = cloud_window
    legend, views = pane(window, "classes").legend, [pane(window, n).view for n in ("cloud", "cloud-second")]
    legend.hovered.emit(2)
    assert [view._canvas._lit for view in views] == [3, 3]
    legend.toggled.emit(2)
    settled(window)
    # What is of the class by its label and predicted as another is in sight still.
    assert 3 in pane(window, "cloud-second").painted.colours.in_sight
    assert (window.session.hover, [view._canvas._lit for view in views]) == (Hover(kind=2), [None, None])
    legend.toggled.emit(2)
    settled(window)
    assert [view._canvas._lit for view in views] == [3, 3]


def test_a_reach_that_is_cancelled_is_nowhere_shown_as_complete(cloud_window, qtbot, settled, monkeypatch):
    window, second = cloud_window, pane(cloud_window, "cloud-second")
    dock, go = window.deck.docks["cloud-second"], Event()

    def slow(trace, tokens, task):
        while not go.wait(0.005):
            task.check()
        return np.full(len(trace.tokens), 1e-3, np.float32)

    monkeypatch.setattr(fields, "composed", slow)
    window.session.select(queries=[window.session.current.trace.tokens.place(350)])
    window.session.change(MapSettings, method="composed")
    qtbot.waitUntil(lambda: second.painted is not None and second.painted.asked.by == "attention")
    assert second.key_of_colours.bar._scale is None
    window.runs.cancel()
    assert dock.unfinished().startswith("cancelled")
    assert second.key_of_colours.bar._scale is None
    go.set()
    window.actions_.run("resume")
    settled(window)
    assert dock.unfinished() == ""
    assert second.key_of_colours.bar._scale is second.painted.drawn.scale


def _at(view, point: int) -> tuple[float, float]:
    return tuple(float(value) for value in on_screen(view, point).toTuple())


def test_pointing_at_a_map_previews_it_and_colours_only_the_second_view(cloud_window, settled):
    window = cloud_window
    window.session.select(queries=[window.session.current.trace.tokens.place(350)])
    settled(window)
    first, before = pane(window, "cloud").painted, window.session.view
    window.session.set_hover(Hover(layer=0, head=1))
    settled(window)
    assert pane(window, "cloud-second").painted.asked.at == (0, 1)
    assert pane(window, "neighbourhood").result.at == (0, 1)
    assert pane(window, "cloud").painted is first
    assert window.session.view == before


def test_arrows_walk_all_layers_and_maps(cloud_window, settled):
    window = cloud_window
    window.actions_.run("layer-next")
    assert window.session.view[Selection].layer == 4
    window.actions_.run("layer-next")
    assert window.session.view[Selection].layer == 4
    assert pane(window, "maps").grid._layers == [4, 3, 2]
    for _ in range(4):
        window.actions_.run("layer-previous")
    assert window.session.view[Selection].layer == 0
    assert pane(window, "maps").grid._layers == [0, 1, 2]
    window.actions_.run("head-next")
    window.actions_.run("head-next")
    assert window.session.view[Selection].head == 1
    menu = QMenu(window)
    pane(window, "maps").fill_menu(menu)
    assert [a.text() for a in menu.actions() if a.isChecked()] == ["enc1.1 · 2 maps"]


def test_a_lasso_selects_many_and_shift_adds_and_escape_clears(cloud_window, qtbot, settled):
    window = cloud_window
    view, session = pane(window, "cloud").view, window.session
    trace = session.current.trace
    window.actions_.run("look-top")
    corners = [(0.9, 0.9), (1.6, 0.9), (1.6, 1.6), (0.9, 1.6)]  # round the cube, seen from above
    size = (view.width(), view.height())
    at = [view.camera.project(np.array([[x, y, 0.6]]), size)[0, :2] for x, y in corners]
    at = [QPoint(round(x), round(y)) for x, y in at]
    QTest.mousePress(view, Qt.MouseButton.LeftButton, SHIFT, at[0])
    for following in (*at[1:], at[0]):
        move(view, following, Qt.MouseButton.LeftButton, SHIFT)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, SHIFT, at[0])
    settled(window)
    (region,) = session.view[Selection].queries
    assert isinstance(region, Region)
    chosen = trace.tokens.find_all([region])
    labels = window.session.current.input.labels[trace.answer(PointLabels).sample[chosen]]
    assert (labels == 2).sum() > 140  # nearly all tokens of the cube
    found = pane(window, "neighbourhood").result
    assert found.queries > 10
    assert "mean of" in window.deck.docks["neighbourhood"].subtitle()
    pane(window, "cloud")._take(np.array([0]), True)
    settled(window)
    assert len(trace.tokens.find_all(session.view[Selection].queries)) == len(chosen) + 1
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert session.view[Selection].queries == ()


def test_a_cell_of_the_confusion_matrix_selects_its_points(cloud_window, settled):
    window = cloud_window
    document = window.session.current
    confusion = pane(window, "confusion")
    assert window.deck.docks["confusion"].isVisible()
    confusion.view.clicked.emit(0, 1)
    settled(window)
    chosen = document.trace.tokens.find_all(window.session.view[Selection].queries)
    answer, labels = document.trace.answer(PointLabels), document.input.labels
    wanted = np.unique(answer.nearest[(labels == 0) & (answer.labels == 1)])
    assert chosen.tolist() == wanted.tolist()
    assert len(chosen) > 5


def test_a_page_that_is_turned_takes_the_keyboard_through_no_pane(cloud_window, settled, qapp, qtbot):
    """Else each pane in turn points at something of its own document, in the one that comes."""
    window, passed = cloud_window, []
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    pane(window, "cloud").view.setFocus()
    link = qapp.focusChanged.connect(lambda _, now: passed.append(now))
    window.session.add(StackInput(), RunOptions())
    settled(window)
    qapp.focusChanged.disconnect(link)
    assert passed == [window.deck]
