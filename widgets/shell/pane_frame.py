"""A pane: a dock that looks like one rounded panel under a title that says what it shows."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QCloseEvent, QContextMenuEvent, QEnterEvent, QIcon
from PySide6.QtWidgets import (
    QDockWidget,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QPushButton,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from headlight.widgets.base import theme
from headlight.widgets.base.labels import PARTS, ElidedLabel
from headlight.widgets.base.roomy import Roomy
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.base.waiting import Cover, Waiting

COLUMN = 17.5
"""The width of a column of controls, in em, unless its controls need more."""


class PaneTitle(QFrame):
    """A short bold title, what is shown in grey, and float and close buttons while the cursor is over it.

    Where the pane offers a choice of what it shows, the title opens its menu.
    """

    def __init__(self, dock: QDockWidget, title: str) -> None:
        super().__init__(dock)
        self.setProperty("role", "pane-title")
        self._title = QLabel(title)
        self._title.setProperty("role", "title")
        self._subtitle = ElidedLabel(parts=PARTS)
        self._subtitle.setProperty("role", "dim")
        self.unfinished = ElidedLabel(parts=PARTS)
        self.unfinished.setProperty("role", "value")
        self.resume = QPushButton("Go on")
        self.resume.setProperty("role", "chip")  # no higher than the title, which must not grow
        self.resume.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.resume.setToolTip("Go on with what was cancelled")
        for widget in (self.unfinished, self.resume):
            widget.hide()
        self._float = self._button("float", f"Float {title}", "Float or dock this pane")
        self._close = self._button("close", f"Close {title}", "Close this pane")
        self.export: Callable[[], None] | None = None
        """Begins an export of what the pane shows; None where there is none."""
        self._float.clicked.connect(lambda: dock.setFloating(not dock.isFloating()))
        self._close.clicked.connect(dock.close)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.em(0.8), theme.em(0.3), theme.em(0.4), theme.em(0.3))
        row.setSpacing(theme.em(0.2))
        row.addWidget(self._title)
        self._row = row
        self._chooser: QToolButton | None = None
        row.addSpacing(theme.em(0.5))
        row.addWidget(self._subtitle, 1)
        row.addWidget(self.unfinished, 1)
        row.addWidget(self.resume)
        row.addWidget(self._float)
        row.addWidget(self._close)
        self._reveal(False)

    def title(self) -> str:
        return self._title.text()

    def set_title(self, text: str) -> None:
        self._title.setText(text)
        if self._chooser is not None:
            self._chooser.setText(f"{text} ▾")

    def set_menu(self, fill: Callable[[QMenu], None], what: str) -> None:
        """Make the title open a menu, filled when it is opened. what: what it chooses, for a tool tip."""
        chooser = self._chooser = QToolButton()
        chooser.setProperty("role", "pane-choice")
        chooser.setToolTip(what)
        chooser.setAccessibleName(what)
        chooser.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        chooser.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu = QMenu(chooser)
        menu.aboutToShow.connect(lambda: fill(menu))
        chooser.setMenu(menu)
        self._title.hide()
        self._row.insertWidget(0, chooser)
        self.set_title(self.title())

    def subtitle(self) -> str:
        return self._subtitle.text()

    def set_subtitle(self, text: str) -> None:
        self._subtitle.setText(text)

    def set_unfinished(self, said: str, resumable: bool) -> None:
        """What is missing takes the place of what is shown: that is not true as long as it is missing."""
        self._subtitle.setVisible(not said)
        self.unfinished.setText(said)
        self.unfinished.setVisible(bool(said))
        self.resume.setVisible(resumable)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The buttons' work in words, and an export."""
        menu = QMenu(self)
        if self.export is not None:
            menu.addAction("Export what this pane shows…", self.export)
        for button in (self._float, self._close):
            menu.addAction(button.toolTip(), button.click)
        menu.aboutToHide.connect(menu.deleteLater)
        menu.popup(event.globalPos())

    def enterEvent(self, event: QEnterEvent) -> None:
        self._reveal(True)
        super().enterEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        self._reveal(False)
        super().leaveEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        # Buttons out of sight get their icons when they are shown: reading the files of all panes takes time.
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_close") and self._close.isVisible():
            self._draw_icons()

    def _button(self, icon: str, name: str, tooltip: str) -> QToolButton:
        button = QToolButton()
        button.setProperty("role", "flat")
        button.setProperty("icon_name", icon)
        button.setAccessibleName(name)
        button.setToolTip(tooltip)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        button.setIconSize(QSize(theme.em(1), theme.em(1)))
        # Hidden buttons keep their room, so that the title does not jump.
        policy = button.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        button.setSizePolicy(policy)
        return button

    def _reveal(self, on: bool) -> None:
        if on:
            self._draw_icons()
        self._float.setVisible(on)
        self._close.setVisible(on)

    def _draw_icons(self) -> None:
        for button in (self._float, self._close):
            button.setIcon(QIcon(str(theme.current().icon(button.property("icon_name")))))


class PaneFrame(QDockWidget):
    """A dock with a `PaneTitle` and its content on a panel; content that has too little room scrolls."""

    closed = Signal()
    """The user has closed it."""
    outgrown = Signal()
    """Its content has come to need more than it has."""

    resume_asked = Signal()
    """To go on with what was cancelled."""

    def __init__(self, name: str, title: str, content: QWidget, parent: QWidget | None = None) -> None:
        """name: unique in the window, under which its place is remembered."""
        super().__init__(title, parent)
        self.setObjectName(name)
        self._bar = PaneTitle(self, title)
        self._bar.resume.clicked.connect(self.resume_asked)
        self.setTitleBarWidget(self._bar)
        self._content = content
        self.topLevelChanged.connect(self._grow)
        # From the outside in: at each new parent Qt styles all that is inside anew, so the content gets one.
        body = QFrame(self)
        body.setProperty("role", "pane-body")
        body.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setWidget(body)
        column = QVBoxLayout(body)
        edge = theme.em(0.7)
        column.setContentsMargins(edge, edge, 0, edge)
        self._roomy = Roomy(content, body, edge)
        self._roomy.outgrown.connect(self.outgrown)
        column.addWidget(self._roomy)
        self._edge = edge
        self._cover: Cover | None = None

    def set_waiting(self, waiting: Waiting | None, main: bool = False) -> None:
        """Say in the middle of an empty pane what it waits for, in one of the panes with buttons."""
        if self._cover is None and waiting is not None:
            self._cover = Cover(self.widget())
        if self._cover is not None:
            self._cover.show_waiting(waiting, main)

    def waiting(self) -> Waiting | None:
        return self._cover.shown if self._cover is not None else None

    def closeEvent(self, event: QCloseEvent) -> None:
        super().closeEvent(event)
        self.closed.emit()

    def column_width(self) -> int | None:
        """How wide a column of controls wants to be, its frame included; None of other content."""
        if not isinstance(self._content, ScrollColumn) or self._content.fixed:
            return None
        return max(self._content.minimumWidth(), theme.em(COLUMN)) + 2 * self._edge + 2

    def inner_width(self, width: int | None) -> int:
        """What is left of a width for the content."""
        return max((width or 0) - 2 * self._edge - 2, 0)

    def needed_size(self) -> QSize:
        """The size below which the content scrolls."""
        needed = self._roomy.needed()
        width = needed.width() + 2 * self._edge + 2
        return QSize(max(width, self._bar.minimumSizeHint().width()), self.height_around(needed.height()))

    def height_around(self, height: int) -> int:
        """How high the pane is whose content is `height` high."""
        return height + 2 * self._edge + 1 + self._bar.sizeHint().height()

    def _grow(self, floating: bool) -> None:
        """A pane is floated to see more of it, and all of it."""
        if floating:
            room = self.screen().availableGeometry()
            size = self.size().expandedTo(QSize(theme.em(50), theme.em(42))).boundedTo(room.size())
            x = min(max(self.x(), room.x()), room.x() + room.width() - size.width())
            y = min(max(self.y(), room.y()), room.y() + room.height() - size.height())
            self.setGeometry(x, y, size.width(), size.height())

    def title(self) -> str:
        return self._bar.title()

    def set_title(self, text: str) -> None:
        """What the pane is called now."""
        self._bar.set_title(text)

    def set_menu(self, fill: Callable[[QMenu], None], what: str) -> None:
        """Let the title choose what the pane shows; `fill` is asked for the menu each time it opens."""
        self._bar.set_menu(fill, what)

    def offer_export(self, export: Callable[[], None]) -> None:
        """Let the title's context menu offer to write what the pane shows to a file."""
        self._bar.export = export

    def content(self) -> QWidget:
        return self._content

    def subtitle(self) -> str:
        return self._bar.subtitle()

    def set_subtitle(self, text: str) -> None:
        """What the pane shows now, in a few words."""
        self._bar.set_subtitle(text)

    def unfinished(self) -> str:
        return self._bar.unfinished.text()

    def set_unfinished(self, said: str, resumable: bool) -> None:
        """Say that what is shown is not all, or nothing any more; resumable: offer to go on."""
        self._bar.set_unfinished(said, resumable)
