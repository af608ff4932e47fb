"""What is written on a picture: where pixels change, and where not."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headlight.models.core.errors import HeadlightError
from headlight.models.engines.pictures.labels import (
    FONTS,
    STYLES,
    Label,
    box_of,
    denied,
    named,
    on,
    written_on,
)

GREY = np.full((90, 120, 3), 140, np.uint8)
GREY[:, 60:] = 30


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0, 120),
    st.floats(0, 90),
    st.floats(6, 60),
    st.sampled_from(STYLES),
    st.sampled_from(["lamp", "Ägypten 7", "not a lamp", "j"]),
    st.sampled_from(tuple(FONTS)),
    st.sampled_from([0.0, 30.0, -90.0]),
)
def test_pixels_change_in_the_box_alone_and_there_always(x, y, size, style, text, letters, turned):
    label = Label(text, x, y, size, style, letters, turned)
    before, after, box = GREY.copy(), written_on(GREY, label), box_of(label)
    assert np.array_equal(before, GREY)  # what is given stays as it is
    inside = np.zeros(GREY.shape[:2], bool)
    inside[max(int(box.y0), 0) : int(box.y1), max(int(box.x0), 0) : int(box.x1)] = True
    changed = (after != GREY).any(2)
    assert not changed[~inside].any()
    assert changed.any() or style == "pen" or turned  # of which a part may lie beside the picture
    np.testing.assert_array_equal(after, written_on(GREY, label))


def test_a_label_that_is_moved_moves_its_pixels():
    label = Label("lamp", 30, 40, 14)
    here, there = written_on(GREY, label), written_on(GREY, label.moved(34, 47))
    box = box_of(label)
    y, x = slice(int(box.y0), int(box.y1)), slice(int(box.x0), int(box.x1))
    moved = there[y.start + 7 : y.stop + 7, x.start + 4 : x.stop + 4]
    np.testing.assert_array_equal(here[y, x], moved)


def test_a_label_that_is_turned_by_a_quarter_is_the_same_one_lying_down():
    flat, turned = (written_on(GREY[:, :60], Label("lamp", 30, 40, 14, turned=by)) for by in (0, 90))
    up, down = box_of(Label("lamp", 30, 40, 14)), box_of(Label("lamp", 30, 40, 14, turned=90))
    assert (down.x1 - down.x0, down.y1 - down.y0) == pytest.approx((up.y1 - up.y0, up.x1 - up.x0), abs=2)
    paper = [(one > 200).all(2).sum() for one in (flat, turned)]
    assert paper[0] == pytest.approx(paper[1], rel=0.1)
    other = written_on(GREY[:, :60], Label("lamp", 30, 40, 14, letters="hand"))
    assert (other != flat).any()


def test_a_pen_is_seen_on_dark_and_light_and_leaves_the_rest():
    for x, ink in ((30, "dark"), (90, "light")):
        changed = written_on(GREY, Label("lamp", x, 45, 20, "pen"))
        ground = int(GREY[45, x, 0])
        most = changed[..., 0].max() if ink == "light" else changed[..., 0][:, :60].min()
        assert abs(int(most) - ground) > 90
    assert (written_on(GREY, Label("i", 30, 45, 20, "pen")) != GREY).any(2).mean() < 0.02


def test_the_place_where_a_hand_puts_it_is_within_the_picture():
    for text in ("a", "a remarkably long class text"):
        box = box_of(on(GREY, text))
        assert 0 <= box.x0 < box.x1 <= 120
        assert 45 < (box.y0 + box.y1) / 2 < box.y1 <= 90


def test_the_note_that_answers_another_stands_beside_it():
    low, high = Label("lamp", 60, 80, 12), Label("lamp", 60, 20, 12)
    for label in (low, high):
        answer = denied(label, ("a chair", "a lamp"), GREY)
        assert (answer.text, answer.style) == ("not a lamp", label.style)
        first, second = box_of(label), box_of(answer)
        assert second.y0 >= first.y1 or second.y1 <= first.y0
        assert 0 <= second.y0 < second.y1 <= 90
    assert denied(Label("iPod", 60, 20, 12), (), GREY).text == "not iPod"
    assert [named(text) for text in ("an apple", "The sea", "cat")] == ["apple", "sea", "cat"]


WRONG = {
    (" ", 10, 10, 12, "paper"): "empty or holds only spaces",
    ("a\nb", 10, 10, 12, "paper"): "one line of letters",
    ("a" * 300, 10, 10, 12, "paper"): "300 characters",
    ("a", 10, 10, 2, "paper"): "outside 6 to 1,000",
    ("a", 10, 10, 12, "neon"): "no style",
    ("a", 400, 10, 12, "paper"): "lies beside the picture",
    ("a", 10, 10, 12, "paper", "gothic"): "no font “gothic”",
    ("a", 10, 10, 12, "paper", "plain", 120.0): "turned by 120 degrees",
    ("灯", 10, 10, 12, "paper"): "has no “灯”",
}


@pytest.mark.parametrize("said", WRONG)
def test_labels_that_cannot_be_written(said):
    with pytest.raises(HeadlightError, match=WRONG[said]):
        written_on(GREY, Label(*said))
