"""Exports of receptive fields: what every layer can see, what a unit does see, how far attention reaches."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import numpy as np

from headlight.models.core.colours import scale_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.attention.maps import require_attention
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.figures import overlay_drawing
from headlight.viewer.export.looks import LaidByScale, chosen, colour_maps
from headlight.viewer.export.results import PICTURES, Filled, Result, check_layers
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.options import Rule, option, some
from headlight.viewer.session.able import no_parts
from headlight.viewer.session.view import FieldSettings, Selection
from headlight.viewer.slices.fields import maps as field_maps
from headlight.viewer.slices.fields.maps import HEAT_PERCENTILE, SHARES, Seen
from headlight.viewer.slices.names import find

_OF_A_UNIT = {"never": Rule(("csv",)), "after": ("layer", "is of the effective field of one layer")}


def read_cell(value: str) -> tuple[int, int]:
    row, comma, column = value.partition(",")
    if not (comma and row.strip().isdecimal() and column.strip().isdecimal()):
        raise argparse.ArgumentTypeError(f"“{value}” is not a row and a column, as in 12,7")
    return int(row), int(column)


@dataclass(frozen=True)
class FieldOptions(LaidByScale):
    """cell: (row, column) of a unit. inputs, source: what its effective field is averaged over."""

    layer: str | None = option(
        "the layer of the unit whose effective field is computed",
        "Layer",
        named=True,
        needed=Rule(
            PICTURES,
            "A {ending} file holds the effective field of one layer's unit.",
            "Choose the layer with --layer.",
        ),
        never=Rule(
            ("csv",),
            "A {ending} file holds the theoretical fields of all layers.",
            "Leave --layer out, or write npz or png.",
        ),
        metavar="INDEX-or-name",
    )
    cell: tuple[int, int] | None = option(
        "the unit (the one in the middle)",
        "Unit (row,column)",
        **_OF_A_UNIT,
        parse=read_cell,
        metavar="ROW,COLUMN",
        empty="the middle",
    )
    inputs: int = option(
        "mean over so many inputs (1)",
        "Mean over inputs",
        **_OF_A_UNIT,
        default=1,
        parse=some,
        metavar="COUNT",
        empty="1",
    )
    source: Literal["picture", "noise"] = option(
        "which inputs (the picture)",
        "Inputs",
        **_OF_A_UNIT,
        default="picture",
        choices={"picture": "This picture", "noise": "Noise"},
    )


@dataclass(frozen=True)
class DistanceOptions:
    """without_self: a patch's weight on itself does not count."""

    without_self: bool = option(
        "leave out a patch's weight on itself", "Leave out a patch's weight on itself", switch=True
    )


def field_filled(subject: Subject, task: Task) -> Filled:
    """Walks through the network, which takes time. HeadlightError where its operations cannot be followed."""
    settings, queries = subject.view[FieldSettings], subject.view[Selection].queries
    seen = field_maps.seen(subject.trace, (), task)
    shown = seen.field(settings.layer)
    names = [one.name for one in field_maps.listed(seen.fields, settings.all_operations)]
    if shown.name not in names:
        names = [one.name for one in seen.fields]
    place = queries[-1] if queries and seen.frame.middle(queries[-1]) is not None else None
    cell = None if place is None else field_maps.unit_at(seen, shown, place)
    return Filled(
        chosen(subject.view)
        | {"layer": shown.name, "cell": cell, "inputs": settings.inputs, "source": settings.source},
        {"layer": partial(_layers, tuple(names)), "colours": colour_maps},
        subject.page == "fields",
    )


def _layers(names: tuple[str, ...], values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    named = [(name, name) for name in names]
    return named if needed else [(None, "All, what they can see"), *named]


def distance_filled(subject: Subject, task: Task) -> Filled:
    return Filled({"without_self": not subject.view[FieldSettings].include_self})


def _require_parts(trace: Trace) -> None:
    if reason := no_parts(trace):
        raise HeadlightError(reason, "Choose a model that reads one picture.")


def receptive_field(
    options: FieldOptions, ending: str, document: ImageInput, trace: Trace, task: Task
) -> Result:
    """Theoretical fields of all layers; with --layer the effective one of a unit too."""
    _require_parts(trace)
    seen = field_maps.seen(trace, (), task)
    fields = seen.fields
    arrays = {
        "layers": np.array([field.name for field in fields]),
        "kinds": np.array([field.kind for field in fields]),
        "levels": np.array([field.level for field in fields]),
        "size": np.array([field.size for field in fields]),
        "stride": np.array([field.stride for field in fields]),
        "start": np.array([field.start for field in fields]),
        "shape": np.array([field.shape for field in fields]),
        "aligned": np.array([field.aligned for field in fields]),
        "whole": np.array([field.whole for field in fields]),
        "notes": np.array([field.note for field in fields]),
        "region": np.array(seen.frame.rect),
        **trace.inputs,
    }
    if options.layer is None:
        return Result(lambda: arrays, lambda: _table(fields))
    field = layer_of(options.layer, seen)
    unit = _unit(options.cell, field)
    arrays |= _effective(options, seen, field, unit, task)
    heat = arrays["effective"]
    title = (
        f"{trace.model.title} · {field.name} · unit ({unit[0]}, {unit[1]}) · effective field, "
        f"{_counted(int(arrays['inputs']))} · {arrays['side'][-1]:.0f} px hold {SHARES[-1]:.0%} · "
        f"theoretical {_size(field)}"
    )

    def drawing():
        scale = scale_of(heat, HEAT_PERCENTILE, options.log)
        return overlay_drawing(
            *(document.pixels, seen.frame.region, heat, title, scale, options.colours, options.opacity)
        )

    return Result(lambda: arrays, drawing=drawing)


def attention_distance(
    options: DistanceOptions, ending: str, document: ImageInput, trace: Trace, task: Task
) -> Result:
    """The mean distance of every head, in pixels of the picture; NaN where a layer has fewer heads."""
    from headlight.models.attention.distances import attention_distances

    _require_parts(trace)
    require_attention(trace)
    check_layers(trace.layers, task)
    names = np.array([layer.name for layer in trace.layers])
    distance = attention_distances(trace, not options.without_self, task)
    arrays = {
        "distance": distance,
        "layers": names,
        "include_self": np.array(not options.without_self),
        **trace.inputs,
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("layer", "name", "head", "distance")
        for layer, head in zip(*np.nonzero(np.isfinite(distance)), strict=True):
            yield (int(layer), names[layer], int(head), f"{distance[layer, head]:.9g}")

    return Result(lambda: arrays, table)


def layer_of(wanted: str, seen: Seen) -> Field:
    """The layer of this name or index, or HeadlightError with what there is."""
    names = [field.name for field in seen.fields]
    return seen.fields[find(wanted, names, seen.trace.model.id)]


def _unit(cell: tuple[int, int] | None, field: Field) -> tuple[int, int]:
    """The unit asked for, else the one in the middle."""
    if cell is None:
        return field_maps.middle_unit(field)
    rows, columns = field.shape
    if cell[0] >= rows or cell[1] >= columns:
        raise HeadlightError(
            f"Unit {cell[0]},{cell[1]} does not exist: {field.name} has {rows} × {columns} units, "
            f"0,0 to {rows - 1},{columns - 1}.",
            "Choose one of these with --cell.",
        )
    return cell


def _effective(
    options: FieldOptions, seen: Seen, field: Field, unit: tuple[int, int], task: Task
) -> dict[str, np.ndarray]:
    from headlight.models.fields.figures import (
        area_ratio,
        equivalent_width,
        mass_inside,
        square_side,
        variance,
    )
    from headlight.models.fields.of_images import effective_of

    engine = seen.trace.run.engine(task)
    effective = effective_of(engine, seen.trace, field.name, unit, options.inputs, options.source, task)
    heat, box = effective.heat, field.box(unit)
    return {
        "effective": heat.astype(np.float32),
        "layer": np.array(field.name),
        "unit": np.array(unit),
        "box": np.array(box),
        "inputs": np.array(effective.inputs),
        "source": np.array(options.source),
        "shares": np.array(SHARES),
        "area_ratio": np.array([area_ratio(heat, share) for share in SHARES]),
        "side": np.array([square_side(heat, share, field.centre(unit)) for share in SHARES], float),
        "mass_inside": np.array(mass_inside(heat, box)),
        "equivalent_width": np.array(equivalent_width(heat)),
        "variance": np.array(variance(heat)),
    }


def _table(fields: Sequence[Field]) -> Iterator[Sequence[object]]:
    axes = ("rows", "columns")
    columns = [f"{what}_{axis}" for what in ("size", "stride", "start", "shape") for axis in axes]
    yield ("index", "layer", "kind", "level", *columns, "aligned", "whole", "note")
    for index, field in enumerate(fields):
        numbers = (*field.size, *field.stride, *field.start, *field.shape)
        said = (int(field.aligned), int(field.whole), field.note)
        yield (index, field.name, field.kind, field.level, *(f"{n:g}" for n in numbers), *said)


def _counted(inputs: int) -> str:
    return "one input" if inputs == 1 else f"mean over {inputs} inputs"


def _size(field: Field) -> str:
    return "whole image" if field.whole else f"{field.size[1]} × {field.size[0]} px"
