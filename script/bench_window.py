"""The window as a person meets it, its engine in a process of its own: what bench.py prints as window and
window-cloud."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from script.bench_cloud import room as surfaces
from script.bench_files import room, write
from script.bench_memory import apart

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "assets" / "samples"
SENTENCE = "a great serve from Djokovic won the match"
TICK = 2
"""Milliseconds between two looks at whether the event loop answers."""
LONGEST = 120.0
"""Seconds until it is given up."""
LARGE = {"binary PLY": 3, "LAS": 4, "LAZ": 6, "E57": 8, "CSV": 8}
"""Seconds from the drop to the first picture of all points."""
Row = tuple[str, str, str]


def window() -> list[Row]:
    """What is said of the first documents."""
    at_once, found = apart("script.bench_window", "at_once"), apart("script.bench_window", "in_turn")
    silences = [
        (f"   longest silence: {what}", f"{1000 * found[f'silence {what}']:.0f} ms", "≤ 50 ms")
        for what in ("start", "text", "image", "cloud", "theme")
    ]
    return [
        ("first sentence, all panes painted, window open for 8 s", f"{found['text']:.2f} s", "≤ 0.6 s"),
        ("the same, dropped after the first paint", f"{at_once['text']:.2f} s", "≤ 5 s"),
        *silences,
        ("hover, all heads and layers, 1370 tokens, painted", f"{1000 * found['hover']:.1f} ms", "≤ 12 ms"),
        ("select a head, carried and painted", f"{1000 * found['head']:.1f} ms", "≤ 40 ms"),
        ("memory of the window's process, three documents", f"{found['memory'] / 1e6:.0f} MB", "≤ 350 MB"),
    ]


def large() -> list[Row]:
    found = apart("script.bench_window", "large_here")
    rows = []
    for kind, most in LARGE.items():
        times = f"{found[f'look {kind}']:.1f}; {found[f'first {kind}']:.1f} s"
        rows.append((f"5M points, {kind}: from the drop to a first look; to all", times, f"≤ 1; ≤ {most} s"))
    return [*rows, ("   longest silence", f"{1000 * found['silence']:.0f} ms", "≤ 100 ms")]


class Watch:
    """The longest time in which the event loop answered nothing, since it was last asked."""

    def __init__(self) -> None:
        from PySide6.QtCore import Qt, QTimer

        self.timer = QTimer(interval=TICK, timerType=Qt.TimerType.PreciseTimer)
        self.timer.timeout.connect(self._tick)
        self.timer.start()
        self._last, self._longest = time.perf_counter(), 0.0

    def _tick(self) -> None:
        now = time.perf_counter()
        self._longest, self._last = max(self._longest, now - self._last - TICK / 1000), now

    def taken(self) -> float:
        self._tick()
        longest, self._longest = self._longest, 0.0
        return longest


def lived(steps: Callable[..., Iterator[Callable[[], bool] | float]]) -> None:
    """Run the program, and in it `steps` of (window, found): each yields seconds to wait or what to wait for.
    What they found is printed."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from headlight.viewer.app import start
    from headlight.viewer.app.options import WindowOptions
    from headlight.viewer.app.window import Window

    found: dict[str, float] = {}
    shown = Window.showEvent

    def begin(self, event) -> None:
        shown(self, event)
        start._Painted(self, lambda: go(steps(self, found)))

    def go(left) -> None:
        try:
            until = next(left)
        except StopIteration:
            for one in QApplication.topLevelWidgets():
                if isinstance(one, Window):
                    one.close()
            return
        if callable(until):
            wait(left, until, time.perf_counter())
        else:
            QTimer.singleShot(int(1000 * until), lambda: go(left))

    def wait(left, until: Callable[[], bool], since: float) -> None:
        if until():
            go(left)
        elif time.perf_counter() - since > LONGEST:
            print("it did not come", file=sys.stderr)
            sys.exit(1)
        else:
            QTimer.singleShot(1, lambda: wait(left, until, since))

    Window.showEvent = begin
    start.run([], WindowOptions(screenshot=None))
    print(json.dumps(found))


def at_once() -> None:
    def steps(window, found):
        began = time.perf_counter()
        window.runs.open_text(SENTENCE)
        yield lambda: window.session.current is not None and window.is_idle()
        found["text"] = time.perf_counter() - began

    lived(steps)


def in_turn() -> None:
    import psutil

    def steps(window, found):
        from headlight.viewer.session.session import Hover

        watch = Watch()
        yield 8.0
        found["silence start"] = watch.taken()
        for what, open_ in (
            ("text", lambda: window.runs.open_text(SENTENCE)),
            ("image", lambda: window.runs.open_path(str(SAMPLES / "astronaut.jpg"))),
            ("cloud", lambda: window.runs.open_path(str(SAMPLES / "rooms" / "bedroom.ply"))),
        ):
            count, began = len(window.session.documents), time.perf_counter()
            open_()
            yield lambda count=count: len(window.session.documents) > count and window.is_idle()
            found[what] = time.perf_counter() - began
            yield 0.3
            found[f"silence {what}"] = watch.taken()
        found["memory"] = psutil.Process().memory_info().rss
        never = {"torch", "transformers"} & set(sys.modules)
        assert not never, f"the window's process has imported {never}"
        for choice in ("light", "dark"):
            window.actions_.run(f"theme-{choice}")
            yield 0.5
        found["silence theme"] = watch.taken()
        window.session.show(window.session.documents[1])
        yield window.is_idle
        tokens = window.session.current.trace.tokens
        heads, times = window.deck.panes["heads"], []
        for index in range(20, 50):
            painted: list[float] = []
            paint = heads.paint
            heads.paint = lambda result: (paint(result), heads.grid.repaint(), painted.append(1))  # noqa: B023
            began = time.perf_counter()
            window.session.set_hover(Hover(query=tokens.place(index)))
            yield lambda painted=painted: bool(painted)
            times.append(time.perf_counter() - began)
            heads.paint = paint
            yield window.is_idle
        found["hover"] = sorted(times)[len(times) // 2]
        times = []
        for head in (1, 2, 3, 4, 5, 0, 1, 2, 3):
            began = time.perf_counter()
            window.session.select(head=head)
            yield window.is_idle
            times.append(time.perf_counter() - began)
        found["head"] = sorted(times)[len(times) // 2]

    lived(steps)


def large_here() -> None:
    def steps(window, found):
        watch = Watch()
        with tempfile.TemporaryDirectory() as folder:
            points = room(5_000_000)
            for axis, column in zip("xyz", surfaces(len(points)).T, strict=True):
                points[axis] = column
            files = write(Path(folder), points)
            del points
            found["silence"] = 0.0
            for kind in LARGE:
                yield 8.0
                watch.taken()
                began = time.perf_counter()
                window.runs.open_path(str(files[kind]))
                yield lambda: _looked(window)
                found[f"look {kind}"] = time.perf_counter() - began
                yield lambda: _drawn(window)
                found[f"first {kind}"] = time.perf_counter() - began
                yield 0.5
                found["silence"] = max(found["silence"], watch.taken())
                window.runs.close(window.session.current)
                yield window.is_idle

    lived(steps)


def _looked(window) -> bool:
    """Whether some points are seen before all are read."""
    look = window.first_look
    resources = look.view._canvas._gl if look.isVisible() and look.view is not None else None
    return resources is not None and resources.front.drawn > 0


def _drawn(window) -> bool:
    """Whether the first view shows points."""
    pane = window.deck.panes.get("cloud") if window.deck is not None else None
    view = pane.view if pane is not None and pane.has is not None else None
    resources = view._canvas._gl if view is not None else None
    return resources is not None and resources.front.drawn > 0
