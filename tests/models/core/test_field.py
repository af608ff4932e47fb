"""Fields layer by layer: the published formula, windows, branches, and places in the picture."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import as_whole, input_field, joined, merged, through, with_intervals

PICTURE = input_field((32, 48), 3)


def test_the_input_sees_itself():
    assert PICTURE.box((3, 4)) == ((3, 4), (4, 5))
    assert PICTURE.centre((3, 4)) == (3.5, 4.5)
    assert PICTURE.unit_at((3.5, 47.9)) == (3, 47)


def test_layers_grow_as_published():
    """r += (k' − 1)·j, P += p·j, then j *= s, each axis on its own."""
    field = through(PICTURE, 7, 2, 3, name="stem", kind="Conv2d", channels=8)
    assert (field.size, field.stride, field.start) == ((7, 7), (2, 2), (-3, -3))
    assert (field.shape, field.channels, field.name) == ((16, 24), 8, "stem")
    field = through(field, (3, 1), (2, 1), [(0, 1), (0, 0)], (2, 1))
    assert (field.size, field.stride, field.start) == ((15, 7), (4, 2), (-3, -3))
    assert field.shape == (7, 24)
    assert field.box((1, 0)) == ((1, 16), (-3, 4))
    assert field.centre((1, 0)) == (8.5, 0.5)
    assert field.unit_at((8.5, -20)) == (1, 0)
    assert field.unit_at((500, 2.4)) == (6, 1)


def test_units_outside_the_map_are_refused():
    for unit in [(32, 0), (0, -1), (3,)]:
        with pytest.raises(HeadlightError, match="The map of input has 32×48 units; there is no unit"):
            PICTURE.box(unit)


def test_aligned_branches_give_the_largest():
    narrow, wide = through(PICTURE, 1, 2, name="narrow"), through(PICTURE, 3, 2, 1, name="wide")
    found = merged([narrow, wide], "add", "sum")
    assert (found.size, found.start, found.aligned, found.note) == ((3, 3), (-1, -1), True, "")
    assert (found.name, found.kind) == ("sum", "add")


def test_branches_of_other_centres_span_all_and_are_named():
    even, odd = through(PICTURE, 2, 2, 0, name="even"), through(PICTURE, 3, 2, 1, name="odd")
    found = merged([even, odd], "add", "sum")
    assert (found.size, found.start, found.aligned) == ((3, 3), (-1, -1), False)
    assert (
        "even (size 2×2, stride 2×2, centre 1, 1); odd (size 3×3, stride 2×2, centre 0.5, 0.5)" in found.note
    )
    later = through(found, 3, 1, 1)
    assert not later.aligned
    assert later.note == found.note


def test_branches_of_other_strides_are_told_unit_by_unit():
    coarse = through(PICTURE, 2, 2, name="coarse")
    fine = through(PICTURE, 1, 1, shape=(16, 24), name="fine")
    found = merged([coarse, fine], "add", "sum")
    assert not found.aligned
    assert [found.box((u, 0))[0] for u in (0, 1, 5)] == [(0, 2), (1, 4), (5, 12)]
    with pytest.raises(HeadlightError, match="Branches with 16×24 and 32×48 units cannot be merged"):
        merged([coarse, PICTURE])


def test_windows_go_through_layers():
    """Two windows of four tokens, then a convolution, then one with a stride; padding sees nothing."""
    tokens = through(PICTURE, 4, 4)
    windows = [np.repeat([[0, 16], [16, 32]], 4, 0), np.repeat([[0, 16], [16, 32], [32, 48]], 4, 0)]
    attended = with_intervals(tokens, tuple(windows))
    assert attended.box((3, 4)) == ((0, 16), (16, 32))
    assert attended.centre((3, 4)) == (14, 18)  # of the token, not of its window
    assert attended.unit_at((14, 18)) == (3, 4)
    assert (attended.size, attended.start[0] + 4 * 4) == ((16, 16), 16)
    mixed = through(attended, 3, 1, 1)
    assert [mixed.box((u, 0))[0] for u in range(8)] == [(0, 16)] * 3 + [(0, 32)] * 2 + [(16, 32)] * 3
    assert mixed.centre((3, 4)) == (14, 18)
    halved = through(attended, 2, 2)
    assert halved.shape == (4, 6)
    assert halved.centre((0, 0)) == (4, 4)
    beyond = through(attended, 1, 1, 1)
    assert beyond.box((0, 1)) == ((0, 0), (0, 16))


def test_the_whole_picture_stays_whole():
    whole = as_whole(through(PICTURE, 16, 16), name="attention")
    assert whole.box((1, 2)) == ((0, 32), (0, 48))
    assert whole.centre((1, 2)) == (24, 40)
    later = through(whole, 2, 2, name="merge")
    assert (later.whole, later.size, later.start, later.stride) == (True, (32, 48), (0, 0), (32, 32))
    assert later.centre((0, 0)) == (16, 16)
    assert merged([through(PICTURE, 16, 16), whole]).whole


def test_notes_are_said_once():
    one, other = "Statistics over the whole map (a.b).", "Statistics over the whole map (c.d)."
    assert joined(one, "", f"{other} Branches are not aligned: x.") == f"{one} Branches are not aligned: x."
