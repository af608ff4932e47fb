"""Lines with words among their numbers, where all are written alike: ten times as fast as cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.text import Block, numbers

MOST_NAMES = 4096
"""Classes that a column of words may name."""
_ODD = (b'"', b"'", b"\n#", b"\n/", b"\n\n")
"""Quotes, comments and blank lines."""


def plain_columns(
    block: Block,
    columns: int,
    cut: str | None,
    worded: Sequence[int],
    label: int | None,
    seen: dict[str, int],
) -> np.ndarray | None:
    """float64 (rows, columns) of lines without quotes, comments and cells that hold nothing; None for others.

    cut: what stands between cells, None for spaces. worded: columns that are NaN, but for the label: of the
    name of a class its place in `seen`, to which it is added, -1 beyond MOST_NAMES.
    """
    if any(odd in b"\n" + block.data for odd in _ODD):
        return None
    data = np.frombuffer(block.data, np.uint8)
    found = _cells(data, columns, cut)
    if found is None:
        return None
    starts, stops = found
    # A word becomes "0": its first byte, and all others go.
    numeric, gone = data.copy(), np.zeros(len(data) + 1, np.int8)
    for at in worded:
        numeric[starts[:, at]] = ord("0")
        gone[starts[:, at] + 1] += 1
        gone[stops[:, at]] -= 1
    plain = numeric[np.cumsum(gone[:-1], dtype=np.int8) == 0].tobytes()
    try:
        made = numbers(replace(block, data=plain), columns, "", cut or "")
    except HeadlightError:
        return None
    made[:, list(worded)] = np.nan
    if label in worded:
        spans = zip(starts[:, label].tolist(), stops[:, label].tolist(), strict=True)
        words = [block.data[start:stop].decode("latin-1").strip() for start, stop in spans]
        if not all(words):
            return None
        made[:, label] = _places(words, seen)
    return made


def _cells(data: np.ndarray, columns: int, cut: str | None) -> tuple[np.ndarray, np.ndarray] | None:
    """(where each cell starts, where it stops), int (rows, columns); None where not all lines have as many,
    or a cell is empty."""
    line_ends = data == ord("\n")
    rows = int(np.count_nonzero(line_ends))
    if cut is not None:
        stops = np.flatnonzero(line_ends | (data == ord(cut)))
        starts = np.concatenate([[0], stops[:-1] + 1])
    else:
        blank = line_ends | (data == ord(" ")) | (data == ord("\t"))
        before = np.concatenate([[True], blank[:-1]])
        starts, stops = np.flatnonzero(~blank & before), np.flatnonzero(blank & ~before)
    if len(stops) != rows * columns or len(starts) != len(stops) or (stops <= starts).any():
        return None
    starts, stops = starts.reshape(rows, columns), stops.reshape(rows, columns)
    # As many on the whole is not as many in each.
    of_line = np.searchsorted(np.flatnonzero(line_ends), starts)
    return (starts, stops) if (of_line == np.arange(rows)[:, None]).all() else None


def _places(words: list[str], seen: dict[str, int]) -> list[int]:
    for word in dict.fromkeys(words):
        if word not in seen and len(seen) < MOST_NAMES:
            seen[word] = len(seen)
    return [seen.get(word, -1) for word in words]
