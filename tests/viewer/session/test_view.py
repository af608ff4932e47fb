"""A view: a frozen mapping from types of settings to their values."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.attention.recorded import numbered
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings, Selection, View, fitted
from tests.viewer.given import text_tokens, trace_of


@dataclass(frozen=True)
class Foreign:
    """Settings that nobody here knows, as a plugin has them."""

    depth: int = 3


settings = st.one_of(
    st.builds(Selection, st.integers(0, 3)),
    st.builds(MapSettings, log=st.booleans()),
    st.builds(Foreign, st.integers(2, 4)),
)


@given(st.lists(settings))
def test_a_view_answers_what_was_put_in_last_and_the_order_of_types_does_not_count(values):
    view, last = View(), {}
    for value in values:
        before = hash(view)
        view, old = view.having(value), view
        assert hash(old) == before
        last[type(value)] = value
    for kind in (Selection, MapSettings, Foreign):
        assert view[kind] == last.get(kind, kind())
    other = View(*reversed(last.values()))
    assert (view, hash(view)) == (other, hash(other))
    assert dict(view) == {kind: value for kind, value in last.items() if value != kind()}
    assert view.having(*(kind() for kind in last)) == View()


def test_one_field_is_changed_and_a_field_that_there_is_not_is_an_error():
    view = View().changed(MapSettings, log=True).changed(Foreign, depth=4)
    assert view == View(Foreign(4), MapSettings(log=True))
    with pytest.raises(TypeError):
        view.changed(Foreign, width=1)


def stacks(**counts: int) -> Trace:
    """A trace of so many layers in each stack."""
    trace = trace_of(text_tokens("a", "b"), layers=sum(counts.values()))
    at = 0
    for stack, count in counts.items():
        numbered(trace.layers[at : at + count], stack)
        at += count
    return trace


@pytest.mark.parametrize(
    ("before", "layer", "after", "found"),
    [
        ({"encoder": 6}, 5, {"encoder": 12}, 5),
        ({"encoder": 12}, 11, {"encoder": 6}, 5),
        ({"enc1": 2, "enc2": 3, "dec1": 1}, 4, {"enc1": 1, "enc2": 3, "dec1": 1}, 3),
        ({"enc1": 2, "enc2": 3, "dec1": 1}, 5, {"enc1": 1, "enc2": 1, "dec1": 2}, 2),
        ({"encoder": 6}, 4, {"decoder": 3}, 2),
        ({"encoder": 6}, 4, {}, 0),
        ({}, 0, {"encoder": 2}, 0),
    ],
)
def test_of_another_model_the_layer_in_the_same_place_is_looked_at(before, layer, after, found):
    view = View(Selection(layer=layer))
    assert fitted(view, stacks(**after), before=stacks(**before))[Selection].layer == found
    assert fitted(view, stacks(**after), (0, 1), stacks(**before))[Selection].layer == 0
