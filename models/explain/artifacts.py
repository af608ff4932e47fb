"""Artifact tokens: tokens whose vectors grow far beyond all others', and what of all attention they take.

Darcet et al. 2024, “Vision Transformers Need Registers”, section 2: large vision transformers keep what is
said of the whole picture in a few patches, told by the norm of their vectors. Of texts the same are attention
sinks (Xiao et al. 2024, “Efficient Streaming Language Models with Attention Sinks”).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.models.core.settings import OUTLIER
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace

BINS = 60
"""Of a histogram."""


def token_norms(trace: Trace, task: Task = SILENT) -> np.ndarray:
    """float32 (layers + 1, n): ‖x‖ of each token in the residual stream, before the first layer and behind
    each one, no last norm over it. HeadlightError of a model without such a stream.
    """
    from headlight.models.explain.stream import stream

    states = stream(trace, range(len(trace.tokens)), task=task).states
    return states.norm(dim=-1).cpu().numpy().astype(np.float32)


def apart(tokens: Tokens) -> np.ndarray:
    """bool (n,): a picture's class token and registers, which are no patches and are not judged as such; none
    of a text, whose sinks are special tokens as a rule."""
    return tokens.special.copy() if isinstance(tokens, PatchTokens) else np.zeros(len(tokens), bool)


def medians(norms: np.ndarray, beside: np.ndarray) -> np.ndarray:
    """float32 (layers + 1,) of norms (layers + 1, n): the median of those that do not stand `beside`, bool
    (n,); 0 where there are none."""
    judged = norms[:, ~beside]
    return np.median(judged, axis=1) if judged.shape[1] else np.zeros(len(norms), norms.dtype)


def outliers(norms: np.ndarray, beside: np.ndarray, factor: float = OUTLIER) -> np.ndarray:
    """bool (layers + 1, n): above `factor` times the median of their layer; never what stands `beside`."""
    return (norms > factor * medians(norms, beside)[:, None]) & ~beside


def share_of(received: Sequence[np.ndarray], which: np.ndarray) -> np.ndarray:
    """float32 (layers, most heads of a layer): what these tokens, bool (n,), get of what each head gives
    (heads, n); NaN where a layer has no such head."""
    shares = np.full((len(received), max(map(len, received), default=0)), np.nan, np.float32)
    for row, one in zip(shares, received, strict=True):
        row[: len(one)] = one[:, which].sum(axis=1, dtype=np.float64)
    return shares


def histogram(norms: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """(int (layers + 1, bins): how many tokens of norms (layers + 1, n) lie in each bin, float64 (bins + 1,):
    the edges of the bins, evenly spaced by their logarithms from the lowest norm above 0 to the highest). A
    norm of 0 counts to the first bin."""
    above = norms[norms > 0]
    low, high = (float(above.min()), float(above.max())) if above.size else (1.0, 1.0)
    edges = np.geomspace(low, max(high, low * (1 + 1e-6)), bins + 1)
    held = np.clip(norms, edges[0], edges[-1])
    return np.stack([np.histogram(row, edges)[0] for row in held]), edges


def histogram_of(norms: np.ndarray, bins: int = BINS) -> tuple[np.ndarray, np.ndarray]:
    """The same of one layer's norms (n,), its bins evenly spaced from 0 to the highest."""
    return np.histogram(norms, bins, (0.0, max(float(norms.max(initial=0)), 1e-30)))


def drawing(trace: Trace, received: Sequence[np.ndarray]) -> np.ndarray:
    """bool (n,): tokens that draw far more attention than others, whatever their norm.

    A picture's by `artifact_tokens`, a text's where they are sinks of the mean of a layer's heads. received:
    (heads, n) of each layer.
    """
    from headlight.models.attention.statistics import sinks

    found = np.zeros(len(trace.tokens), bool)
    found[trace.artifacts] = True
    if not isinstance(trace.tokens, PatchTokens):
        found |= sinks(np.stack([one.mean(axis=0) for one in received])).any(axis=0)
    return found
