"""Every journey on the screens that people have: nothing wrong after any step, exit 0, nothing on stderr."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.display import screen

ROOT = Path(__file__).parents[2]
ROBOT_SECONDS = 60

if sys.platform != "linux":
    pytest.skip("they need X11 and a window manager", allow_module_level=True)


def carry_out(name: str, size: tuple[int, int], folder: Path, *more: str) -> None:
    report = folder / "report.json"
    with screen(*size) as environment:
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "tests.journeys.play", name, str(report), *more],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=400,
        )
    said = json.loads(report.read_text()) if report.exists() else {"found": ["no report"], "steps": []}
    assert said["found"] == [], "\n".join(said["found"])
    assert done.stderr == ""
    assert done.returncode == 0


@pytest.mark.parametrize(
    ("name", "size"),
    [
        ("every_kind_in_turn", (1366, 768)),
        ("cloud_first", (1440, 900)),
        ("small_and_large", (1920, 1080)),
        ("quit_in_the_middle", (1366, 768)),
    ],
)
def test_a_journey(name, size, tmp_path):
    carry_out(name, size, tmp_path)


def test_a_robot_wanders(tmp_path):
    carry_out("robot", (1440, 900), tmp_path, "1", str(ROBOT_SECONDS))
