"""What heads look for: their measures over a document, ranked, and as places and colours of a scatter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from headlight.models.attention.patterns import MEASURES, Measure, measures_of
from headlight.models.core.cache import derived
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.slices.many.pictures import over_all

LAYER = Measure("layer", "Layer", "Where the head stands: its layer, from 0", share=False)


@dataclass(frozen=True, eq=False)
class HeadTable:
    """values: float64 (layers, most heads of a layer) a measure, NaN where there is none; "layer" too.

    steps: what distances are counted in. count: of layers, or of many inputs, that are measured so far.
    """

    values: Mapping[str, np.ndarray]
    steps: str
    count: int

    def known(self, name: str, others: tuple[str, ...] = ()) -> np.ndarray:
        """int (n, 2): (layer, head) of each that has this measure, and the others."""
        there = [np.isfinite(self.values[one]) for one in (name, *others) if one in self.values]
        return np.argwhere(np.logical_and.reduce(there)) if there else np.empty((0, 2), int)

    def of(self, name: str, heads: np.ndarray) -> np.ndarray:
        """float64 (n,)"""
        return self.values[name][tuple(heads.T)]


def head_table(
    trace: Trace,
    settings: PatternSettings,
    corpus: Corpus | Pictures | None = None,
    task: Task = SILENT,
) -> HeadTable:
    """All measures of all heads, over the document or many inputs; on the way what is known so far."""
    from headlight.models.attention.measures import measured

    def table(found: Mapping[str, np.ndarray], count: int) -> HeadTable:
        shape = next(iter(found.values())).shape
        layer = np.repeat(np.arange(shape[0], dtype=float)[:, None], shape[1], 1)
        there = np.isfinite(found["entropy"])
        return HeadTable({"layer": np.where(there, layer, np.nan), **found}, steps_of(trace.tokens), count)

    def so_far(found: Mapping[str, np.ndarray]) -> HeadTable:
        return table(found, int(np.isfinite(found["entropy"]).any(1).sum()))

    def whole() -> HeadTable:
        return table(measured(trace.layers, settings, Part(task, draw=so_far)), len(trace.layers))

    if corpus is None:
        return derived(trace, ("heads", settings), whole)
    over = Part(task, draw=lambda found: table(found.means(), found.seen))
    found = over_all(trace, corpus, settings, over)
    return table(found.means(), found.seen)


def steps_of(tokens: Tokens) -> str:
    return "patches" if isinstance(tokens, PatchTokens) else "tokens"


def offered(tokens: Tokens) -> tuple[Measure, ...]:
    """What heads of such inputs can be ranked by."""
    return measures_of(tokens)


def by_token(tokens: Tokens) -> tuple[Measure, ...]:
    """What texts can be listed by: what a head does at one token."""
    return tuple(one for one in measures_of(tokens, PatternSettings()) if one.id != "sink")


def axes_of(tokens: Tokens, settings: PatternSettings) -> tuple[Measure, ...]:
    """What a scatter can show."""
    return (LAYER, *measures_of(tokens, settings))


def measure(name: str) -> Measure:
    return LAYER if name == LAYER.id else MEASURES[name]


def titled(one: Measure, steps: str) -> str:
    """“Entropy, nats”"""
    return f"{one.title}, {one.unit.format(steps=steps)}" if one.unit else one.title


def figure(one: Measure, value: float) -> str:
    """As it stands in a row."""
    if not np.isfinite(value):
        return "–"
    return f"{value:.0f}" if one.id == LAYER.id else f"{value:.3f}" if one.share else f"{value:.2f}"


def ranked(table: HeadTable, name: str) -> np.ndarray:
    """int (n, 2): (layer, head), the highest first; of equal ones the earlier."""
    if name not in table.values:
        return np.empty((0, 2), int)
    heads = table.known(name)
    return heads[np.argsort(-table.of(name, heads), kind="stable")]
