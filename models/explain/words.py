"""The words of a text as its tokens know them, and where two texts have the same ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import CharSpan, TextTokens


def own_tokens(tokens: TextTokens) -> np.ndarray:
    """int (m,): the tokens of the first text."""
    return np.flatnonzero(~tokens.special & (tokens.texts == 0))


def words_of(tokens: TextTokens) -> list[CharSpan]:
    """Each word of the first text: its characters, without the space around them."""
    return derived(tokens, "words", lambda: _words(tokens)) if tokens.sources else []


def _words(tokens: TextTokens) -> list[CharSpan]:
    own, text, found = own_tokens(tokens), tokens.sources[0], []
    for word in dict.fromkeys(tokens.words[own].tolist()):
        spans = tokens.spans[own[tokens.words[own] == word]]
        start, stop = int(spans[:, 0].min()), int(spans[:, 1].max())
        said = text[start:stop]
        start += len(said) - len(said.lstrip())
        found.append(CharSpan(start, start + len(said.strip()), stream=tokens.stream))
    return [span for span in found if span.start < span.stop]


def said(tokens: TextTokens, word: CharSpan) -> str:
    """As it is written."""
    return tokens.sources[0][word.start : word.stop]


def same(tokens: TextTokens, word: str) -> CharSpan | None:
    """Where a word stands first in the first text, in whichever case."""
    wanted = word.strip().casefold()
    return next((one for one in words_of(tokens) if wanted and said(tokens, one).casefold() == wanted), None)


def found_word(tokens: TextTokens, word: str) -> CharSpan:
    """The same. HeadlightError where it does not stand there."""
    found = same(tokens, word)
    if found is None:
        text = tokens.sources[0]
        short = text if len(text) <= 40 else f"{text[:39]}…"
        raise HeadlightError(f"“{word}” is no word of “{short}”.", "Choose a word that both texts have.")
    return found


def word_at(tokens: TextTokens, places: Sequence[CharSpan]) -> CharSpan | None:
    """From the first to the last of the words of the first text at these places; None of no word."""
    own = [one for one in places if (one.text, one.stream) == (0, tokens.stream)]
    at = [
        word
        for word in words_of(tokens)
        if any(one.start < word.stop and one.stop > word.start for one in own)
    ]
    return CharSpan(at[0].start, at[-1].stop, stream=tokens.stream) if at else None


def shared(tokens: TextTokens, others: Sequence[TextTokens]) -> CharSpan | None:
    """The longest word of the first text that most of the others have, the first of equal ones."""
    held = [{said(other, word).casefold() for word in words_of(other)} for other in others]
    counts = [sum(said(tokens, word).casefold() in one for one in held) for word in words_of(tokens)]
    most = max(counts, default=0)
    best = [word for word, count in zip(words_of(tokens), counts, strict=True) if most and count == most]
    return max(best, key=lambda word: word.stop - word.start, default=None)
