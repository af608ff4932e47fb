"""What bears on the selected points of a cloud, in colours; the methods of points. No Qt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from headlight.models.core.answers import EVERY, Target
from headlight.models.core.cache import derived
from headlight.models.core.colours import DIVERGING, Scale, levels, scale_about_zero, scale_of
from headlight.models.core.errors import known
from headlight.models.core.layers import Head
from headlight.models.core.relevance import Relevance, percent
from headlight.models.core.stack import ConvStack
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PointTokens, Region, Tokens
from headlight.models.core.trace import Trace
from headlight.models.fields.voxels import VoxelField, VoxelSettings, voxel_field, voxels
from headlight.viewer.registry import Method
from headlight.viewer.session.view import FieldSettings, MapSettings, Selection, View
from headlight.viewer.slices.clouds.maps import chosen, in_input
from headlight.viewer.slices.explain.relevance import of_target, said_of, through_layers, weighted
from headlight.viewer.slices.explain.targets import target_of
from headlight.viewer.slices.fields.stacks import up_to
from headlight.viewer.slices.maps import Drawn, looked_at

STEPS_SPAN = 230
"""Levels from the selected point, the strongest, to the farthest that is reached."""


def on_points(
    trace: Trace, view: View, method: Method, at: tuple[int, Head], task: Task = SILENT
) -> Drawn | None:
    """A method's relevance over the input's tokens, of layer and map `at` where it is of one; `seen` is what
    is lit. None where no point is selected that it would be of.
    """
    if method.of == "target":
        return _drawn(of_target(trace, view, method, target_of(trace, view, Part(task)), task), method.signed)
    tokens = chosen(trace, trace.tokens, view[Selection].queries)
    if not len(tokens):
        return None
    if method.of == "layers":
        return _drawn(through_layers(trace, view, method, tokens, task))
    layer = weighted(trace, method).layers[at[0]]
    queries = chosen(trace, layer.queries, view[Selection].queries)
    return _drawn(_spread(trace, looked_at(layer, at, queries, **said_of(trace, method))))


def _spread(trace: Trace, found: Relevance) -> Relevance:
    """Over the points of a stage → over all of the input."""
    here = in_input(trace, known(found.tokens, Tokens))
    values, seen = np.zeros(len(trace.tokens), np.float32), np.zeros(len(trace.tokens), bool)
    values[here], seen[here] = found.values, known(found.seen, np.ndarray)
    return replace(found, values=values, tokens=trace.tokens, seen=seen)


def asks(method: Method, view: View) -> bool:
    """Whether there is anything that a method would be of: a target, or points that are selected."""
    return method.of == "target" or bool(view[Selection].queries)


def colours_of(method: Method, view: View) -> str:
    """The colour map of what a method says: that of values with a sign is another one."""
    return DIVERGING if method.signed else view[MapSettings].colours


def _drawn(found: Relevance, signed: bool = False) -> Drawn:
    values, seen = found.values, found.seen
    if signed:
        scale = scale_about_zero(values, 99.5)
        every = np.ones(len(values), bool) if seen is None else seen
        return Drawn(**vars(replace(found, seen=every)), levels=levels(values, scale), scale=scale)
    if found.counts:
        reached, most = values >= 0, max(int(values.max(initial=0)), 1)
        shown = np.where(reached, 255 - values.astype(np.int32) * STEPS_SPAN // most, 0).astype(np.uint8)
        said = found.said or f"up to {most} {found.unit}"
        return Drawn(
            **vars(replace(found, seen=reached, said=said)), levels=shown, scale=Scale(0.0, float(most))
        )
    if seen is not None:
        scale = scale_of(values[seen], 100.0)
        return Drawn(**vars(found), levels=levels(values, scale), scale=scale)
    scale = scale_of(values, 99.5, log=True)  # shares of all points there are: most of them are tiny
    shown = levels(values, scale)
    return Drawn(**vars(replace(found, seen=shown > 0)), levels=shown, scale=scale)


# -- methods -------------------------------------------------------------------------------------------------


def composed(trace: Trace, tokens: np.ndarray, task: Task) -> Relevance:
    """Each point's share in these tokens through all layers."""
    from headlight.models.points.reach import fields

    return Relevance(values=fields.composed(trace, tokens, task), tokens=trace.tokens)


def hops(trace: Trace, tokens: np.ndarray, task: Task) -> Relevance:
    """How many steps each point is from the nearest of these tokens."""
    from headlight.models.points.reach import fields

    return Relevance(values=fields.hop_field(trace, tokens, task), tokens=trace.tokens)


def gradient(trace: Trace, tokens: np.ndarray, task: Task) -> Relevance:
    """Each point's share of the gradient of what the model makes of these tokens."""
    at = Region(known(trace.tokens, PointTokens).positions[tokens])
    found = trace.run.gradients(Target("all classes", 1.0, EVERY, at), task).inputs
    return Relevance(values=np.abs(found).sum(1), tokens=trace.tokens)


def over_voxels(
    trace: Trace,
    tokens: np.ndarray,
    task: Task,
    settings: VoxelSettings,
    stack: ConvStack,
    fields: FieldSettings,
) -> Relevance:
    """The field of the view's stack of convolutions: all that lies in its box, or what a sparse one sees."""
    positions = known(trace.tokens, PointTokens).positions
    grid = derived(trace, ("voxels", settings.edges), lambda: voxels(positions, settings.edges))
    found = voxel_field(grid, up_to(stack, fields.layer), tokens, settings.sparse, task)
    return Relevance(
        values=found.values.astype(np.float32),
        tokens=trace.tokens,
        seen=found.values > 0 if settings.sparse else found.inside,
        said=voxels_said(found),
        box=found.box,
    )


def voxels_said(found: VoxelField) -> str:
    """35³ voxels, 1.75 m · 323 of 617 with points hold 2.7 %: of the weight, what reaches the point."""
    same = len(set(found.size)) == 1
    said = f"{found.size[0]}³ voxels" if same else " × ".join(map(str, found.size)) + " voxels"
    if found.box is not None:
        extent = found.box[1] - found.box[0]
        sides = [f"{metres:.3g}" for metres in extent if np.isfinite(metres)]
        said += f", {sides[0] if sides == sides[:1] * 3 else ' × '.join(sides)} m"
        said += " of any height" if len(sides) < 3 else ""
    some = found.reaching < found.occupied
    holding = f"{found.reaching:,} of {found.occupied:,}" if some else f"{found.occupied:,}"
    return f"{said} · {holding} with points hold {percent(found.share)}"
