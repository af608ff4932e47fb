"""The chosen head over a folder of pictures: the patches at which a measure of it is highest."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QColor, QIcon, QImage, QPainter, QPen, QPixmap
from PySide6.QtWidgets import QListWidgetItem, QPushButton, QWidget

from headlight.models.attention.patterns import Measure
from headlight.viewer.host.corpus import Pictures
from headlight.viewer.panes.heads.base import open_patch
from headlight.viewer.panes.heads.corpus import ManyPane
from headlight.viewer.session.view import HeadSettings
from headlight.viewer.slices.heads import figure
from headlight.viewer.slices.many.pictures import THUMB, Patch, patches_of_head, read_pictures
from headlight.widgets.base import theme


class PicturesPane(ManyPane):
    none = "Open a folder of pictures: all of them run through this model, at the short side of this one."
    opens = "A double click opens a picture at its patch."
    by, alone_said = "Patches by", "Clear: this picture alone"
    found_of = staticmethod(patches_of_head)

    def buttons(self) -> list[QPushButton]:
        folder = QPushButton("Open a folder of pictures…")
        folder.clicked.connect(self._choose_folder)
        return [folder]

    def build(self) -> QWidget:
        widget = super().build()
        self.list.setIconSize(QSize(theme.em(4.5), theme.em(4.5)))
        return widget

    def item(self, one: Measure, found: Patch) -> QListWidgetItem:
        many = self.session.view[HeadSettings].corpus
        name = Path(many.paths[found.number]).name if isinstance(many, Pictures) else ""
        return QListWidgetItem(_marked(found), f"{figure(one, found.value)}   {name}")

    def opened(self, many: Pictures, found: Patch) -> None:
        open_patch(self, many.paths[found.number], found.box)

    def _choose_folder(self) -> None:
        self.open(self.dialogs.directory("pictures", "Open a folder of pictures"))

    def open(self, path: str) -> None:
        """Look at the pictures of a folder, if one was chosen."""
        if path and self.session.current is not None:
            self.read("find pictures", partial(read_pictures, path, self.session.current.options.size))


def _marked(found: Patch) -> QIcon:
    """The thumbnail, with a frame around the patch."""
    height, width = found.thumbnail.shape[:2]
    data = found.thumbnail.tobytes()
    image = QImage(data, width, height, 3 * width, QImage.Format.Format_RGB888)
    square = QPixmap(THUMB, THUMB)
    square.fill(QColor(0, 0, 0, 0))
    with QPainter(square) as painter:
        left, top = (THUMB - width) // 2, (THUMB - height) // 2
        painter.drawImage(left, top, image)
        if found.marked is not None:
            box = found.marked
            frame = QRectF(box.x0, box.y0, box.x1 - box.x0, box.y1 - box.y0).translated(left, top)
            for colour, wide in ((QColor("#101216"), 4), (QColor(theme.current().amber), 2)):
                painter.setPen(QPen(colour, wide))
                painter.drawRect(frame.adjusted(-1, -1, 1, 1))
    return QIcon(square)
