"""Among what a gesture chooses, and what keys select: nothing, everything, the next layer or token. No Qt."""

from __future__ import annotations

from dataclasses import replace

from headlight.models.attention.statistics import stages
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import ByHand, CloudSettings, MapSettings, Selection, View


def clear(session: Session) -> None:
    session.select(queries=(), keys=())


def as_the_model_has_it(session: Session) -> None:
    """No number of a weight is set by hand."""
    session.change(ByHand, **vars(ByHand()))


def take_all(session: Session) -> None:
    """Every token of the input is a query."""
    document = session.current
    if document is None or document.trace is None:
        return
    tokens = asked_tokens(document.trace, session.view)
    session.select(queries=tokens.places(range(len(tokens))))


def step_head(session: Session, layers: int, heads: int) -> None:
    """So many layers and heads (of a cloud: maps) on, as far as there are any."""
    document = session.current
    if document is None or document.trace is None or not document.trace.layers:
        return
    selection, all_layers = session.view[Selection], document.trace.layers
    layer = min(max(selection.layer + layers, 0), len(all_layers) - 1)
    pick_head(session, layer, min(max(selection.head + heads, 0), all_layers[layer].heads - 1))


def pick_head(session: Session, layer: int, head: int) -> None:
    """Show this layer's head; a cloud's map grid then keeps showing the layer in its row."""
    document = session.current
    if document is None or document.trace is None or not document.kind.holds(CloudSettings):
        session.select(layer=layer, head=head)
        return
    there = session.view.changed(Selection, layer=layer, head=head)
    rows = replace(there[CloudSettings], rows=rows_shown(document.trace, there))
    session.select(layer=layer, head=head, also=(rows,))


def stack_of(trace: Trace, layer: int) -> list[int]:
    """The layers that are looked at together with this one: those of its stack where there are several
    streams of tokens, else all."""
    if len(trace.streams) == 1:
        return list(range(len(trace.layers)))
    return [at for at, one in enumerate(trace.layers) if one.stack == trace.layers[layer].stack]


def pick_stack(session: Session, stack: str) -> None:
    """Show the layer of another stack that stands where the present one does, or its last."""
    document = session.current
    if document is None or document.trace is None:
        return
    layers, chosen = document.trace.layers, session.view[Selection]
    there = [at for at, one in enumerate(layers) if one.stack == stack]
    if there:
        layer = there[min(layers[chosen.layer].depth, len(there) - 1)]
        session.select(layer=layer, head=min(chosen.head, layers[layer].heads - 1))


def step_query(session: Session, step: int) -> None:
    """The next token, or the one before, is the query."""
    document = session.current
    if document is None or document.trace is None:
        return
    tokens = asked_tokens(document.trace, session.view)
    chosen = tokens.find_all(session.view[Selection].queries)
    start = int(chosen[-1]) if len(chosen) else (document.trace.readout or 0) - (step < 0)
    session.select(queries=[tokens.place((start + step) % len(tokens))])


def rows_shown(trace: Trace, view: View) -> tuple[int, ...]:
    """The layer that each row of the map grid shows, a row a stage: the selected or the last looked at."""
    groups, kept = stages(trace.layers), view[CloudSettings].rows
    rows = []
    for number, members in enumerate(groups):
        before = kept[number] if len(kept) == len(groups) and kept[number] in members else None
        here = view[Selection].layer if view[Selection].layer in members else before
        # Rows that nobody has touched follow the selected layer: what runs shortly before or after it.
        nearest = min(members, key=lambda layer: abs(layer - view[Selection].layer))
        rows.append(nearest if here is None else here)
    return tuple(rows)


def asked_tokens(trace: Trace, view: View) -> Tokens:
    """Among which tokens a gesture on the input chooses: those of the layer that is shown.

    Layers of one picture may have grids of their own, an encoder–decoder has two streams. Without layers the
    tokens are the input's.
    """
    if not trace.layers or not (isinstance(trace.tokens, PatchTokens) or len(trace.streams) > 1):
        return trace.tokens
    layer = trace.layers[min(view[Selection].layer, len(trace.layers) - 1)]
    return layer.keys if view[MapSettings].incoming else layer.queries
