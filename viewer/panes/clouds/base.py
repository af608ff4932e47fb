"""What the panes of a cloud share: what they look at, and the theme in which they colour it."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtCore import QEvent, QObject
from PySide6.QtGui import QColor

from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.clouds.colours import Look, Scene
from headlight.widgets.base import theme


class CloudPane(Pane):
    """Shows the cloud and what a model said of it, and may be asked before there is an answer."""

    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return scene_of(document)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.PaletteChange and watched is self.widget:
            self.update()  # the colours of points are the theme's too
        return super().eventFilter(watched, event)


class AttentionPane(Pane):
    """Shows weights of a cloud's attention layers: wanted where there are any and they are looked at."""

    def instead(self, document: Document | None) -> str:
        """What is said where there is nothing to show."""
        if document is None:
            return ""
        if document.trace is None:
            return "" if document.state == "running" else document.failure or "No model has read this cloud."
        if document.trace.layers:  # they could not be shown, of which the window tells
            return ""
        return f"{document.trace.model.title} has no attention layers."


def scene_of(document: Document) -> Scene:
    return Scene(document.input, document.trace)


def current_look() -> Look:
    colours = theme.current()
    return Look(colours.dark, QColor(colours.background).getRgb()[:3])
