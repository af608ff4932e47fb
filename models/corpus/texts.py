"""Many texts through one language model: in batches of equal length, which need no padding."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call
from headlight.models.attention.measures import BY_QUERY, Columns, by_query, lengths, names_of, sink_share
from headlight.models.attention.patterns import USUAL, Pairs
from headlight.models.attention.statistics import located_queries
from headlight.models.attention.windows.layer import as_one
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import Vector
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.corpus.gathered import Gathered
from headlight.models.corpus.vectors import KINDS, Vectors

BATCH = 1 << 11
"""Tokens that go through the model at once."""
CHUNK = 1 << 19
"""Weights of all heads of a layer that are worked on at once: 2 MB."""
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
    """Some texts of equal length and what one pass over them attended to, layer by layer. cut: how many of
    them go on where the model reads no further."""

    texts: tuple[int, ...]
    tokens: tuple[TextTokens, ...]
    calls: tuple[Call, ...]
    looks_back: bool
    cut: int = 0


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
        first = Pairs(batch.tokens[0], batch.tokens[0], batch.looks_back, settings)
        more = (Pairs(one, one, batch.looks_back, settings, first) for one in batch.tokens[1:])
        pairs = [first, *more]
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
                yield replace(reader.batch(numbers, part, task), cut=sum(not one.whole for one in part))
                done += len(numbers)


def _add(found: Gathered, batch: Batch, pairs: Sequence[Pairs]) -> None:
    """A few texts at a time, whose weights stay in the caches while they are worked on."""
    length = len(batch.tokens[0])
    step = max(1, CHUNK // (max(found.heads) * length**2))
    for start in range(0, len(batch.texts), step):
        _add_some(found, batch, pairs, slice(start, start + step))
    found.seen += len(batch.texts)
    found.cut += batch.cut
    found.tokens += len(batch.texts) * length


def _add_some(found: Gathered, batch: Batch, pairs: Sequence[Pairs], some: slice) -> None:
    texts, tokens = batch.texts[some], batch.tokens[some]
    every = np.arange(len(tokens[0]))[None]
    columns, exists = (
        np.concatenate(parts, 1) for parts in zip(*(one.at(every, every) for one in pairs[some]), strict=True)
    )
    prepared = Columns.of(columns, exists, batch.calls[0].device)
    special = np.stack([one.special for one in tokens])
    located = np.zeros(special.shape, bool)
    for row, one in zip(located, tokens, strict=True):
        row[located_queries(one)] = True
    here = torch.from_numpy(located).to(batch.calls[0].device)
    figures, every_head = len(pairs[0].names), max(found.heads)
    if found.vectors is not None:
        found.vectors.draw(texts, [one.spans for one in tokens], located)
    counted = here.float()[:, None, None]  # [b, 1, 1, n]
    values = torch.empty(figures + len(BY_QUERY), every_head, *here.shape, device=here.device)
    for number, call in enumerate(batch.calls):
        weights = _weights(call, some)  # [b, h, n, n]
        heads = weights.shape[1]
        of_heads = values[:, :heads]
        of_heads[:-1] = by_query(weights.transpose(0, 1), prepared)
        of_heads[-1] = _lengths(call, some)
        of_heads[figures:].masked_fill_(~here, torch.nan)
        received = (counted @ weights)[:, :, 0].transpose(0, 1).cpu().numpy()
        received /= located.sum(1)[:, None]
        found.add(number, texts, of_heads, sink_share(received, special))
        if found.vectors is not None and isinstance(call, AttentionCall):
            for kind in KINDS:
                found.vectors.add(number, kind, _vectors(call, kind, some), here)


def _weights(call: Call, some: slice) -> Tensor:
    """float32 [b, h, n, n] of some texts."""
    count = len(range(call.shape[0])[some])
    if isinstance(call, AttentionCall):  # without what is not needed of it
        call = replace(call, v=call.v[..., :0], out=None)
    return as_one(call, some).weights().unflatten(0, (count, -1))


def _lengths(call: Call, some: slice) -> Tensor | float:
    """float32 [h, b, n]: the norm of what each head writes; NaN where that is not known."""
    if not isinstance(call, AttentionCall) or call.projection is None:
        return torch.nan
    written = _vectors(call, "written", some)
    inner = call.projection.inner(len(written))
    return lengths(written.flatten(1, 2), inner).view(written.shape[:-1])


def _vectors(call: AttentionCall, kind: Vector, some: slice) -> Tensor:
    """[h, b, n, d] of some texts."""
    if kind == "written" and call.out is not None:
        return call.out[some].permute(2, 0, 1, 3).float()
    of_call = {"query": call.q, "key": call.k, "value": call.v}.get(kind)
    if of_call is None:
        return torch.stack([call.vectors(kind, text) for text in range(call.shape[0])[some]], 1)
    groups = call.shape[1] // of_call.shape[1]
    return of_call[some].repeat_interleave(groups, 1).transpose(0, 1).float()
