"""The dropped picture, with what the chosen query looks at laid over the pixels it speaks of."""

from __future__ import annotations

from collections.abc import Collection, Iterable

import numpy as np
from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QVBoxLayout, QWidget

from headlight.models.core.answers import Matches, Things
from headlight.models.core.colours import lut
from headlight.models.core.tokens import Box, PatchTokens, Place, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.panes.attention.change_menu import fill_input_menu
from headlight.viewer.panes.attention.origin import FrameRow
from headlight.viewer.panes.shared.on_input import OnInputPane, pointed
from headlight.viewer.session.selecting import asked_tokens
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import InputMap, query_indices
from headlight.viewer.slices.window_maps import window_lines
from headlight.widgets.controls.colour_bar import ColourBar, with_bar
from headlight.widgets.plane.image_view import ImageView
from headlight.widgets.text.chips import Chip, Chips

_ALL_PATCHES = "mean of all patches"
QUERIES_NAMED = 6
"""So many queries of a detector have a chip, the surest."""
ARTIFACTS_NAMED = 4
"""So many artifact tokens have a chip of their own; the others share one, or they would crowd the picture."""
NOWHERE_NAMED = 12
"""So many tokens that are nowhere on the picture, as a decoder's queries, have a chip to be chosen by."""


class PicturePane(OnInputPane):
    waits = False

    def build(self) -> QWidget:
        self.view = ImageView()
        self.view.hovered.connect(self._hovered)
        self.view.clicked.connect(self._clicked)
        self.view.boxed.connect(self._boxed)
        self.view.asked.connect(self._open_menu)
        self.menu = QMenu(self.view)
        self.menu.aboutToHide.connect(lambda: self.session.set_hover(NOWHERE))
        self.view.set_tip(self.read_at)
        self.bar = ColourBar()
        self.chips = Chips()
        self.chips.clicked.connect(self._chip_clicked)
        self.chips.hovered.connect(self._chip_hovered)
        self.artifacts = Chips()
        self.artifacts.clicked.connect(self._artifact_clicked)
        self._artifact_tokens: list[list[int]] = []
        self.artifacts_note = QLabel()
        self.artifacts_note.setProperty("role", "dim")
        self._input: object = None
        self._chip_tokens: list[int] = []
        widget = QWidget()
        layout = QVBoxLayout(widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(with_bar(self.view, self.bar), 1)
        self.frames = FrameRow(self.session, self.runs)
        layout.addWidget(self.frames)
        self.queries_row = QWidget()
        self.queries_row.setLayout(_beside("Query", self.chips))
        policy = self.queries_row.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # the picture stays where it is when the model has read it
        self.queries_row.setSizePolicy(policy)
        layout.addWidget(self.queries_row)
        self.artifacts_row = QWidget()
        below = QVBoxLayout(self.artifacts_row)  # in a narrow pane chips between two labels would be a column
        below.setContentsMargins(0, 0, 0, 0)
        below.setSpacing(4)
        below.addLayout(_beside("Artifact tokens", self.artifacts_note))
        below.addWidget(self.artifacts)
        layout.addWidget(self.artifacts_row)
        return widget

    def prepare(self, document: Document, view: View) -> None:
        self._show_picture(document)
        self.frames.display(document)

    def paint(self, result: InputMap) -> None:
        self.result = result
        trace = self.session.current.trace
        levels, region = result.levels, None
        if isinstance(trace.tokens, PatchTokens):
            region = trace.tokens.region
        if isinstance(result.tokens, MixedTokens):  # boxes that lie upon each other
            levels, region = result.laid or (None, region)
        elif result.tokens is not None and not _on_picture(result.tokens):  # from latents to latents, say
            region = None
        drawn = region is not None and not self.not_drawn(result)
        seen = not isinstance(result.tokens, MixedTokens)
        self.view.set_overlay(*((levels, region.corners) if drawn else (None,)), seen=seen)
        self.view.set_mask(result.mask)
        self.said.emit("shown", self.figures(1), None)
        self._show_artifacts(trace)
        left_out = self.session.view[MapSettings].leave_out
        self.artifacts_note.setText("left out of the scale" if left_out else "set the scale too")

    def mark(self, view: View, hover: Hover) -> None:
        trace = self.session.current.trace
        tokens = asked_tokens(trace, view)
        self.view.set_lut(lut(view[MapSettings].colours))
        self.view.set_opacity(view[MapSettings].opacity)
        self.show_scale(self.bar, view)
        selected = [place for place in view[Selection].queries if isinstance(place, Box)]
        boxes = [
            place.corners for place in tokens.places(tokens.find_all(selected)) if isinstance(place, Box)
        ]
        boxes += [box.corners for box in _found(trace, view[Selection].queries)]
        pointed_at = [place for place in (hover.key, hover.query) if place is not None]
        under = next((p for p in (*_found(trace, pointed_at), *pointed_at) if isinstance(p, Box)), None)
        self.view.set_boxes(boxes, under.corners if under else None)
        edges, seams = self._windows(trace, view, hover) or (None, None)
        if edges is None:
            edges = _matched(trace, trace.tokens.find_all(view[Selection].queries))
        self.view.set_lines(edges, "solid")
        self.view.set_lines(seams, "dashed")
        self._mark_chips(trace, view, hover)

    def clear(self, document: Document | None) -> None:
        self.result = None
        if document is None:
            self._input = None
            self.view.set_picture(None)
        self.view.set_overlay(None)
        self.bar.set_scale(None, lut())
        self.view.set_mask(None)
        self.view.set_boxes([], None)
        self.view.set_lines(None, "solid")
        self.view.set_lines(None, "dashed")
        self.chips.set_chips([])
        self.queries_row.hide()
        self.said.emit("shown", {}, None)
        self.artifacts_row.hide()

    def pixels(self, document: Document) -> np.ndarray:
        """What lies below the map."""
        return document.input.pixels

    # -- what is said ------------------------------------------------------------------------------------

    def _show_artifacts(self, trace: Trace) -> None:
        artifacts = [int(i) for i in trace.artifacts]
        labels = [trace.tokens.labels[i].removeprefix("patch ") for i in artifacts]
        # A chip for one that is left over would take the room of its own.
        named = len(artifacts) if len(artifacts) <= ARTIFACTS_NAMED + 1 else ARTIFACTS_NAMED
        self._artifact_tokens = [[token] for token in artifacts[:named]]
        chips = [Chip(label) for label in labels[:named]]
        if labels[named:]:
            self._artifact_tokens.append(artifacts[named:])
            chips.append(Chip(f"{len(labels) - named} more", tooltip=", ".join(labels[named:])))
        self.artifacts_row.setVisible(bool(artifacts))
        self.artifacts.set_chips(chips)

    def _mark_chips(self, trace: Trace, view: View, hover: Hover) -> None:
        tokens: Tokens = asked_tokens(trace, view)
        if isinstance(tokens, MixedTokens):
            self._mark_queries(tokens, view, hover)
            return
        chosen = set(query_indices(trace, tokens, view[Selection].queries).tolist())
        hovered = {int(i) for place in (hover.query, hover.key) if place for i in tokens.find(place)}
        on_picture = isinstance(tokens, PatchTokens)
        self._chip_tokens = list(range(tokens.prefix if on_picture else min(len(tokens), NOWHERE_NAMED)))
        named = dict.fromkeys(self._chip_tokens, "")
        if on_picture and (things := trace.answer(Things)) is not None:
            named = _surest(things, tokens, chosen)
            self._chip_tokens = list(named)
        chips = [
            Chip(
                named[i] or tokens.labels[i],
                "selected" if i in chosen else "hovered" if i in hovered else "special",
                tooltip=tokens.labels[i] if named[i] else "",
            )
            for i in self._chip_tokens
        ]
        patches = sorted(i for i in chosen if i >= tokens.prefix) if on_picture else sorted(chosen)
        patches = patches if on_picture or len(patches) > 1 or patches[0] >= NOWHERE_NAMED else []
        said = names.tokens_named(tokens, np.array(patches)) if patches else _ALL_PATCHES
        # Without a patch its chip keeps its room: the picture must not move under a hand that drags on it.
        chips.append(Chip(said, "selected" if patches else "absent"))
        self.queries_row.show()
        self._chip_tokens.append(patches[0] if len(patches) == 1 else -1)
        self.chips.set_chips(chips)

    def _mark_queries(self, tokens: Tokens, view: View, hover: Hover) -> None:
        """A chip for each of the surest, and for those that are chosen: what they found."""
        chosen = tokens.find_all(view[Selection].queries).tolist()
        hovered = tokens.find_all([place for place in (hover.query, hover.key) if place]).tolist()
        points = isinstance(tokens, MixedTokens) and tokens.reach > 0  # they are on the picture to be clicked
        surest = [] if points else list(range(len(tokens)))
        if len(surest) > NOWHERE_NAMED or any(map(_share_said, tokens.labels)):
            surest = sorted(surest, key=lambda at: -_share_said(tokens.labels[at]))[:QUERIES_NAMED]
        self._chip_tokens = list(dict.fromkeys((*surest, *chosen[:QUERIES_NAMED])))
        chips = [
            Chip(tokens.labels[i], "selected" if i in chosen else "hovered" if i in hovered else "plain")
            for i in self._chip_tokens
        ]
        if points and not chosen:
            chips = [Chip(f"mean of all {len(tokens):,} points", "selected")]
        elif points and len(chosen) > len(chips):
            chips.append(Chip(f"{len(chosen) - len(chips):,} more", "selected"))
        self._chip_tokens += [-1] * (len(chips) - len(self._chip_tokens))  # these name none alone
        self.queries_row.show()
        self.chips.set_chips(chips)

    # -- gestures ----------------------------------------------------------------------------------------

    def _hovered(self, at: tuple[float, float] | None) -> None:
        place = None if at is None else self._patch_at(*at)
        self.session.set_hover(NOWHERE if place is None else Hover(query=place, key=place))

    def _clicked(self, x: float, y: float, add: bool) -> None:
        place = self._patch_at(x, y)
        if place is not None:
            self.session.select(queries=[place], add=add)

    def _boxed(self, x0: float, y0: float, x1: float, y1: float, add: bool) -> None:
        document = self.session.current
        if document and document.trace:
            tokens = asked_tokens(document.trace, self.session.view)
            found = tokens.find(Box(x0, y0, x1, y1))
            if len(found):
                self.session.select(queries=tokens.places(found), add=add)

    def _open_menu(self, at: tuple[float, float], where: QPoint) -> None:
        """What can be changed of this patch, or of those that are selected with it."""
        document, place = self.session.current, self._patch_at(*at)
        if self.runs is None or document is None or place is None:
            return
        if place not in self.session.view[Selection].queries:
            self.session.select(queries=[place])
        fill_input_menu(self.menu, document, self.runs)
        self.menu.popup(where)

    def _chip_clicked(self, index: int, add: bool) -> None:
        if (place := self._chip_place(index)) is not None:
            self.session.select(queries=[place], add=add)

    def _chip_hovered(self, index: int | None) -> None:
        place = None if index is None else self._chip_place(index)
        self.session.set_hover(Hover(query=place, key=place) if place else NOWHERE)

    def _chip_place(self, index: int) -> Place | None:
        """Of a chip's token; of none, and where the next document has come but this pane not had its turn."""
        trace, token = self._trace, self._chip_tokens[index]
        if trace is None or token < 0:
            return None
        return asked_tokens(trace, self.session.view).place(token)

    def _artifact_clicked(self, index: int, add: bool) -> None:
        tokens = self.session.current.trace.tokens
        self.session.select(queries=tokens.places(self._artifact_tokens[index]), add=add)

    # -- helpers -----------------------------------------------------------------------------------------

    def _patch_at(self, x: float, y: float) -> Place | None:
        document = self.session.current
        if document is None or document.trace is None:
            return None
        tokens = asked_tokens(document.trace, self.session.view)
        found = tokens.find(Box(x, y, x, y))
        return tokens.place(int(found[0])) if len(found) else None

    def _windows(self, trace: Trace, view: View, hover: Hover) -> tuple[np.ndarray, np.ndarray] | None:
        """The lines of the windows in which the shown layer attends, where it does."""
        at = pointed(view, hover)[0]
        return window_lines(trace.layers[at]) if at < len(trace.layers) else None

    def _show_picture(self, document: Document) -> None:
        if document.input is not self._input:
            self._input = document.input
            self.view.set_picture(self.pixels(document))
        height, width = document.input.pixels.shape[:2]
        said = f"{width} × {height}"
        if document.trace is not None:
            tokens = asked_tokens(document.trace, self.session.view)
            if not isinstance(tokens, PatchTokens) and not isinstance(document.trace.tokens, PatchTokens):
                looked = document.trace.layers[self.session.view[Selection].layer].keys
                nowhere = (
                    ""
                    if _on_picture(looked) or _placed(looked)
                    else ": this layer looks at none of the picture"
                )
                what = "points" if isinstance(tokens, MixedTokens) and tokens.reach else "queries"
                self.subtitle_changed.emit(f"{said} · {len(tokens):,} {what}{nowhere}")
                return
            tokens = tokens if isinstance(tokens, PatchTokens) else document.trace.tokens
            rows, columns = tokens.grid
            seen = _seen_at(document.trace, (height, width))
            said += f"{seen} · {rows} × {columns} patches"
            size = document.trace.shapes.get("pixel_values", ())
            if len(size) == 3 and not seen:  # else there is no room, and both are said
                down, across = size[1] // rows, size[2] // columns
                said += f" of {down} px" if down == across else f" of {across} × {down} px"
            layers, layer = document.trace.layers, self.session.view[Selection].layer
            if layer < len(layers):
                windows = layers[layer].said()
                # What a title has no room for is cut off at its end.
                said = f"{rows} × {columns} patches · {windows} · {said}" if windows else said
        self.subtitle_changed.emit(said)


def _matched(trace: Trace, tokens: np.ndarray) -> np.ndarray | None:
    """Lines between points that are matched: of these tokens, or all where none of them is."""
    matches = trace.answer(Matches)
    if matches is None or not len(matches):
        return None
    own = matches.of(tokens)
    return matches.lines[own] if len(own) else matches.lines


def _found(trace: Trace, places: Iterable[Place]) -> list[Box]:
    """The boxes of what tokens at these places found, which themselves lie nowhere."""
    things = trace.answer(Things)
    numbers = [] if things is None else [things.find(one) for one in places if not isinstance(one, Box)]
    return [things.box(number) for number in numbers if things is not None and number is not None]


def _surest(things: Things, tokens: PatchTokens, chosen: Collection[int]) -> dict[int, str]:
    """Of tokens before the patches those that have a chip, and what it says: of those that find things the
    surest and those that are chosen."""
    numbers = {int(tokens.find(place)[0]): number for number, place in enumerate(things.places)}
    surest = sorted(numbers, key=lambda at: -things.scores[numbers[at]])[:QUERIES_NAMED]
    kept = [at for at in range(tokens.prefix) if at not in numbers]
    kept += [*surest, *(at for at in sorted(chosen) if at in numbers)][: 2 * QUERIES_NAMED]
    return {at: things.names[numbers[at]] if at in numbers else "" for at in kept}


def _placed(tokens: Tokens) -> bool:
    return isinstance(tokens, MixedTokens) and bool(tokens.on_picture.any())


def _on_picture(tokens: Tokens) -> bool:
    return isinstance(tokens, PatchTokens)


def _seen_at(trace: Trace, shape: tuple[int, int]) -> str:
    """Where a model saw a picture of another height and width than it is shown in."""
    size = trace.shapes.get("pixel_values")
    return "" if size is None or size[1:] == shape else f" · seen at {size[2]} × {size[1]}"


def _share_said(label: str) -> float:
    """“cat 93%” → 0.93, 0 of what says none."""
    last = label.rpartition(" ")[2]
    share = last.removesuffix("%")
    return float(share) / 100 if share != last and share.isdigit() else 0.0


def _beside(label: str, *what: QWidget) -> QHBoxLayout:
    """A dim label and what it names, in one row."""
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    name = QLabel(label)
    name.setProperty("role", "dim")
    row.addWidget(name)
    for number, widget in enumerate(what):
        row.addWidget(widget, 0 if number else 1)
    return row
