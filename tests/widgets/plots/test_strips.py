"""Strips of bars, and the formula whose symbols light them."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from headlight.widgets.base import theme
from headlight.widgets.plots.formula import Formula
from headlight.widgets.plots.strips import Strip, StripGroup, Strips, _pooled
from tests.widgets.pointer import click, move

VALUES = np.array([1.0, -2.0, -np.inf, 4.0])
GROUPS = [
    StripGroup(
        "Few", list("abcd"), [Strip("q", VALUES, "4.0", (-2, 4), ("q",)), Strip("k", VALUES, "1", (-2, 4))], 3
    ),
    StripGroup("Many", [str(i) for i in range(900)], [Strip("v", np.arange(900.0), "length 9", (0, 899))]),
]


@given(st.lists(st.floats(-9, 9) | st.just(-np.inf), min_size=1, max_size=60), st.integers(1, 60))
def test_many_bars_become_few_that_hold_the_largest(values, most):
    values = np.array(values)
    edges, pooled = _pooled(values, most)
    assert len(pooled) == min(most, len(values)) == len(edges) - 1
    for start, stop, kept in zip(edges[:-1], edges[1:], pooled, strict=True):
        part = values[start:stop]
        known = part[np.isfinite(part)]
        assert (kept == -np.inf) == (len(known) == 0)
        assert not len(known) or abs(kept) == np.abs(known).max()


def test_what_is_pointed_at_and_clicked_is_the_bar_that_stands_there(show):
    strips = Strips("Steps")
    strips.set_groups(GROUPS)
    show(strips, 520, strips.sizeHint().height())
    found, clicked = [], []
    strips.hovered.connect(found.append)
    strips.clicked.connect(lambda *at: clicked.append(at))
    for part in ((0, 0, 0), (0, 1, 3), (1, 0, 450)):
        move(strips, strips.bar_at(part).toPoint())
        assert found[-1][:2] == part[:2]
        assert abs(found[-1][2] - part[2]) <= 1  # a pixel is two of 900 bars
    click(strips, strips.bar_at((0, 1, 1)).toPoint())
    assert clicked == [(0, 1)]
    move(strips, strips.bar_at((0, 0, 2)).toPoint())
    assert strips._tip.text == "q\nc\t−∞"
    picture = strips.grab().toImage()
    at = strips.bar_at((0, 0, 3)).toPoint()
    assert picture.pixelColor(at.x(), at.y() - theme.em(0.7)) == QColor(theme.current().amber)


def test_symbols_are_pointed_at_and_lines_break_between_them(show):
    formula = Formula("f")
    formula.set_parts([("softmax", "s"), ("( ", ""), ("q Kᵀ", "q"), (" )", ""), (" V", "v")])
    show(formula, 400, 60)
    found = []
    formula.hovered.connect(found.append)
    for index, symbol in ((2, "q"), (4, "v"), (1, None)):
        move(formula, formula.boxes()[index].center().toPoint())
        assert found[-1] == symbol
    high = formula.height()
    formula.resize(theme.em(6), high)
    assert formula.height() > high
    assert max(box.right() for box in formula.boxes()) <= theme.em(6)
