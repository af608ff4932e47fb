"""Many texts through one language model: in batches of equal length, which need no padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call
from headlight.models.attention.measures import Columns, by_query, lengths, names_of, sink_share
from headlight.models.attention.patterns import USUAL, Pairs
from headlight.models.attention.statistics import located_queries
from headlight.models.attention.windows import as_one
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.corpus.gathered import Gathered
from headlight.models.corpus.vectors import KINDS, Vectors

BATCH = 1 << 11
"""Tokens that go through the model at once."""
CHUNK = 1 << 18
"""Weights of all heads of a layer that are worked on at once: 1 MB."""
AHEAD = 1 << 10
"""Texts that are cut into tokens at once, and sorted by their length."""


@dataclass(frozen=True, eq=False)
class Cut:
    """A text as a model reads it. tokens: called by their bare characters. ids: in the vocabulary. whole:
    nothing was cut off."""

    tokens: TextTokens
    ids: tuple[int, ...]
    whole: bool = True


@dataclass(frozen=True, eq=False)
class Batch:
    """Some texts of equal length and what one pass over them attended to, layer by layer."""

    texts: tuple[int, ...]
    tokens: tuple[TextTokens, ...]
    calls: tuple[Call, ...]
    looks_back: bool


class Reader(Protocol):
    """What runs texts in batches: `LanguageEngine`."""

    def cut(self, texts: Sequence[str]) -> list[Cut | None]:
        """Each as far as the model reads; None of what holds nothing to read."""
        ...

    def batch(self, numbers: Sequence[int], cut: Sequence[Cut], task: Task) -> Batch: ...


def gathered(
    reader: Reader,
    texts: Sequence[str],
    settings: PatternSettings = USUAL,
    seed: int = 0,
    vectors: bool = False,
    task: Task = SILENT,
) -> Gathered:
    """The measures of all heads over `texts`; now and then `task.partial` gets them as far as they have come.

    vectors: gather those of all heads too.
    Raises HeadlightError where no text holds anything that the model reads.
    """
    found: Gathered | None = None
    for batch in batches(reader, texts, task):
        pairs = [Pairs(one, one, batch.looks_back, settings) for one in batch.tokens]
        if found is None:
            heads = [call.shape[1] for call in batch.calls]
            found = Gathered(names_of(pairs[0]), heads, len(texts), seed)
            found.vectors = Vectors.of(batch.calls, seed) if vectors else None
        _add(found, batch, pairs)
        task.partial(found)
    if found is None:
        raise HeadlightError("No text holds anything that the model reads.", "Choose another file.")
    return found


def batches(reader: Reader, texts: Sequence[str], task: Task = SILENT) -> Iterator[Batch]:
    """All texts, those of one length together; a stretch of AHEAD texts after the other."""
    done = 0
    for start in range(0, len(texts), AHEAD):
        task.progress(done / len(texts), f"Text {done + 1:,} of {len(texts):,}")
        cut = reader.cut(texts[start : start + AHEAD])
        known = [(start + number, one) for number, one in enumerate(cut) if one is not None]
        done += len(cut) - len(known)
        known.sort(key=lambda one: len(one[1].ids))
        for length, group in groupby(known, key=lambda one: len(one[1].ids)):
            some = list(group)
            step = max(1, BATCH // length)
            for first in range(0, len(some), step):
                task.progress(done / len(texts), f"Text {done + 1:,} of {len(texts):,}")
                numbers, part = zip(*some[first : first + step], strict=True)
                yield reader.batch(numbers, part, task)
                done += len(numbers)


def _add(found: Gathered, batch: Batch, pairs: Sequence[Pairs]) -> None:
    """A few texts at a time, whose weights stay in the caches while they are worked on."""
    length = len(batch.tokens[0])
    step = max(1, CHUNK // (max(found.heads) * length**2))
    for start in range(0, len(batch.texts), step):
        _add_some(found, batch, pairs, slice(start, start + step))
    found.seen += len(batch.texts)
    found.tokens += len(batch.texts) * length


def _add_some(found: Gathered, batch: Batch, pairs: Sequence[Pairs], some: slice) -> None:
    texts, tokens = batch.texts[some], batch.tokens[some]
    count, every = len(texts), np.arange(len(tokens[0]))[None]
    columns, exists = (
        np.concatenate(parts, 1) for parts in zip(*(one.at(every, every) for one in pairs[some]), strict=True)
    )
    prepared = Columns.of(columns, exists, batch.calls[0].device)
    special = np.stack([one.special for one in tokens])
    located = np.zeros(special.shape, bool)
    for row, one in zip(located, tokens, strict=True):
        row[located_queries(one)] = True
    here = torch.from_numpy(located).to(batch.calls[0].device)
    figures, items = len(pairs[0].names), np.arange(len(batch.texts))[some]
    if found.vectors is not None:
        found.vectors.draw(texts, [one.spans for one in tokens], located)
    for number, call in enumerate(batch.calls):
        one = as_one(call, items)
        weights = one.weights().unflatten(0, (count, -1)).transpose(0, 1)  # [h, b, n, n]
        values = by_query(weights, prepared)
        written = torch.full_like(values[:1], torch.nan)
        if isinstance(one, AttentionCall) and one.projection is not None:
            summed = _by_head(one.vectors("written"), count)
            inner = one.projection.inner(len(weights))
            written = lengths(summed.flatten(1, 2), inner).view_as(values[:1])
        values = torch.cat([values, written])
        values[figures:] = values[figures:].where(here, torch.nan)
        received = torch.einsum("hbmk,bm->hbk", weights, here.float()).cpu().numpy()
        received /= located.sum(1)[:, None]
        found.add(number, texts, values, sink_share(received, special))
        if found.vectors is not None and isinstance(one, AttentionCall):
            for kind in KINDS:
                found.vectors.add(number, kind, _by_head(one.vectors(kind), count), here)


def _by_head(vectors: Tensor, texts: int) -> Tensor:
    """[texts · h, n, d] → [h, texts, n, d]"""
    return vectors.unflatten(0, (texts, -1)).transpose(0, 1)
