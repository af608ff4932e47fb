"""What a view of a cloud draws, made ready in a worker: points, colours, marks, and how all of it is read."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import PointLabels
from headlight.models.core.layers import Head
from headlight.models.core.task import Task
from headlight.models.core.tokens import SINGLY
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.panes.clouds.words import attention_said
from headlight.viewer.registry import Method
from headlight.viewer.session.view import CloudSettings, ColourBy, MapSettings, Selection, View
from headlight.viewer.slices import cloud_maps
from headlight.viewer.slices.cloud_classes import groups, named
from headlight.viewer.slices.cloud_colours import (
    Look,
    Scene,
    block_of,
    critical_colours,
    heat,
    plain_colours,
    relevance_colours,
    shaded_colours,
    upper_bound,
    visible,
)
from headlight.viewer.slices.cloud_keys import ColourMeaning, meaning
from headlight.viewer.slices.cloud_relevance import on_points
from headlight.viewer.slices.maps import Drawn
from headlight.widgets.cloud.prepared import Coloured, Prepared, prepare

_prepared: weakref.WeakKeyDictionary[CloudInput, Prepared] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
NO_PLACES = np.empty((0, 3), np.float32)


@dataclass(frozen=True)
class Asked:
    """What a view is to draw. by: the colouring, after what cannot be shown has given way to another.

    method: what "attention" shows. blocked: why that at `at` (layer, map) is not drawn, or nothing.
    """

    scene: Scene
    by: ColourBy
    look: Look
    method: Method
    at: tuple[int, Head]
    blocked: str


@dataclass(frozen=True, eq=False)
class Painted:
    """What a view draws: points and their colours, indices of marked points, lines, and what it is of."""

    asked: Asked
    cloud: Prepared
    colours: Coloured
    """Groups are the classes that points are lit with, see `cloud_classes.groups`."""
    selected: np.ndarray
    star: cloud_maps.Star | None
    drawn: Drawn | None
    more: np.ndarray
    """float32 (k, 3): places beside the cloud's own points; they are the last of `colours` and `mask`."""
    said: str
    """Of what the attention is."""
    meaning: ColourMeaning
    """How the colours are read."""


def painted(asked: Asked, view: View, last: Painted | None, task: Task) -> Painted:
    """What the view draws for this. last: what it drew before, whose colours are used again if they can."""
    scene, by = asked.scene, asked.by
    trace, queries, cloud = scene.trace, view[Selection].queries, view[CloudSettings]
    ready = ready_of(scene.cloud)
    mask = visible(scene, cloud.hidden)
    tokens = cloud_maps.chosen(trace, trace.tokens, queries) if trace else np.empty(0, int)
    selected = trace.answer(PointLabels).sample[tokens] if trace else tokens
    if mask is not None:
        selected = selected[mask[selected]]
    if by == "attention" and len(selected) > SINGLY:
        selected = selected[:0]  # so many marks would cover what they reach

    def done(rgb, star=None, drawn=None, more=NO_PLACES, said="") -> Painted:
        kinds = with_more(groups(scene, by), np.zeros(len(more), np.uint8))
        if last is not None and last.cloud is ready and last.colours.is_of(rgb, kinds, mask):
            coloured = last.colours
        else:
            coloured = ready.coloured(rgb, kinds, mask)
        shown = "prediction" if asked.blocked else by
        colours = view[MapSettings].colours
        read = meaning(scene, shown, cloud.palette, asked.look, colours, drawn, coloured.in_sight)
        return Painted(asked, ready, coloured, selected, star, drawn, more, said, read)

    if by == "bound":
        bright = heat(view[MapSettings].colours, asked.look)[180]
        colours = plain_colours(scene, by, cloud.palette, asked.look)
        task.partial(done(colours))
        more = upper_bound(trace, task)
        ready, mask = ready_of(scene.cloud, more), with_more(mask, np.ones(len(more), bool))
        return done(with_more(colours, np.tile(bright, (len(more), 1))), more=more)

    block = block_of(trace, tokens) if by == "critical" else None
    if block is not None:
        said = f"{len(block.critical):,} of the {len(block.tokens):,} points of its block"
        return done(critical_colours(scene, block, cloud.palette, asked.look), said=said)
    if by != "attention" or asked.blocked:
        seen = "prediction" if asked.blocked else by
        return done(plain_colours(scene, seen, cloud.palette, asked.look), said=asked.blocked)
    star, said = None, f"of {named(scene, tokens)}"
    of_layer = asked.method.of == "head"
    if of_layer:
        star = cloud_maps.star(trace, view, asked.at)
        said = attention_said(scene, queries, asked.at, tokens)
    else:
        task.partial(done(shaded_colours(scene, cloud.palette, asked.look), said=said))
    task.check()
    drawn = on_points(trace, view, asked.method, asked.at, task)
    said = " · ".join(filter(None, (said, drawn.said)))
    colours = relevance_colours(scene, drawn, cloud.palette, asked.look, view[MapSettings].colours)
    return done(colours, star, drawn, said=said)


def with_more(own: np.ndarray | None, more: np.ndarray) -> np.ndarray | None:
    """The cloud's own points, colours or mask, and those of what is shown beside it."""
    return own if own is None or not len(more) else np.concatenate([own, more])


def ready_of(cloud: CloudInput, more: np.ndarray | None = None) -> Prepared:
    """The points as a view takes them, with what finds the one under the cursor: made once for both views, in
    a worker."""
    if more is not None:
        made = prepare(with_more(cloud.points, more))
    else:
        with _lock:
            made = _prepared.get(cloud) or prepare(cloud.points)
            _prepared[cloud] = made
    _ = made.grid
    return made
