"""Export…: all that the command line can write of the open document, filled in as it is looked at.

A worker writes the file and makes the preview, through the same functions as the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt, QTimer, Signal
from PySide6.QtGui import QGuiApplication, QImage, QShowEvent
from PySide6.QtWidgets import (
    QDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from headlight.models.core.errors import HeadlightError
from headlight.viewer.app.exporting.form import KINDS, ExportForm, ValueChoice, command_field, label_of
from headlight.viewer.app.exporting.outcome import Outcome, may_replace
from headlight.viewer.export import door
from headlight.viewer.export.choices import (
    Choices,
    Subject,
    about_bytes,
    asked_for,
    file_name,
    first_ending,
    missing,
)
from headlight.viewer.export.options import ExportOptions, command_line
from headlight.viewer.export.out import check_out
from headlight.viewer.export.results import PICTURES
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Call
from headlight.viewer.host.stock.sizes import said_bytes
from headlight.viewer.panes.shared.dialogs import FileDialogs, filters
from headlight.viewer.registry import Export
from headlight.viewer.session.jobs import Job, Jobs
from headlight.widgets.base import theme
from headlight.widgets.base.labels import ElidedLabel
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Segmented
from headlight.widgets.controls.picture_preview import PicturePreview

PAUSE = 250
"""Milliseconds without a change before a preview is made."""
LARGE = 1e9
"""Bytes from which on the size is a warning."""


class ExportDialog(QDialog):
    """One document's exports. It keeps what the document was when it was opened."""

    exported = Signal(str)
    """The path of a file that stands."""
    failed = Signal(object)
    """A Failure."""

    def __init__(
        self,
        subject: Subject,
        choices: Choices,
        jobs: Jobs,
        dialogs: FileDialogs,
        parent: QWidget | None = None,
        what: str = "",
        ending: str = "",
        values: Mapping[str, Any] | None = None,
    ) -> None:
        """what, ending: what is offered first; what is looked at, as a picture, unless they are said. values:
        choices in place of the view's.
        """
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(f"Export from {subject.title}")
        self.subject, self.choices, self.jobs, self.dialogs = subject, choices, jobs, dialogs
        self._kept = {what: dict(filled.values) for what, filled in choices.filled.items()}
        self._kept.setdefault(what, {}).update(values or {})
        self._job: Job | None = None
        self._agreed = ""
        """The path that the user said may be replaced."""
        self._suggested = ""
        self._build()
        self._later = QTimer(self, singleShot=True, interval=PAUSE)
        self._later.timeout.connect(self._preview)
        jobs.progressed.connect(self._progressed)
        self.start(what, ending)

    def start(self, what: str = "", ending: str = "") -> None:
        """Offer an export, with what is chosen in the view."""
        self.what.set_value(what if what in self.choices.exports else self.choices.start)
        export = self.export
        self._take_what(ending if ending in export.endings else first_ending(export))

    @property
    def export(self) -> Export:
        """The one that is chosen."""
        return self.choices.exports[self.what.value()]

    def options(self) -> ExportOptions:
        """What would be exported. ValueError says what is not chosen rightly."""
        ending, values = self.ending.value(), self.form.values()
        lacking = missing(self.export, ending, values)
        if lacking:
            raise ValueError(lacking)
        out = Path(self.path.text().strip() or "OUT").expanduser()
        return asked_for(self.subject, self.export, ending, values, out)

    # -- parts -------------------------------------------------------------------------------------------

    def _build(self) -> None:
        subject, choices = self.subject, self.choices
        self.what = ValueChoice([(what, export.title) for what, export in choices.exports.items()], "What")
        self.what.chosen.connect(lambda: self._take_what(first_ending(self.export)))
        offered = (ending for export in choices.exports.values() for ending in export.endings)
        self._endings = list(dict.fromkeys((*KINDS, *offered)))
        self.ending = Segmented([(ending, ending.upper()) for ending in self._endings], "File")
        self.ending.changed.connect(lambda _: self._take_ending())
        self.form = ExportForm(choices)
        self.form.changed.connect(self._changed)
        self.preview = PicturePreview()
        self.note, self.size = QLabel(), QLabel()
        for label in (self.note, self.size):
            label.setWordWrap(True)
            label.setProperty("role", "dim")
        reads = f", as {subject.trace.model.title} reads it" if subject.trace is not None else ""
        read = ElidedLabel(f"{subject.title}{reads}")
        read.setProperty("role", "title")
        choose = QFormLayout()
        choose.setHorizontalSpacing(theme.em(0.8))
        choose.setVerticalSpacing(theme.em(0.5))
        self._labels = [label_of(name, widget) for name, widget in (("What", self.what), ("As", self.ending))]
        for label in self._labels:
            choose.addRow(label, label.buddy())
        left = QVBoxLayout()
        left.setSpacing(theme.em(0.8))
        left.addWidget(read)
        for part in (choose, self.form, self.note, self.size):
            left.addLayout(part) if part is choose else left.addWidget(part)
        left.addStretch(1)
        upper = QHBoxLayout()
        upper.setSpacing(theme.em(1.2))
        column = QWidget()
        column.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        self._chosen = ScrollColumn(column, 27)
        upper.addWidget(self._chosen)
        upper.addWidget(self.preview, 1)
        whole = QVBoxLayout(self)
        edge = theme.em(1.2)
        whole.setContentsMargins(edge, edge, edge, edge)
        whole.setSpacing(theme.em(0.9))
        whole.addLayout(upper, 1)
        whole.addLayout(self._lower())
        self.foot = Outcome()
        self.foot.cancel_asked.connect(self.cancel)
        self.foot.close_asked.connect(self.reject)
        self.foot.export_asked.connect(self.run)
        whole.addWidget(self.foot)
        for button in self.findChildren(QPushButton):
            button.setAutoDefault(button is self.foot.export_button)
        self.foot.export_button.setDefault(True)
        room = self.screen().availableSize() * 0.92
        self.resize(min(theme.em(68), room.width()), min(theme.em(56), room.height()))

    def _lower(self) -> QGridLayout:
        self.path = QLineEdit()
        self.path.setAccessibleName("File to write")
        self.path.textChanged.connect(lambda _: self._say())
        choose = QPushButton("Choose…")
        choose.setToolTip("Choose where the file is written")
        choose.clicked.connect(self._choose)
        self.command = command_field()
        copy = QPushButton("Copy")
        copy.setToolTip("Copy the command")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.command.toPlainText()))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.em(0.8))
        grid.setVerticalSpacing(theme.em(0.5))
        file, command = label_of("File", self.path), label_of("Command", self.command)
        self._labels += [file, command]
        rows = ((file, self.path, choose), (command, self.command, copy))
        for row, widgets in enumerate(rows):
            for place, widget in enumerate(widgets):
                where = Qt.AlignmentFlag.AlignTop if row and place != 1 else Qt.AlignmentFlag(0)
                grid.addWidget(widget, row, place, where)
        return grid

    # -- what is chosen ----------------------------------------------------------------------------------

    def _take_what(self, ending: str) -> None:
        what = self.what.value()
        for one in self._endings:
            self.ending.set_option_visible(one, one in self.export.endings)
        self.ending.set_value(ending)
        self.form.show_for(what, ending)
        self.form.fill(self._kept.get(what, {}))
        self._changed()

    def _take_ending(self) -> None:
        self.form.show_for(self.what.value(), self.ending.value())
        self._changed()

    def _align(self) -> None:
        """All controls begin at one edge, behind the widest label in sight."""
        labels = [*self._labels, *self.form.labels()]
        width = max(label.sizeHint().width() for label in labels)
        for label in labels:
            label.setMinimumWidth(width)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._align()
        # The command's label stands beside its first line.
        first = self.command.viewport().y() + self.command.cursorRect().center().y()
        self._labels[-1].setFixedHeight(2 * first + 1)

    def _changed(self) -> None:
        self._align()
        self.foot.say("")
        values = self._values()
        if values is not None:
            self._kept.setdefault(self.what.value(), {}).update(values)
            self._suggest(values)
        self._say()
        self.jobs.cancel(self._kind("preview"))
        picture = self.ending.value() in PICTURES
        self.preview.say("Drawing…" if picture else KINDS.get(self.ending.value(), ""))
        if picture:
            self._later.start()
        else:
            self._later.stop()

    def _values(self) -> dict[str, Any] | None:
        try:
            return self.form.values()
        except ValueError:
            return None

    def _suggest(self, values: dict[str, Any]) -> None:
        """Another name, as long as the user has not given one."""
        name = file_name(self.subject, self.export, self.ending.value(), values)
        path = Path(self.path.text())
        if self.path.text() and self.path.text() != self._suggested:
            whole = str(path.with_suffix(f".{self.ending.value()}")) if path.name else str(path)
        else:
            whole = self._suggested = str(Path(self.dialogs.folder("export")) / name)
        with QSignalBlocker(self.path):
            self.path.setText(whole)

    def _say(self) -> None:
        """The command, the size, and why it cannot be exported as it stands."""
        self.note.setText(KINDS[self.ending.value()] if self.ending.value() in PICTURES else "")
        self.note.setVisible(self.ending.value() in PICTURES)
        try:
            options = self.options()
        except ValueError as error:
            self._refuse(str(error))
            return
        size = about_bytes(
            self.subject, self.choices.filled[options.what], self.ending.value(), options.given
        )
        self.size.setText(f"About {said_bytes(size)}" if size else "")
        theme.set_role(self.size, "bad" if size > LARGE else "dim")
        unsaved = "  # FILE: save the pasted picture first" if self.subject.file == "" else ""
        self.command.setPlainText(command_line(options) + unsaved if self.subject.is_commanded else "")
        self.foot.export_button.setEnabled(self._job is None)

    def _refuse(self, why: str) -> None:
        self.size.setText(why)
        theme.set_role(self.size, "bad")
        self.command.setPlainText("")
        self.foot.export_button.setEnabled(False)

    def _choose(self) -> None:
        ending = self.ending.value()
        kinds = filters((f"{ending.upper()} files", ending))
        title = f"Export {self.export.title.lower()}"
        path = self.dialogs.to_save("export", title, self.path.text(), kinds, self)
        if path:
            if not Path(path).suffix:
                path += f".{ending}"
            self.path.setText(path)
            self._agreed = path

    # -- preview -----------------------------------------------------------------------------------------

    def _preview(self) -> None:
        try:
            options = self.options()
        except ValueError as error:
            self.preview.say(str(error))
            return
        work = partial(door.preview, options, self.subject.input, self.subject.trace)
        self.jobs.submit(
            *(self._kind("preview"), work, lambda data: self.preview.show_image(QImage.fromData(data))),
            lane="run",
            failed=lambda failure: self.preview.say(f"{failure.cause} {failure.next_step}"),
            cancelled=lambda _: None,
            document=self.subject.number,
        )

    # -- export ------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Write the file, after a question where one is there already."""
        try:
            options = self.options()
            out = check_out(str(options.out), self.export.endings, options.what, self.subject.path or None)
        except ValueError as error:
            self._refuse(str(error))
            return
        except HeadlightError as error:
            self.foot.say(str(error), "bad")
            return
        if out.exists() and self._agreed != self.path.text() and not may_replace(out, self):
            return
        subject = self.subject
        make = partial(door.file_of, replace(options, out=out), subject.input, subject.trace)

        def made(data: np.ndarray) -> None:
            self._step(partial(door.put, out, data), lambda _: self._done(out), here=True)

        self._step(partial(door.try_place, out), lambda _: self._step(make, made), here=True)
        self._later.stop()
        self.jobs.cancel(self._kind("preview"))
        self._wait(True)

    def _step(self, work: Call, then: Callable[[Any], None], here: bool = False) -> None:
        """One part of an export. here: it is of this machine's disk, wherever the engine is."""
        self._job = self.jobs.submit(
            *(self._kind("export"), work, then),
            lane="run",
            failed=self._failed,
            cancelled=lambda _: self._end("Cancelled: no file was written.", "dim"),
            document=self.subject.number,
            here=here,
        )

    def _wait(self, on: bool) -> None:
        """Nothing can be chosen while a file is written."""
        self.foot.wait(on)
        for widget in (self._chosen, self.path):
            widget.setEnabled(not on)

    def cancel(self) -> None:
        self.jobs.cancel(self._kind("export"), firmly=True)

    def reject(self) -> None:
        """Escape and the button: cancel what runs, else close."""
        if self._job is not None:
            self.cancel()
        else:
            super().reject()

    def done(self, result: int) -> None:
        self.jobs.progressed.disconnect(self._progressed)
        for what in ("preview", "export"):
            self.jobs.cancel(self._kind(what))
        self._later.stop()
        super().done(result)

    def _kind(self, what: str) -> str:
        return f"{what} of {self.subject.number}"

    def _progressed(self, job: Job) -> None:
        if job is self._job:
            self.foot.progress.show_progress(job.share, job.sentence)

    def _done(self, out: Path) -> None:
        self._agreed = ""
        self.dialogs.keep("export", str(out))  # the path may have been typed
        self._end(f"Saved {out.name} ({said_bytes(out.stat().st_size)})", "good", str(out))
        self.exported.emit(str(out))

    def _failed(self, failure: Failure) -> None:
        self._end(f"{failure.cause} {failure.next_step}", "bad")
        self.failed.emit(failure)

    def _end(self, said: str, role: str, written: str = "") -> None:
        self._job = None
        self._wait(False)
        self.foot.say(said, role, written)
        if self.ending.value() in PICTURES and self.preview.image is None:
            self._later.start()
