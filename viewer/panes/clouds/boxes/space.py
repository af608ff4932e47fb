"""The cloud in space with the boxes as edges."""

from __future__ import annotations

from functools import partial

from headlight.viewer.panes.clouds.base import scene_of
from headlight.viewer.panes.clouds.boxes.base import Chooses, ShownBoxes, asked_of
from headlight.viewer.panes.clouds.space import FirstViewPane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import BoxSettings, View
from headlight.viewer.slices.clouds.boxes.shown import Shown, read_of, shown
from headlight.viewer.slices.clouds.classes import reading
from headlight.widgets.cloud.view import CloudView
from headlight.widgets.cloud.wires import Wires


class BoxesInSpacePane(Chooses, FirstViewPane):
    """Points are as the first view of the attention page colours them; a box is pointed at and clicked
    anywhere within its edges."""

    def _made(self) -> CloudView:
        fresh = self.view is None
        view = super()._made()
        if fresh:
            view.setAccessibleName("Boxes in the cloud")
            view.wire_hovered.connect(self.point_at)
            view.background_clicked.connect(lambda: self.choose(view.wire))
        return view

    def mark(self, view: View, hover: Hover) -> None:
        document = self.session.current
        if self.view is None or self._shown is not document.input:
            return
        read, asked = read_of(document), asked_of(view)
        self.ask("boxes", (read, asked), partial(shown, read, *asked), self._take_boxes)
        self._show(view, hover)

    def prepare(self, document: Document, view: View) -> None:
        super().prepare(document, view)
        if self.all is not None and (self.all.now.truth is not None):
            self._take_boxes(self.all.now)  # the truth may be shown or not now

    def _take_boxes(self, now: Shown) -> None:
        truth = self.session.view[BoxSettings].truth
        if self.view is None or (self.all is not None and self._drawn_of == (now, truth)):
            return
        self._drawn_of = now, truth
        self.all = made = ShownBoxes(now, truth)
        self.view.set_wires(Wires(made.boxes, made.colours, made.dashed, now.boxes.directed))
        self._show(self.session.view, self.session.hover)

    def _show(self, view: View, hover: Hover) -> None:
        if self.view is not None and self.all is not None:
            self.view.set_wires_marked(self.chosen(view), self.pointed(hover))

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.all = None
        if self.view is not None:
            self.view.set_wires(None)

    def _tip(self, point: int) -> str:
        scene = scene_of(self.session.current)
        if self.painted is None or point >= len(scene.cloud.points):
            return ""
        return reading(scene, point)

    def _hovered(self, point: int | None) -> None:
        if self.view is not None and self.view.wire is None and self.session.hover.query is None:
            self.session.set_hover(NOWHERE)

    def _clicked(self, point: int, add: bool) -> None:
        self.choose(self.view.wire, add)
