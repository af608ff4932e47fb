"""What an encoder–decoder writes, as its decoder is given it: a start token, then the target shifted by one.

So a query of the decoder at position t holds token t and says token t + 1 (Vaswani et al. 2017, section 3.1:
“the output embeddings are offset by one position”). With the target given, all positions run in one pass
(teacher forcing), and the masks keep each from seeing what comes after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np
from tokenizers import Tokenizer

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import OUTPUT, TextTokens
from headlight.models.engines.texts import Read, Reader, Window, reads, tokens_of, words_of
from headlight.models.engines.token_labels import readable
from headlight.models.engines.tokenizing import encoded

NOTHING = -1
"""What is to be said where that is not known."""


@dataclass(frozen=True, eq=False)
class Written:
    """ids: of the decoder's input, t of them. wanted: what is to be said after each, NOTHING where that is
    not known. tokens: of `ids`.
    """

    ids: tuple[int, ...]
    wanted: tuple[int, ...]
    tokens: TextTokens
    notices: tuple[str, ...] = ()


def typed(reader: Reader, text: str, start: int, end: int | None, task: Task = SILENT) -> Written:
    """A target that was given. start, end: numbers of the tokens that begin and end what is written.

    Raises HeadlightError for one that is empty or longer than the model writes.
    """
    with reads(reader.title):
        encoding = reader.encode(text, "target", task)
        count = len(encoding.ids)
        encoding = reader.tokenizer.post_process(encoding, None, True)
    tokens, ids, ended = tokens_of(encoding, (text,), reader.unknown, OUTPUT), encoding.ids, end
    if tokens.special[-1]:  # a separator, which takes the place of the end
        *ids, ended = ids
    if len(ids) + 1 > reader.limit:
        raise HeadlightError(
            f"The target has {count:,} tokens, and {reader.title} writes {reader.limit - 1:,} at most.",
            "Shorten the target.",
        )
    wanted = (*ids, NOTHING if ended is None else ended)
    begun = _begun(tokens, reader.tokenizer.id_to_token(start) or f"#{start}", len(ids))
    notices = reader.notices(Read(Window(encoding, None, ()), tokens))
    return Written((start, *ids), wanted, begun, tuple(f"Target: {notice}" for notice in notices))


def own(reader: Reader, ids: Sequence[int], end: int | None, task: Task = SILENT) -> Written:
    """What the model wrote: its start token, and all that it said after that."""
    *before, last = ids
    ended = last == end and bool(before)
    given = tuple(before if ended else ids)
    return Written(given, (*ids[1:], *(() if ended else (NOTHING,))), _said(reader, given, task))


def _begun(tokens: TextTokens, start: str, count: int) -> TextTokens:
    """A start token and the first `count` of a target's."""
    return replace(
        tokens,
        labels=(start, *tokens.labels[:count]),
        special=np.append(True, tokens.special[:count]),
        spans=np.concatenate([np.zeros((1, 2), int), tokens.spans[:count]]),
        words=np.append(-1, tokens.words[:count]),
        texts=np.append(0, tokens.texts[:count]),
        pieces=(start, *tokens.pieces[:count]),
    )


def _said(reader: Reader, ids: Sequence[int], task: Task) -> TextTokens:
    """The tokens of `ids`, of which the first is a start token, with the characters that each adds."""
    with reads(reader.title):
        pieces = [reader.tokenizer.id_to_token(number) or f"#{number}" for number in ids]
        special = np.array([at == 0 or reader.vocabulary.is_special(one) for at, one in enumerate(ids)])
        plain = [number for number, is_special in zip(ids, special, strict=True) if not is_special]
        text, found = spelled(reader.tokenizer, plain)
        encoding = encoded(reader.tokenizer, text, reader.title, task) if text else None
    spans = np.zeros((len(ids), 2), int)
    spans[~special] = found
    words = np.full(len(ids), -1)
    if encoding is not None:
        words[~special] = _words_at(text, found, encoding.offsets, words_of(encoding))
    texts = np.zeros(len(ids), int)
    missing = None if reader.unknown is None else reader.tokenizer.id_to_token(reader.unknown)
    labels = readable(pieces, spans, texts, words, special, (text,), missing)
    return TextTokens(labels, special, spans, words, texts, tuple(pieces), (text,), OUTPUT)


def spelled(tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, np.ndarray]:
    """(the text of tokens, int (n, 2): the characters [start, stop) that each adds to those before it).

    A token that ends within a character shares it with the next ones.
    """
    text = tokenizer.decode(list(ids), skip_special_tokens=False)
    spans, start = np.zeros((len(ids), 2), int), 0
    for number in range(len(ids)):
        so_far = tokenizer.decode(list(ids[: number + 1]), skip_special_tokens=False)
        same = takewhile(lambda pair: pair[0] == pair[1], zip(so_far, text, strict=False))
        stop = max(start, sum(1 for _ in same))
        half = stop == start and so_far.endswith("\ufffd")
        spans[number] = start, min(stop + half, len(text))
        start = stop
    return text, spans


def _words_at(
    text: str, spans: np.ndarray, offsets: Sequence[tuple[int, int]], words: np.ndarray
) -> np.ndarray:
    """int (n,): the word in which each span begins, spaces aside; without characters the word before."""
    of_letter = np.full(len(text) + 1, -1)
    for (start, stop), word in zip(offsets, words, strict=True):
        of_letter[start:stop] = word
    found, last = np.zeros(len(spans), int), 0
    for number, (start, stop) in enumerate(spans):
        inside = [of_letter[at] for at in range(start, stop) if not text[at].isspace()]
        last = max(last, inside[0]) if inside else last
        found[number] = last
    return found
