"""The page of arcs in a window: heads chosen by their colour, a token's links in numbers, a click."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.viewer.app.cli import run
from headlight.viewer.export.choices import Subject, offered
from headlight.viewer.session.view import ArcsSettings, MapSettings, Selection
from headlight.viewer.slices.language.arcs import arcs
from tests.viewer.cloud_windows import pane
from tests.viewer.linked import SENTENCE, numbers, traced
from tests.widgets.pointer import SHIFT, click, move


def test_arcs_of_chosen_heads_and_tokens(text_window, settled, tmp_path):
    window = text_window
    window.session.set_page("arcs")
    settled(window)
    shown, trace = pane(window, "arcs"), traced(window)
    every = arcs(trace, 5, ArcsSettings(), MapSettings())
    assert shown.view.drawn() == (len(every), len(every))

    click(shown.heads, shown.heads.rect_of(3).center().toPoint())
    click(shown.heads, shown.heads.rect_of(7).center().toPoint(), keys=SHIFT)
    settled(window)
    assert window.session.view[ArcsSettings].heads == (3, 7)
    found = arcs(trace, 5, ArcsSettings(heads=(3, 7)), MapSettings())
    np.testing.assert_array_equal(shown.view._links, [found.head, found.query, found.key])

    place = shown.view.spot_rect("query", 3).center().toPoint()
    move(shown.view, place)
    links = found.of(query=3)
    best = f"{trace.layers[5].matrix(int(found.head[links[0]]))[3].max():.4f}, head {found.head[links[0]]}"
    assert numbers(window, "pointed")["Arcs"] == f"{len(links)}"
    assert numbers(window, "pointed")["Highest"].endswith(best)
    click(shown.view, place)
    assert window.session.view[Selection].queries == (trace.tokens.place(3),)
    settled(window)

    window.session.change(MapSettings, hide_special=True)
    settled(window)
    assert "[CLS]" not in shown.view._axes["key"].labels

    assert offered(replace(Subject.of(window.session.current), trace=trace)).start == "arcs"
    out = tmp_path / "out.npz"
    given = ["export", "--text", SENTENCE, "arcs", "--layer", "5", "--head", "7", "--mass", "0.4"]
    assert run([*given, "--out", str(out)]) == 0
    expected = arcs(trace, 5, ArcsSettings(0.4, (7,)), MapSettings())
    with np.load(out) as file:
        np.testing.assert_array_equal(file["key"], expected.key)
        np.testing.assert_allclose(file["weight"], expected.weight, atol=1e-6)
