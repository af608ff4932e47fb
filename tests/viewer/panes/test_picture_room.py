"""In the default layout wide and tall pictures use the room that there is, in every pane that shows them."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QRectF

from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.session.session import RunOptions
from headlight.widgets.base import theme
from tests.viewer.cloud_windows import answered
from tests.viewer.given import patch_tokens, trace_of

LAYERS, HEADS = 12, 6


@pytest.fixture
def shown(make_window, settled):
    """A function: a window of a size with a picture of so many patches, read by a model like those of use."""

    def show(size: tuple[int, int], rows: int, columns: int):
        window = make_window(run=False)
        window.resize(*size)
        picture = ImageInput("Picture", np.zeros((10 * rows, 10 * columns, 3), np.uint8))
        document = window.session.add(picture, RunOptions())
        answered(window, document, trace_of(patch_tokens(rows, columns), layers=LAYERS, heads=HEADS))
        settled(window)
        return window

    return show


@pytest.mark.parametrize("size", [(1366, 768), (1440, 900), (1900, 1040)])
def test_a_wide_pictures_heads_leave_little_room_below(shown, size):
    window = shown(size, 5, 16)
    grid = window.deck.panes["heads"].grid
    below = grid.viewport().height() - grid.cell_rect(LAYERS - 1, HEADS - 1).bottom()
    assert 0 < below < 0.12 * window.deck.height()
    assert not grid.verticalScrollBar().maximum()


@pytest.mark.parametrize(("rows", "columns"), [(5, 16), (8, 10), (16, 5)])
def test_the_rolled_out_picture_has_room_and_its_controls_need_no_scrolling(shown, rows, columns):
    window = shown((1366, 768), rows, columns)
    rollout = window.deck.panes["relevance"]
    view = rollout.picture
    corners = view.to_widget(0, 0), view.to_widget(10 * columns, 10 * rows)
    picture = QRectF(*corners)
    fills = picture.width() / view.width(), picture.height() / view.height()
    assert max(fills) > 0.75
    assert view.height() >= theme.em(9)
    dock = window.deck.docks["relevance"]
    assert dock.needed_size().height() <= dock.height()


def test_walking_layers_moves_no_pane(shown, settled):
    window = shown((1366, 768), 5, 16)
    before = {name: dock.geometry() for name, dock in window.deck.docks.items()}
    for layer in range(LAYERS):
        window.session.select(layer=layer)
        settled(window)
        assert {name: dock.geometry() for name, dock in window.deck.docks.items()} == before
