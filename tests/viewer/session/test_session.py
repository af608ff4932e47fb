"""Session: selection, settings, undo and hover, without a window."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.settings import RolloutSettings
from headlight.models.core.tokens import CharSpan
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.session import session as module
from headlight.viewer.session.session import NOWHERE, Hover, RunOptions, Session
from headlight.viewer.session.view import CloudSettings, MapSettings, Selection
from tests.viewer.given import patch_tokens, trace_of
from tests.viewer.given_cloud import room

A, B, C = (CharSpan(i, i + 1) for i in range(3))


@pytest.fixture
def session() -> Session:
    opened = Session()
    opened.add(TextInput("a", "a b c"), RunOptions())
    return opened


def test_a_click_selects_and_shift_click_toggles(session):
    session.select(queries=[A])
    session.select(queries=[B], add=True)
    assert session.view[Selection].queries == (A, B)
    session.select(queries=[A], add=True)
    assert session.view[Selection].queries == (B,)
    session.select(queries=[A, B, C], add=True)
    assert session.view[Selection].queries == (B, A, C)
    session.select(queries=[C])
    assert session.view[Selection].queries == (C,)


def test_hover_changes_no_view_and_is_told_once(session):
    told = []
    session.hover_changed.connect(told.append)
    before = session.view
    session.set_hover(Hover(query=A))
    session.set_hover(Hover(query=A))
    assert told == [Hover(query=A)]
    assert session.view is before
    session.undo()
    assert session.hover == Hover(query=A)


def test_a_slider_dragged_is_one_step_of_undo(session, monkeypatch):
    clock = iter([10.0, 10.1, 10.2, 20.0]).__next__
    monkeypatch.setattr(module.time, "monotonic", lambda: clock())
    for value in (99.0, 98.0, 97.0):
        session.change(MapSettings, gesture="percentile", percentile=value)
    session.undo()
    assert session.view[MapSettings].percentile == 99.5
    session.redo()
    assert session.view[MapSettings].percentile == 97.0
    session.change(MapSettings, gesture="percentile", percentile=90.0)
    session.undo()
    assert session.view[MapSettings].percentile == 97.0


changes = st.one_of(
    st.builds(lambda n: (Selection, {"layer": n}), st.integers(0, 5)),
    st.builds(lambda b: (MapSettings, {"log": b}), st.booleans()),
    st.builds(lambda n: (RolloutSettings, {"first": n}), st.integers(0, 5)),
)


@given(st.lists(changes, max_size=12))
def test_undoing_everything_and_redoing_it_comes_back(made):
    session = Session()
    session.add(TextInput("a", "a"), RunOptions())
    views = [session.view]
    for kind, values in made:
        session.change(kind, **values)
        if session.view != views[-1]:
            views.append(session.view)
    for view in reversed(views):
        assert session.view == view
        session.undo()
    for view in views[1:]:
        session.redo()
        assert session.view == view


def test_a_cloud_is_looked_at_in_steps_that_undo(session, monkeypatch):
    monkeypatch.setattr(module.time, "monotonic", iter([1.0, 1.1, 5.0, 9.0]).__next__)
    cloud = session.add(room(30), RunOptions())
    assert cloud.kind.id == "points"
    for size in (5.0, 6.0):
        session.change(CloudSettings, gesture="point size", point_size=size)
    session.change(CloudSettings, hidden=frozenset({2}))
    session.select(layer=3, head=1, also=(replace(session.view[CloudSettings], rows=(0, 3)),))
    assert (session.view[Selection].layer, session.view[CloudSettings].rows) == (3, (0, 3))
    session.undo()
    assert (session.view[Selection].layer, session.view[CloudSettings].rows) == (0, ())
    session.undo()
    assert (session.view[CloudSettings].hidden, session.view[CloudSettings].point_size) == (frozenset(), 6.0)
    session.undo()
    assert session.view[CloudSettings] == CloudSettings()


def test_each_document_keeps_its_own_view_and_closing_shows_a_neighbour(session):
    first = session.current
    session.select(layer=3)
    picture = ImageInput("b", np.zeros((8, 8, 3), np.uint8))
    second = session.add(picture, RunOptions())
    assert session.view[Selection].layer == 0
    session.set_hover(Hover(query=A))
    session.show(first)
    assert session.view[Selection].layer == 3
    assert session.hover == NOWHERE
    session.close(first)
    assert session.current is second
    session.close(second)
    assert session.current is None
    session.undo()
    again = session.reopen(session.take_closed(), picture)
    assert session.current is again
    assert (again.input, again.options) == (picture, second.options)
    session.reopen(session.take_closed(), first.input)
    assert session.view[Selection].layer == 3
    assert not session.can_reopen()


def test_a_document_has_the_pages_that_fit_and_turning_them_is_no_step_of_undo(session):
    picture = ImageInput(np.zeros((20, 30, 3), np.uint8), "picture")
    document = session.add(picture, RunOptions())
    turned = []
    session.page_changed.connect(lambda: turned.append(document.page))
    assert document.pages[:4] == ("attention", "heads", "weight", "fields")
    assert document.pages[-2:] == ("cost", "published")
    session.set_page("cost")
    session.set_page("cost")
    assert turned == ["cost"]
    assert not document.past
    session.update(document, trace=trace_of(patch_tokens()))
    assert document.page == "cost"
    session.set_page("attention")
    session.update(document, trace=trace_of(patch_tokens(), layers=0))
    assert document.page == document.pages[0] == "fields"
    assert not {"attention", "heads", "weight", "experiments", "artifacts"} & set(document.pages)
    session.set_page("attention")
    assert document.page == "fields"


def test_the_cursor_leaves_the_document_before_another_is_shown():
    session, seen = Session(), []
    first, second = (session.add(TextInput(title, title), RunOptions()) for title in ("one", "two"))
    session.hover_changed.connect(lambda hover: seen.append((session.current, session.current.page)))
    session.set_hover(Hover(layer=1, head=0))
    session.show(first)
    session.set_hover(Hover(layer=1, head=0))
    session.set_page("cost")
    assert seen == [
        *((second, "attention"), (second, "attention")),
        *((first, "attention"), (first, "attention")),
    ]
