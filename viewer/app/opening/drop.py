"""Drops and pastes: anywhere in the window, and on panes that float outside of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QMimeData, QObject
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QWidget

from headlight.models.core.errors import HeadlightError

if TYPE_CHECKING:
    from headlight.viewer.session.runs import Runs


def can_open(mime: QMimeData) -> bool:
    return mime.hasUrls() or mime.hasImage() or bool(mime.text().strip())


def open_mime(mime: QMimeData | None, runs: Runs, open_paths: Callable[[list[str]], None]) -> None:
    """Open what was dropped or pasted: files first, else a picture, else text.

    Raises HeadlightError where there is nothing that could be opened.
    """
    if mime is None:
        raise HeadlightError("This screen has no clipboard.", "Drop a file on the window, or open one.")
    local = [url.toLocalFile() for url in mime.urls() if url.isLocalFile()]
    if local:
        open_paths(local)
    elif mime.hasImage():
        runs.open_pixels(_pixels(QImage(mime.imageData())), "Pasted picture")
    elif mime.hasUrls():
        raise HeadlightError(
            f"Headlight does not fetch {mime.urls()[0].toDisplayString()[:80]}.",
            "Save it to a file first and drop that.",
        )
    elif mime.hasText() and mime.text().strip():
        runs.open_text(mime.text())
    else:
        raise HeadlightError(
            "There is no text, picture or file here to open.", "Copy one, or drop a file on the window."
        )


def _pixels(image: QImage):
    """uint8 (height, width, 3) of its own; transparent parts on white."""
    import numpy as np
    from PySide6.QtGui import QPainter

    opaque = QImage(image.size(), QImage.Format.Format_RGB888)
    opaque.fill(0xFFFFFFFF)
    painter = QPainter(opaque)
    painter.drawImage(0, 0, image)
    painter.end()
    rows = np.frombuffer(opaque.constBits(), np.uint8).reshape(opaque.height(), opaque.bytesPerLine())
    return rows[:, : opaque.width() * 3].reshape(opaque.height(), opaque.width(), 3).copy()


class DropTarget(QObject):
    """Makes widgets take drops, children included, and says when something hovers over them."""

    def __init__(self, drop: Callable[[QMimeData], None], hover: Callable[[bool], None]) -> None:
        super().__init__()
        self._drop, self._hover = drop, hover

    def watch(self, widget: QWidget) -> None:
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        kind = event.type()
        if kind in (QEvent.Type.DragEnter, QEvent.Type.DragMove):
            if can_open(event.mimeData()):
                event.acceptProposedAction()
                self._hover(True)
                return True
        elif kind == QEvent.Type.DragLeave:
            self._hover(False)
        elif kind == QEvent.Type.Drop:
            event.acceptProposedAction()
            self._hover(False)
            self._drop(event.mimeData())
            return True
        return False
