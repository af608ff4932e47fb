"""Real windows with a hand-made cloud: what is drawn, from a drop to other axes, and what keys do."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu, QMessageBox

from headlight.models.attention import statistics
from headlight.models.core.answers import PointLabels
from headlight.models.core.tokens import Position
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import CloudSettings, MapSettings, Selection
from headlight.widgets.cloud.prepared import Prepared, prepare
from tests.viewer.cloud_windows import answered, colours_in, on_screen, pane, pixels, seen
from tests.viewer.given_cloud import room, trace_of


def test_a_cloud_is_seen_before_any_model_has_answered(make_window, settled):
    window = make_window(run=False)
    document = window.session.add(room(900), RunOptions())
    settled(window)
    for name, title in (("cloud", "RGB"), ("cloud-second", "Ground truth")):
        assert window.deck.docks[name].title() == title
        assert colours_in(pixels(pane(window, name).view)) > 20
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


def test_a_hidden_class_is_gone_from_both_views(cloud_window, settled):
    window = cloud_window
    views = [pane(window, name).view for name in ("cloud", "cloud-second")]
    before = [pixels(view) for view in views]
    window.session.change(CloudSettings, hidden=frozenset({0}))
    settled(window)
    ground = before[0][2, 2]
    for view, old in zip(views, before, strict=True):
        painted, was = [(p != ground).any(-1).sum() for p in (pixels(view), old)]
        assert painted < 0.9 * was
    legend = pane(window, "classes").legend
    assert legend._hidden == {0}
    legend.soloed.emit(1)
    assert window.session.view[CloudSettings].hidden == {0, 2}
    legend.soloed.emit(1)
    assert window.session.view[CloudSettings].hidden == frozenset()
    window.actions_.run("undo")
    assert window.session.view[CloudSettings].hidden == {0, 2}
    settled(window)


def test_points_are_prepared_once_and_coloured_by_a_worker(make_window, settled, monkeypatch):
    window, prepared, coloured = make_window(run=False), [], []

    def on_gui() -> bool:
        return threading.current_thread() is threading.main_thread()

    def watched(points):
        prepared.append((len(points), on_gui()))
        return prepare(points)

    def watched_colours(cloud, *given):
        coloured.append((len(cloud.points), on_gui()))
        return plainly(cloud, *given)

    plainly = Prepared.coloured
    monkeypatch.setattr("headlight.viewer.panes.clouds.ready.prepare", watched)
    monkeypatch.setattr("headlight.widgets.cloud.view.prepare", watched)
    monkeypatch.setattr(Prepared, "coloured", watched_colours)
    window.session.add(room(900), RunOptions())
    settled(window)
    assert [found for found in prepared if found[0]] == [(900, False)]
    assert {found for found in coloured if found[0]} == {(900, False)}
    assert len(pane(window, "cloud").view._points) == 900
    assert pane(window, "cloud").view._cloud is pane(window, "cloud-second").view._cloud


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
        "Reach of the point": "Given has no attention layers",
    }
    assert not window.actions_.actions["first-truth"].isEnabled()
    assert window.deck.docks["confusion"].isHidden()
    assert window.status.run.text().endswith("no attention layers")
    assert not window.status.check.isVisible()
    assert pane(window, "neighbourhood").message.text() == "Given has no attention layers."


def test_another_axis_up_turns_the_cloud_at_once_and_runs_it_again(make_window, qtbot, settled, monkeypatch):
    def endless(what, options, task, path):
        started.append(what)
        while not threading.Event().wait(0.005):
            task.check()

    monkeypatch.setattr("headlight.viewer.host.forward.forward_pass", endless)
    window, started = make_window(), []
    document = window.session.add(room(900), RunOptions())
    answered(window, document, trace_of(document.input))
    settled(window)
    window.session.select(queries=[Position(1, 1, 0.3)])
    points = document.input.points
    coordinates = document.input.file_coordinates(points[:3])
    pane(window, "classes").up.setCurrentText("y up")
    pane(window, "classes")._reframe()
    qtbot.waitUntil(lambda: [what.frame for what in started] == [Frame(1.0, "y")], timeout=60_000)
    qtbot.waitUntil(lambda: window._bridge.is_empty() and len(window.jobs.running()) == 1, timeout=60_000)
    assert document.input.frame == Frame(1.0, "y")
    assert document.trace is None
    (place,) = window.session.view[Selection].queries  # it turns with its points
    np.testing.assert_allclose((place.x, place.y, place.z), (1, -0.3, 1), atol=1e-6)
    np.testing.assert_allclose(document.input.file_coordinates(document.input.points[:3]), coordinates)
    np.testing.assert_allclose(document.input.points[:, 2], points[:, 1], atol=1e-6)
    np.testing.assert_array_equal(pane(window, "cloud").view._points, document.input.points)
    assert pane(window, "classes").guess._title.text() == "Guessed: metres, z up"


def test_labels_are_read_by_another_list_without_another_run(make_window, settled, monkeypatch):
    monkeypatch.setattr("headlight.viewer.host.forward.forward_pass", None)
    window, plain = make_window(), room(900)
    held = plain.labels.astype(np.int64)
    cloud = replace(plain, numbers=np.array([1, 2, 0])[held], listed="s3dis")
    document, classes = window.session.add(cloud, RunOptions()), pane(window, "classes")
    answered_by = trace_of(cloud)
    answered(window, document, answered_by)
    settled(window)
    camera = pane(window, "cloud").view.camera.pose
    assert classes.listed.currentText() == "S3DIS"
    assert classes.listed.findText("The file's names") < 0
    classes.listed.textActivated.emit("ScanNet, NYU 40 classes")
    settled(window)
    truth = document.trace.answer(PointLabels).truth
    assert (document.trace is answered_by, document.state) == (False, "ready")
    np.testing.assert_array_equal(
        document.trace.answer(PointLabels).labels, answered_by.answer(PointLabels).labels
    )
    assert truth.tolist() == np.array([1, 0, -1])[held].tolist()  # wall, floor and nothing
    assert classes.listed.currentText() == "ScanNet, NYU 40 classes"
    assert pane(window, "cloud").view.camera.pose == camera
    classes.listed.textActivated.emit("None")
    settled(window)
    assert (document.input.labels, document.trace.answer(PointLabels).truth) == (None, None)
    assert classes.labels._title.text() == "Labels of the file · left out"
    window.actions_.run("undo")
    settled(window)
    assert (document.input.listed, classes.listed.currentText()) == ("nyu40", "ScanNet, NYU 40 classes")


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
    assert not any(actions[name].isEnabled() for name in ("eye-dome", "lasso", "show-hops", "look-top"))
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
    assert window.session.view[CloudSettings].point_size == 6.0
    assert (pixels(view) != pixels(view)[2, 2]).any(-1).sum() > 1.5 * small
    assert view.camera.pose.projection == "orthographic"
    window.actions_.run("undo")
    assert view.camera.pose.projection == "perspective"
    settled(window)


def test_the_theme_changes_the_colours_of_points(cloud_window, settled):
    window = cloud_window
    window.session.select(queries=[window.session.current.trace.tokens.place(350)])
    settled(window)
    dark = pane(window, "cloud-second").painted.colours.rgb
    window.actions_.run("theme-light")
    settled(window)
    light = pane(window, "cloud-second").painted.colours.rgb
    assert light.mean() > dark.mean() + 60


def test_a_layer_that_fails_its_check_is_not_drawn(cloud_window, settled):
    window = cloud_window
    window.session.select(queries=[window.session.current.trace.tokens.place(350)])
    window.session.update(window.session.current, checks=(0.0, 0.0, 0.0, 0.5, 0.0))
    settled(window)
    assert pane(window, "cloud-second").painted.drawn is None
    assert "Layer 3 is not drawn" in window.deck.docks["cloud-second"].subtitle()
    assert "Layer 3 is not drawn" in pane(window, "neighbourhood").message.text()
    assert window.status.check.text().startswith("✗")


def test_the_starting_layer_is_kept_when_another_model_reads_the_cloud(cloud_window, settled):
    window = cloud_window
    document = window.session.current
    wide = statistics.starting_layer(document.trace)
    assert window.session.view[Selection].layer == wide == 3
    answered(window, document, trace_of(document.input, layers=("enc1.1", "dec1.1")))
    assert window.session.view[Selection].layer == 1
    answered(window, document, trace_of(document.input, layers=()))
    assert window.session.view[Selection].layer == 0
    settled(window)


def test_a_broken_cloud_leaves_everything_open(cloud_window, qtbot, settled, tmp_path):
    window = cloud_window
    document, trace = window.session.current, window.session.current.trace
    path = tmp_path / "torn.ply"
    path.write_text("ply\nformat ascii 1.0\nelement vertex 9\nproperty float x\nend_header\n1\n")
    window.runs.open_path(str(path))
    qtbot.waitUntil(lambda: bool(window.messages.texts()), timeout=60_000)
    assert (window.session.documents, document.trace) == ([document], trace)
    window.messages.clear()
    settled(window)


def test_a_room_folder_is_chosen_by_a_command_of_its_own(make_window, settled, monkeypatch, tmp_path):
    things = tmp_path / "office_1" / "Annotations"
    things.mkdir(parents=True)
    (things / "floor_1.txt").write_text("".join(f"{x} {y} 0 90 90 90\n" for x in range(5) for y in range(4)))
    (things / "chair_1.txt").write_text("1 1 0.5 200 0 0\n2 1 0.5 200 0 0\n")
    window = make_window(run=False)
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    window.actions_.run("open-room")
    assert window.session.documents == []
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: str(things.parent))
    window.actions_.run("open-room")
    settled(window)
    cloud = window.session.current.input
    assert (cloud.title, len(cloud.points)) == ("office_1", 22)
    assert sorted({cloud.classes[label] for label in cloud.labels}) == ["chair", "floor"]
    window.messages.clear()


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
    shown = window.session.view[MapSettings]
    assert (shown.method, shown.relevance) == ("composed", "rollout")
    assert not window.session.view[CloudSettings].eye_dome
    QTest.keyClick(window, Qt.Key.Key_L)
    assert (window.actions_.actions["lasso"].isChecked(), window.session.view[MapSettings].log) == (
        True,
        False,
    )
    every = [(keys.toString(), a) for a in window.actions_.actions.values() for keys in a.shortcuts()]
    able = [keys for keys, action in every if action.isEnabled()]
    assert len(able) == len(set(able))


def test_a_view_floats_and_comes_back(cloud_window, settled):
    window = cloud_window
    dock, view = window.deck.docks["cloud-second"], pane(window, "cloud-second").view
    for floating in (True, False):
        dock.setFloating(floating)
        settled(window)
        assert colours_in(pixels(view)) > 20
        point = seen(view)
        assert view.pick(*(float(value) for value in on_screen(view, point).toTuple())) == point


@pytest.mark.parametrize("again", [False, True])
def test_a_pane_without_anything_to_show_comes_back_when_it_has(make_window, settled, again):
    """Also in the next start of the program, which has only what was kept of the layout."""
    window = make_window(run=False)

    def open_(labels: bool) -> None:
        document = window.session.add(room(labels=labels), RunOptions())
        answered(window, document, trace_of(document.input))
        settled(window)

    open_(labels=False)
    assert window.deck.docks["confusion"].isHidden()
    window.runs.open_stack()
    settled(window)
    if again:
        window.close()
        window = make_window(run=False)
    open_(labels=True)
    assert window.deck.docks["confusion"].isVisible()
    window.deck.docks["confusion"].close()  # closed by hand, it stays closed
    window.runs.open_stack()
    settled(window)
    open_(labels=True)
    assert window.deck.docks["confusion"].isHidden()
