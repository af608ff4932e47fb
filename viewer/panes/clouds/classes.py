"""The classes with their colours and scores, and how the cloud is looked at."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.classes.palettes import class_colours
from headlight.viewer.host.lanes import Call
from headlight.viewer.inputs.clouds.labels import OWN, TITLES
from headlight.viewer.inputs.told.frame import Frame
from headlight.viewer.inputs.told.units import UNITS, UPS
from headlight.viewer.panes.clouds.base import CloudPane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.method_controls import MethodChoice, MethodForms, row
from headlight.viewer.panes.shared.target_choice import SaidAt, TargetChoice
from headlight.viewer.session.methods import IN_SPACE
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CloudSettings, View
from headlight.viewer.slices.clouds.classes import ClassTable, class_table, numbers
from headlight.viewer.slices.clouds.colours import Scene
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.class_legend import ClassLegend
from headlight.widgets.controls.sliders import LabelledSlider

_ASKED = ("Target", "Said at")


class ClassesPane(CloudPane):
    def build(self) -> QWidget:
        change = partial(self.session.change, CloudSettings)
        self.legend = ClassLegend()
        self.legend.toggled.connect(self._toggled)
        self.legend.soloed.connect(self._soloed)
        self.legend.hovered.connect(lambda kind: self.session.set_hover(Hover(kind=kind)))
        self.legend.all_shown.connect(lambda: change(hidden=frozenset()))
        self.controls = Controls(CloudSettings, change)
        bind = self.controls.bind
        self.palette = bind("palette", Segmented([("soft", "Soft"), ("s3dis", "S3DIS")], "Palette"))
        self.reach = MethodChoice(IN_SPACE, self.needs, self.session, "Reach of the point", row=3)
        self.forms = MethodForms(self.reach.methods, self.session)
        self.target, self.said_at = TargetChoice(self.session), SaidAt(self.session, "Said at")
        self.asked = [row("Target", self.target, _ASKED), row("Said at", self.said_at, _ASKED)]
        self.size = bind("point_size", LabelledSlider("Point size", 1, 12, 0.5, "{:.1f} px", 4))
        flat = [("perspective", "Perspective"), ("orthographic", "Orthographic")]
        self.projection = bind("projection", Segmented(flat, "Projection"))
        self.eye_dome = bind("eye_dome", Toggle("Eye-dome lighting"))
        self.cutaway = bind("cutaway", Toggle("Cut away walls in between"))
        self.unit, self.up = Choice(tuple(UNITS), "Unit"), Choice(tuple(UPS), "Up axis")
        self.unit.changed.connect(self._reframe)
        self.up.changed.connect(self._reframe)
        self.guess = Section("")
        self.columns = QPushButton("Columns…")
        self.columns.setToolTip("The first rows of the table, and what each of its columns is read as")
        self.columns.clicked.connect(lambda: self.runs.columns_asked.emit())
        self.labels = Section("")
        self.listed = Choice(tuple(TITLES.values()), "Classes of the labels")
        self.listed.setToolTip("Which list of classes the numbers of the file's labels belong to")
        self.listed.changed.connect(self._relabel)
        self.table: ClassTable | None = None
        self._legend_shows: tuple[ClassTable, str] | None = None
        for chooser in (self.unit, self.up, self.listed):
            chooser.may_shrink()
        frame = QHBoxLayout()
        frame.setSpacing(6)
        frame.addWidget(self.unit, 1)
        frame.addWidget(self.up, 1)

        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(self.legend, 1)
        for widget in (Section("Reach of the point"), self.reach, *self.asked, self.forms):
            column.addWidget(widget)
        for widget in (Section("Projection"), self.projection):
            column.addWidget(widget)
        column.addWidget(self.size)
        column.addWidget(self.eye_dome)
        column.addWidget(self.cutaway)
        column.addWidget(Section("Palette"))
        column.addWidget(self.palette)
        column.addWidget(self.guess)
        column.addLayout(frame)
        column.addWidget(self.columns)
        column.addWidget(self.labels)
        column.addWidget(self.listed)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        self.controls.display(view[CloudSettings])
        self.reach.display(document, view)
        self.forms.display(IN_SPACE.method(document, view), view, document.trace)
        self._show_target(document, view)
        self._show_frame(document)
        self._show_labels(document)
        self._show_legend(view)

    def _show_target(self, document: Document, view: View) -> None:
        """What a method of a target is asked of."""
        asks = document.trace is not None and IN_SPACE.method(document, view).of == "target"
        usual = self.target.display(document.trace, view) if asks else ""
        self.said_at.display(view, usual)
        for row_, shown in zip(self.asked, (asks, bool(usual)), strict=True):
            row_.setVisible(shown)

    def slice(self, scene: Scene, view: View, hover: Hover) -> Call:
        return partial(class_table, scene)

    def paint(self, result: ClassTable) -> None:
        self.table = result
        self._show_legend(self.session.view)

    def clear(self, document: Document | None) -> None:
        self.table = self._legend_shows = None
        self.legend.set_classes((), np.empty((0, 3), np.uint8))
        self.subtitle_changed.emit("")

    def _show_legend(self, view: View) -> None:
        table = self.table
        if table is None:
            return
        shown = (table, view[CloudSettings].palette)
        if shown != self._legend_shows:
            self._legend_shows = shown
            iou = table.scores.iou if table.scores else None
            colours = class_colours(table.names, view[CloudSettings].palette)
            self.legend.set_classes(table.names, colours, table.counts, iou, numbers(table))
        self.legend.set_hidden(view[CloudSettings].hidden)

    def _show_frame(self, document: Document) -> None:
        """As it is wanted, which may not be there yet."""
        cloud = document.input
        frame = document.wanted.frame or cloud.frame
        if self.unit.findText(frame.unit) < 0:
            self.unit.addItem(frame.unit)
        self.unit.setCurrentText(frame.unit)
        self.up.setCurrentText(frame.upright)
        guessed = frame == cloud.guessed
        guess = f"Guessed: {cloud.guessed.unit}, {cloud.guessed.upright}"
        self.columns.setVisible(cloud.table is not None and bool(document.path))
        self.guess.set_title("Coordinates · as guessed" if guessed else guess)
        for widget in (self.guess, self.unit, self.up):
            widget.setToolTip(cloud.guess_reason)

    def _show_labels(self, document: Document) -> None:
        """As they are wanted, which may not be there yet."""
        cloud = document.input
        for widget in (self.labels, self.listed):
            widget.setVisible(cloud.numbers is not None)
        self.labels.set_title("Labels of the file" + (" · left out" if cloud.labels is None else ""))
        named = self.listed.findText(TITLES[OWN])
        if cloud.names is None and named >= 0:
            self.listed.removeItem(named)
        elif cloud.names is not None and named < 0:
            self.listed.insertItem(0, TITLES[OWN])
        self.listed.setCurrentText(TITLES[document.wanted.listed or cloud.listed])

    def _relabel(self, title: str) -> None:
        document = self.session.current
        if document is not None and self.needs.suits(document.kind):
            self.runs.relabel(document, next(key for key, name in TITLES.items() if name == title))

    def _reframe(self) -> None:
        document = self.session.current
        if document is None or not self.needs.suits(document.kind):
            return
        frame = document.wanted.frame or document.input.frame
        metres = UNITS.get(self.unit.currentText(), frame.metres_per_unit)
        self.runs.reframe(document, Frame(metres, UPS[self.up.currentText()]))

    def _toggled(self, index: int) -> None:
        self.session.change(CloudSettings, hidden=self.session.view[CloudSettings].hidden ^ {index})

    def _soloed(self, index: int) -> None:
        """This class alone, or all again where it stood alone already."""
        others = frozenset(range(len(self.table.names))) - {index} if self.table else frozenset()
        alone = self.session.view[CloudSettings].hidden == others
        self.session.change(CloudSettings, hidden=frozenset() if alone else others)
