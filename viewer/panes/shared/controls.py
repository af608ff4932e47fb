"""Controls that show a type of settings and change it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from PySide6.QtWidgets import QMenu, QWidget

from headlight.models.core.tokens import PatchTokens
from headlight.viewer.panes.shared.later import RESIZE_PAUSE, Later
from headlight.viewer.panes.shared.words import ran_at, short_side
from headlight.viewer.session.able import recorded
from headlight.viewer.session.runs import Runs
from headlight.viewer.session.session import Document, Session
from headlight.widgets.controls.choices import Choice, Toggle
from headlight.widgets.controls.sliders import LabelledSlider

SIDES = 224, 1022
"""Pixels of a picture's short side, at least and at most."""
C = TypeVar("C", bound=QWidget)


class Controls:
    """One of each field that can be changed. change: takes fields by their names, and a `gesture` whose steps
    are undone in one.
    """

    def __init__(self, type_: type, change: Callable[..., object]) -> None:
        self._usual, self._change = type_(), change
        self.of: dict[str, Any] = {}

    def bind(self, name: str, control: C) -> C:
        """Let a control change this field, and show what it is."""
        self.of[name] = control
        slides, type_ = isinstance(control, LabelledSlider), type(getattr(self._usual, name))

        def changed(value: Any) -> None:
            self._change(**({"gesture": name, name: type_(value)} if slides else {name: value}))

        control.changed.connect(changed)
        return control

    def display(self, settings: Any) -> None:
        """What is set."""
        for name, control in self.of.items():
            show(control, getattr(settings, name))


def offer(menu: QMenu, title: str, on: bool, act: Callable[[bool], object], why_not: str = "") -> None:
    """A choice, on or not, which cannot be made where there is a reason why not. act: of what it is then."""
    action = menu.addAction(title)
    action.setCheckable(True)
    action.setChecked(on)
    action.setEnabled(not why_not)
    action.setToolTip(why_not)
    action.triggered.connect(act)


def head(menu: QMenu, title: str) -> None:
    """Above what follows, what it is of: the words of a section are not drawn by a style sheet."""
    if not menu.isEmpty():
        menu.addSeparator()
    menu.addAction(title).setEnabled(False)


def show(control: Any, value: Any) -> None:
    """Set a control without a signal."""
    if isinstance(control, Toggle):
        control.set_on(value)
    elif isinstance(control, Choice):
        control.setCurrentText(value)
    else:
        control.set_value(value)


class ShortSide(LabelledSlider):
    """The short side of a picture as the model sees it; it runs again a little after this was moved.

    It begins at the size that a model was made for, where that is a smaller one, and takes its patches as
    steps then.
    """

    def __init__(self, session: Session, runs: Runs) -> None:
        super().__init__("Short side", *SIDES, 14, "{:.0f} px", 518)
        self._made_for: dict[str, tuple[int, int]] = {}
        """Of models that were seen at their own small size that and the pixels of a patch, by their ids."""
        self._session, self._runs, self._later = session, runs, Later(RESIZE_PAUSE, self)
        self.changed.connect(self._resized)

    def display(self, document: Document) -> None:
        self.setVisible(not recorded(document))
        if not self._later.waits_for(document):
            self._fit(document)
            self.set_value(short_side(document))
            self.set_note(ran_at(document, self.value()))

    def _fit(self, document: Document) -> None:
        trace = document.trace
        if trace is None:
            return
        side, its_own = short_side(document), document.wanted == document.made and not document.options.size
        if its_own and side < SIDES[0] and isinstance(trace.tokens, PatchTokens):
            self._made_for[trace.model.id] = side, side // min(trace.tokens.grid)
        low, step = self._made_for.get(trace.model.id, (SIDES[0], 14))
        self.set_range(low, SIDES[1], step)

    def _resized(self, value: float) -> None:
        document = self._session.current
        if document is not None:
            self.set_note("")
            self._later.ask(document, lambda: self._runs.change(document, "size", size=int(value)))
