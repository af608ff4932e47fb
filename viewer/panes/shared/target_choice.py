"""The choice of what a model says whose relevance is shown, and of where it says it."""

from __future__ import annotations

from headlight.models.core.answers import (
    SALIENCY,
    SIMILARITY,
    Boxes,
    Classes,
    NextTokens,
    PointLabels,
    Target,
    Things,
)
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import targets_at
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import RolloutQuery, TargetSettings, View
from headlight.viewer.slices.explain.targets import places_of
from headlight.widgets.controls.choices import Choice, Segmented

MOST = 40
"""Targets that are listed, the likeliest."""


class TargetChoice(Choice):
    """All that can be asked about of a trace, as the view has it."""

    def __init__(self, session: Session) -> None:
        super().__init__([], "Target")
        self.may_shrink()
        self._targets: tuple[Target, ...] = ()
        self._placed = False
        """Whether where a target is said tells it from others of its class."""
        self.activated.connect(self._activated)
        self._session = session

    def display(self, trace: Trace, view: View) -> str:
        """What is asked about; "" where it is said of the whole, else how the usual place is called."""
        every = targets_at(trace, places_of(view))
        self._placed = trace.answer(Boxes) is not None or trace.answer(Things) is not None
        index, box = view[TargetSettings].index, view[TargetSettings].box
        few = [one for at, one in enumerate(every) if at < MOST or one.index < 0 or one.index == index]
        self._targets = tuple(few)
        names = [_named(one) for one in self._targets]
        if names != [self.itemText(at) for at in range(self.count())]:
            self.clear()
            self.addItems(names)
        same = [at for at, one in enumerate(self._targets) if one.index == index]
        at = next((at for at in same if self._targets[at].place == box), same[0] if same else 0)
        self.setCurrentIndex(at if self._targets else -1)
        return _usual_place(trace, self._targets[at]) if self._targets else ""

    def _activated(self, at: int) -> None:
        target = self._targets[at]
        box = target.place if self._placed else None
        self._session.change(TargetSettings, index=target.index, box=box)


def _named(target: Target) -> str:
    score = "" if target.score != target.score else f" · {percent(target.score)}"
    return f"{target.name}{score}"


def _usual_place(trace: Trace, target: Target) -> str:
    if target.index == SALIENCY:
        return "Peak"
    if target.index == SIMILARITY:
        return "Usual"
    if trace.answer(Things) is not None:
        return "Every token"
    if trace.answer(PointLabels) is not None and trace.answer(Classes) is None:
        return "All points"
    answer = trace.answer(NextTokens)
    return "" if answer is None else "Last" if answer.follows else "Mask"


class SaidAt(Segmented):
    """Whether a target is asked of the usual place or of what is selected."""

    def __init__(self, session: Session, name: str) -> None:
        super().__init__([(False, "Usual"), (True, "Selected")], name)
        self.changed.connect(lambda on: session.change(RolloutQuery, selected=on))

    def display(self, view: View, usual: str) -> None:
        """usual: how the usual place is called."""
        self.set_label(False, usual)
        self.set_value(view[RolloutQuery].selected)
