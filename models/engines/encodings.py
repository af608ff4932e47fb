"""What a tokenizer made of a text: as much of it as a model reads, as tokens with their characters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from tokenizers import Encoding

from headlight.models.core.errors import HeadlightError, first_sentence
from headlight.models.core.task import Cancelled
from headlight.models.core.tokens import TextTokens
from headlight.models.engines.token_labels import readable


@contextmanager
def reads(title: str) -> Iterator[None]:
    """Whatever a tokenizer raises says that it cannot read the text.

    Its expressions and tables come from the model's folder. Where they break it, its Rust code panics, and a
    panic is no Exception.
    """
    try:
        yield
    except (HeadlightError, Cancelled):
        raise
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
            raise
        raise HeadlightError(
            f"The tokenizer of {title} cannot read this text: {first_sentence(error)}",
            "Try another text, or choose another model.",
        ) from error


def stretch_of(
    encoding: Encoding, room: int, start: int, which: str
) -> tuple[Encoding, tuple[int, int, int] | None, tuple[str, ...]]:
    """(at most `room` tokens from `start` on, (first, last + 1, total), what to say); whole if it fits."""
    total = len(encoding.ids)
    if total <= room:
        return encoding, None, ()
    first = min(max(start, 0), total - room)
    encoding.truncate(first + room)
    encoding.truncate(room, direction="left")
    notice = (
        f"The {which} has {total:,} tokens and the model reads {room:,} of them at once: "
        f"tokens {first + 1:,} to {first + room:,} are shown."
    )
    return encoding, (first, first + room, total), (notice,)


def tokens_of(
    encoding: Encoding,
    sources: tuple[str, ...],
    unknown: int | None,
    labelled: Callable[..., tuple[str, ...]] = readable,
) -> TextTokens:
    """unknown: the number of the token for what is not in the vocabulary. labelled: as `readable`."""
    special = np.array(encoding.special_tokens_mask, bool)
    texts = np.array([text or 0 for text in encoding.sequence_ids])
    spans = np.array(encoding.offsets, int).reshape(-1, 2)
    spans[special] = 0
    words = _words(encoding, special, texts)
    missing = encoding.tokens[encoding.ids.index(unknown)] if unknown in encoding.ids else None
    labels = labelled(encoding.tokens, spans, texts, words, special, sources, missing)
    return TextTokens(labels, special, spans, words, texts, tuple(encoding.tokens), sources)


def bare(
    pieces: Sequence[str], spans: np.ndarray, texts: Any, words: Any, special: Any, sources: Any, *_: Any
) -> tuple[str, ...]:
    """For many texts, in a fifth of the time: characters of the text, whatever they look like."""
    (source,) = sources
    found = zip(pieces, spans.tolist(), strict=True)
    return tuple(source[start:stop] or piece for piece, (start, stop) in found)


def _words(encoding: Encoding, special: np.ndarray, texts: np.ndarray) -> np.ndarray:
    """int (n,): numbers of words, from 0, counted over both texts; -1 for special tokens."""
    words = np.full(len(special), -1)
    own = np.array([-1 if word is None else word for word in encoding.word_ids])
    # A tokenizer that does not split at spaces calls the whole text one word and marks the spaces.
    marked = np.array([token.startswith("▁") for token in encoding.tokens]) & ~special
    for text in (0, 1):
        where = np.flatnonzero(~special & (texts == text))
        if not len(where):
            continue
        begins = np.r_[True, own[where][1:] != own[where][:-1]]
        if begins.sum() == 1 and marked[where].any():
            begins = marked[where] | begins
        words[where] = np.cumsum(begins) + words.max()
    return words


def unknown_said(encoding: Encoding, unknown: int | None) -> str | None:
    """What became the unknown token, as a sentence with its number."""
    pairs = zip(encoding.ids, encoding.offsets, encoding.special_tokens_mask, strict=True)
    lengths = [stop - start for token, (start, stop), special in pairs if token == unknown and not special]
    if not lengths:
        return None
    label = encoding.tokens[encoding.ids.index(unknown)]
    what = "character" if max(lengths) <= 1 else "word"
    if len(lengths) == 1:
        return f"1 {what} is not in this model's vocabulary and became {label}."
    return f"{len(lengths):,} {what}s are not in this model's vocabulary and became {label}."
