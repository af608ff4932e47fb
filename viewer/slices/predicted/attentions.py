"""The three attentions of an encoder–decoder, of one token that it wrote. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, OUTPUT, TextTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices import names
from headlight.viewer.slices.maps import InputMap, head_of, looked_at, on_input, shown
from headlight.viewer.slices.scales import floor_of, left_out

LOOKS_AT = {"decoder": "what was written", "cross": "the input", "encoder": "the input"}
"""By stack, in the order in which they are shown."""


@dataclass(frozen=True, eq=False)
class Attentions:
    """token: the one that looks, among those of the output; said: which, and what is said after it.

    rows: where it looks in what was written and in the input, and where the token of the input looks that it
    looks at most. titles: of each row. layers: their numbers.
    """

    token: int
    said: str
    rows: tuple[InputMap, ...]
    titles: tuple[str, ...]
    layers: tuple[int, ...]


def attentions(trace: Trace, view: View, task: Task = SILENT) -> Attentions:
    """Of the token of the output that was selected last, else of its last one: in each stack the layer that
    is as deep as the selected one (Vaswani et al. 2017, section 3.2.3)."""
    seen, head = shown(trace, view[MapSettings]), head_of(view)
    output = known(seen.streams[OUTPUT], TextTokens)
    asked = (output.find(place) for place in reversed(view[Selection].queries))
    token = next((int(found[-1]) for found in asked if len(found)), len(output) - 1)
    rows, titles, layers = [], [], []
    most = 0
    for stack, looks_at in LOOKS_AT.items():
        number = _layer(seen, view[Selection].layer, stack)
        layer = seen.layers[number]
        which = min(head, layer.heads - 1) if isinstance(head, int) else head
        query = most if stack == "encoder" else token
        found = looked_at(layer, (number, which), np.array([query]))
        if stack == "cross":
            most = _most(layer.keys, found.values)
        out = left_out(seen, layer, view[MapSettings], which)[0][0]
        rows.append(on_input(found, view, np.array([query]), layer.queries, out, floor_of(view[MapSettings])))
        which_said = f", most looked at in the {INPUT}," if stack == "encoder" else ""
        titles.append(f"{stack.capitalize()}: {names.token(layer.queries, query)}{which_said} → {looks_at}")
        layers.append(number)
    said = names.token(output, token)
    if token + 1 < len(output):
        said += f", after which {names.token(output, token + 1)} stands"
    return Attentions(token, said, tuple(rows), tuple(titles), tuple(layers))


def _layer(trace: Trace, selected: int, stack: str) -> int:
    """That of a stack which is as deep as the selected one, or its last."""
    members = [at for at, one in enumerate(trace.layers) if one.stack == stack]
    return members[min(trace.layers[selected].depth, len(members) - 1)]


def _most(tokens: Tokens, weights: np.ndarray) -> int:
    """The token with the highest weight, special ones only where there are no others."""
    placed = np.flatnonzero(~tokens.special)
    return int(placed[weights[placed].argmax()]) if len(placed) else int(weights.argmax())
