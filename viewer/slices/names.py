"""How tokens are called wherever they are named: on axes, in titles, tips and tables. No Qt."""

from __future__ import annotations

import unicodedata

import numpy as np

from headlight.models.core.tokens import PatchPart, PatchTokens, TextTokens, Tokens


def token(tokens: Tokens, index: int) -> str:
    """A token as it is named in a tip: patch (7, 18), “serve”, [CLS]."""
    if isinstance(tokens, PatchTokens | PatchPart) and index >= tokens.prefix:
        row, column = tokens.cell(index)
        return f"patch ({row}, {column})"
    label = tokens.labels[index]
    plain = tokens.special[index] or "“" in label or "⟨" in label  # such a label says itself what it is
    return label if plain else isolated(f"“{visible(label)}”")


def entry(tokens: Tokens, index: int) -> str:
    """What the vocabulary writes for a token where that is not its label, as a line of a tip."""
    if not (isinstance(tokens, TextTokens) and tokens.pieces) or tokens.special[index]:
        return ""
    piece = tokens.pieces[index]
    return "" if piece == tokens.labels[index] else f"“{piece}” in the vocabulary"


def isolated(text: str) -> str:
    """Between Unicode's isolates where it runs right to left, so that a figure behind it stays there."""
    turned = any(unicodedata.bidirectional(letter) in ("R", "AL") for letter in text)
    return f"\u2068{text}\u2069" if turned else text


def visible(label: str) -> str:
    """White space a person can see."""
    return label.replace("\n", "⏎").replace(" ", "␣") if not label.strip() else label


def short_labels(tokens: Tokens) -> list[str]:
    """Labels for an axis: a patch is named by its place alone."""
    if not isinstance(tokens, PatchTokens | PatchPart):
        return list(tokens.labels)
    cells = (tokens.cell(index) for index in range(tokens.prefix, len(tokens)))
    return [*tokens.labels[: tokens.prefix], *(f"({row}, {column})" for row, column in cells)]


def tokens_named(tokens: Tokens, indices: np.ndarray) -> str:
    """What a selection of tokens is called in a pane's title."""
    if len(indices) == 1:
        return token(tokens, int(indices[0]))
    if len(indices) == len(tokens):
        return "mean of all tokens"
    if np.array_equal(indices, np.flatnonzero(~tokens.special)):
        return "mean of the text’s tokens" if isinstance(tokens, TextTokens) else "mean of all patches"
    patches = isinstance(tokens, PatchTokens) and not tokens.special[indices].any()
    return f"mean of {len(indices):,} {'patches' if patches else 'tokens'}"
