"""Panes made before there is a document to show, one at a time: the first page comes without a silence."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer

from headlight.viewer.registry import REGISTRY, Kind, Pane

if TYPE_CHECKING:
    from headlight.viewer.app.layout.deck import Deck

PAUSE = 30
"""Milliseconds between two of them, in which a gesture is answered."""


class PanesAhead(QObject):
    """Makes those of every kind's first page, until one is shown."""

    def __init__(self, deck: Callable[[], Deck], is_wanted: Callable[[], bool], parent: QObject) -> None:
        super().__init__(parent)
        self._deck, self._is_wanted = deck, is_wanted
        self._left = _first_pages()
        self._timer = QTimer(self, interval=PAUSE)
        self._timer.timeout.connect(self._next)
        self._timer.start()

    def _next(self) -> None:
        entry = next(self._left, None) if self._is_wanted() else None
        if entry is None:
            self._timer.stop()
        else:
            self._deck().make(entry)


def _first_pages() -> Iterator[Pane]:
    for kind in REGISTRY.all(Kind).values():
        yield from REGISTRY.panes_of(kind, kind.layouts[0].page)
