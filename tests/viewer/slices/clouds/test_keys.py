"""The colours of a cloud's views are those of the bar or the swatches below them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QColor

from headlight.models.core.answers import PointLabels
from headlight.models.core.classes.palettes import UNLABELLED, class_colours
from headlight.models.core.tokens import Position
from headlight.models.fields.voxels import VoxelSettings
from headlight.models.points.reach import fields
from headlight.viewer.session.view import CloudSettings, Selection, View
from headlight.viewer.slices.clouds.colours import Look, Scene, plain_colours, relevance_colours
from headlight.viewer.slices.clouds.keys import meaning
from headlight.viewer.slices.clouds.relevance import on_points
from tests.viewer.bars import on_bar
from tests.viewer.cloud_windows import on_screen, pane, pixels, seen
from tests.viewer.given import method
from tests.viewer.given_cloud import room, trace_of

LOOKS = [Look(True, (20, 22, 27)), Look(False, (250, 250, 252))]
NOTHING: frozenset[int] = frozenset()


@pytest.fixture
def scene():
    cloud = room()
    found = trace_of(cloud)
    answer = found.answer(PointLabels)
    uneven = np.linspace(0, 1, len(answer.labels)).astype(np.float32)
    return Scene(cloud, replace(found, answers=(replace(answer, confidence=uneven, entropy=uneven),)))


def of_bar(read, values) -> np.ndarray:
    """int (n, 3): what the bar has at these values."""
    places = [round(255 * read.scale.position(float(value))) for value in values]
    return read.lut[places, :3].astype(int)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("by", ["height", "confidence", "entropy"])
def test_a_value_has_the_colour_that_the_bar_has_there(scene, by, look):
    read = meaning(scene, by, "soft", look, "inferno", None, NOTHING)
    up = scene.cloud.points[:, 2]
    values = up - np.percentile(up, 1) if by == "height" else getattr(scene.answer, by)
    painted = plain_colours(scene, by, "soft", look).astype(int)
    assert np.abs(painted - of_bar(read, values)).max() <= 6
    assert read.scale.clipped == pytest.approx(0.01, abs=0.02)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("reach", ["attention", "composed", "hops", "voxels"])
def test_what_a_point_reaches_has_the_colour_that_the_bar_has_there(scene, reach, look, monkeypatch):
    count = len(scene.trace.tokens)
    shares = np.geomspace(1e-6, 0.2, count).astype(np.float32)
    monkeypatch.setattr(fields, "composed", lambda *_: shares)
    monkeypatch.setattr(fields, "hop_field", lambda *_: np.arange(count) % 12 - 1)
    view = View(Selection(1, 1, (scene.trace.tokens.place(40),)), VoxelSettings(edge=0.3))
    field = on_points(scene.trace, view, method(reach), (1, 1))
    read = meaning(scene, "attention", "soft", look, "inferno", field, NOTHING)
    painted = relevance_colours(scene, field, "soft", look, "inferno").astype(int)
    nearest = scene.answer.nearest
    lit = field.seen[nearest]
    assert lit.sum() > 10
    assert np.abs(painted[lit] - of_bar(read, field.values[nearest[lit]])).max() <= 6


@pytest.mark.parametrize("look", LOOKS)
def test_each_painted_class_stage_and_error_has_its_swatch(scene, look):
    labels = np.where(np.arange(600) < 550, scene.cloud.labels, -1).astype(np.int16)
    answer = replace(scene.answer, truth=labels)
    scene = Scene(replace(scene.cloud, labels=labels), replace(scene.trace, answers=(answer,)))
    for by in ("prediction", "truth", "error", "stage"):
        read = meaning(scene, by, "soft", look, "inferno", None, frozenset({1, 2, 3}))
        painted = {tuple(rgb) for rgb in plain_colours(scene, by, "soft", look).tolist()}
        assert painted == {rgb for _, rgb in read.swatches}
        assert len({word for word, _ in read.swatches}) == len(read.swatches)
    hidden = meaning(scene, "truth", "soft", look, "inferno", None, frozenset({2}))
    assert hidden.swatches == (
        ("wall", tuple(class_colours(scene.classes, "soft")[1].tolist())),
        ("unlabelled", tuple(UNLABELLED.tolist())),
    )


def test_in_the_window_points_and_bar_have_the_same_pixels(cloud_window, settled):
    window = cloud_window
    window.session.change(CloudSettings, eye_dome=False, cutaway=False, first="height")
    settled(window)
    first = pane(window, "cloud")
    bar = first.key_of_colours.bar
    assert first.key_of_colours.currentWidget() is bar
    point = seen(first.view)
    at = on_screen(first.view, point)
    up = first.view._points[:, 2]
    near = on_bar(bar, float(up[point] - np.percentile(up, 1)))
    assert np.abs(pixels(first.view)[at.y(), at.x()].astype(int) - near).sum(1).min() < 30


def test_the_key_follows_what_is_painted_and_keeps_its_room(cloud_window, settled):
    window = cloud_window
    second = pane(window, "cloud-second")
    key = second.key_of_colours
    height = key.height()
    assert [word for word, _ in key.swatches._swatches] == ["floor", "wall", "chair"]
    picture = key.swatches.grab().toImage()
    for (_, rgb), rect in zip(key.swatches._swatches, key.swatches.swatch_rects(), strict=True):
        assert picture.pixelColor(rect.center().toPoint()) == QColor(*rgb)
    window.session.select(queries=[Position(*window.session.current.trace.tokens.positions[350].tolist())])
    settled(window)
    assert key.currentWidget() is key.bar
    assert key.bar._scale is second.painted.drawn.scale
    assert key.height() == height


def test_the_bar_of_the_grid_is_of_the_row_that_is_pointed_at(cloud_window, settled):
    window = cloud_window
    maps = pane(window, "maps")
    assert maps.bar.ends() == ("", "")
    window.session.select(queries=[window.session.current.trace.tokens.place(350)])
    settled(window)
    assert maps.bar._scale is maps._scales[3]
    assert maps.bar.said()[0].startswith("dec2.1 · ")
    maps.grid.hovered.emit((2, 5))
    settled(window)
    assert maps.bar._scale is maps._scales[2]
    level = maps.grid._maps[2][5]
    strongest = int(level.argmax())
    rows, columns = 2, 4
    cell = maps.grid.cell_rect(2, 5)
    x = cell.x() + round((strongest % columns + 0.5) * cell.width() / columns)
    y = cell.y() + round((strongest // columns + 0.5) * cell.height() / rows)
    shown = maps.grid.viewport().grab().toImage().pixelColor(x, y).getRgb()[:3]
    near = on_bar(maps.bar, int(level[strongest]) / 255 * maps.bar._scale.high)
    assert np.abs(near - shown).sum(1).min() < 40
