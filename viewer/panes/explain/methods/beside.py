"""Methods side by side: a map each on one scale, where they disagree, and how far they agree."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from headlight.models.core.colours import DIVERGING, MIDDLE, levels, lut, scale_about_zero
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import PatchTokens, PointTokens, TextTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.explain.methods.base import OfMethodsPane, method, titled
from headlight.viewer.panes.explain.methods.both import Both
from headlight.viewer.panes.explain.methods.strips import Strips
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import MapSettings, MethodsSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.explain.beside import Beside, Side, beside
from headlight.widgets.base import theme
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.colour_bar import ColourBar
from headlight.widgets.grids.grounds import Ground, PictureGround, PointsGround
from headlight.widgets.grids.multiples import Multiple, Multiples
from headlight.widgets.grids.word_grid import WordGrid
from headlight.widgets.tables.target_rows import TargetRows

APART = "Disagreement"
NARROW = 2.9
"""Em of a cell of the correlations."""
SAID = {
    "rank": "rank of each part in its method’s own order",
    "share": "share of each method’s own total",
}


class BesidePane(OfMethodsPane):
    result: Beside | None = None
    rows_copied = "methods"

    def build(self) -> QWidget:
        self.maps, self.strips = Multiples("Methods side by side"), Strips()
        self.both = Both("Methods side by side")
        self.stack = QStackedWidget()
        for view in (self.maps, self.strips, self.both):
            view.hovered.connect(self._hovered)
            view.clicked.connect(self._clicked)
            view.set_tip(self._tip)
            self.stack.addWidget(view)
        self.bar, self.apart_bar = ColourBar(), ColourBar()
        self._ground: object = None
        left, right = QWidget(), QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.4))
        column.addWidget(self.stack, 1)
        bars = QHBoxLayout()
        bars.setSpacing(theme.em(1))
        bars.addWidget(self.bar, 1)
        bars.addWidget(self.apart_bar, 1)
        column.addLayout(bars)
        self.grid = WordGrid("Rank correlations of methods", narrow=NARROW)
        self.grid.hovered.connect(self._pair_hovered)
        self.grid.set_tip(self._pair_tip)
        self.special_title, self.special = QLabel(), TargetRows()
        agree = QLabel("Rank correlation of two methods, Spearman’s ρ")
        for label in (agree, self.special_title):
            label.setProperty("role", "dim")
            label.setWordWrap(True)
        column = QVBoxLayout(right)
        column.setContentsMargins(theme.em(0.6), 0, 0, 0)
        column.setSpacing(theme.em(0.4))
        for one in (agree, self.grid, self.special_title, self.special):
            column.addWidget(one, 1 if one is self.grid else 0)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        for part, stretch in ((left, 68), (right, 32)):
            splitter.addWidget(part)
            splitter.setStretchFactor(splitter.count() - 1, stretch)
        return splitter

    # -- slice -------------------------------------------------------------------------------------------

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.asked(document, view), view[MethodsSettings].by

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(beside, trace, view, self.methods(self.session.current, view))

    def prepare(self, document: Document, view: View) -> None:
        if document.trace is None or self._ground is document.trace:
            return
        self._ground, self.result = document.trace, None
        tokens = document.trace.tokens
        if isinstance(tokens, MixedTokens) and tokens.on_picture.any():
            self.both.set_input(document.input.pixels, tokens)
            self.stack.setCurrentWidget(self.both)
        elif isinstance(tokens, TextTokens):
            self.strips.set_tokens(tokens.labels, tokens.special, tokens.words, tokens.texts)
            self.stack.setCurrentWidget(self.strips)
        else:
            self.maps.set_ground(_ground(document))
            self.stack.setCurrentWidget(self.maps)

    def paint_partial(self, value: Beside) -> None:
        self.paint(value)

    def paint(self, result: Beside) -> None:
        self.result = result
        self._draw()

    def mark(self, view: View, hover: Hover) -> None:
        if self.result is None:
            return
        tokens = self.session.current.trace.tokens
        self._show_scale(view)
        chosen = tokens.find_all(view[Selection].queries)
        under = tokens.find_all([p for p in (hover.key, hover.query) if p is not None][:1])
        token = int(under[0]) if len(under) else None
        self._shown().set_marks([int(one) for one in chosen][:64], token)
        self._shown().set_figures(self._figures(token))
        self.subtitle_changed.emit(f"{self.result.target.name} · {SAID[self.result.by]}")

    def clear(self, document: Document | None) -> None:
        self.result = self._ground = None
        self.maps.set_ground(None)
        self.both.clear()
        self.strips.set_tokens([], np.zeros(0, bool))
        for bar in (self.bar, self.apart_bar):
            bar.set_scale(None, lut())
        self.grid.set_message("")
        self.special.set_rows([], [])
        self.special_title.setText("")
        self.said.emit("both", {}, None)
        self.subtitle_changed.emit("")

    # -- what is drawn -----------------------------------------------------------------------------------

    def _draw(self) -> None:
        result, view = self.result, self.session.view
        colours, zero = self._colours(view)
        maps = [self._map(side, colours, zero) for side in result.sides]
        if result.apart is not None:
            maps.append(Multiple(APART, "", result.apart, lut(view[MapSettings].colours)))
        self._shown().set_maps(maps, view[MapSettings].opacity)
        self._draw_agreement()

    def _map(self, side: Side, colours: np.ndarray, zero: int) -> Multiple:
        trace = self.session.current.trace
        reason = side.failed or self._blocked(side.method)
        return Multiple(
            titled(side.method, trace), "", None if reason else side.levels, colours, zero, reason
        )

    def _blocked(self, name: str) -> str:
        """Why what leads through weights of layers is not drawn, or nothing."""
        trace = self.session.current.trace
        if method(name).of == "target":
            return ""
        return next((reason for layer in range(len(trace.layers)) if (reason := self.blocked(layer))), "")

    def _draw_agreement(self) -> None:
        whole, trace = self.result.whole, self.session.current.trace
        count = len(whole)
        found = np.nan_to_num(self.result.correlations)
        rows = [f"{number + 1} {method(side.method).title}" for number, side in enumerate(whole)]
        words = [[_figure(value) for value in row] for row in self.result.correlations]
        shades = levels(found, scale_about_zero(np.ones(1, np.float32)))
        self.grid.set_lut(lut(DIVERGING))
        self.grid.set_words(
            rows, [str(number + 1) for number in range(count)], words, shades, np.zeros((count, count), bool)
        )
        some = trace.tokens.special.any() and not trace.tokens.special.all()
        kind = "prefix tokens" if isinstance(trace.tokens, PatchTokens) else "special tokens"
        self.special_title.setText(f"Of each method’s values, on {kind}" if some else "")
        shares = [side.special for side in whole] if some else []
        self.special.set_rows(
            [method(side.method).title for side in whole] if some else [],
            shares,
            figures=[percent(share) for share in shares],
        )

    def _show_scale(self, view: View) -> None:
        colours, _ = self._colours(view)
        of = "rank" if self.result.by == "rank" else "share"
        there = bool(self.result.whole)
        self.bar.set_scale(self.result.scale if there else None, colours, of)
        apart = None if self.result.apart is None else self.result.apart_scale
        self.apart_bar.set_scale(apart, lut(view[MapSettings].colours), "SD of ranks")

    def _colours(self, view: View) -> tuple[np.ndarray, int]:
        if self.result.signed:
            return lut(DIVERGING), MIDDLE
        return lut(view[MapSettings].colours), 0

    def _shown(self) -> Multiples | Strips | Both:
        return self.stack.currentWidget()

    def _figures(self, token: int | None) -> list[str]:
        """Over each map: its value of the token under the cursor."""
        result = self.result
        found = [
            "" if token is None or side.failed else _short(side.shown[token], result.by)
            for side in result.sides
        ]
        if result.apart is not None:
            found.append("" if token is None else f"{result.disagreement[token]:.2f}")
        return found

    # -- gestures ----------------------------------------------------------------------------------------

    def _hovered(self, under: tuple[int, int | None] | None) -> None:
        if under is None or under[1] is None or self.result is None:
            self.session.set_hover(NOWHERE)
            return
        place = self.session.current.trace.tokens.place(under[1])
        self.session.set_hover(Hover(query=place, key=place))

    def _clicked(self, token: int, add: bool) -> None:
        if self.result is not None:
            self.session.select(queries=[self.session.current.trace.tokens.place(token)], add=add)

    def _tip(self, number: int, token: int) -> str:
        result = self.result
        if result is None or number > len(result.sides):
            return ""
        name = names.token(self.session.current.trace.tokens, token)
        apart = None if result.disagreement is None else f"{result.disagreement[token]:.3f}"
        if number == len(result.sides):
            figures = {"Token": name, "Method": "all of them", "Disagreement": apart or ""}
            self.said.emit("pointed", figures, None)
            return f"{name}\t{apart}"
        side = result.sides[number]
        if side.failed:
            return ""
        special = bool(self.session.current.trace.tokens.special[token])
        place = "none, it has no place" if special else self._place(side, token)
        figures = {
            "Token": name,
            "Method": method(side.method).name,
            "Value": read_out(float(side.values[token])),
            "Rank": place,
            **({"Disagreement": apart} if apart else {}),
        }
        self.said.emit("pointed", figures, None)
        return f"{name}\t{figures['Value']}\n{method(side.method).name}"

    def _place(self, side: Side, token: int) -> str:
        """3 of 1,369"""
        values = side.values[~self.session.current.trace.tokens.special]
        return f"{int((values > side.values[token]).sum()) + 1:,} of {len(values):,}"

    def _pair_hovered(self, cell: tuple[int, int] | None) -> None:
        whole = () if self.result is None else self.result.whole
        if cell is None or max(cell) >= len(whole):
            self._shown().set_lit(())
            self.said.emit("both", {}, None)
            return
        pair = [whole[number] for number in cell]
        self._shown().set_lit([self.result.sides.index(side) for side in pair])
        tokens = self.session.current.trace.tokens
        self.said.emit(
            "both",
            {
                "First": method(pair[0].method).name,
                "Second": method(pair[1].method).name,
                "Spearman’s ρ": f"{self.result.correlations[cell]:.3f}",
                "Tokens": f"{int((~tokens.special).sum()):,}",
            },
            None,
        )

    def _pair_tip(self, row: int, column: int) -> str:
        whole = () if self.result is None else self.result.whole
        if max(row, column) >= len(whole):
            return ""
        first, second = (method(whole[number].method).name for number in (row, column))
        return f"{first}, {second}\t{_figure(self.result.correlations[row, column], 3)}"

    def table(self) -> str:
        """A line a token: what each method says of it; for a spreadsheet."""
        if self.result is None:
            return ""
        tokens, whole = self.session.current.trace.tokens, self.result.whole
        lines = ["\t".join(("token", *(side.method for side in whole)))]
        for index, label in enumerate(names.short_labels(tokens)):
            lines.append("\t".join((label, *(f"{side.values[index]:.6g}" for side in whole))))
        return "\n".join((*lines, ""))


def _ground(document: Document) -> Ground:
    tokens = document.trace.tokens
    if isinstance(tokens, PointTokens):
        return PointsGround(tokens.positions)
    return PictureGround(document.input.pixels, tokens.grid, tokens.prefix, tokens.region.corners)


def _short(value: float, by: str) -> str:
    return f"{value:.2f}" if by == "rank" else percent(abs(value)) if value >= 0 else f"−{percent(-value)}"


def _figure(value: float, digits: int = 2) -> str:
    """A correlation, as it is written: .63, −.11, 1.00."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.{digits}f}".replace("-", "−").replace("0.", ".", 1)
