"""Going on with a text: tokens by transformers' own `generate`, and the characters that they stand for."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from transformers import (
    GenerationConfig,
    LogitsProcessor,
    LogitsProcessorList,
    PreTrainedModel,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from headlight.models.attention.asking.implementations import unchanged
from headlight.models.core.answers import Answer, Ended, NextTokens, Writing
from headlight.models.core.cache import CACHE
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import TextTokens
from headlight.models.engines.heads import Speaks
from headlight.models.engines.texts.token_labels import bytes_of, entry_named, readable

USUAL = 64
"""Tokens that are written where nobody says how many."""
CHUNK = 512
"""Tokens of a prompt that are read at once."""
KEPT = ("forced_bos_token_id", "bad_words_ids", "length_penalty", "early_stopping")
"""What of an encoder–decoder's folder says what it writes: in which language, never which tokens, and how
hypotheses of other lengths compare."""
_SHARED = re.compile("⟨\\d+/\\d+ of (.+)⟩")
TAIL = 16
"""Tokens of a prompt that what follows is spelled with."""


PAUSE = 0.1
"""Seconds between what is handed out while it is written."""


@dataclass(frozen=True)
class Gone:
    """ids: what was written."""

    ids: tuple[int, ...]
    ended: Ended


def go_on(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    written: Sequence[int],
    writing: Writing,
    room: int,
    title: str,
    task: Task = SILENT,
) -> Gone:
    """What `model`, as a whole, writes behind a text, or of it: hands out all ids so far from time to time,
    and knows it once done.

    inputs: what it has read and written so far, [1, n] each, as it takes them: an encoder–decoder what it has
    written as "decoder_input_ids". written: the last of these, which were given. room: tokens that still fit.
    """
    _in_vocabulary(model, written, title)
    given = tuple((name, value.cpu().numpy().tobytes()) for name, value in inputs.items())

    def found() -> Gone:
        return _gone(model, inputs, written, writing, room, title, task)

    return CACHE.kept(model, ("gone on", given, tuple(written), writing, room), found)


def _gone(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    written: Sequence[int],
    writing: Writing,
    room: int,
    title: str,
    task: Task,
) -> Gone:
    count = min(writing.count(USUAL), room)
    if count < 1:
        return Gone(tuple(written), "given" if room else "room")
    watch = _Watch(task, count, tuple(written))
    ids = watch.new(generated(model, inputs, replace(writing, new=count), title, task, watch))
    ended: Ended = "end" if ids and ids[-1] in ends_of(model) else "length" if len(ids) < room else "room"
    return Gone((*written, *ids), ended)


def _in_vocabulary(model: PreTrainedModel, ids: Sequence[int], title: str) -> None:
    reads = model.get_decoder() if model.config.is_encoder_decoder else model
    count = reads.get_input_embeddings().weight.shape[0]
    for number in ids:
        if not 0 <= number < count:
            raise HeadlightError(
                f"Token {number:,} does not exist: {title} has {count:,}.", f"Choose from 0 to {count - 1:,}."
            )


def generated(
    model: PreTrainedModel,
    inputs: Mapping[str, Tensor],
    writing: Writing,
    title: str,
    task: Task = SILENT,
    *watching: LogitsProcessor,
) -> Tensor:
    """int64 [b, n + m]: what there was of each, [b, n], and what was written behind it, behind whose end
    stands padding. writing: of how many tokens is said. Else as `go_on`."""
    apart = model.config.is_encoder_decoder
    length = inputs["decoder_input_ids" if apart else "input_ids"].shape[1]
    plain_text = not apart and "pixel_values" not in inputs  # a picture goes through a tower at once
    config = GenerationConfig(
        max_new_tokens=writing.new,
        num_beams=writing.beams,
        do_sample=writing.draws,
        top_k=0,  # else 50 of them, which nobody asked for
        **({"prefill_chunk_size": CHUNK} if length > CHUNK and writing.beams == 1 and plain_text else {}),
    )
    seen = {"attention_mask": torch.ones_like(inputs["input_ids"])} if "input_ids" in inputs else {}
    devices = [] if model.device.type == "cpu" else [model.device]
    try:
        with (
            torch.no_grad(),
            unchanged(model),
            _reported(model, task, length),
            torch.random.fork_rng(devices, device_type=model.device.type),
        ):
            torch.manual_seed(writing.seed or 0)
            return model.generate(
                **inputs,
                **seen,
                generation_config=config,
                logits_processor=LogitsProcessorList([*_warpers(writing), *watching]),
            )
    except MODEL_ERRORS as error:
        raise HeadlightError(
            f"{title} cannot go on with this text: {first_sentence(error)}", "Choose another model."
        ) from error


def how_likely(
    head: Speaks | None,
    answers: Sequence[Answer],
    output: Any,
    written: tuple[int, Sequence[int]],
    writing: Writing,
    task: Task = SILENT,
) -> tuple[np.ndarray, np.ndarray | None, np.ndarray | None]:
    """(probabilities, drawn, shares) as in `Written`, of a pass over what was written. written: which of the
    tokens is the first, and all ids."""
    start, ids = written
    answer = next((one for one in answers if isinstance(one, NextTokens)), None)
    if answer is None or head is None:
        return np.full(len(ids), np.nan, np.float32), None, None
    places = np.arange(start - 1, min(start + len(ids), len(answer.ids)))
    own = answer.given[places[: len(ids)]]
    if not writing.draws:
        return own, None, None
    asked = np.column_stack([answer.ids[places], np.append(ids, 0)[: len(places)]])
    found = shares_drawn(head, output, places, asked, writing, task)
    return own, found[: len(ids), -1], found[:, :-1]


def shares_drawn(
    head: Speaks, output: Any, places: np.ndarray, ids: np.ndarray, writing: Writing, task: Task = SILENT
) -> np.ndarray:
    """float32 (m, k): how likely tokens, int64 (m, k), are drawn behind each of m places of what the body
    gave, int (m,), by the temperature and the cuts of `writing`."""
    warp, found = LogitsProcessorList(_warpers(writing)), []
    for start, logits in head.logits_at(output, places, task):
        asked = torch.from_numpy(ids[start : start + len(logits)]).to(logits.device)
        found.append(warp(asked, logits).softmax(-1).gather(1, asked).cpu().numpy())
    return np.concatenate(found) if found else np.empty(ids.shape, np.float32)


def plain(model: PreTrainedModel, **more: Any) -> None:
    """Let a model say what it says by itself: without its folder's penalties, but with its end. more: options
    of generation as they are to be."""
    ends, kept = ends_of(model), model.generation_config
    padding = kept.pad_token_id
    if model.config.is_encoder_decoder:
        more = {name: getattr(kept, name, None) for name in KEPT} | more
    usual = {
        "bos_token_id": kept.bos_token_id,
        "eos_token_id": list(ends) or None,
        "pad_token_id": padding if padding is not None else next(iter(ends), 0),
    }
    model.generation_config = GenerationConfig(**{**usual, **more})


def ends_of(model: PreTrainedModel) -> tuple[int, ...]:
    """Tokens that say that the text ends."""
    said = model.generation_config.eos_token_id
    return () if said is None else (said,) if isinstance(said, int) else tuple(said)


def _warpers(writing: Writing) -> Iterator[LogitsProcessor]:
    if writing.temperature is not None:
        yield TemperatureLogitsWarper(float(writing.temperature))
    if writing.top_k is not None:
        yield TopKLogitsWarper(writing.top_k)
    if writing.top_p is not None:
        yield TopPLogitsWarper(float(writing.top_p))


class _Watch(LogitsProcessor):
    """Changes nothing: looks at Cancel, says how far it is, and hands out what is written so far."""

    def __init__(self, task: Task, count: int, given: tuple[int, ...]) -> None:
        self._task, self._count, self._given = task, count, given
        self._length: int | None = None
        self._steps, self._told = 0, time.monotonic()

    def __call__(self, input_ids: Tensor, scores: Tensor) -> Tensor:
        if self._length is None:
            self._length = input_ids.shape[1]
        said = f"Token {self._steps + 1:,} of {self._count:,} is written"
        self._task.progress(self._steps / self._count, said)
        self._steps += 1
        if time.monotonic() - self._told > PAUSE:
            self._task.partial((*self._given, *self.new(input_ids)))
            self._told = time.monotonic()
        return scores

    def new(self, ids: Tensor) -> list[int]:
        """What the best of some hypotheses, [b, n], adds to what there was."""
        return ids[0, self._length :].tolist()


@contextmanager
def _reported(model: PreTrainedModel, task: Task, length: int) -> Iterator[None]:
    """Cancel is looked at before every pass, and those over a long prompt tell how far they are."""
    done = 0

    def look(*_: Any) -> None:
        nonlocal done
        if done < length > CHUNK:
            task.progress(0.0, f"Reading token {done + 1:,} of {length:,}")
        done += CHUNK
        task.check()

    hook = model.register_forward_pre_hook(look)
    try:
        yield
    finally:
        hook.remove()


def spelled(tokenizer: Tokenizer, before: Sequence[int], ids: Sequence[int]) -> tuple[str, np.ndarray]:
    """(what tokens say behind those `before`, int (n, 2): the characters [start, stop) that each adds).

    A token that ends within a character shares it with the next ones.
    """
    before, ids = list(before[-TAIL:]), list(ids)

    def said(count: int) -> str:
        return tokenizer.decode([*before, *ids[:count]], skip_special_tokens=True)

    whole, begin = said(len(ids)), said(0)
    base = start = _shared(begin, whole)
    spans = np.zeros((len(ids), 2), int)
    for number in range(len(ids)):
        so_far = said(number + 1)
        stop = max(start, _shared(so_far, whole))
        half = stop == start and so_far.endswith("\ufffd")
        spans[number] = start - base, min(stop + half, len(whole)) - base
        start = stop
    return whole[base:], spans


def _shared(one: str, other: str) -> int:
    """How many characters both begin with."""
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def extended(
    tokens: TextTokens,
    tokenizer: Tokenizer,
    ids: Sequence[int],
    text: str,
    spans: np.ndarray,
    is_special: Sequence[bool],
) -> TextTokens:
    """The tokens of a text, and behind its last one those that were written: `ids`, at `spans` of `text`."""
    *front, last = tokens.sources
    number, sources = len(front), (*front, last + text)
    special = np.append(tokens.special, is_special)
    where = np.where(np.array(is_special, bool)[:, None], 0, spans + len(last)).reshape(-1, 2)
    pieces = (*tokens.pieces, *(tokenizer.id_to_token(one) or f"#{one}" for one in ids))
    every = np.concatenate([tokens.spans, where])
    words = _words(tokens.words, special, every, sources[-1])
    texts = np.append(tokens.texts, np.full(len(ids), number))
    known = len(tokens)
    labels = readable(pieces, every, texts, words, special, sources)
    new = zip(ids, pieces[known:], labels[known:], strict=True)
    labels = (*tokens.labels, *(_whole(one, piece, label, tokenizer) for one, piece, label in new))
    return TextTokens(labels, special, every, words, texts, pieces, sources, tokens.stream)


def _whole(number: int, piece: str, label: str, tokenizer: Tokenizer) -> str:
    """The label of a token that was written: of half a character that nothing completes its bytes, and of
    what only stands beside such a half itself."""
    said, shared = tokenizer.decode([number]), _SHARED.search(label)
    if "\ufffd" not in said:
        return label if shared is None else entry_named(piece, said, "")
    if shared is not None and any(byte in shared[1].encode() for byte in bytes_of(piece)):
        return label
    return entry_named(piece, said, "")


def _words(before: np.ndarray, special: np.ndarray, spans: np.ndarray, source: str) -> np.ndarray:
    """int (n,): a word goes on where letters or digits touch, or where tokens share a character."""
    words = list(before)
    for at in range(len(before), len(spans)):
        start, last = int(spans[at, 0]), int(spans[at - 1, 1])
        touches = 0 < start < len(source) and source[start - 1].isalnum() and source[start].isalnum()
        goes_on = not special[at - 1] and (start < last or (start == last and touches))
        words.append(-1 if special[at] else words[-1] if goes_on else max(words) + 1)
    return np.array(words)
