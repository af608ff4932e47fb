"""At which of its places a model is asked what it says. No Qt, no torch."""

from __future__ import annotations

from headlight.models.core.answers import NextTokens
from headlight.models.core.tokens import Place, Tokens
from headlight.viewer.session.view import Selection, View


def place_in(answer: NextTokens, tokens: Tokens, view: View, pointed: Place | None = None) -> int:
    """The number of a place of the answer: what is pointed at, else what was selected last, else the last one
    of a model that goes on with a text, or the first mask."""
    numbers = {place: number for number, place in enumerate(answer.places)}
    asked = (*((pointed,) if pointed is not None else ()), *reversed(view[Selection].queries))
    for place in asked:
        found = tokens.find(place)
        # Of a word the last token is what the next one follows.
        for index in found[:: -1 if answer.follows else 1]:
            if (number := numbers.get(tokens.place(int(index)))) is not None:
                return number
    return len(answer.places) - 1 if answer.follows else 0
