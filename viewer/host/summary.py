"""Summary: what a window has of a trace, whose weights stay where they were computed.

It has a trace's fields, of which those that weigh much are empty, so that whoever asks for names, numbers and
answers asks either alike. Weights are asked of slices, which get the trace itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields

import numpy as np

from headlight.models.core.layers import AttentionLayer, Lines
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Run, Trace
from headlight.viewer.host.references import References
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.inputs.sounds.sound import Sound


class SentOnce:
    """What of a slice is handed out again and again: both ends have the same one, by identity."""

    __slots__ = ("__weakref__",)


KNOWN = (CloudInput, ImageInput, Sound, Tokens, SentOnce)
"""What is sent once and spoken of from then on."""
LIGHT = 1 << 20
"""Bytes of what a window may hold of a trace without need."""


@dataclass(frozen=True, eq=False)
class LayerCard:
    """What is said of a layer of attention, as `AttentionLayer` has it."""

    name: str
    stack: str
    depth: int
    heads: int
    queries: Tokens
    keys: Tokens
    group_count: int
    has_norms: bool
    _said: str
    _borders: tuple[Lines, Lines] | None

    @classmethod
    def of(cls, layer: AttentionLayer) -> LayerCard:
        known = (getattr(layer, one.name) for one in fields(cls) if not one.name.startswith("_"))
        return cls(*known, layer.said(), layer.borders())

    def said(self) -> str:
        return self._said

    def borders(self) -> tuple[Lines, Lines] | None:
        return self._borders


@dataclass(frozen=True, eq=False)
class Summary(Trace):
    """layers: cards. inputs: nothing; `shapes` is theirs. outputs: numbers and short lists of them. run: what
    it offers, and no way to its model.
    """

    of_inputs: Mapping[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return self.of_inputs

    @classmethod
    def of(cls, trace: Trace) -> Summary:
        kept = {one.name: getattr(trace, one.name) for one in fields(Trace)}
        kept |= {
            "layers": tuple(LayerCard.of(layer) for layer in trace.layers),
            "inputs": {},
            "outputs": {name: value for name, value in trace.outputs.items() if _is_light(value)},
            "run": Run(recipe=trace.run.recipe, offers=trace.run.offers),
        }
        return cls(**kept, of_inputs=dict(trace.shapes))


def _is_light(value: object) -> bool:
    return isinstance(value, float | int) or (isinstance(value, np.ndarray) and value.nbytes < LIGHT)


def _tokens(trace: Trace) -> Iterator[Tokens]:
    """All that a summary holds."""
    yield from trace.streams.values()
    for layer in trace.layers:
        yield from (layer.queries, layer.keys)


def of_engine() -> References:
    """An engine's part of what both ends speak of."""
    return References(stays=(Trace,), summary=Summary.of, within=_tokens, known=KNOWN, holds=True)


def of_window(let_go: Callable[[int, int], None]) -> References:
    """A window's. let_go: as References has it."""
    return References(summaries=(Summary,), known=KNOWN, holds=False, let_go=let_go)
