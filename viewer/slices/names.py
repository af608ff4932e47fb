"""What tokens and layers are called: in their network, in the window, on the command line. No Qt."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from difflib import get_close_matches

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import PatchPart, PatchTokens, TextTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace

LISTED = 40
"""So many names a refusal lists; of more those that are most like the one that was asked for."""


def short_name(name: str) -> str:
    """dec2.1 for dec2.1.transformer2, as the window has it: without the part that all layers share."""
    front, _, last = name.rpartition(".")
    return front if front and not last.isdigit() else name


def find(wanted: str, names: Sequence[str], model: str) -> int:
    """The layer of this index or name, its own, the window's (“dec2.1”) or “layer 3”.

    HeadlightError with what there is.
    """
    wanted = wanted.strip()
    if wanted in names:
        return names.index(wanted)
    short = [short_name(name) for name in names]
    if short.count(wanted) == 1:
        return short.index(wanted)
    number = re.fullmatch(r"(?:layer\s+)?(\d+)", wanted, re.IGNORECASE | re.ASCII)
    if number and len(number[1]) < 9 and int(number[1]) < len(names):
        return int(number[1])
    last = len(names) - 1
    raise HeadlightError(
        f"Layer {wanted} does not exist: {model} has {len(names)}, 0 to {last}.",
        f"Choose one with --layer, by its number or its name: {_listed(wanted, names)}.",
    )


def with_head(wanted: str) -> tuple[str, int | None]:
    """(layer, head) of “Head 10.2”, as the window calls head 2 of layer 10; (wanted, None) of all else."""
    found = re.fullmatch(r"\s*head\s+(\d{1,8})\.(\d{1,8})\s*", wanted, re.IGNORECASE | re.ASCII)
    return (found[1], int(found[2])) if found else (wanted, None)


def _listed(wanted: str, names: Sequence[str]) -> str:
    """All names, the first and the last where they differ in a number alone, or a few of very many."""
    short = [short_name(name) for name in names]
    names = short if len(set(short)) == len(short) else names
    if len(names) > 2 and len({re.sub(r"\d+", "#", name) for name in names}) == 1:
        columns = zip(*(re.findall(r"\d+", name) for name in names), strict=True)
        if sum(len(set(column)) > 1 for column in columns) == 1:
            return f"{names[0]} to {names[-1]}"
    if len(names) <= LISTED:
        return ", ".join(names)
    like = get_close_matches(wanted, names, 5, 0.3) or [*names[:2], names[-1]]
    return f"{', '.join(like)} and {len(names) - len(like)} more"


def layer_named(trace: Trace, number: int) -> str:
    """layer 10; of several stacks by its depth in its own, cross layer 1."""
    layer = trace.layers[number]
    return f"{layer.stack} layer {layer.depth}" if has_stacks(trace) else f"layer {number}"


def has_stacks(trace: Trace) -> bool:
    """Whether layers stand in several stacks that lead from other tokens to others."""
    return len(trace.streams) > 1


def token(tokens: Tokens, index: int) -> str:
    """A token as it is named in a tip: patch (7, 18), “serve”, [CLS]."""
    if isinstance(tokens, PatchTokens | PatchPart) and index >= tokens.prefix:
        row, column = tokens.cell(index)
        return f"patch ({row}, {column})"
    label = tokens.labels[index]
    if isinstance(tokens, MixedTokens) and tokens.on_picture[index]:
        return label
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
    return label if label.strip() else "".join(_MARKS.get(one, "␣") for one in label)


_MARKS = {"\n": "⏎", "\r": "⏎", "\t": "⇥"}


def short_labels(tokens: Tokens) -> list[str]:
    """Labels for an axis: a patch is named by its place alone."""
    if isinstance(tokens, MixedTokens):
        return [label.removeprefix("patch ") for label in tokens.labels]
    if not isinstance(tokens, PatchTokens | PatchPart):
        return list(tokens.labels)
    cells = (tokens.cell(index) for index in range(tokens.prefix, len(tokens)))
    return [*tokens.labels[: tokens.prefix], *(f"({row}, {column})" for row, column in cells)]


def tokens_named(tokens: Tokens, indices: np.ndarray, summed: bool = False) -> str:
    """What a selection of tokens is called in a pane's title: the mean of them unless it is their sum."""
    if summed and len(indices) > 1:
        return tokens_named(tokens, indices).replace("mean", "sum", 1)
    if len(indices) == 1:
        return token(tokens, int(indices[0]))
    if len(indices) == len(tokens):
        return "mean of all tokens"
    if np.array_equal(indices, np.flatnonzero(~tokens.special)):
        if isinstance(tokens, MixedTokens):
            words = bool((~tokens.on_picture & ~tokens.special).any())
            return "mean of words and patches" if words else f"mean of {len(indices):,} queries"
        return "mean of text tokens" if isinstance(tokens, TextTokens) else "mean of all patches"
    patches = isinstance(tokens, PatchTokens) and not tokens.special[indices].any()
    return f"mean of {len(indices):,} {'patches' if patches else 'tokens'}"
