"""What a method says of the input, whichever it is, and how it lies on a text or a picture. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_about_zero
from headlight.models.core.errors import known
from headlight.models.core.layers import Head
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PatchTokens, Place, TextTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import asked_at
from headlight.viewer.registry import Method, resolve
from headlight.viewer.session.methods import layers_through, settings_of, tokens_after
from headlight.viewer.session.view import MapSettings, RolloutQuery, Selection, View
from headlight.viewer.slices.explain.targets import target_of
from headlight.viewer.slices.head_maps import HeadMaps, head_maps
from headlight.viewer.slices.maps import (
    Drawn,
    InputMap,
    MatrixMap,
    attention_map,
    matrix_map,
    on_input,
    query_indices,
    rollout_left_out,
    shown,
)

WHOLE = Scale(0.0, 1.0, False, 0.0)
"""That of a picture."""


# -- the relevance -------------------------------------------------------------------------------------------


def weighted(trace: Trace, method: Method) -> Trace:
    """The trace with the weights that a method of a head gives its layers."""

    def made() -> Trace | None:
        seen = resolve(method.compute)(trace)
        return None if seen is trace else seen  # what is kept for a trace must not keep the trace alive

    return derived(trace, ("weighted", method.id), made) or trace


def said_of(trace: Trace, method: Method) -> dict[str, Any]:
    """What a method's values are, as of a Relevance; a layer's own weights need no word."""
    own = method.of == "head" and weighted(trace, method) is trace
    return {"what": "" if own else method.word, "unit": method.unit, "shares": method.shares}


def through_layers(
    trace: Trace,
    view: View,
    method: Method,
    queries: np.ndarray,
    task: Task = SILENT,
    draw: Callable[[Relevance], Any] = lambda found: found,
) -> Relevance:
    """What a method through many layers says of queries, int (m,). draw: of results on the way."""
    settings, said = settings_of(method, view), said_of(trace, method)
    part = Part(task, draw=lambda found: draw(replace(found, **said)))
    compute = resolve(method.compute)
    key = (method.id, *settings, queries.tobytes())
    return replace(derived(trace, key, lambda: compute(trace, queries, part, *settings)), **said)


def picture(trace: Trace, method: Method, task: Task = SILENT) -> Relevance:
    """What a method says of the picture as the model saw it."""
    found = derived(trace, ("picture", method.id), lambda: resolve(method.compute)(trace, task))
    return replace(found, **said_of(trace, method))


def of_target(trace: Trace, view: View, method: Method, target: Target, task: Task = SILENT) -> Relevance:
    """What a method says that one target of the trace rests on."""
    settings = settings_of(method, view)
    compute, key = resolve(method.compute), (method.id, target.index, target.place, target.beside, *settings)
    return replace(
        derived(trace, key, lambda: compute(trace, target, task, *settings)), **said_of(trace, method)
    )


# -- on a text or a picture ----------------------------------------------------------------------------------


def relevance_map(
    trace: Trace, view: View, method: Method, at: tuple[int, Head], task: Task = SILENT
) -> InputMap | Drawn:
    """What lies on the input by a method, of layer and head `at` where it is of one; streams what is through
    layers after each.
    """
    if method.of == "picture":
        found = picture(trace, method, task)
        return Drawn(**vars(found), levels=levels(found.values, WHOLE), scale=WHOLE)
    if method.of == "layers":
        return _from_layers(trace, view, method, task)
    if method.of == "target":
        return _of_target(trace, view, method, task)
    seen = shown(weighted(trace, method), view[MapSettings])
    found = attention_map(seen, view, *at, **said_of(trace, method))
    return replace(found, streams=seen.streams) if len(seen.streams) > 1 else found


def relevance_of_heads(
    trace: Trace, view: View, method: Method, query: Place | None, task: Task = SILENT
) -> HeadMaps:
    """The maps of all heads by a method of heads, as `head_maps`."""
    return head_maps(shown(weighted(trace, method), view[MapSettings]), view, query, task)


def relevance_matrix(trace: Trace, view: View, method: Method, task: Task = SILENT) -> MatrixMap:
    """The whole matrix of the chosen head by a method of heads, as `matrix_map`."""
    found = matrix_map(shown(weighted(trace, method), view[MapSettings]), view, task)
    return replace(found, what=said_of(trace, method)["what"])


def _from_layers(trace: Trace, view: View, method: Method, task: Task) -> InputMap:
    """Computed over all tokens that were written, since what passes through hidden ones counts; words get the
    sum of their subwords.
    """
    trace = shown(trace, MapSettings(step=view[MapSettings].step))
    through = layers_through(trace, method, view)
    asked_of = tokens_after(trace, through[-1] if through else None)
    chosen = query_indices(trace, asked_of, view[Selection].queries if view[RolloutQuery].selected else ())

    def drawn(found: Relevance) -> InputMap:
        found = over_shown(trace, view, found)
        tokens, weights = known(found.tokens, Tokens), found.values
        # The residual gives every token a like share of every other: a scale from zero would be all haze.
        out = rollout_left_out(trace, view[MapSettings], tokens, weights, (asked_of, chosen))
        return on_input(found, view, chosen, asked_of, out, view[MapSettings].floor)

    return drawn(through_layers(trace, view, method, chosen, task, drawn))


def _of_target(trace: Trace, view: View, method: Method, task: Task) -> InputMap:
    target = target_of(trace, view, Part(task))
    found = over_shown(trace, view, of_target(trace, view, method, target, task))
    tokens, asked = known(found.tokens, Tokens), asked_at(trace, target)
    out = rollout_left_out(trace, view[MapSettings], tokens, found.values, asked)
    of, queries = asked
    # What the readout has of itself through skip connections alone is no news.
    out[tokens.find_all(of.places(queries))] |= len(queries) < len(of) // 2
    floor = None if method.signed else view[MapSettings].floor
    drawn = on_input(found, view, queries, of, out, floor)
    if not method.signed:
        return drawn
    values = found.values
    if isinstance(tokens, PatchTokens):
        values, out = (each[tokens.prefix :].reshape(tokens.grid) for each in (values, out))
    scale = scale_about_zero(values, view[MapSettings].percentile, out)
    found = tokens.laid(values) if isinstance(tokens, MixedTokens) else None
    laid = None if found is None else (levels(found[0], scale), found[1])
    return replace(drawn, levels=levels(values, scale), scale=scale, laid=laid)


def over_shown(trace: Trace, view: View, found: Relevance) -> Relevance:
    """Over the tokens that the settings show of a text."""
    tokens = known(found.tokens, Tokens)
    if not isinstance(tokens, TextTokens):
        return found
    seen = shown(trace, view[MapSettings]).streams[tokens.stream]
    if seen is tokens:
        return found
    parts = (tokens.find(seen.place(index)) for index in range(len(seen)))
    return replace(found, tokens=seen, values=np.array([found.values[p].sum() for p in parts], np.float32))


# -- methods -------------------------------------------------------------------------------------------------


def weights(trace: Trace) -> Trace:
    """Attention as a method: the weights of the layers as they are."""
    return trace


def saliency(trace: Trace, task: Task = SILENT) -> Relevance:
    """float32 (h, w) in 0 to 1: what the model's own decoder predicts to draw the eye."""
    return Relevance(values=trace.run.engine(task).saliency(trace, task))
