"""What a pointer's rest says: the meaning of the words under it, below the row that they stand in."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize
from PySide6.QtGui import QFontMetrics, QHelpEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QLabel,
    QToolTip,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.controls.choices import NumberRow, Section, Segmented
from headlight.widgets.controls.sliders import LabelledSlider, RangeRow
from headlight.widgets.shell.pane_frame import PaneFrame, PaneTitle

WIDTH = 50
"""Characters of a line."""
SHIFT = QPoint(2, 16)
"""By which Qt moves a tip from where it is told; and further, over what it explains, where it has no room."""
GAP = 5
HIGH = 80
"""Pixels from which on a row is a view: its tip goes below the pointer, else below the row."""
_ROWS = (NumberRow, Section, LabelledSlider, RangeRow, PaneTitle)
"""What stands in these belongs to the words of their label."""


class Tips(QObject):
    """Answers in one window and the panes that float out of it.

    explain: (name of the pane or bar, words from the nearest to the widest) → what they mean, or "".
    """

    def __init__(self, window: QWidget, explain: Callable[[str, Sequence[str]], str]) -> None:
        super().__init__(window)
        self._window, self._explain = window, explain
        QApplication.instance().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if not isinstance(event, QHelpEvent):  # cheaper than its type, and every event comes by here
            return False
        if event.type() != QEvent.Type.ToolTip or not isinstance(watched, QWidget) or not self._mine(watched):
            return False
        text, row = self.said(watched, event.pos())
        if not text:
            return False
        rest = QRect(event.globalPos(), QSize(1, 20))  # as high as a cursor
        if row.height() < HIGH:
            rest = QRect(row.mapToGlobal(QPoint(0, 0)), row.size())
            rest.setLeft(max(rest.left(), event.globalX() - 20))
        QToolTip.showText(placed(rest, text, watched.screen().geometry()), text, watched, QRect())
        return True

    def said(self, widget: QWidget, at: QPoint) -> tuple[str, QWidget]:
        """(the tip where the pointer rests, wrapped; the row that it explains)."""
        row = row_of(widget)
        meaning = self._explain(pane_of(widget), words_of(widget, at))
        own = widget.toolTip() or row.toolTip()
        parts = [part for part in (own, meaning) if part]
        return "\n\n".join(_wrapped(part) for part in parts) if meaning else "", row

    def _mine(self, widget: QWidget) -> bool:
        window = widget.window()
        return window is self._window or (
            isinstance(window, PaneFrame) and window.parentWidget().window() is self._window
        )


def placed(row: QRect, text: str, screen: QRect) -> QPoint:
    """What to tell Qt so that a tip stands below a row, or above where there is no room, all in pixels."""
    size = QFontMetrics(QToolTip.font()).size(0, text) + QSize(2 * theme.em(), 2 * theme.em(0.7))
    x = max(screen.left(), min(row.left(), screen.right() - size.width()))
    y = row.bottom() + GAP
    if y + size.height() > screen.bottom():
        y = row.top() - GAP - size.height()
    return QPoint(x, y) - SHIFT


def words_of(widget: QWidget, at: QPoint) -> list[str]:
    """What stands at a place of a widget, then the words of the row and of the group that it belongs to."""
    words = [_word_at(widget, at), *_own_words(widget)]
    parent = widget
    while parent is not None and not isinstance(parent, PaneFrame):
        if isinstance(parent, _ROWS):
            words += [label.text() for label in parent.findChildren(QLabel)[:1]]
        if isinstance(parent, PaneTitle):
            words.append(parent.title())
        if isinstance(parent, Segmented):
            words.append(parent.accessibleName())
        parent = parent.parentWidget()
    return list(dict.fromkeys(word for word in words if word))


def row_of(widget: QWidget) -> QWidget:
    """The row that a widget is a part of, or itself."""
    row = widget
    while row is not None and not isinstance(row, (*_ROWS, Segmented)):
        row = row.parentWidget()
    return row or widget


def pane_of(widget: QWidget) -> str:
    """The name of the pane or the bar that a widget stands in."""
    while widget is not None and widget.objectName() not in ("topbar", "status"):
        if isinstance(widget, PaneFrame):
            break
        widget = widget.parentWidget()
    return "" if widget is None else widget.objectName()


def _word_at(widget: QWidget, at: QPoint) -> str:
    """Of what paints its own headings."""
    parent = widget.parentWidget()
    area = parent if isinstance(parent, QAbstractScrollArea) and parent.viewport() is widget else widget
    heading_at = getattr(area, "heading_at", None)
    return heading_at(at) if heading_at is not None else ""


def _own_words(widget: QWidget) -> list[str]:
    """A button's full name says its group too, as “Page: Cost”."""
    name = widget.accessibleName()
    if isinstance(widget, QLabel):
        return [widget.text()]
    if isinstance(widget, QAbstractButton):
        return [name if ": " in name else "", widget.text().removesuffix(" ▾"), name]
    return [name.removesuffix(", value")]


def _wrapped(text: str) -> str:
    return "\n".join(textwrap.fill(line, WIDTH) for line in text.split("\n"))
