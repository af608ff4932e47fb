"""What the page of costs says in the numbers pane: of the dot under the cursor, of a length, in sum."""

from __future__ import annotations

import numpy as np

from headlight.models.core import costs
from headlight.models.core.costs import LAYER_OF, LAYERS, Crossing, Measurements, Unit, amount
from headlight.viewer.session.view import CostSettings
from headlight.viewer.slices import cost_maps
from headlight.viewer.slices.cost_maps import NAMES, Drawn

AT = {"operations": "Operations", "sequential": "One after the other", "path": "Longest path"}
"""Sections that are of one length, a row a layer; the length stands in their titles."""
LAYER_ROWS = tuple(cost_maps.name(layer) for layer in LAYERS)
CROSSING_ROWS = tuple(
    f"{NAMES[other]}{how}" for other in cost_maps.OTHERS for how in ("", ", fused", ", with weights")
)


def of_dot(settings: CostSettings, found: Measurements | None, kind: Drawn, n: int) -> dict[str, str]:
    """One curve at one length: what is counted, and what was measured there, if it was."""
    said = {"Of": NAMES[kind], "Tokens": f"{n:,}"}
    layer = "restricted" if kind == "restricted" else LAYER_OF[kind]
    said["Operations"] = amount(float(cost_maps.operations(settings, layer, n)), "operations")
    if kind == "restricted":  # nobody measures or makes its tensors
        return said
    said["Tensors"] = amount(float(cost_maps.tensors(settings, kind, n)), "B")
    if found is not None:
        said["Time"] = _at(n, found.seconds(kind), "s")
        said["Memory"] = _at(n, found.memory(kind), "B")
    return said


def of_crossing(crossing: Crossing) -> dict[str, str]:
    """Where two curves change places."""
    what = "crossing, measured" if crossing.measured else "crossing, closed forms"
    return {"Of": what, "Tokens": f"{cost_maps.round_to(crossing.n):,}"}


def of_length(settings: CostSettings, n: int) -> dict[str, tuple[str, dict[str, str]]]:
    """Table 1 at n tokens: the title and the figures of each section in `AT`.

    Operations are those of the table, whatever the curves count; paths are rounded up.
    """
    d, k, r = settings.width, settings.kernel, settings.neighbourhood
    figures = {
        "operations": [amount(float(costs.operations(layer, n, d, k, r)), "operations") for layer in LAYERS],
        "sequential": [f"{int(costs.sequential(layer, n)):,}" for layer in LAYERS],
        "path": [cost_maps.path(settings, layer, n) for layer in LAYERS],
    }
    return {
        section: (f"{title}, n = {n:,}", dict(zip(LAYER_ROWS, figures[section], strict=True)))
        for section, title in AT.items()
    }


def of_crossings(settings: CostSettings, found: Measurements | None) -> dict[str, str]:
    """From where on self-attention costs more than the others: in closed form, then as measured."""
    said = []
    for row in cost_maps.crossing_rows(settings, found):
        said += [f"{row.formula} = {row.closed}" if row.formula else row.closed, *row.measured]
    return dict(zip(CROSSING_ROWS, said, strict=True))


def _at(n: int, measured: tuple[np.ndarray, np.ndarray], unit: Unit) -> str:
    """What was measured at just this length."""
    lengths, values = measured
    return next((amount(float(value), unit) for value in values[lengths == n]), "–")
