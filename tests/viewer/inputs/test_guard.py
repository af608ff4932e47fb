"""The process of its own that native readers run in: what it says, what it leaves, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil

from headlight.models.core.errors import HeadlightError
from headlight.viewer.host.apart.segments import sweep
from headlight.viewer.inputs import guard
from headlight.viewer.inputs.clouds.parts import Parts
from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.source import Source
from tests.viewer import odd_readers


def left_over() -> list[Path]:
    mine = f"headlight-{os.getpid()}-*"
    return [found for at in ("/dev/shm", tempfile.gettempdir()) for found in Path(at).glob(mine)]


def test_arrays_outlive_their_files_and_may_be_written():
    found = guarded(Source.of(b"any", "any.las"), "tests.viewer.odd_readers:chatters", "LAS file", Parts)
    assert left_over() == []
    assert type(found.points) is np.ndarray
    assert np.array_equal(found.points, odd_readers.POINTS)
    found.points[:] = 1
    assert (found.colours, list(found.names), found.notices) == (None, ["wall", "Tür"], ["said"])


def test_arrays_go_to_the_next_folder_where_one_has_no_room(tmp_path, monkeypatch):
    def full(path, values):
        Path(path).write_bytes(b"some of them")
        if "first" in str(path):
            raise OSError(errno.ENOSPC, "No space left on device")
        save(path, values)

    save = np.save
    monkeypatch.setattr(np, "save", full)
    (tmp_path / "first").mkdir()
    left = guard._left("points", odd_readers.POINTS, (str(tmp_path / "first"), str(tmp_path)))
    assert np.array_equal(np.load(left), odd_readers.POINTS)
    assert not list((tmp_path / "first").iterdir())


def test_a_reader_without_a_parent_ends():
    job = {
        "native": "tests.viewer.odd_readers:is_slow",
        "kind": "LAS file",
        "path": __file__,
        "name": "any.las",
    }
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    child = subprocess.Popen([sys.executable, "-m", guard.__name__], **pipes)
    child.stdin.write(json.dumps({**job, "given": [], "folders": []}).encode() + b"\n")
    child.stdin.flush()
    assert child.stdout.readline() == b"0.0\n"
    child.stdout.close()
    assert child.wait(10) == 1
    child.stdin.close()


def test_one_that_reads_well_reads_the_next_and_one_that_dies_does_not():
    def read(native: str) -> set[int]:
        with suppress(HeadlightError):
            guarded(Source.of(b"any", "any.las"), f"tests.viewer.odd_readers:{native}", "LAS file", Parts)
        return {one.pid for one in psutil.Process().children()}

    guard.waiting.end()
    others = {one.pid for one in psutil.Process().children()}
    first = read("chatters") - others
    assert (len(first), read("chatters") - others) == (1, first)
    assert read("dies") == others
    guard.prepare()
    assert len(read("chatters") - others) == 1
    guard.waiting.end()
    assert {one.pid for one in psutil.Process().children()} == others


def test_what_a_killed_process_left_is_swept(tmp_path):
    code = f"import os, {guard.__name__} as guard; left = guard._folder({str(tmp_path)!r}); os._exit(0)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert len(list(tmp_path.iterdir())) == 1
    sweep(tmp_path)
    assert not list(tmp_path.iterdir())
