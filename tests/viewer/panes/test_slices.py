"""Slices of panes: each is computed once, however often the panes are brought up to date."""

from __future__ import annotations

import pytest

from headlight.viewer.panes.shared.base import Pane
from tests.viewer.conftest import PAGES


@pytest.mark.parametrize(("kind", "page"), PAGES)
def test_nothing_is_computed_again_where_nothing_has_changed(opened, settled, kind, page):
    window = opened(kind, page)
    begun, submit = [], window.jobs.submit
    window.jobs.submit = lambda kind, *args, **more: begun.append(kind) or submit(kind, *args, **more)
    for _ in range(2):
        for pane in window.deck.panes.values():
            if isinstance(pane, Pane):
                pane.update()
        settled(window)
    assert begun == []
