"""The laws of place and find, the only bridge between modalities."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.tokens import (
    Box,
    CharSpan,
    PatchTokens,
    PointTokens,
    Position,
    Region,
    Special,
    TextTokens,
    Tokens,
)


@st.composite
def texts(draw: st.DrawFn) -> TextTokens:
    """One text or a pair; tokens stand in order, touch or leave gaps, and never overlap."""
    special, spans, which, at, number = [], [], [], 0, 0
    for kind in draw(st.lists(st.sampled_from(["token", "special", "next text"]), max_size=12)):
        if kind == "next text":
            at, number = (0, 1) if number == 0 else (at, 1)
            continue
        special.append(kind == "special")
        which.append(number)
        start = at + draw(st.integers(0, 2))
        spans.append((0, 0) if special[-1] else (start, start + draw(st.integers(1, 5))))
        at = max(at, spans[-1][1])
    n = len(special)
    labels = tuple(f"t{i}" for i in range(n))
    shape = np.array(spans, int).reshape(n, 2)
    return TextTokens(labels, np.array(special, bool), shape, np.arange(n), np.array(which, int))


@st.composite
def patches(draw: st.DrawFn) -> PatchTokens:
    rows, columns, prefix = draw(st.integers(1, 12)), draw(st.integers(1, 37)), draw(st.integers(0, 5))
    x, y = draw(st.integers(-50, 50)), draw(st.integers(-50, 50))
    width, height = draw(st.floats(1, 400)), draw(st.floats(1, 400))
    n = prefix + rows * columns
    region = Box(x, y, x + width, y + height)
    return PatchTokens(("p",) * n, np.arange(n) < prefix, (rows, columns), region)


@st.composite
def clouds(draw: st.DrawFn) -> PointTokens:
    rows = st.tuples(*[st.integers(-99, 99)] * 3)
    where = np.array(draw(st.lists(rows, min_size=1, max_size=20, unique=True)), float)
    return PointTokens(("p",) * len(where), np.zeros(len(where), bool), where)


@given(st.one_of(texts(), patches(), clouds()))
def test_every_token_is_found_at_its_own_place_alone(tokens: Tokens) -> None:
    for index in range(len(tokens)):
        assert tokens.find(tokens.place(index)).tolist() == [index]


@given(st.one_of(texts(), patches(), clouds()))
def test_a_place_of_another_modality_is_nowhere(tokens: Tokens) -> None:
    places = [CharSpan(0, 99), Box(-1e3, -1e3, 1e3, 1e3), Position(0, 0, 0)]
    own = {TextTokens: 0, PatchTokens: 1, PointTokens: 2}[type(tokens)]
    del places[own]
    assert [len(tokens.find(place)) for place in places] == [0, 0]
    assert len(tokens.find(Special("[CLS]", 99))) == 0


@given(texts(), st.integers(0, 40), st.integers(1, 40))
def test_a_stretch_finds_exactly_the_tokens_it_overlaps(tokens: TextTokens, start: int, count: int) -> None:
    found = tokens.find(CharSpan(start, start + count, 0))
    characters = set(range(start, start + count))
    expected = [
        i
        for i, (first, last) in enumerate(tokens.spans.tolist())
        if tokens.texts[i] == 0 and characters & set(range(first, last))
    ]
    assert found.tolist() == expected


@given(patches())
def test_patches_tile_their_region_and_it_finds_them_all(tokens: PatchTokens) -> None:
    boxes = [tokens.place(i) for i in range(tokens.prefix, len(tokens))]
    area = sum((box.x1 - box.x0) * (box.y1 - box.y0) for box in boxes)
    region = tokens.region
    assert area == pytest.approx((region.x1 - region.x0) * (region.y1 - region.y0))
    assert tokens.find(region).tolist() == list(range(tokens.prefix, len(tokens)))


@given(patches(), st.floats(0.01, 0.99), st.floats(0.01, 0.99))
def test_a_box_smaller_than_a_patch_finds_the_one_it_lies_in(tokens: PatchTokens, u: float, v: float) -> None:
    row, column = tokens.grid[0] // 2, tokens.grid[1] // 2
    height, width = tokens.patch_size
    x, y = tokens.region.x0 + (column + u) * width, tokens.region.y0 + (row + v) * height
    dot = Box(x - width / 1e3, y - height / 1e3, x + width / 1e3, y + height / 1e3)
    assert tokens.find(dot).tolist() == [tokens.index(row, column)]


def test_a_box_finds_patches_by_their_centres_and_none_outside() -> None:
    tokens = PatchTokens(("p",) * 7, np.arange(7) < 1, (2, 3), Box(10, 20, 40, 40))  # patches of 10 px
    assert tokens.find(Box(16, 20, 36, 29)).tolist() == [2, 3]
    assert tokens.find(Box(14, 24, 36, 36)).tolist() == [1, 2, 3, 4, 5, 6]
    assert tokens.find(Box(0, 0, 5, 5)).tolist() == []
    assert tokens.find(Box(41, 22, 42, 23)).tolist() == []


def test_special_tokens_are_told_apart_by_their_number() -> None:
    special = np.array([True, False, True, True])
    spans, zeros = np.array([[0, 0], [0, 1], [0, 0], [0, 0]]), np.zeros(4, int)
    tokens = TextTokens(("[CLS]", "a", "[SEP]", "[SEP]"), special, spans, zeros, zeros)
    assert tokens.place(3) == Special("[SEP]", 2)
    assert tokens.find(Special("[SEP]", 1)).tolist() == [2]


def test_points_are_found_by_the_nearest_and_named_when_asked() -> None:
    where = np.random.default_rng(0).normal(size=(500, 3)).astype(np.float32)
    tokens = PointTokens.of(where, np.arange(500) * 10)
    queries = np.random.default_rng(1).normal(size=(40, 3))
    nearest = np.linalg.norm(where[None] - queries[:, None], axis=2).argmin(axis=1)
    places = [Position(*row) for row in queries.tolist()]
    assert [tokens.find(place).tolist() for place in places] == [[i] for i in nearest.tolist()]
    assert tokens.find_all([*places, CharSpan(0, 1)]).tolist() == np.unique(nearest).tolist()
    assert tokens.find_all([]).tolist() == []
    assert tokens.nearest(queries).tolist() == nearest.tolist()
    assert tokens.find(Region(queries)).tolist() == np.unique(nearest).tolist()
    assert (tokens.labels[3], tokens.labels[-1], list(tokens.labels[1:3])) == (
        *("point 30", "point 4990"),
        ["point 10", "point 20"],
    )
    assert tokens.labels == PointTokens.of(where, np.arange(500) * 10).labels
    assert tokens.labels != PointTokens.of(where).labels
    assert len(tokens.without_special()) == 500


def test_tokens_that_do_not_fit_together_are_refused() -> None:
    with pytest.raises(ValueError, match="2 labels, but 3 special flags"):
        Tokens(("a", "b"), np.zeros(3, bool))
    with pytest.raises(ValueError, match=r"4 tokens do not end in a grid of \(2, 2\)"):
        PatchTokens(("p",) * 4, np.arange(4) < 1, (2, 2), Box(0, 0, 1, 1))
