"""What keys do to the selection: clear it, take everything, walk through layers, heads and tokens. No Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.viewer.session.session import Session
from headlight.viewer.slices import cloud_maps
from headlight.viewer.slices.maps import asked_tokens


def clear(session: Session) -> None:
    session.select(queries=(), keys=())


def take_all(session: Session) -> None:
    """Every token of the input is a query."""
    document = session.current
    if document is None or document.trace is None:
        return
    tokens = asked_tokens(document.trace, session.view)
    if "positions" in document.kind.gives:
        session.select(queries=cloud_maps.places(tokens, np.arange(len(tokens))))
    else:
        session.select_queries([tokens.place(index) for index in range(len(tokens))])


def step_head(session: Session, layers: int, heads: int) -> None:
    """So many layers and heads (of a cloud: maps) on, as far as there are any."""
    document = session.current
    if document is None or document.trace is None or not document.trace.layers:
        return
    selection, all_layers = session.view.selection, document.trace.layers
    layer = min(max(selection.layer + layers, 0), len(all_layers) - 1)
    pick_head(session, layer, min(max(selection.head + heads, 0), all_layers[layer].heads - 1))


def pick_head(session: Session, layer: int, head: int) -> None:
    """Show this layer's head; a cloud's map grid then keeps showing the layer in its row."""
    document = session.current
    if document is None or "positions" not in document.kind.gives:
        session.select(layer=layer, head=head)
        return
    there = replace(session.view, selection=replace(session.view.selection, layer=layer, head=head))
    session.select_map(layer, head, cloud_maps.rows_shown(document.trace, there))


def step_query(session: Session, step: int) -> None:
    """The next token, or the one before, is the query."""
    document = session.current
    if document is None or document.trace is None:
        return
    tokens = asked_tokens(document.trace, session.view)
    chosen = tokens.find_all(session.view.selection.queries)
    start = int(chosen[-1]) if len(chosen) else (document.trace.readout or 0) - (step < 0)
    session.select_queries([tokens.place((start + step) % len(tokens))])
