"""How the boxes agree with the truth: precision, recall, nuScenes' figures, and who was taken for whom."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.classes.palettes import UNLABELLED, class_colours
from headlight.models.core.tokens import Cuboid
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.boxes.base import BoxPane, asked_of
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.clouds.boxes.measured import COLUMNS, Measured, boxes_of_cell, measured_or_why
from headlight.viewer.slices.clouds.boxes.shown import Read, Shown
from headlight.widgets.base.labels import Note
from headlight.widgets.tables.confusion_view import ConfusionView
from headlight.widgets.tables.sortable_table import SortableTable

NOTHING = "nothing"
"""What a box is taken for that was not found, and what is there where none is."""


class AgreementPane(BoxPane):
    def build(self) -> QWidget:
        self.rows = SortableTable(COLUMNS, "Average precision and errors")
        self.note = Note()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.rows, 1)
        column.addWidget(self.note)
        return widget

    def slice(self, subject: Read, view: View, hover: Hover) -> Call:
        return partial(measured_or_why, subject, *asked_of(view))

    def paint(self, result: Measured | str) -> None:
        if isinstance(result, str):
            self.clear(None)
            self.note.setText(result)
            return
        keys = [[row[0], *map(_number, row[1:])] for row in result.rows]
        self.rows.set_rows(result.rows, keys, lit=(0,))
        self.note.setText(f"nuScenes’ figures, of this scan alone. {result.said}".strip())
        self.said.emit("agreement", result.figures(), None)
        self.subtitle_changed.emit(
            f"precision {result.figures()['Precision']} · recall {result.figures()['Recall']}"
        )

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.rows.set_rows(())
        self.note.setText("")
        self.said.emit("agreement", {}, None)
        self.subtitle_changed.emit("")


def _number(text: str) -> float:
    return float(text.replace(",", "")) if text != "–" else -1.0


class BoxConfusionPane(BoxPane):
    """A click on a cell selects its boxes."""

    def build(self) -> QWidget:
        self.view = ConfusionView(things="boxes")
        self.view.clicked.connect(self._clicked)
        return self.view

    def paint(self, result: Shown) -> None:
        self.take(result)
        if result.confusion is None:
            self._empty()
            return
        names = (*result.boxes.classes, NOTHING)
        colours = np.vstack([class_colours(result.boxes.classes), UNLABELLED])
        self.view.set_matrix(result.confusion.counts, names, colours)
        metres = asked_of(self.session.view)[0].metres
        self.subtitle_changed.emit(f"within {metres:g} m")

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self._empty()

    def _empty(self) -> None:
        self.view.set_matrix(np.zeros((0, 0), np.int64), ())
        self.subtitle_changed.emit("")

    def _clicked(self, truth: int, found: int) -> None:
        document = self.session.current
        if document is None:
            return
        view = self.session.view

        def chosen(places: tuple[Cuboid, ...]) -> None:
            if self.session.current is document:
                self.session.select(queries=places)

        read = self.subject(document, view, self.session.hover)
        find = partial(boxes_of_cell, read, *asked_of(view), truth, found)
        self.jobs.submit("cell of boxes", find, chosen, document=document.number)

    def complain(self, failure: Any) -> None:
        self.jobs.failed.emit(failure)
