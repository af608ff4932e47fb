"""The same trace over other tokens: whole words in place of subwords, special tokens left out, as it was when
less was written.

A word receives the sum of what its subwords receive and looks where they look on average (Clark et al. 2019,
section 4.1), so that rows still sum to 1. Of tokens that are left out rows and columns are gone and nothing
is rescaled: what is missing of a row is their share, which a viewer must say.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.recorded import BlockLayer, fuse
from headlight.models.core.cache import CACHE, Cache
from headlight.models.core.layers import NOWHERE, AttentionLayer, Head
from headlight.models.core.tokens import TextTokens, Tokens
from headlight.models.core.trace import Trace


def mapped(
    trace: Trace, whole_words: bool = False, hide_special: bool = False, step: int | None = None
) -> Trace:
    """`trace` over words, or without its special tokens, or both; itself where that changes nothing.

    step: of what the model wrote only so many tokens are seen, since it looked at none of the others when it
    had written them. Readout and artifacts follow their tokens: the last token that is seen is read in place
    of one that was not written yet, and a readout that is left out is None. Inputs and outputs stay what the
    model saw and gave.
    """
    known: dict[int, IndexMap] = {}
    written = trace.written if step is not None else None
    stop = None if written is None else written.start + step

    def seen(tokens: Tokens) -> IndexMap:
        if id(tokens) not in known:
            grows = written is not None and tokens is trace.streams[written.stream]
            known[id(tokens)] = index_map(tokens, whole_words, hide_special, stop if grows else None)
        return known[id(tokens)]

    streams = {name: seen(tokens) for name, tokens in trace.streams.items()}
    if all(one.tokens is trace.streams[name] for name, one in streams.items()):
        return trace
    here, read = seen(trace.tokens), trace.readout
    if read is not None and written is not None and trace.streams[written.stream] is trace.tokens:
        read = min(read, stop - 1)
    readout = NOWHERE if read is None else int(here.of[read])
    artifacts = dict.fromkeys(number for number in here.of[trace.artifacts].tolist() if number != NOWHERE)
    return replace(
        trace,
        layers=tuple(MappedLayer(layer, seen(layer.queries), seen(layer.keys)) for layer in trace.layers),
        streams={name: one.tokens for name, one in streams.items()},
        readout=None if readout == NOWHERE else readout,
        artifacts=np.array([*artifacts], int),
    )


def without(trace: Trace, which: np.ndarray) -> Trace:
    """`trace` where nobody looks at these of its tokens, bool (n,): their columns are 0, their rows stay, and
    nothing is rescaled. Of a trace whose layers are all over its tokens."""
    tokens = trace.tokens
    seen = np.where(which, NOWHERE, np.arange(len(tokens)))
    queries, keys = IndexMap(np.arange(len(tokens)), tokens), IndexMap(seen, tokens)
    return replace(trace, layers=tuple(MappedLayer(layer, queries, keys) for layer in trace.layers))


class IndexMap:
    """Of which of `tokens` each token below is a part. of: int (n,), NOWHERE for what is left out.

    counts: int (tokens,), how many each has; a key that nobody sees has none. one_to_one: none has several.
    """

    def __init__(self, of: np.ndarray, tokens: Tokens) -> None:
        self.of, self.tokens = of, tokens
        self.counts = np.bincount(of[of != NOWHERE], minlength=len(tokens))
        self.one_to_one = bool((self.counts <= 1).all())
        self._below = np.argsort(of, kind="stable")[np.count_nonzero(of == NOWHERE) :]
        self._edges = np.append(0, self.counts.cumsum())

    def members(self, tokens: np.ndarray) -> np.ndarray:
        """int (k,): the tokens below that are parts of these, those of each in order."""
        parts = [self._below[self._edges[token] : self._edges[token + 1]] for token in tokens]
        return np.concatenate([np.empty(0, int), *parts])

    def summed(self, indices: np.ndarray, weights: np.ndarray) -> np.ndarray:
        """int (k,), float32 (h, k) of tokens below → float32 (h, tokens)."""
        of = self.of[indices]
        total = np.zeros((len(weights), len(self.tokens)), np.float32)
        np.add.at(total, (slice(None), of[of != NOWHERE]), weights[:, of != NOWHERE])
        return total


def index_map(tokens: Tokens, whole_words: bool, hide_special: bool, stop: int | None = None) -> IndexMap:
    """The tokens as words (where any has several), or without special ones, or both; else themselves.

    stop: of those before it alone.
    """
    of, seen = np.arange(len(tokens)), tokens
    if stop is not None and stop < len(tokens):
        of, seen = np.where(of < stop, of, NOWHERE), tokens.only(of[:stop])
    if whole_words and isinstance(seen, TextTokens):
        parts = (seen.words[1:] == seen.words[:-1]) & (seen.words[1:] >= 0)
        if parts.any():
            of = _then(of, np.append(0, np.cumsum(~parts)))
            seen = _merged(seen, np.append(np.flatnonzero(np.append(True, ~parts)), len(seen)))
    if hide_special and seen.special.any():
        of = _then(of, np.where(seen.special, NOWHERE, np.cumsum(~seen.special) - 1))
        seen = seen.without_special()
    return IndexMap(of, seen)


def _then(of: np.ndarray, after: np.ndarray) -> np.ndarray:
    """One map, then another one of what it gives."""
    return np.where(of == NOWHERE, NOWHERE, after[of])


def _merged(tokens: TextTokens, edges: np.ndarray) -> TextTokens:
    """Word i is tokens [edges[i], edges[i + 1])."""
    first, last = edges[:-1], edges[1:] - 1
    labels = [_label(tokens, a, b) for a, b in pairwise(edges)]
    return tokens.merged(first, labels, np.stack([tokens.spans[first, 0], tokens.spans[last, 1]], 1))


def _label(tokens: TextTokens, first: int, stop: int) -> str:
    """The characters of a word of several tokens; one token alone keeps its label."""
    if stop - first == 1:
        return tokens.labels[first]
    start, end = int(tokens.spans[first, 0]), int(tokens.spans[stop - 1, 1])
    return tokens.sources[int(tokens.texts[first])][start:end].strip()


class MappedLayer(BlockLayer):
    """The AttentionLayer of `layer` over the tokens of two maps: sums over keys, means over queries.

    Heads are fused after mapping, elementwise.
    """

    def __init__(
        self, layer: AttentionLayer, queries: IndexMap, keys: IndexMap, cache: Cache = CACHE
    ) -> None:
        super().__init__(layer.name, layer.heads, queries.tokens, keys.tokens, cache)
        self.stack, self.depth = layer.stack, layer.depth
        self._layer, self._queries, self._keys = layer, queries, keys

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (heads, k)); several queries count alike."""
        return np.arange(len(self.keys)), self._looked(None, np.atleast_1d(queries))

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(key indices int (k,), weights float32 (k,)); heads are fused before queries are averaged."""
        index = np.atleast_1d(query)
        if self._commutes(head):
            return np.arange(len(self.keys)), self._looked(head, index)[0]
        rows = [_of_head(self._looked(None, index[[place]]), head) for place in range(len(index))]
        return np.arange(len(self.keys)), np.mean(rows, 0, dtype=np.float32)

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(query indices int (k,), weights float32 (k,)): who looks at this key; several are averaged."""
        index = np.atleast_1d(key)
        if self._commutes(head):
            return np.arange(len(self.queries)), self._received(head, index)
        columns = [
            _of_head(np.stack([self._received(h, index[[place]]) for h in range(self.heads)]), head)
            for place in range(len(index))
        ]
        return np.arange(len(self.queries)), np.mean(columns, 0, dtype=np.float32)

    def elsewhere(self, head: Head, queries: np.ndarray | int) -> dict[str, np.ndarray]:
        """float32 (m,): of each query the mean over its parts. What was left out is not elsewhere."""
        index = np.atleast_1d(queries)
        parts, counts = self._queries.members(index), self._queries.counts[index]
        heads = range(self.heads) if isinstance(head, str) else [head]
        found = [self._layer.elsewhere(h, parts) for h in heads]
        starts = np.append(0, counts.cumsum()[:-1])
        means = {what: [np.add.reduceat(f[what], starts) / counts for f in found] for what in found[0]}
        which = head if isinstance(head, str) else 0
        return {what: _of_head(np.array(shares, np.float32), which) for what, shares in means.items()}

    def check(self) -> float:
        """The check of the layer below: mapping adds nothing to it."""
        return self._layer.check()

    def _commutes(self, head: Head) -> bool:
        """Whether it is all the same if heads are fused below: means and sums do not mind each other."""
        return head not in ("max", "min") or (self._queries.one_to_one and self._keys.one_to_one)

    def _looked(self, head: Head | None, index: np.ndarray) -> np.ndarray:
        """float32 (heads or 1, keys): the mean row of these queries, each the mean of its parts."""
        total, counts = np.zeros((1, len(self.keys)), np.float32), self._queries.counts[index]
        for count in np.unique(counts):  # of queries with as many parts the mean of the parts is theirs
            some = index[counts == count]
            parts = self._queries.members(some)
            keys, weights = self._layer.rows(parts) if head is None else self._layer.row(head, parts)
            total = total + len(some) * self._keys.summed(keys, np.atleast_2d(weights))
        return total / np.float32(len(index))

    def _received(self, head: Head, index: np.ndarray) -> np.ndarray:
        """float32 (queries,): the mean of these keys' columns, each the sum of its parts'."""
        parts = self._keys.members(index)
        if not len(parts):
            return np.zeros(len(self.queries), np.float32)
        queries, weights = self._layer.column(head, parts)  # the mean over the parts
        sums = self._queries.summed(queries, weights[None] * (len(parts) / len(index)))[0]
        return (sums / self._queries.counts).astype(np.float32)

    def _block(self, head: int | None, start: int, stop: int) -> Tensor:
        parts = self._queries.members(np.arange(start, stop))
        first, last = int(parts.min()), int(parts.max())
        below = self._layer.block(head, first, last + 1)
        below = (below if head is None else below[None])[:, parts - first]  # [heads, parts, keys below]
        kept = np.flatnonzero(self._keys.of != NOWHERE)
        across = torch.as_tensor(self._keys.of[kept], device=below.device)
        summed = below.new_zeros(*below.shape[:2], len(self.keys)).index_add_(2, across, below[..., kept])
        if self._queries.one_to_one:
            return summed
        counts = self._queries.counts[start:stop]
        down = torch.as_tensor(np.repeat(np.arange(stop - start), counts), device=below.device)
        total = below.new_zeros(len(below), stop - start, len(self.keys)).index_add_(1, down, summed)
        return total / torch.as_tensor(counts, device=below.device)[:, None]


def _of_head(weights: np.ndarray, head: Head) -> np.ndarray:
    """(heads, ...) → (...)."""
    if isinstance(head, str):
        return fuse(torch.from_numpy(weights), head).numpy()
    return weights[int(head)]
