"""The docks and how they lie: a default layout for each page of each kind of document; changes are kept.

A layout is kept as Qt's state, which says what stands beside what, and the rectangles of the panes, which
say how the room was shared. Whatever the deck's size is now, the panes share it as they did then.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import pairwise

from PySide6.QtCore import QByteArray, QChildEvent, QEvent, QObject, QRect, QSettings, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QMainWindow, QStyle, QTabBar

from headlight.viewer import registry
from headlight.viewer.app.layout.shares import Rect, Wish, found_in, lay, only
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.registry import REGISTRY, Kind, Leaf, Node, Split, leaves
from headlight.viewer.session.session import Document
from headlight.widgets.base.wheel import pass_wheel_on
from headlight.widgets.shell.pane_frame import PaneFrame

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
LAYOUT_VERSION = 3
EDGE = 6
"""Pixels between the panes and the window's edge, as between two panes."""


class Deck(QMainWindow):
    """A window within the window that holds the panes as docks."""

    settled = Signal()
    """A pane has drawn all it has."""
    changed = Signal()
    """`is_stopped` may say something else, or panes were found to have something to show, or nothing."""
    added = Signal(str)
    """The name of a pane that was made: those of a page are, when it is shown for the first time."""

    def __init__(self, make: Callable[[registry.Pane], QObject], settings: QSettings) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        # No animation: where a pane lies is known as soon as it has been let go.
        self.setDockOptions(QMainWindow.DockOption.AllowNestedDocks | QMainWindow.DockOption.AllowTabbedDocks)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setContentsMargins(EDGE, 0, EDGE, 0)
        self._settings = settings
        self.kind: Kind | None = None
        self.page = ""
        self._make = make
        self.panes: dict[str, QObject] = {}
        """Those that were made."""
        self.docks: dict[str, PaneFrame] = {}
        self._unwanted: set[str] = set()
        self._own: dict[str, Rect] | None = None
        """How the user left the panes; None while they lie as the default says."""
        self._arranging = False
        self._pressed: dict[str, Rect] | None = None
        """Where the panes lay when a mouse button went down between them."""
        self._noting = QTimer(self, singleShot=True, interval=0)
        self._noting.timeout.connect(self._note)

    def make(self, entry: registry.Pane) -> None:
        """Make a pane and its dock, which is not shown yet, unless it was made before."""
        if entry.id in self.panes:
            return
        pane = self.panes[entry.id] = self._make(entry)
        dock = self.docks[entry.id] = PaneFrame(entry.id, entry.title, pane.widget, self)
        dock.closed.connect(self._noting.start)
        dock.outgrown.connect(self._arrange)
        dock.topLevelChanged.connect(self._moved)
        dock.dockLocationChanged.connect(self._moved)
        pane.subtitle_changed.connect(dock.set_subtitle)
        if isinstance(pane, Pane):
            pane.unfinished_changed.connect(dock.set_unfinished)
            dock.resume_asked.connect(pane.resume)
            pane.title_changed.connect(dock.set_title)
            pane.wanted_changed.connect(lambda on: self._want(entry.id, on))
            pane.height_changed.connect(self._height_changed)
            pane.settled.connect(self.settled)
            pane.stopped_changed.connect(self.changed)
            if pane.menu_title:
                dock.set_menu(pane.fill_menu, pane.menu_title)
        self.addDockWidget(RIGHT, dock)
        dock.hide()
        self.added.emit(entry.id)

    # -- pages -------------------------------------------------------------------------------------------

    def childEvent(self, event: QChildEvent) -> None:
        super().childEvent(event)
        if event.type() == QEvent.Type.ChildPolished and isinstance(event.child(), QTabBar):
            pass_wheel_on(event.child())  # tabs of docks that lie over each other are made by Qt

    def show_page(self, document: Document) -> None:
        """Lay the panes out for the document's page, as they were left the last time."""
        if (document.kind, document.page) == (self.kind, self.page):
            return
        self.setFocus()  # or the keyboard goes through every pane that is still there, which points with it
        self.keep()
        self.kind, self.page = document.kind, document.page
        mine = list(REGISTRY.panes_of(self.kind, self.page))
        self._arranging = True
        for entry in mine:
            self.make(entry)
        self._arranging = False
        # Before they are laid out: what goes later leaves the others the sizes that it forced on them.
        self._unwanted = {entry.id for entry in mine if entry.needs.never(document)}
        if not self._restore():
            self.reset()

    def fits(self, name: str) -> bool:
        """Whether a pane belongs to the present page."""
        needs = REGISTRY.all(registry.Pane)[name].needs
        return self.kind is not None and needs.fits(self.kind, self.page)

    def offers(self, name: str) -> bool:
        """Whether a pane of the present page has anything to show."""
        return self.fits(name) and name not in self._unwanted

    def shows(self, name: str) -> bool:
        """Whether a pane is in sight."""
        return name in self.docks and self.docks[name].isVisible()

    def is_stopped(self) -> bool:
        """Whether any pane of the present page could go on with what was cancelled."""
        return any(self.fits(name) and pane.is_stopped() for name, pane in self._watching())

    def resume(self) -> None:
        """Go on with all of it."""
        for name, pane in self._watching():
            if self.fits(name):
                pane.resume()

    def _watching(self) -> list[tuple[str, Pane]]:
        return [(name, pane) for name, pane in self.panes.items() if isinstance(pane, Pane)]

    def is_settled(self) -> bool:
        """Whether every pane in sight has drawn all it has."""
        return all(pane.is_settled() for _, pane in self._watching())

    def switch(self, name: str) -> None:
        """Show or hide a pane of the present page, because the user says so."""
        if self.fits(name):
            self.docks[name].setVisible(not self.docks[name].isVisible())
            self._note()

    def _want(self, name: str, on: bool) -> None:
        """A pane without anything to show gives its room to the others until it has."""
        if on == (name not in self._unwanted):
            return
        (self._unwanted.discard if on else self._unwanted.add)(name)
        self.docks[name].setVisible(on and self.fits(name))
        if self._own is None:
            self._arrange()
        else:
            self._note()
        self.changed.emit()

    # -- layouts -----------------------------------------------------------------------------------------

    def keep(self) -> None:
        """Remember the present layout, if it is the user's own."""
        if self.kind is None:
            return
        if self._noting.isActive():
            self._noting.stop()
            self._note()
        self._settings.remove(self._key())
        if self._own is not None:
            kept = {"panes": self._own, "unwanted": sorted(self._unwanted)}
            self._settings.setValue(f"{self._key()}/docks", self.saveState(LAYOUT_VERSION))
            self._settings.setValue(f"{self._key()}/room", json.dumps(kept))

    def reset(self) -> None:
        """The default layout of the present page."""
        layout = self._default()
        self._arranging = True
        for dock in self.docks.values():
            if dock.isFloating():
                dock.setFloating(False)
            self.removeDockWidget(dock)
        self.addDockWidget(LEFT, self.docks[leaves(layout)[0].name])
        self._split(layout)
        for leaf in leaves(layout):
            self.docks[leaf.name].setVisible(leaf.shown and leaf.name not in self._unwanted)
        self._arranging = False
        self._own = None
        self._noting.stop()
        self._arrange()

    def _default(self) -> Split:
        return self.kind.layout(self.page).panes

    def _split(self, node: Node) -> None:
        if isinstance(node, Leaf):
            return
        for before, after in pairwise(node.parts):
            first, second = (self.docks[leaves(part)[0].name] for part in (before, after))
            self.splitDockWidget(first, second, ACROSS if node.across else DOWN)
        for part in node.parts:
            self._split(part)

    def _restore(self) -> bool:
        """Lay the present page out as it was left. False where nothing (or nothing of use) was kept."""
        state = self._settings.value(f"{self._key()}/docks")
        room = _room(self._settings.value(f"{self._key()}/room"))
        if room is None or not isinstance(state, QByteArray):
            return False
        self._arranging = True
        restored = self.restoreState(state, LAYOUT_VERSION)
        self._own, unwanted = room
        for name, dock in self.docks.items():
            if not self.fits(name) or name in self._unwanted:
                dock.hide()
            elif name in unwanted:  # it had nothing to show when the layout was kept: nobody closed it
                dock.show()
        self._arranging = False
        self._noting.stop()
        if restored:
            self._arrange()
        return restored

    def _key(self) -> str:
        return f"layout/{self.kind.id}/{self.page}"

    # -- room --------------------------------------------------------------------------------------------

    def _arrange(self) -> None:
        """Share out the deck's room among the panes in sight."""
        if self.kind is None or self._arranging:
            return
        docked = self._docked()
        layout = self._default() if self._own is None else found_in(self._own)
        layout = layout and only(layout, set(docked))
        if layout is None or {leaf.name for leaf in leaves(layout)} != set(docked):
            return  # a pane that has come since: Qt has found it a place, which is noted in a moment
        area = self.contentsRect()
        gap = self.style().pixelMetric(QStyle.PixelMetric.PM_DockWidgetSeparatorExtent, None, self)
        rects = lay(layout, (0, 0, area.width(), area.height()), gap, self._wish)
        docks = [self.docks[name] for name in rects]
        self._arranging = True
        self.resizeDocks(docks, [max(rect[2], 1) for rect in rects.values()], ACROSS)
        self.resizeDocks(docks, [max(rect[3], 1) for rect in rects.values()], DOWN)
        self._arranging = False

    def _wish(self, name: str, across: bool, width: int | None) -> Wish:
        """A column of controls wants its width; in the default layout some want just what they fill."""
        dock, pane = self.docks[name], self.panes[name]
        least, needs = dock.minimumSizeHint(), dock.needed_size()
        if across:
            column = dock.column_width()
            exactly = column if column is None or self._own is None else self._own[name][2]
            return Wish(least.width(), needs.width(), exactly)
        wanted = pane.height_for(dock.inner_width(width)) if isinstance(pane, Pane) else None
        if wanted is None or self._own is not None:
            return Wish(least.height(), needs.height())
        most = int(self.height() * pane.tallest)
        return Wish(least.height(), needs.height(), min(dock.height_around(wanted), most))

    def _docked(self) -> dict[str, Rect]:
        """Where the panes lie that are docked and in sight; of a stack of tabs the one on top."""
        found = {}
        for name, dock in self.docks.items():
            place = dock.geometry()
            if not dock.isHidden() and not dock.isFloating() and self._is_on_top(dock):
                found[name] = (place.x(), place.y(), place.width(), place.height())
        return found

    def _is_on_top(self, dock: PaneFrame) -> bool:
        return not self.tabifiedDockWidgets(dock) or QRect(dock.geometry()).intersects(self.rect())

    def _note(self) -> None:
        """The user has changed the layout: from now on it is their own."""
        if self.kind is not None:
            self.layout().activate()
            self._own = self._docked()

    def _moved(self) -> None:
        if not self._arranging:
            self._noting.start()

    def _height_changed(self) -> None:
        if self._own is None and self.isVisible():
            self._arrange()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonPress:
            self._pressed = self._docked()
        done = super().event(event)
        if event.type() == QEvent.Type.MouseButtonRelease:
            # What a pane did not take of a click comes here too, without the press that began it.
            before, self._pressed = self._pressed, None
            if before is not None and self._docked() != before:
                self._note()  # a separator was dragged
        return done

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()


def _room(text: object) -> tuple[dict[str, Rect], set[str]] | None:
    """What `keep` wrote; None of anything else."""
    try:
        kept = json.loads(str(text))
        panes = {str(name): tuple(int(length) for length in rect) for name, rect in kept["panes"].items()}
        unwanted = {str(name) for name in kept["unwanted"]}
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    return (panes, unwanted) if all(len(rect) == 4 for rect in panes.values()) else None
