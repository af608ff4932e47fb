"""Does, in place of opening a file, what no reader may do: the number of the case says what."""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import socket
import sys
import time
from dataclasses import asdict
from pathlib import Path

from script.fuzzing.case import Case
from script.fuzzing.watch import Watch
from script.fuzzing.worker import Outcome


def hangs(folder: Path) -> None:
    time.sleep(60)


def dies(folder: Path) -> None:
    os.abort()


def leaves(folder: Path) -> None:
    (folder / "left").write_text("something")


def writes(folder: Path) -> None:
    (folder.parent / "outside").write_text("something")


def connects(folder: Path) -> None:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", 9))


def runs(folder: Path) -> None:
    pickle.loads(pickle.dumps(Path))


def takes(folder: Path) -> None:
    bytearray(2_500_000_000)


def says(folder: Path) -> None:
    os.write(2, b"libsomething: a warning")


ACTS = (hangs, dies, leaves, writes, connects, runs, takes, says)


def main(folder: Path) -> None:
    watch, answers = Watch(folder), os.fdopen(os.dup(1), "w")
    for line in sys.stdin:
        case = Case(**json.loads(line))
        outcome = Outcome(case, "document")
        with watch.watching(0) as found:
            try:
                ACTS[case.number](folder)
            except MemoryError:
                outcome.faults.append("more than 2 GB")
        outcome.faults += found
        (folder / "left").unlink(missing_ok=True)
        answers.write(json.dumps(asdict(outcome)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
