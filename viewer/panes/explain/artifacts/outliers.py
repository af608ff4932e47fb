"""The marked tokens as a list, and what they get of all that each head gives."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QVBoxLayout, QWidget

from headlight.models.core.colours import levels, lut, scale_of
from headlight.models.core.relevance import percent
from headlight.viewer.panes.explain.artifacts.base import InspectedPane, times
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.widgets.base.labels import Note
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.grids.head_grid import HeadGrid
from headlight.widgets.tables.sortable_table import SortableTable

HEADINGS = ("Token", "Norm", "Ratio", "Layer", "Gets", "By")


class OutliersPane(InspectedPane):
    """Of each its norm where that is the most medians of its layer."""

    rows_copied = "outliers"

    def build(self) -> QWidget:
        self.rows = SortableTable(HEADINGS, "Outliers")
        self.rows.row_selected.connect(lambda row, add: self.select(int(self._listed[row]), add))
        self.rows.row_hovered.connect(self._hovered)
        self.note = Note()
        self._listed = np.empty(0, int)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.rows, 1)
        return widget

    def display(self) -> None:
        found = self.found
        self._listed = found.listed()
        best = found.ratios[:, self._listed].argmax(axis=0)
        texts, keys = [], []
        for token, state in zip(self._listed.tolist(), best.tolist(), strict=True):
            norm, ratio = float(found.norms[state, token]), float(found.ratios[state, token])
            share, name = float(found.attention[token]), names.token(self.tokens(), token)
            why = self.is_marked(token)
            texts.append(
                (
                    name,
                    f"{norm:.4g}",
                    times(ratio),
                    "emb" if state == 0 else str(state - 1),
                    percent(share),
                    why,
                )
            )
            keys.append((float(token), norm, ratio, float(state), share, why))
        self.rows.set_rows(texts, keys)
        factor = self.session.view[ArtifactSettings].factor
        nothing = (
            f"No norm is above {factor:.1f} medians of its layer, and no token draws far more attention."
        )
        self.note.setText("" if texts else nothing)
        self.note.setVisible(not texts)
        self.rows.setVisible(bool(texts))
        self.subtitle_changed.emit(f"{len(texts):,} of {len(self.tokens()):,} tokens")

    def mark(self, view: View, hover: Hover) -> None:
        if self.found is None:
            return
        rows = {token: row for row, token in enumerate(self._listed.tolist())}
        chosen = [rows[token] for token in self.chosen(view).tolist() if token in rows]
        self.rows.set_marked(chosen, rows.get(self.pointed(hover)))

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self._listed = np.empty(0, int)
        self.rows.set_rows(())
        self.note.setText("")
        self.note.hide()

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.note.setText(sentence)
        self.note.show()

    def table(self) -> str:
        """As they stand, for a spreadsheet."""
        return "\n".join("\t".join(line) for line in (HEADINGS, *self.rows.texts())) + "\n"

    def _hovered(self, row: int | None) -> None:
        if row is None:
            self.point_at(None)
        else:
            self.point_at(int(self._listed[row]))
            self.read(int(self._listed[row]))


class SharesPane(InspectedPane):
    """Layers across, heads down, as everywhere."""

    def build(self) -> QWidget:
        self.grid, self.bar = HeadGrid(), ColourBar()
        self.grid.clicked.connect(self._clicked)
        self.grid.hovered.connect(self._hovered)
        self.grid.set_tooltip(self._tip)
        self.note = Note()
        self.note.hide()
        self.map = with_bar(self.grid, self.bar)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.note)
        column.addWidget(self.map, 1)
        return widget

    def display(self) -> None:
        share, colours = self.found.share, lut(self.session.view[MapSettings].colours)
        counts = np.isfinite(share).sum(1).tolist()
        scale = scale_of(np.nan_to_num(share), 100)
        self.heat = scale
        painted = levels(np.nan_to_num(share), scale)
        self.grid.set_lut(colours)
        self.grid.set_maps([row[:count, None, None] for row, count in zip(painted, counts, strict=True)])
        self.bar.set_scale(scale, colours, "share of attention")
        self.note.hide()
        self.map.show()
        most = np.unravel_index(int(np.nan_to_num(share, nan=-1).argmax()), share.shape)
        self.subtitle_changed.emit(
            f"most: head {most[0]}.{most[1]}, {percent(float(share[most]))}" if share[most] > 0 else "nothing"
        )

    def mark(self, view: View, hover: Hover) -> None:
        self.grid.set_selected(view[Selection].layer, view[Selection].head)
        self.grid.set_hovered(None if hover.layer is None else (hover.layer, hover.head or 0))

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        self.heat = None
        self.grid.set_shape(0, 0)
        self.bar.set_scale(None, lut())
        self.note.hide()

    def say_instead(self, sentence: str) -> None:
        self.clear(None)
        self.map.hide()
        self.note.setText(sentence)
        self.note.show()

    def _tip(self, layer: int, head: int) -> str:
        return (
            ""
            if self.found is None
            else f"layer {layer}, head {head}: {percent(float(self.found.share[layer, head]))}"
        )

    def _clicked(self, layer: int, head: int) -> None:
        one = self.session.view.changed(MapSettings, heads="one")[MapSettings]
        settings = self.session.view.changed(ArtifactSettings, by="head")[ArtifactSettings]
        self.session.select(layer=layer, head=head, also=(one, settings))

    def _hovered(self, at: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if at is None else Hover(layer=at[0], head=at[1]))
