"""Real windows: the field of a stack of 3D convolutions over the cloud, reached as hops and gradient are."""

from __future__ import annotations

import re

import numpy as np
import pytest

from headlight.models.core.answers import PointLabels
from headlight.models.core.stack import ConvLayer, ConvStack
from headlight.models.fields.voxels import VoxelSettings
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import FieldSettings, MapSettings, Selection, View
from headlight.viewer.slices.clouds.relevance import on_points
from tests.viewer.cloud_windows import answered
from tests.viewer.given import method
from tests.viewer.given_cloud import room, trace_of

WAIT = 60_000
CUBE = 350  # a token within the cube of the room


@pytest.fixture
def opened(make_window, qtbot):
    """Gives (a window with a room that a model has read, a function that waits until all is drawn)."""

    def open_(stack_before: bool = False, **options):
        window = make_window(run=False)
        if stack_before:
            window.runs.open_stack()
            qtbot.waitUntil(window.is_idle, timeout=WAIT)
        document = window.session.add(room(900), RunOptions())
        trace = trace_of(document.input, **options)
        answered(window, document, trace)

        def settle() -> None:
            qtbot.wait(20)
            qtbot.waitUntil(window.is_idle, timeout=WAIT)

        settle()
        return window, settle

    return open_


def test_the_voxel_field_is_a_reach_like_the_others(opened):
    window, settle = opened()
    session, second = window.session, window.deck.panes["cloud-second"]
    trace, classes = session.current.trace, window.deck.panes["classes"]
    session.select(queries=[trace.tokens.place(CUBE)])
    assert classes.forms.forms[VoxelSettings].isHidden()
    window.actions_.run("show-voxels")
    settle()
    dock, where = window.deck.docks["cloud-second"], trace.tokens.positions
    assert dock.title() == "Voxel field"
    assert not classes.forms.forms[VoxelSettings].isHidden()
    # Three plain layers: 7 voxels, three to each side of the point's own, from the cloud's low corner on.
    low = np.floor((where[CUBE] - where.min(0)) / 0.05) - 3
    box = second.view._overlay.marks.box
    np.testing.assert_allclose(box, np.stack([low, low + 7]) * 0.05 + where.min(0), atol=1e-6)
    inside = ((where >= box[0]) & (where < box[1])).all(1)
    assert 3 < inside.sum() < 60
    np.testing.assert_array_equal(second.painted.drawn.seen, inside)
    assert "7³ voxels, 0.35 m" in dock.subtitle()
    assert second.painted.drawn.values[CUBE] == pytest.approx((7 / 27) ** 3)
    assert "voxel field\t0.017" in second._tip(int(trace.answer(PointLabels).sample[CUBE]))

    classes.forms.forms[VoxelSettings].controls["voxel"].changed.emit("CenterPoint")
    session.change(ConvStack, layers=(ConvLayer(5, padding=2),))
    settle()
    assert "5 × 5 × 5" not in dock.subtitle()
    assert "5³ voxels, 0.5 × 0.5 × 1 m" in dock.subtitle()
    classes.forms.forms[VoxelSettings].controls["voxel"].changed.emit("PointPillars")
    settle()
    assert "5 × 5 × 1 voxels, 0.8 × 0.8 m of any height" in dock.subtitle()
    assert np.isfinite(second.view._overlay.marks.box).all()
    session.change(ConvStack, layers=(ConvLayer(5, padding=2), ConvLayer(3, stride=2)))
    session.change(FieldSettings, layer="layer 1")  # the units of a layer before the last
    settle()
    assert "5 × 5 × 1 voxels" in dock.subtitle()
    for _ in range(5):
        window.actions_.run("undo")
    settle()
    np.testing.assert_allclose(second.view._overlay.marks.box, box)
    window.actions_.run("show-hops")
    settle()
    assert dock.title() == "Hops"
    assert second.view._overlay.marks.box is None


def test_sparse_units_light_only_what_reaches_them(opened):
    window, settle = opened()
    session, second = window.session, window.deck.panes["cloud-second"]
    session.select(queries=[session.current.trace.tokens.place(CUBE)])
    session.change(VoxelSettings, sparse=True, also=(MapSettings(method="voxels"),))
    settle()
    field = second.painted.drawn
    np.testing.assert_array_equal(field.seen, field.values > 0)
    reaching, occupied = re.search(r"(\d+) of (\d+) with points hold", field.said).groups()
    assert 0 < int(reaching) < int(occupied)
    assert field.said in window.deck.docks["cloud-second"].subtitle()


def test_a_model_without_attention_has_a_voxel_field_too(opened):
    window, settle = opened(layers=())
    session = window.session
    session.select(queries=[session.current.trace.tokens.place(CUBE)])
    settle()
    assert window.deck.docks["cloud-second"].title() == "Ground truth"
    assert not window.actions_.actions["show-hops"].isEnabled()
    assert window.actions_.actions["show-voxels"].isEnabled()
    window.actions_.run("show-voxels")
    settle()
    assert window.deck.docks["cloud-second"].title() == "Voxel field"
    assert window.deck.panes["cloud-second"].view._overlay.marks.box is not None


def test_a_lasso_has_the_mean_of_its_points_and_no_box():
    cloud = room(900)
    trace = trace_of(cloud)
    places = tuple(trace.tokens.place(token) for token in (CUBE, 10))
    field = on_points(trace, View(Selection(queries=places)), method("voxels"), (0, 0))
    assert field.box is None
    assert field.values[[CUBE, 10]] == pytest.approx((7 / 27) ** 3 / 2)


@pytest.mark.parametrize("stack_before", [False, True])
def test_the_editor_leaves_the_cloud_its_room(opened, stack_before):
    window, settle = opened(stack_before)
    names = ("cloud", "cloud-second", "neighbourhood", "maps", "classes")

    def heights() -> list[int]:
        return [window.deck.docks[name].height() for name in names]

    before = heights()
    window.session.select(queries=[window.session.current.trace.tokens.place(CUBE)])
    window.actions_.run("show-voxels")
    settle()
    assert window.deck.docks["stack"].isVisible()
    assert heights() != before
    window.actions_.run("undo")
    settle()
    assert not window.deck.docks["stack"].isVisible()
    assert heights() == before
    window.reset_layout()
    settle()
    assert heights() == before
