"""The page of one weight in a window: a click takes one apart, another number shows what would follow."""

from __future__ import annotations

import pytest

from headlight.viewer.session.view import ByHand, Selection
from headlight.viewer.slices.weight import arithmetic
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import numbers, traced
from tests.widgets.pointer import click, move


def test_a_weight_is_taken_apart_and_changed_by_hand(text_window, settled):
    window = text_window
    window.session.set_page("weight")
    settled(window)
    steps, by_hand = pane(window, "arithmetic"), pane(window, "by-hand")
    assert steps.note.text().startswith("Click a cell")
    tokens = traced(window).layers[5].keys
    keys = steps._group_of_keys()
    click(steps.strips, steps.strips.bar_at((keys, 0, 3)).toPoint())
    settled(window)
    selection = window.session.view[Selection]
    assert selection.keys == (tokens.place(3),)
    assert steps.note.isHidden()
    found = arithmetic(traced(window), selection)
    assert numbers(window, "weight")["Weight"] == f"{found.figures['Weight']:.4f}"
    assert steps.table().count("\n") == sum(len(line.values) for s in found.steps for line in s.lines)

    symbols = [symbol for _, symbol in steps.formula._parts]
    at = steps.formula.boxes()[symbols.index("q")].center().toPoint()
    move(steps.formula, at)
    assert steps.strips._lit == {"q"}
    move(steps.strips, steps.strips.bar_at((keys, 1, 5)).toPoint())
    assert steps.formula._lit == {"softmax"}
    assert window.session.hover.key == tokens.place(5)
    assert numbers(window, "pointed")["Weight"] == f"{found.row[5]:.4f}"

    score = by_hand.sliders["score"]
    assert not by_hand.reset.isEnabled()
    assert score.value() == pytest.approx(found.numbers["score"], abs=0.005)
    score._slider.setValue(score._slider.value() + 300)
    settled(window)
    after = arithmetic(traced(window), selection, window.session.view[ByHand])
    assert after.follows.weight[1] > after.follows.weight[0]
    assert by_hand.follows.text().startswith("Weight ")
    titles = [strip.title for group in steps.strips._groups for strip in group.strips]
    assert "softmax by hand" in titles
    window.session.undo()
    settled(window)
    assert window.session.view[ByHand] == ByHand()
    assert not by_hand.reset.isEnabled()
    window.session.redo()
    settled(window)
    by_hand.reset.click()
    settled(window)
    assert window.session.view[ByHand] == ByHand()
    heads = len(steps.strips._groups) - 1
    click(steps.strips, steps.strips.bar_at((heads, 0, 7)).toPoint())
    assert window.session.view[Selection].head == 7
