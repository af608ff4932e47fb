"""Subwords to words: the same trace over whole words, its weights merged when asked.

A word receives the sum of what its subwords receive and looks where they look on average (Clark et al. 2019,
section 4.1), so that rows still sum to 1. Special tokens stay themselves.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.recorded import CACHE, ArrayCache, BlockLayer, fuse
from headlight.models.core.layers import Head
from headlight.models.core.tokens import TextTokens, Tokens
from headlight.models.core.trace import Trace


def merge_words(trace: Trace) -> Trace:
    """`trace` over words; itself where it has none or no word has several tokens.

    readout and artifacts follow their tokens; inputs and outputs stay what the model saw and gave.
    """
    if not _has_subwords(trace.tokens):
        return trace
    known: dict[int, Words] = {}

    def words(tokens: Tokens) -> Words:
        return known.setdefault(id(tokens), Words(tokens))

    here = words(trace.tokens)
    return replace(
        trace,
        layers=tuple(MergedLayer(layer, words(layer.queries), words(layer.keys)) for layer in trace.layers),
        tokens=here.merged,
        readout=None if trace.readout is None else int(here.of[trace.readout]),
        artifacts=np.unique(here.of[trace.artifacts]),
    )


class Words:
    """Which word every token belongs to. merged: the words as tokens; of: int (n,) word of a token.

    edges: int (words + 1,), word i is tokens [edges[i], edges[i + 1]).
    """

    def __init__(self, tokens: Tokens) -> None:
        starts = np.ones(len(tokens), bool)
        if isinstance(tokens, TextTokens):
            starts[1:] = (tokens.words[1:] != tokens.words[:-1]) | (tokens.words[1:] < 0)
        self.of = np.cumsum(starts) - 1
        self.edges = np.append(np.flatnonzero(starts), len(tokens))
        self.merged = _merged(tokens, self.edges) if _has_subwords(tokens) else tokens

    def tokens(self, word: int) -> np.ndarray:
        """int (k,): the tokens of a word."""
        return np.arange(self.edges[word], self.edges[word + 1])


def _has_subwords(tokens: Tokens) -> bool:
    if not isinstance(tokens, TextTokens):
        return False
    return bool(((tokens.words[1:] == tokens.words[:-1]) & (tokens.words[1:] >= 0)).any())


def _merged(tokens: TextTokens, edges: np.ndarray) -> TextTokens:
    first, last = edges[:-1], edges[1:] - 1
    return TextTokens(
        tuple(_label(tokens, a, b) for a, b in pairwise(edges)),
        tokens.special[first],
        np.stack([tokens.spans[first, 0], tokens.spans[last, 1]], 1),
        tokens.words[first],
        tokens.texts[first],
        sources=tokens.sources,
    )


def _label(tokens: TextTokens, first: int, stop: int) -> str:
    """The characters of a word of several tokens; one token alone keeps its label."""
    if stop - first == 1:
        return tokens.labels[first]
    start, end = int(tokens.spans[first, 0]), int(tokens.spans[stop - 1, 1])
    return tokens.sources[int(tokens.texts[first])][start:end].strip()


class MergedLayer(BlockLayer):
    """The AttentionLayer of `layer` over whole words. Heads are fused after merging, elementwise."""

    def __init__(self, layer: BlockLayer, queries: Words, keys: Words, cache: ArrayCache = CACHE) -> None:
        super().__init__(layer.name, layer.kind, layer.heads, queries.merged, keys.merged, cache)
        self._layer, self._query_words, self._key_words = layer, queries, keys

    def rows(self, queries: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(word indices int (k,), weights float32 (heads, k)); several words count alike."""
        rows = [self._rows(word) for word in np.atleast_1d(queries)]
        return np.arange(len(self.keys)), np.mean(rows, 0, dtype=np.float32)

    def row(self, head: Head, query: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(word indices int (k,), weights float32 (k,)); heads are fused before words are averaged."""
        rows = [_of_head(self._rows(word), head) for word in np.atleast_1d(query)]
        return np.arange(len(self.keys)), np.mean(rows, 0, dtype=np.float32)

    def column(self, head: Head, key: np.ndarray | int) -> tuple[np.ndarray, np.ndarray]:
        """(word indices int (k,), weights float32 (k,)): who looks at this word; several are averaged."""
        columns = [self._column(head, word) for word in np.atleast_1d(key)]
        return np.arange(len(self.queries)), np.mean(columns, 0, dtype=np.float32)

    def sink(self, head: Head, query: np.ndarray | int) -> float:
        """Share of the row that goes to a sink instead of a word, the mean over several words."""
        shares = [
            _of_head(np.array([self._layer.sink(h, tokens) for h in range(self.heads)]), head)
            for tokens in map(self._query_words.tokens, np.atleast_1d(query))
        ]
        return float(np.mean(shares))

    def check(self) -> float:
        """The check of the layer below: merging adds nothing to it."""
        return self._layer.check()

    def _rows(self, word: int) -> np.ndarray:
        """float32 (heads, words)."""
        _, weights = self._layer.rows(self._query_words.tokens(word))  # (heads, tokens)
        return np.add.reduceat(weights, self._key_words.edges[:-1], axis=1)

    def _column(self, head: Head, word: int) -> np.ndarray:
        """float32 (words,)."""
        tokens = self._key_words.tokens(word)

        def received(h: int) -> np.ndarray:
            _, weights = self._layer.column(h, tokens)  # the mean over the word's tokens, (tokens,)
            sums = np.add.reduceat(weights * len(tokens), self._query_words.edges[:-1])
            return sums / np.diff(self._query_words.edges)

        if not isinstance(head, str):
            return received(int(head))
        return _of_head(np.stack([received(h) for h in range(self.heads)]), head)

    def _block(self, head: int, start: int, stop: int) -> Tensor:
        edges = self._query_words.edges[start : stop + 1]
        below = self._layer.block(head, int(edges[0]), int(edges[-1]))  # [tokens, tokens]
        across = torch.as_tensor(self._key_words.of, device=below.device)
        summed = below.new_zeros(len(below), len(self.keys)).index_add_(1, across, below)
        down = torch.as_tensor(np.repeat(np.arange(stop - start), np.diff(edges)), device=below.device)
        counts = torch.as_tensor(np.diff(edges), device=below.device)[:, None]
        return below.new_zeros(stop - start, len(self.keys)).index_add_(0, down, summed) / counts


def _of_head(weights: np.ndarray, head: Head) -> np.ndarray:
    """(heads, ...) → (...)."""
    if isinstance(head, str):
        return fuse(torch.from_numpy(weights), head).numpy()
    return weights[int(head)]
