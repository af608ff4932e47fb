"""The page of masks in a real window: a click cuts something out, another one says what is not meant."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from headlight.models.core.answers import Masks
from headlight.models.core.tokens import OUTPUT
from headlight.viewer.session.inspecting import MaskSettings
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.explain.masks import laid
from tests.models import prompted
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import traced


@pytest.fixture(scope="module")
def disk(tmp_path_factory):
    """A picture and a SAM, as a user's disk holds them."""
    root = tmp_path_factory.mktemp("disk")
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 100, 3), np.uint8)).save(root / "a.png")
    return root / "a.png", prompted.folder(root)


def test_clicks_cut_out_and_are_taken_back(make_window, settled, disk):
    path, model = disk
    window = make_window(model=str(model))
    window.runs.open_path(str(path))
    settled(window)
    document, picture, listed = window.session.current, pane(window, "cut-out"), pane(window, "masks")
    assert document.page == "masks"
    assert listed.note.isVisible()

    def click(x: float, y: float, keys=Qt.KeyboardModifier.NoModifier) -> None:
        where = picture.view.to_widget(x + 0.5, y + 0.5).toPoint()
        QTest.mouseClick(picture.view, Qt.MouseButton.LeftButton, keys, where)
        settled(window)

    click(30, 20)
    ((x, y),) = document.options.at
    assert abs(x - 30) <= 1
    assert abs(y - 20) <= 1
    found = traced(window).answer(Masks)
    assert not listed.note.isVisible()
    assert picture.result.number == found.best
    np.testing.assert_array_equal(picture.result.levels, laid(traced(window), found.best).levels)
    click(80, 40, Qt.KeyboardModifier.ShiftModifier)
    assert (len(document.options.at), len(document.options.not_at)) == (1, 1)
    other = (found.best + 1) % 3
    listed.rows.chosen.emit(other)
    settled(window)
    assert (picture.result.number, window.session.view[MaskSettings].chosen) == (other, other)
    (place,) = window.session.view[Selection].queries
    assert (
        traced(window).streams[OUTPUT].labels[int(traced(window).streams[OUTPUT].find(place)[0])]
        == (found.names[other])
    )
    click(80, 40)  # on the point, which is taken away
    assert document.options.not_at == ()
    picture.view.boxed.emit(10.2, 8.0, 69.5, 50.0, False)
    settled(window)
    assert document.options.around == (10, 8, 69, 49)
    for _ in range(5):
        window.session.undo()
        settled(window)
    assert (document.options.at, document.options.around) == ((), None)
    assert traced(window).answer(Masks) is None
    assert picture.result is None
