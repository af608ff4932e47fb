"""What the user can do with the panes in sight; each is called with the window."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication

from headlight.viewer.app.commands import clouds
from headlight.viewer.app.commands.bound import Acts


def copy_shown(window: Acts) -> None:
    """The weights on the input or beside it, wherever the cursor is, a line a token, or the fields of layers,
    to the clipboard; what was copied is said, or why there is nothing to copy.
    """
    from headlight.viewer.panes.shared.on_input import OnInputPane

    document, deck, notify = window.session.current, window.deck, window.notify
    if document is None or deck is None:
        notify("info", "Nothing is open that could be copied.", "Open something first.", None, None)
        return
    name = document.kind.layout(document.page).table
    if not name:
        notify("info", "This page has no table to copy.", "", None, document)
        return
    pointed = (pane for pane in window.made(OnInputPane) if pane.widget.underMouse())
    pane = next(pointed, deck.panes[name])
    if (document.kind.is_read and document.trace is None) or not pane.is_whole():
        said = "What is shown is not all yet.", "Wait for it, or go on with it, then copy."
        notify("warning", *said, None, None)
    elif table := pane.table():
        QGuiApplication.clipboard().setText(table)
        said = f"{table.count(chr(10))} {pane.rows_copied} copied, for a spreadsheet.", ""
        notify("info", *said, None, None)
    else:
        said = "No weights are shown that could be copied.", "Select a token or a point, then copy."
        notify("info", *said, None, None)


def fit(window: Acts) -> None:
    """Pictures and clouds to the room that they have."""
    if window.deck is None:
        return
    from headlight.widgets.plane.plane_view import PlaneView

    for view in window.deck.findChildren(PlaneView):
        view.fit()
    for view in clouds.in_sight(window)[:1]:  # they share their camera
        view.fit()


def step_field(window: Acts, by: int) -> None:
    """The next layer of the table of fields, or one before."""
    from headlight.viewer.panes.fields.layers import LayersPane

    for pane in window.made(LayersPane):
        pane.step(by)


def edit_text(window: Acts) -> None:
    """Open the editor of the sentence, or leave it; beside a picture or a sound the text lies open. A page
    without either turns to the first, which has one.
    """
    from headlight.viewer.panes.attention.mixed import MixedPane
    from headlight.viewer.panes.attention.sentence import SentencePane

    def in_sight() -> list[MixedPane | SentencePane]:
        panes = [*window.made(SentencePane), *window.made(MixedPane)]
        return [pane for pane in panes if pane.widget.isVisible()]

    document = window.session.current
    if document is not None and not in_sight():
        window.session.set_page(document.pages[0])
    for pane in in_sight():  # elsewhere the keyboard would be where nobody sees it
        pane.edit()


def ask_in_words(window: Acts) -> None:
    """Put a text beside the picture, and the keyboard where it is typed."""
    window.runs.ask_in_words(lambda: edit_text(window))
