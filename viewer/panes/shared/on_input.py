"""What the panes share that show a method: on the picture or the sentence itself, beside it, head by head."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial
from typing import Any

from headlight.models.core.colours import DIVERGING, lut
from headlight.models.core.layers import Head
from headlight.models.core.tokens import Box, PatchTokens, Place, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call, Lane
from headlight.viewer.panes.shared import readings, words
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.registry import Method
from headlight.viewer.session.methods import ON_INPUT, layers_through, settings_of
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, TargetSettings, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.relevance import relevance_map
from headlight.viewer.slices.maps import Drawn, InputMap, head_of
from headlight.widgets.controls.colour_bar import ColourBar


class MethodPane(Pane):
    """Its subject is (the trace, the method that the slot shows)."""

    slot = ON_INPUT

    def subject(self, document: Document, view: View, hover: Hover) -> tuple[Trace | None, Method]:
        return document.trace, self.slot.method(document, view)

    def method(self) -> Method:
        """What is shown of the current document."""
        return self.slot.method(self.session.current, self.session.view)


class OnInputPane(MethodPane):
    """Shows the map of the slot's method; pointing at a head in the head grid previews that head's."""

    result: InputMap | Drawn | None = None
    """What is painted."""
    unseen = "not seen by the model"
    """What is said of a part of the input that is not in what the model was given."""
    signed = False
    """Whether that has values with a sign, whatever is chosen by now."""

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        map_, method = view[MapSettings], self.slot.method(document, view)
        if method.of == "picture":
            return ()
        scale = (map_.log, map_.percentile, map_.floor, map_.leave_out, map_.mass)
        seen = (map_.hide_special, map_.whole_words, map_.step)
        if method.of == "layers":
            queries = view[Selection].queries if view[RolloutQuery].selected else ()
            return (*scale, *seen, queries, *settings_of(method, view), self.through_blocked())
        if method.of == "target":
            queries = view[Selection].queries if view[RolloutQuery].selected else ()
            return (*scale, *seen, queries, view[TargetSettings], *settings_of(method, view))
        at = pointed(view, hover)
        return (*scale, *seen, at, map_.incoming, map_.several, view[Selection].queries, self.blocked(at[0]))

    def lane_for(self, view: View) -> Lane:
        return "look" if self.method().of == "head" else "run"

    def slice(self, subject: tuple[Trace, Method], view: View, hover: Hover) -> Call:
        trace, method = subject
        return partial(relevance_map, trace, view, method, pointed(view, hover))

    def show_scale(self, bar: ColourBar, view: View) -> None:
        """The colours of what is painted, whichever head it is of."""
        drawn = self.result is not None and not self.not_drawn(self.result)
        bar.set_scale(self.result.scale if drawn else None, lut(self.colours(view)))

    def colours(self, view: View) -> str:
        """The colour map: that of values with a sign is another one."""
        return DIVERGING if self.signed else view[MapSettings].colours

    def paint_partial(self, value: Any) -> None:
        self.paint(value)

    def not_drawn(self, result: InputMap | Drawn) -> str:
        """Why this map is not drawn, or nothing."""
        if result.tokens is None:
            return ""
        return self.blocked(result.at[0]) if result.at else self.through_blocked()

    def through_blocked(self) -> str:
        """Why what goes through many layers is not drawn: one of these is not; or nothing."""
        document = self.session.current
        if document is None or document.trace is None or self.method().of == "target":
            return ""
        through = layers_through(document.trace, self.method(), self.session.view)
        return next((reason for layer in through if (reason := self.blocked(layer))), "")

    def read(self, index: int) -> str:
        """Say all of the token under the cursor, and give what its tip says."""
        result = self.result
        if self.place(index) is None:
            return ""
        if self.not_drawn(result):
            return names.token(result.tokens, index)
        incoming = self.session.view[MapSettings].incoming
        self.said.emit("pointed", readings.of_token(result, index, incoming, self._of(result)), None)
        return words.reading(result, index)

    def read_at(self, x: float, y: float) -> str:
        """The same of a place in the picture."""
        result, document = self.result, self.session.current
        if result is None or document is None or document.trace is None:
            return ""
        if result.tokens is not None:
            found = result.tokens.find(Box(x, y, x, y))
            if len(found):
                return self.read(int(found[0]))
            return "" if isinstance(result.tokens, MixedTokens) and result.tokens.reach else self.unseen
        region, (rows, columns) = document.trace.tokens.region, result.values.shape
        row = int((y - region.y0) / (region.y1 - region.y0) * rows)
        column = int((x - region.x0) / (region.x1 - region.x0) * columns)
        if not (0 <= row < rows and 0 <= column < columns):
            return self.unseen
        value = f"{result.values[row, column]:.2f}"
        self.said.emit("pointed", {"Weight": value, "In": result.what}, None)
        return f"{result.what}\t{value}"

    def place(self, index: int | None) -> Place | None:
        """Where a token of what is painted is; None without one."""
        tokens = None if self.result is None else self.tokens()
        return None if tokens is None or index is None or index >= len(tokens) else tokens.place(index)

    def tokens(self) -> Tokens:
        """Those that lie below what is painted."""
        return self.session.current.trace.tokens if self.result.tokens is None else self.result.tokens

    def point_at(self, index: int | None) -> None:
        """This token of what is painted is under the cursor."""
        place = self.place(index)
        self.session.set_hover(Hover(query=place, key=place) if place else NOWHERE)

    def figures(self, best: int) -> dict[str, str]:
        """What is said of the whole map, with so many of its highest values; nothing of what is not drawn."""
        result = self.result
        if result is None or self.not_drawn(result):
            return {}
        if not isinstance(result, InputMap):
            return readings.of_drawn(result)
        said = readings.of_map(result, best, self.session.view[MapSettings].incoming, self._of(result))
        if isinstance(result.tokens, MixedTokens):
            return said | readings.of_both(result)
        return said | (readings.of_patches(result) if isinstance(result.tokens, PatchTokens) else {})

    def _of(self, result: InputMap) -> str:
        trace = self.session.current.trace
        at = words.head(trace, *result.at) if result.at else ""
        return ", ".join(filter(None, (result.what, at)))

    def table(self) -> str:
        """The shown weights, a line a token, for a spreadsheet; empty without weights of tokens."""
        result = self.result
        return words.table(result.tokens, result.values) if isinstance(result, InputMap) else ""


def pointed(view: View, hover: Hover) -> tuple[int, Head]:
    """(layer, head) under the cursor in the head grid, else the selected one (or the fusion chosen)."""
    if hover.layer is not None and hover.head is not None:
        return hover.layer, hover.head
    return view[Selection].layer, head_of(view)
