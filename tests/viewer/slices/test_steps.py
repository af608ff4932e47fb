"""What was to choose from at every step of what a model wrote, of numbers that are given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from headlight.models.core.answers import NextTokens, Writing, Written
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.predicted.steps import choice, figures, first_written, last_seen, step_of, steps
from tests.viewer.given import text_tokens, trace_of

START, IDS = 2, (7, 99, 5)


@pytest.fixture
def trace() -> Trace:
    """[CLS] and one word, then three that were written, of which the second is none of those listed."""
    tokens = text_tokens("a", "b", "c", "d")
    tokens = tokens.only(np.arange(5))
    places = tokens.places(range(5))
    ids = np.tile(np.arange(12)[::-1], (5, 1))
    shares = np.tile(np.linspace(0.1, 0.01, 12, dtype=np.float32), (5, 1))
    names = tuple(tuple(f"n{number}" for number in row) for row in ids)
    answer = NextTokens(places, True, ids, shares, names, np.zeros(5, np.float32))
    own, drawn = np.array([0.07, 0.004, 0.05], np.float32), np.array([0.2, 0.0, 0.1], np.float32)
    how = Writing(new=3, temperature=2.0, top_k=9)
    written = Written(
        START, IDS, " b c d", own, "length", how, ("b", "c", "d"), drawn, np.full((4, 12), 0.25)
    )
    return trace_of(tokens, answers=(answer,), written=written)


def test_the_likeliest_are_listed_and_what_was_chosen_though_it_is_none_of_them(trace):
    first, second, last = (choice(trace, step) for step in (0, 1, 3))
    assert (len(first.ids), first.chosen, first.ids[4]) == (10, 4, 7)
    np.testing.assert_allclose(first.own, np.linspace(0.1, 0.01, 12)[:10], rtol=1e-6)
    assert (first.names[:2], first.after) == (("n11", "n10"), "“a”")
    assert (second.ids[10], second.names[10], second.chosen) == (99, "c", 10)
    assert (second.own[10], second.drawn[10]) == (np.float32(0.004), 0.0)
    assert (last.chosen, last.after) == (None, "“d”")
    assert choice(trace, 4) is None
    assert choice(replace(trace, answers=()), 0) is None


def test_the_step_is_that_of_the_token_selected_last_or_up_to_which_all_is_seen(trace):
    def at(step: int | None, *selected: int) -> int:
        places = tuple(trace.tokens.place(index) for index in selected)
        return step_of(trace, View(Selection(queries=places), MapSettings(step=step)))

    assert [at(None), at(2), at(3), at(2, 2), at(None, 2, 4), at(1, 1)] == [3, 2, 3, 0, 2, 1]
    ended = replace(trace, written=replace(trace.written, ended="end"))
    assert step_of(ended, View()) == 2


def test_what_is_said_of_it(trace):
    found = steps(trace, View(Selection(queries=(trace.tokens.place(2),)), MapSettings(step=1)))
    assert (found.tokens.labels, found.seen) == (("b", "c", "d"), 1)
    assert found.places == trace.tokens.places(range(2, 5))
    np.testing.assert_array_equal(found.levels, np.round(found.probabilities * 255))
    assert (found.how, found.ended) == ("sampled, T 2, k 9", "So many tokens were asked for.")
    assert figures(found) == {
        "Token": "n7",
        "Step": "1 of 3",
        "Probability": "6.7 %",
        "Surprise": "3.89 bits",
        "Drawn with": "25 %",
    }


def test_an_end_that_is_no_token_is_no_step(trace):
    at = steps(trace, View(Selection(queries=(trace.tokens.place(2),))))
    end = replace(at, choice=replace(at.choice, step=len(at.tokens)))
    assert figures(end)["Step"] == "the end"


def test_what_was_not_written_yet_follows_the_text(trace):
    bare = replace(trace, written=None)
    found = steps(bare, View())
    assert (len(found.tokens), found.how, found.choice.chosen, found.choice.after) == (0, "", None, "“d”")
    assert last_seen(trace, View(MapSettings(step=1))) == (trace.tokens.place(2),)
    assert last_seen(trace, View()) == last_seen(bare, View(MapSettings(step=1))) == ()
    assert first_written(bare, bare.tokens) is None
    assert first_written(trace, trace.tokens) == 2
    assert first_written(trace, trace.tokens.without_special()) == 1
    assert first_written(trace, trace.tokens.only(np.arange(2))) is None
