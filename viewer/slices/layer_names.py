"""Layers by what they are called: in their network, in the window, on the command line. No Qt."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from headlight.models.core.errors import HeadlightError

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
