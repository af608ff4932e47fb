"""Journeys carried out in processes of their own, on a screen of their own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.journeys.display import screen

ROOT = Path(__file__).parents[2]
ROBOT = ("robot", "1", "60")
"""Its seed, and how long it wanders in seconds of processor time."""
JOURNEYS = {
    "robot": ((1440, 900), [ROBOT]),
    "small_and_large": ((1920, 1080), [("small_and_large",)]),
    "every_kind_in_turn": ((1366, 768), [("every_kind_in_turn+texts",)]),
    "cloud_first": ((1440, 900), [("cloud_first",)]),
    "cancelled": ((1440, 900), [("cancelled",)]),
    "restart": ((1440, 900), [("leave",), ("come_back+quit_in_the_middle",)]),
}
"""The screen of each, and the processes that follow each other on it, the longest journey first."""


def carry_out(size: tuple[int, int], processes: list[tuple[str, ...]], folder: Path) -> list[str]:
    """What was wrong in these processes (each the arguments of `play`, without its folder), one after the
    other on one screen of this size, with one home. Each has a folder of its own in `folder`, which takes
    pictures of what was wrong.
    """
    wrong = []
    play = [sys.executable, "-W", "ignore", "-m", "tests.journeys.play"]
    with screen(*size) as environment:
        environment = dict(environment, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT))
        for name, *more in processes:
            where = folder / name
            where.mkdir(parents=True)
            done = subprocess.run(
                [*play, name, str(where), *more], cwd=ROOT, env=environment, capture_output=True, text=True
            )
            report = where / "report.json"
            wrong += json.loads(report.read_text())["found"] if report.exists() else ["no report"]
            wrong += [done.stderr] if done.stderr else []
            wrong += [f"exit status {done.returncode}"] if done.returncode else []
    return wrong
