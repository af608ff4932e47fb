"""Many pictures through one vision model, one after the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from headlight.models.attention.measures import BY_QUERY, Rows, pairs_of, rows_of
from headlight.models.attention.patterns import PATTERNS, USUAL
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PatchTokens
from headlight.models.core.trace import Trace
from headlight.models.corpus.gathered import Gathered, Grid
from headlight.models.corpus.vectors import KINDS, Vectors


def gathered_pictures(
    engine: Any,
    read: Callable[[int], np.ndarray | None],
    count: int,
    size: int | None,
    settings: PatternSettings = USUAL,
    seed: int = 0,
    task: Task = SILENT,
) -> Gathered:
    """The measures of all heads; after each picture `task.partial` gets them as far as they have come.

    engine: has `run` of (uint8 (H, W, 3), short side in pixels). read: the pixels of a picture, None of one
    that cannot be read. Raises HeadlightError where none can.
    """
    found: Gathered | None = None
    for number in range(count):
        task.progress(number / count, f"Picture {number + 1:,} of {count:,}")
        pixels = read(number)
        if pixels is None:
            continue
        trace = engine.run(pixels, size, task=Part(task, number / count, (number + 1) / count))
        if found is None:
            found = _empty(trace, settings, count, seed)
        _add(found, number, trace, settings)
        task.partial(found)
    if found is None:
        raise HeadlightError("None of these pictures can be read.", "Choose another folder.")
    return found


def _empty(trace: Trace, settings: PatternSettings, count: int, seed: int) -> Gathered:
    pairs = pairs_of(trace.layers, settings)
    names = [one.id for one in PATTERNS if any(one.id in of.names for of in pairs)]
    found = Gathered([*names, *BY_QUERY], [layer.heads for layer in trace.layers], count, seed)
    one_grid = all(layer.queries is layer.keys is trace.tokens for layer in trace.layers)
    found.vectors = Vectors.of_layers(trace.layers, seed) if one_grid else None
    return found


def _add(found: Gathered, number: int, trace: Trace, settings: PatternSettings) -> None:
    which = ~trace.tokens.special[None]
    if found.vectors is not None:
        found.vectors.draw((number,), [np.zeros((which.shape[1], 2), int)], which)
    for at, (layer, pairs) in enumerate(zip(trace.layers, pairs_of(trace.layers, settings), strict=True)):
        rows = rows_of(layer, pairs)
        found.add(at, (number,), _in_order(found, rows), rows.sink[:, None])
        for kind in KINDS if found.vectors is not None else ():
            vectors = layer.vectors(kind)[:, None]
            found.vectors.add(at, kind, vectors, torch.from_numpy(which).to(vectors.device))
    found.grids[number] = tuple(map(_grid, (layer.queries for layer in trace.layers)))
    found.seen += 1
    found.tokens += which.shape[1]


def _in_order(found: Gathered, rows: Rows) -> torch.Tensor:
    """float32 [measures, heads, 1, tokens], NaN of what a layer has not."""
    values = torch.full((len(found.names), *rows.values.shape[1:]), torch.nan)
    places = [found.names.index(name) for name in rows.names]
    values[places] = torch.from_numpy(rows.values)
    return values[:, :, None]


def _grid(tokens: PatchTokens) -> Grid:
    return Grid(*tokens.grid, tokens.prefix, tokens.region)
