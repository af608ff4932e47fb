"""Dark and light: colours, the font and one style sheet, applied to the whole application at once.

Sizes come from the font, so that text can be scaled without anything being cut off. Widgets that paint
themselves ask `current()` while painting; Qt repaints them when the theme changes.
"""

from __future__ import annotations

import time
from collections import deque
from functools import cache
from typing import Literal

import shiboken6
from PySide6.QtCore import QDir, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontMetricsF, QPalette
from PySide6.QtWidgets import QApplication, QWidget

from headlight.widgets.base import style_sheet
from headlight.widgets.base.themes import ASSETS, DARK, LIGHT, Theme

FONT_PIXELS = 13
SCALES = (0.8, 2.0)
SLICE = 0.01
"""Seconds at a time that widgets are given the colours of another theme."""

Choice = Literal["dark", "light", "system"]


class _Follower(QObject):
    """Holds what was chosen and applies it again when the system turns dark or light."""

    last: _Follower | None = None

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        _Follower.last = self
        self.choice: Choice = "dark"
        self.scale = 1.0
        self.pixels = FONT_PIXELS
        """The size of the application's font: read far more often than Qt gives it out cheaply."""
        self.theme = DARK
        self.left: deque[QWidget] = deque()
        """Widgets that still have the colours of another theme."""
        app.styleHints().colorSchemeChanged.connect(self._system_changed)

    @Slot(Qt.ColorScheme)
    def _system_changed(self, _scheme: Qt.ColorScheme) -> None:
        if self.choice == "system" and _system_theme() != self.theme:
            self.paint()

    def paint(self) -> None:
        """The sheet is set anew where its lengths are other ones; other colours reach it by the palette."""
        app = self.parent()
        self.theme = {"dark": DARK, "light": LIGHT}.get(self.choice) or _system_theme()
        QDir.setSearchPaths("icons", [str(self.theme.icons)])
        font = text_font(pixels=FONT_PIXELS * self.scale)
        self.pixels = font.pixelSize()
        sheet = style_sheet.of(QFontMetricsF(font).height())
        if sheet == app.styleSheet() and font.pixelSize() == app.font().pixelSize():
            app.setPalette(_palette(self.theme))
            goes_on = bool(self.left)
            self.left = deque(sorted(app.allWidgets(), key=_turn))
            if not goes_on:
                self._polish()
            return
        app.setStyleSheet("")  # from one sheet to another Qt takes many times as long
        app.setFont(font)
        app.setPalette(_palette(self.theme))
        app.setStyleSheet(sheet)

    def _polish(self) -> None:
        """Have widgets look up their colours, those in sight first, and let the window answer in between."""
        style, began = self.parent().style(), time.perf_counter()
        while self.left:
            widget = self.left.popleft()
            if shiboken6.isValid(widget):
                style.polish(widget)
                widget.update()
            if time.perf_counter() - began > SLICE:
                break
        if self.left:
            QTimer.singleShot(0, self, self._polish)


def _turn(widget: QWidget) -> int:
    """What is in sight comes first, and of that what others lie in, as all of these are painted with it."""
    if not widget.isVisible():
        return 2
    return int(not any(child.isWidgetType() and child.isVisible() for child in widget.children()))


def _follower() -> _Follower | None:
    """Of the application that there is: asked for with every label that is painted."""
    return _Follower.last if _Follower.last is not None and shiboken6.isValid(_Follower.last) else None


def apply(app: QApplication, choice: Choice = "system", scale: float = 1.0) -> None:
    """Give the whole application this theme and text scale (held within 0.8 to 2.0). May be called again."""
    follower = _follower()
    if follower is None:
        app.setStyle("Fusion")
        follower = _Follower(app)
    follower.scale = min(max(scale, SCALES[0]), SCALES[1])
    follower.choice = choice
    hints = app.styleHints()
    if choice == "system":
        hints.unsetColorScheme()
    else:  # window frames and file dialogs of the system follow too
        hints.setColorScheme(Qt.ColorScheme.Dark if choice == "dark" else Qt.ColorScheme.Light)
    follower.paint()


def chosen() -> tuple[Choice, float]:
    """(choice, scale of text) as they were applied last."""
    follower = _follower()
    return (follower.choice, follower.scale) if follower else ("dark", 1.0)


def is_everywhere() -> bool:
    """Whether all widgets have taken on the theme in force; they do so a few at a time."""
    follower = _follower()
    return follower is None or not follower.left


def current() -> Theme:
    """The theme in force; dark before `apply`."""
    follower = _follower()
    return follower.theme if follower else DARK


def text_font(
    factor: float = 1.0, weight: QFont.Weight = QFont.Weight.Normal, pixels: float | None = None
) -> QFont:
    """The application's font, `factor` times its size (or of `pixels`), with figures of one width."""
    size = _pixels() if pixels is None else pixels
    return QFont(_font(max(8, round(size * factor)), weight))


@cache
def _font(pixels: int, weight: QFont.Weight) -> QFont:
    """Made once: every label asks for one whenever it is painted."""
    _load_fonts()
    font = QFont("Inter")
    font.setPixelSize(pixels)
    font.setWeight(weight)
    font.setFeature(QFont.Tag("tnum"), 1)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def em(factor: float = 1.0) -> int:
    """`factor` times the size of the application's font, in pixels: the unit of all spacing."""
    return round(_pixels() * factor)


def _pixels() -> float:
    follower = _follower()
    return follower.pixels if follower else FONT_PIXELS


def set_role(widget: QWidget, role: str) -> None:
    """Style a widget as "dim", "small", "title", "primary", "flat", … (the names in `style_sheet`)."""
    if widget.property("role") != role:
        widget.setProperty("role", role)
        widget.style().unpolish(widget)
        widget.style().polish(widget)


@cache
def _load_fonts() -> None:
    for weight in ("Regular", "Medium", "SemiBold"):
        QFontDatabase.addApplicationFont(str(ASSETS / "fonts" / f"Inter-{weight}.otf"))


def _system_theme() -> Theme:
    scheme = QApplication.styleHints().colorScheme()
    return LIGHT if scheme == Qt.ColorScheme.Light else DARK


def _palette(theme: Theme) -> QPalette:
    role, group = QPalette.ColorRole, QPalette.ColorGroup
    colours = {
        role.Window: theme.background,
        role.WindowText: theme.text,
        role.Base: theme.panel,
        role.AlternateBase: theme.raised,
        role.ToolTipBase: theme.raised,
        role.ToolTipText: theme.text,
        role.PlaceholderText: theme.dim,
        role.Text: theme.text,
        role.Button: theme.raised,
        role.ButtonText: theme.text,
        role.BrightText: theme.red,
        role.Light: theme.hover,
        role.Midlight: theme.amber_text,
        role.Mid: theme.line,
        role.Dark: theme.line,
        role.Shadow: theme.faint,
        role.Highlight: theme.amber,
        role.HighlightedText: theme.on_amber,
        role.Accent: theme.amber,
        role.Link: theme.blue,
        role.LinkVisited: theme.green,
    }
    palette = QPalette()
    for name, colour in colours.items():
        palette.setColor(name, QColor(colour))
    for name in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(group.Disabled, name, QColor(theme.faint))
    return palette
