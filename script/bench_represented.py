"""One cloud as all its representations, 100,000 points: the rows that bench.py prints of them."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import numpy as np

from script.bench_memory import apart
from script.bench_window import lived

BEAMS, TURN = 32, 3125
_PAPER: dict = {}
Row = tuple[str, str, str]


def scan(seed: int = 0) -> np.ndarray:
    """float32 (100,000, 4): x y z and intensity of 32 beams, over the ground and on walls all around."""
    random = np.random.default_rng(seed)
    rise, turn = np.radians(np.linspace(10.67, -30.67, BEAMS)), np.linspace(-np.pi, np.pi, TURN, False)
    turn, rise = np.meshgrid(turn, rise)
    ground = 1.8 / np.maximum(-np.sin(rise), 1e-3)
    wall = (25 + 15 * np.sin(3 * turn)) * (1 + 0.1 * (np.sin(40 * turn) > 0.6))
    far = np.minimum(ground, wall) + random.normal(0, 0.01, turn.shape)
    around = np.stack([np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)], -1)
    points = (around * far[..., None]).reshape(-1, 3)
    return np.column_stack([points, random.random(len(points))]).astype(np.float32)


def representations() -> list[Row]:
    """All of them, one after the other, as the panes ask for them; seconds of the one thread."""
    from headlight.models.points.representations.asked import NAMES, Asked, Cloud, represent

    rows = scan()
    cloud = Cloud(np.ascontiguousarray(rows[:, :3]), rows[:, 3])
    sensors = {"range": {"sensor": "hdl-32e"}}
    taken = {}
    for name in (one for one in NAMES if one != "depth"):  # that of a camera, which a scan has not
        asked = Asked(name, **sensors.get(name, {}))
        taken[name] = statistics.median(_own(lambda asked=asked: represent(cloud, asked)) for _ in range(5))
    said = ", ".join(f"{name} {1000 * one:.0f}" for name, one in taken.items())
    return [(f"all representations of 100k points ({said} ms)", f"{sum(taken.values()):.2f} s", "≤ 0.5 s")]


def representations_hover() -> list[Row]:
    """Of the processors' time, since a window that draws by OpenGL without a graphics card is put together
    anew after each change, whatever that is: the engine finds, the window marks, and its panes paint.
    """
    found = apart("script.bench_represented", "hover_here")
    parts = ", ".join(f"{name} {1000 * found[name]:.1f}" for name in ("find", "mark", "paint"))
    what = f"hover through all panes of representations, 100k points ({parts} ms)"
    whole = f"{1000 * sum(found[name] for name in ('find', 'mark', 'paint')):.1f} ms"
    until = f"{1000 * found['until']:.0f} ms"
    return [(what, whole, "≤ 15 ms"), ("   from the gesture until all are marked, on the clock", until, "–")]


def hover_here() -> None:
    def steps(window, found):
        from headlight.viewer.session.session import Hover
        from headlight.viewer.session.view import RepresentSettings
        from headlight.viewer.slices.clouds.represented.linked import CellOf, linked

        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "scan.bin"
            scan().tofile(path)
            yield 8.0
            window.session.opening_page = "representations"
            window.runs.open_path(str(path))
            yield lambda: window.session.current is not None and window.is_idle()
        panes = [
            window.deck.panes[f"represented-{name}"]
            for name in ("points", "space", "above", "range", "views")
        ]
        links, cloud = panes[0].links, window.session.current.input
        finding, marking, painting, until = [], [], [], []
        for hover in _hovers(panes, Hover):
            at = hover.point if hover.cell is None else CellOf(*hover.cell)
            linked(cloud, RepresentSettings(), at)
            finding.append(_own(lambda at=at: linked(cloud, RepresentSettings(), at)))
            heard: list[float] = []
            take = links._take

            def marked(name, key, one, heard=heard, take=take) -> None:
                seconds = _own(lambda: take(name, key, one))
                heard += [seconds] * (name == "hovered" and one is not None)

            links._take, clock = marked, time.perf_counter()
            gesture = _own(lambda hover=hover: window.session.set_hover(hover))
            yield lambda heard=heard: bool(heard)
            until.append(time.perf_counter() - clock)
            marking.append(gesture + heard[0])
            links._take = take
            painting.append(_own(lambda: [_paint(pane.view) for pane in panes]))
            yield window.is_idle
        for name, times in (("find", finding), ("mark", marking), ("paint", painting), ("until", until)):
            found[name] = statistics.median(times)

    lived(steps)


def _hovers(panes, hover) -> list:
    """A dozen points, and of each other pane a dozen cells that hold some."""
    random = np.random.default_rng(0)
    made = [hover(point=int(one)) for one in random.integers(0, BEAMS * TURN, 12)]
    cells = {"space": np.arange(len(panes[1].result.painted.centres))}
    cells |= {pane.part: np.flatnonzero(pane.result.levels) for pane in panes[2:]}
    for name, there in cells.items():
        made += [hover(cell=(name, int(one))) for one in random.choice(there, 12)]
    return made


def _own(work) -> float:
    """Seconds of this thread."""
    began = time.thread_time()
    work()
    return time.thread_time() - began


def _paint(view) -> None:
    """What a pane paints of itself; of a cloud its marks, since the points are drawn already."""
    from PySide6.QtCore import QPoint
    from PySide6.QtGui import QPixmap, QRegion
    from PySide6.QtWidgets import QWidget

    seen = getattr(view, "_overlay", view)
    if seen not in _PAPER:
        _PAPER[seen] = QPixmap(seen.size())
    seen.render(_PAPER[seen], QPoint(), QRegion(), QWidget.RenderFlag.DrawChildren)
