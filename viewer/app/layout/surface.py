"""Makes a window's native surface fit for clouds before anybody sees it."""

from __future__ import annotations

from PySide6.QtGui import QGuiApplication, QSurface
from PySide6.QtWidgets import QWidget


def prepare(window: QWidget) -> None:
    """Ask for a surface that OpenGL can draw on, before the window is first shown.

    Else Qt makes the native window anew when the first view of a cloud comes: it goes and comes back. An
    OpenGLSurface takes plain painting as before until then, as fast as a raster one (a hidden QOpenGLWidget
    from the start would do too, but then everything would be painted through OpenGL: thirty times slower
    where a processor does it). On X11, where that is known to hold; elsewhere Qt does as it did.
    """
    if QGuiApplication.platformName() != "xcb":
        return
    window.winId()  # makes the handle, and a native window that nobody has seen
    handle = window.windowHandle()
    handle.destroy()
    handle.setSurfaceType(QSurface.SurfaceType.OpenGLSurface)
    handle.create()
