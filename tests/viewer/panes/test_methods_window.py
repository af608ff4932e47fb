"""The page of methods in a window: a map each, all of which answer, and how far they agree."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import QPoint

from headlight.viewer.panes.explain.methods.faithful import OF_MANY, OF_ONE
from headlight.viewer.session.view import MethodsSettings, Selection
from headlight.viewer.slices.explain.beside import beside
from headlight.viewer.slices.explain.faithful import faithful
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import numbers, traced
from tests.widgets.pointer import click, move

NAMES = ("rollout", "chefer", "gradient-input")


def test_methods_of_a_text_stand_below_each_other_and_answer_together(text_window, settled):
    window = text_window
    window.session.change(MethodsSettings, methods=NAMES)
    window.session.set_page("methods")
    settled(window)
    shown, found = pane(window, "beside"), beside(traced(window), window.session.view, NAMES)
    rows = [row for row in shown.strips.rows if row.isVisible()]
    assert [row.title.text() for row in rows] == ["Rollout", "Chefer", "Gradient × input", "Disagreement"]
    strip = rows[1].strip
    np.testing.assert_array_equal(strip._levels, found.sides[1].levels)
    move(strip, strip.chip_rect(3).center().toPoint())
    assert all(row.strip._hover == 3 for row in rows)
    assert rows[0].figure.text() == f"{found.sides[0].shown[3]:.2f}"
    assert rows[3].figure.text() == f"{found.disagreement[3]:.2f}"
    assert numbers(window, "pointed")["Method"] == "Generic relevance"
    click(strip, strip.chip_rect(4).center().toPoint())
    assert window.session.view[Selection].queries == (window.session.current.trace.tokens.place(4),)

    grid = shown.grid
    assert grid._words[0][1] == f"{found.correlations[0, 1]:.2f}".replace("-0", "−").lstrip("0")
    move(grid, grid.cell_rect(0, 1).center())
    said = numbers(window, "both")
    assert (said["First"], said["Second"]) == ("Rollout", "Generic relevance")
    assert said["Spearman’s ρ"] == f"{found.correlations[0, 1]:.3f}"
    move(grid, QPoint(1, 1))

    toggle = pane(window, "methods-settings").toggles["rollout"]
    toggle.click()
    settled(window)
    assert window.session.view[MethodsSettings].methods == NAMES[1:]
    assert sum(row.isVisible() for row in shown.strips.rows) == 3
    window.session.undo()
    settled(window)
    assert toggle.isChecked()
    assert len(shown.table().splitlines()) == len(window.session.current.trace.tokens) + 1


def test_curves_are_run_when_told_and_go_with_the_methods_they_are_of(text_window, settled, tmp_path, qtbot):
    window = text_window
    window.session.change(MethodsSettings, methods=NAMES[:2])
    window.session.set_page("methods")
    settled(window)
    shown = pane(window, "faithful")
    assert not any(plot.isVisible() for plot in shown.plots)
    assert "2 methods" in shown.note.text()
    shown.measure.click()
    settled(window)
    found = faithful(traced(window), window.session.view, NAMES[:2])
    texts = shown.tables[OF_ONE].texts()
    assert [row[:3] for row in texts[:2]] == [
        [title, *(f"{area:.3f}" for area in found.curves[name].areas)]
        for title, name in (("Rollout", "rollout"), ("Chefer", "chefer"))
    ]
    assert texts[2][1] == f"{found.random.areas[0].mean():.3f}"
    assert shown.verdict.text().startswith("Deletion: ")
    assert all(plot.isVisible() for plot in shown.plots)
    assert shown.table().count("\n") == 4

    window.session.change(MethodsSettings, methods=NAMES[:1])
    settled(window)
    assert not shown.tables[OF_ONE].isVisible()
    (tmp_path / "lines.txt").write_text("the cat sat\n\nthe dog ran home\n")
    shown.open(str(tmp_path / "lines.txt"))
    qtbot.waitUntil(lambda: shown.tables[OF_MANY].isVisible(), timeout=60_000)
    settled(window)
    assert shown.tables[OF_MANY].texts()[0][4] == "2 of 2"
    assert shown.note.text().startswith("Means over 2, ± the standard error.")
