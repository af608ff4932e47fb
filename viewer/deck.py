"""The docks and how they lie: one default layout for each page of each modality; changes are remembered."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QChildEvent, QEvent, QObject, QSettings, Qt, Signal
from PySide6.QtWidgets import QDockWidget, QMainWindow, QTabBar

from viewer.panes.base import Pane
from viewer.panes.log import LogPane
from viewer.session import Document
from widgets.pane_frame import PaneFrame
from widgets.wheel import pass_wheel_on

LEFT, RIGHT = Qt.DockWidgetArea.LeftDockWidgetArea, Qt.DockWidgetArea.RightDockWidgetArea
ACROSS, DOWN = Qt.Orientation.Horizontal, Qt.Orientation.Vertical
LAYOUT_VERSION = 1
EDGE = 6
"""Pixels between the panes and the window's edge, as between two panes."""


class Deck(QMainWindow):
    """A window within the window that holds the panes as docks."""

    settled = Signal()
    """A pane has drawn all it has."""

    def __init__(self, panes: list[QObject], settings: QSettings) -> None:
        super().__init__()
        self.setWindowFlags(Qt.WindowType.Widget)
        self.setDockNestingEnabled(True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.NoContextMenu)
        self.setContentsMargins(EDGE, 0, EDGE, 0)
        self._settings = settings
        self.modality: str | None = None
        self.page: str | None = None
        self.panes = {pane.name: pane for pane in panes}
        self.docks: dict[str, PaneFrame] = {}
        self._unwanted: set[str] = set()
        for pane in panes:
            dock = PaneFrame(pane.name, pane.title, pane.widget, self)
            pane.subtitle_changed.connect(dock.set_subtitle)
            if isinstance(pane, Pane):
                pane.unfinished_changed.connect(dock.set_unfinished)
                dock.resume_asked.connect(pane.resume)
                pane.title_changed.connect(dock.set_title)
                pane.wanted_changed.connect(lambda on, name=pane.name: self._want(name, on))
                pane.settled.connect(self.settled)
                if pane.menu_title:
                    dock.set_menu(pane.fill_menu, pane.menu_title)
            self.docks[pane.name] = dock
            self.addDockWidget(RIGHT, dock)
            dock.hide()

    def childEvent(self, event: QChildEvent) -> None:
        super().childEvent(event)
        if event.type() == QEvent.Type.ChildPolished and isinstance(event.child(), QTabBar):
            pass_wheel_on(event.child())  # tabs of docks that lie over each other are made by Qt

    def show_page(self, document: Document) -> None:
        """Lay the panes out for the document's page, as they were left the last time."""
        if (document.modality, document.page) == (self.modality, self.page):
            return
        self.keep()
        self.modality, self.page = document.modality, document.page
        # Before they are laid out: what goes later leaves the others the sizes that it forced on them.
        mine = (pane for name, pane in self.panes.items() if self.fits(name) and isinstance(pane, Pane))
        self._unwanted = {pane.name for pane in mine if not pane.wanted(document, document.view)}
        kept = self._settings.value(self._key())
        if not (isinstance(kept, QByteArray) and self.restoreState(kept, LAYOUT_VERSION)):
            self.reset()
        else:  # a pane that had nothing to show when the layout was kept was not closed by anyone
            for name in str(self._settings.value(f"unwanted/{self._key()}", "")).split(","):
                if name in self.docks and name not in self._unwanted:
                    self.docks[name].show()
        for name, dock in self.docks.items():
            if not self.fits(name) or name in self._unwanted:
                dock.hide()

    def fits(self, name: str) -> bool:
        """Whether a pane belongs to the present page."""
        pane = self.panes[name]
        return self.modality in pane.modalities and self.page in pane.pages

    def offers(self, name: str) -> bool:
        """Whether a pane of the present page has anything to show."""
        return self.fits(name) and name not in self._unwanted

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

    def pages(self, modality: str) -> set[str]:
        """The pages for which there are panes."""
        panes = (p for p in self.panes.values() if modality in p.modalities and not isinstance(p, LogPane))
        return {page for pane in panes for page in pane.pages}

    def is_settled(self) -> bool:
        """Whether every pane in sight has drawn all it has."""
        return all(pane.is_settled() for pane in self.panes.values() if isinstance(pane, Pane))

    def _want(self, name: str, on: bool) -> None:
        """A pane without anything to show gives its room to the others until it has."""
        if on == (name not in self._unwanted):
            return
        (self._unwanted.discard if on else self._unwanted.add)(name)
        self.docks[name].setVisible(on and self.fits(name))

    def keep(self) -> None:
        """Remember the present layout."""
        if self.modality is not None:
            self._settings.setValue(self._key(), self.saveState(LAYOUT_VERSION))
            self._settings.setValue(f"unwanted/{self._key()}", ",".join(sorted(self._unwanted)))

    def _key(self) -> str:
        return f"layout/{self.modality}/{self.page}"

    def reset(self) -> None:
        """The default layout of the present page."""
        for dock in self.docks.values():
            if dock.isFloating():
                dock.setFloating(False)
            self.removeDockWidget(dock)
        {
            ("image", "attention"): self._lay_image,
            ("text", "attention"): self._lay_text,
            ("points", "attention"): self._lay_points,
            ("image", "fields"): self._lay_fields,
            ("image", "cost"): self._lay_cost,
            ("text", "cost"): self._lay_cost,
            ("stack", "fields"): self._lay_stack,
        }[self.modality, self.page]()
        for name in self._unwanted:
            self.docks[name].hide()

    def _lay_image(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        picture, heads, matrix = docks["picture"], docks["heads"], docks["matrix"]
        rollout, settings = docks["rollout"], docks["settings"]
        self.addDockWidget(LEFT, picture)
        self.splitDockWidget(picture, heads, ACROSS)
        self.splitDockWidget(heads, settings, ACROSS)
        self.splitDockWidget(heads, matrix, DOWN)
        self.splitDockWidget(matrix, rollout, ACROSS)
        self._log_below(matrix)
        for dock in (picture, heads, settings, matrix, rollout):
            dock.show()
        right = 250
        left = int((width - right) * 0.47)
        middle = width - right - left
        self.resizeDocks([picture, heads, settings], [left, middle, right], ACROSS)
        self.resizeDocks([matrix, rollout], [middle // 2, middle - middle // 2], ACROSS)
        upper = min(int(middle / 2) + 70, int(height * 0.46))
        self.resizeDocks([heads, matrix], [upper, height - upper], DOWN)
        self._numbers_below(settings)

    def _lay_text(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        sentence, heads, matrix = docks["sentence"], docks["heads"], docks["matrix"]
        rollout, settings = docks["rollout"], docks["settings"]
        self.addDockWidget(LEFT, sentence)
        self.splitDockWidget(sentence, settings, ACROSS)
        self.splitDockWidget(sentence, heads, DOWN)
        self.splitDockWidget(heads, matrix, ACROSS)
        self.splitDockWidget(matrix, rollout, ACROSS)
        self._log_below(rollout)
        for dock in (sentence, heads, settings, matrix, rollout):
            dock.show()
        right = 250
        rest = width - right
        self.resizeDocks([sentence, settings], [rest, right], ACROSS)
        self.resizeDocks(
            [heads, matrix, rollout], [int(rest * 0.31), int(rest * 0.42), int(rest * 0.27)], ACROSS
        )
        upper = int(height * 0.225)
        self.resizeDocks([sentence, heads], [upper, height - upper], DOWN)
        self._numbers_below(settings)

    def _lay_points(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        first, second, classes = docks["cloud"], docks["cloud-second"], docks["classes"]
        near, maps, confusion = docks["neighbourhood"], docks["maps"], docks["confusion"]
        editor = docks["stack"]
        self.addDockWidget(LEFT, first)
        self.splitDockWidget(first, classes, ACROSS)
        self.splitDockWidget(first, near, DOWN)
        self.splitDockWidget(first, second, ACROSS)
        self.splitDockWidget(second, editor, DOWN)
        self.splitDockWidget(near, maps, ACROSS)
        self.splitDockWidget(maps, confusion, ACROSS)
        self._log_below(near)
        for dock in (first, second, editor, classes, near, maps, confusion):
            dock.show()
        right = 250
        rest = width - right
        self.resizeDocks([first, classes], [rest, right], ACROSS)
        self.resizeDocks([first, second], [rest // 2, rest - rest // 2], ACROSS)
        below = [int(rest * 0.32), int(rest * 0.38), int(rest * 0.30)]
        self.resizeDocks([near, maps, confusion], below, ACROSS)
        upper = int(height * 0.70)
        self.resizeDocks([first, near], [upper, height - upper], DOWN)
        self.resizeDocks([second, editor], [int(upper * 0.58), int(upper * 0.42)], DOWN)
        self._numbers_below(classes)

    def _lay_fields(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        first, second, settings = docks["field"], docks["field-second"], docks["field-settings"]
        layers, growth, distance = docks["layers"], docks["growth"], docks["distance"]
        self.addDockWidget(LEFT, first)
        self.splitDockWidget(first, settings, ACROSS)
        self.splitDockWidget(first, layers, DOWN)
        self.splitDockWidget(first, second, ACROSS)
        self.splitDockWidget(layers, growth, ACROSS)
        self.splitDockWidget(growth, distance, ACROSS)
        self._log_below(layers)
        for dock in (first, second, settings, layers, growth, distance):
            dock.show()
        right = 250
        rest = width - right
        self.resizeDocks([first, settings], [rest, right], ACROSS)
        self.resizeDocks([first, second], [rest // 2, rest - rest // 2], ACROSS)
        below = [int(rest * 0.36), int(rest * 0.36), int(rest * 0.28)]
        self.resizeDocks([layers, growth, distance], below, ACROSS)
        upper = int(height * 0.60)
        self.resizeDocks([first, layers], [upper, height - upper], DOWN)
        self._numbers_below(settings)

    def _lay_stack(self) -> None:
        docks, width, height = self.docks, self.width(), self.height()
        editor, steps, field = docks["stack"], docks["stack-steps"], docks["stack-field"]
        layers, growth = docks["stack-layers"], docks["stack-growth"]
        self.addDockWidget(LEFT, editor)
        self.splitDockWidget(editor, steps, ACROSS)
        self.splitDockWidget(editor, layers, DOWN)
        self.splitDockWidget(steps, growth, DOWN)
        self.splitDockWidget(steps, field, ACROSS)
        self._log_below(layers)
        for dock in (editor, steps, field, layers, growth):
            dock.show()
        left = int(width * 0.34)
        rest = width - left
        self.resizeDocks([editor, steps, field], [left, rest // 2, rest - rest // 2], ACROSS)
        upper = int(height * 0.64)
        self.resizeDocks([editor, layers], [upper, height - upper], DOWN)
        self.resizeDocks([steps, growth], [upper, height - upper], DOWN)
        self.splitDockWidget(growth, docks["numbers"], ACROSS)
        docks["numbers"].show()
        self.resizeDocks([growth, docks["numbers"]], [rest // 2, rest - rest // 2], ACROSS)

    def _lay_cost(self) -> None:
        cost = self.docks["cost"]
        self.addDockWidget(LEFT, cost)
        self._log_below(cost)
        cost.show()

    def _numbers_below(self, dock: QDockWidget) -> None:
        """What the controls set is above, what comes of it below, on every page at the same place."""
        numbers = self.docks["numbers"]
        self.splitDockWidget(dock, numbers, DOWN)
        numbers.show()
        self.resizeDocks([dock, numbers], [int(self.height() * 0.5), int(self.height() * 0.5)], DOWN)

    def _log_below(self, dock: QDockWidget) -> None:
        self.splitDockWidget(dock, self.docks["log"], DOWN)
        self.docks["log"].hide()
