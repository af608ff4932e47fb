"""What heads look for: heads that do one thing alone have it as their whole score, others by closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.attention.measures import measured, rows_of
from headlight.models.attention.patterns import MEASURES, Pairs, painted_in, rows_painted
from headlight.models.core.settings import TEMPLATE, PatternSettings
from headlight.models.core.tokens import PatchTokens, TextTokens
from tests.dense import Dense
from tests.models.attention.test_statistics import patches

LABELS = ("[CLS]", "the", "cat", "##s", ",", "the", "cat", "[SEP]")
WORDS = np.array([-1, 0, 1, 1, 2, 3, 4, -1])
SPECIAL = WORDS < 0
N = len(LABELS)


def text(labels=LABELS, special=SPECIAL, words=WORDS) -> TextTokens:
    n = len(labels)
    return TextTokens(labels, special, np.zeros((n, 2), int), words, np.zeros(n, int), labels)


def looking(at: dict[int, int], n: int = N) -> np.ndarray:
    """One head (1, n, n) whose query i looks at at[i] alone, all others at the first token."""
    weights = np.zeros((1, n, n), np.float32)
    for query in range(n):
        weights[0, query, at.get(query, 0)] = 1
    return weights


def scores(weights: np.ndarray, tokens, stack: str = "encoder", **said) -> dict[str, float]:
    layer = Dense(weights, tokens, tokens)
    layer.stack = stack
    return {name: float(values[0, 0]) for name, values in measured([layer], PatternSettings(**said)).items()}


@pytest.mark.parametrize(
    ("pattern", "at", "queries"),
    [
        ("previous", {2: 1, 3: 2, 4: 3, 5: 4, 6: 5}, 5),
        ("next", {1: 2, 2: 3, 3: 4, 4: 5, 5: 6}, 5),
        ("word", {2: 3, 3: 2}, 2),
        ("duplicate", {5: 1, 6: 2}, 2),
        ("induction", {5: 2, 6: 3}, 2),
        ("punctuation", {1: 4, 2: 4, 3: 4, 5: 4, 6: 4}, 5),
        ("own", {i: i for i in range(1, 7)}, 6),
        ("first", {}, 6),
    ],
)
def test_a_head_that_does_one_thing_has_it_as_its_score(pattern, at, queries):
    found = scores(looking(at), text())
    assert found[pattern] == 1
    rows = rows_of(
        layer := Dense(looking(at), text()), Pairs(layer.queries, layer.keys, layer.stack == "decoder")
    )
    known = ~np.isnan(rows.values[rows.names.index(pattern), 0])
    assert known.sum() == queries
    assert not (known & SPECIAL).any()
    assert found["entropy"] == 0
    assert found["peak"] == 1
    half = scores((looking(at) + looking(dict.fromkeys(range(N), 7))) / 2, text())
    assert half[pattern] == 0.5
    assert half["entropy"] == pytest.approx(math.log(2))


def test_where_a_pattern_is_in_no_query_there_is_no_score():
    plain = text(("a", "b", "c"), np.zeros(3, bool), np.arange(3))
    found = scores(looking({}, 3), plain)
    assert all(math.isnan(found[name]) for name in ("word", "duplicate", "induction", "punctuation"))
    assert "template" not in found
    assert "left" not in found


def test_queries_that_see_nothing_later_have_no_later_keys():
    weights = looking({i: max(i - 1, 0) for i in range(N)})
    found = scores(weights, text(), "decoder")
    assert math.isnan(found["next"])
    assert found["previous"] == 1
    comma = rows_of(layer := _decoder(weights), Pairs(layer.queries, layer.keys, layer.stack == "decoder"))
    assert np.flatnonzero(~np.isnan(comma.values[comma.names.index("punctuation"), 0])).tolist() == [5, 6]


def _decoder(weights: np.ndarray) -> Dense:
    layer = Dense(weights, text())
    layer.stack = "decoder"
    return layer


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 12), st.integers(0, 14), st.sampled_from(["previous", "next", "own", "band"]))
def test_uniform_attention_has_the_share_of_the_pattern(n, reach, pattern):
    """1/n of each of its keys; its distance is the mean of |i − j|, its entropy ln n, its peak 1/n."""
    tokens = text(tuple(map(str, range(n))), np.zeros(n, bool), np.arange(n))
    found = scores(np.full((1, n, n), 1 / n, np.float32), tokens, band=reach)
    apart = abs(np.subtract.outer(np.arange(n), np.arange(n)))
    keys = {"previous": 1, "next": 1, "own": 1, "band": (apart <= reach).sum(1).mean()}[pattern]
    if n == 1 and pattern in ("previous", "next"):
        assert math.isnan(found[pattern])
    else:
        assert found[pattern] == pytest.approx(keys / n, rel=1e-5)
    assert found["distance"] == pytest.approx(apart.mean(), abs=1e-5)
    assert found["entropy"] == pytest.approx(math.log(n), abs=1e-5)
    assert found["peak"] == pytest.approx(1 / n)


def test_patches_look_at_their_neighbours():
    tokens = patches(3, 4, 10.0)
    for name, step in {"left": (0, -1), "right": (0, 1), "above": (-1, 0), "below": (1, 0)}.items():
        at = {
            tokens.index(row, column): tokens.index(row + step[0], column + step[1])
            for row in range(3)
            for column in range(4)
            if 0 <= row + step[0] < 3 and 0 <= column + step[1] < 4
        }
        found = scores(looking(at, 13), tokens)
        assert found[name] == 1
        assert found["band"] == pytest.approx(len(at) / 12)
        assert found["distance"] == 1  # of what lies on patches; [CLS] has no place
    assert isinstance(tokens, PatchTokens)
    assert "previous" not in found


def test_special_tokens_and_sinks_are_one_share():
    weights = np.zeros((1, N, N), np.float32)
    weights[0, :, 0], weights[0, :, 4], weights[0, :, 5] = 0.2, 0.5, 0.3
    assert scores(weights, text())["sink"] == pytest.approx(0.7)  # [CLS] and the comma, which takes half
    weights[0, :, 5] = 0.1  # and a fifth lies on no token
    assert scores(weights, text())["sink"] == pytest.approx(0.9)


def test_a_template_is_laid_over_the_whole_matrix():
    cells = painted_in("10/01")
    assert len(cells) == TEMPLATE**2 // 2
    assert painted_in(rows_painted(cells)) == cells
    n = 2 * TEMPLATE
    tokens = text(tuple(map(str, range(n))), np.zeros(n, bool), np.arange(n))
    half = np.kron(np.eye(2), np.full((n // 2, n // 2), 2 / n)).astype(np.float32)[None]
    assert scores(half, tokens, template=cells)["template"] == pytest.approx(1)
    assert scores(half[:, ::-1].copy(), tokens, template=cells)["template"] == 0
    for wrong in ("12", "10/1", "2", "/".join(["0" * 13] * 13)):
        with pytest.raises(ValueError, match=wrong):
            painted_in(wrong)


def test_every_measure_is_explained():
    assert all(one.title and one.says and one.id == name for name, one in MEASURES.items())
