"""What classes by example say of the open picture, and where in it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.models.core.relevance import percent
from headlight.viewer.panes.explain.prototypes.base import VotedPane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, View
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.tables.target_rows import TargetRows

NOTHING = "There are no classes yet."


class VotePane(VotedPane):
    """The classes by their probabilities, and the nearest pictures; a click shows a class on the picture."""

    rows_copied = "classes"
    tallest = 0.5

    def build(self) -> QWidget:
        self.rows, self.nearest = TargetRows(), TargetRows()
        self.rows.setAccessibleName("Classes")
        self.nearest.setAccessibleName("Nearest pictures")
        self.rows.set_choosable()
        self.rows.chosen.connect(lambda row: self.show_class(self.found.classes[int(self._order[row])]))
        self._order = np.empty(0, int)
        self.note, self.beside = Note(NOTHING), Note("Nearest pictures")
        self.temperature = LabelledSlider("Cosines divided by", 0.01, 0.5, 0.01, "{:.2f}", 0.05)
        self.temperature.changed.connect(self._moved)
        return ScrollColumn(stacked(self.note, self.rows, self.temperature, self.beside, self.nearest))

    def prepare(self, document: Document, view: View) -> None:
        self.temperature.set_value(self.settings().temperature)

    def display(self) -> None:
        found, vote = self.found, self.found.vote
        self._order = np.argsort(-vote.cosine, kind="stable")
        names = [found.classes[at] for at in self._order]
        figures = [f"{vote.cosine[at]:.2f} · {percent(float(vote.probabilities[at]))}" for at in self._order]
        self.rows.set_rows(names, vote.probabilities[self._order], figures=figures)
        self.rows.set_chosen(int(np.flatnonzero(self._order == found.shown)[0]))
        near = [
            f"{Path(path).name} · {found.classes[of]}" for path, of in zip(found.paths, found.of, strict=True)
        ]
        self.nearest.set_rows(
            near, np.clip(vote.likeness, 0, 1), figures=[f"{one:.3f}" for one in vote.likeness]
        )
        for one in (self.rows, self.temperature, self.beside, self.nearest):
            one.show()
        unread = f"{found.unread:,} files could not be read. " if found.unread else ""
        self.note.setText(f"{unread}Cosine with the mean of each class, and its softmax.")
        self.subtitle_changed.emit(f"most like {found.classes[vote.winner]}")
        figures = {
            "Most like": found.classes[vote.winner],
            "Its cosine": f"{vote.cosine[vote.winner]:.3f}",
            "With probability": percent(float(vote.probabilities[vote.winner])),
            "Pictures": f"{int(found.counts.sum()):,} in {len(found.classes):,} classes",
        }
        self.said.emit("vote", figures, None)

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        for one in (self.rows, self.nearest):
            one.set_rows([], [])
        for one in (self.rows, self.temperature, self.beside, self.nearest):
            one.hide()
        self.note.setText(NOTHING)
        self.said.emit("vote", {}, None)

    def say_instead(self, sentence: str) -> None:
        self.note.setText(sentence)

    def table(self) -> str:
        """A line a class, for a spreadsheet."""
        if self.found is None:
            return ""
        found, lines = self.found, ["class\tpictures\tcosine\tprobability"]
        for at in self._order.tolist():
            figures = (f"{each[at]:.6g}" for each in (found.vote.cosine, found.vote.probabilities))
            lines.append("\t".join((found.classes[at], str(found.counts[at]), *figures)))
        return "\n".join((*lines, ""))

    def _moved(self, value: float) -> None:
        self.change("temperature", temperature=value)


class LikenessPane(VotedPane):
    """The cosine of every patch with the prototype of a class."""

    waits = False

    def build(self) -> QWidget:
        self.view, self.bar = ImageView(), ColourBar()
        self.view.setAccessibleName("Where the picture is like a class")
        self.view.set_tip(self._tip)
        self._input: object = None
        return with_bar(self.view, self.bar)

    def prepare(self, document: Document, view: View) -> None:
        if document.input is not self._input:
            self._input = document.input
            self.view.set_picture(document.input.pixels)

    def display(self) -> None:
        found = self.found
        scale = scale_of(found.map, 100, floor=0)
        self.heat = scale
        self.view.set_overlay(levels(found.map, scale), found.region.corners)
        self.bar.set_scale(scale, self._colours(), "cosine")
        self.subtitle_changed.emit(f"cosine of patches with the mean of “{found.classes[found.shown]}”")

    def mark(self, view: View, hover: Hover) -> None:
        self.view.set_lut(self._colours())
        self.view.set_opacity(view[MapSettings].opacity)

    def _colours(self) -> np.ndarray:
        return lut(self.session.view[MapSettings].colours)

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.heat = None
        if document is None:
            self._input = None
            self.view.set_picture(None)
        self.view.set_overlay(None)
        self.bar.set_scale(None, lut())

    def _tip(self, x: float, y: float) -> str:
        if self.found is None:
            return ""
        box, (rows, columns) = self.found.region, self.found.map.shape
        row = int((y - box.y0) / (box.y1 - box.y0) * rows)
        column = int((x - box.x0) / (box.x1 - box.x0) * columns)
        if not (0 <= row < rows and 0 <= column < columns):
            return "not seen by the model"
        value, name = f"{self.found.map[row, column]:.3f}", self.found.classes[self.found.shown]
        figures = {"Patch": f"({row}, {column})", "Cosine of it": value, "With": name}
        self.said.emit("pointed", figures, None)
        return f"patch ({row}, {column})\t{value}"
