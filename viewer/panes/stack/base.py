"""What the panes of a stack of convolutions share: they look at the stack in the view; no model reads it."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QStackedWidget, QWidget

from headlight.models.core.field import Field
from headlight.models.core.stack import ConvStack
from headlight.models.core.tokens import Place
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import Selection, View
from headlight.viewer.slices.fields import stacks
from headlight.viewer.slices.fields.stacks import Built

MENDED = "Shown as soon as the stack is mended."


class OfStackPane(Pane):
    def subject(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[ConvStack]

    def slice(self, stack: ConvStack, view: View, hover: Hover) -> Call:
        return partial(stacks.built, stack)


class FieldsOfStackPane(OfStackPane):
    """Shows something of a stack that can be computed. What is wrong with another the editor says, once."""

    def build(self) -> QWidget:
        self.message = QLabel()
        self.message.setProperty("role", "dim")
        self.message.setWordWrap(True)
        self.message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.sheets = QStackedWidget()
        self.sheets.addWidget(self.shown())
        self.sheets.addWidget(self.message)
        return self.sheets

    def shown(self) -> QWidget:
        """Make the widget for a stack that can be computed."""
        return QWidget()

    def paint(self, result: Built) -> None:
        self.say_instead("" if result.problem is None else MENDED)

    def say_instead(self, sentence: str) -> None:
        self.message.setText(sentence)
        self.sheets.setCurrentIndex(1 if sentence else 0)
        if sentence:
            self.subtitle_changed.emit("")


def chosen_unit(field: Field, view: View, hover: Hover) -> tuple[tuple[int, ...], bool]:
    """(the unit under the cursor in whichever pane, else the selected one; whether it is the former)."""
    if hover.query is not None:
        return stacks.unit_at(field, hover.query), True
    return stacks.unit_at(field, selected_place(view)), False


def selected_place(view: View) -> Place | None:
    return view[Selection].queries[-1] if view[Selection].queries else None
