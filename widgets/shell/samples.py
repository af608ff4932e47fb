"""The samples of the welcome page: what there is, and a card for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageReader, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QVBoxLayout, QWidget

from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel

_SENTENCES = (
    ("Four words", "LSC is the best!"),
    ("What “it” is", "The kettle did not fit on the shelf because it was too wide."),
    ("Two meanings", "The bank by the river flooded before the bank in town could open."),
    ("Said aloud", "attention", "phonemes"),
    ("Seen before", "Mrs Abernathy lit the lamp. Then Mrs", "induction"),
)
_TOGETHER = (
    "Three serves",
    (
        "Her serve won the tennis match.",
        "A fast serve is hard to return in tennis.",
        "They serve the salad with bread.",
    ),
    "compare",
)
STACK = (
    "Convolutions",
    "Set kernel, stride, padding and dilation of each layer, and watch what one unit can see.",
)


class Together(NamedTuple):
    """Texts that are opened at once, on a page."""

    texts: tuple[str, ...]
    page: str

    def __str__(self) -> str:
        """The first of them stands for all."""
        return f"{self.texts[0]} … and {len(self.texts) - 1} more"


@dataclass(frozen=True, slots=True)
class Sample:
    """What a card offers: `value` is a Path to open, or a text or several to run. picture: what a file is
    shown by. model: what reads it, "" for what reads all such.
    """

    title: str
    value: Path | str | Together
    picture: Path | None = None
    model: str = ""


def bundled_samples(folder: Path | None = None) -> list[Sample]:
    """The pictures in assets/samples, the point clouds in its folders, and sentences."""
    folder = folder or theme.ASSETS / "samples"
    pictures = [Sample(_title(path), path, path) for path in sorted(folder.glob("*.jpg"))]
    homes = ("rooms", "streets", "objects")
    scans = [path for home in homes for path in sorted((folder / home).glob("*.ply"))]
    shown = [(path, path.with_suffix(".png")) for path in scans]
    clouds = [Sample(_title(path), path, picture) for path, picture in shown if picture.is_file()]
    title, texts, page = _TOGETHER
    sentences = (Sample(title, text, None, *model) for title, text, *model in _SENTENCES)
    return [*pictures, *clouds, Sample(title, Together(texts, page)), *sentences]


def _title(path: Path) -> str:
    """Living room 2, for living-room-2.ply."""
    return path.stem.replace("-", " ").replace("_", " ").capitalize()


class Card(QFrame):
    """A sample: its picture and title, or its title and sentence."""

    clicked = Signal(object, str)

    def __init__(self, sample: Sample, tall: float) -> None:
        """tall: of a picture, in em."""
        super().__init__()
        self._says = sample.value, sample.model
        self.setProperty("role", "card")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName(f"Sample: {sample.title}")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        column = QVBoxLayout(self)
        edge = theme.em(0.7)
        column.setSpacing(theme.em(0.3))
        title = ElidedLabel(sample.title)
        title.setProperty("role", "title")
        if isinstance(sample.value, Path):
            column.setContentsMargins(1, 1, 1, edge)
            column.addWidget(_Thumbnail(sample.picture or sample.value, tall))
            row = QHBoxLayout()
            row.setContentsMargins(edge, theme.em(0.3), edge, 0)
            row.addWidget(title)
            column.addLayout(row)
        else:
            column.setContentsMargins(edge, edge, edge, edge)
            text = QLabel(str(sample.value))
            text.setProperty("role", "dim")
            text.setWordWrap(True)
            text.setAlignment(Qt.AlignmentFlag.AlignTop)
            column.addWidget(title)
            column.addWidget(text, 1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.rect().contains(event.position().toPoint()):
            self.clicked.emit(*self._says)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.clicked.emit(*self._says)
        else:
            super().keyPressEvent(event)


@lru_cache(16)
def _read(path: Path, width: int, height: int) -> QImage:
    """The picture of a file, just large enough to fill so many pixels."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    wanted = QSize(width, height)
    reader.setScaledSize(reader.size().scaled(wanted, Qt.AspectRatioMode.KeepAspectRatioByExpanding))
    return reader.read()


class _Thumbnail(QWidget):
    """A picture that fills its place, read at the size in which it is shown, when it is first shown."""

    def __init__(self, path: Path, tall: float) -> None:
        super().__init__()
        self._path, self._tall = path, tall
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def sizeHint(self) -> QSize:
        return QSize(theme.em(12), theme.em(self._tall))

    def paintEvent(self, _event: QPaintEvent) -> None:
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            shape = QPainterPath()
            radius = theme.em(0.5)
            # Round above, straight below: the card goes on under the picture.
            shape.addRoundedRect(QRectF(0, 0, self.width(), self.height() + radius), radius, radius)
            painter.setClipPath(shape)
            image = _read(self._path, *(self.size() * self.devicePixelRatioF()).toTuple())
            if not image.isNull():
                painter.drawImage(QRectF(self.rect()), image, self._middle(image))

    def _middle(self, image: QImage) -> QRectF:
        """The part of the image that fills the widget without squashing; rather the top than the bottom."""
        scale = max(self.width() / image.width(), self.height() / image.height())
        width, height = self.width() / scale, self.height() / scale
        return QRectF((image.width() - width) / 2, (image.height() - height) / 4, width, height)
