"""Export of what a method says that an answer, or a token through all layers, rests on."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from headlight.models.core.answers import Target, Writing
from headlight.models.core.colours import DIVERGING, Scale, scale_about_zero, scale_of
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.relevance import Relevance
from headlight.models.core.settings import OcclusionSettings, Parts
from headlight.models.core.task import Task
from headlight.models.core.tokens import PatchTokens, Place, PointTokens, Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.models.explain.targets import targets_at
from headlight.viewer.export.attention.mixed import mixed_drawing
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.clouds.answered import file_point, numbers_in_file
from headlight.viewer.export.clouds.pictured import relevance_drawing
from headlight.viewer.export.clouds.standing import (
    OVER,
    Over,
    asked_box,
    laid,
    of_a_cloud,
    placed,
)
from headlight.viewer.export.figures import Drawing, overlay_drawing, strip_drawing
from headlight.viewer.export.looks import Mapped, chosen, colour_maps, opacity_option
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import Input, pixels_of
from headlight.viewer.options import count, either, numbers, option
from headlight.viewer.registry import REGISTRY, Kind, Method, resolve
from headlight.viewer.session.methods import BESIDE, IN_SPACE, objection, offered_by
from headlight.viewer.session.view import MapSettings, View
from headlight.viewer.slices.clouds.boxes.standing import no_box
from headlight.viewer.slices.explain.relevance import of_target, said_of, through_layers
from headlight.viewer.slices.explain.targets import chosen_of, named, places_of
from headlight.viewer.slices.maps import input_scale, query_indices, rollout_left_out

FIRST = "chefer"
"""The method, where none is named and none is in sight."""


def read_method(value: str) -> str:
    offered = [one.id for one in REGISTRY.all(Method).values() if one.of in ("target", "layers")]
    if value not in offered:
        raise argparse.ArgumentTypeError(f"“{value}” is not {either(offered)}")
    return value


@dataclass(frozen=True)
class Aimed:
    """At one thing that the model says."""

    target: str | None = option(
        "what it is about: a class, a token that is expected, or its number (#7 where 7 is a token too); "
        "saliency; similarity, of two tokens (what the model says first)",
        "Of",
        metavar="NAME",
        empty="what the model says first",
    )
    target_place: tuple[int, ...] | None = option(
        "where the target is said: the number of a token, a patch or a point of the file; of similarity two",
        "At",
        parse=numbers,
        metavar="INDEX[,INDEX]",
        empty="the readout",
    )
    target_box: int | None = option(
        "of what a detector finds: the box that it is about, counted from 0, the likeliest first",
        parse=count,
        metavar="INDEX",
        early=of_a_cloud,
    )


@dataclass(frozen=True)
class Asked(Aimed):
    """By one method."""

    method: str | None = option(
        f"what says it ({FIRST}, else the first that there is)",
        "Method",
        named=True,
        parse=read_method,
        metavar="NAME",
    )
    parts: Parts = option(
        "what is hidden at a time: fine parts or coarse ones (coarse)",
        "Hidden parts",
        default="coarse",
        choices={"fine": "Fine", "coarse": "Coarse"},
    )

    def view(self) -> View:
        """A view with these settings of methods."""
        return View(OcclusionSettings(self.parts))


@dataclass(frozen=True)
class RelevanceOptions(Asked, Mapped):
    """Drawn as well. over: of a detector's cloud, what `map` has sums over."""

    opacity: float = opacity_option()
    over: Over = option(
        "of which parts of a detector's cloud there is a map: pillars from above, or pixels of a range image",
        default="pillars",
        choices=OVER,
        early=of_a_cloud,
    )


def asked(run: RunOptions) -> RunOptions:
    """The target is what is explained, not what is written."""
    if run.writing is None:
        return run
    rest = replace(run.writing, target=None)
    return replace(run, writing=None if rest == Writing() else rest)


def relevance_filled(subject: Subject, task: Task) -> Filled:
    """As it is looked at."""
    asked = asked_filled(subject)
    lists = {**asked.lists, "colours": colour_maps}
    without = () if "cells" in subject.kind.gives else ("opacity",)
    return replace(asked, values={**chosen(subject.view), **asked.values}, lists=lists, without=without)


def asked_filled(subject: Subject) -> Filled:
    """The target and the method that are looked at."""
    aimed, trace, view = aimed_filled(subject), subject.trace, subject.view
    slot = IN_SPACE if "positions" in subject.kind.gives else BESIDE
    shown = slot.method(subject, view)
    is_shown = shown.of == "target" and shown.needs.fits(subject.kind, subject.page)
    method = shown.id if is_shown else _first(subject.kind, trace)
    values = {**aimed.values, "method": method, "parts": view[OcclusionSettings].parts}
    lists = {**aimed.lists, "method": partial(_methods, subject.kind, trace)}
    return replace(aimed, values=values, lists=lists, shown=is_shown)


def aimed_filled(subject: Subject) -> Filled:
    """The target that is looked at."""
    trace, view = subject.trace, subject.view
    target, places = chosen_of(trace, view), places_of(view)
    meant = (target.place, target.beside) if places else ()
    found = [int(one) for place in meant if place for one in trace.at(place)[1][:1]]
    at = _numbers(subject.input, trace, found) if found else None
    values = {"target": target.name, "target_place": at}
    return Filled(values, {"target": partial(_targets, trace, places)}, False, _small)


def _small(values: Mapping[str, Any], ending: str) -> int:
    return 0


def _methods(kind: Kind, trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    return [(one.id, one.name) for one in offered_by(kind) if not objection(one, kind, trace)]


def _targets(
    trace: Trace, places: Sequence[Place], values: Mapping[str, Any], needed: bool
) -> list[tuple[Any, str]]:
    return [(one.name, one.name) for one in targets_at(trace, places)]


def methods_of_targets(document: Input, trace: Trace) -> tuple[str, ...]:
    """All that there are for a reading."""
    kind = REGISTRY.kind_of(document)
    every = (one for one in offered_by(kind) if one.of == "target")
    return tuple(one.id for one in every if not objection(one, kind, trace))


def _first(kind: Kind, trace: Trace) -> str:
    """FIRST, else the first method that there is for such a model."""
    there = [one.id for one in offered_by(kind) if one.of == "target" and not objection(one, kind, trace)]
    return FIRST if FIRST in there or not there else there[0]


# -- computed ------------------------------------------------------------------------------------------------


def relevance(options: RelevanceOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """relevance float32 (n,), of each token; of a picture `map` (rows, columns) too, of a cloud `sample`, the
    number in the file of each token; what it is of: `target`, `target_index`, `target_score`, `target_place`,
    `method`, `unit`."""
    found, method, target = found_by(options, document, trace, task)
    tokens = known(found.tokens, Tokens)
    arrays = {
        "relevance": found.values.astype(np.float32),
        "labels": np.array(tokens.labels),
        "special": tokens.special,
        **told(document, trace, method, target),
        **_laid(tokens, found, trace, document, options.over),
    }
    if isinstance(tokens, PointTokens):
        arrays |= placed(known(document, CloudInput), trace, target)
    title = f"{trace.model.title} · {method.word}" + (f" of “{target.name}”" if target else "")
    draw = partial(_drawing, options, document, trace, found, method, title)
    return Result(lambda: arrays, partial(_table, tokens, found.values), draw)


def found_by(
    options: Asked, document: Input, trace: Trace, task: Task
) -> tuple[Relevance, Method, Target | None]:
    """(what the method says, the method, what it is of, if that is a target). HeadlightError for a method
    that there is not for such a reading."""
    kind = REGISTRY.kind_of(document)
    method = REGISTRY.all(Method)[options.method or _first(kind, trace)]
    if not method.needs.of_kind(kind):
        names = [one.id for one in offered_by(kind)]
        raise HeadlightError(f"{method.name} is not of {kind.plural}.", f"Choose {either(names)}.")
    if reason := objection(method, kind, trace):
        raise HeadlightError(reason, "Choose another method or another model.")
    of_boxes = bool(method.needs.holds) and resolve(method.needs.holds) is no_box
    if of_boxes and not options.target_place:
        is_named = options.target is not None or options.target_box is not None
        target = targeted(options, document, trace, task) if is_named else asked_box(trace, 0)
        found = resolve(method.compute)(trace, target, task)
        return replace(found, **said_of(trace, method)), method, target
    if method.of == "layers":
        queries = _queries(trace, _places(options.target_place, document, trace))
        return through_layers(trace, options.view(), method, queries, task), method, None
    target = targeted(options, document, trace, task)
    return of_target(trace, options.view(), method, target, task), method, target


def targeted(options: Aimed, document: Input, trace: Trace, task: Task) -> Target:
    """What is asked about. HeadlightError for what the model does not say."""
    if options.target_box is not None:
        return _box(options, trace, options.target_box)
    places = _places(options.target_place, document, trace)
    target = named(trace, options.target, places, task)
    if places and target.place is None:
        raise HeadlightError(f"“{target.name}” is said of the whole.", "Leave --target-place out.")
    _check_count(target, places)
    return target


def _box(options: Aimed, trace: Trace, index: int) -> Target:
    """HeadlightError where it is not what else is asked for."""
    box = asked_box(trace, index)
    if options.target_place:
        raise HeadlightError("--target-box says where it is.", "Leave --target-place out.")
    if options.target not in (None, box.name, str(box.index)):
        raise HeadlightError(
            f"Box {index:,} is of {box.name}, not of “{options.target}”.",
            "Leave --target or --target-box out.",
        )
    return box


def told(
    document: Input, trace: Trace, method: Method | None, target: Target | None
) -> dict[str, np.ndarray]:
    """What an export of a relevance is of, and what the model saw."""
    placed = [] if target is None else [one for one in (target.place, target.beside) if one is not None]
    at = [int(one) for place in placed for one in trace.at(place)[1][:1]]
    return {
        "method": np.array(method.id if method else ""),
        "unit": np.array(method.unit if method else ""),
        "target": np.array(target.name if target else ""),
        "target_index": np.array(target.index if target else -1),
        "target_score": np.array(target.score if target else np.nan, np.float32),
        "target_place": np.array(_numbers(document, trace, at) or (), int),
        **trace.inputs,
    }


def _check_count(target: Target, places: Sequence[Place]) -> None:
    """Every place that is given is meant: none is taken in another's stead, or left out."""
    wanted = 1 if target.beside is None else 2
    if places and len(set(places)) != wanted:
        said = "two places" if wanted == 2 else "one place"
        raise HeadlightError(
            f"“{target.name}” is of {said}, not of {len(set(places))}.", "Choose so many with --target-place."
        )


def _laid(
    tokens: Tokens, found: Relevance, trace: Trace, document: Input, over: Over
) -> dict[str, np.ndarray]:
    if isinstance(tokens, PatchTokens):
        return {
            "map": found.values[tokens.prefix :].reshape(tokens.grid),
            "region": np.array(tokens.region.corners),
        }
    if isinstance(tokens, PointTokens):
        cloud = known(document, CloudInput)
        sample = numbers_in_file(cloud, tokens.numbers)
        return {"sample": sample, **laid(cloud, trace, tokens, found, over)}
    return {}


def _places(indices: tuple[int, ...] | None, document: Input, trace: Trace) -> tuple[Place, ...]:
    """Where they are said. A language model that writes says what follows its own tokens."""
    if not indices:
        return ()
    if isinstance(document, CloudInput):
        points = document.points[[file_point(index, document) for index in indices]]
        tokens = known(trace.tokens, PointTokens)
        return tokens.places(np.unique(tokens.nearest(points)))
    said = list(trace.streams.values())[-1]
    if max(indices) >= len(said):
        raise HeadlightError(
            f"Token {max(indices):,} does not exist: there are {len(said):,}, 0 to {len(said) - 1:,}.",
            "Choose one of these with --target-place.",
        )
    return said.places(indices)


def _numbers(document: Input, trace: Trace, tokens: Sequence[int] | np.ndarray) -> tuple[int, ...] | None:
    """As `--target-place` counts them."""
    if not len(tokens):
        return None
    if isinstance(document, CloudInput):
        sample = known(trace.tokens, PointTokens).numbers
        return tuple(numbers_in_file(document, sample[np.asarray(tokens)]).tolist())
    return tuple(int(one) for one in tokens)


def _queries(trace: Trace, places: Sequence[Place]) -> np.ndarray:
    tokens = trace.layers[-1].queries if trace.layers else trace.tokens
    return query_indices(trace, tokens if len(trace.streams) > 1 else trace.tokens, tuple(places))


def _table(tokens: Tokens, values: np.ndarray) -> Iterator[Sequence[object]]:
    yield ("index", "label", "special", "relevance")
    rows = zip(tokens.labels, tokens.special, values.tolist(), strict=True)
    for index, (label, special, value) in enumerate(rows):
        yield (index, label, int(special), f"{value:.9g}")


def _drawing(
    options: RelevanceOptions, document: Input, trace: Trace, found: Relevance, method: Method, title: str
) -> Drawing:
    tokens, look = known(found.tokens, Tokens), options.look()
    scale, colours = _scale(trace, tokens, found, method, look)
    if isinstance(tokens, PointTokens):
        return relevance_drawing(tokens, found.values, title, scale, colours)
    if isinstance(tokens, MixedTokens):
        pixels = pixels_of(document)
        return mixed_drawing(pixels, tokens, found.values, title, scale, colours, look.opacity)
    if not isinstance(tokens, PatchTokens):
        return strip_drawing(tokens.labels, tokens.special, found.values, title, scale, colours)
    values = found.values[tokens.prefix :].reshape(tokens.grid)
    pixels = pixels_of(document)
    return overlay_drawing(pixels, tokens.region, values, title, scale, colours, look.opacity)


def _scale(
    trace: Trace, tokens: Tokens, found: Relevance, method: Method, look: MapSettings
) -> tuple[Scale, str]:
    nothing = np.empty(0, int)
    if isinstance(tokens, PointTokens):
        if method.signed:
            return scale_about_zero(found.values, look.percentile), DIVERGING
        return scale_of(found.values, look.percentile, look.log), look.colours
    out = rollout_left_out(trace, look, tokens, found.values, (tokens, nothing))
    if not method.signed:
        return input_scale(tokens, found.values, look, out, look.floor), look.colours
    values = found.values
    if isinstance(tokens, PatchTokens):
        values, out = (each[tokens.prefix :] for each in (values, out))
    return scale_about_zero(values, look.percentile, out), DIVERGING
