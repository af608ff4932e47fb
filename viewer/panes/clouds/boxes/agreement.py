"""How the boxes agree with the truth: precision, recall, figures by nuScenes and KITTI, and who was taken for
whom."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QStackedLayout, QVBoxLayout, QWidget

from headlight.models.core.classes.palettes import UNLABELLED, class_colours
from headlight.models.core.tokens import Cuboid
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.boxes.base import BoxPane, asked_of
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import BoxSettings, View
from headlight.viewer.slices.clouds.boxes.measured import (
    COLUMNS,
    KITTI,
    Curve,
    Measured,
    boxes_of_cell,
    measured_or_why,
)
from headlight.viewer.slices.clouds.boxes.shown import Read, Shown
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.plots.curve_plot import SharePlot
from headlight.widgets.plots.line_plot import Series
from headlight.widgets.tables.confusion_view import ConfusionView
from headlight.widgets.tables.sortable_table import SortableTable

NONE_FOUND = "Nothing that is true was found."
NOTHING = "nothing"
"""What a box is taken for that was not found, and what is there where none is."""


class AgreementPane(BoxPane):
    def build(self) -> QWidget:
        self.rows = SortableTable(COLUMNS, "Average precision and errors")
        self.kitti = SortableTable(KITTI, "Average precision by KITTI")
        self.plot = SharePlot("Precision over recall", NONE_FOUND, ("recall", "precision"))
        self.plot.setMinimumSize(theme.em(5), theme.em(5))  # it must not ask for more room than the tables do
        self.note = Note()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.stack = QStackedLayout()
        for one in (self.rows, self.kitti, self.plot):
            self.stack.addWidget(one)
        column.addLayout(self.stack, 1)
        column.addWidget(self.note)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        shown = {"nuscenes": self.rows, "kitti": self.kitti, "curves": self.plot}
        self.stack.setCurrentWidget(shown[view[BoxSettings].agreement])

    def slice(self, subject: Read, view: View, hover: Hover) -> Call:
        return partial(measured_or_why, subject, *asked_of(view))

    def paint(self, result: Measured | str) -> None:
        if isinstance(result, str):
            self.clear(None)
            self.note.setText(result)
            return
        settings = self.session.view[BoxSettings]
        for table, rows in ((self.rows, result.rows), (self.kitti, result.kitti)):
            table.set_rows(rows, [[row[0], *map(_number, row[1:])] for row in rows], lit=(0,))
        self.plot.set_curves(
            [
                Series(one.name.capitalize(), one.recall, one.precision, _labels(one), one.label)
                for one in result.curves
            ]
        )
        left_out = {
            "nuscenes": f"nuScenes’ figures, of this scan alone. {result.said}",
            "kitti": "KITTI’s average precision over 40 recalls, of all true boxes of this scan.",
            "curves": f"Found within {settings.metres:g} m, of this scan alone. {result.said}",
        }
        self.note.setText(left_out[settings.agreement].strip())
        self.said.emit("agreement", result.figures(), None)
        self.subtitle_changed.emit(
            f"precision {result.figures()['Precision']} · recall {result.figures()['Recall']}"
        )

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        for table in (self.rows, self.kitti):
            table.set_rows(())
        self.plot.set_curves(())
        self.note.setText("")
        self.said.emit("agreement", {}, None)
        self.subtitle_changed.emit("")


def _number(text: str) -> float:
    return float(text.replace(",", "")) if text not in ("–", "") else -1.0


def _labels(one: Curve) -> list[str]:
    """Of each dot: the score from which on so much is found."""
    return [
        f"recall {recall:.2f}, score from {score:.2f}"
        for recall, score in zip(one.recall, one.scores, strict=True)
    ]


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
