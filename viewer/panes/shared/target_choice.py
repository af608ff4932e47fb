"""The choice of what a model says whose relevance is shown."""

from __future__ import annotations

from headlight.models.core.answers import SALIENCY, SIMILARITY, NextTokens, Target
from headlight.models.core.relevance import percent
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import targets_at
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import TargetSettings, View
from headlight.viewer.slices.explain.targets import places_of
from headlight.widgets.controls.choices import Choice

MOST = 40
"""Targets that are listed, the likeliest."""


class TargetChoice(Choice):
    """All that can be asked about of a trace, as the view has it."""

    def __init__(self, session: Session) -> None:
        super().__init__([], "Target")
        self.may_shrink()
        self._targets: tuple[Target, ...] = ()
        self.activated.connect(lambda at: session.change(TargetSettings, index=self._targets[at].index))

    def display(self, trace: Trace, view: View) -> str:
        """What is asked about; "" where it is said of the whole, else how the usual place is called."""
        every = targets_at(trace, places_of(view))
        index = view[TargetSettings].index
        few = [one for at, one in enumerate(every) if at < MOST or one.index < 0 or one.index == index]
        self._targets = tuple(few)
        names = [_named(one) for one in self._targets]
        if names != [self.itemText(at) for at in range(self.count())]:
            self.clear()
            self.addItems(names)
        at = next((at for at, one in enumerate(self._targets) if one.index == index), 0)
        self.setCurrentIndex(at if self._targets else -1)
        return _usual_place(trace, self._targets[at]) if self._targets else ""


def _named(target: Target) -> str:
    score = "" if target.score != target.score else f" · {percent(target.score)}"
    return f"{target.name}{score}"


def _usual_place(trace: Trace, target: Target) -> str:
    if target.index == SALIENCY:
        return "Picture"
    if target.index == SIMILARITY:
        return "Usual"
    answer = trace.answer(NextTokens)
    return "" if answer is None else "Last" if answer.follows else "Mask"
