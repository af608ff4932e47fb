"""How far every head of every layer looks (Dosovitskiy et al. 2021, figure 7 right). numpy only."""

from __future__ import annotations

import numpy as np

from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import Trace


def attention_distances(trace: Trace, include_self: bool = True, task: Task = SILENT) -> np.ndarray:
    """float64 (layers, most heads of a layer): mean attention distance in pixels of the shown picture.

    NaN where a layer has fewer heads, where a head looks at no patch, and for layers that are not of patches.
    include_self: the query's own patch counts, at distance 0. After each layer `task.partial` gets the array.
    """
    distances = np.full((len(trace.layers), max((layer.heads for layer in trace.layers), default=0)), np.nan)
    for number, layer in enumerate(trace.layers):
        task.progress(number / len(trace.layers), f"Attention distance in layer {number}")
        if isinstance(layer.queries, PatchTokens) and isinstance(layer.keys, PatchTokens):
            distances[number, : layer.heads] = layer_distance(layer, include_self)
            task.partial(distances.copy())
    return distances


def attention_distance(
    weights: np.ndarray,
    tokens: PatchTokens,
    query: np.ndarray | int,
    include_self: bool = True,
    keys: PatchTokens | None = None,
) -> np.ndarray:
    """How far a patch looks: the mean distance between patch centres under its weights, in pixels.

    The mean attention distance of Dosovitskiy et al. 2021 (figure 7 right, appendix D.8), in pixels of the
    shown picture. Prefix tokens have no place: the weights are normalised over the patches alone, without the
    query's own patch if `include_self` is False. Of a row that looks at a part of the keys the rest is 0.

    weights: (..., n) rows of the patch `query` (one index), or (..., m, n) of the patches `query` (int (m,)).
    keys: where their keys lie on another grid than the queries, that grid; "own" is then the key patch in
    which the query's centre lies. Returns (...) or (..., m): 0 for a patch that looks at itself, NaN where no
    weight lies on the patches.
    """
    if np.ndim(query) == 0:
        rows = weights[..., None, :]
        return attention_distance(rows, tokens, np.array([query]), include_self, keys)[..., 0]
    keys = tokens if keys is None else keys
    patches = weights[..., keys.prefix :]  # (..., m, patches)
    far = centre_distances(tokens, query, keys, np.arange(keys.prefix, len(keys))[None])
    own = None if include_self else _own(tokens, query, keys) - keys.prefix
    return mean_distance(patches, far, own)


def mean_distance(weights: np.ndarray, far: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
    """(..., m, k), (m, k) → (..., m): the mean of `far` under the weights, NaN where there are none.

    own: int (m,), the column that is left out of each row, or None.
    """
    if own is not None:
        weights = weights.copy()
        weights[..., np.arange(len(own)), own] = 0
    mass = weights.sum(axis=-1)
    total = np.einsum("...mk,mk->...m", weights, far)
    return np.divide(total, mass, out=np.full_like(total, np.nan), where=mass > 0)


def layer_distance(layer: AttentionLayer, include_self: bool = True, task: Task = SILENT) -> np.ndarray:
    """float64 (heads,): each head's attention distance in pixels, the mean over the layer's patches.

    NaN for a head none of whose weight lies on patches. Both ends of the layer are PatchTokens.
    """
    sums, located, done = np.zeros(layer.heads), np.zeros(layer.heads), 0
    for part in layer.groups():
        task.progress(done / len(layer.queries), f"Attention distance in {layer.name}")
        queries, keys, weights = part.rows()
        done += len(queries)
        placed = ~layer.queries.special[queries]
        if not placed.all():
            keys = keys[placed] if len(keys) > 1 else keys
            queries, weights = queries[placed], weights[:, placed]
        if layer.keys.prefix:
            weights = np.where(keys >= layer.keys.prefix, weights, 0)
        far = centre_distances(layer.queries, queries, layer.keys, keys)
        own = None
        if not include_self:
            own = (keys == _own(layer.queries, queries, layer.keys)[:, None]).argmax(axis=1)
        distance = mean_distance(weights, far, own)  # (heads, m)
        sums += np.nansum(distance, axis=1)
        located += np.isfinite(distance).sum(axis=1)
    return np.divide(sums, located, out=np.full(layer.heads, np.nan), where=located > 0)


def centre_distances(
    tokens: PatchTokens, queries: np.ndarray, others: PatchTokens, keys: np.ndarray
) -> np.ndarray:
    """float32 (m, k): from patches of one grid, (m,), to patches of another, (m or 1, k), in pixels."""
    down = _centres(tokens, queries)[0][:, None] - _centres(others, keys)[0]
    right = _centres(tokens, queries)[1][:, None] - _centres(others, keys)[1]
    return np.hypot(down, right).astype(np.float32)


def _centres(tokens: PatchTokens, indices: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(y, x) of patches, in pixels of the shown picture."""
    rows, columns = np.divmod(indices - tokens.prefix, tokens.grid[1])
    height, width = tokens.patch_size
    return tokens.region.y0 + (rows + 0.5) * height, tokens.region.x0 + (columns + 0.5) * width


def _own(tokens: PatchTokens, queries: np.ndarray, keys: PatchTokens) -> np.ndarray:
    """int (m,): of each patch the key in which its centre lies, itself where the grids are one."""
    cells = np.divmod(queries - tokens.prefix, tokens.grid[1])
    row, column = (
        (2 * cell + 1) * there // (2 * here)
        for cell, here, there in zip(cells, tokens.grid, keys.grid, strict=True)
    )
    return row * keys.grid[1] + column + keys.prefix
