"""Attention rollout: what reaches a token through all layers, live as its settings move."""

from __future__ import annotations

from collections.abc import Hashable

from PySide6.QtWidgets import QGridLayout, QLabel, QStackedWidget, QVBoxLayout, QWidget

from headlight.models.core.colours import lut
from headlight.models.core.settings import RolloutSettings
from headlight.models.core.task import Task
from headlight.models.core.tokens import Box, PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Lane
from headlight.viewer.panes.shared import readings, words
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.selecting import rollout_tokens
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import InputMap, query_indices, rollout_map
from headlight.viewer.slices.window_maps import is_composed
from headlight.widgets.base import theme
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.controls.sliders import ROW_GAP, LabelledSlider, RangeRow, label_width
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.text.token_strip import TokenStrip

LABELS = ("Query", "Heads", "Residual", "Discard", "Layers")
"""Of the controls, in order."""
PICTURE = 9.0
"""In em: the height that the controls leave the picture."""


class RolloutPane(Pane):
    tallest = 0.6

    def build(self) -> QWidget:
        self.picture, self.strip = ImageView(), TokenStrip()
        self.picture.clicked.connect(self._picture_clicked)
        self.picture.hovered.connect(self._picture_hovered)
        self.picture.set_tip(self._picture_tip)
        self.strip.clicked.connect(lambda i, add: self._select(i, add))
        self.strip.hovered.connect(self._token_hovered)
        self.strip.set_tip(self._token_tip)
        self.stack = QStackedWidget()
        self.stack.setMinimumHeight(theme.em(PICTURE))
        self.stack.addWidget(self.picture)
        self.stack.addWidget(self.strip)
        self.bar = ColourBar()
        self._result: InputMap | None = None
        self._input: object = None

        self.query = Segmented([(False, "Readout"), (True, "Selected")], "Query")
        self.query.changed.connect(lambda on: self.session.change(RolloutQuery, selected=on))
        self.fusion = Segmented([("mean", "Mean"), ("max", "Max"), ("min", "Min")], "Heads")
        self.fusion.changed.connect(lambda value: self.session.change(RolloutSettings, fusion=value))
        self.residual = Segmented([("add", "A + I"), ("mix", "½A + ½I"), ("none", "None")], "Residual")
        self.residual.changed.connect(lambda value: self.session.change(RolloutSettings, residual=value))
        self.discard = LabelledSlider(
            *("Discard", 0, 0.99, 0.01, lambda v: f"{v * 100:.0f} %"), beside=label_width(LABELS)
        )
        self.discard.changed.connect(
            lambda value: self.session.change(RolloutSettings, gesture="discard", discard=float(value))
        )
        self.layers = RangeRow("Layers", 0, 11, beside=label_width(LABELS))
        self.layers.changed.connect(self._layers_changed)

        self.own = QLabel("Headlight's own, through windows and stages")
        self.own.setProperty("role", "dim")
        self.own.hide()

        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.stack, 1)
        layout.addWidget(self.bar)
        layout.addWidget(self.own)
        self.controls = QWidget()
        self.controls.hide()  # what they choose among is known with the model
        column = QVBoxLayout(self.controls)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        choices = QGridLayout()
        choices.setHorizontalSpacing(ROW_GAP)
        choices.setColumnMinimumWidth(0, label_width(LABELS))
        choices.setVerticalSpacing(6)
        for row, (name, control) in enumerate(
            zip(LABELS, (self.query, self.fusion, self.residual), strict=False)
        ):
            label = QLabel(name)
            label.setProperty("role", "dim")
            choices.addWidget(label, row, 0)
            choices.addWidget(control, row, 1)
        choices.setColumnStretch(1, 1)
        column.addLayout(choices)
        column.addWidget(self.discard)
        column.addWidget(self.layers)
        layout.addWidget(self.controls)
        return widget

    def height_for(self, width: int) -> int | None:
        """That in which a picture fills the width, over the controls."""
        document = self.session.current
        if document is None or document.trace is None or "pixels" not in document.kind.gives:
            return None
        rows, columns = document.input.pixels.shape[:2]
        below = (self.bar, self.controls, *([] if self.own.isHidden() else [self.own]))
        gap = self.widget.layout().spacing()
        return round(width * rows / columns) + sum(one.sizeHint().height() + gap for one in below)

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view[MapSettings]
        queries = view[Selection].queries if view[RolloutQuery].selected else ()
        return (
            *(queries, view[RolloutSettings], map_.log, map_.percentile, map_.floor, map_.leave_out),
            *(map_.hide_special, map_.whole_words, self.rollout_blocked(view)),
        )

    def compute(self, trace: Trace, view: View, hover: Hover, task: Task) -> InputMap:
        return rollout_map(trace, view, task)

    def prepare(self, document: Document, view: View) -> None:
        self.controls.setVisible(document.trace is not None)
        if document.trace is None:
            return
        self._show_settings(document)
        self.own.setVisible(is_composed(document.trace.layers))
        if document.input is not self._input:
            self._input, self._result = document.input, None
            self.subtitle_changed.emit("")
            if "pixels" in document.kind.gives:
                self.picture.set_picture(document.input.pixels)
            self.height_changed.emit()

    def lane_for(self, view: View) -> Lane:
        return "run"

    def paint_partial(self, value: InputMap) -> None:
        self.paint(value)

    def paint(self, result: InputMap) -> None:
        tokens = result.tokens
        reason = self.rollout_blocked(self.session.view)
        if isinstance(tokens, PatchTokens):
            self.stack.setCurrentIndex(0)
            region = tokens.region
            corners = region.corners
            self.picture.set_overlay(None if reason else result.levels, corners)
        else:
            self.stack.setCurrentIndex(1)
            if self._result is None or tokens is not self._result.tokens:
                self.strip.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
            self.strip.set_weights(*((None, None) if reason else (result.levels, result.values)))
        self._result = result
        if reason:
            self.subtitle_changed.emit(reason)
        else:
            self._say()

    def mark(self, view: View, hover: Hover) -> None:
        self.picture.set_lut(lut(view[MapSettings].colours))
        self.picture.set_opacity(view[MapSettings].opacity)
        self.strip.set_lut(lut(view[MapSettings].colours))
        drawn = self._result is not None and not self.rollout_blocked(view)
        self.bar.set_scale(self._result.scale if drawn else None, lut(view[MapSettings].colours))
        if self._result is None:
            return
        tokens, asked = self._result.tokens, self._result.asked_of
        chosen = asked.find_all(view[Selection].queries) if view[RolloutQuery].selected else []
        under = tokens.find_all([p for p in (hover.key, hover.query) if p is not None][:1])
        if isinstance(tokens, PatchTokens):
            boxes = [asked.place(int(i)).corners for i in chosen if i >= asked.prefix]
            placed = [int(i) for i in under if i >= tokens.prefix]
            self.picture.set_boxes(boxes, tokens.place(placed[0]).corners if placed else None)
        else:
            self.strip.set_selected(chosen)
            self.strip.set_hovered(int(under[0]) if len(under) else None)

    def clear(self, document: Document | None) -> None:
        self._result = self._input = None
        self.controls.setVisible(document is not None and document.trace is not None)
        self.picture.set_picture(None)
        self.strip.set_tokens([], [])
        self.bar.set_scale(None, lut())
        self.subtitle_changed.emit("")

    def _say(self) -> None:
        document, view = self.session.current, self.session.view
        trace = document.trace
        places = view[Selection].queries if view[RolloutQuery].selected else ()
        tokens = rollout_tokens(trace, view)
        self.subtitle_changed.emit(names.tokens_named(tokens, query_indices(trace, tokens, places)))

    def _show_settings(self, document: Document) -> None:
        view, trace = self.session.view, document.trace
        readout = trace.tokens.labels[trace.readout] if trace.readout is not None else "Mean of all"
        self.query.set_label(False, readout)
        self.query.set_value(view[RolloutQuery].selected)
        self.fusion.set_value(view[RolloutSettings].fusion)
        self.residual.set_value(view[RolloutSettings].residual)
        self.discard.set_value(view[RolloutSettings].discard)
        last = len(trace.layers) - 1
        self.layers.set_limits(0, last)
        self.layers.set_value(
            view[RolloutSettings].first,
            last if view[RolloutSettings].last is None else view[RolloutSettings].last,
        )

    def _layers_changed(self, first: int, last: int) -> None:
        final = len(self.session.current.trace.layers) - 1
        self.session.change(
            RolloutSettings, gesture="layers", first=int(first), last=None if last >= final else int(last)
        )

    # -- gestures: a click here chooses what is rolled out ------------------------------------------------

    def _select(self, index: int, add: bool) -> None:
        if self._result is not None:
            self.session.change(RolloutQuery, selected=True)
            self.session.select(queries=[self._result.asked_of.place(index)], add=add)

    def _picture_clicked(self, x: float, y: float, add: bool) -> None:
        found = self._result.asked_of.find(Box(x, y, x, y)) if self._result is not None else ()
        if len(found):
            self._select(int(found[0]), add)

    def _picture_hovered(self, at: tuple[float, float] | None) -> None:
        self._token_hovered(None if at is None else self._token_at(*at))

    def _token_hovered(self, index: int | None) -> None:
        if index is None or self._result is None or index >= len(self._result.tokens):
            self.session.set_hover(NOWHERE)
            return
        place = self._result.tokens.place(index)
        self.session.set_hover(Hover(query=place, key=place))

    def _token_at(self, x: float, y: float) -> int | None:
        found = self._result.tokens.find(Box(x, y, x, y)) if self._result is not None else ()
        return int(found[0]) if len(found) else None

    def _picture_tip(self, x: float, y: float) -> str:
        index = self._token_at(x, y)
        return "" if index is None else self._token_tip(index)

    def _token_tip(self, index: int) -> str:
        result = self._result
        if result is None or index >= len(result.tokens):
            return ""
        self.said.emit("pointed", readings.of_token(result, index, False), None)
        return words.reading(result, index)
