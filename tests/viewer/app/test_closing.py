"""A closed document lets go of its trace at once, whatever panes, caches and workers held of it."""

from __future__ import annotations

import gc
import weakref
from pathlib import Path

import pytest

from headlight.models.core.cache import held
from headlight.viewer.session.session import RunOptions
from headlight.viewer.session.view import MapSettings
from tests.viewer.linked import traced

SAMPLES = Path(__file__).parents[3] / "assets" / "samples"


def gone(window, settled, others: int = 0) -> None:
    """Closes the current document and asks whether its trace is no more."""
    document = window.session.current
    trace, what = traced(window), weakref.ref(document.input)
    things = [weakref.ref(one) for one in (document.trace, trace, *trace.layers)]
    del trace
    window.actions_.run("close")
    del document
    settled(window)
    gc.collect()
    assert not any(thing() for thing in things)
    assert len(window.session.documents) == others
    assert what() is None or window.session.can_reopen()


def turn(window, settled) -> None:
    """Every page is seen, so that every pane holds something."""
    for page in list(window.session.current.pages):
        window.session.set_page(page)
        settled(window)


def test_of_a_text(make_window, settled):
    window = make_window()
    window.runs.open_text("a great serve from Djokovic won the match")
    settled(window)
    trace = traced(window)
    assert held(trace) >= 3 * 4 * 384 * len(trace.tokens) * len(trace.layers)  # q, k and v
    del trace
    window.session.change(MapSettings, method="norms", whole_words=True)
    turn(window, settled)
    gone(window, settled)


def test_of_an_image_beside_another(make_window, settled):
    window = make_window(size=224)
    for name in ("coffee.jpg", "rocket.jpg"):
        window.runs.open_path(str(SAMPLES / name))
        settled(window)
    turn(window, settled)
    gone(window, settled, others=1)
    gone(window, settled)


@pytest.mark.parametrize("reach", ["attention", "composed"])
def test_of_a_cloud(cloud_window, settled, reach):
    window = cloud_window
    trace = window.session.current.trace
    window.session.change(MapSettings, method=reach)
    window.session.select(queries=[trace.tokens.place(3)])
    del trace
    settled(window)
    gone(window, settled)


def test_of_a_cloud_that_another_model_read_before(cloud_window, settled):
    from tests.viewer.cloud_windows import answered
    from tests.viewer.given_cloud import trace_of

    window = cloud_window
    document = window.session.current
    before = weakref.ref(traced(window))
    for _ in range(2):
        window.session.update(document, options=RunOptions(model=f"model {_}"))
        answered(window, document, trace_of(document.input))
        settled(window)
    gc.collect()
    assert before() is None  # one former trace alone is kept
    del document
    gone(window, settled)
