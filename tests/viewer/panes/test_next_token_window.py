"""The page of the next token in a window: what stands there is what `lens` and `added` give."""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import NextTokens
from headlight.models.explain.lens import added, lens
from headlight.viewer.session.view import LensSettings, Selection
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import numbers, traced
from tests.widgets.pointer import click, move

TEXT = "Mrs Abernathy lit the lamp. Then Mrs"


def test_layers_speak_and_heads_add(make_window, settled):
    window = make_window(model="induction")
    window.session.opening_page = "predicted"
    window.runs.open_text(TEXT)
    settled(window)
    assert window.session.current.page == "predicted"
    assert unexplained(window) == set()
    trace, session = traced(window), window.session
    found, last = lens(trace), len(trace.tokens) - 1
    grid, saying = pane(window, "lens").grid, pane(window, "saying")
    assert grid._words[-1][-1] == "Abernathy"
    assert grid._words[0][-1] == "–"  # all are as likely as each other
    assert grid._marked[-1].all()
    assert saying.rows._figures == [
        f"{share:.3f} · {rank:,}"
        for share, rank in zip(found.of_wanted[:, -1], found.ranks[:, -1], strict=True)
    ]
    map_, parts = pane(window, "added"), pane(window, "parts")
    said = added(trace, last, int(trace.answer(NextTokens).ids[-1, 0]))
    assert parts.rows._names[0] == "head 1.0"
    assert parts.rows._figures[0] == f"{said.heads[1, 0]:+.3f}"
    assert numbers(window, "sum")["Logit"] == f"{said.logit:+.3f}"
    assert [levels.ravel().tolist() for levels in map_.grid._maps] == [[128], [255]]

    click(map_.grid.viewport(), map_.grid.cell_rect(0, 0).center())
    assert (session.view[Selection].layer, session.view[Selection].head) == (0, 0)
    move(grid.viewport(), grid.cell_rect(2, 1).center())
    assert session.hover.query == trace.tokens.place(1)
    assert "the last word\trank 1" in pane(window, "lens")._tip(2, 1)
    click(grid.viewport(), grid.cell_rect(2, 1).center())
    settled(window)
    assert session.view[Selection].queries == (trace.tokens.place(1),)
    assert session.view[Selection].layer == 1
    other = added(trace, 1, int(trace.answer(NextTokens).ids[1, 0]))
    assert numbers(window, "sum")["Logit"] == f"{other.logit:+.3f}"

    number = trace.run.engine().numbered("lamp")
    session.change(LensSettings, token=number, colour="rank")
    settled(window)
    assert numbers(window, "sum")["To"] == "lamp"
    logit = added(trace, 1, number).logit
    assert numbers(window, "sum")["Logit"] == f"{logit:+.3f}".replace("-", "\u2212")
    assert pane(window, "lens").heat.log
    session.undo()
    settled(window)
    assert numbers(window, "sum")["To"] == "<s>"
    assert pane(window, "lens").table().splitlines()[-1].split("\t")[-1] == "Abernathy"
    assert np.isfinite(pane(window, "added").found.added.heads).all()


def test_there_is_no_such_page_without_a_head(text_window, settled):
    session = text_window.session
    assert "predicted" not in session.current.pages
    session.set_page("predicted")
    assert session.current.page == "attention"
