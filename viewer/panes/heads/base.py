"""What the panes of the page of heads share: the measures of all heads, and heads that are selected."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from functools import partial

import numpy as np

from headlight.models.core.settings import PatternSettings
from headlight.models.core.tokens import Box, CharSpan
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import HeadSettings, MapSettings, Selection, View
from headlight.viewer.slices.heads import HeadTable, head_table
from headlight.widgets.controls.readout import Figures

SECTIONS = (Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In")),)


def open_at(pane: Pane, text: str, start: int, stop: int) -> None:
    """Read a text by the model of the open document, and look at some of its characters as at that."""
    document = pane.session.current
    place = CharSpan(start, stop)
    pane.runs.open_like(text, document, document.view.changed(Selection, queries=(place,), keys=()))


def open_patch(pane: Pane, path: str, box: Box | None) -> None:
    """Read a picture by the model of the open document, and look at a patch of it as at that."""
    document = pane.session.current
    queries = () if box is None else (box,)
    pane.runs.open_file_like(path, document, document.view.changed(Selection, queries=queries, keys=()))


class MeasuresPane(Pane):
    """Shows what `head_table` gives, as far as it has come."""

    found: HeadTable | None = None

    def lane_for(self, view: View) -> Lane:
        return "run"

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[PatternSettings], view[HeadSettings].corpus

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(head_table, trace, view[PatternSettings], view[HeadSettings].corpus)

    def paint(self, result: HeadTable) -> None:
        self.found = result
        self.show_table(result)

    def paint_partial(self, value: HeadTable) -> None:
        self.paint(value)

    def show_table(self, table: HeadTable) -> None:
        """Paint it with the settings in force."""

    def prepare(self, document: Document, view: View) -> None:
        self.display(document, view)
        if self.found is not None:
            self.show_table(self.found)

    def display(self, document: Document, view: View) -> None:
        """Show settings on the controls."""

    def clear(self, document: Document | None) -> None:
        self.found = None
        self.subtitle_changed.emit("")

    def drawn(self, heads: np.ndarray) -> np.ndarray:
        """Of (layer, head), int (n, 2), those whose layer's weights are what the model used."""
        blocked = {layer: bool(self.blocked(layer)) for layer in set(heads[:, 0].tolist())}
        return heads[[not blocked[layer] for layer in heads[:, 0].tolist()]]

    def select_head(self, layer: int, head: int) -> None:
        one = replace(self.session.view[MapSettings], heads="one")
        self.session.select(layer=layer, head=head, also=(one,))

    def point_at_head(self, at: tuple[int, int] | None) -> None:
        self.session.set_hover(NOWHERE if at is None else Hover(layer=at[0], head=at[1]))
