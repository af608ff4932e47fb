"""Jobs: order, progress, cancel, superseded results, failures, and an end without leftovers."""

from __future__ import annotations

import re
import threading
import time
import unicodedata
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import QTimer

from headlight.models.core.errors import HeadlightError
from headlight.viewer.app.bridge import Bridge
from headlight.viewer.host.failure import Failure
from headlight.viewer.host.lanes import Lanes
from headlight.viewer.session.jobs import Jobs, Turn


@pytest.fixture
def jobs(qtbot):
    made = Jobs(Bridge().post)
    yield made
    made.close()


def test_results_and_partial_results_arrive_on_the_gui_thread_in_order(jobs, qtbot):
    seen = []

    def work(task):
        task.progress(0.5, "half")
        task.partial(1)
        task.partial(2)
        return threading.current_thread().name

    def note(value):
        seen.append((value, threading.current_thread() is threading.main_thread()))

    said = []
    jobs.progressed.connect(lambda job: said.append((job.share, job.sentence)))
    jobs.submit("a", work, note, partial=note)
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen == [(1, True), (2, True), ("headlight-look", True)]
    assert said == [(0.5, "half")]
    assert not jobs.running()


def test_a_worker_that_says_more_than_can_be_painted_is_heard_at_its_last_word(jobs, qtbot):
    said, done, end = [], [], threading.Event()

    def work(task):
        for part in range(10_000):
            task.progress(part / 10_000, f"part {part}")
        end.set()

    jobs.progressed.connect(lambda job: said.append(job.sentence))
    jobs.submit("a", work, done.append)
    assert end.wait(30)  # while the window does not listen
    qtbot.waitUntil(lambda: done != [])
    assert said == ["part 9999"]


def test_a_newer_request_supersedes_the_older_at_its_next_check(jobs, qtbot):
    begun, go = threading.Event(), threading.Event()
    ended, seen = [], []

    def slow(task):
        begun.set()
        go.wait(5)
        try:
            task.check()
        finally:
            ended.append("slow")
        return "old"

    jobs.submit("a", slow, seen.append)
    assert begun.wait(5)
    jobs.submit("a", lambda task: "new", seen.append)
    jobs.submit("b", lambda task: "other", seen.append)
    go.set()
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == ["new", "other"]
    assert ended == ["slow"]


def test_a_result_on_its_way_is_dropped_when_cancelled(jobs, qtbot):
    done, seen = threading.Event(), []

    def work(task):
        task.partial("partial")
        done.set()
        return "result"

    jobs.submit("a", work, seen.append, partial=seen.append)
    assert done.wait(5)
    assert jobs.cancel("a") == 1
    jobs.submit("b", lambda task: "b", seen.append)
    qtbot.waitUntil(lambda: bool(seen))
    assert seen == ["b"]


def test_who_is_cancelled_is_told_and_who_is_superseded_is_not(jobs, qtbot):
    go, told, seen = threading.Event(), [], []

    def ask(kind, document):
        return jobs.submit(
            *(kind, lambda _: go.wait(5), seen.append), cancelled=told.append, document=document
        )

    first, second, third = ask("a", 1), ask("a", 1), ask("b", 2)
    assert told == []
    assert (jobs.of(1), jobs.of(2)) == ([second], [third])
    assert jobs.cancel(document=1) == 1
    assert (told, jobs.running()) == ([second], [third])
    go.set()
    qtbot.waitUntil(lambda: seen == [True])
    assert first not in jobs.running()


def test_a_long_run_does_not_hold_up_a_look(jobs, qtbot):
    go, seen = threading.Event(), []
    jobs.submit("run", lambda task: go.wait(5), seen.append, lane="run")
    jobs.submit("look", lambda task: "look", seen.append)
    qtbot.waitUntil(lambda: seen == ["look"])
    go.set()
    qtbot.waitUntil(lambda: len(seen) == 2)


def test_failures_carry_cause_next_step_and_traceback(jobs, qtbot):
    failed = []
    jobs.failed.connect(failed.append)

    def broken(task):
        raise HeadlightError("It is broken.", "Mend it.")

    jobs.submit("a", broken, pytest.fail)
    qtbot.waitUntil(lambda: bool(failed))
    assert (failed[0].cause, failed[0].next_step) == ("It is broken.", "Mend it.")
    assert "in broken" in failed[0].details
    own = []
    jobs.submit("b", lambda task: 1 / 0, pytest.fail, failed=own.append)
    qtbot.waitUntil(lambda: bool(own))
    assert own[0].cause == "Something went wrong: division by zero."
    assert len(failed) == 1


class Panic(BaseException):
    """As libraries in Rust raise it: no Exception."""


class Unsayable(Exception):
    def __str__(self):
        raise ValueError("not even this")


@pytest.mark.parametrize(
    "error", [Panic("deep down"), SystemExit(3), KeyboardInterrupt(), MemoryError(), Unsayable()]
)
@pytest.mark.parametrize("lane", ["run", "look"])
def test_a_lane_outlives_whatever_its_work_raises(jobs, qtbot, error, lane):
    failed, seen = [], []

    def broken(task):
        raise error

    jobs.submit("a", broken, pytest.fail, lane=lane, failed=failed.append)
    jobs.submit("b", lambda task: "later", seen.append, lane=lane)
    qtbot.waitUntil(lambda: bool(seen))
    assert [type(f) for f in failed] == [Failure]
    assert failed[0].cause.endswith(".")
    assert not jobs.running()


def test_what_a_callback_raises_loses_no_later_job(jobs, qtbot):
    seen = []

    def work(task):
        task.partial("partial")
        return "done"

    def broken(value):
        seen.append(value)
        raise ValueError(value)

    with qtbot.capture_exceptions() as raised:
        jobs.submit("a", work, broken, partial=broken)
        jobs.submit("b", lambda task: 1 / 0, pytest.fail, failed=broken)
        jobs.submit("c", lambda task: "later", seen.append)
        qtbot.waitUntil(lambda: "later" in seen)
    assert seen[:2] == ["partial", "done"]
    assert [kind for kind, _, _ in raised] == [ValueError] * 3
    assert not jobs.running()


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (MemoryError(), "There is not enough memory for this."),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] err == 0. DefaultCPUAllocator: can't allocate memory: "
                "you tried to allocate 4000000000000000 bytes. Error code 12 (Cannot allocate memory)"
            ),
            r"4,000,000\.0 GB are needed at once, and [\d.,]+ GB are free\.",
        ),
        (
            RuntimeError("CUDA out of memory. Tried to allocate 2.50 GiB. GPU 0 has 1 GiB"),
            r"2\.7 GB more are needed\.",
        ),
    ],
)
def test_want_of_memory_is_said_in_plain_words_also_when_an_engine_wrapped_it(error, cause):
    wrapped = HeadlightError(f"The model cannot read this: {error}", "Choose a square picture.")
    wrapped.__cause__ = error
    for failure in (Failure.of(error), Failure.of(wrapped)):
        if isinstance(error, MemoryError) and failure.next_step == wrapped.next_step:
            continue  # Python's own, about which a reader knows more
        assert re.search(cause, failure.cause)
        assert failure.next_step.startswith("Choose a smaller size")
        assert failure.foreseen


@given(st.text(), st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp"])), st.integers(0, 5000))
def test_names_from_files_cannot_harm_a_message(name, marks, length):
    said = str(HeadlightError(f"{name}{marks}{'x' * length} is odd.", "Choose another file."))
    assert len(said) < 2000
    assert not [c for c in said if unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp")]
    assert not set(said) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")
    assert said.endswith("Choose another file.")


def test_closing_during_work_cancels_waits_and_delivers_nothing(qtbot):
    jobs, begun, seen = Jobs(Bridge().post), threading.Event(), []

    def endless(task):
        begun.set()
        while True:
            task.check()

    jobs.submit("a", endless, seen.append, lane="run")
    jobs.submit("b", lambda task: "never", seen.append, lane="run")
    assert begun.wait(5)
    jobs.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("headlight-")]
    qtbot.wait(10)
    assert seen == []
    assert jobs.submit("c", lambda task: 1, seen.append) is None


def test_of_a_sweep_some_is_delivered_before_the_end(jobs, qtbot):
    """Each request comes before the one before it is done, as while a mouse moves."""
    seen, go = [], threading.Event()
    for number in range(5):
        jobs.submit("a", lambda task, number=number: go.wait(5) and number, seen.append, steady=True)
    assert len(jobs.running()) == 2, "the first, and the last"
    go.set()
    qtbot.waitUntil(lambda: len(seen) == 2)
    assert seen == [0, 4]
    jobs.submit("a", lambda task: 1 / 0, seen.append, failed=seen.append, steady=True)
    jobs.submit("a", lambda task: "good", seen.append, failed=seen.append, steady=True)
    qtbot.waitUntil(lambda: len(seen) == 3)
    assert seen[-1] == "good", "nobody is told of a failure of what is passed over"


def test_only_who_is_told_so_by_a_person_is_cancelled_firmly(qtbot):
    """A page that is left must not end an engine with all that it holds."""

    class Noting(Lanes):
        def cancel(self, number, *, firmly=False):
            firm.append(firmly)
            super().cancel(number)

    firm, go = [], threading.Event()
    jobs = Jobs(Bridge().post, Noting())
    for firmly in (False, True):
        jobs.submit("a", lambda _: go.wait(5), lambda _: None)
        jobs.cancel("a", firmly=firmly)
    go.set()
    assert firm == [False, True]
    jobs.close()


def test_what_is_posted_is_done_in_order_and_the_event_loop_has_turns_in_between(qtbot):
    bridge, done, seen = Bridge(), [], []
    looks = QTimer(interval=0)
    looks.timeout.connect(lambda: seen.append(len(done)))
    looks.start()
    turn = Turn(bridge.post, lambda: done.append("turn"))

    def work(number: int) -> None:
        time.sleep(0.002)
        done.append(number)

    for number in range(20):
        bridge.post(partial(work, number))
        turn.ask()
    with qtbot.waitSignal(bridge.emptied):
        pass
    looks.stop()
    assert done == [0, "turn", *range(1, 20)]  # asked for twenty times, once
    assert bridge.is_empty()
    assert len(set(seen) - {0, len(done)}) >= 3
    turn.ask()
    turn.drop()
    with qtbot.waitSignal(bridge.emptied):
        pass
    assert done.count("turn") == 1
