"""A detector's queries in a real window: a click on what one found shows where it looks, and its box."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from headlight.viewer.session.view import Selection
from tests.models import picture_texts
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import traced


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A picture and a detector, as a user's disk holds them."""
    root = tmp_path_factory.mktemp("disk")
    path = root / "noise.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)).save(path)
    return path, picture_texts.detector(root)


def test_a_query_shows_where_it_looks(make_window, settled, disk):
    path, model = disk
    window = make_window(model=str(model))
    window.runs.open_path(str(path))
    settled(window)
    trace, picture = traced(window), pane(window, "picture")
    cross = next(at for at, layer in enumerate(trace.layers) if layer.stack == "cross")
    window.session.select(layer=cross, head=1)
    settled(window)
    assert len(picture.chips.chips()) == 6
    picture.chips.clicked.emit(2, False)
    settled(window)
    (place,) = window.session.view[Selection].queries
    queries = trace.layers[cross].queries
    asked = queries.find(place)  # of random weights several lie in one place
    assert picture.result.asked.tolist() == asked.tolist()
    np.testing.assert_array_equal(picture.result.values, trace.layers[cross].row(1, asked)[1])
    assert picture.result.tokens.grid == (8, 13)
    decoder = next(at for at, layer in enumerate(trace.layers) if layer.stack == "decoder")
    window.session.select(layer=decoder, head=0)
    settled(window)
    assert picture.result.laid is not None
