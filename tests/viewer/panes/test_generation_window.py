"""The page of generation in a window: a text goes on, step by step, another way, and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.models.core.answers import NextTokens, Writing
from headlight.models.core.relevance import percent
from headlight.models.core.settings import WritingSettings
from headlight.viewer.export.choices import Subject, offered
from headlight.viewer.session.view import MapSettings, Selection
from tests.viewer.app.test_explanations import unexplained
from tests.viewer.cloud_windows import answered, pane
from tests.viewer.given import text_tokens, trace_of
from tests.viewer.linked import numbers, traced
from tests.widgets.pointer import click

PROMPT = "Mrs Abernathy lit the lamp. Then Mrs"


def test_a_text_goes_on_step_by_step_and_another_way(make_window, settled, qtbot):
    window = make_window(model="induction")
    window.runs.open_text(PROMPT)
    settled(window)
    document, run = window.session.current, window.actions_.run
    window.session.change(WritingSettings, new=5)
    run("go-on")
    settled(window)
    assert window.shows_page("generation")
    shown, strip = pane(window, "generation"), pane(window, "generation").strip
    trace = document.trace
    written, answer = trace.written, trace.answer(NextTokens)
    assert strip._labels == ("Abernathy", "l", "##i", "##t", "the")
    np.testing.assert_array_equal(strip._values, written.probabilities)
    assert (shown.bar._scale.low, shown.bar._scale.high) == (0, 1)
    assert pane(window, "sentence").strip._written == written.start

    assert unexplained(window) == set()

    # A token that was written is the query, and beside it stands what else there was.
    click(strip, strip.chip_rect(1).center().toPoint())
    settled(window)
    assert window.session.view[Selection].queries == (trace.tokens.place(written.start + 1),)
    assert shown.rows._names[0] == "l"
    assert shown.rows._figures[0] == percent(float(answer.probabilities[written.start, 0]))
    assert numbers(window, "step")["Step"] == "2 of 5"
    assert list(pane(window, "matrix").view._selected[0]) == [written.start + 1]

    # At a step all panes hold what was there then.
    window.session.select(queries=())
    run("step-back")
    run("step-back")
    settled(window)
    assert window.session.view[MapSettings].step == 3
    assert pane(window, "matrix").view._values.shape == (written.start + 3,) * 2
    assert pane(window, "sentence").strip._labels[-1] == "##i"
    assert shown.rows._names[shown.rows._first] == "##t"

    filled = offered(replace(Subject.of(document), trace=traced(window))).filled
    assert filled["attention"].values["query"] == (written.start + 2,)

    # Another token goes on in a document of its own.
    place = shown.rows.row_rect(2).center().toPoint()
    other = shown.rows._names[2]
    click(shown.rows, place)
    settled(window)
    branched = window.session.current
    assert branched is not document
    assert branched.trace.written.ids[:3] == written.ids[:3]
    assert branched.trace.written.ids[3] == answer.ids[written.start + 2, 2] != written.ids[3]
    assert branched.trace.written.how.new == 1
    assert branched.title.startswith(f"…{other} · ")
    assert window.shows_page("generation")

    # More behind it, undone and done again, closed and brought back: the same tokens.
    window.session.change(WritingSettings, how="drawn", temperature=3.0, seed=4)
    run("go-on")
    settled(window)
    drawn = branched.trace.written
    assert drawn.ids[:5] == (*written.ids[:3], drawn.ids[3], drawn.ids[4])
    assert drawn.shares is not None
    assert "\u2007" in shown.rows._figures[0]
    run("undo")
    settled(window)
    assert branched.trace.written.ids == drawn.ids[: len(branched.trace.written.ids)]
    run("redo")
    settled(window)
    assert branched.trace.written.ids == drawn.ids
    run("close")
    run("reopen")
    settled(window)
    again = window.session.current
    assert again.trace.written.ids == drawn.ids
    assert again.trace.written.text == drawn.text
    assert window.shows_page("generation")

    # Another text is written behind anew, another model asked nothing.
    window.runs.edit(again, "the cat sat the", None)
    settled(window)
    assert again.trace.written.how.ids == ()
    window.runs.start = lambda *_, **__: None
    window.runs.change(again, model="minilm-l6")
    assert again.wanted.options.writing is None
    answered(window, again, trace_of(text_tokens("the", "cat")))
    settled(window)
    assert not window.shows_page("generation")
    assert not window.actions_.actions["go-on"].isEnabled()

    # A text that is opened like this one has nothing behind it.
    count = len(window.session.documents)
    window.runs.open_like("Then Mrs", document, document.view)
    qtbot.waitUntil(lambda: len(window.session.documents) > count)
    assert window.session.current.options.writing is None


def test_what_was_written_stays_when_it_is_cancelled(make_window, settled, qtbot):
    window = make_window(model="induction")
    window.runs.open_text(PROMPT)
    settled(window)
    document = window.session.current
    window.runs.wrote.connect(lambda *_: window.runs.cancel())
    window.runs.change(document, writing=Writing(new=900))
    settled(window)
    written = document.trace.written
    assert 0 < len(written.ids) < 900
    assert (written.how.new, written.how.ids) == (0, written.ids)
    window.session.undo()
    settled(window)
    assert document.trace.written is None
