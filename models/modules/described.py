"""What the tokens of somebody else's model are, as far as somebody says: names, a text, a grid, points.

A description is what JSON can hold, so that it can be saved beside the arrays. numpy only.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import INPUT, Box, PatchTokens, PointTokens, TextTokens, Tokens

_SPECIAL = re.compile(r"\[[^\]\s]+\]|<[^>\s]+>|<\|.*\|>")
_MARKS = re.compile("^(##|\u2581|\u0120)+|(</w>|@@)$")
"""How vocabularies write that a token begins a word, goes on with one or ends it."""
_AHEAD = 200
"""Characters in which a token is looked for behind the one before."""
PATCH = 16
"""Pixels of a patch of a picture that nobody gave."""


def named(labels: Sequence[str], text: str | None = None) -> dict[str, Any]:
    """Tokens by their names; without a text they are words of one that is made of them."""
    labels = [str(label) for label in labels]
    spans, special, place = [], [], 0
    for label in labels:
        found = (place, place + len(label)) if text is None else _found(label, text, place)
        special.append(found is None)
        spans.append(list(found or (0, 0)))
        if found is not None:
            place = found[1] + (text is None)
    return {
        "labels": labels,
        "text": " ".join(labels) if text is None else text,
        "spans": spans,
        "special": special,
    }


def numbered(count: int) -> dict[str, Any]:
    """So many tokens of which nothing is known: their numbers."""
    return named([str(number) for number in range(count)])


def laid(grid: Sequence[int], prefix: int = 0) -> dict[str, Any]:
    """Patches in rows, and so many tokens before them."""
    names = ["[CLS]", *(f"[prefix {number}]" for number in range(2, prefix + 1))][:prefix]
    return {"grid": [int(side) for side in grid], "prefix": names}


def in_space(count: int) -> dict[str, Any]:
    """Points, whose positions are an array of its own."""
    return {"points": count}


def count_of(described: Mapping[str, Any]) -> int:
    """Tokens that a description is of."""
    if "grid" in described:
        rows, columns = described["grid"]
        return len(described["prefix"]) + rows * columns
    return described["points"] if "points" in described else len(described["labels"])


def tokens_of(
    described: Mapping[str, Any],
    stream: str = INPUT,
    region: Box | None = None,
    points: np.ndarray | None = None,
    scale: int = 1,
) -> Tokens:
    """The tokens of a description. region: of the picture that a grid lies on; points: float (n, 3).

    scale: of a grid that many times coarser, which later stages of a network have.
    """
    if "grid" in described:
        rows, columns = (side // scale for side in described["grid"])
        names = tuple(described["prefix"])
        labels = (*names, *(f"patch ({row}, {column})" for row in range(rows) for column in range(columns)))
        special = np.arange(len(labels)) < len(names)
        return PatchTokens(
            labels, special, (rows, columns), region or Box(0, 0, PATCH * columns, PATCH * rows)
        )
    if "points" in described:
        return PointTokens.of(points)
    special, spans = np.array(described["special"], bool), np.array(described["spans"], int).reshape(-1, 2)
    joined = [bool(b[0] == a[1]) and not s for (a, b), s in zip(pairwise(spans), special[1:], strict=True)]
    words = np.cumsum([0, *(not one for one in joined)]) if len(spans) else np.empty(0, int)
    return TextTokens(
        tuple(described["labels"]),
        special,
        spans,
        np.where(special, -1, words),
        np.zeros(len(special), int),
        sources=(described["text"],),
        stream=stream,
    )


def scale_of(described: Mapping[str, Any], count: int) -> int | None:
    """How many times coarser a grid of so many tokens is; 1 of the described one, None of another."""
    if count == count_of(described):
        return 1
    if "grid" not in described:
        return None
    rows, columns = described["grid"]
    before = len(described["prefix"])
    for scale in range(2, min(rows, columns) + 1):
        if rows % scale == columns % scale == 0 and before + rows * columns // scale**2 == count:
            return scale
    return None


def grid_like(count: int, height: int, width: int) -> dict[str, Any] | None:
    """The grid with the shape of a picture that leaves fewest tokens before it, none to eight."""
    for prefix in range(9):
        patches = count - prefix
        rows = round((patches * height / width) ** 0.5) if patches > 3 else 0
        if rows and patches % rows == 0 and abs(rows / (patches // rows) * width / height - 1) < 0.1:
            return laid((rows, patches // rows), prefix)
    return None


def described(
    count: int,
    tokens: Sequence[str] | None = None,
    text: str | None = None,
    grid: Sequence[int] | None = None,
    prefix: int = 0,
    points: np.ndarray | None = None,
    picture: np.ndarray | None = None,
) -> dict[str, Any]:
    """A stream of so many tokens, by what is said of it. HeadlightError where that is of another number."""
    if grid is not None:
        grid, prefix = check_grid(grid, prefix)
        what, many = f"a grid of {grid[0]} × {grid[1]} and {prefix} before it", prefix + grid[0] * grid[1]
        made = laid(grid, prefix) if many == count else {"labels": range(many)}
    elif points is not None:
        made, what = in_space(len(points)), f"{len(points):,} points"
    elif tokens is not None:
        made, what = named(tokens, text), f"{len(tokens):,} names"
    elif picture is not None and (found := grid_like(count, *picture.shape[:2])) is not None:
        made, what = found, ""
    elif text is not None and len(text.split()) == count:
        made, what = named(text.split(), text), ""
    else:
        made, what = numbered(count), ""
    if count_of(made) != count:
        raise HeadlightError(
            f"The layers attend from {count:,} tokens, and {what} are {count_of(made):,}.",
            "Say what all of them are: tokens=[…], grid=(rows, columns) with prefix=…, or points=….",
        )
    return made


def check_grid(grid: Any, prefix: Any) -> tuple[tuple[int, int], int]:
    """As it was given, if it is one. HeadlightError if not."""
    try:
        rows, columns = (operator.index(side) for side in grid)
        before = operator.index(prefix)
    except (TypeError, ValueError):
        rows = columns = before = 0
    if rows < 1 or columns < 1 or before < 0:
        raise HeadlightError(
            f"grid={grid!r} with prefix={prefix!r} is no grid.",
            "Give grid=(rows, columns), and prefix=0 or more.",
        )
    return (rows, columns), before


def _found(label: str, text: str, place: int) -> tuple[int, int] | None:
    """Where a token stands in a text, from a place on; None of one that stands for no characters."""
    if _SPECIAL.fullmatch(label) and label not in text:
        return None
    bare = _MARKS.sub("", label).replace("\u010a", "\n").replace("\u0120", " ").strip(" ")
    if not bare:
        return None
    at = text.lower().find(bare.lower(), place, place + _AHEAD + len(bare))
    return None if at < 0 else (at, at + len(bare))
