"""Which tokens a language model expects at its places: of masked tokens, or after each token."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer

from headlight.models.core.answers import NextTokens
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Tokens
from headlight.models.engines.heads import Speaks
from headlight.models.engines.texts.token_labels import entry_named

COUNT = 20
"""Of each place the likeliest that are kept."""


class Vocabulary:
    """What the entries of a tokenizer's vocabulary are called. mask: the number of the mask token."""

    def __init__(self, tokenizer: Tokenizer, mask: int | None) -> None:
        self.mask = mask
        self._tokenizer = tokenizer
        self._special = {
            number for number, token in tokenizer.get_added_tokens_decoder().items() if token.special
        }
        self._marks = "".join(mark for mark in "Ġ▁" if _marks_spaces(mark, tokenizer))
        self._names: dict[int, str] = {}

    def is_special(self, number: int) -> bool:
        return number in self._special

    def name(self, number: int) -> str:
        """As tokens of a text are called, as far as that can be known without one."""
        if number not in self._names:
            self._names[number] = self._named(number)
        return self._names[number]

    def _named(self, number: int) -> str:
        piece = self._tokenizer.id_to_token(number)
        if piece is None or number in self._special:
            return piece or f"#{number}"
        return entry_named(piece, self._tokenizer.decode([number]), self._marks)


def _marks_spaces(mark: str, tokenizer: Tokenizer) -> bool:
    """Whether a letter stands for a space, not for itself: then no decoder writes it."""
    every = tokenizer.get_vocab()
    shortest = min((piece for piece in every if piece.startswith(mark)), key=len, default=None)
    return shortest is not None and mark not in tokenizer.decode([every[shortest]])


def expected(
    head: Speaks,
    vocabulary: Vocabulary,
    output: Any,
    ids: np.ndarray,
    tokens: Tokens,
    follows: bool,
    task: Task = SILENT,
    last: int = -1,
) -> NextTokens | None:
    """What `head` says over the output of a pass over `ids`, int64 (n,); None of no numbers.

    follows: a token is expected after each, not in place of each. last: the one that follows the last, -1
    where none does.
    """
    if follows:
        places, wanted = np.arange(len(ids)), np.append(ids[1:], last)
    else:
        masked = np.flatnonzero(ids == vocabulary.mask) if vocabulary.mask is not None else np.empty(0, int)
        places = masked if len(masked) else np.flatnonzero(~tokens.special)
        wanted = np.full(len(masked), -1) if len(masked) else ids[places]
    with torch.no_grad():
        found = head.tokens(output, places, wanted, COUNT, task)
    if found is None:
        return None
    probabilities, numbers, given, _ = found
    names = tuple(tuple(vocabulary.name(int(number)) for number in row) for row in numbers)
    where = tuple(tokens.place(int(index)) for index in places)
    return NextTokens(where, follows, numbers, probabilities, names, given)
