"""The cloud in space twice, as points and as cells, from one camera."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

import numpy as np
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.task import Task
from headlight.viewer import registry
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.base import scene_of
from headlight.viewer.panes.clouds.ready import Ready
from headlight.viewer.panes.clouds.represented.base import PartPane
from headlight.viewer.panes.clouds.represented.links import NO_CELLS, links_of
from headlight.viewer.panes.clouds.space import FirstViewPane, camera_of, is_fitted
from headlight.viewer.panes.shared.desk import Desk
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import CloudSettings, RepresentSettings, View
from headlight.viewer.slices.clouds.classes import reading
from headlight.viewer.slices.clouds.represented.linked import TITLES, CellOf
from headlight.viewer.slices.clouds.represented.pictures import COLOURS, CellsInSpace, Why
from headlight.widgets.base import theme
from headlight.widgets.cloud.prepared import Coloured, Prepared, prepare
from headlight.widgets.cloud.view import CloudView
from headlight.widgets.controls.colour_key import ColourKey

RINGED = 200
"""Up to so many selected points or cells have a ring each; of more, rings would hide all."""


class Lit:
    """What is selected in a view of points."""

    def __init__(self) -> None:
        self._shown: tuple[object, object] = (None, None)

    def show(self, view: CloudView, coloured: Coloured, cloud: Prepared, points: np.ndarray) -> None:
        """coloured: the colours without a selection. points: int (k,) of the cloud."""
        if self._shown[0] is coloured and self._shown[1] is points:
            return
        self._shown = coloured, points
        many = len(points) > RINGED
        view.set_selected([] if many else points)
        if many:
            rgb = coloured.rgb.copy()
            rgb[points] = QColor(theme.DARK.amber).getRgb()[:3]
            view.set_colours(cloud.coloured(rgb, coloured.groups, coloured.visible))
        elif view.colours is not coloured:
            view.set_colours(coloured)


class PointsPane(FirstViewPane):
    """The points, each of which can be pointed at and selected for itself, whatever a model took for a token.

    It says the numbers of what is pointed at, wherever that is.
    """

    def __init__(self, entry: registry.Pane, desk: Desk) -> None:
        super().__init__(entry, desk)
        self._lit = Lit()
        self.links = links_of(desk)
        self.links.join(self)
        self.links.changed.connect(self._linked)

    def paint(self, made: Ready) -> None:
        super().paint(made)
        self._lit = Lit()  # of a selection it has marked what the model took for it

    def mark(self, view: View, hover: Hover) -> None:
        if self.view is None or self._shown is None:
            return
        links = self.links
        one = links.hovered
        single = one is not None and one.count == 1
        self.view.set_hovered(int(one.points[0]) if single else hover.point)
        self.view.set_hovered_box(None if one is None else one.box)
        if self.has is not None:
            points = NO_CELLS if links.selected is None else links.selected.points
            self._lit.show(self.view, self.has.colours, self.has.cloud, points)

    def _linked(self) -> None:
        one = self.links.hovered
        if one is not None and self.widget.isVisible():
            self.said.emit("pointed", one.figures, None)
            self.said.emit("places", {TITLES[part]: said for part, said in one.said.items()}, None)
        if self.can_show(self.session.current):
            self.mark(self.session.view, self.session.hover)

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        self.links.update()

    def _tip(self, point: int) -> str:
        painted = self.painted
        if (
            painted is None
            or self._shown is not painted.asked.scene.cloud
            or point >= len(self._shown.points)
        ):
            return ""
        return reading(scene_of(self.session.current), point)

    def _hovered(self, point: int | None) -> None:
        there = point is not None and self._shown is not None and point < len(self._shown.points)
        self.session.set_hover(Hover(point=point) if there else NOWHERE)

    def _take(self, points: np.ndarray, add: bool) -> None:
        document = self.session.current
        if document is not None and self._shown is document.input:
            self.links.select(document, add, points[points < len(self._shown.points)])


@dataclass(frozen=True, eq=False)
class ReadyCells:
    """Cells in space as a view takes them."""

    painted: CellsInSpace
    cloud: Prepared
    colours: Coloured

    @property
    def said(self) -> str:
        return self.painted.said


def ready_cells(drawn: CellsInSpace, task: Task) -> ReadyCells:
    cloud = prepare(drawn.centres)
    _ = cloud.grid
    return ReadyCells(drawn, cloud, cloud.coloured(drawn.rgb))


class CellsInSpacePane(PartPane):
    """Voxels, or the grid of a 3D CNN, by the middles of what is occupied."""

    part = "space"
    menu_title = "Which cells are shown, and their colours"
    choices: ClassVar = {
        "space": ("Cells", {"voxels": "Voxels", "occupancy": "Occupancy grid of 32 cells"}),
        "colour": ("Colours", {"count": "Points in each", "height": "Height", "occupied": "Occupied"}),
    }

    def build(self) -> QWidget:
        self.view: CloudView | None = None
        self._drawn: tuple = ()
        self._lit = Lit()
        widget = QWidget()
        self._box = QVBoxLayout(widget)
        self._box.setContentsMargins(0, 0, 0, 0)
        self._box.setSpacing(theme.em(0.35))
        self.key_of_colours = ColourKey()
        self._box.addWidget(self.key_of_colours)
        return widget

    def _made(self) -> CloudView:
        if self.view is None:
            self.view = CloudView()
            self.view.setAccessibleName("Cells in space")
            self.view.hovered.connect(self.point_at)
            self.view.clicked.connect(lambda cell, add: self.choose(add, CellOf(self.part, cell)))
            self.view.region.connect(lambda cells, add: self.choose(add, self.part, cells))
            self.view.settled.connect(self.settled)
            self.view.set_tip(lambda cell: self.tip())
            self._box.insertWidget(0, self.view, 1)
        return self.view

    def looks(self, settings: RepresentSettings) -> Hashable:
        return settings.colour

    def ready(self, result: CellsInSpace | Why) -> Call | None:
        return None if isinstance(result, Why) else partial(ready_cells, result)

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        made, cloud = self._made(), view[CloudSettings]
        looks = cloud.eye_dome, cloud.cutaway
        if self._drawn != looks:
            self._drawn = looks
            made.set_eye_dome(cloud.eye_dome)
            made.set_cutaway(cloud.cutaway)

    def show_picture(self, result: ReadyCells) -> None:
        view, document, drawn = self._made(), self.session.current, result.painted
        view.set_camera(camera_of(document))
        view.set_points(result.cloud, fit=not is_fitted(document, document.input))
        view.set_colours(result.colours)
        if drawn.scale is not None:
            self.key_of_colours.set_scale(drawn.scale, lut(COLOURS), drawn.of)
        else:
            self.key_of_colours.set_swatches(((drawn.of, tuple(map(int, drawn.rgb[0]))),))

    def show_why(self, sentence: str) -> None:
        self._lit = Lit()
        self.key_of_colours.set_swatches((), sentence)
        if self.view is not None:
            self.view.clear()

    def show_links(self) -> None:
        links = self.links
        cells = links.cells(self.part, links.hovered)
        self.view.set_hovered(int(cells[0]) if len(cells) == 1 else None)
        self.view.set_hovered_box(None if links.hovered is None else links.hovered.box)
        cells = links.cells(self.part, links.selected)
        self._lit.show(self.view, self.result.colours, self.result.cloud, cells)

    def is_settled(self) -> bool:
        return self.view is None or not self.view.isVisible() or self.view.is_settled()
