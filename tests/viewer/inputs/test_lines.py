"""Numbers of lines: plain ones by simdjson, odd ones by numpy, together what numpy alone makes of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds import text
from headlight.viewer.inputs.clouds.text import Block, holds, numbers, prepared

PLAIN = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False).map(repr),
    st.floats(-1e6, 1e6).map("{:.4f}".format),
    st.integers(-(2**70), 2**70).map(str),
    st.sampled_from(["-0", "0", "-0.0", "1e-400", "4.9e-324", "1E+05", "1e400", "9007199254740993"]),
    st.text("0123456789", min_size=1, max_size=40).map(lambda digits: f"-1.{digits}"),
)
ODD = st.sampled_from(["nan", "-inf", "Infinity", "1.#QNAN"])
NO_JSON = st.sampled_from(["+1", ".5", "5.", "007"])
NO_NUMBER = st.sampled_from(["1-", "1_0", "x", "\xa0", ""])


@st.composite
def tables(draw) -> tuple[list[str], str]:
    """(lines of three numbers, most of them plain, and what separates them)"""
    between, separators = draw(
        st.sampled_from([(" ", ""), ("\t ", ""), (",", ","), (", ", ","), (";", ";,\t"), (";", ".;\t")])
    )
    some = draw(st.sampled_from([PLAIN, ODD, ODD, NO_JSON, NO_NUMBER]))
    number = st.one_of(PLAIN, PLAIN, PLAIN, some)
    row = st.lists(number, min_size=3, max_size=3).map(between.join)
    if separators.startswith("."):
        row = row.map(lambda line: line.replace(".", ","))
    other = st.sampled_from(["", "  ", "# note", "/ 1", *([f"1{between}2"] if some is NO_NUMBER else [])])
    end = draw(st.sampled_from(["", " ", between]))
    around = st.one_of(row, row.map(lambda line: f" {line}{end}"))
    return draw(st.lists(st.one_of(*[around] * 8, other), min_size=1, max_size=12)), separators


def by_numpy(lines: list[str], separators: str) -> np.ndarray | None:
    """None where some line is not of three numbers."""
    held = prepared([line for line in lines if holds(line)], separators)
    if held and not any(map(str.strip, held)):
        return None
    try:
        values = np.loadtxt(held, comments=None, ndmin=2) if held else np.empty((0, 3))
    except ValueError:
        return None
    return values if values.shape[1] == 3 else None


@given(tables(), st.sampled_from([1, 40, 1 << 17]))
@example((["1 2", "3 4"], ""), 40)
@example((["\xa0,\xa0,\xa0"], ","), 1)
@settings(max_examples=60)
def test_lines_are_read_to_the_bits_that_numpy_reads(table, piece):
    lines, separators = table
    expected = by_numpy(lines, separators)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_PIECE", piece)
        if expected is None:
            with pytest.raises(HeadlightError, match="of a\\.txt h"):
                numbers(Block.of(lines, 1), 3, "a.txt", separators)
        else:
            found = numbers(Block.of(lines, 1), 3, "a.txt", separators)
            assert found.shape == expected.shape
            assert found.tobytes() == expected.tobytes()


def test_only_odd_lines_are_left_to_numpy(monkeypatch):
    left, loadtxt = [], np.loadtxt
    monkeypatch.setattr(
        np, "loadtxt", lambda lines, **options: left.extend(lines) or loadtxt(lines, **options)
    )
    lines = ["1 2 3", "", "# a note", "nan 2 3", "-0 5e3 6.25", " 7  8\t9 "]
    found = numbers(Block.of(lines, 1), 3, "a.txt")
    assert left == ["nan 2 3"]
    assert np.array_equal(found, [[1, 2, 3], [np.nan, 2, 3], [-0.0, 5000, 6.25], [7, 8, 9]], True)
    assert np.signbit(found[2, 0])
