"""What the panes share that lay a map on the input itself: the picture's, the sentence's."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from headlight.models.core.colours import lut
from headlight.models.core.layers import Head
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Lane
from headlight.viewer.panes.shared import readings, words
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.registry import resolve
from headlight.viewer.session.selecting import method_of
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import InputMap, Picture, head_of
from headlight.viewer.slices.relevance import input_map
from headlight.widgets.controls.colour_bar import ColourBar


class OnInputPane(Pane):
    """Shows the map of the chosen method; pointing at a head in the head grid previews that head's."""

    result: InputMap | Picture | None = None
    """What is painted."""

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_ = view[MapSettings]
        scale = (map_.log, map_.percentile, map_.floor, map_.leave_out, map_.mass)
        seen = (map_.hide_special, map_.whole_words)
        method = method_of(view)
        if method.of == "picture":
            return method.id
        if method.of == "layers":
            queries = view[Selection].queries if view[RolloutQuery].selected else ()
            settings = view[resolve(method.settings)] if method.settings else None
            return (method.id, *scale, *seen, queries, settings, self.rollout_blocked(view))
        at = pointed(view, hover)
        return (method.id, *scale, *seen, at, map_.incoming, view[Selection].queries, self.blocked(at[0]))

    def lane_for(self, view: View) -> Lane:
        return "look" if method_of(view).of == "head" else "run"

    def compute(self, trace: Trace, view: View, hover: Hover, task: Task) -> InputMap | Picture:
        return input_map(trace, view, pointed(view, hover), task)

    def show_scale(self, bar: ColourBar, view: View) -> None:
        """The colours of what is painted, whichever head it is of."""
        drawn = self.result is not None and not self.not_drawn(self.result)
        bar.set_scale(self.result.scale if drawn else None, lut(view[MapSettings].colours))

    def paint_partial(self, value: Any) -> None:
        self.paint(value)

    def not_drawn(self, result: InputMap | Picture) -> str:
        """Why this map is not drawn, or nothing."""
        if isinstance(result, Picture):
            return ""
        return self.blocked(result.at[0]) if result.at else self.rollout_blocked(self.session.view)

    def read(self, index: int) -> str:
        """Say all of the token under the cursor, and give what its tip says."""
        result = self.result
        if self.not_drawn(result):
            return names.token(result.tokens, index)
        self.said.emit(
            "pointed", readings.of_token(result, index, self.session.view[MapSettings].incoming), None
        )
        return words.reading(result, index)

    def table(self) -> str:
        """The shown weights, a line a token, for a spreadsheet; empty without weights of tokens."""
        result = self.result
        return words.table(result.tokens, result.values) if isinstance(result, InputMap) else ""


def pointed(view: View, hover: Hover) -> tuple[int, Head]:
    """(layer, head) under the cursor in the head grid, else the selected one (or the fusion chosen)."""
    if hover.layer is not None and hover.head is not None:
        return hover.layer, hover.head
    return view[Selection].layer, head_of(view)
