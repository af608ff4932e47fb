"""What a canvas draws with, in an OpenGL context of its own that no window knows of.

The picture is read back and painted as any other. A QOpenGLWidget would have its whole window composed by
OpenGL from then on: where a processor does that, a frame takes ten milliseconds more.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from PySide6.QtCore import QObject
from PySide6.QtGui import QImage, QOffscreenSurface, QOpenGLContext

from headlight.widgets.cloud.eye_dome import EyeDome
from headlight.widgets.cloud.gl_objects import GraphicsError, Target, largest_side, prepare
from headlight.widgets.cloud.marks import CloudMarks
from headlight.widgets.cloud.visual import CloudVisual


@dataclass(eq=False)
class Layer:
    """A picture of the first `drawn` points, with `scale` pixels for each of the screen. exact: they have
    their true size and are those that are visible now. painted: there is something to be painted over."""

    target: Target = field(default_factory=Target)
    drawn: int = 0
    scale: int = 1
    exact: bool = False
    painted: bool = False


class Resources:
    """They go with `owner`, and are there once all `steps` were taken."""

    def __init__(self, owner: QObject) -> None:
        self._context = QOpenGLContext(owner)
        self._surface = QOffscreenSurface(None, owner)

    def steps(self) -> Iterator[None]:
        """Make all of it, with a break after each part that takes a while: the driver comes with the first
        context, and shaders are compiled. RuntimeError says what OpenGL lacks, in its own words.
        """
        if not self._context.create():
            raise GraphicsError("there is none")
        yield
        self._surface.setFormat(self._context.format())
        self._surface.create()
        self.make_current()
        prepare()
        self.front, self.back, self.screen = Layer(), Layer(), Target(flat=True)
        for target in (self.front.target, self.back.target, self.screen):
            target.resize(1, 1)
        self.largest_side = largest_side()
        yield
        self.make_current()  # another canvas may have had its turn
        self.cloud = CloudVisual()
        yield
        self.make_current()
        self.dome, self.marks = EyeDome(), CloudMarks()

    def make_current(self) -> None:
        """What OpenGL is told from now on is for these."""
        if not self._context.makeCurrent(self._surface):
            raise GraphicsError("it takes no picture out of sight")

    def picture(self, ratio: float) -> QImage:
        """What is on `screen`; ratio: its pixels to one of Qt's."""
        width, height = self.screen.size
        # (Of a bytes object a QImage keeps a reference, and no copy.)
        image = QImage(self.screen.read(), width, height, 4 * width, QImage.Format.Format_RGB32)
        image.setDevicePixelRatio(ratio)
        return image
