"""What a view of a cloud draws: colours of its points, marks, lines, and how all of it is read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.layers import Head
from headlight.models.core.task import Task
from headlight.models.core.tokens import SINGLY, Place
from headlight.viewer.host.summary import SentOnce
from headlight.viewer.registry import Method
from headlight.viewer.session.view import CloudSettings, ColourBy, MapSettings, Selection, View
from headlight.viewer.slices.clouds import maps as cloud_maps
from headlight.viewer.slices.clouds.classes import groups, named
from headlight.viewer.slices.clouds.colours import (
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
from headlight.viewer.slices.clouds.keys import ColourMeaning, meaning
from headlight.viewer.slices.clouds.relevance import colours_of, on_points
from headlight.viewer.slices.explain.targets import chosen_of, places_of
from headlight.viewer.slices.maps import Drawn

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
class Colours(SentOnce):
    """Of the points of a view: the cloud's own, then those beside it.

    more: float32 (k, 3), the places of the latter. rgb: uint8 (n + k, 3). groups: uint8 (n + k,), the classes
    that points are lit with, see `classes.groups`; None without any. mask: bool (n + k,), the points that are
    seen, None for all. in_sight: the groups of those.
    """

    more: np.ndarray
    rgb: np.ndarray
    groups: np.ndarray | None
    mask: np.ndarray | None
    in_sight: frozenset[int]

    @classmethod
    def of(
        cls,
        rgb: np.ndarray,
        kinds: np.ndarray | None,
        mask: np.ndarray | None,
        more: np.ndarray,
        last: Colours | None,
    ) -> Colours:
        """kinds, mask: of the cloud's own points. last: given again where nothing differs."""
        kinds = None if kinds is None else np.concatenate([kinds, np.zeros(len(more), kinds.dtype)])
        mask = None if mask is None else np.concatenate([mask, np.ones(len(more), bool)])
        if last is not None and last.more is more and last._is_of(rgb, kinds, mask):
            return last
        seen = np.empty(0, np.uint8) if kinds is None else kinds if mask is None else kinds[mask]
        return cls(more, rgb, kinds, mask, frozenset(np.flatnonzero(np.bincount(seen)).tolist()))

    def _is_of(self, rgb: np.ndarray, kinds: np.ndarray | None, mask: np.ndarray | None) -> bool:
        """Whether they were made of these; `rgb` has to be the same array, not an equal one."""
        return self.rgb is rgb and _same(self.groups, kinds) and _same(self.mask, mask)


@dataclass(frozen=True, eq=False)
class Painted:
    """What a view draws: colours, indices of marked points, lines, and what it is of."""

    asked: Asked
    colours: Colours
    selected: np.ndarray
    star: cloud_maps.Star | None
    drawn: Drawn | None
    said: str
    """Of what the attention is."""
    meaning: ColourMeaning
    """How the colours are read."""


def painted(asked: Asked, view: View, last: Colours | None, task: Task) -> Painted:
    """What the view draws for this. last: the colours that it has, which are used again if they can."""
    scene, by = asked.scene, asked.by
    trace, queries, cloud = scene.trace, view[Selection].queries, view[CloudSettings]
    mask = visible(scene, cloud.hidden)
    tokens = cloud_maps.chosen(trace, trace.tokens, queries) if trace else np.empty(0, int)
    selected = tokens if scene.answer is None else scene.answer.sample[tokens]
    if mask is not None:
        selected = selected[mask[selected]]
    if by == "attention" and len(selected) > SINGLY:
        selected = selected[:0]  # so many marks would cover what they reach

    def done(rgb, star=None, drawn=None, more=NO_PLACES, said="") -> Painted:
        colours = Colours.of(rgb, groups(scene, by), mask, more, last)
        shown = "prediction" if asked.blocked else by
        map_ = colours_of(asked.method, view) if by == "attention" else view[MapSettings].colours
        read = meaning(scene, shown, cloud.palette, asked.look, map_, drawn, colours.in_sight)
        return Painted(asked, colours, selected, star, drawn, said, read)

    if by == "bound":
        bright = heat(view[MapSettings].colours, asked.look)[180]
        colours = plain_colours(scene, by, cloud.palette, asked.look)
        task.partial(done(colours))
        more = upper_bound(scene.read, task)
        return done(np.concatenate([colours, np.tile(bright, (len(more), 1))]), more=more)

    block = block_of(scene.read, tokens) if by == "critical" else None
    if block is not None:
        said = f"{len(block.critical):,} of the {len(block.tokens):,} points of its block"
        return done(critical_colours(scene, block, cloud.palette, asked.look), said=said)
    if by != "attention" or asked.blocked:
        seen = "prediction" if asked.blocked else by
        return done(plain_colours(scene, seen, cloud.palette, asked.look), said=asked.blocked)
    star, said = None, f"of {_of(scene, asked.method, view, tokens)}"
    of_layer = asked.method.of == "head"
    if of_layer:
        star = cloud_maps.star(scene.read, view, asked.at)
        said = attention_said(scene, queries, asked.at, tokens)
    else:
        task.partial(done(shaded_colours(scene, cloud.palette, asked.look), said=said))
    task.check()
    drawn = known(on_points(scene.read, view, asked.method, asked.at, task), Drawn)
    said = " · ".join(filter(None, (said, drawn.said)))
    map_ = colours_of(asked.method, view)
    colours = relevance_colours(scene, drawn, cloud.palette, asked.look, map_)
    return done(colours, star, drawn, said=said)


def _of(scene: Scene, method: Method, view: View, tokens: np.ndarray) -> str:
    """What a method that is not of one layer is of: “chair”, at the selected points or in the mean of all."""
    if method.of != "target":
        return named(scene, tokens)
    places = places_of(view)
    at = cloud_maps.chosen(scene.read, scene.read.tokens, places) if places else np.empty(0, int)
    return f"“{chosen_of(scene.read, view).name}”" + (f" at {named(scene, at)}" if len(at) else "")


def attention_said(scene: Scene, queries: tuple[Place, ...], at: tuple[int, Head], tokens: np.ndarray) -> str:
    """dec2.1, map 3 · of chair, point 48,211 · answered 0.12 m away."""
    away = cloud_maps.away(scene.read, scene.read.layers[at[0]], queries)
    moved = f" · answered {away:.2f} m away" if away > 0 else ""
    return f"{cloud_maps.map_named(scene.read, *at)} · of {named(scene, tokens)}{moved}"


def _same(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    if one is None or other is None:
        return one is other
    return one is other or np.array_equal(one, other)
