"""Real windows with real, if tiny, point networks: from a file to what reaches a point."""

from __future__ import annotations

import threading
from dataclasses import asdict

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPointF
from PySide6.QtWidgets import QMessageBox

from headlight.models.catalogue.tensors import save_half
from headlight.models.core.answers import PointLabels
from headlight.models.points.grids.config import GridConfig
from headlight.models.points.pointnet import PointNet
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.clouds.colours import Scene, offers
from tests.models import tiny_points
from tests.viewer.cloud_windows import pane
from tests.viewer.given_cloud import CLASSES, room
from tests.viewer.linked import traced


@pytest.fixture(scope="module")
def networks(tmp_path_factory):
    """Folders of an untrained Point Transformer and of a PointNet, for the classes of the hand-made room."""
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
    assert (document.state, len(trace.layers), len(trace.answer(PointLabels).labels)) == ("ready", 10, 1200)
    assert max(document.checks) < 1e-4
    assert "grid 0.04 m" in window.deck.docks["cloud"].subtitle()
    first, second = pane(window, "cloud"), pane(window, "cloud-second")
    first._take(np.array([1000]), False)
    settled(window)
    attended = second.painted.colours.rgb
    second.view._under, second.view._cursor = 1000, QPointF(40, 40)
    reaches = {"composed": "Composed attention", "hops": "Hops", "gradient": "Gradient"}
    for reach, title in reaches.items():
        window.actions_.run(f"show-{reach}")
        settled(window)
        assert window.deck.docks["cloud-second"].title() == title
        assert second.painted.drawn.seen.any()
        assert second.painted.star is None
        assert (second.painted.colours.rgb != attended).any()
        # What rests under the cursor is read out of the reach that is drawn.
        word = second.view._tip.text.split("\n")[-1].split("\t")
        assert word[0] == ("" if reach == "hops" else title.lower())
        assert word[1] == pane(window, "numbers").widget.figures("pointed")["Weight"]
    window.actions_.run("show-attention")
    settled(window)
    np.testing.assert_array_equal(second.painted.colours.rgb, attended)
    window.messages.clear()


def test_pointnet_has_critical_points_and_an_upper_bound(make_window, settled, networks, file):
    window = make_window(model=str(networks[1]))
    window.runs.open_path(str(file))
    settled(window)
    trace, second = window.session.current.trace, pane(window, "cloud-second")
    assert trace.layers == ()
    assert not window.actions_.actions["show-attention"].isEnabled()
    assert not pane(window, "classes").reach._group.button(0).isEnabled()
    window.actions_.run("second-critical")
    settled(window)
    assert f"{len(trace.outputs['critical']):,} points" in window.deck.docks["cloud-second"].subtitle()
    every = second.painted.colours.rgb
    block = traced(window).outputs["blocks"][-1]
    window.session.select(queries=[trace.tokens.place(int(block.tokens[0]))])
    settled(window)
    said = f"{len(block.critical):,} of the {len(block.tokens):,} points of its block"
    assert window.deck.docks["cloud-second"].subtitle() == said
    bright = (second.painted.colours.rgb == pane(window, "cloud").painted.colours.rgb).all(axis=1)
    np.testing.assert_array_equal(bright, np.isin(trace.answer(PointLabels).nearest, block.critical))
    window.session.undo()
    settled(window)
    np.testing.assert_array_equal(second.painted.colours.rgb, every)
    window.actions_.run("second-bound")
    settled(window)
    shown = second.view._points
    assert len(shown) > 1200
    second._hovered(len(shown) - 1)
    assert window.session.hover == Hover()
    window.actions_.run("undo")
    settled(window)
    assert len(second.view._points) == 1200
    window.messages.clear()


def test_a_network_on_voxels_shows_classes_and_says_why_there_is_no_attention(
    make_window, settled, file, tmp_path
):
    config = GridConfig("voxel_net", CLASSES, edge=0.3)
    save_half(tmp_path / "voxels", config.network(), asdict(config))
    window = make_window(model=str(tmp_path / "voxels"))
    window.runs.open_path(str(file))
    settled(window)
    trace = window.session.current.trace
    assert (trace.layers, len(trace.answer(PointLabels).labels)) == ((), 1200)
    assert f"{len(trace.tokens):,} points of 1,200 seen · grid 0.3 m" in window.deck.docks["cloud"].subtitle()
    assert window.deck.docks["confusion"].subtitle().endswith("% right")
    for name in ("show-attention", "second-critical"):
        assert not window.actions_.actions[name].isEnabled()
    assert offers(Scene(window.session.current.input, trace))["attention"] == "voxels has no attention layers"
    pane(window, "cloud")._take(np.array([1000]), False)
    settled(window)
    assert window.session.view[Selection].queries
    window.messages.clear()


def test_closing_during_the_pass_leaves_no_thread(make_window, qtbot, networks, tmp_path):
    path = tmp_path / "large.npy"
    np.save(path, room(60_000).points)
    window = make_window(model=str(networks[0]))
    window.runs.open_path(str(path))
    # At the first word of the pass: a window that is busy drawing may hear of its end a moment later.
    window.jobs.progressed.connect(lambda job: job.kind.startswith("run ") and window.close())
    qtbot.waitUntil(lambda: not window.isVisible(), timeout=60_000)
    assert window.session.current.trace is None
    assert not [t for t in threading.enumerate() if t.name.startswith("headlight-")]


@pytest.fixture
def pickle(tmp_path):
    """A checkpoint of a tiny network in a public implementation's layout, as torch.save writes it."""
    path = tmp_path / "trained.pth"
    net = tiny_points.transformer(in_channels=6, classes=3)
    torch.save({"state_dict": {f"module.{name}": value for name, value in net.state_dict().items()}}, path)
    return path


@pytest.mark.parametrize("answer", ["Cancel", "Read it"])
def test_a_pickle_given_at_the_start_is_asked_about_once(
    make_window, settled, monkeypatch, pickle, file, answer
):
    asked = []

    def click(box: QMessageBox) -> int:
        asked.append(box.text())
        next(b for b in box.buttons() if b.text().replace("&", "") == answer).click()
        return 0

    monkeypatch.setattr(QMessageBox, "exec", click)
    window = make_window(model=str(pickle))
    window.runs.open_path(str(file))
    settled(window)
    (document,) = window.session.documents
    assert asked == ["trained.pth is a pickle, a kind of file that can hold code."]
    if answer == "Cancel":
        assert (document.state, document.trace, document.options.trust_pickle) == ("failed", None, False)
        assert any("trained.pth is a pickle" in message for message in window.messages.texts())
    else:
        assert (document.state, document.trace.model.title) == ("ready", "trained")
        window.runs.open_path(str(file))  # what comes after it is trusted too
        settled(window)
        assert [d.state for d in window.session.documents] == ["ready", "ready"]
        assert len(asked) == 1
    window.messages.clear()


def test_where_nobody_can_be_asked_a_pickle_is_refused(make_window, settled, monkeypatch, pickle, file):
    monkeypatch.setattr(QMessageBox, "exec", lambda _: pytest.fail("asked"))
    window = make_window(model=str(pickle))
    window.runs.trusts = None
    window.runs.open_path(str(file))
    settled(window)
    assert window.session.current.state == "failed"
    assert any("give --trust-pickle" in message for message in window.messages.texts())
    window.messages.clear()
