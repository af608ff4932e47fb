"""What the chosen method says of the input, whichever it is. No Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.colours import Scale, levels
from headlight.models.core.layers import Head
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace
from headlight.viewer.registry import Method, resolve
from headlight.viewer.session.selecting import method_of
from headlight.viewer.session.view import MapSettings, View
from headlight.viewer.slices.maps import InputMap, Picture, attention_map, layers_map, shown


def input_map(trace: Trace, view: View, at: tuple[int, Head], task: Task = SILENT) -> InputMap | Picture:
    """What lies on the input by the chosen method, of layer and head `at` where it is of one."""
    method = method_of(view)
    if method.of == "picture":
        return _picture(trace, method, task)
    if method.of == "layers":
        return _through_layers(trace, view, method, task)
    seen = _weighted(trace, method)
    found = attention_map(shown(seen, view[MapSettings]), view, *at)
    return found if seen is trace else replace(found, what=method.title.lower())


def _weighted(trace: Trace, method: Method) -> Trace:
    """The trace with the weights that the method gives its layers."""

    def made() -> Trace | None:
        seen = resolve(method.compute)(trace)
        return None if seen is trace else seen  # what is kept for a trace must not keep the trace alive

    return derived(trace, ("weighted", method.id), made) or trace


def _through_layers(trace: Trace, view: View, method: Method, task: Task) -> InputMap:
    settings = [view[resolve(method.settings)]] if method.settings else []

    def compute(queries: np.ndarray, task: Task) -> np.ndarray:
        return resolve(method.compute)(trace, queries, task, *settings)

    return layers_map(trace, view, (method.title.lower(), *settings), compute, task)


def _picture(trace: Trace, method: Method, task: Task) -> Picture:
    values = derived(trace, ("picture", method.id), lambda: resolve(method.compute)(trace, task))
    scale = Scale(0.0, 1.0, False, 0.0)
    return Picture(values, levels(values, scale), scale, method.title.lower())


def weights(trace: Trace) -> Trace:
    """Attention as a method: the weights of the layers as they are."""
    return trace


def saliency(trace: Trace, task: Task = SILENT) -> np.ndarray:
    """float32 (h, w) in 0 to 1: what the model's own decoder predicts to draw the eye."""
    return trace.run.engine(task).saliency(trace, task)
