"""Norms of tokens layer by layer, which of them are outliers, and what maps are without these. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.relevance import Relevance
from headlight.models.core.settings import LANGUAGE, RolloutSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace
from headlight.viewer.session.inspecting import ArtifactSettings
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.maps import InputMap, attention_map, head_of, on_input, query_indices
from headlight.viewer.slices.scales import received

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, eq=False)
class Inspected:
    """Of the n tokens of a trace, before its first layer and behind each (states: layers + 1).

    norms: float32 (states, n). medians: (states,), of those that are judged. outliers: bool (states, n).
    drawing: bool (n,), tokens that draw far more attention than others. apart: bool (n,), tokens that are
    none of both. attention: float32 (n,), what each gets of all attention. share: float32 (layers, heads),
    what all that are marked get of each head's. counts: int (states, bins), edges: (bins + 1,), the histogram
    of all norms; each: (counts, edges) of each state by itself.
    """

    norms: np.ndarray
    medians: np.ndarray
    outliers: np.ndarray
    drawing: np.ndarray
    apart: np.ndarray
    attention: np.ndarray
    share: np.ndarray
    counts: np.ndarray
    edges: np.ndarray
    each: tuple[tuple[np.ndarray, np.ndarray], ...]

    @property
    def marked(self) -> np.ndarray:
        """bool (n,): outliers of any state, and what draws attention."""
        return self.outliers.any(axis=0) | self.drawing

    @property
    def ratios(self) -> np.ndarray:
        """float32 (states, n): norms in medians of their layer; 0 where that is 0."""
        below = self.medians[:, None]
        return np.divide(self.norms, below, out=np.zeros_like(self.norms), where=below > 0)

    def listed(self) -> np.ndarray:
        """int (m,): the marked tokens, the one with the highest of `ratios` first."""
        which = np.flatnonzero(self.marked)
        return which[np.argsort(-self.ratios[:, which].max(axis=0), kind="stable")]


def inspected(trace: Trace, factor: float, task: Task = SILENT) -> Inspected:
    """HeadlightError of a model without one stream of vectors through all layers."""
    from headlight.models.explain import artifacts

    norms = derived(trace, ("norms",), lambda: artifacts.token_norms(trace, Part(task, 0.0, 0.7)))
    shares = _received(trace, Part(task, 0.7))
    beside = artifacts.apart(trace.tokens)
    outliers = artifacts.outliers(norms, beside, factor)
    drawing = artifacts.drawing(trace, shares)
    counts, edges = artifacts.histogram(norms)
    return Inspected(
        norms=norms,
        medians=artifacts.medians(norms, beside),
        outliers=outliers,
        drawing=drawing,
        apart=beside,
        attention=np.concatenate(shares).mean(axis=0),
        share=artifacts.share_of(shares, outliers.any(axis=0) | drawing),
        counts=counts,
        edges=edges,
        each=tuple(map(artifacts.histogram_of, norms)),
    )


def _received(trace: Trace, task: Task) -> Sequence[np.ndarray]:
    """float32 (heads, n) of each of `carrying`."""
    found, layers = [], carrying(trace)
    for number, layer in enumerate(layers):
        task.progress(number / len(layers), f"What layer {number} looks at")
        found.append(received(trace, layer))
    return found


def carrying(trace: Trace) -> list[AttentionLayer]:
    """The layers that hand each token's vector from one to the next: all but those of a tower that sees for a
    language model."""
    return [one for one in trace.layers if LANGUAGE not in trace.stacks or one.stack == LANGUAGE]


@dataclass(frozen=True, eq=False)
class Pair:
    """A map as it is, up to its highest value, and where nobody looks at the marked tokens.

    held: what the marked tokens hold of it, None where none is marked. alike: the rank correlation (Spearman)
    of both over all other tokens that have a place, None of too few.
    """

    whole: InputMap
    without: InputMap
    held: float | None
    alike: float | None


def pair(trace: Trace, view: View, task: Task = SILENT) -> Pair:
    """By the settings of the view: of the rollout, or of the selected head."""
    from headlight.models.attention.mapped import without
    from headlight.models.explain.agreement import rank_correlations

    marked = inspected(trace, view[ArtifactSettings].factor, Part(task, 0.0, 0.3)).marked
    view = view.changed(MapSettings, leave_out=False, incoming=False, mass=0.0)
    highest = view.changed(MapSettings, percentile=100.0)
    whole = _map(trace, highest, b"", Part(task, 0.3, 0.6))
    less = _map(without(trace, marked), view, marked.tobytes(), Part(task, 0.6))
    others = ~marked & ~trace.tokens.special
    alike = (
        rank_correlations(np.stack([whole.values, less.values])[:, others])[0, 1] if others.any() else np.nan
    )
    total = float(whole.values.sum(dtype=np.float64))
    held = float(whole.values[marked].sum(dtype=np.float64)) / total if total else 0.0
    return Pair(whole, less, held if marked.any() else None, float(alike) if np.isfinite(alike) else None)


def _map(trace: Trace, view: View, key: bytes, task: Task) -> InputMap:
    if view[ArtifactSettings].by == "head":
        return attention_map(trace, view, view[Selection].layer, head_of(view))
    from headlight.models.explain.rollout import rollout

    settings = view[RolloutSettings]
    chosen = query_indices(trace, trace.tokens, view[Selection].queries)

    def made() -> Relevance:
        return rollout(trace, chosen, task, settings)

    found = derived(trace, ("with or without", settings, chosen.tobytes(), key), made)
    asked = np.zeros(len(trace.tokens), bool)
    asked[chosen] = len(chosen) < len(asked) // 2  # what a token keeps of itself is no news
    return on_input(found, view, chosen, trace.tokens, asked, view[MapSettings].floor)
