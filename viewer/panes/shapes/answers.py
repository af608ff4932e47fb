"""What each network says that the object is: its likeliest classes, side by side."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices.clouds.objects import Compared, Said, compared
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.tables.target_rows import TargetRows

SHOWN = "the document was read by this network"


class AnswersPane(Pane):
    rows_copied = "classes"

    def build(self) -> QWidget:
        self.columns: list[Column] = []
        self.result: Compared | None = None
        inner = QWidget()
        self._row = QHBoxLayout(inner)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.em(1.2))
        return ScrollColumn(inner)

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(compared, trace)

    def paint(self, result: Compared) -> None:
        self.result = result
        while len(self.columns) < len(result.answers):
            self.columns.append(Column())
            self._row.addWidget(self.columns[-1], 1)
        for number, column in enumerate(self.columns):
            column.setVisible(number < len(result.answers))
        for column, said in zip(self.columns, result.answers, strict=False):
            column.show_answer(said)
        names = {said.targets[0].name for said in result.answers}
        alike = f"all say {next(iter(names))}" if len(names) == 1 else " or ".join(sorted(names))
        self.subtitle_changed.emit(alike if len(result.answers) > 1 else next(iter(names)))

    def clear(self, document: Document | None) -> None:
        self.result = None
        for column in self.columns:
            column.hide()
        self.subtitle_changed.emit("")

    def table(self) -> str:
        """One line a network and class, with its probability."""
        if self.result is None:
            return ""
        return "".join(
            f"{said.id}\t{target.name}\t{target.score:.6g}\n"
            for said in self.result.answers
            for target in said.targets
        )


class Column(QWidget):
    """One network: its title, its rows, what they came from."""

    def __init__(self) -> None:
        super().__init__()
        self.title, self.came, self.rows = ElidedLabel(), ElidedLabel(), TargetRows()
        self.came.setProperty("role", "dim")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.3))
        for one in (self.title, self.rows, self.came):
            column.addWidget(one)
        column.addStretch()

    def show_answer(self, said: Said) -> None:
        self.title.setText(" · ".join(filter(None, (said.title, said.mark))))
        font = self.title.font()
        font.setBold(said.shown)
        self.title.setFont(font)
        self.title.setAccessibleDescription(SHOWN if said.shown else "")
        self.rows.set_rows([one.name for one in said.targets], [one.score for one in said.targets])
        self.came.setText(said.came)
