"""Real windows on the page of receptive fields: linked panes, two networks, what follows the cursor."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from transformers import AutoModel, ResNetConfig, SwinConfig, ViTConfig
from transformers.utils import logging

from headlight.models.core.colours import lut
from headlight.models.core.tokens import Box
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import FieldSettings, Selection
from headlight.viewer.slices.fields import maps as field_maps
from tests.viewer.linked import traced
from tests.widgets.pointer import move

PICTURE = str(Path(__file__).parents[3] / "assets" / "samples" / "coffee.jpg")
WAIT = 60_000
NETWORKS = {
    "resnet": ResNetConfig(
        embedding_size=8, hidden_sizes=[8, 16], depths=[2, 2], layer_type="basic", num_channels=3
    ),
    "swin": SwinConfig(
        image_size=224,
        patch_size=8,
        embed_dim=16,
        depths=[2, 2],
        num_heads=[2, 4],
        window_size=7,
    ),
    "vit": ViTConfig(
        hidden_size=32,
        num_hidden_layers=3,
        num_attention_heads=4,
        intermediate_size=32,
        image_size=224,
        patch_size=32,
    ),
}


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Saves a tiny network of the kind asked for, once."""
    root, made = tmp_path_factory.mktemp("networks"), {}

    def make(kind: str) -> str:
        if kind not in made:
            torch.manual_seed(0)
            logging.disable_progress_bar()  # its thread would outlive the test
            made[kind] = root / kind
            AutoModel.from_config(NETWORKS[kind]).save_pretrained(made[kind])
        return str(made[kind])

    return make


@pytest.fixture
def opened(make_window, settled, folder):
    """A function that opens the picture with a tiny network, on the page of fields."""

    def make(kind: str, page: str | None = "fields"):
        window = make_window(size=224, model=folder(kind))
        window.session.opening_page = page
        # Few networks are walked fast.
        window.session.current_changed.connect(
            lambda: window.session.change(FieldSettings, networks=("alexnet",))
        )
        window.runs.open_path(PICTURE)
        settled(window)
        return window

    return make


def pane(window, name):
    return window.deck.panes[name]


def point(view, x: float, y: float) -> QPoint:
    return view.to_widget(x, y).toPoint()


def box_drawn(view, hovered: bool):
    """x0, y0, x1, y1 of the box that the picture shows, None without one."""
    held = view._marks._fields.get(hovered)
    return None if held is None else held[0].getCoords()


def test_a_convolutional_network_opens_on_its_fields_and_has_no_page_of_attention(opened):
    window = opened("resnet", page=None)
    session = window.session
    assert session.current.page == "fields"
    assert "attention" not in list(window.session.current.pages)
    assert not window.deck.docks["distance"].isVisible()
    assert not window.deck.docks["field-second"].isVisible()
    assert window.deck.docks["layers"].isVisible()
    first = pane(window, "field")
    field = first.seen.field("")
    # 7×7 stride 2, pooling 3×3 stride 2, then two stages of 2 × 2 convolutions 3×3, of which the second
    # begins with a stride of 2.
    assert field.size == (11 + 4 * 8 + 8 + 3 * 16,) * 2
    unit = first.heat.unit
    assert unit == tuple(count // 2 for count in field.shape)
    np.testing.assert_allclose(box_drawn(first.view, False), first.seen.frame.box(field.box(unit)))
    assert first.heat.inside == pytest.approx(1)
    assert 0 < first.heat.widths[0] < first.heat.widths[1] <= max(field.size)
    said = pane(window, "numbers").widget.figures("field")
    assert said["Theoretical size"] == f"{field.size[1]} × {field.size[0]} px"
    window.actions_.run("page-attention")
    assert session.current.page == "fields"
    window.actions_.run("copy-numbers")
    assert window.messages.texts()[-1].startswith(f"{len(pane(window, 'layers').fields)} layers copied, ")


def test_the_box_follows_the_cursor_at_once_and_the_heat_when_it_rests(opened, qtbot, settled):
    window = opened("resnet")
    first = pane(window, "field")
    field, before = first.seen.field(""), first.heat
    asked = window.jobs.running()
    move(first.view, point(first.view, 150, 120))
    place = window.session.hover.query
    unit = field_maps.unit_at(first.seen, field, place)
    assert unit != before.unit
    np.testing.assert_allclose(box_drawn(first.view, True), first.seen.frame.box(field.box(unit)))
    assert window.jobs.running() == asked  # nothing is computed for it
    assert first.heat is before
    qtbot.waitUntil(lambda: first.heat is not None and first.heat.unit == unit, timeout=WAIT)
    window.session.set_hover(Hover())
    settled(window)
    assert box_drawn(first.view, True) is None
    assert first.heat.unit == before.unit


def test_a_click_chooses_the_unit_and_a_row_the_layer(opened, settled):
    window = opened("resnet")
    first, layers = pane(window, "field"), pane(window, "layers")
    QTest.mouseClick(first.view, Qt.MouseButton.LeftButton, pos=point(first.view, 300, 200))
    layers.list.selected.emit(0)
    settled(window)
    field = layers.fields[0]
    assert window.session.view[FieldSettings].layer == field.name
    place = window.session.view[Selection].queries[0]
    assert first.heat.unit == field_maps.unit_at(first.seen, field, place)
    y, x = field.centre(first.heat.unit)
    left, top, right, bottom = first.seen.frame.box(((y - 2, y + 2), (x - 2, x + 2)))
    assert left <= place.x0 <= right
    assert top <= place.y0 <= bottom
    window.session.undo()
    assert window.session.view[FieldSettings].layer == ""


def test_the_mean_over_inputs_streams_and_can_be_cancelled(opened, qtbot, settled):
    window = opened("resnet")
    first = pane(window, "field")
    seen = []
    drawn = first._draw_heat
    first._draw_heat = lambda heat: (seen.append(heat and heat.inputs), drawn(heat))
    window.session.change(FieldSettings, inputs=128, source="noise")
    qtbot.waitUntil(lambda: any(count and 1 <= count < 128 for count in seen), timeout=WAIT)
    assert any("of 128" in job.sentence for job in window.jobs.running("run"))
    window.cancel()
    settled(window)
    assert first.heat.inputs < 128


def test_two_networks_look_at_one_picture_with_a_linked_cursor(opened, settled):
    window = opened("vit")
    window.session.change(FieldSettings, compare="alexnet")
    settled(window)
    first, second = pane(window, "field"), pane(window, "field-second")
    assert window.deck.docks["field-second"].isVisible()
    assert "untrained" in window.deck.docks["field-second"].subtitle()
    assert second.seen.field("").size == (195, 195)
    assert abs(first.widget.width() - second.widget.width()) < 40
    move(first.view, point(first.view, 200, 150))
    field = second.seen.field("")
    unit = field_maps.unit_at(second.seen, field, window.session.hover.query)
    np.testing.assert_allclose(box_drawn(second.view, True), second.seen.frame.box(field.box(unit)))
    window.session.change(FieldSettings, compare=None)
    settled(window)
    assert not window.deck.docks["field-second"].isVisible()


def test_a_dot_of_the_attention_distances_selects_the_head_and_shows_its_row(opened, settled):
    window = opened("vit")
    distance, first = pane(window, "distance"), pane(window, "field")
    assert distance.distances.shape == (3, 4)
    at = distance.plot.dot((1, 2)).toPoint()
    QTest.mouseClick(distance.plot, Qt.MouseButton.LeftButton, pos=at)
    settled(window)
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (1, 2)
    trace = traced(window)
    expected = trace.layers[1].row(2, first.row.asked)[1]
    np.testing.assert_array_equal(first.row.values, expected)
    assert first.row_bar.isVisible()
    assert first.row_bar._scale is first.row.scale
    assert first.heat_bar._scale is first.heat.scale
    assert first.heat_bar._lut is lut("viridis")
    window.session.change(FieldSettings, row=False, heat=False)
    settled(window)
    assert not first.row_bar.isVisible()
    assert first.heat_bar._scale is None
    with_self = distance.distances.copy()
    window.session.change(FieldSettings, include_self=False)
    settled(window)
    assert (distance.distances > with_self).all()


def test_windows_their_shift_and_the_row_inside_one(opened, settled):
    window = opened("swin")
    first = pane(window, "field")
    trace = traced(window)
    region = trace.tokens.region
    window.session.change(FieldSettings, row=True)
    for layer in (0, 1):
        window.session.select(layer=layer, head=1, queries=(Box(200, 150, 200, 150),))
        settled(window)
        attention = trace.layers[layer]
        lines = np.concatenate(list(first.view._marks._lines.values()))
        upright = {round(x0) for x0, _, x1, _ in lines if x0 == x1}
        width = (region.x1 - region.x0) / attention.queries.grid[1]
        assert {round(region.x0 + column * width) for column in attention.borders()[0][1]} == upright
        inside = attention.members(attention.group_of(int(first.row.asked[0])))
        assert set(np.flatnonzero(first.row.values)) <= set(inside)
    assert trace.layers[1].shift == 3
    # The box of a block of windows is the window itself, in pixels that the network saw.
    block = next(f for f in first.seen.fields if f.level == "block")
    unit = field_maps.unit_at(first.seen, block, Box(200, 150, 200, 150))
    rows, columns = block.box(unit)
    assert (rows[1] - rows[0], columns[1] - columns[0]) == (56, 56)


def test_growth_has_the_own_network_first_and_a_click_on_it_chooses_the_layer(opened, settled):
    window = opened("resnet")
    growth = pane(window, "growth")
    assert [curve.network for curve in growth.curves][1:] == ["alexnet"]
    assert growth.curves[1].sizes[-1] == 195
    name = growth.curves[0].names[2]
    growth.plot.clicked.emit(0, 2)
    assert window.session.view[FieldSettings].layer == name
    growth._show("vgg16", True)
    settled(window)
    assert growth.curves[2].sizes[-1] == 212


def test_keys_on_every_page_have_one_meaning_and_walk_the_layers(opened, qtbot, settled):
    window = opened("vit")
    for page in ("attention", "fields"):
        window.session.set_page(page)
        window.actions_.refresh()
        enabled = [command for command in window.actions_.commands.values() if command.enabled()]
        keys = [key for command in enabled for key in command.keys]
        assert len(keys) == len(set(keys)), page
    settled(window)
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow)
    layers = pane(window, "layers")
    QTest.keyClick(window, Qt.Key.Key_Comma)
    assert window.session.view[FieldSettings].layer == layers.fields[-2].name
    assert window.session.view[Selection].layer == 1
    QTest.keyClick(window, Qt.Key.Key_B)
    assert not window.session.view[FieldSettings].box
    assert box_drawn(pane(window, "field").view, False) is None
    settled(window)
    QTest.keyClick(window, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert window.session.current.page == "attention"
    assert window.deck.docks["picture"].isVisible()
    assert not window.deck.docks["field"].isVisible()
    settled(window)
