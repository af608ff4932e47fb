"""Exports of receptive fields: what every layer can see, what a unit does see, how far attention reaches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.colours import scale_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field
from headlight.models.core.task import SILENT, Task
from headlight.viewer.export.figures import overlay_drawing
from headlight.viewer.export.results import Result, check_layers, ending_of
from headlight.viewer.inputs.inputs import ImageInput
from headlight.viewer.slices import field_maps, layer_names
from headlight.viewer.slices.field_maps import HEAT_PERCENTILE, SHARES, Seen

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.export.options import ExportOptions


def refuse_early(options: ExportOptions) -> None:
    """HeadlightError for what no network can give, before one is loaded."""
    ending = ending_of(options)
    if options.what != "receptive-field":
        return
    if ending in ("png", "svg") and options.layer is None:
        raise HeadlightError(
            f"A {ending} file holds the effective field of one layer's unit.",
            "Choose the layer with --layer.",
        )
    if ending == "csv" and options.layer is not None:
        raise HeadlightError(
            "A csv file holds the theoretical fields of all layers.",
            "Leave --layer out, or write npz or png.",
        )
    for name in ("cell", "inputs", "source"):
        if getattr(options, name) is not None and options.layer is None:
            raise HeadlightError(
                f"--{name} is of the effective field of one layer.", "Choose the layer with --layer."
            )


def receptive_field(
    options: ExportOptions, document: ImageInput, trace: Trace, task: Task = SILENT
) -> Result:
    """Theoretical fields of all layers; with --layer the effective one of a unit too."""
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
        scale = scale_of(heat, HEAT_PERCENTILE)
        return overlay_drawing(document.pixels, seen.frame.region, heat, title, scale)

    return Result(lambda: arrays, drawing=drawing)


def attention_distance(options: ExportOptions, trace: Trace, task: Task = SILENT) -> Result:
    """The mean distance of every head, in pixels of the picture; NaN where a layer has fewer heads."""
    from headlight.models.attention.distances import attention_distances

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


def require_attention(trace: Trace) -> None:
    """HeadlightError for a convolutional network."""
    if not trace.layers:
        raise HeadlightError(
            f"{trace.model.title} has no attention: it is a convolutional network.",
            "Export receptive-field, or choose a vision transformer with --model.",
        )


def layer_of(wanted: str, seen: Seen) -> Field:
    """The layer of this name or index, or HeadlightError with what there is."""
    names = [field.name for field in seen.fields]
    return seen.fields[layer_names.find(wanted, names, seen.trace.model.id)]


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
    options: ExportOptions, seen: Seen, field: Field, unit: tuple[int, int], task: Task
) -> dict[str, np.ndarray]:
    from headlight.models.engines.door import engine_of
    from headlight.models.fields.figures import (
        area_ratio,
        equivalent_width,
        mass_inside,
        square_side,
        variance,
    )
    from headlight.models.fields.of_images import effective_of

    engine = engine_of(seen.trace)
    inputs, source = options.inputs or 1, options.source or "picture"
    effective = effective_of(engine, seen.trace, field.name, unit, inputs, source, task)
    heat, box = effective.heat, field.box(unit)
    return {
        "effective": heat.astype(np.float32),
        "layer": np.array(field.name),
        "unit": np.array(unit),
        "box": np.array(box),
        "inputs": np.array(effective.inputs),
        "source": np.array(source),
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
