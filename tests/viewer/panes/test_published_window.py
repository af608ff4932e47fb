"""The page of published figures: the open model's rows, sorting, and what a row says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt

from headlight.viewer.session.session import RunOptions
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.given_cloud import room, trace_of


@pytest.fixture
def window(make_window, settled):
    made = make_window(run=False)
    document = made.session.add(room(300), RunOptions())
    made.session.set_page("published")
    settled(made)
    made.document = document
    return made


def test_the_open_model_s_rows_are_set_off_and_its_tables_come_first(window, settled):
    shown = pane(window, "published")
    assert window.deck.docks["published"].subtitle() == "in per cent, as they were given"
    column = [shown._column.itemAt(at).widget() for at in range(5)]
    assert column == list(shown._parts.values())[:5]
    assert shown._parts["bleu"].isHidden()
    given = trace_of(window.document.input)
    seen = replace(given, model=replace(given.model, id="shapes-mvcnn"))
    answered(window, window.document, seen)
    settled(window)
    assert shown._column.itemAt(0).widget() is shown._parts["modelnet40"]
    table = shown.shown["modelnet40"]
    assert [table.item(row, 0).font().bold() for row in range(table.rowCount())].count(True) == 3
    assert window.deck.docks["published"].subtitle().startswith("3 rows of ")
    assert unexplained(window) == set()


def test_a_heading_sorts_and_a_row_says_its_numbers(window, settled):
    table = pane(window, "published").shown["s3dis"]
    table.horizontalHeader().setSortIndicator(1, Qt.SortOrder.DescendingOrder)
    assert [line[0] for line in table.texts()][:2] == [
        "Point Transformer",
        "Point Transformer, trained again",
    ]
    table.row_hovered.emit(0)
    settled(window)
    assert pane(window, "numbers").widget.figures("row") == {
        "Network": "PointNet",
        "Measured on": "S3DIS",
        "Figures": "41.1 · – · –",
        "Given by": "Zhao et al. 2021",
    }
    assert pane(window, "published").table().splitlines()[2].startswith("Point Transformer\t70.4\t76.5")
    table.row_hovered.emit(None)
    assert pane(window, "numbers").widget.figures("row")["Network"] == "–"
