"""The boxes as a list: sorted by any column, linked with all other panes."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.classes.palettes import class_colours
from headlight.viewer.panes.clouds.boxes.base import BoxPane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.clouds.boxes.rows import HEADINGS, keys_of, texts_of
from headlight.viewer.slices.clouds.boxes.shown import Shown
from headlight.widgets.base.labels import Note
from headlight.widgets.tables.sortable_table import SortableTable


class BoxListPane(BoxPane):
    rows_copied = "boxes"

    def build(self) -> QWidget:
        self.rows = SortableTable(HEADINGS, "Boxes")
        self.rows.row_selected.connect(self.choose)
        self.rows.row_hovered.connect(self.point_at)
        self.note = Note()
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.rows, 1)
        return widget

    def paint(self, result: Shown) -> None:
        made = self.take(result)
        boxes = result.boxes
        colours = class_colours(boxes.classes)[boxes.labels] if len(boxes) else ()
        self.rows.set_rows(texts_of(result), keys_of(result), colours)
        nothing = "" if len(boxes) else result.why or "No box has this score: move the score down."
        self.note.setText(nothing)
        self.note.setVisible(bool(nothing))
        self.rows.setVisible(not nothing)
        low = f" · {result.below:,} below the score" if result.below else ""
        self.subtitle_changed.emit(f"{made.found:,} boxes{low}")

    def mark(self, view: View, hover: Hover) -> None:
        if self.all is not None:
            found = self.all.found
            pointed = self.pointed(hover)
            chosen = (number for number in self.chosen(view) if number < found)
            self.rows.set_marked(chosen, pointed if pointed is not None and pointed < found else None)

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.rows.set_rows(())
        self.note.setText("")
        self.note.setVisible(False)
        self.subtitle_changed.emit("")

    def table(self) -> str:
        """All of them in the order in which they stand, for a spreadsheet."""
        lines = [HEADINGS, *self.rows.texts()]
        return "\n".join("\t".join(line) for line in lines) + "\n" if self.all is not None else ""
