"""A picture as large as its place allows, never enlarged, or a sentence in its stead."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QImage, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QVBoxLayout

from headlight.widgets.base import theme


class PicturePreview(QFrame):
    """Shows what a file will look like."""

    def __init__(self) -> None:
        super().__init__()
        self.setProperty("role", "popup")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.image: QImage | None = None
        self._text = QLabel()
        self._text.setProperty("role", "dim")
        self._text.setWordWrap(True)
        self._text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._text.setTextFormat(Qt.TextFormat.PlainText)
        column = QVBoxLayout(self)
        edge = theme.em(1)
        column.setContentsMargins(edge, edge, edge, edge)
        column.addWidget(self._text, 1)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.em(22), theme.em(18))

    def sizeHint(self) -> QSize:
        return QSize(theme.em(34), theme.em(28))

    def say(self, text: str) -> None:
        """A sentence in place of a picture."""
        self.image = None
        self._text.setText(text)
        self._text.show()
        self.update()

    def said(self) -> str:
        return "" if self.image is not None else self._text.text()

    def show_image(self, image: QImage) -> None:
        self.image = image
        self._text.hide()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.image is None or self.image.isNull():
            return
        edge = theme.em(0.6)
        room = self.rect().adjusted(edge, edge, -edge, -edge)
        ratio = self.devicePixelRatioF()
        size = QSize(round(self.image.width() / ratio), round(self.image.height() / ratio))
        if size.width() > room.width() or size.height() > room.height():
            size.scale(room.size(), Qt.AspectRatioMode.KeepAspectRatio)
        place = QRect(room.topLeft(), size)
        place.moveCenter(room.center())
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            painter.drawImage(place, self.image)
