"""How long work will still take: right at an even pace, and not said before it means anything."""

from __future__ import annotations

import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headlight.viewer.app.bars.pace import (
    ENOUGH_SECONDS,
    ENOUGH_SHARE,
    ENOUGH_STEPS,
    Pace,
    Paces,
    duration,
)


def tell(task, seen, *progress):
    """Say one after the other, each when the one before was heard: of several at once the last would be."""
    for said in progress:
        before = len(seen)
        task.progress(*said)
        while len(seen) == before:
            time.sleep(0.001)


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # on a busy machine
@given(st.floats(1, 1000), st.lists(st.floats(0.001, 1), min_size=1, max_size=8))
def test_at_an_even_pace_the_estimate_is_the_rest(whole, shares):
    clock = Clock()
    pace = Pace(clock)
    for step, share in enumerate(sorted({0.01, 0.02, *shares}), 1):
        clock.now = share * whole
        pace.reach(share)
        left = pace.left()
        if clock.now < ENOUGH_SECONDS or share < ENOUGH_SHARE or step < ENOUGH_STEPS:
            assert left is None
        elif share < 1:
            assert left == pytest.approx(whole * (1 - share), rel=1e-6)


def test_another_part_of_the_work_begins_its_own_estimate():
    clock = Clock()
    pace = Pace(clock)
    for share in (0.1, 0.3, 0.5):
        clock.now = 20 * share
        pace.reach(share)
    assert pace.left() == pytest.approx(10)
    clock.now += 4  # nothing was told since: the estimate runs down, and ends where it was wrong
    assert pace.left() == pytest.approx(6)
    clock.now += 7
    assert pace.left() is None
    pace.reach(0.0)
    for share in (0.1, 0.15, 0.2):
        clock.now += 1
        assert pace.left() is None
        pace.reach(share)
    assert pace.left() == pytest.approx(12)


def test_two_milestones_are_no_pace():
    clock = Clock()
    pace = Pace(clock)
    pace.reach(0.1)
    clock.now = 8.0
    pace.reach(0.2)
    assert pace.left() is None


def test_what_is_said_of_a_job(qtbot):
    from headlight.viewer.app.bridge import Bridge
    from headlight.viewer.session.jobs import Jobs

    jobs = Jobs(Bridge().post)
    paces, seen = Paces(jobs), []

    def work(task):
        tell(task, seen, (0.0, "Begin"), (0.4, "On"))

    jobs.progressed.connect(lambda job: seen.append(paces.said(job)))
    jobs.submit("a", work, lambda _: None)
    qtbot.waitUntil(lambda: not jobs.running())
    jobs.close()
    assert seen == ["", "40 %"]
    assert paces._paces == {}
    assert [duration(seconds) for seconds in (0.2, 3.4, 89, 95, 240)] == [
        *("about 1 s", "about 3 s", "about 89 s", "about 2 min", "about 4 min")
    ]


def test_the_end_of_a_part_is_not_the_end_of_the_job(qtbot):
    from headlight.viewer.app.bridge import Bridge
    from headlight.viewer.session.jobs import Jobs

    jobs = Jobs(Bridge().post)
    paces, seen = Paces(jobs), []

    def work(task):
        tell(task, seen, *((share, "Loading") for share in (0.5, 0.998, 1.0)), (0.2, "Reading"))

    jobs.progressed.connect(lambda job: seen.append((job.percent, paces.said(job))))
    jobs.submit("a", work, lambda _: None)
    qtbot.waitUntil(lambda: not jobs.running())
    jobs.close()
    assert seen == [("50 %", "50 %"), ("99 %", "99 %"), ("", ""), ("20 %", "20 %")]
