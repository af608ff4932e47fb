"""What the panes of this page share: the place at which the model is asked, and rows of numbers."""

from __future__ import annotations

from headlight.models.core.answers import NextTokens
from headlight.viewer.host.failure import Failure
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import View
from headlight.viewer.slices import names
from headlight.viewer.slices.predicted.places import place_in
from headlight.widgets.controls.readout import Figures

SECTIONS = (
    Figures("sum", "What the logit is made of", ("To", "Logit", "Heads", "MLPs", "Embedding", "All else")),
    Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In")),
)


class PlacePane(Pane):
    """Of a model that says which tokens belong in a text."""

    def answer(self) -> NextTokens | None:
        return self._trace.answer(NextTokens) if self._trace is not None else None

    def place(self, view: View, hover: Hover | None = None) -> int:
        """The number of the place that is looked at. hover: what is pointed at comes first."""
        pointed = None if hover is None else hover.query or hover.key
        return place_in(self.answer(), self._trace.tokens, view, pointed)

    def where(self, place: int) -> str:
        """“after “Mrs””, “in place of [MASK]”"""
        answer, tokens = self.answer(), self._trace.tokens
        token = int(tokens.find(answer.places[place])[-1 if answer.follows else 0])
        return f"{'after' if answer.follows else 'in place of'} {names.token(tokens, token)}"

    def complain(self, failure: Failure) -> None:
        self.say_instead(f"{failure.cause} {failure.next_step}")

    def say_instead(self, sentence: str) -> None:
        """There is nothing to show, and this is why."""


def behind(state: int) -> str:
    """What a state stands behind."""
    return "embedding" if state == 0 else f"layer {state - 1}"
