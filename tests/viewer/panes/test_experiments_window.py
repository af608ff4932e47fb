"""The page of experiments in a window: heads are changed, what comes of it, and the worth of each."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from headlight.models.core.interventions import Hide, Level, Off, Scale
from headlight.models.explain.targets import targets_at
from headlight.viewer.host.engines import open_engine
from headlight.viewer.panes.explain.experiments.base import score, signed
from headlight.viewer.session import changing
from headlight.viewer.session.session import NOWHERE, Hover
from headlight.viewer.session.view import ExperimentSettings, Selection
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import numbers
from tests.widgets.pointer import click

TEXT = "a cat sat on my mat and a"


def test_heads_are_changed_and_every_one_is_measured(make_window, settled):
    trace = open_engine("induction", "text").run(TEXT)
    target = targets_at(trace)[0]
    effects = trace.run.effects(target)
    window = make_window(model="induction")
    window.session.opening_page = "experiments"
    for text in (TEXT.replace("cat", "mat"), TEXT):
        window.runs.open_text(text)
        settled(window)
    session, sweep = window.session, pane(window, "sweep")
    assert session.current.page == "experiments"
    assert unexplained(window) == set()
    assert numbers(window, "sweep")["Most"] == f"{effects.ravel()[np.abs(effects).argmax()]:+.3f}"
    assert f"{effects[0, 0]:+.3f}".replace("-", "\u2212") in sweep._tip(0, 0)
    assert "Nothing is changed" in pane(window, "outputs").note.text()

    click(sweep.grid.viewport(), sweep.grid.cell_rect(1, 0).center())
    window.actions_.run("heads-off")
    settled(window)
    name = trace.layers[1].name
    assert session.current.made.interventions == (Scale(name, (0,)),)
    grid = pane(window, "heads").grid
    assert grid._marks == {(1, 0): "off"}
    assert pane(window, "heads")._tip(1, 0).endswith("head 0: off")
    assert sweep._found.effect.tolist() == effects.tolist()  # of the model as it is
    rows = {row.name: row for row in pane(window, "outputs")._found.rows}
    lost = rows[target.name].before - rows[target.name].after
    assert abs(lost - effects[1, 0]) < 1e-5
    before, after = (pane(window, which)._result for which in ("matrix-before", "matrix"))
    np.testing.assert_array_equal(before.values, trace.layers[1].matrix(0))
    assert not after.values.any()

    items = pane(window, "interventions").list
    items.item(0).setCheckState(Qt.CheckState.Unchecked)
    settled(window)
    assert session.current.made.interventions == (Off(Scale(name, (0,))),)
    session.undo()
    settled(window)
    click(grid.viewport(), grid.cell_rect(0, 0).center(), keys=Qt.KeyboardModifier.ControlModifier)
    click(grid.viewport(), grid.cell_rect(1, 0).center(), keys=Qt.KeyboardModifier.ControlModifier)
    assert session.view[ExperimentSettings].heads == ((0, 0), (1, 0))
    window.actions_.run("heads-uniform")
    settled(window)
    levelled = session.current.made.interventions
    assert levelled == (Level(trace.layers[0].name, (0,)), Level(name, (0,)))
    session.select(queries=[trace.tokens.place(2)])
    window.actions_.run("mask")
    settled(window)
    assert session.current.made.interventions == (*levelled, Hide((trace.tokens.place(2),)))
    assert [items.item(row).text() for row in range(items.count())] == [
        "Layer 0, head 0: uniform",
        "Layer 1, head 0: uniform",
        "Hidden: “cat”",
    ]

    strip = pane(window, "sentence").strip
    assert strip._struck == {2}
    click(strip.viewport(), strip.chip_rect(2).center().toPoint(), button=Qt.MouseButton.RightButton)
    menu = pane(window, "sentence").menu
    assert [action.isEnabled() for action in menu.actions()] == [True, False]
    menu.close()
    click(grid.viewport(), grid.cell_rect(1, 0).center(), button=Qt.MouseButton.RightButton)
    menu = pane(window, "heads").menu
    offered = [action.text() for action in menu.actions() if not action.isSeparator()]
    assert offered == ["2 heads", "Switch off", "Scale by", "Make uniform", "Freeze to", "As it was"]
    session.set_hover(Hover(layer=1, head=0))
    menu.close()
    assert session.hover == NOWHERE  # the cursor left while the menu was there

    session.change(ExperimentSettings, sweep="patched")
    settled(window)
    found = trace.run.patched(open_engine("induction", "text").run(session.documents[0].input.text), target)
    np.testing.assert_allclose(sweep._found.found.heads, found.heads, atol=1e-5)
    assert sweep.states._words[0][1] == f"{found.states[0, 1]:.2f}".replace("-", "\u2212")
    assert unexplained(window) == set()
    window.actions_.run("take-back")
    settled(window)
    assert session.current.made.interventions == ()
    assert grid._marks == {}
    assert session.view[Selection].head == 0


def test_words_in_each_others_place_keep_their_spaces():
    from headlight.models.core.tokens import CharSpan

    assert changing.swapped("a bc d", CharSpan(4, 6), CharSpan(0, 1)) == "d bc a"
    assert changing.swapped("a bc d", CharSpan(1, 4), CharSpan(4, 6)) == "a d bc"


def test_scores_are_as_precise_as_their_changes_and_may_lie_below_0():
    assert (score(-0.1204), score(0.7289), signed(0.0041)) == ("\u22120.120", "0.729", "+0.004")
    assert signed(-0.0001) == "+0.000"
