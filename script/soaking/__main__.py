"""Documents come and go by the hundred, models change, a robot plays: what a real window keeps of it.

script/soak                                              1,000 documents, 200 changes of the model,
                                                         200 damaged files, an hour of gestures
script/soak --cycles 100 --models 20 --damaged 20        less of it
script/soak --cycles 0 --models 0 --damaged 0 --seed 7   other gestures, and nothing else

Seconds are of processor time, of window and engine. Ctrl+C ends it after what is being done, and what was
measured until then is told. It needs Xvfb and openbox.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from script.soaking.measures import STOP, came, lines
from tests.journeys.display import screen

ROOT = Path(__file__).resolve().parents[2]
_SAID = {
    "cycles": "documents of all kinds, opened and closed",
    "models": "changes of the model",
    "damaged": "damaged files",
    "robot": "a robot's gestures",
}


def main() -> int:
    """0 where nothing grew and nothing was wrong, else 1."""
    parser = argparse.ArgumentParser(prog="script/soak", description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=1000, help="documents that are opened and closed")
    parser.add_argument("--models", type=int, default=200, help="changes of the model")
    parser.add_argument("--damaged", type=int, default=200, help="damaged files that are dropped")
    parser.add_argument(
        "--seconds", type=int, default=3600, help="of processor time, for which a robot plays"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the robot")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="where the report and pictures stay")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return soaked(chosen, chosen.keep or Path(folder))


def soaked(chosen: argparse.Namespace, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    words = [str(one) for one in (chosen.cycles, chosen.models, chosen.damaged, chosen.seconds, chosen.seed)]
    play = [sys.executable, "-W", "ignore", "-m", "script.soaking.play", str(folder), *words]
    start = time.monotonic()
    with screen(1440, 900) as environment:
        environment = dict(environment, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT))
        status, said = _played(play, environment, folder)
    report = folder / "report.json"
    told = json.loads(report.read_text()) if report.exists() else {"wrong": ["no report"], "rows": {}}
    wrong = [*told["wrong"], *([said] if said else [])]
    wrong += [f"exit status {status}"] if status else []
    ours = [f"-{process}-" for process in told.get("processes", ())]
    left = [name for name in os.listdir("/dev/shm") if any(one in name for one in ours)]
    wrong += [f"segment {name} left" for name in left]
    for name, rows in told["rows"].items():
        print(f"{_SAID[name]}: {len(rows)} measures")
        for line in lines(rows) if rows else ():
            sign = "" if line.is_flat else "   grows"
            print(
                f"  {line.name:24}{line.first:10,.0f}{line.last:10,.0f}{line.most:10,.0f}"
                f"{line.grown:+9.1%}{sign}"
            )
            wrong += (
                [] if line.is_flat else [f"{name}: {line.name} from {line.first:,.0f} to {line.last:,.0f}"]
            )
        wrong += [f"{name}: more of {more}"] if rows and (more := came(rows)) else []
    print(f"{time.monotonic() - start:,.0f} s", *(wrong or ["nothing was wrong"]), sep="\n")
    return int(bool(wrong))


def _played(command: list[str], environment: Mapping[str, str], folder: Path) -> tuple[int, str]:
    """(exit status, what it wrote to stderr) of the process that plays, in a session of its own: Ctrl+C is
    not for it."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **quiet) as process:
        while True:
            try:
                said = process.communicate()[1]
                return process.returncode, said
            except KeyboardInterrupt:
                (folder / STOP).touch()


if __name__ == "__main__":
    sys.exit(main())
