"""What keys do to the boxes of a cloud; each is called with the window."""

from __future__ import annotations

from headlight.viewer.app.commands.bound import Acts


def act(window: Acts, name: str) -> None:
    """Change the selected box, by the name of a change."""
    from headlight.viewer.panes.clouds.boxes import editing

    editing.act(window.session, name)


def add(window: Acts) -> None:
    """A box under the cursor of the view from above, or in its middle."""
    from headlight.viewer.panes.clouds.boxes.above import BoxesFromAbovePane

    deck = window.deck
    for pane in () if deck is None else deck.panes.values():
        if isinstance(pane, BoxesFromAbovePane):
            pane.add()
