"""Which boxes are shown and how they are set by hand."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from headlight.models.core.answers import BoxEdits
from headlight.viewer.panes.clouds.boxes import editing
from headlight.viewer.panes.clouds.boxes.base import BoxPane
from headlight.viewer.panes.shared.controls import Controls
from headlight.viewer.panes.shared.slices import NOTHING
from headlight.viewer.session.session import NOWHERE, Document, Hover
from headlight.viewer.session.view import BoxSettings, Selection, View
from headlight.viewer.slices.clouds.boxes.rows import figures_of
from headlight.viewer.slices.clouds.boxes.shown import Shown
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn
from headlight.widgets.controls.choices import Choice, Section, Segmented, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

_AGREEMENT = (("nuscenes", "nuScenes"), ("kitti", "KITTI"), ("curves", "Curves"))
_SUPPRESS = (("model", "Model"), ("rotated", "Overlap"), ("circle", "Circle"), ("none", "None"))


class BoxSettingsPane(BoxPane):
    """It also says the numbers of the box that is pointed at, wherever that is."""

    def build(self) -> QWidget:
        change = partial(self.session.change, BoxSettings)
        self.controls = Controls(BoxSettings, change)
        bind = self.controls.bind
        self.score = bind("score", LabelledSlider("Score from", 0, 1, 0.01, "{:.2f}", 0.3))
        self.suppress = bind("suppress", Segmented(_SUPPRESS, "Suppression"))
        self.overlap = bind("overlap", LabelledSlider("Overlap above", 0, 1, 0.05, "{:.2f}", 0.2))
        self.radius = bind("radius", LabelledSlider("Nearer than", 0.1, 5, 0.1, "{:.1f} m", 2))
        self.truth = bind("truth", Toggle("Draw the true boxes"))
        self.metres = bind("metres", LabelledSlider("Found within", 0.5, 4, 0.5, "{:.1f} m", 2))
        self.agreement = bind("agreement", Segmented(_AGREEMENT, "Agreement by"))
        self.kind = Choice((), "Class of the selected box")
        self.kind.may_shrink()
        self.kind.changed.connect(self._relabel)
        self.note = Note()
        self.buttons = {name: QPushButton(title) for name, title in editing.BUTTONS.items()}
        for name, button in self.buttons.items():
            button.setToolTip(editing.TIPS[name])
            button.clicked.connect(partial(editing.act, self.session, name))
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.em(0.45))
        for widget in (self.score, Section("Suppression"), self.suppress, self.overlap, self.radius):
            column.addWidget(widget)
        for widget in (Section("Truth"), self.truth, self.metres, self.agreement):
            column.addWidget(widget)
        for widget in (Section("Selected box"), self.kind):
            column.addWidget(widget)
        names = list(self.buttons)
        for pair in (names[:2], names[2:4], names[4:]):
            row = QHBoxLayout()
            row.setSpacing(theme.em(0.4))
            for name in pair:
                row.addWidget(self.buttons[name], 1)
            column.addLayout(row)
        column.addWidget(self.note)
        column.addStretch(1)
        return ScrollColumn(inner)

    def prepare(self, document: Document, view: View) -> None:
        settings = view[BoxSettings]
        self.controls.display(settings)
        self.overlap.setVisible(settings.suppress == "rotated")
        self.radius.setVisible(settings.suppress == "circle")
        has = document.input.boxes is not None
        for widget in (self.truth, self.metres, self.agreement):
            widget.setEnabled(has)
        self._offer(view)

    def paint(self, result: Shown) -> None:
        self.take(result)
        names = [name.capitalize() for name in result.boxes.classes]
        if [self.kind.itemText(at) for at in range(self.kind.count())] != names:
            self.kind.clear()
            self.kind.addItems(names)
        self._offer(self.session.view)

    def _offer(self, view: View) -> None:
        one = editing.only(view[Selection].queries)
        number = None if self.all is None or one is None else self.all.number(one)
        mine = number is not None and self.all is not None and number < self.all.found
        self.buttons["reset"].setEnabled(bool(view[BoxEdits].made))
        if mine or self._is_painted(view):  # a button that goes dark for a moment gives the keyboard away
            self.kind.setEnabled(mine)
            for name in [name for name in self.buttons if name != "reset"]:
                self.buttons[name].setEnabled(mine)
        if mine:
            self.kind.setCurrentIndex(int(self.all.now.boxes.labels[number]))
        edits = len(view[BoxEdits].made)
        said = "Drag it from above: its inside moves, corners resize, the dot before its front turns it."
        self.note.setText(f"{edits:,} set by hand. {said}" if edits else said)

    def _is_painted(self, view: View) -> bool:
        """Whether the boxes that the pane knows are those of the view, and not of one before an edit."""
        document, last = self.session.current, self._slices.get("")
        if document is None or last is None:
            return True
        wanted = self.subject(document, view, NOWHERE), self.key(document, view, NOWHERE)
        return last.painted in (NOTHING, wanted)

    def _relabel(self, title: str) -> None:
        editing.relabel(self.session, self.kind.currentIndex())

    def mark(self, view: View, hover: Hover) -> None:
        if self.all is None:
            return
        number = self.pointed(hover)
        if number is not None:
            true = number >= self.all.found
            figures = figures_of(self.all.now, true, number - self.all.found * true)
            self.said.emit("pointed", figures, None)
