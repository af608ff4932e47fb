"""What the panes of a cloud's representations share: where that is which is pointed at or selected."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Signal

from headlight.models.core.tokens import Cuboid
from headlight.viewer.host.failure import Failure
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.document import Document
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import RepresentSettings, Selection, View
from headlight.viewer.slices.clouds.represented.kept import asked_of
from headlight.viewer.slices.clouds.represented.linked import At, CellOf, Linked, linked, taken, taken_of
from headlight.viewer.slices.clouds.represented.parts import PARTS, PartName, named

if TYPE_CHECKING:
    from headlight.viewer.panes.shared.base import Pane
    from headlight.viewer.panes.shared.desk import Desk

NO_CELLS = np.empty(0, np.int64)


def links_of(desk: Desk) -> Links:
    """One for all panes of a window."""
    return desk.findChild(Links) or Links(desk)


class Links(QObject):
    """Asks once, for all panes, where things are."""

    changed = Signal()
    """`hovered` or `selected` is another one."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.session, self.jobs = desk.session, desk.jobs
        self.hovered: Linked | None = None
        self.selected: Linked | None = None
        self._panes: list[Pane] = []
        self._asked: dict[str, Hashable] = {}
        self.session.hover_changed.connect(self._hover_changed)
        self.session.view_changed.connect(self._view_changed)
        self.session.current_changed.connect(self.update)
        self.session.document_changed.connect(self._document_changed)

    def join(self, pane: Pane) -> None:
        """A pane that wants to know; while none of them is in sight nothing is asked."""
        self._panes.append(pane)

    def update(self) -> None:
        """Ask what is not known yet."""
        document = self.session.current
        if document is None or not any(pane.widget.isVisible() for pane in self._panes):
            self._forget()
            return
        view, hover = document.view, self.session.hover
        at: At | None = hover.point if hover.cell is None else CellOf(*hover.cell)
        if at is None and isinstance(hover.query, Cuboid):
            at = (hover.query,)
        self._look("hovered", document, view, at)
        self._look("selected", document, view, view[Selection].queries or None)

    def select(
        self, document: Document, add: bool, at: At | np.ndarray, cells: np.ndarray | None = None
    ) -> None:
        """Select the points at a place, or these points int (m,), or all in these cells of the part `at`."""
        cloud, settings = document.input, document.view[RepresentSettings]
        call = partial(taken, cloud, settings, at)
        if cells is not None:
            call = partial(taken_of, cloud, settings, at, cells)

        def found(places: tuple) -> None:
            if self.session.current is document:
                self.session.select(queries=places, add=add)

        self.jobs.submit("represented taken", call, found, document=document.number)

    def cells(self, part: PartName, of: Linked | None) -> np.ndarray:
        """int64 (k,): the cells of a part that hold what is hovered or selected."""
        return NO_CELLS if of is None or part not in of.cells else of.cells[part]

    def missing(self, part: PartName) -> str:
        """Why what is pointed at is not in a part, or ""."""
        one = self.hovered
        if one is None or not one.count or part not in one.said or len(one.cells[part]):
            return ""
        return one.said[part]

    def _look(self, name: str, document: Document, view: View, at: At | None) -> None:
        settings = view[RepresentSettings]
        if at is None:
            self.jobs.cancel(f"represented {name}")
            self._take(name, None, None)
            return
        key = (document.input, tuple(asked_of(settings, named(settings, part)) for part in PARTS), at)
        if self._asked.get(name) == key:
            return
        self._asked[name] = key
        self.jobs.submit(
            f"represented {name}",
            partial(linked, known_cloud(document), settings, at),
            lambda result: self._take(name, key, result),
            failed=partial(self._failed, name),
            document=document.number,
            steady=True,
        )

    def _take(self, name: str, key: Hashable, result: Linked | None) -> None:
        if result is None:
            self._asked.pop(name, None)
        elif self._asked.get(name) is None:
            return  # the cursor has left
        if getattr(self, name) is not result:
            setattr(self, name, result)
            self.changed.emit()

    def _failed(self, name: str, failure: Failure) -> None:
        self._take(name, None, None)
        self.jobs.failed.emit(failure)

    def _forget(self) -> None:
        for name in ("hovered", "selected"):
            self._take(name, None, None)

    def _hover_changed(self, hover: Hover) -> None:
        self.update()

    def _view_changed(self, view: View, old: View) -> None:
        self.update()

    def _document_changed(self, document: Document) -> None:
        if document is self.session.current:
            self.update()


def known_cloud(document: Document) -> CloudInput:
    """The cloud of a document that the page is for."""
    return document.input
