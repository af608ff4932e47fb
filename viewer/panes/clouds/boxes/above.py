"""The heat map over the bird's-eye view, with the boxes, which can be set here by hand."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QMenu, QWidget

from headlight.models.core.tokens import Cuboid
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.boxes.base import BoxPane, ShownBoxes, asked_of, put
from headlight.viewer.panes.shared.controls import offer
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import BoxSettings, MapSettings, View
from headlight.viewer.slices.clouds.boxes.heat import HeatPicture, heat_bar, heat_colours, heat_picture
from headlight.viewer.slices.clouds.boxes.shown import Read, Shown, new_box, shown
from headlight.widgets.base import theme
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.plane.boxes_view import BoxesView, Footprints


class BoxesFromAbovePane(BoxPane):
    menu_title = "Which class’s heat map is shown"

    def build(self) -> QWidget:
        self.view, self.bar = BoxesView(), ColourBar()
        self.view.setAccessibleName("Boxes from above")
        self.view.box_hovered.connect(self.point_at)
        self.view.box_clicked.connect(self.choose)
        self.view.box_set.connect(self.set_box)
        self.view.set_tip(self._tip)
        self.picture: HeatPicture | None = None
        return with_bar(self.view, self.bar)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[BoxSettings].heat

    def slice(self, subject: Read, view: View, hover: Hover) -> Call:
        return partial(heat_picture, subject, view[BoxSettings].heat)

    def paint(self, result: HeatPicture) -> None:
        self.picture = result
        colours = self.session.view[MapSettings].colours
        x0, y0, _, _ = result.extent
        self.view.set_frame((x0, y0), result.edge)
        self.view.set_cells(result.levels, heat_colours(colours, theme.current().dark))
        self.bar.set_scale(result.scale, heat_bar(colours), "heat, 0 to 1")
        self._say()

    def mark(self, view: View, hover: Hover) -> None:
        document = self.session.current
        read, asked = self.subject(document, view, hover), asked_of(view)
        self.ask("boxes", (read, asked), partial(shown, read, *asked), self._take_boxes)
        self._show(view, hover)

    def prepare(self, document: Document, view: View) -> None:
        if self.all is not None:
            self._take_boxes(self.all.now)
        if self.picture is not None:  # the colours or the theme may be others
            self.paint(self.picture)

    def _take_boxes(self, now: Shown) -> None:
        truth = self.session.view[BoxSettings].truth
        made = ShownBoxes(now, truth)
        if self.all is None or self.all.now is not now or len(self.all.boxes) != len(made.boxes):
            self.all = made
            self.view.set_boxes(Footprints(made.boxes, made.colours, made.dashed, now.boxes.directed))
        self._show(self.session.view, self.session.hover)
        self._say()

    def _show(self, view: View, hover: Hover) -> None:
        if self.all is not None:
            self.view.set_boxes_marked(self.chosen(view), self.pointed(hover))

    def _say(self) -> None:
        if self.picture is not None:
            self.subtitle_changed.emit(self.picture.said)

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.picture = None
        self.view.set_cells(None, np.zeros((256, 4), np.uint8))
        self.view.set_boxes(Footprints(np.empty((0, 7)), np.empty((0, 3), np.uint8), np.empty(0, bool)))
        self.bar.set_scale(None, heat_bar("inferno"))
        self.subtitle_changed.emit("")

    def fill_menu(self, menu: QMenu) -> None:
        menu.clear()
        document = self.session.current
        if not self.can_show(document):
            return
        answer = self.subject(document, self.session.view, self.session.hover).answer
        heat = self.session.view[BoxSettings].heat
        why = "" if answer is not None and answer.heat is not None else "The model gives no heat map"
        names = () if answer is None else answer.classes
        for number, name in ((None, "Any class"), *enumerate(names)):
            change = partial(self.session.change, BoxSettings, heat=number)
            offer(menu, name.capitalize(), number == heat, lambda _, change=change: change(), why)

    def _tip(self, row: int, column: int) -> str:
        picture = self.picture
        if picture is None or picture.values is None:
            return ""
        x0, y0, _, _ = picture.extent
        (across, up), heat = picture.edge, float(picture.values[row, column])
        where = f"{x0 + (column + 0.5) * across:.1f}, {y0 + (row + 0.5) * up:.1f} m"
        return f"heat\t{heat:.3f}\nat\t{where}"

    # -- what commands ask -------------------------------------------------------------------------------

    def add(self) -> None:
        """A box of the class that is selected, or of the first one, under the cursor or in the middle."""
        document = self.session.current
        if self.all is None or self.picture is None or document is None:
            return
        x0, y0, x1, y1 = self.picture.extent
        at = self.view.cursor_metres()
        x, y = (float((x0 + x1) / 2), float((y0 + y1) / 2)) if at is None else (float(at[0]), float(at[1]))
        chosen = [number for number in self.chosen(self.session.view) if number < self.all.found]
        label = (
            int(self.all.now.boxes.labels[chosen[0]]) if chosen else self.session.view[BoxSettings].heat or 0
        )
        box = new_box(self.all.now, label, x, y)
        put(self.session, None, Cuboid(*box), label)
