"""Numbers stand at one place for every kind of document, and are those that are painted."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint

from headlight.viewer.app.layout.deck import EDGE
from headlight.viewer.session.session import NOWHERE
from headlight.viewer.session.view import MapSettings, Selection
from headlight.widgets.base.cursor_tip import read_out
from headlight.widgets.controls.readout import NOTHING
from tests.viewer.linked import traced
from tests.widgets.pointer import move


def said(window, section):
    return window.deck.panes["numbers"].widget.figures(section)


def test_every_page_has_its_numbers_at_the_right_below(every_page):
    for page, window in every_page:
        dock = window.deck.docks["numbers"]
        assert dock.isVisible(), page
        shown = [one.geometry() for one in window.deck.docks.values() if one.isVisible()]
        assert dock.geometry().right() == pytest.approx(max(one.right() for one in shown), abs=EDGE), page
        assert dock.geometry().bottom() == pytest.approx(max(one.bottom() for one in shown), abs=EDGE), page
        assert window.deck.panes["numbers"].widget.viewport().height() > 100, page


def test_a_cell_a_token_and_nothing_under_the_cursor(opened, settled):
    window = opened("text", "attention")
    layer = traced(window).layers[window.session.view[Selection].layer]
    weights = layer.matrix(window.session.view[Selection].head)
    matrix, strip = window.deck.panes["matrix"].view, window.deck.panes["sentence"].strip
    move(matrix, matrix.cell_rect(1, 2).center())
    rank = 1 + int((weights[1] > weights[1, 2]).sum())
    cell = {
        "Query": "“a”",
        "Key": "“great”",
        "Weight": read_out(float(weights[1, 2])),
        "Rank": f"{rank} of 5",
    }
    assert said(window, "pointed").items() >= cell.items()
    window.session.change(MapSettings, incoming=True)  # the cell stays, its rank is in its column now
    settled(window)
    move(matrix, matrix.cell_rect(1, 2).center() + QPoint(1, 0))
    assert said(window, "pointed")["Rank"] == f"{1 + int((weights[:, 2] > weights[1, 2]).sum())} of 5"
    window.session.set_hover(NOWHERE)
    assert set(said(window, "pointed").values()) == {NOTHING}
    move(strip, strip.chip_rect(3).center().toPoint())
    asked = window.deck.panes["sentence"].result.asked
    found = said(window, "pointed")
    assert (found["Query"], found["Key"]) == ("“serve”", "[CLS]")  # the readout is looked at by the token
    assert found["Weight"] == read_out(float(weights[3, asked].mean()))


def test_the_shown_map_and_the_head_are_summed_up(opened):
    window = opened("image", "attention")
    result, shown = window.deck.panes["picture"].result, said(window, "shown")
    row = result.values / result.values.sum()
    assert shown["Entropy"] == f"{-(row * np.log(row)).sum():.2f} nats"
    assert shown["Weight on patches"] == read_out(float(result.values[1:].sum()))
    assert shown["Highest"].endswith(read_out(float(result.values.max())))
    assert all(figure != NOTHING for figure in said(window, "head").values())
    window.session.show(None)
