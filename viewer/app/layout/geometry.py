"""Where the window stands: as it was left, if the screens that are there now still show that place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QMargins, QRect, QSettings, QSize, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMainWindow

SIZE = QSize(1440, 900)
"""What the window takes unless there is less."""
LEAST = QSize(640, 420)
"""What it can be made smaller to; what does not fit then scrolls."""
FRAME = QMargins(4, 40, 4, 4)
"""What a window manager may add around a window, until one has."""
KEYS = {Qt.WindowState.WindowMaximized: "maximised", Qt.WindowState.WindowFullScreen: "full-screen"}


def restore(window: QMainWindow, settings: QSettings) -> None:
    """Give the window its first size and place, before it is shown."""
    # Given outright, the least size is not taken from what the window holds: nothing opened makes it grow.
    screens = [screen.availableGeometry() for screen in _screens()]
    frame = settings.value("window/frame")
    frame = QMargins(*(int(edge) for edge in frame)) if _is_frame(frame) else FRAME
    kept = settings.value("window/place")
    placed = isinstance(kept, QRect) and kept.isValid()
    place = fit(kept if placed else QRect(screens[0].topLeft(), SIZE), screens, frame)
    window.setMinimumSize(LEAST.boundedTo(place.size()))
    if placed:
        window.setGeometry(place)
    else:
        window.resize(place.size())  # where is the window manager's choice
    for state, key in KEYS.items():
        if settings.value(f"window/{key}", False, bool):
            window.setWindowState(window.windowState() | state)


def keep(window: QMainWindow, settings: QSettings) -> None:
    """Remember size, place and state, before the window goes."""
    for state, key in KEYS.items():
        settings.setValue(f"window/{key}", bool(window.windowState() & state))
    settings.setValue("window/place", window.normalGeometry())
    if not window.isFullScreen():
        inner, outer = window.geometry(), window.frameGeometry()
        edges = (
            *(inner.left() - outer.left(), inner.top() - outer.top()),
            *(outer.right() - inner.right(), outer.bottom() - inner.bottom()),
        )
        if any(edges):  # after full screen, it may not be known again yet
            settings.setValue("window/frame", [str(edge) for edge in edges])


def fit(place: QRect, screens: Sequence[QRect], frame: QMargins) -> QRect:
    """A window's place, moved and made smaller as little as it takes to lie on one screen with its frame: the
    screen that shows most of it, or the first where none does.
    """

    def shown(screen: QRect) -> int:
        common = screen.intersected(place)
        return max(common.width(), 0) * max(common.height(), 0)

    room = max(screens, key=shown).marginsRemoved(frame)
    size = place.size().boundedTo(room.size())
    x = min(max(place.x(), room.x()), room.x() + room.width() - size.width())
    y = min(max(place.y(), room.y()), room.y() + room.height() - size.height())
    return QRect(x, y, size.width(), size.height())


def _screens() -> list:
    first = QGuiApplication.primaryScreen()
    return [first, *(screen for screen in QGuiApplication.screens() if screen is not first)]


def _is_frame(kept: object) -> bool:
    return (
        isinstance(kept, list)
        and len(kept) == 4
        and all(str(e).isdecimal() and len(str(e)) < 4 for e in kept)
    )
