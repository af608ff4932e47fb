"""The classes with their colours and scores, and how the cloud is looked at."""

from __future__ import annotations

from functools import partial

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.palettes import class_colours
from headlight.models.core.task import Task
from headlight.models.fields.voxels import VOXELS
from headlight.viewer.inputs.cloud import UNITS, UPS, Frame
from headlight.viewer.inputs.cloud_labels import OWN, TITLES
from headlight.viewer.panes.clouds.base import CloudPane
from headlight.viewer.registry import REGISTRY, Method
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CloudSettings, View
from headlight.viewer.slices.cloud_classes import ClassTable, class_table, numbers
from headlight.viewer.slices.cloud_colours import Scene
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.class_legend import ClassLegend
from headlight.widgets.controls.sliders import LabelledSlider

CUBES = "Cubes"


class ClassesPane(CloudPane):
    def build(self) -> QWidget:
        change = partial(self.session.change, CloudSettings)
        self.legend = ClassLegend()
        self.legend.toggled.connect(self._toggled)
        self.legend.soloed.connect(self._soloed)
        self.legend.hovered.connect(lambda kind: self.session.set_hover(Hover(kind=kind)))
        self.legend.all_shown.connect(lambda: change(hidden=frozenset()))
        self.palette = Segmented([("soft", "Soft"), ("s3dis", "S3DIS")], "Palette")
        self.palette.changed.connect(lambda v: change(palette=v))
        methods = [m for m in REGISTRY.all(Method).values() if m.of == "layers" and "positions" in m.needs.of]
        through = [(method.id, method.title) for method in methods]
        self.reaches = [("attention", "Attention"), *through, ("voxels", "Voxels")]
        self.reach = Segmented(self.reaches, "Reach of the point", row=3)
        self.reach.changed.connect(lambda v: change(reach=v))
        self.voxel = Choice([CUBES, *VOXELS], "Voxels")
        self.voxel.changed.connect(self._voxels_chosen)
        self.edge = LabelledSlider("Edge", 0.01, 1.0, 0.01, "{:.2f} m", 0.05)
        self.edge.changed.connect(lambda v: change(gesture="voxel", voxel=(float(v),) * 3))
        self.sparse = Segmented([(False, "Dense"), (True, "Sparse")], "Convolution")
        self.sparse.changed.connect(lambda v: change(sparse=v))
        self.size = LabelledSlider("Point size", 1, 12, 0.5, "{:.1f} px", 4)
        self.size.changed.connect(lambda v: change(gesture="point size", point_size=float(v)))
        self.projection = Segmented(
            [("perspective", "Perspective"), ("orthographic", "Orthographic")], "Projection"
        )
        self.projection.changed.connect(lambda v: change(projection=v))
        self.eye_dome = Toggle("Eye-dome lighting")
        self.eye_dome.changed.connect(lambda v: change(eye_dome=v))
        self.cutaway = Toggle("Cut away walls in between")
        self.cutaway.changed.connect(lambda v: change(cutaway=v))
        self.unit, self.up = Choice(tuple(UNITS), "Unit"), Choice(tuple(UPS), "Up axis")
        self.unit.changed.connect(self._reframe)
        self.up.changed.connect(self._reframe)
        self.guess = Section("")
        self.labels = Section("")
        self.listed = Choice(tuple(TITLES.values()), "Classes of the labels")
        self.listed.setToolTip("Which list of classes the numbers of the file's labels belong to")
        self.listed.changed.connect(self._relabel)
        self.table: ClassTable | None = None
        self._legend_shows: tuple[ClassTable, str] | None = None
        for chooser in (self.voxel, self.unit, self.up, self.listed):
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
        for widget in (Section("Reach of the point"), self.reach, self.voxel, self.edge, self.sparse):
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
        column.addWidget(self.labels)
        column.addWidget(self.listed)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        cloud, trace = view[CloudSettings], document.trace
        self.palette.set_value(cloud.palette)
        self.size.set_value(cloud.point_size)
        self.projection.set_value(cloud.projection)
        self.eye_dome.set_on(cloud.eye_dome)
        self.cutaway.set_on(cloud.cutaway)
        layerless = trace is not None and not trace.layers
        self.reach.set_value(cloud.reach if not layerless or cloud.reach == "voxels" else None)
        for reach, _ in self.reaches:
            why = f"{trace.model.title} has no attention layers" if layerless else ""
            if reach != "voxels":
                self.reach.set_option_enabled(reach, not layerless, why)
        self._show_voxels(cloud)
        self._show_frame(document)
        self._show_labels(document)
        self._show_legend(view)

    def compute(self, scene: Scene, view: View, hover: Hover, task: Task) -> ClassTable:
        return class_table(scene)

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

    def _show_voxels(self, cloud: CloudSettings) -> None:
        for widget in (self.voxel, self.edge, self.sparse):
            widget.setVisible(cloud.reach == "voxels")
        named = [name for name, edge in VOXELS.items() if edge == cloud.voxel]
        self.voxel.setCurrentText(named[0] if named else CUBES)
        cube = len(set(cloud.voxel)) == 1
        self.edge.setEnabled(cube)
        self.edge.set_value(cloud.voxel[0])
        self.sparse.set_value(cloud.sparse)

    def _voxels_chosen(self, name: str) -> None:
        cube = (self.session.view[CloudSettings].voxel[0],) * 3
        self.session.change(CloudSettings, voxel=VOXELS.get(name, cube))

    def _show_frame(self, document: Document) -> None:
        """As it is wanted, which may not be there yet."""
        cloud, frame = document.input, document.wanted.frame
        if self.unit.findText(frame.unit) < 0:
            self.unit.addItem(frame.unit)
        self.unit.setCurrentText(frame.unit)
        self.up.setCurrentText(frame.upright)
        guessed = frame == cloud.guessed
        guess = f"guessed: {cloud.guessed.unit}, {cloud.guessed.upright}"
        self.guess.set_title(f"Coordinates · {'as guessed' if guessed else guess}")
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
        self.listed.setCurrentText(TITLES[document.wanted.listed])

    def _relabel(self, title: str) -> None:
        document = self.session.current
        if document is not None and self.needs.suits(document.kind):
            self.runs.relabel(document, next(key for key, name in TITLES.items() if name == title))

    def _reframe(self) -> None:
        document = self.session.current
        if document is None or not self.needs.suits(document.kind):
            return
        metres = UNITS.get(self.unit.currentText(), document.wanted.frame.metres_per_unit)
        self.runs.reframe(document, Frame(metres, UPS[self.up.currentText()]))

    def _toggled(self, index: int) -> None:
        self.session.change(CloudSettings, hidden=self.session.view[CloudSettings].hidden ^ {index})

    def _soloed(self, index: int) -> None:
        """This class alone, or all again where it stood alone already."""
        others = frozenset(range(len(self.table.names))) - {index} if self.table else frozenset()
        alone = self.session.view[CloudSettings].hidden == others
        self.session.change(CloudSettings, hidden=frozenset() if alone else others)
