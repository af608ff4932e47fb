"""Faithfulness: what the score does as what methods call relevant goes, or comes; of one input or many."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.trace import Trace
from headlight.models.explain.faithfulness import ORDERS, Curves
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.explain.methods.base import OfMethodsPane, method
from headlight.viewer.panes.shared.dialogs import inputs_that_give
from headlight.viewer.registry import Needs
from headlight.viewer.session.able import no_scores
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.explain.faithful import Faithful, FaithfulOver, best, faithful, faithful_over
from headlight.viewer.slices.many.pictures import read_pictures
from headlight.viewer.slices.many.texts import read_corpus
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.plots.banded_plot import BandedPlot
from headlight.widgets.plots.line_plot import Series
from headlight.widgets.tables.sortable_table import SortableTable

OF_ONE = ("Method", "Deletion", "Insertion", "Beats random")
OF_MANY = ("Method", "Deletion", "Insertion", "Below random by", "Best on", "Beats random on")
RANDOM = "Random order"
FEW = 3
"""Inputs that are named of those that were left out."""
_PIXELS, _CHARACTERS = Needs(("pixels",)), Needs(("characters",))


class FaithfulPane(OfMethodsPane):
    """Takes many passes: it measures where it is told to, and what is shown is of what is chosen now."""

    waits = False
    rows_copied = "areas"

    def build(self) -> QWidget:
        self.measure, self.many = QPushButton("Run the curves"), QPushButton("")
        self.measure.clicked.connect(lambda: self._want(None))
        self.many.clicked.connect(self._choose)
        self.plots = [
            BandedPlot(name, "", (f"% {what}, most relevant first", "Score"))
            for name, what in (("Deletion", "hidden"), ("Insertion", "shown"))
        ]
        self.tables = {
            columns: SortableTable(columns, "Areas under the curves") for columns in (OF_ONE, OF_MANY)
        }
        self.verdict, self.note = QLabel(wordWrap=True), Note()
        self._wanted: Hashable = None
        self._of_many: Corpus | Pictures | None = None
        self._result: Faithful | FaithfulOver | None = None
        buttons = QHBoxLayout()
        for button in (self.measure, self.many):
            buttons.addWidget(button)
        buttons.addWidget(self.note, 1)
        said = QVBoxLayout()
        said.setSpacing(theme.em(0.4))
        said.addWidget(self.verdict)
        for table in self.tables.values():
            said.addWidget(table, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.em(0.8))
        for plot in self.plots:
            row.addWidget(plot, 3)
        row.addLayout(said, 4)
        widget = QWidget()
        column = QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.4))
        column.addLayout(buttons)
        column.addLayout(row, 1)
        column.addStretch()
        for one in (*self.plots, *self.tables.values(), self.verdict):
            one.hide()
        return widget

    # -- slice -------------------------------------------------------------------------------------------

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return self.asked(document, view), self._of_many

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call | None:
        if self._wanted is None:
            return None
        names = self.methods(self.session.current, view)
        if self._of_many is None:
            return partial(faithful, trace, view, names, ORDERS)
        return partial(faithful_over, trace, self._of_many, view, names, ORDERS)

    def prepare(self, document: Document, view: View) -> None:
        for button in (self.measure, self.many):
            button.setEnabled(document.trace is not None and not no_scores(document))
            button.setToolTip(no_scores(document))
        pictures = _PIXELS.of_kind(document.kind)
        self.many.setText("Over a folder of pictures…" if pictures else "Over a file of lines…")
        self.many.setVisible(pictures or _CHARACTERS.of_kind(document.kind))
        if document.trace is None:
            return
        now = document.trace, self.asked(document, view)
        if self._wanted is not None and self._wanted != now:  # what is shown is of other methods
            self.forget()
            self.clear(document)
        if self._wanted is None:
            self.note.setText(no_scores(document) or self._invitation(document, view))

    def paint_partial(self, value: Faithful | FaithfulOver) -> None:
        self.paint(value)

    def paint(self, result: Faithful | FaithfulOver) -> None:
        self._result = result
        if isinstance(result, Faithful):
            self._paint_one(result)
        else:
            self._paint_many(result)

    def clear(self, document: Document | None) -> None:
        self._wanted = self._of_many = self._result = None
        for one in (*self.plots, *self.tables.values()):
            one.hide()
        self.note.setText("")
        self.verdict.hide()
        self.subtitle_changed.emit("")

    # -- what is drawn -----------------------------------------------------------------------------------

    def _invitation(self, document: Document, view: View) -> str:
        count = len(self.methods(document, view))
        return (
            f"Hides, and shows, the most relevant parts first by each of {count} methods, and in random "
            "orders: some 60 passes, and 20 more a method. Change the target or the methods at the right."
        )

    def _paint_one(self, result: Faithful) -> None:
        names = list(result.curves)
        order = {
            name: number for number, name in enumerate(self.methods(self.session.current, self.session.view))
        }
        for which, plot in enumerate(self.plots):
            band = (result.random.deletion, result.random.insertion)[which]
            curves = [_series(name, result.curves[name], which, order[name]) for name in names]
            plot.set_curves(curves, np.stack([band.min(0), band.max(0)]))
            plot.setVisible(bool(curves))
        rows, keys = [], []
        for name, one in result.curves.items():
            areas, beaten = one.areas, one.beaten(result.random)
            total = len(result.random.deletion)
            figures = [f"{one:.3f}" for one in areas]
            rows.append((method(name).title, *figures, f"{beaten[0]} and {beaten[1]} of {total}"))
            keys.append((method(name).title, *map(float, areas), float(sum(beaten))))
        means = [float(one.mean()) for one in result.random.areas]
        rows.append((RANDOM, *(f"{one:.3f}" for one in means), ""))
        keys.append((RANDOM, *means, 0.0))
        self._show(OF_ONE, rows, keys)
        failed = "".join(f" {method(name).title}: {why}" for name, why in result.failed.items())
        orders = f"Grey: {len(result.random.deletion)} random orders."
        self._say(
            result.target.name,
            best(result.curves, result.random),
            f"{orders} {result.convention}{failed}",
        )

    def _paint_many(self, result: FaithfulOver) -> None:
        for plot in self.plots:
            plot.hide()
        rows, keys, tally = [], [], result.tally
        if tally is not None:
            means, errors = tally.means(), tally.errors()
            gains, wins, beats = tally.gains()[0], tally.wins()[0], tally.beats()[0]
            seen = len(result.names)
            for number, name in enumerate((*result.methods, RANDOM)):
                title = method(name).title if number < len(result.methods) else RANDOM
                figures = [_within(means[w][number], errors[w][number]) for w in (0, 1)]
                rest, more = ("", "", ""), (0.0, 0.0, 0.0)
                if number < len(result.methods):
                    rest = _within(*gains[number]), f"{wins[number]} of {seen}", f"{beats[number]} of {seen}"
                    more = float(gains[number, 0]), float(wins[number]), float(beats[number])
                rows.append((title, *figures, *rest))
                keys.append((title, float(means[0][number]), float(means[1][number]), *more))
        self._show(OF_MANY, rows, keys)
        left_out = [f"{name} ({why.rstrip('.')})" for name, why in result.skipped]
        more = [*left_out[:FEW], *([f"{len(left_out) - FEW:,} more"] if len(left_out) > FEW else [])]
        without = f" Left out: {'; '.join(more)}." if more else ""
        said = f"Means over {len(result.names):,}, ± the standard error. {result.convention}{without}"
        of_all = "".join(f" {notice}" for name, notice in result.notices if name == result.title)
        self._say(result.target, _best_of_many(result), said + of_all)

    def _show(self, columns: tuple[str, ...], rows: list, keys: list) -> None:
        best_row = min(range(len(rows) - 1), key=lambda row: keys[row][1], default=None)
        for one, table in self.tables.items():
            table.setVisible(one == columns)
        self.tables[columns].set_rows(rows, keys, lit=() if best_row is None else (best_row,))

    def _say(self, target: str, sentences: tuple[str, str], more: str) -> None:
        self.subtitle_changed.emit(target)
        both = zip(("Deletion", "Insertion"), sentences, strict=True)
        self.verdict.setText("\n".join(f"{what}: {said}." for what, said in both if said))
        self.verdict.setVisible(bool(self.verdict.text()))
        self.note.setText(more)

    def table(self) -> str:
        """As it stands, for a spreadsheet."""
        shown = next((one for one in self.tables.values() if one.isVisible()), None)
        if shown is None:
            return ""
        columns = next(columns for columns, one in self.tables.items() if one is shown)
        return "".join("\t".join(row) + "\n" for row in (columns, *shown.texts()))

    # -- gestures ----------------------------------------------------------------------------------------

    def _want(self, many: Corpus | Pictures | None) -> None:
        document, view = self.session.current, self.session.view
        if document is None or document.trace is None:
            return
        self.forget()
        self.clear(document)
        self._wanted, self._of_many = (document.trace, self.asked(document, view)), many
        self.update()

    def _choose(self) -> None:
        document = self.session.current
        if document is None:
            return
        if _PIXELS.of_kind(document.kind):
            self.open(self.dialogs.directory("pictures", "Open a folder of pictures"))
        else:
            self.open(
                self.dialogs.file("texts", "Open a file with a text a line", inputs_that_give("characters"))
            )

    def open(self, path: str) -> None:
        """Measure over the pictures of a folder, or the lines of a file, if one was chosen."""
        document = self.session.current
        if not path or document is None:
            return
        read = partial(read_corpus, path)
        if _PIXELS.of_kind(document.kind):
            read = partial(read_pictures, path, document.options.size)
        self.jobs.submit("find many", read, self._want, document=document.number, here=True)


def _series(name: str, curves: Curves, which: int, colour: int) -> Series:
    scores = (curves.deletion, curves.insertion)[which]
    labels = [f"{share:.0%}".replace("%", " %") for share in curves.fractions]
    return Series(method(name).title, 100 * curves.fractions, scores, labels, colour)


def _within(mean: float, error: float) -> str:
    return f"{mean:.3f}" if not np.isfinite(error) else f"{mean:.3f} ± {error:.3f}"


def _best_of_many(result: FaithfulOver) -> tuple[str, str]:
    """Which method has the best mean, and on how many inputs it beats every random order."""
    tally = result.tally
    if tally is None or not result.methods:
        return "", ""
    said = []
    for which, pick in ((0, np.argmin), (1, np.argmax)):
        means = tally.means()[which][:-1]
        at = int(pick(means))
        beats = int(tally.beats()[which][at])
        name = method(result.methods[at]).title
        said.append(f"{name}, {means[at]:.3f}; beats every random order on {beats} of {len(result.names)}")
    return said[0], said[1]
