"""Methods side by side: what each says of one target, on one scale, and how far they agree. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.colours import Scale, levels, scale_about_zero, scale_of
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.models.explain.agreement import disagreement, rank_correlations, ranks, special_shares
from headlight.models.explain.targets import asked_at
from headlight.viewer.registry import REGISTRY, Kind, Method
from headlight.viewer.session.methods import layers_through, objection, offered_by, tokens_after
from headlight.viewer.session.view import MethodsSettings, View
from headlight.viewer.slices.explain.relevance import of_target, said_of, through_layers, weighted
from headlight.viewer.slices.explain.targets import target_of
from headlight.viewer.slices.maps import looked_at, query_indices

OF = ("head", "layers", "target")
"""What methods are of that can stand side by side: those that say something of tokens."""
WIDEST = 0.5
"""The most that the standard deviation of ranks can be."""
CLIPPED = 99.5
"""Percentile of all shares at which their scale ends."""


def offered(kind: Kind) -> list[Method]:
    """All that can stand side by side of a kind; a head's of a cloud are of few neighbours alone."""
    of = OF if "cells" in kind.gives else OF[1:]
    return offered_by(kind, of)


def chosen(kind: Kind, trace: Trace, settings: MethodsSettings) -> tuple[str, ...]:
    """The ids of those that do, of all that there are for a reading, in the registry's order."""
    there = [one for one in offered(kind) if not objection(one, kind, trace)]
    if settings.methods is None:
        return tuple(one.id for one in there if one.compared) or tuple(one.id for one in there[:1])
    return tuple(one.id for one in there if one.id in settings.methods)


@dataclass(frozen=True, eq=False)
class Side:
    """What one method says. values: float32 (n,), of the tokens of the input. shown: float32 (n,), the same
    on the scale that all share, 0 of tokens that have no place; levels: uint8 (n,). special: the share of the
    sizes of all values that lies on those. failed: why there is nothing, "" where there is.
    """

    method: str
    values: np.ndarray
    shown: np.ndarray
    levels: np.ndarray
    special: float = 0.0
    failed: str = ""


@dataclass(frozen=True, eq=False)
class Beside:
    """Methods side by side. target: what they are asked of. by: how they are shown, as of MethodsSettings.

    correlations: float32 (m, m), Spearman's of those that did not fail, in their order. disagreement: float32
    (n,), the standard deviation over them of each token's rank, and its uint8 levels: none of less than two.
    """

    target: Target
    by: str
    sides: tuple[Side, ...]
    scale: Scale
    signed: bool
    correlations: np.ndarray
    disagreement: np.ndarray | None = None
    apart: np.ndarray | None = None
    apart_scale: Scale = field(default=Scale(0.0, WIDEST))

    @property
    def whole(self) -> tuple[Side, ...]:
        """Those that did not fail, as the correlations have them."""
        return tuple(side for side in self.sides if not side.failed)


def beside(trace: Trace, view: View, methods: Sequence[str], task: Task = SILENT) -> Beside:
    """Of these methods, by their ids; handed out as each is there. What fails of one says so in its place."""
    target, by = target_of(trace, view, Part(task)), view[MethodsSettings].by
    found: dict[str, np.ndarray | str] = {}
    for number, name in enumerate(methods):
        method = REGISTRY.all(Method)[name]
        part = Part(task, number / len(methods), (number + 1) / len(methods))
        part.progress(0.0, method.name)
        try:
            found[name] = ordered(said(trace, view, method, target, part))
        except HeadlightError as error:
            found[name] = str(error)
        task.partial(_laid(trace, target, by, found))
    return _laid(trace, target, by, found)


def said(trace: Trace, view: View, method: Method, target: Target, task: Task = SILENT) -> Relevance:
    """Of the tokens of the input, by a method of whichever sort: of a head the mean of the heads of the last
    layer that looks at them, through layers from the tokens that the target is read from. HeadlightError
    where it is of other tokens.
    """
    if method.of == "target":
        return of_target(trace, view, method, target, task)
    of, numbers = asked_at(trace, target)
    if method.of == "head":
        return _looked_at(trace, method, of.places(numbers))
    through = layers_through(trace, method, view)
    tokens = tokens_after(trace, through[-1] if through else None)
    queries = tokens.find_all(of.places(numbers))
    queries = queries if len(queries) else query_indices(trace, tokens, ())
    return _of_input(trace, through_layers(trace, view, method, queries, task))


def ordered(found: Relevance) -> np.ndarray:
    """float32 (n,): a relevance as it is, of numbers of steps the nearest the highest."""
    if not found.counts:
        return found.values.astype(np.float32)
    most = int(found.values.max(initial=0)) + 1
    return np.where(found.values < 0, 0, most - found.values).astype(np.float32)


def shown_by(by: str, values: np.ndarray, special: np.ndarray) -> np.ndarray:
    """float32 (m, n): m methods' values on one scale. "rank": where each token that has a place stands among
    those, 0 to 1. "share": its part of the sizes of all their values, with its sign."""
    found = np.zeros(values.shape, np.float32)
    placed = values[:, ~special]
    if by == "rank":
        found[:, ~special] = ranks(placed)
    else:
        total = np.abs(placed).sum(1, keepdims=True, dtype=np.float64)
        found[:, ~special] = np.divide(placed, total, out=np.zeros(placed.shape), where=total > 0)
    return found


def _laid(trace: Trace, target: Target, by: str, found: dict[str, np.ndarray | str]) -> Beside:
    tokens, nothing = trace.tokens, np.zeros(len(trace.tokens), np.float32)
    special = tokens.special if not tokens.special.all() else np.zeros(len(tokens), bool)
    there = {name: one for name, one in found.items() if isinstance(one, np.ndarray)}
    values = np.stack([*there.values()]) if there else np.zeros((0, len(tokens)), np.float32)
    shown = shown_by(by, values, special)
    signed = by == "share" and bool((shown < 0).any())
    scale = _scale(by, shown[:, ~special], signed)
    rows = dict(zip(there, zip(shown, special_shares(values, special), strict=True), strict=True))
    sides = []
    for name, one in found.items():
        if isinstance(one, str):
            sides.append(Side(name, nothing, nothing, nothing.astype(np.uint8), failed=one))
            continue
        row, share = rows[name]
        painted = np.where(special, levels(np.zeros(1, np.float32), scale), levels(row, scale))
        sides.append(Side(name, one, row, painted.astype(np.uint8), float(share)))
    laid = Beside(target, by, tuple(sides), scale, signed, rank_correlations(values[:, ~special]))
    if len(there) < 2:
        return laid
    apart = nothing.copy()
    apart[~special] = disagreement(values[:, ~special])
    return replace(laid, disagreement=apart, apart=levels(apart, laid.apart_scale))


def _scale(by: str, shown: np.ndarray, signed: bool) -> Scale:
    if by == "rank":
        return Scale(0.0, 1.0)
    return scale_about_zero(shown, CLIPPED) if signed else scale_of(shown, CLIPPED)


def _looked_at(trace: Trace, method: Method, places: Sequence) -> Relevance:
    seen = weighted(trace, method)
    number, layer = _last(trace, seen.layers)
    chosen_ = layer.queries.find_all(tuple(places))
    chosen_ = chosen_ if len(chosen_) else query_indices(trace, layer.queries, ())
    return _of_input(trace, looked_at(layer, (number, "mean"), chosen_, **said_of(trace, method)))


def _last(trace: Trace, layers: Sequence[AttentionLayer]) -> tuple[int, AttentionLayer]:
    """The last layer that looks at the tokens of the input, or at coarser ones in their places."""
    from headlight.models.explain.rollout_steps import can_spread

    for number in reversed(range(len(layers))):
        if can_spread(layers[number].keys, trace.tokens):
            return number, layers[number]
    raise HeadlightError("No layer looks at the tokens of the input.", "Choose another method.")


def _of_input(trace: Trace, found: Relevance) -> Relevance:
    """Over the tokens of the input: what a coarser one has is shared by those in its place."""
    from headlight.models.explain.rollout_steps import can_spread, on_finer

    tokens = known(found.tokens, Tokens)
    if tokens is trace.tokens:
        return found
    if found.counts or not can_spread(tokens, trace.tokens):
        raise HeadlightError("It is of other tokens than those of the input.", "Choose another method.")
    fine = on_finer(found.values, tokens, trace.tokens)
    return replace(found, values=fine, tokens=trace.tokens, seen=None)
