"""Every journey on the screens that people have: nothing wrong after any step, exit 0, nothing on stderr."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.journeys.display import screen

ROOT = Path(__file__).parents[2]
ROBOT = ("robot", "1", "60")
"""Its seed, and how long it wanders in seconds."""
JOURNEYS = {
    "robot": ((1440, 900), [ROBOT]),
    "small_and_large": ((1920, 1080), [("small_and_large",)]),
    "every_kind_in_turn": ((1366, 768), [("every_kind_in_turn",)]),
    "cloud_first": ((1440, 900), [("cloud_first",)]),
    "texts": ((1366, 768), [("texts",)]),
    "cancelled": ((1440, 900), [("cancelled",)]),
    "restart": ((1440, 900), [("leave",), ("come_back",)]),
    "quit_in_the_middle": ((1366, 768), [("quit_in_the_middle",)]),
}
"""The screen of each, and the processes that follow each other on it, the longest journey first."""
AT_ONCE = 3

if sys.platform != "linux":
    pytest.skip("they need X11 and a window manager", allow_module_level=True)


def carry_out(name: str, folder: Path) -> list[str]:
    """What was wrong on this journey, and with the processes that it took."""
    wrong = []
    size, processes = JOURNEYS[name]
    with screen(*size) as environment:
        for words in processes:
            where = folder / words[0]
            where.mkdir()
            done = subprocess.run(
                [
                    sys.executable,
                    "-W",
                    "ignore",
                    "-m",
                    "tests.journeys.play",
                    words[0],
                    str(where),
                    *words[1:],
                ],
                cwd=ROOT,
                env=dict(environment, OMP_NUM_THREADS="1", PYTHONPATH=str(ROOT)),
                capture_output=True,
                text=True,
            )
            report = where / "report.json"
            wrong += json.loads(report.read_text())["found"] if report.exists() else ["no report"]
            wrong += [done.stderr] if done.stderr else []
            wrong += [f"exit status {done.returncode}"] if done.returncode else []
    return wrong


@pytest.fixture(scope="module")
def under_way(request, tmp_path_factory) -> Iterator[dict[str, Future]]:
    """All journeys that are asked for, some at once, since they wait much; each test waits for its own."""
    wanted = {item.callspec.params.get("name") for item in request.session.items if hasattr(item, "callspec")}
    with ThreadPoolExecutor(min(AT_ONCE, (os.cpu_count() or 1) + 1)) as pool:
        yield {
            name: pool.submit(carry_out, name, tmp_path_factory.mktemp(name))
            for name in JOURNEYS
            if name in wanted
        }
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("name", JOURNEYS)
def test_nothing_is_wrong_on(name, under_way):
    wrong = under_way[name].result()
    assert not wrong, "\n".join(wrong)
