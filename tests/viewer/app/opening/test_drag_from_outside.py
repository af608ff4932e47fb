"""A file dragged out of another program's window onto ours, with a window manager and a real mouse."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from headlight.viewer.inputs.inputs import ImageInput

SAMPLE = Path(__file__).parents[4] / "assets" / "samples" / "chelsea.jpg"


@pytest.fixture
def window_manager(qtbot):
    """herbstluftwm, which lays the two windows side by side."""
    manager = subprocess.Popen(["herbstluftwm", "--autostart", "/bin/true"], stderr=subprocess.DEVNULL)
    qtbot.wait(300)
    assert manager.poll() is None, "no window manager: is another one running on this display?"
    yield
    manager.terminate()
    manager.wait(10)


def drag(source: tuple[int, int], target: tuple[int, int]) -> subprocess.Popen:
    """Press at `source`, move to `target` as a hand does, and let go."""
    (x0, y0), (x1, y1) = source, target
    steps = [f"mousemove {x0} {y0}", "mousedown 1"]
    for share in (0.02, 0.2, 0.5, 0.8, 0.95, 1.0):
        steps.append(f"mousemove {round(x0 + share * (x1 - x0))} {round(y0 + share * (y1 - y0))}")
    steps += ["sleep 0.3", "mouseup 1"]
    return subprocess.Popen(["xdotool", *" sleep 0.15 ".join(steps).split()])


@pytest.mark.parametrize("state", ["welcome", "document"])
def test_a_file_dragged_from_another_program_opens(window_manager, make_window, qtbot, state):
    window = make_window(run=False)
    if state == "document":
        window.runs.open_text("Panes take drops too.")
        qtbot.waitUntil(lambda: len(window.session.documents) == 1)
    before = len(window.session.documents)
    source = subprocess.Popen(
        [sys.executable, str(Path(__file__).parents[2] / "drag_source.py"), str(SAMPLE), "1500", "400"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        place: list[str] = []
        qtbot.waitUntil(lambda: bool(place or place.extend(_line(source))), timeout=20_000)
        middle = window.mapToGlobal(window.rect().center())
        hand = drag((int(place[1]), int(place[2])), (middle.x(), middle.y()))
        qtbot.waitUntil(lambda: len(window.session.documents) > before, timeout=20_000)
        hand.wait(10)
        assert source.stdout.readline().strip() == "dropped"
    finally:
        source.terminate()
        source.wait(10)
        source.stdout.close()
    document = window.session.documents[-1]
    assert document.title == "chelsea.jpg"
    assert isinstance(document.input, ImageInput)


def _line(process: subprocess.Popen) -> list[str]:
    """The words of the next line, or none where none is there yet."""
    import select

    readable, _, _ = select.select([process.stdout], [], [], 0)
    return process.stdout.readline().split() if readable else []
