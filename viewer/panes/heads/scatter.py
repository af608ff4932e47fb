"""All heads as dots: both axes and the colour are any of their measures."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.models.core.settings import PatternSettings
from headlight.viewer.panes.heads.base import MeasuresPane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import HeadSettings, MapSettings, Selection, View
from headlight.viewer.slices.heads import HeadTable, axes_of, figure, measure, titled
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.controls.choices import Choice
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.plots.value_scatter import ValueScatter

AXES = {"up": "Up", "across": "Across", "colour": "Colour"}


class ScatterPane(MeasuresPane):
    def build(self) -> QWidget:
        self.plot = ValueScatter("Heads by their measures", "No heads yet")
        self.plot.clicked.connect(self.select_head)
        self.plot.hovered.connect(self.point_at_head)
        self.plot.set_tip(self._tip)
        self.bar = ColourBar()
        self.choices = {axis: Choice([], title) for axis, title in AXES.items()}
        self._names: tuple[str, ...] = ()
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.em(0.4))
        for axis, choice in self.choices.items():
            label = ElidedLabel(AXES[axis])
            label.setProperty("role", "dim")
            choice.may_shrink()
            choice.changed.connect(lambda _, axis=axis: self._chosen(axis))
            row.addWidget(label)
            row.addWidget(choice, 1)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addLayout(row)
        column.addWidget(with_bar(self.plot, self.bar), 1)
        return widget

    def display(self, document: Document, view: View) -> None:
        if document.trace is None:
            return
        measures = axes_of(document.trace.tokens, view[PatternSettings])
        if self._names != (names := tuple(one.id for one in measures)):
            self._names = names
            for choice in self.choices.values():
                choice.clear()
                choice.addItems([one.title for one in measures])
        for axis, choice in self.choices.items():
            choice.setCurrentIndex(names.index(self._on(axis, view)))

    def _on(self, axis: str, view: View) -> str:
        name = getattr(view[HeadSettings], axis)
        return name if name in self._names else "band"

    def show_table(self, table: HeadTable) -> None:
        view = self.session.view
        across, up, colour = (self._on(axis, view) for axis in ("across", "up", "colour"))
        heads = self.drawn(table.known(across, (up,)))
        values = np.stack([table.of(across, heads), table.of(up, heads)], 1)
        shades = table.of(colour, heads) if colour in table.values else np.full(len(heads), np.nan)
        scale, colours = scale_of(shades, 100), lut(view[MapSettings].colours)
        self.heat = scale
        titles = titled(measure(across), table.steps), titled(measure(up), table.steps)
        keys = [tuple(head) for head in heads.tolist()]
        painted = colours[levels(np.nan_to_num(shades, nan=scale.low), scale), :3]
        self.plot.set_dots(keys, values, painted, titles, whole=across == "layer")
        self.bar.set_scale(scale, colours, titled(measure(colour), table.steps).lower())

    def mark(self, view: View, hover: Hover) -> None:
        self.plot.set_selected((view[Selection].layer, view[Selection].head))
        self.plot.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))
        if self.found is not None:
            corpus = view[HeadSettings].corpus
            many = "" if corpus is None else f"{self.found.count:,} {corpus.plural} of {corpus.title}"
            over = many or "this input"
            self.subtitle_changed.emit(f"over {over}")

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.plot.set_dots([], np.empty((0, 2)), np.empty((0, 3), np.uint8), ("", ""))
        self.heat = None
        self.bar.set_scale(None, lut())

    def _tip(self, layer: int, head: int) -> str:
        view, lines = self.session.view, [f"layer {layer}, head {head}"]
        for name in dict.fromkeys(self._on(axis, view) for axis in ("up", "across", "colour")):
            if name != "layer" and name in self.found.values:
                one = measure(name)
                value = float(self.found.values[name][layer, head])
                lines.append(f"{titled(one, self.found.steps)}\t{figure(one, value)}")
        return "\n".join(lines)

    def _chosen(self, axis: str) -> None:
        name = self._names[self.choices[axis].currentIndex()]
        self.session.change(HeadSettings, **{axis: name})
