"""The process that opens damaged files, and what happens to it: it dies, or takes too long."""

from __future__ import annotations

import contextlib
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path

from script.fuzzing.case import Case
from script.fuzzing.worker import Outcome

LONGEST = 10.0
"""Seconds that a file may take."""
_START = 180.0
"""Seconds in which a process is ready, with the first file opened."""
ROOT = Path(__file__).resolve().parents[2]


def outcomes(cases: Iterable[Case], module: str = "script.fuzzing.worker") -> Iterator[Outcome]:
    """What comes of each, by as many processes as it takes, one after the other."""
    worker = None
    try:
        for case in cases:
            if worker is None:
                worker = _Worker(module)
            outcome = worker.outcome(case)
            if worker.ended:
                worker.close()
                worker = None
            yield outcome
    finally:
        if worker is not None:
            worker.close()


class _Worker:
    def __init__(self, module: str) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
        (self._folder / "tmp").mkdir()
        self.ended, self._patience = False, _START
        # A home of its own: what is left there is seen too.
        kept = {
            "TMPDIR": str(self._folder / "tmp"),
            "HOME": str(self._folder / "tmp"),
            "PYTHONPATH": str(ROOT),
        }
        kept |= {"PYTHONDONTWRITEBYTECODE": "1", "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        kept |= {"XDG_CACHE_HOME": str(self._folder / "cache"), "OPENBLAS_NUM_THREADS": "1"}
        self._said = (self._folder / "stderr").open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module, str(self._folder / "tmp")],
            env={**os.environ, **kept},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            cwd=ROOT,
            start_new_session=True,
        )
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)

    def outcome(self, case: Case) -> Outcome:
        try:
            self._process.stdin.write(json.dumps(asdict(case)).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return self._died(case)
        if not self._selector.select(self._patience):
            self.ended = True
            return Outcome(case, faults=[f"hangs: more than {self._patience:g} s"], seconds=self._patience)
        line = self._process.stdout.readline()
        if not line:
            return self._died(case)
        self._patience = LONGEST
        told = json.loads(line)
        return Outcome(**told | {"case": Case(**told["case"])})

    def _died(self, case: Case) -> Outcome:
        self.ended = True
        status = self._process.wait()
        self._said.seek(0)
        return Outcome(
            case, said=self._said.read().decode(errors="replace")[-3000:], faults=[f"crash: {status}"]
        )

    def close(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
        self._selector.close()
        self._said.close()
        shutil.rmtree(self._folder, ignore_errors=True)
