"""Engines in processes of their own: what they answer, how they end, and that nothing is left of them."""

from __future__ import annotations

import itertools
import os
import queue
import signal
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

from headlight.viewer.host.apart import segments
from headlight.viewer.host.apart.host import ProcessHost
from headlight.viewer.host.apart.wire import VERSION
from tests.viewer.host import calls

WAIT = 30
posix = pytest.mark.skipif(sys.platform == "win32", reason="signals")


class Asked:
    """A host, and what it said of each call."""

    def __init__(self, **more):
        self.heard, self.ends, self.memory = queue.Queue(), queue.Queue(), []
        self.numbers = itertools.count(1)
        self.host = ProcessHost(**more)
        self.host.listen(self.ends.put, self.memory.append)

    def start(self, call, *args, lane="run"):
        number = next(self.numbers)
        hear = lambda word, value: self.heard.put((number, word, value))  # noqa: E731
        self.host.start(number, lane, partial(call, *args), hear)
        return number

    def next(self):
        return self.heard.get(timeout=WAIT)

    def result(self, call, *args):
        """(word, value) with which a call ends."""
        number = self.start(call, *args)
        while True:
            of, word, value = self.next()
            if of == number and word in ("done", "failed"):
                return word, value


@pytest.fixture(scope="module")
def engine():
    """One that nobody ends."""
    asked = Asked()
    yield asked
    pid = asked.host.pid
    asked.host.close()
    assert not psutil.pid_exists(pid)


@pytest.fixture
def mortal():
    asked = Asked()
    yield asked
    asked.host.close()


def folders():
    places = (segments._MEMORY, Path(tempfile.gettempdir()))
    return [one for place in places for one in place.glob(f"headlight-{os.getpid()}-*")]


def test_a_call_is_carried_out_in_another_process(engine):
    assert engine.result(calls.added, 1, 2.5) == ("done", 3.5)
    assert engine.result(calls.where) == ("done", engine.host.pid)
    assert engine.host.pid != os.getpid()


def test_progress_and_parts_come_before_the_result(engine):
    number = engine.start(calls.steps, 3)
    heard = [engine.next() for _ in range(5)]
    assert (number, "progress", (0.0, "Step 0")) == heard[0]
    assert [value for _, word, value in heard if word == "partial"] == [0, 1, 2]
    assert heard[-1] == (number, "done", "all")


def test_failures_say_what_they_said(engine):
    word, failure = engine.result(calls.refuses)
    assert (word, failure.cause, failure.next_step) == ("failed", "It is a Tuesday.", "Come on Wednesday.")
    assert failure.foreseen
    word, failure = engine.result(calls.unsendable)
    assert word == "failed"
    assert "pickle" in failure.cause.lower()
    number = engine.start(lambda task: None)  # what cannot be sent there
    assert engine.next()[:2] == (number, "failed")
    assert engine.result(calls.added, 1, 1) == ("done", 2)


@pytest.mark.parametrize("count", [3, 20_000, 2_000_000])
def test_arrays_arrive_as_they_were_and_can_be_written(engine, count):
    array = np.arange(count, dtype=np.float32)
    word, doubled = engine.result(calls.doubled, array)
    assert word == "done"
    np.testing.assert_array_equal(doubled, 2 * array)
    doubled[0] = 5
    assert not any(any(folder.iterdir()) for folder in folders())


def test_a_result_of_300_megabytes_arrives_and_leaves_nothing(engine):
    word, array = engine.result(calls.zeros, 75_000_000)
    assert (word, array.nbytes, array[-1]) == ("done", 300_000_000, 0)
    assert not any(any(folder.iterdir()) for folder in folders())


def test_what_is_printed_is_no_message(engine):
    assert engine.result(calls.prints) == ("done", "said")


def test_who_heeds_a_cancel_does_not_end_the_engine(engine):
    pid = engine.result(calls.where)[1]
    number = engine.start(calls.heeds)
    waiting = engine.start(calls.added, 1, 1)
    assert engine.next()[:2] == (number, "progress")
    engine.host.cancel(waiting, firmly=True)  # it has not begun
    engine.host.cancel(number, firmly=True)
    assert engine.result(calls.where) == ("done", pid)


def test_a_look_does_not_wait_for_a_run(engine):
    number = engine.start(calls.heeds)
    look = engine.start(calls.added, 2, 2, lane="look")
    heard = {engine.next()[:2], engine.next()[:2]}
    assert heard == {(number, "progress"), (look, "done")}
    engine.host.cancel(number)


def test_who_is_deaf_is_ended_with_its_process(mortal, monkeypatch):
    monkeypatch.setattr("headlight.viewer.host.apart.parent.DEAF", 0.2)
    number = mortal.start(calls.deaf)
    assert mortal.next()[:2] == (number, "progress")
    pid = mortal.host.pid
    mortal.host.cancel(number, firmly=True)
    assert "did not heed" in mortal.ends.get(timeout=WAIT).cause
    assert mortal.result(calls.added, 1, 1) == ("done", 2)
    assert not psutil.pid_exists(pid)


@posix
@pytest.mark.parametrize("way", ["cancelled", "closed"])
def test_an_engine_that_does_not_even_read_is_ended(mortal, monkeypatch, way):
    monkeypatch.setattr("headlight.viewer.host.apart.parent.DEAF", 0.2)
    pid = mortal.result(calls.where)[1]
    os.kill(pid, signal.SIGSTOP)
    number = mortal.start(calls.doubled, np.zeros(200_000, np.float32))  # more than a pipe holds
    if way == "cancelled":
        mortal.host.cancel(number, firmly=True)
        assert "did not heed" in mortal.ends.get(timeout=WAIT).cause
        assert mortal.result(calls.added, 1, 1) == ("done", 2)
    mortal.host.close()
    assert not psutil.pid_exists(pid)


@posix
@pytest.mark.parametrize(
    ("call", "said"),
    [
        (partial(calls.dies, signal.SIGKILL), "out of memory"),
        (calls.crashes, "SIGSEGV"),
        (calls.exits, "no more of this"),
    ],
)
def test_an_engine_that_dies_says_why_and_another_takes_its_place(mortal, call, said):
    for _ in range(2):  # twice in a row
        waiting = mortal.start(calls.added, 0, 0, lane="disk")
        assert mortal.next() == (waiting, "done", 0)
        word, failure = mortal.result(call)
        assert word == "failed"
        assert said in failure.cause
        assert failure.next_step
        assert mortal.ends.get(timeout=WAIT) == failure
    assert mortal.ends.empty()
    assert mortal.result(calls.added, 1, 1) == ("done", 2)


@posix
def test_one_that_is_killed_while_idle_is_missed_and_replaced(mortal):
    assert mortal.result(calls.added, 1, 1) == ("done", 2)
    ends = queue.Queue()
    mortal.host.listen(ends.put, mortal.memory.append)  # a window that came up after its engine
    os.kill(mortal.host.pid, signal.SIGTERM)
    assert "SIGTERM" in ends.get(timeout=WAIT).cause
    assert mortal.host.pid is None
    assert mortal.result(calls.added, 1, 1) == ("done", 2)


def test_closing_in_the_middle_of_deaf_work_leaves_nothing(mortal):
    number = mortal.start(calls.deaf)
    assert mortal.next()[:2] == (number, "progress")
    pid = mortal.host.pid
    begun = time.monotonic()
    mortal.host.close()
    assert time.monotonic() - begun < WAIT / 2
    assert not psutil.pid_exists(pid)
    assert folders() == [] or all(folder.is_dir() for folder in folders())
    assert mortal.ends.empty()


def test_an_engine_ends_with_a_window_that_is_killed(tmp_path):
    """The window's process ends itself without a word; its engine notices, and the folder goes."""
    program = (
        "import os, signal, time\n"
        "from functools import partial\n"
        "from tests.viewer.host.test_process import Asked, calls\n"
        "asked = Asked()\n"
        "asked.start(calls.deaf, lane='look')\n"
        "print(asked.result(calls.where)[1], flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    pid = int(ended.stdout)
    until = time.monotonic() + WAIT
    while psutil.pid_exists(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not psutil.pid_exists(pid)


def test_folders_of_processes_that_are_gone_are_swept(tmp_path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for name in (f"headlight-{gone.pid}-x", f"headlight-{os.getpid()}-x", "headlight-other"):
        (tmp_path / name).mkdir()
    segments.sweep(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [f"headlight-{os.getpid()}-x", "headlight-other"]


def far(tmp_path, body: str) -> list[str]:
    """A command in the place of ssh: what it does with `headlight engine` is `body`."""
    script = tmp_path / "ssh.py"
    script.write_text(f"import os, subprocess, sys, threading, time\n{body}")
    return [sys.executable, str(script)]


THERE = "[sys.executable, '-m', 'headlight', 'engine']"


def test_an_engine_behind_a_command_answers_past_what_its_shell_prints(tmp_path):
    asked = Asked(command=far(tmp_path, f"print('Welcome!', flush=True)\nsys.exit(subprocess.call({THERE}))"))
    array = np.arange(500_000, dtype=np.float32)
    np.testing.assert_array_equal(asked.result(calls.doubled, array)[1], 2 * array)
    asked.host.close()


def test_who_is_deaf_behind_a_shell_is_ended_too(tmp_path, monkeypatch):
    monkeypatch.setattr("headlight.viewer.host.apart.parent.DEAF", 0.2)
    asked = Asked(command=far(tmp_path, f"subprocess.call({THERE})\nprint('done')"))
    pid = asked.result(calls.where)[1]
    number = asked.start(calls.deaf)
    assert asked.next()[:2] == (number, "progress")
    asked.host.cancel(number, firmly=True)
    assert "did not heed" in asked.ends.get(timeout=WAIT).cause
    assert asked.result(calls.added, 1, 1) == ("done", 2)
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    asked.host.close()


def test_no_engine_behind_a_command_is_said_with_what_it_said(tmp_path):
    for body, said in (
        ("sys.exit('headlight: command not found')", "command not found"),
        ("print('headlight engine 999 9.9')", "Headlight 9.9"),
        ("print('headlight engine is not supported')", "another Headlight"),
        (f"print('headlight engine {VERSION} 1', flush=True)\nprint('x' * 99999)", "no message"),
        (None, "/no/such/ssh"),
    ):
        asked = Asked(command=["/no/such/ssh"] if body is None else far(tmp_path, body))
        word, failure = asked.result(calls.added, 1, 1)
        assert (word, said in failure.cause) == ("failed", True), failure
        assert failure.next_step
        asked.host.close()


def test_a_connection_that_breaks_fails_what_runs_and_is_made_again(tmp_path):
    body = (
        f"engine = subprocess.Popen({THERE})\n"
        "while not os.path.exists(sys.argv[0] + '.cut') and engine.poll() is None:\n"
        "    time.sleep(0.01)\n"
        "os.path.exists(sys.argv[0] + '.cut') and os.remove(sys.argv[0] + '.cut')\n"
        "engine.kill()\n"
        "engine.wait()\n"
        "sys.exit('Connection reset by peer')\n"
    )
    command = far(tmp_path, body)
    asked = Asked(command=command)
    number = asked.start(calls.heeds)
    assert asked.next()[:2] == (number, "progress")
    Path(command[1] + ".cut").touch()
    of, word, failure = asked.next()
    assert (of, word) == (number, "failed")
    assert "broke: Connection reset by peer" in failure.cause
    assert asked.result(calls.added, 1, 1) == ("done", 2)
    asked.host.close()
