"""Whether what is painted is what is asked for now: everything is computed once more and compared."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from headlight.models.core.colours import Scale, levels, lut, scale_about_zero
from headlight.viewer.app.window import Window
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.clouds.ready import Ready
from headlight.viewer.panes.clouds.represented.space import ReadyCells
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.view import MapSettings, Selection
from headlight.widgets.controls.colour_bar import ColourBar


def watch() -> None:
    """Let every pane note what it was given to paint."""
    paint = Pane._painted

    def noted(pane: Pane, result: Any) -> None:
        pane.noted = result.painted if isinstance(result, Ready | ReadyCells) else result
        paint(pane, result)

    Pane._painted = noted


def in_sight(window: Window) -> Iterator[tuple[str, Pane]]:
    """The panes of the present page that somebody sees."""
    if window.session.current is None or window.deck is None or not window.deck.isVisible():
        return
    for name, pane in window.deck.panes.items():
        if isinstance(pane, Pane) and window.deck.fits(name) and not pane.widget.visibleRegion().isEmpty():
            yield name, pane


def fresh(window: Window) -> Iterator[str]:
    """Every pane in sight has painted what it computes for this document, view and pointer, or says that it
    has not: nothing of a job that was cancelled or superseded.
    """
    session = window.session
    document, view, hover = session.current, session.view, session.hover
    for name, pane in in_sight(window):
        dock = window.deck.docks[name]
        if not pane.is_whole():
            if not dock.unfinished():
                yield f"pane {name} shows a part as if it were all"
            continue
        if dock.unfinished():
            yield f"pane {name} is whole and says “{dock.unfinished()}”"
        if not pane.can_show(document):
            continue
        subject, key = pane.subject(document, view, hover), pane.key(document, view, hover)
        work = pane.slice(subject, view, hover)
        if work is None:
            continue
        if "" not in pane._slices:
            yield f"pane {name} has asked for nothing"
        elif not same(getattr(pane, "found_true", None), (pane.noted, subject, key)):
            if not same(pane.noted, computed(window, work)):
                yield f"pane {name} shows something else than what is asked for"
            pane.found_true = (pane.noted, subject, key)


def computed(window: Window, work: Call) -> Any:
    """What the window's host gives for it, waited for."""
    heard: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
    window.jobs.host.start(-next(_numbers), "look", work, lambda *said: heard.put(said))
    while True:
        word, value = heard.get(timeout=120)
        if word == "failed":
            raise AssertionError(value.details)
        if word == "done":
            return value


_numbers = itertools.count(1)


def same(a: Any, b: Any) -> bool:
    """Equal in content, arrays up to rounding."""
    if a is b:
        return True
    if isinstance(a, np.ndarray):
        if not isinstance(b, np.ndarray) or a.shape != b.shape or a.dtype != b.dtype:
            return False
        if a.dtype.kind == "f":
            return np.allclose(a, b, 1e-3, 1e-6, equal_nan=True)
        if a.dtype == np.uint8:  # a level may fall on the other side of a rounding
            return not a.size or int(np.abs(a.astype(int) - b.astype(int)).max()) <= 1
        return np.array_equal(a, b)
    if isinstance(a, float):
        return isinstance(b, float) and np.allclose(a, b, 1e-3, 1e-9, equal_nan=True)
    if type(a) is not type(b):
        return False
    if is_dataclass(a):
        return all(same(getattr(a, one.name), getattr(b, one.name)) for one in fields(a))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(same(*pair) for pair in zip(a, b, strict=True))
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return type(a).__eq__ is object.__eq__ or bool(a == b)


# -- colour bars -------------------------------------------------------------------------------------------


def bars_true(window: Window) -> Iterator[str]:
    """Every colour bar tells the colours in which its pane is painted."""
    chosen = lut(window.session.view[MapSettings].colours)
    for name, pane in in_sight(window):
        told = _PAINTED.get(name)
        bars = [bar for bar in pane.widget.findChildren(ColourBar) if bar.isVisible()]
        if not bars or not pane.is_whole():
            continue
        if told is None:
            results = (getattr(pane, name, None) for name in _RESULTS)
            scales = [scale for result in results for scale in scales_in(result)]
            scales += _of_sweep(pane) if name == "sweep" else []
            for bar in bars:
                if bar._scale is not None and bar._scale not in scales:
                    yield f"a bar of {name} is of {bar._scale}, which is of nothing that is painted"
            continue
        bar, (shown, scale, table, values) = bars[0], told(pane)
        if (shown is None) != (bar._scale is None):
            yield f"the bar of {name} tells {'nothing' if bar._scale is None else 'of what is not there'}"
        if shown is None or bar._scale is None:
            continue
        if bar._scale != scale:
            yield f"the bar of {name} is of {bar._scale}, the map of {scale}"
        if not np.array_equal(bar._lut, chosen):
            yield f"the bar of {name} has other colours than the chosen ones"
        if table is not None and not np.array_equal(bar._lut, table):
            yield f"the bar of {name} has other colours than the map"
        if values is not None and not same(levels(values, bar._scale), shown):
            yield f"the bar of {name} tells other values than are painted"


_RESULTS = ("noted", "heat", "row", "looked")
"""Where panes without a rule of their own hold what they paint."""


def scales_in(result: Any, depth: int = 3) -> Iterator[Scale]:
    """The scales that a result holds."""
    if isinstance(result, Scale):
        yield result
    elif depth and is_dataclass(result):
        for one in fields(result):
            yield from scales_in(getattr(result, one.name), depth - 1)
    elif depth and isinstance(result, list | tuple):
        for one in result:
            yield from scales_in(one, depth - 1)


Told = tuple[np.ndarray | None, Scale | None, np.ndarray | None, np.ndarray | None]
"""Levels as the widget has them, the scale that they were made with, the widget's table of colours, and the
values that they are of, each None where it is not known."""
NOTHING: Told = (None, None, None, None)


def _heads(pane: Any) -> Told:
    """Of the head that is pointed at, else of the selected one."""
    selection, hover = pane.session.view[Selection], pane.session.hover
    at = (selection.layer, selection.head) if hover.layer is None else (hover.layer, hover.head or 0)
    grid, result = pane.grid, getattr(pane, "noted", None)
    if result is None or not grid._maps or pane.blocked(at[0]):
        return NOTHING
    if at[0] not in pane._members:
        return NOTHING
    shown = grid._maps[pane._members.index(at[0])]  # of an encoder–decoder the grid shows one stack at a time
    shown = None if shown is None else shown[at[1]]
    if shown is not None and not same(shown, result.layers[at[0]][at[1]]):
        return shown, Scale(np.nan, np.nan), None, None
    return shown, result.scales[at[0]][at[1]], grid._lut, None


def _matrix(pane: Any) -> Told:
    result, image = pane._result, pane.view._image
    if result is None:
        return image._array, None, None, None
    table = (np.array(image._colours)[:, None] >> np.array([16, 8, 0, 24]) & 255).astype(np.uint8)
    return image._array, result.scale, table, result.values


def _on_picture(view: Any, result: Any) -> Told:
    shown = view._overlay._array
    if result is None or shown is None:
        return shown, None, None, None
    extra = result.values.size - shown.size
    values = None
    if extra in (0, getattr(getattr(result, "tokens", None), "prefix", -1)):
        values = result.values.ravel()[extra:].reshape(shown.shape)
    return shown, result.scale, view._lut, values


def _on_text(strip: Any, result: Any) -> Told:
    if result is None:
        return strip._levels, None, None, None
    return strip._levels, result.scale, strip._lut, result.values


def _relevance(pane: Any) -> Told:
    on_text = pane.stack.currentWidget() is pane.strip
    return _on_text(pane.strip, pane.result) if on_text else _on_picture(pane.picture, pane.result)


def _of_sweep(pane) -> list[Scale]:
    """The sweep's colours lie about zero, as far as its heads go; its slice holds their effects alone."""
    found = pane._found
    if found is None:
        return []
    return [scale_about_zero(found.effect if hasattr(found, "effect") else found.found.heads, 100)]


_PAINTED = {
    "heads": _heads,
    "matrix": _matrix,
    "relevance": _relevance,
    "picture": lambda pane: _on_picture(pane.view, pane.result),
    "sentence": lambda pane: _on_text(pane.strip, pane.result),
}
