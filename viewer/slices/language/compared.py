"""Texts side by side: how alike a word's vectors are, and where a head looks in one and not in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels, scale_about_zero
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.layers import Head
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import CharSpan, TextTokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings
from headlight.viewer.slices.maps import shown
from headlight.viewer.slices.scales import left_out_said

At = tuple[int, Head]


@dataclass(frozen=True, eq=False)
class Alike:
    """How alike a word's vectors are in two texts. values: float32 (layers + 1,), None where `why` says why
    there are none."""

    values: np.ndarray | None
    why: str = ""


def alike(
    trace: Trace,
    word: CharSpan,
    others: Sequence[tuple[Trace, CharSpan | None]],
    task: Task = SILENT,
) -> tuple[Alike, ...]:
    """Cosines of a word with what stands for it in each of the other texts, layer by layer."""
    from headlight.models.explain.company import cosines

    def states(of: Trace, number: int) -> np.ndarray:
        part = Part(task, number / (len(others) + 1), (number + 1) / (len(others) + 1))
        return derived(of, "states", lambda: of.run.states(part))

    own, at, found = None, trace.tokens.find(word), []
    for number, (other, there) in enumerate(others):
        if there is None:
            found.append(Alike(None, "has no such word"))
            continue
        try:
            own = states(trace, 0) if own is None else own
            found.append(Alike(cosines(own, at, states(other, number + 1), other.tokens.find(there))))
        except HeadlightError as error:
            found.append(Alike(None, error.cause))
    return tuple(found)


@dataclass(frozen=True, eq=False)
class DifferenceMap:
    """Attention of one text less that of another, over the units that both have.

    values: float32 (queries, keys), above 0 where more in the first; here, there: that of each. levels: 128
    is zero. queries, keys: the units as they stand in the first text.
    """

    values: np.ndarray
    here: np.ndarray
    there: np.ndarray
    levels: np.ndarray
    scale: Scale
    queries: TextTokens
    keys: TextTokens


def difference_map(
    traces: tuple[Trace, Trace], at: tuple[At, At], settings: MapSettings, task: Task = SILENT
) -> DifferenceMap:
    """HeadlightError where the texts share nothing, TooLarge where the matrix is."""
    from headlight.models.explain.company import aligned_layers, over_units

    layers = [shown(trace, settings).layers[number] for trace, (number, _) in zip(traces, at, strict=True)]
    down, across = aligned_layers(layers[0], layers[1])
    here, there = (
        over_units(layer, down[side], across[side], at[side][1]) for side, layer in enumerate(layers)
    )
    task.check()
    values = here - there
    queries, keys = (known(maps[0].tokens, TextTokens) for maps in (down, across))
    out = keys.special & settings.leave_out
    scale = scale_about_zero(values, settings.percentile, out)
    beyond = out & (np.abs(values).max(0, initial=0) > scale.high)
    scale = replace(scale, left_out=left_out_said(keys, beyond, here.mean(0)))
    return DifferenceMap(values, here, there, levels(values, scale), scale, queries, keys)


def head_there(trace: Trace, other: Trace, layer: int, head: Head, chosen: At | None) -> At:
    """Layer and head of the other text: the same of the same model, else the chosen one, or what stands where
    this does.
    """
    same = trace.model.id == other.model.id
    at = (layer, head) if same else (chosen or (other.nearest(trace, layer), head))
    number = min(at[0], len(other.layers) - 1)
    which = min(at[1], other.layers[number].heads - 1) if isinstance(at[1], int) else at[1]
    return number, which
