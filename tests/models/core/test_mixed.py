"""Tokens of a picture and a text: each is found where it is, and values lie where their boxes do."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.attention.mapped import index_map
from headlight.models.core.tokens import Box, CharSpan, Special
from headlight.models.core.tokens.mixed import MixedTokens

NOWHERE = (np.nan,) * 4
QUARTERS = [(0, 0, 5, 5), (5, 0, 10, 5), (0, 5, 5, 10), (5, 5, 10, 10)]


def tokens(boxes: list[tuple[float, ...]]) -> MixedTokens:
    """[CLS], parts of a picture, then “cats” in two."""
    count = len(boxes)
    nothing = np.zeros((count + 1, 2), int)
    return MixedTokens(
        labels=("[CLS]", *(f"patch {at}" for at in range(count)), "cat", "##s"),
        special=np.arange(count + 3) == 0,
        spans=np.concatenate([nothing, [[0, 3], [3, 4]]]),
        words=np.array([-1] * (count + 1) + [0, 0]),
        texts=np.zeros(count + 3, int),
        sources=("cats",),
        boxes=np.array([NOWHERE, *boxes, NOWHERE, NOWHERE], float),
    )


def test_every_token_is_found_at_its_place():
    both = tokens(QUARTERS)
    for index in range(len(both)):
        assert both.find(both.place(index)).tolist() == [index]
    assert isinstance(both.place(0), Special)
    assert both.place(4) == Box(5, 5, 10, 10)
    assert both.place(5) == CharSpan(0, 3)
    assert both.find(Box(7, 1, 7, 1)).tolist() == [2]
    assert both.find(Box(0, 0, 10, 4)).tolist() == [1, 2]
    assert both.find(CharSpan(0, 4)).tolist() == [5, 6]


def test_values_lie_in_the_cells_of_a_grid():
    cells, region = tokens(QUARTERS).laid(np.array([9, 1, 2, 3, 4, 9, 9], np.float32))
    assert cells.tolist() == [[1, 2], [3, 4]]
    assert region == Box(0, 0, 10, 10)
    assert tokens([]).laid(np.zeros(3)) is None


def test_of_tiles_and_the_whole_picture_the_mean_is_seen():
    cells, _ = tokens([*QUARTERS, (0, 0, 10, 10)]).laid(np.arange(8, dtype=np.float32))
    assert cells.tolist() == [[3, 3.5], [4, 4.5]]
    uneven, _ = tokens([(0, 0, 1, 4), (1, 0, 4, 4)]).laid(np.arange(5, dtype=np.float32))
    assert uneven.shape[1] == 512
    assert uneven.mean() == pytest.approx((1 * 1 + 2 * 3) / 4, rel=1e-2)


def test_words_are_merged_and_parts_of_the_picture_are_not():
    seen = index_map(tokens(QUARTERS), whole_words=True, hide_special=True).tokens
    assert seen.labels == ("patch 0", "patch 1", "patch 2", "patch 3", "cats")
    assert isinstance(seen, MixedTokens)
    assert seen.place(3) == Box(5, 5, 10, 10)
    assert seen.place(4) == CharSpan(0, 4)
