"""What the page of costs shows, made of settings and of what was measured: curves, crossings, the table;
and what it says in the numbers pane: of the dot under the cursor, of a length, in sum.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from headlight.models.core import costs
from headlight.models.core.costs import (
    KINDS,
    LAYER_OF,
    LAYERS,
    Crossing,
    Curve,
    Kind,
    Layer,
    Measurements,
    Setup,
    Unit,
    amount,
    tokens,
)
from headlight.models.core.task import SILENT, Task
from headlight.viewer.session.view import CostSettings

Drawn = Kind | Literal["restricted"]
"""What a curve can be of."""
NAMES: dict[Drawn, str] = {
    "fused": "Self-attention",
    "weights": "with weights",
    "recurrent": "LSTM",
    "convolution": "Convolution",
    "restricted": "Restricted attention",
}
"""As curves are named, and rows of the table: each has one name before and after it was measured."""
COLOURS: dict[Drawn, int] = {"fused": 0, "weights": 1, "recurrent": 2, "convolution": 3, "restricted": 4}
FUSED: tuple[Kind, ...] = ("fused", "weights")
"""The two ways to compute self-attention."""
OTHERS: tuple[Kind, ...] = ("recurrent", "convolution")
"""What self-attention is compared with."""
AS_KIND: dict[Layer, Kind] = {"attention": "fused", "recurrent": "recurrent", "convolution": "convolution"}


def colour(layer: Layer) -> int:
    """Of a row of table 1: the colour of its curve."""
    return COLOURS[_drawn(layer)]


def name(layer: Layer) -> str:
    """Of a row of table 1: that of its curve."""
    return NAMES[_drawn(layer)]


def _drawn(layer: Layer) -> Drawn:
    return "restricted" if layer == "restricted" else AS_KIND[layer]


def kind(curve: Curve) -> Drawn:
    """Which of `NAMES` a curve is of."""
    return next(kind for kind, colour in COLOURS.items() if colour == curve.colour)


def lengths(settings: CostSettings) -> np.ndarray:
    """The lengths to measure: int (m,), each twice the one before."""
    first, last = settings.shortest.bit_length() - 1, settings.longest.bit_length() - 1
    return 2 ** np.arange(first, last + 1)


def setup(settings: CostSettings, device: str) -> Setup:
    return Setup(
        tuple(lengths(settings).tolist()),
        settings.width,
        settings.kernel,
        settings.heads,
        settings.projections,
        device,
    )


def devices(task: Task = SILENT) -> list[tuple[str, str]]:
    """(name, what it is) of each device there is, the fastest first."""
    from headlight.models import devices

    return [(name, devices.describe(name)) for name in devices.available()]


def measured(setup: Setup, seconds: float, task: Task = SILENT) -> Measurements:
    """Time and memory of its layers, handed out one by one."""
    from headlight.models.cost.measuring import measure

    task.progress(0.0, "Making the layers")
    return measure(setup, seconds, task)


def within(found: Measurements | None, settings: CostSettings) -> Measurements | None:
    """What was measured at the lengths that are shown; None where nothing was."""
    if found is None:
        return None
    points = tuple(p for p in found.points if settings.shortest <= p.n <= settings.longest)
    return replace(found, points=points) if points else None


def operations(settings: CostSettings, layer: Layer, n: np.ndarray | float) -> np.ndarray:
    """As the settings count them."""
    counted = costs.counted(
        settings.terms,
        layer,
        n,
        settings.width,
        settings.kernel,
        settings.neighbourhood,
        settings.projections,
    )
    return np.asarray(counted)


def tensors(settings: CostSettings, kind: Kind, n: np.ndarray | float) -> np.ndarray:
    """Bytes of what one layer holds at once."""
    weights = kind == "weights"
    held = costs.live_bytes(LAYER_OF[kind], weights, n, settings.width, settings.heads, settings.projections)
    return np.asarray(held)


def rate(settings: CostSettings, found: Measurements | None) -> float:
    """Closed forms are drawn as if each operation took 1/rate s: the most a second that any layer reached."""
    if found is None:
        return 1.0
    reached = found.rate({k: operations(settings, LAYER_OF[k], found.seconds(k)[0]) for k in KINDS})
    return reached or 1.0


def time_curves(settings: CostSettings, found: Measurements | None, own: int | None) -> list[Curve]:
    """Seconds measured, with closed forms dashed; operations in closed form before anything was measured."""
    n = _with(lengths(settings), own)
    speed = rate(settings, found)
    if found is None:
        return [
            Curve(name(layer), n, operations(settings, layer, n), colour(layer), True) for layer in LAYERS
        ]
    dashed = [
        Curve(
            f"{NAMES[kind]}, closed form",
            n,
            operations(settings, layer, n) / speed,
            COLOURS[kind],
            True,
            False,
        )
        for layer, kind in AS_KIND.items()
    ]
    # Nobody measures it: it stays as it was.
    seen = operations(settings, "restricted", n) / speed
    dashed.append(Curve(name("restricted"), n, seen, colour("restricted"), True))
    return [*(Curve(NAMES[kind], *found.seconds(kind), COLOURS[kind]) for kind in KINDS), *dashed]


def memory_curves(settings: CostSettings, found: Measurements | None, own: int | None) -> list[Curve]:
    """Bytes measured, with what tensors alone need dashed."""
    n = _with(lengths(settings), own)
    curves = []
    for kind in KINDS:
        needed = tensors(settings, kind, n)
        if found is not None:
            curves.append(Curve(NAMES[kind], *found.memory(kind), COLOURS[kind]))
            curves.append(Curve(f"{NAMES[kind]}, tensors", n, needed, COLOURS[kind], True, False))
        else:
            curves.append(Curve(NAMES[kind], n, needed, COLOURS[kind], True))
    return curves


def time_crossings(settings: CostSettings, found: Measurements | None, own: int | None) -> list[Crossing]:
    """Where self-attention becomes the dearer: in closed form, and as measured."""
    speed, marks = rate(settings, found), []
    last = max(settings.longest, own or 0)
    for other in OTHERS:
        n = closed_crossing(settings, LAYER_OF[other])
        if n is not None and settings.shortest <= n <= last:
            cost = float(operations(settings, LAYER_OF[other], n)) / speed
            formula = _formula(settings, LAYER_OF[other])
            tip = f"Closed forms of attention and {_said(other)} cross at n = {formula}\t{n:,.0f}"
            marks.append(Crossing(n, cost, f"n = {formula} = {n:,.0f}", tip, False))
    if found is None:
        return marks
    for kind in FUSED:
        what = "attention" if kind == "fused" else "attention with weights"
        for other in OTHERS:
            crossing = found.crossing(kind, other)
            if crossing is not None:
                n, cost = crossing
                tip = f"From here on {what} takes longer than {_said(other)}\t{n:,.0f} tokens"
                marks.append(Crossing(n, cost, f"n ≈ {round_to(n):,}", tip, True))
    return marks


@dataclass(frozen=True)
class CrossingRow:
    """Of one other layer: the closed form ("d", 512), and lengths measured, in words."""

    name: str
    formula: str
    closed: str
    measured: tuple[str, str]
    """Fused, with weights."""


def crossing_rows(settings: CostSettings, found: Measurements | None) -> list[CrossingRow]:
    rows = []
    for other in OTHERS:
        n = closed_crossing(settings, LAYER_OF[other])
        measured = (_measured(found, "fused", other), _measured(found, "weights", other))
        formula = _formula(settings, LAYER_OF[other])
        rows.append(CrossingRow(NAMES[other], formula, "none" if n is None else f"{n:,.0f}", measured))
    return rows


def closed_crossing(settings: CostSettings, other: Layer) -> float | None:
    return costs.crossing(
        other,
        settings.width,
        settings.kernel,
        settings.neighbourhood,
        settings.terms,
        settings.projections,
    )


def table() -> list[tuple[Layer, tuple[str, str, str]]]:
    """Table 1: of each layer the formulas of operations, sequential operations and paths."""
    rows = []
    for layer in LAYERS:
        path = costs.PATHS[layer]
        if layer == "convolution":
            path = f"{path} dilated, {costs.CONTIGUOUS_PATH} not"
        rows.append((layer, (costs.OPERATIONS[layer], costs.SEQUENTIAL[layer], path)))
    return rows


def path(settings: CostSettings, layer: Layer, n: int) -> str:
    """The longest path of table 1 at n tokens, rounded up; of convolutions dilated, then not."""
    k, r = settings.kernel, settings.neighbourhood
    steps = _steps(costs.path_length(layer, n, k, r))
    if layer == "convolution":
        steps = f"{steps}, {_steps(costs.path_length(layer, n, k, r, dilated=False))}"
    return steps


def notes(found: Measurements | None, settings: CostSettings) -> list[str]:
    """What was not run, and why: a sentence a kind."""
    if found is None:
        return []
    shown = [out for out in found.left_out if settings.shortest <= out.n <= settings.longest]
    said = []
    for kind in KINDS:
        left = [out for out in shown if out.kind == kind]
        if left:
            who = "Attention with weights" if kind == "weights" else NAMES[kind]
            said.append(f"{who} at {', '.join(tokens(out.n) for out in left)} left out: {left[0].why}.")
    if any(out.slow for out in shown):
        said.append("A longer time limit lets them run.")
    return said


def round_to(n: float, figures: int = 3) -> int:
    """A measured length with as many figures as it deserves: 1832.3 → 1830."""
    return int(float(f"{n:.{figures - 1}e}"))


# -- the numbers pane ----------------------------------------------------------------------------------------

AT = {"operations": "Operations", "sequential": "One after the other", "path": "Longest path"}
"""Sections that are of one length, a row a layer; the length stands in their titles."""
LAYER_ROWS = tuple(name(layer) for layer in LAYERS)
CROSSING_ROWS = tuple(f"{NAMES[other]}{how}" for other in OTHERS for how in ("", ", fused", ", with weights"))


def of_dot(settings: CostSettings, found: Measurements | None, kind: Drawn, n: int) -> dict[str, str]:
    """One curve at one length: what is counted, and what was measured there, if it was."""
    said = {"Of": NAMES[kind], "Tokens": f"{n:,}"}
    layer = "restricted" if kind == "restricted" else LAYER_OF[kind]
    said["Operations"] = amount(float(operations(settings, layer, n)), "operations")
    if kind == "restricted":  # nobody measures or makes its tensors
        return said
    said["Tensors"] = amount(float(tensors(settings, kind, n)), "B")
    if found is not None:
        said["Time"] = _at(n, found.seconds(kind), "s")
        said["Memory"] = _at(n, found.memory(kind), "B")
    return said


def of_crossing(crossing: Crossing) -> dict[str, str]:
    """Where two curves change places."""
    what = "crossing, measured" if crossing.measured else "crossing, closed forms"
    return {"Of": what, "Tokens": f"{round_to(crossing.n):,}"}


def of_length(settings: CostSettings, n: int) -> dict[str, tuple[str, dict[str, str]]]:
    """Table 1 at n tokens: the title and the figures of each section in `AT`.

    Operations are those of the table, whatever the curves count; paths are rounded up.
    """
    d, k, r = settings.width, settings.kernel, settings.neighbourhood
    figures = {
        "operations": [amount(float(costs.operations(layer, n, d, k, r)), "operations") for layer in LAYERS],
        "sequential": [f"{int(costs.sequential(layer, n)):,}" for layer in LAYERS],
        "path": [path(settings, layer, n) for layer in LAYERS],
    }
    return {
        section: (f"{title}, n = {n:,}", dict(zip(LAYER_ROWS, figures[section], strict=True)))
        for section, title in AT.items()
    }


def of_crossings(settings: CostSettings, found: Measurements | None) -> dict[str, str]:
    """From where on self-attention costs more than the others: in closed form, then as measured."""
    said = []
    for row in crossing_rows(settings, found):
        said += [f"{row.formula} = {row.closed}" if row.formula else row.closed, *row.measured]
    return dict(zip(CROSSING_ROWS, said, strict=True))


def _measured(found: Measurements | None, kind: Kind, other: Kind) -> str:
    if found is None:
        return "–"
    crossing = found.crossing(kind, other)
    if crossing is not None:
        return f"{round_to(crossing[0]):,}"
    shared = np.intersect1d(found.seconds(kind)[0], found.seconds(other)[0])
    if not len(shared):
        return "–"
    dearer = found.comparison(kind, other) == "dearer"
    return f"< {tokens(shared[0])}" if dearer else f"> {tokens(shared[-1])}"


def _with(n: np.ndarray, own: int | None) -> np.ndarray:
    return np.unique([*n, *([own] if own else [])]).astype(float)


def _formula(settings: CostSettings, other: Layer) -> str:
    return costs.crossing_formula(other, settings.kernel, settings.terms, settings.projections)


def _said(other: Kind) -> str:
    return "an LSTM" if other == "recurrent" else "a convolution"


def _steps(length: np.ndarray | float) -> str:
    return "∞" if np.isinf(length) else f"{int(np.ceil(length)):,}"


def _at(n: int, measured: tuple[np.ndarray, np.ndarray], unit: Unit) -> str:
    """What was measured at just this length."""
    lengths, values = measured
    return next((amount(float(value), unit) for value in values[lengths == n]), "–")
