"""Truth against prediction, class by class; a click on a cell selects its points."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.core.classes.palettes import class_colours
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import Place
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.base import CloudPane, scene_of
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import CloudSettings, View
from headlight.viewer.slices.clouds.classes import ClassTable, class_table, places_of_cell
from headlight.viewer.slices.clouds.colours import Scene
from headlight.widgets.tables.confusion_view import ConfusionView


class ConfusionPane(CloudPane):
    def build(self) -> QWidget:
        self.view = ConfusionView()
        self.view.clicked.connect(self._clicked)
        return self.view

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[CloudSettings].palette

    def slice(self, scene: Scene, view: View, hover: Hover) -> Call:
        return partial(class_table, scene)

    def paint(self, result: ClassTable) -> None:
        if result.matrix is None:
            self.clear(None)
            return
        colours = class_colours(result.names, self.session.view[CloudSettings].palette)
        self.view.set_matrix(result.matrix, result.names, colours)
        self.subtitle_changed.emit(f"{percent(self.view.share_right())} right")

    def clear(self, document: Document | None) -> None:
        self.view.set_matrix(np.zeros((0, 0), np.int64), ())
        self.subtitle_changed.emit("")

    def _clicked(self, truth: int, predicted: int) -> None:
        document = self.session.current
        if document is None or document.trace is None:
            return
        scene = scene_of(document)

        def found(places: tuple[Place, ...]) -> None:
            if self.session.current is document and document.trace is scene.trace:
                self.session.select(queries=places)

        find = partial(places_of_cell, scene, truth, predicted)
        self.jobs.submit("cell", find, found, document=document.number)

    def complain(self, failure: Any) -> None:
        self.jobs.failed.emit(failure)
