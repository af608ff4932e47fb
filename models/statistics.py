"""Figures about attention weights: entropy, distance, mass, special tokens, artifact tokens. numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.attention import AttentionLayer
from models.task import SILENT, Task
from models.tokens import PatchTokens, Tokens

CHUNK = 1 << 19
"""Weights of one head that are held at once."""
ROUNDING = 1e-6
"""How far float32 sums of a few thousand weights are off."""
SAMPLED = 256
"""Queries that are looked at for artifact tokens."""
ARTIFACT_FACTOR = 10.0
"""DINOv2-small on four pictures of 518 pixels: artifacts at 17 to 36 times the median, the rest below 9.2."""


@dataclass(frozen=True, eq=False)
class HeadStatistics:
    """One figure a head, each a mean over queries, float64 (heads,).

    entropy: nats. distance: pixels of the shown picture, over patch queries; None for anything but patches.
    special: share of the weight that lies on special tokens.
    """

    entropy: np.ndarray
    distance: np.ndarray | None
    special: np.ndarray


def entropy(weights: np.ndarray) -> np.ndarray:
    """(..., n) → (...): −Σ w ln w in nats, 0 ln 0 = 0; ln n for uniform weights, 0 for one key alone."""
    logarithms = np.log(weights, out=np.zeros_like(weights), where=weights > 0)
    return -np.einsum("...n,...n->...", weights, logarithms)


def special_share(weights: np.ndarray, special: np.ndarray) -> np.ndarray:
    """(..., n), bool (n,) → (...): the weight that lies on special tokens."""
    return weights[..., special].sum(axis=-1)


def attention_distance(
    weights: np.ndarray, tokens: PatchTokens, query: np.ndarray | int, include_self: bool = True
) -> np.ndarray:
    """How far a patch looks: the mean distance between patch centres under its weights, in pixels.

    The mean attention distance of Dosovitskiy et al. 2021 (figure 7 right, appendix D.8), in pixels of the
    shown picture. Prefix tokens have no place: the weights are normalised over the patches alone, without the
    query's own patch if `include_self` is False.

    weights: (..., n) rows of the patch `query` (one index), or (..., m, n) of the patches `query` (int (m,)).
    Returns (...) or (..., m): 0 for a patch that looks at itself, NaN where no weight lies on the patches.
    """
    if np.ndim(query) == 0:
        return attention_distance(weights[..., None, :], tokens, np.array([query]), include_self)[..., 0]
    patches = weights[..., tokens.prefix :]  # (..., m, patches)
    mass = patches.sum(axis=-1)
    if not include_self:
        mass = mass - weights[..., np.arange(len(query)), query]
    far = np.einsum("...mn,mn->...m", patches, _distances(tokens, query))
    return np.divide(far, mass, out=np.full_like(far, np.nan), where=mass > 0)


def mass_mask(weights: np.ndarray, share: float) -> np.ndarray:
    """(patches,) → bool (patches,): the fewest patches that together hold at least `share` of the weight.

    The threshold of Caron et al. 2021 (DINO, figure 3), over patches alone. Of equal weights the earlier
    patch is taken first; nothing is taken for a share of 0 or where there is no weight.
    """
    mask = np.zeros(len(weights), bool)
    order = np.argsort(-weights, kind="stable")
    held = np.cumsum(weights[order], dtype=np.float64)
    if share <= 0 or not len(held) or held[-1] <= 0:
        return mask
    # Shares such as 0.4 are no binary fractions: a mass that misses one by rounding alone has reached it.
    wanted = share - ROUNDING if share < 1 else 1.0
    mask[order[: np.searchsorted(held / held[-1], wanted) + 1]] = True
    return mask


def head_statistics(layer: AttentionLayer, task: Task = SILENT) -> HeadStatistics:
    """The statistics of every head of a self-attention layer, a few rows at a time."""
    tokens = layer.queries
    patches = isinstance(tokens, PatchTokens) and tokens is layer.keys
    sums = np.zeros((3, layer.heads))  # entropy, share on special keys, distance
    located = np.zeros(layer.heads)  # patch queries with weight on patches
    for start, stop in _chunks(len(tokens), len(layer.keys)):
        task.progress(start / len(tokens), "Statistics of the heads")
        rows = np.arange(start, stop)
        rows = rows[~tokens.special[rows]]
        for head in range(layer.heads):
            weights = layer.block(head, start, stop).cpu().numpy()  # (rows, keys)
            sums[0, head] += entropy(weights).sum()
            sums[1, head] += special_share(weights, layer.keys.special).sum()
            if patches:
                distance = attention_distance(weights[rows - start], tokens, rows)
                sums[2, head] += np.nansum(distance)
                located[head] += np.isfinite(distance).sum()
    mean = sums[:2] / len(tokens)
    return HeadStatistics(mean[0], sums[2] / np.maximum(located, 1) if patches else None, mean[1])


def artifact_tokens(layers: Sequence[AttentionLayer], tokens: Tokens, task: Task = SILENT) -> np.ndarray:
    """int (m,): patches that draw far more than their share of attention, strongest first; none in a text.

    Models without registers keep global information in a few patches of little content of their own (Darcet
    et al. 2024), and such patches outshine all others in a rollout. The criterion: the weight a patch
    receives, averaged over SAMPLED queries spread over the sequence, over heads and over all layers, is more
    than ARTIFACT_FACTOR times the median patch's. An average over layers keeps what is salient in one or two
    of them from being listed; the median does not move with the artifacts themselves.
    """
    if not isinstance(tokens, PatchTokens) or not len(layers):
        return np.empty(0, int)
    queries = np.unique(np.linspace(0, len(tokens) - 1, min(len(tokens), SAMPLED)).round().astype(int))
    received = np.zeros(len(tokens) - tokens.prefix)
    for layer in layers:
        task.check()
        received += layer.rows(queries)[1].mean(axis=0)[tokens.prefix :]
    strongest = np.argsort(-received, kind="stable")
    found = strongest[received[strongest] > ARTIFACT_FACTOR * np.median(received)]
    return found + tokens.prefix


def _distances(tokens: PatchTokens, queries: np.ndarray) -> np.ndarray:
    """float32 (m, patches): from these patches to all, between centres, in pixels of the shown picture."""
    height, width = tokens.patch_size
    rows, columns = np.divmod(np.arange(len(tokens) - tokens.prefix), tokens.grid[1])
    own = queries - tokens.prefix
    down = (rows - rows[own, None]) * height
    right = (columns - columns[own, None]) * width
    return np.hypot(down, right).astype(np.float32)


def _chunks(rows: int, keys: int) -> list[tuple[int, int]]:
    """[start, stop) of as many rows as CHUNK allows."""
    step = max(1, CHUNK // keys)
    return [(start, min(start + step, rows)) for start in range(0, rows, step)]
