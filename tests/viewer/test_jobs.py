"""Jobs: order, progress, cancel, superseded results, failures, and an end without leftovers."""

from __future__ import annotations

import threading

import pytest

from models.errors import HeadlightError
from viewer.jobs import Failure, Jobs


@pytest.fixture
def jobs(qtbot):
    made = Jobs()
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


def test_memory_errors_say_what_to_do():
    assert Failure.of(MemoryError()).next_step == "Choose a smaller size or model."


def test_closing_during_work_cancels_waits_and_delivers_nothing(qtbot):
    jobs, begun, seen = Jobs(), threading.Event(), []

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
