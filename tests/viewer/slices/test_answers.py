"""Rows of an answer: of which place, in which order, what is not among them; classes of a picture's parts."""

from __future__ import annotations

import numpy as np
import pytest

from headlight.models.core.answers import Classes, NextTokens, PixelLabels
from headlight.models.core.classes.palettes import class_colours
from headlight.models.core.tokens import Box, CharSpan
from headlight.viewer.slices.answers import ROWS, answer_rows, row_at, said_at
from tests.viewer.given import patch_tokens, text_tokens, trace_of


def expected(tokens, indices: list[int], follows: bool) -> NextTokens:
    """At each token three others; the second is likelier the later the token."""
    m = len(indices)
    scores = np.tile(np.array([[0.5, 0.25, 0.125]], np.float32), (m, 1)) - 0.01 * np.arange(m)[:, None]
    names = tuple((f"a{i}", " ", f"c{i}") for i in indices)
    given = np.array([*[0.75] * (m - 1), np.nan], np.float32)
    places = tuple(tokens.place(i) for i in indices)
    return NextTokens(places, follows, np.arange(3 * m).reshape(m, 3), scores, names, given)


def test_classes_are_listed_as_far_as_there_is_room_and_the_rest_is_summed():
    probabilities = np.full(40, 0.01, np.float32)
    probabilities[7], probabilities[9] = 0.4, 0.22
    trace = trace_of(patch_tokens(), answers=(Classes(tuple(map(str, range(40))), probabilities),))
    rows = answer_rows(trace)
    assert [target.name for target in rows.targets[:2]] == ["7", "9"]
    assert (len(rows.targets), rows.said, rows.beneath) == (ROWS, "40 classes", "20 more hold 20.0 %")
    assert rows.mark == "untrained"
    each = Classes(tuple(map(str, range(40))), probabilities, exclusive=False)
    rows = answer_rows(trace_of(patch_tokens(), answers=(each,)))
    assert (rows.said, rows.beneath) == ("40 classes · each by itself", "20 more")


def test_of_expected_tokens_those_at_the_pointed_place_else_at_the_last_or_the_first_mask():
    tokens = text_tokens("the", "cat", "sat")
    after = trace_of(tokens, answers=(expected(tokens, [0, 1, 2, 3, 4], follows=True),))
    rows = answer_rows(after, (CharSpan(0, 3), CharSpan(4, 7)))
    assert (rows.said, rows.beneath) == ("after “the”", "“cat” does follow: 0.7500")
    assert [target.name for target in rows.targets] == ["a1", "␣", "c1"]
    assert rows.targets[0].score == pytest.approx(0.49)
    assert answer_rows(after).said == "after [SEP]"
    assert answer_rows(after).beneath == ""
    word = answer_rows(after, (CharSpan(0, 11),))  # of several tokens at once the last
    assert word.said == "after “sat”"
    under = trace_of(tokens, answers=(expected(tokens, [1, 3], follows=False),))
    assert answer_rows(under).said == "in place of “the”"
    assert answer_rows(under).beneath == "the token itself: 0.7500"
    assert answer_rows(under, (CharSpan(4, 7),)).said == "in place of “the”"  # nothing is said of that one
    assert answer_rows(under, (CharSpan(4, 7), CharSpan(8, 11))).said == "in place of “sat”"


def test_parts_of_a_picture_have_the_colours_of_their_classes():
    labels = np.array([[0, 2, 2], [0, 2, 1]], np.int16)
    classes = ("sky", "road", "car", "lake")
    confidence = np.linspace(0.5, 1, 6, dtype=np.float32).reshape(2, 3)
    answer = PixelLabels(classes, labels, confidence, Box(0, 0, 30, 20))
    rows = answer_rows(trace_of(patch_tokens(), answers=(answer,)))
    assert [target.name for target in rows.targets] == ["car", "sky", "road"]
    assert rows.levels.tolist() == [[2, 1, 1], [2, 1, 3]]
    np.testing.assert_array_equal(rows.colours, class_colours(classes)[[2, 0, 1]])
    assert (rows.said, rows.region) == ("3 of 4 classes", answer.region)
    assert row_at(answer, rows, Box(20, 10, 30, 20)) == 2
    assert row_at(answer, rows, CharSpan(0, 1)) is None
    assert row_at(answer, rows, Box(40, 0, 50, 10)) is None
    assert said_at(answer, 15, 5) == "car\t0.6000"
    assert said_at(answer, 31, 5) == ""
