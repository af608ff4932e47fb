"""The bird's-eye view, the range image and the views of a cloud."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, ClassVar

import numpy as np
from PySide6.QtWidgets import QWidget

from headlight.models.points.representations.range_image import CHANNELS
from headlight.viewer.panes.clouds.represented.base import PartPane
from headlight.viewer.session.view import RepresentSettings
from headlight.viewer.slices.clouds.represented.linked import CellOf
from headlight.viewer.slices.clouds.represented.pictures import (
    BIRDS_EYE,
    PILLAR,
    FromAbove,
    RangePicture,
    ViewsPicture,
    painted_lut,
)
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.plane.cells_view import CellsView
from headlight.widgets.plane.views_view import ViewsView


class CellsPane(PartPane):
    """A rectangle of cells. What else is to be drawn on it, such as boxes, is handed to `view.set_outlines`
    as lines in its columns and rows, which `result.places` finds of points.
    """

    def _with(self, view: CellsView | ViewsView) -> QWidget:
        self.view, self.bar = view, ColourBar()
        view.clicked.connect(self._clicked)
        view.hovered.connect(self._hovered)
        view.boxed.connect(self._boxed)
        view.set_tip(lambda *_: self.tip())
        return with_bar(view, self.bar)

    def show_why(self, sentence: str) -> None:
        self.view.say_instead(sentence)
        self.bar.set_scale(None, painted_lut())

    def show_picture(self, result: FromAbove | RangePicture) -> None:
        self.view.set_cells(result.levels, painted_lut())
        self.bar.set_scale(result.scale, painted_lut()[1:][_EVERY], result.of)

    def show_links(self) -> None:
        links = self.links
        self.view.set_selected(links.cells(self.part, links.selected))
        self.view.set_hovered(links.cells(self.part, links.hovered))
        self.view.set_said(links.missing(self.part))
        self.view.refresh_tip()

    def _number(self, row: int, column: int) -> int:
        return row * self.result.levels.shape[1] + column

    def _hovered(self, cell: tuple[int, int] | None) -> None:
        if self.result is not None:
            self.point_at(None if cell is None else self._number(*cell))

    def _clicked(self, row: int, column: int, add: bool) -> None:
        self.choose(add, CellOf(self.part, self._number(row, column)))

    def _boxed(self, top: int, left: int, bottom: int, right: int, add: bool) -> None:
        rows, columns = self.result.levels.shape
        cells = np.arange(rows * columns).reshape(rows, columns)[top:bottom, left:right]
        self.choose(add, self.part, cells.ravel())


_EVERY = np.round(np.linspace(0, 254, 256)).astype(int)
"""Of the colours of a picture's 255 levels, those of a bar."""


class FromAbovePane(CellsPane):
    part = "above"
    menu_title = "What is seen from above"
    choices: ClassVar = {
        "birds_eye": ("Bird’s-eye view", BIRDS_EYE),
        "pillar": ("Pillars, largest of their numbers", PILLAR),
    }

    def build(self) -> QWidget:
        view = CellsView(below=True)
        view.setAccessibleName("Bird’s-eye view")
        return self._with(view)

    def chosen(self, name: str, value: str) -> dict[str, Any]:
        return {name: value, "above": "pillars" if name == "pillar" else "birds-eye"}

    def looks(self, settings: RepresentSettings) -> Hashable:
        return settings.pillar if settings.above == "pillars" else settings.birds_eye


class RangePane(CellsPane):
    part = "range"
    menu_title = "Which channel is shown"
    choices: ClassVar = {"channel": ("Channel", {name: name.capitalize() for name in CHANNELS})}

    def build(self) -> QWidget:
        view = CellsView(square=False)
        view.setAccessibleName("Range image")
        return self._with(view)

    def looks(self, settings: RepresentSettings) -> Hashable:
        return settings.channel

    def show_picture(self, result: RangePicture) -> None:
        super().show_picture(result)
        columns = result.levels.shape[1]
        words = ("seam, behind", "left", "ahead", "right", "seam, behind")
        self.view.set_notes([(columns * number / 4, word) for number, word in enumerate(words)])


class ViewsPane(CellsPane):
    part = "views"

    def build(self) -> QWidget:
        view = ViewsView()
        view.picked.connect(lambda number: self.session.change(RepresentSettings, view=number))
        return self._with(view)

    def show_picture(self, result: ViewsPicture) -> None:
        labels = tuple(f"{number + 1}  {azimuth:.0f}°" for number, azimuth in enumerate(result.azimuths))
        self.view.set_views(result.levels, painted_lut("grey"), labels)
        self.bar.set_scale(result.scale, painted_lut("grey")[1:][_EVERY], "brightness")

    def show_links(self) -> None:
        links, side = self.links, self.result.levels.shape[1]
        shape = (len(self.result.levels), side, side)
        for set_, of in ((self.view.set_selected, links.selected), (self.view.set_hovered, links.hovered)):
            set_(np.stack(np.unravel_index(links.cells(self.part, of), shape), axis=1))
        self.view.set_large(self.session.view[RepresentSettings].view)
        self.view.set_said(links.missing(self.part))
        self.view.refresh_tip()

    def _at(self, view: int, row: int, column: int) -> int:
        side = self.result.levels.shape[1]
        return (view * side + row) * side + column

    def _hovered(self, target: Any) -> None:
        if self.result is not None:
            self.point_at(None if target is None else self._at(*target[0]))

    def _clicked(self, view: int, row: int, column: int, add: bool) -> None:
        self.choose(add, CellOf(self.part, self._at(view, row, column)))

    def _boxed(self, view: int, top: int, left: int, bottom: int, right: int, add: bool) -> None:
        rows, columns = np.meshgrid(np.arange(top, bottom), np.arange(left, right), indexing="ij")
        self.choose(add, self.part, self._at(view, rows.ravel(), columns.ravel()))
