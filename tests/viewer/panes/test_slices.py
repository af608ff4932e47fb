"""Slices of panes: each is computed once, however often the panes are brought up to date."""

from __future__ import annotations

from headlight.viewer.panes.shared.base import Pane


def test_nothing_is_computed_again_where_nothing_has_changed(every_page, settled, monkeypatch):
    for page, window in every_page:
        begun, submit = [], window.jobs.submit
        with monkeypatch.context() as changed:
            changed.setattr(
                window.jobs,
                "submit",
                lambda kind, *args, begun=begun, submit=submit, **more: (
                    begun.append(kind) or submit(kind, *args, **more)
                ),
            )
            for _ in range(2):
                for pane in window.deck.panes.values():
                    if isinstance(pane, Pane):
                        pane.update()
                settled(window)
        assert begun == [], page
