"""What the chosen class text rests on in the picture, without its labels and with them side by side."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from headlight.models.core.answers import TextClasses
from headlight.models.core.colours import DIVERGING, MIDDLE, lut
from headlight.models.core.tokens import Box, PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.pictures.towers.base import SLOT
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.panes.shared.controls import offer
from headlight.viewer.registry import Method
from headlight.viewer.session.methods import settings_of
from headlight.viewer.session.pictures import zero_shot
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, TargetSettings, View
from headlight.viewer.slices.explain.towers import Beside, beside, chosen
from headlight.viewer.slices.maps import InputMap
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.plane.labelled_view import LabelledView


class TextOnPicturePane(Pane):
    waits = False
    menu_title = "The method that is shown"

    def build(self) -> QWidget:
        self.before, self.now = ImageView(), LabelledView()
        self.before.set_tip(partial(self._tip, False))
        self.now.set_tip(partial(self._tip, True))
        self.now.moved.connect(self._moved)
        self.bar = ColourBar()
        self._result: Beside | None = None
        self._input: object = None
        self._titles = [QLabel(text) for text in ("Without labels", "With labels")]
        widget = QWidget()
        whole = QVBoxLayout(widget)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.em(0.4))
        pictures = QHBoxLayout()
        pictures.setSpacing(theme.em(0.6))
        self._parts = []
        for title, view in zip(self._titles, (self.before, self.now), strict=True):
            theme.set_role(title, "dim")
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(theme.em(0.2))
            column.addWidget(title)
            column.addWidget(view, 1)
            pictures.addWidget(part, 1)
            self._parts.append(part)
        whole.addLayout(pictures, 1)
        whole.addWidget(self.bar)
        return widget

    def method(self) -> Method:
        return SLOT.method(self.session.current, self.session.view)

    def prepare(self, document: Document, view: View) -> None:
        plain = document.input.plain
        self._parts[0].setVisible(plain is not None)
        self._titles[1].setVisible(plain is not None)
        if document.input is not self._input:
            self._input, self._result = document.input, None
            self.now.set_picture(document.input.pixels)
            self.before.set_picture(plain)
        from headlight.models.engines.pictures.labels import box_of

        self.now.set_labels([box_of(one).corners for one in zero_shot.labels_of(document)])
        answer = None if document.trace is None else document.trace.answer(TextClasses)
        if answer is None:  # nothing will be painted over what was
            self.cancel("")
            self._take_away()
        self.title_changed.emit("Relevance" if answer is None else SLOT.method(document, view).name)
        self.subtitle_changed.emit("" if answer is None else f"“{answer.names[chosen(answer, view)]}”")

    # -- slice -------------------------------------------------------------------------------------------

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_, method = view[MapSettings], self.method()
        scale = (map_.log, map_.percentile, map_.floor, map_.leave_out, map_.mass)
        return (method.id, *scale, view[TargetSettings], *settings_of(method, view))

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        if trace.answer(TextClasses) is None:
            return None
        return partial(beside, trace, self.session.current.input, view, self.method())

    def paint(self, result: Beside) -> None:
        self._result = result
        for view, found in ((self.now, result.now), (self.before, result.before)):
            if found is not None and isinstance(found.tokens, PatchTokens):
                view.set_overlay(found.levels, found.tokens.region.corners)

    def mark(self, view: View, hover: Hover) -> None:
        signed = self.method().signed
        colours = lut(DIVERGING if signed else view[MapSettings].colours)
        for picture in (self.now, self.before):
            picture.set_lut(colours, MIDDLE if signed else 0)
            picture.set_opacity(view[MapSettings].opacity)
        self.bar.set_scale(self._result.scale if self._result else None, colours)

    def clear(self, document: Document | None) -> None:
        if document is None:
            self._input = None
            self.now.set_picture(None)
            self.before.set_picture(None)
        self._take_away()

    def _take_away(self) -> None:
        self._result = None
        self.now.set_overlay(None)
        self.before.set_overlay(None)
        self.bar.set_scale(None, lut())
        self.said.emit("pointed", {}, None)

    def fill_menu(self, menu: QMenu) -> None:
        """The methods that there are for the document."""
        menu.clear()
        menu.setToolTipsVisible(True)
        document = self.session.current
        if document is None or not self.needs.suits(document.kind):
            return
        for one in SLOT.offered(document.kind):
            change = partial(self.session.change, MapSettings, relevance=one.id)
            shown, reason = one is self.method(), one.needs.met(document).rstrip(".")
            offer(menu, one.name, shown, lambda _, change=change: change(), reason)

    # -- gestures ----------------------------------------------------------------------------------------

    def _moved(self, number: int, dx: float, dy: float) -> None:
        document = self.session.current
        label = zero_shot.labels_of(document)[number]
        height, width = document.input.pixels.shape[:2]
        x, y = min(max(label.x + dx, 0), width), min(max(label.y + dy, 0), height)
        zero_shot.replace_label(self.runs, document, label, label.moved(x, y))

    def _tip(self, now: bool, x: float, y: float) -> str:
        found = self._of(now)
        where = [] if found is None else found.tokens.find(Box(x, y, x, y))
        if not len(where):
            return ""
        index = int(where[0])
        label, value = found.tokens.labels[index], read_out(float(found.values[index]))
        self.said.emit("pointed", {"Patch": label, "Relevance": value}, None)
        return f"{label}\t{value}"

    def _of(self, now: bool) -> InputMap | None:
        if self._result is None:
            return None
        return self._result.now if now else self._result.before
