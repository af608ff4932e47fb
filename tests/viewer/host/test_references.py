"""What both ends of a wire speak of: sent once, or never, and let go of when nobody has it."""

from __future__ import annotations

import queue
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headlight.models.core.trace import Trace
from headlight.viewer.host.failure import Gone
from headlight.viewer.host.in_place import InPlace, _carried
from headlight.viewer.host.summary import Summary, of_engine, of_window
from headlight.viewer.inputs.inputs import ImageInput
from tests.viewer.given import text_tokens, trace_of


class Ends:
    """An engine's end and a window's, and what is said between them, one message after the other."""

    def __init__(self):
        self.engine, self.dropped = of_engine(), []
        self.window = of_window(lambda key, count: self.dropped.append((key, count)))

    def to_window(self, value):
        return _carried(self.engine, self.window, value)

    def to_engine(self, value):
        return _carried(self.window, self.engine, value)

    def deliver(self):
        while self.dropped:
            self.engine.dropped(*self.dropped.pop(0))


@pytest.fixture
def ends():
    return Ends()


@pytest.fixture
def trace():
    return trace_of(text_tokens("a", "great", "serve"))


def test_a_trace_stays_and_its_summary_leads_back_to_it(ends, trace):
    summary = ends.to_window((trace, 1))[0]
    assert type(summary) is Summary
    assert [layer.name for layer in summary.layers] == ["layer.0", "layer.1"]
    assert summary.layers[0].queries is summary.layers[1].keys is summary.tokens
    assert not hasattr(summary.layers[0], "row")
    assert ends.to_engine([summary]) == [trace]
    assert ends.to_window(trace) is summary


def test_the_engine_lets_go_of_what_nobody_has(ends, trace):
    summary = ends.to_window(trace)
    assert len(ends.engine) == 2  # it and its tokens
    del summary
    ends.deliver()
    assert len(ends.engine) == len(ends.window) == 0


def test_messages_that_cross_lose_nothing(ends, trace):
    """The window lets go of a summary while another one is on its way to it."""
    summary = ends.to_window(trace)
    data, buffers = ends.engine.dumps(trace)
    del summary
    again = ends.window.loads(data, [buffer.raw() for buffer in buffers])
    ends.deliver()
    assert ends.to_engine(again) is trace
    del again
    ends.deliver()
    assert len(ends.engine) == 0


def test_an_input_is_sent_once_and_is_the_same_on_its_way_back(ends):
    picture = ImageInput("a.png", np.zeros((300, 300, 3), np.uint8))
    there = ends.to_engine(picture)
    assert there is not picture
    assert ends.to_engine((picture, 2))[0] is there
    assert ends.to_window((there, "as it was"))[0] is picture
    call, had = ends.engine.asked(ends.window.dumps(picture)[0])
    data, arrays = ends.engine.dumps(call, had)  # the window has it as long as it asks
    assert (arrays, ends.window.loads(data)) == ([], picture)
    assert len(ends.window.dumps(picture)[1]) == 0
    del picture
    ends.deliver()
    assert len(ends.engine) == 0


def test_an_input_that_the_engine_read_is_known_there(ends):
    picture = ImageInput("a.png", np.zeros((300, 300, 3), np.uint8))
    here = ends.to_window(picture)
    assert ends.to_engine(here) is picture


def test_what_an_engine_had_is_gone_with_it(ends, trace):
    summary = ends.to_window(trace)
    with pytest.raises(Gone, match="Run it again"):
        Ends().to_engine(summary)


@given(st.lists(st.sampled_from(["send", "drop", "deliver"]), max_size=12))
def test_whatever_is_sent_and_dropped_what_is_had_leads_back(steps):
    ends, one = Ends(), trace_of(text_tokens("a"))
    had = []
    for step in steps:
        if step == "send":
            had.append(ends.to_window(one))
        elif step == "drop":
            had.clear()
        else:
            ends.deliver()
        assert all(ends.to_engine(summary) is one for summary in had)
    had.clear()
    ends.deliver()
    assert len(ends.engine) == len(ends.window) == 0


def read(labels, task):
    return trace_of(text_tokens(*labels))


def layers_of(trace, task):
    return type(trace), len(trace.layers)


def same(trace, task):
    return trace


def test_a_host_in_place_speaks_as_one_over_a_wire_does():
    host, heard = InPlace(), queue.Queue()

    def asked(call):
        host.start(1, "run", call, lambda word, value: heard.put((word, value)))
        return heard.get(timeout=30)

    word, summary = asked(partial(read, ("a", "b")))
    assert (word, type(summary)) == ("done", Summary)
    assert asked(partial(layers_of, summary)) == ("done", (Trace, 2))
    assert asked(partial(same, summary))[1] is summary
    word, failure = asked(lambda task: None)  # it has no name by which another process would find it
    assert (word, "pickle" in failure.cause.lower()) == ("failed", True)
    host.close()
