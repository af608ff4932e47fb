"""The same trace without its special tokens: their rows and columns are left out, nothing is rescaled.

The rows left sum to less than 1; what is missing is the special tokens' share, which a viewer must say.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from torch import Tensor

from headlight.models.attention.recorded import CACHE, BlockLayer
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace


def hide_special(trace: Trace) -> Trace:
    """`trace` over the tokens that have a place; itself where all have one.

    A readout that is hidden is None; artifacts follow their tokens; inputs and outputs stay.
    """
    if not trace.tokens.special.any():
        return trace
    hidden: dict[int, Tokens] = {}

    def placed(tokens: Tokens) -> Tokens:
        return hidden.setdefault(id(tokens), tokens.without_special())

    renumbered = np.cumsum(~trace.tokens.special) - 1
    gone = trace.readout is None or bool(trace.tokens.special[trace.readout])
    kept = trace.artifacts[~trace.tokens.special[trace.artifacts]]
    return replace(
        trace,
        layers=tuple(HiddenLayer(layer, placed(layer.queries), placed(layer.keys)) for layer in trace.layers),
        tokens=placed(trace.tokens),
        readout=None if gone else int(renumbered[trace.readout]),
        artifacts=renumbered[kept],
    )


class HiddenLayer(BlockLayer):
    """The AttentionLayer of `layer` without the rows and columns of special tokens."""

    def __init__(self, layer: AttentionLayer, queries: Tokens, keys: Tokens) -> None:
        super().__init__(layer.name, layer.kind, layer.heads, queries, keys, CACHE)
        self._layer = layer
        self._rows = np.flatnonzero(~layer.queries.special)
        self._columns = np.flatnonzero(~layer.keys.special)

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (heads, k))."""
        _, weights = self._layer.rows(self._rows[np.atleast_1d(queries)])
        return np.arange(len(self.keys)), weights[:, self._columns]

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,))."""
        _, weights = self._layer.row(head, self._rows[np.atleast_1d(query)])
        return np.arange(len(self.keys)), weights[self._columns]

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,))."""
        _, weights = self._layer.column(head, self._columns[np.atleast_1d(key)])
        return np.arange(len(self.queries)), weights[self._rows]

    def sink(self, head: Head, query: np.ndarray | int) -> float:
        """Share of the row that goes to a sink instead of a token."""
        return self._layer.sink(head, self._rows[np.atleast_1d(query)])

    def check(self) -> float:
        """The check of the layer below: hiding changes no weight."""
        return self._layer.check()

    def _block(self, head: int, start: int, stop: int) -> Tensor:
        rows = self._rows[start:stop]
        below = self._layer.block(head, int(rows[0]), int(rows[-1]) + 1)  # [rows with gaps, tokens]
        return below[rows - rows[0]][:, self._columns]
