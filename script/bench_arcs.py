"""Arcs under a moving mouse."""

from __future__ import annotations

import statistics
import time

SENTENCE = "the cat sat on the mat and it was warm so that we all stayed there "


def arcs() -> list[tuple[str, str, str]]:
    """Milliseconds of the window's thread, whatever else the machine does."""
    import numpy as np
    from PySide6.QtWidgets import QApplication

    from headlight.models.core.classes.palettes import generated
    from headlight.viewer import builtin  # noqa: F401  what can be read
    from headlight.viewer.host.engines import open_engine
    from headlight.viewer.session.view import ArcsSettings, MapSettings
    from headlight.viewer.slices.language.arcs import arcs as found_arcs
    from headlight.widgets.base import theme
    from headlight.widgets.text.arcs_view import ArcsView

    trace = open_engine(None, "text").run(" ".join((SENTENCE * 40).split()[:510]))
    began = time.perf_counter()
    found = found_arcs(trace, 4, ArcsSettings(), MapSettings())
    finding = time.perf_counter() - began
    app = QApplication.instance() or QApplication([])
    theme.apply(app, "dark")
    view = ArcsView()
    view.resize(900, 560)
    labels, special = list(trace.tokens.labels), trace.tokens.special
    view.set_tokens(labels, labels, (special, special))
    view.show()
    while not view.windowHandle().isExposed():
        app.processEvents()
    began = time.thread_time()
    view.set_links(np.stack([found.head, found.query, found.key]), found.weight, generated(12))
    view.viewport().repaint()
    first = time.thread_time() - began
    bar = view.verticalScrollBar()

    def frames(change) -> list[float]:
        taken = []
        for number in range(120):
            began = time.thread_time()
            change(number)
            view.viewport().repaint()
            taken.append(1000 * (time.thread_time() - began))
            app.processEvents()
        return sorted(taken)

    def point(number: int) -> None:
        view.set_hovered(("key" if number % 2 else "query", number * 37 % len(labels)))

    def pan(number: int) -> None:
        bar.setValue(40 * number)

    pointing = frames(point)
    sink = time.thread_time()
    view.set_hovered(("key", 0))
    view.viewport().repaint()
    sink = 1000 * (time.thread_time() - sink)
    view.set_hovered(None)
    panning = frames(pan)
    view.close()
    said = f"{len(labels)} tokens, 12 heads, {len(found):,} arcs"
    rows = [
        (f"{said}: found; first picture", f"{finding:.2f} s, {first:.2f} s", ""),
        ("   pointing at a token: median, worst of 120 frames", pointing, "≤ 33 ms"),
        ("   panning: the same", panning, "≤ 33 ms"),
    ]
    rows = [(what, taken if isinstance(taken, str) else _frames(taken), reach) for what, taken, reach in rows]
    return [*rows, ("   [CLS], to which most arcs go", f"{sink:.0f} ms", "≤ 33 ms")]


def _frames(taken: list[float]) -> str:
    return f"{statistics.median(taken):.0f}, {taken[-1]:.0f} ms"
