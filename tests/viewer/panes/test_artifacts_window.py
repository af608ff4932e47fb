"""The page of artifacts in a window: norms, outliers, their share, and maps with them and without."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from headlight.models.explain.artifacts import token_norms
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.view import Selection
from headlight.viewer.slices.explain.artifacts import inspected
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import traced
from tests.widgets.pointer import click


def test_a_text_shows_norms_outliers_and_maps_without_them(text_window, settled):
    window = text_window
    window.session.set_page("artifacts")
    settled(window)
    trace, norms = traced(window), pane(window, "norms")
    wanted = token_norms(trace)
    np.testing.assert_allclose(norms.found.norms, wanted, rtol=1e-5)
    assert unexplained(window) == set()

    window.session.change(ArtifactSettings, factor=1.2)
    settled(window)
    found, listed = inspected(trace, 1.2), pane(window, "outliers")
    which = found.listed()
    assert len(which) > 1
    assert listed.rows.rowCount() == len(which)
    assert pane(window, "norms-on-input").shown.strip._values == pytest.approx(wanted[-1])
    shares = pane(window, "shares")
    np.testing.assert_allclose(shares.found.share, found.share, rtol=1e-5)

    click(norms.view, norms.view.cell_rect(3, 2).center())
    settled(window)
    assert window.session.view[ArtifactSettings].behind == 2
    assert pane(window, "norms-on-input").shown.strip._values == pytest.approx(wanted[2])

    click(shares.grid, shares.grid.cell_rect(3, 1).center())
    settled(window)
    assert (window.session.view[Selection].layer, window.session.view[Selection].head) == (3, 1)
    both = pane(window, "without").found
    assert both.whole.at == (3, 1)
    assert not both.without.values[found.marked].any()
    assert pane(window, "without").note.text().startswith("The marked tokens hold ")
    rect = listed.rows.visualItemRect(listed.rows.item(0, 0))
    click(listed.rows.viewport(), QPoint(rect.center()))
    assert trace.tokens.find_all(window.session.view[Selection].queries).tolist() == [int(which[0])]
