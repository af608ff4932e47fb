"""Ctrl+C: the shown numbers to the clipboard, or why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtGui import QGuiApplication

from headlight.viewer.session.document import Document
from headlight.viewer.session.runs import Notify

if TYPE_CHECKING:
    from headlight.viewer.app.deck import Deck


def copy_shown(document: Document | None, deck: Deck | None, notify: Notify) -> None:
    """The weights on the input, a line a token, or the fields of layers; what was copied is said."""
    if document is None or deck is None:
        notify("info", "Nothing is open that could be copied.", "Open something first.", None, None)
        return
    name = document.kind.layout(document.page).table
    if not name:
        notify("info", "This page has no table to copy.", "", None, document)
        return
    pane = deck.panes[name]
    if document.trace is None or not pane.is_whole():
        said = "What is shown is not all yet.", "Wait for it, or go on with it, then copy."
        notify("warning", *said, None, None)
    elif table := pane.table():
        QGuiApplication.clipboard().setText(table)
        said = f"{table.count(chr(10))} {pane.rows_copied} copied.", "Paste them into a spreadsheet."
        notify("info", *said, None, None)
    else:
        said = "No weights are shown that could be copied.", "Select a token or a point, then copy."
        notify("info", *said, None, None)
