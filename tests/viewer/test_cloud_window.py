"""Real windows with a hand-made cloud: from a drop to linked views, and back by undo."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from models.pointnet import PointNet
from models.tokens import Position, Region
from tests.viewer.given_cloud import CLASSES, room, trace_of
from viewer import cloud_maps
from viewer.clouds import Frame
from viewer.forward import Pass
from viewer.inputs import ImageInput
from viewer.session import Hover, RunOptions
from widgets.cursor_tip import read_out

WAIT = 60_000
SHIFT = Qt.KeyboardModifier.ShiftModifier
PLAIN = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def settled(qtbot):
    """Waits until a window has drawn all there is."""

    def wait(window) -> None:
        qtbot.wait(20)
        qtbot.waitUntil(window.is_idle, timeout=WAIT)

    return wait


def answered(window, document, trace) -> None:
    """As if a model had read the document."""
    result = Pass(trace, (0.0,) * len(trace.layers), "CPU", 10**9)
    window.runs._ready(document, document.input, document.options, result)


@pytest.fixture
def cloud_window(make_window, settled):
    """A window with a room that a hand-made model has read."""
    window = make_window(run=False)
    document = window.session.add(room(900), RunOptions())
    answered(window, document, trace_of(document.input))
    settled(window)
    return window


def pane(window, name):
    return window.deck.panes[name]


def on_screen(view, point: int) -> QPoint:
    x, y, _ = view.camera.project(view._points[point], (view.width(), view.height()))[0]
    return QPoint(round(float(x)), round(float(y)))


def seen(view) -> int:
    """A point of the cube that no other hides, away from everything that stands in front."""
    for point in range(600, 900):
        at = on_screen(view, point)
        if view.pick(at.x(), at.y()) == point:
            return point
    raise AssertionError("no point of the cube can be seen")


def pixels(view) -> np.ndarray:
    """uint8 (h, w, 3) of what the view shows."""
    image = view.grab().toImage().convertToFormat(view.grab().toImage().Format.Format_RGB888)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width() * 3].reshape(image.height(), image.width(), 3).copy()


def test_a_cloud_is_seen_before_any_model_has_answered(make_window, settled):
    window = make_window(run=False)
    document = window.session.add(room(900), RunOptions())
    settled(window)
    for name, title in (("cloud", "RGB"), ("cloud-second", "Ground truth")):
        assert window.deck.docks[name].title() == title
        picture = pixels(pane(window, name).view)
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
    assert pane(window, "classes").table.counts.tolist() == [300, 300, 300]
    first, second = pane(window, "cloud").view, pane(window, "cloud-second").view
    assert first.camera is second.camera
    window.actions_.run("look-top")
    assert first.camera.pose.elevation == 90
    answered(window, document, trace_of(document.input))
    settled(window)
    assert first.camera.pose.elevation == 90  # the answer does not move what is looked at
    assert window.deck.docks["cloud"].title() == "Prediction"
    assert window.deck.docks["cloud"].subtitle() == "450 points of 900 seen"
    assert window.status.run.text().startswith("900 points · forward 0.10 s · 5 attention layers")
    assert window.topbar.model_button.text() == "Given · 3 classes · untrained"


def test_a_click_selects_the_point_and_everything_answers_and_undo_restores(cloud_window, settled):
    window = cloud_window
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    trace = window.session.current.trace
    assert window.deck.docks["cloud-second"].title() == "Ground truth"
    point = seen(first.view)
    QTest.mouseClick(first.view, Qt.MouseButton.LeftButton, PLAIN, on_screen(first.view, point))
    settled(window)
    token = int(trace.segmentation.nearest[point])
    assert window.session.view.selection.queries == (trace.tokens.place(token),)
    layer = trace.layers[3]  # dec2.1: the layer that a cloud starts with
    query = int(layer.queries.find(trace.tokens.place(token))[0])
    bars = pane(window, "neighbourhood")
    np.testing.assert_array_equal(bars.result.weights, layer.values()[0, query])
    assert bars.own.value() == read_out(float(layer.values()[0, query, 0]))
    star = second.painted.star
    np.testing.assert_array_equal(star.ends, layer.keys.positions[layer.neighbours[query]])
    assert window.deck.docks["cloud-second"].title() == "Attention"
    assert window.deck.docks["cloud-second"].subtitle().startswith("dec2.1, map 0 · of ")
    assert pane(window, "maps").grid._maps[1] is not None

    grid = pane(window, "maps").grid
    QTest.mouseClick(grid.viewport(), Qt.MouseButton.LeftButton, PLAIN, grid.cell_rect(2, 5).center())
    settled(window)
    assert (window.session.view.selection.layer, window.session.view.selection.head) == (2, 5)
    query = int(trace.layers[2].queries.find(trace.tokens.place(token))[0])
    np.testing.assert_array_equal(bars.result.weights, trace.layers[2].values()[5, query])
    for _ in range(2):
        window.actions_.run("undo")
    settled(window)
    assert window.session.view.selection.queries == ()
    assert bars.result is None
    assert second.painted.star is None
    assert window.deck.docks["cloud-second"].title() == "Ground truth"


def test_pointing_names_the_point_here_and_rings_it_there(cloud_window, settled):
    window = cloud_window
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    point = seen(first.view)
    first._hovered(point)
    token = int(window.session.current.trace.segmentation.nearest[point])
    assert window.session.hover == Hover(query=window.session.current.trace.tokens.place(token))
    sampled = window.session.current.trace.segmentation.sample[token]
    np.testing.assert_array_equal(second.view._overlay.marks.hovered, second.view._points[sampled])
    np.testing.assert_array_equal(first.view._overlay.marks.hovered, first.view._points[point])
    assert first._tip(point).split("\n")[0].endswith("\t0.80")
    window.session.select_queries([window.session.current.trace.tokens.place(token)])
    settled(window)
    bars = pane(window, "neighbourhood")
    bars._hovered(3)
    place = bars.result.keys.place(int(bars.result.neighbours[3]))
    assert window.session.hover == Hover(key=place)
    at = first.view._overlay.marks.hovered
    np.testing.assert_allclose(at, [place.x, place.y, place.z], rtol=1e-6)
    bars._clicked(3)
    assert window.session.view.selection.queries == (place,)


def test_pointing_at_a_map_previews_it_and_colours_only_the_second_view(cloud_window, settled):
    window = cloud_window
    window.session.select_queries([window.session.current.trace.tokens.place(350)])
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
    assert window.session.view.selection.layer == 4
    window.actions_.run("layer-next")
    assert window.session.view.selection.layer == 4
    assert pane(window, "maps").grid._layers == [4, 3, 2]
    for _ in range(4):
        window.actions_.run("layer-previous")
    assert window.session.view.selection.layer == 0
    assert pane(window, "maps").grid._layers == [0, 1, 2]
    window.actions_.run("head-next")
    window.actions_.run("head-next")
    assert window.session.view.selection.head == 1
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
        QTest.mouseMove(view, following)
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, SHIFT, at[0])
    settled(window)
    (region,) = session.view.selection.queries
    assert isinstance(region, Region)
    chosen = trace.tokens.find_all([region])
    labels = window.session.current.input.labels[trace.segmentation.sample[chosen]]
    assert (labels == 2).sum() > 140  # nearly all tokens of the cube
    found = pane(window, "neighbourhood").result
    assert found.queries > 10
    assert "mean of" in window.deck.docks["neighbourhood"].subtitle()
    pane(window, "cloud")._take(np.array([0]), True)
    settled(window)
    assert len(trace.tokens.find_all(session.view.selection.queries)) == len(chosen) + 1
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert session.view.selection.queries == ()


def test_a_hidden_class_is_gone_from_both_views(cloud_window, settled):
    window = cloud_window
    views = [pane(window, name).view for name in ("cloud", "cloud-second")]
    before = [pixels(view) for view in views]
    window.session.set_cloud(hidden=frozenset({0}))
    settled(window)
    ground = before[0][2, 2]
    for view, old in zip(views, before, strict=True):
        painted, was = [(p != ground).any(-1).sum() for p in (pixels(view), old)]
        assert painted < 0.9 * was
    legend = pane(window, "classes").legend
    assert legend._hidden == {0}
    legend.soloed.emit(1)
    assert window.session.view.cloud.hidden == {0, 2}
    legend.soloed.emit(1)
    assert window.session.view.cloud.hidden == frozenset()
    window.actions_.run("undo")
    assert window.session.view.cloud.hidden == {0, 2}
    settled(window)


def test_each_view_has_its_own_colours_and_their_menu_says_what_cannot_be_had(cloud_window, settled):
    window = cloud_window
    window.actions_.run("first-error")
    window.actions_.run("second-height")
    settled(window)
    assert [pane(window, n).painted.asked.by for n in ("cloud", "cloud-second")] == ["error", "height"]
    assert window.deck.docks["cloud"].title() == "Error"
    bare = replace(room(300), labels=None, classes=None)
    document = window.session.add(bare, RunOptions())
    answered(window, document, trace_of(bare, layers=()))
    settled(window)
    menu = QMenu(window)
    pane(window, "cloud").fill_menu(menu)
    said = {action.text(): action.toolTip() for action in menu.actions() if not action.isEnabled()}
    assert said == {
        "Ground truth": "The file has no labels",
        "Error": "The file has no labels",
        "Stage": "Given has no attention layers",
        "Attention": "Given has no attention layers",
    }
    assert not window.actions_.actions["first-truth"].isEnabled()
    assert window.deck.docks["confusion"].isHidden()
    assert window.status.run.text().endswith("no attention layers")
    assert not window.status.check.isVisible()
    assert pane(window, "neighbourhood").message.text() == "Given has no attention layers."


def test_a_cell_of_the_confusion_matrix_selects_its_points(cloud_window, settled):
    window = cloud_window
    document = window.session.current
    confusion = pane(window, "confusion")
    assert window.deck.docks["confusion"].isVisible()
    confusion.view.clicked.emit(0, 1)
    settled(window)
    chosen = document.trace.tokens.find_all(window.session.view.selection.queries)
    answer, labels = document.trace.segmentation, document.input.labels
    wanted = np.unique(answer.nearest[(labels == 0) & (answer.labels == 1)])
    assert chosen.tolist() == wanted.tolist()
    assert len(chosen) > 5


def test_another_axis_up_turns_the_cloud_at_once_and_runs_it_again(cloud_window, settled):
    window = cloud_window
    document, started = window.session.current, []
    window.runs.start = lambda d, *_: started.append(d)
    window.session.select_queries([Position(1, 1, 0.3)])
    points = document.input.points
    coordinates = document.input.file_coordinates(points[:3])
    pane(window, "classes").up.setCurrentText("y up")
    pane(window, "classes")._reframe()
    settled(window)
    assert started == [document]
    assert document.input.frame == Frame(1.0, "y")
    assert (document.trace, window.session.view.selection.queries) == (None, ())
    np.testing.assert_allclose(document.input.file_coordinates(document.input.points[:3]), coordinates)
    np.testing.assert_allclose(document.input.points[:, 2], points[:, 1], atol=1e-6)
    np.testing.assert_array_equal(pane(window, "cloud").view._points, document.input.points)
    assert pane(window, "classes").guess._title.text() == "Coordinates · guessed: metres, z up"


def test_a_cloud_and_a_picture_open_at_once(cloud_window, settled):
    window = cloud_window
    cloud = window.session.current
    camera = pane(window, "cloud").view.camera
    camera.orbit(40, 10)
    pose = camera.pose
    picture = ImageInput("b", np.zeros((40, 60, 3), np.uint8))
    window.session.add(picture, RunOptions())
    settled(window)
    assert window.deck.docks["cloud"].isHidden()
    assert window.deck.docks["picture"].isVisible()
    actions = window.actions_.actions
    assert not any(actions[name].isEnabled() for name in ("eye-dome", "lasso", "reach-hops", "look-top"))
    other = window.session.add(room(300, seed=1), RunOptions())
    settled(window)
    np.testing.assert_array_equal(pane(window, "cloud").view._points, other.input.points)
    window.session.show(cloud)
    settled(window)
    np.testing.assert_array_equal(pane(window, "cloud").view._points, cloud.input.points)
    assert pane(window, "cloud").view.camera.pose == pose
    assert not any(actions[name].isEnabled() for name in ("log", "shared", "hide-special", "whole-words"))


def test_points_are_as_large_and_as_lit_as_asked(cloud_window, settled):
    window = cloud_window
    view = pane(window, "cloud").view
    small = (pixels(view) != pixels(view)[2, 2]).any(-1).sum()
    for _ in range(4):
        window.actions_.run("points-larger")
    window.actions_.run("eye-dome")
    window.actions_.run("orthographic")
    settled(window)
    assert window.session.view.cloud.point_size == 6.0
    assert (pixels(view) != pixels(view)[2, 2]).any(-1).sum() > 1.5 * small
    assert view.camera.pose.projection == "orthographic"
    window.actions_.run("undo")
    assert view.camera.pose.projection == "perspective"
    settled(window)


def test_the_theme_changes_the_colours_of_points(cloud_window, settled):
    window = cloud_window
    window.session.select_queries([window.session.current.trace.tokens.place(350)])
    settled(window)
    dark = pane(window, "cloud-second").painted.colours
    window.set_theme("light")
    settled(window)
    light = pane(window, "cloud-second").painted.colours
    assert light.mean() > dark.mean() + 60


def test_a_layer_that_fails_its_check_is_not_drawn(cloud_window, settled):
    window = cloud_window
    window.session.select_queries([window.session.current.trace.tokens.place(350)])
    window.session.update(window.session.current, checks=(0.0, 0.0, 0.0, 0.5, 0.0))
    settled(window)
    assert pane(window, "cloud-second").painted.field is None
    assert "Layer 3 is not drawn" in window.deck.docks["cloud-second"].subtitle()
    assert "Layer 3 is not drawn" in pane(window, "neighbourhood").message.text()
    assert window.status.check.text().startswith("✗")


def test_the_starting_layer_is_kept_when_another_model_reads_the_cloud(cloud_window, settled):
    window = cloud_window
    document = window.session.current
    cloud_maps_layer = cloud_maps.starting_layer(document.trace)
    assert window.session.view.selection.layer == cloud_maps_layer == 3
    answered(window, document, trace_of(document.input, layers=("enc1.1", "dec1.1")))
    assert window.session.view.selection.layer == 1
    answered(window, document, trace_of(document.input, layers=()))
    assert window.session.view.selection.layer == 0
    settled(window)


# -- with real, if tiny, networks ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Folders of an untrained Point Transformer and of a PointNet, for the classes of the hand-made room."""
    from tests.models import tiny_points

    folder = tmp_path_factory.mktemp("models")
    classes = list(CLASSES)
    attends = tiny_points.transformer(classes=3)
    joins = tiny_points.shaken(PointNet(5, 3, **tiny_points.WIDTHS))
    return (
        tiny_points.saved(folder / "transformer", attends, classes=classes),
        tiny_points.saved(folder / "pointnet", joins, classes=classes),
    )


@pytest.fixture
def file(tmp_path):
    """A room of 1,200 points as a file with colours and labels."""
    path = tmp_path / "room.npz"
    cloud = room(1200)
    np.savez(path, points=cloud.points, colors=cloud.colours, labels=cloud.labels)
    return path


def test_from_a_file_through_a_network_to_reach_and_back(make_window, settled, networks, file):
    window = make_window(model=str(networks[0]))
    window.runs.open_path(str(file))
    settled(window)
    document, trace = window.session.current, window.session.current.trace
    assert (document.state, len(trace.layers), len(trace.segmentation.labels)) == ("ready", 10, 1200)
    assert max(document.checks) < 1e-4
    assert "grid 0.04 m" in window.deck.docks["cloud"].subtitle()
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    first._take(np.array([1000]), False)
    settled(window)
    attended = second.painted.colours
    for reach, title in (("composed", "Composed attention"), ("hops", "Hops"), ("gradient", "Gradient")):
        window.actions_.run(f"reach-{reach}")
        settled(window)
        assert window.deck.docks["cloud-second"].title() == title
        assert second.painted.field.lit.any()
        assert second.painted.star is None
        assert (second.painted.colours != attended).any()
    window.actions_.run("reach-attention")
    settled(window)
    np.testing.assert_array_equal(second.painted.colours, attended)
    window.toasts.clear()


def test_pointnet_has_critical_points_and_an_upper_bound(make_window, settled, networks, file):
    window = make_window(model=str(networks[1]))
    window.runs.open_path(str(file))
    settled(window)
    trace, second = window.session.current.trace, pane(window, "cloud-second")
    assert trace.layers == ()
    assert not window.actions_.actions["reach-attention"].isEnabled()
    assert not pane(window, "classes").reach._group.button(0).isEnabled()
    window.actions_.run("second-critical")
    settled(window)
    assert f"{len(trace.outputs['critical']):,} points" in window.deck.docks["cloud-second"].subtitle()
    window.actions_.run("second-bound")
    settled(window)
    shown = second.view._points
    assert len(shown) > 1200
    second._hovered(len(shown) - 1)
    assert window.session.hover == Hover()
    window.actions_.run("undo")
    settled(window)
    assert len(second.view._points) == 1200
    window.toasts.clear()


def test_closing_during_the_pass_leaves_no_thread(make_window, qtbot, networks, tmp_path):
    path = tmp_path / "large.npy"
    np.save(path, room(60_000).points)
    window = make_window(model=str(networks[0]))
    window.runs.open_path(str(path))
    running = window.jobs.running
    qtbot.waitUntil(lambda: any(j.kind.startswith("run ") and j.sentence for j in running()), timeout=WAIT)
    window.close()
    assert window.session.current.trace is None
    assert not [t for t in threading.enumerate() if t.name.startswith("headlight-")]


def test_a_broken_cloud_leaves_everything_open(cloud_window, qtbot, settled, tmp_path):
    window = cloud_window
    document, trace = window.session.current, window.session.current.trace
    path = tmp_path / "torn.ply"
    path.write_text("ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\nend_header\n1\n")
    window.runs.open_path(str(path))
    qtbot.waitUntil(lambda: bool(window.toasts.messages()), timeout=WAIT)
    assert (window.session.documents, document.trace) == ([document], trace)
    window.toasts.clear()
    settled(window)


def test_a_pickle_is_read_only_after_asking(cloud_window, monkeypatch, tmp_path):
    window, used = cloud_window, []
    monkeypatch.setattr(window.runs, "change", lambda document, **options: used.append(options))
    checkpoint = tmp_path / "trained.pth"
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(checkpoint), ""))
    asked = []

    def answer(button: str):
        def run(box: QMessageBox) -> int:
            asked.append(box.text())
            next(b for b in box.buttons() if b.text().replace("&", "") == button).click()
            return 0

        monkeypatch.setattr(QMessageBox, "exec", run)

    answer("Cancel")
    window.models.choose_checkpoint()
    assert (len(asked), used) == (1, [])
    assert "trained.pth is a pickle" in asked[0]
    answer("Read it")
    window.models.choose_checkpoint()
    assert used == [{"model": str(checkpoint), "start": 0, "trust_pickle": True}]
    checkpoint = checkpoint.with_suffix(".safetensors")
    window.models.choose_checkpoint()
    assert len(asked) == 2
    assert used[1]["trust_pickle"] is False


def test_a_shared_key_does_what_the_document_asks_for(cloud_window, qtbot):
    window = cloud_window
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    QTest.keyClick(window, Qt.Key.Key_R)
    QTest.keyClick(window, Qt.Key.Key_E)
    assert (window.session.view.cloud.reach, window.session.view.map.method) == ("composed", "attention")
    assert not window.session.view.cloud.eye_dome
    QTest.keyClick(window, Qt.Key.Key_L)
    assert (window.actions_.actions["lasso"].isChecked(), window.session.view.map.log) == (True, False)
    every = [(keys.toString(), a) for a in window.actions_.actions.values() for keys in a.shortcuts()]
    able = [keys for keys, action in every if action.isEnabled()]
    assert len(able) == len(set(able))


def test_a_view_floats_and_comes_back(cloud_window, settled):
    window = cloud_window
    dock, view = window.deck.docks["cloud-second"], pane(window, "cloud-second").view
    for floating in (True, False):
        dock.setFloating(floating)
        settled(window)
        assert len(np.unique(pixels(view).reshape(-1, 3), axis=0)) > 20
        point = seen(view)
        assert view.pick(*(float(value) for value in on_screen(view, point).toTuple())) == point
