"""What the model says, in a real window: where there is an answer there is a pane, linked with the others."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from headlight.models.core.answers import Classes, NextTokens, PixelLabels
from headlight.models.core.tokens import Box
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.panes.shared.answer import CLEAR, FAINT
from headlight.viewer.session.session import Hover, RunOptions
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.given import patch_tokens, text_tokens, trace_of
from tests.widgets.pointer import move

PICTURE = ImageInput("Picture", np.full((20, 30, 3), 128, np.uint8))
LABELS = PixelLabels(
    ("sky", "road", "car"),
    np.array([[0, 2, 2], [0, 2, 1]], np.int16),
    np.full((2, 3), 0.75, np.float32),
    Box(0, 0, 30, 20),
)


@pytest.fixture
def read(make_window, settled):
    """A function: a window with a document that a hand-made model with these answers has read."""

    def open_(input_, tokens, *answers):
        window = make_window(run=False)
        answered(window, window.session.add(input_, RunOptions()), trace_of(tokens, answers=answers))
        settled(window)
        return window

    return open_


def rows(window) -> list[str]:
    return pane(window, "answer").rows._names


def test_a_model_without_a_head_leaves_the_room_to_the_others(read, settled):
    window = read(PICTURE, patch_tokens())
    assert not window.deck.shows("answer")
    sizes = [window.deck.docks[name].height() for name in ("settings", "numbers")]
    classes = Classes(("cat", "dog"), np.array([0.25, 0.75], np.float32))
    answered(window, window.session.current, trace_of(patch_tokens(), answers=(classes,)))
    settled(window)
    assert window.deck.shows("answer")
    assert rows(window) == ["dog", "cat"]
    assert not pane(window, "answer").mark_line.isHidden()
    least = [window.deck.docks[name].height() for name in ("settings", "numbers")]
    assert all(now > 0.6 * before for now, before in zip(least, sizes, strict=True))
    answered(window, window.session.current, trace_of(patch_tokens()))
    settled(window)
    assert not window.deck.shows("answer")


def test_expected_tokens_follow_the_cursor_and_the_selection(read, settled):
    tokens = text_tokens("a", "great", "serve")
    places = tuple(tokens.place(i) for i in range(5))
    names = tuple((f"next of {i}", "other") for i in range(5))
    scores = np.tile(np.array([0.5, 0.25], np.float32), (5, 1))
    ids, given = np.zeros((5, 2), int), np.full(5, 0.125, np.float32)
    answer = NextTokens(places, True, ids, scores, names, np.append(given[:-1], np.nan))
    window = read(TextInput("Text", "a great serve"), tokens, answer)
    assert rows(window)[0] == "next of 4"
    window.session.select(queries=[places[1]])
    settled(window)
    assert rows(window)[0] == "next of 1"
    window.session.set_hover(Hover(query=places[2], key=places[2]))
    settled(window)
    assert rows(window)[0] == "next of 2"
    assert pane(window, "answer").beneath.text() == "“serve” does follow: 0.1250"


def test_parts_of_a_picture_and_their_classes_point_at_each_other(read, settled):
    window = read(PICTURE, patch_tokens(), LABELS)
    answer = pane(window, "answer")
    assert rows(window) == ["car", "sky", "road"]
    np.testing.assert_array_equal(answer.picture._heat_lut[1:4, 3], CLEAR)
    place = window.session.current.trace.tokens.place(4)  # the lower left patch
    window.session.set_hover(Hover(query=place, key=place))
    assert answer.rows._hovered == 1
    move(answer.rows, QPoint(5, round(answer.rows.row_rect(2).center().y())))
    assert window.session.hover == Hover(kind=2)
    assert answer.picture._heat_lut[1:4, 3].tolist() == [FAINT, FAINT, 255 - FAINT]
    assert answer._tip(5, 15) == "sky\t0.7500"
