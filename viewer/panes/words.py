"""How panes say what they show: layers, heads, tokens and weights in words, the same everywhere."""

from __future__ import annotations

import unicodedata

import numpy as np

from models.attention import Head, Trace
from models.tokens import PatchPart, PatchTokens, Tokens
from viewer.cloud_maps import short_name
from viewer.maps import InputMap
from widgets.cursor_tip import read_out


def token(tokens: Tokens, index: int) -> str:
    """A token as it is named in a tip: patch (7, 18), “serve”, [CLS]."""
    if isinstance(tokens, PatchTokens | PatchPart) and index >= tokens.prefix:
        row, column = tokens.cell(index)
        return f"patch ({row}, {column})"
    label = tokens.labels[index]
    return label if tokens.special[index] else isolated(f"“{visible(label)}”")


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
        return f"mean of all {len(tokens):,} tokens"
    return f"mean of {len(indices):,} tokens"


def head(layer: int, which: Head) -> str:
    """layer 10, head 2; layer 10, mean of heads."""
    return f"layer {layer}, head {which}" if isinstance(which, int) else f"layer {layer}, {which} of heads"


def map_named(trace: Trace, layer: int, which: Head) -> str:
    """enc2.1, map 3; dec2.1, mean of 8 maps: a layer of a cloud's network by its name."""
    name = short_name(trace.layers[layer])
    return f"{name}, map {which}" if isinstance(which, int) else f"{name}, {which} of maps"


def reading(shown: InputMap, index: int) -> str:
    """The tip of a token: its name and its weight; all else stands among the numbers."""
    return f"{token(shown.tokens, index)}\t{read_out(float(shown.values[index]))}"


def table(tokens: Tokens, values: np.ndarray) -> str:
    """One line a token: its name, a tab, its weight."""
    labels = short_labels(tokens)
    return "".join(f"{label}\t{value:.6g}\n" for label, value in zip(labels, values, strict=True))
