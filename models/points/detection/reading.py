"""config.json of a detector: its dataclasses as plain values, and back."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import MISSING, asdict, fields, is_dataclass
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from headlight.models.core.errors import HeadlightError
from headlight.models.points.detection.config import Backbone, Centres, DetectionConfig, Pillars, Voxels

MODEL_TYPE = "detector"
MOST_WIDTH, MOST_LAYERS, MOST_CELLS = 2048, 64, 1 << 22
"""Of a layer, of a block, of the map that the heads see."""


def written(config: DetectionConfig) -> dict[str, Any]:
    """As config.json has it."""
    return {"model_type": MODEL_TYPE, **asdict(config)}


def detection_config(content: Mapping[str, Any], where: str) -> DetectionConfig:
    """What a config.json says. HeadlightError that names the first entry that makes no detector."""
    known = {one.name for one in fields(DetectionConfig)}
    try:
        if content.get("model_type") != MODEL_TYPE:
            raise ValueError(f"“model_type”: {str(content.get('model_type'))[:80]!r}")
        config = _as(DetectionConfig, {name: value for name, value in content.items() if name in known}, "")
        _check(config)
    except ValueError as error:
        raise HeadlightError(f"{where} is no detector's: {error}.", "Fetch the model again.") from error
    return config


def _check(config: DetectionConfig) -> None:
    backbone, encoder = config.backbone, config.encoder
    same = {len(getattr(backbone, one.name)) for one in fields(Backbone)}
    widths = (*backbone.widths, *backbone.up_widths, *encoder.widths)
    if isinstance(encoder, Voxels):
        widths = (*widths, encoder.out)
    if isinstance(config.head, Centres):
        widths = (*widths, config.head.shared, *config.head.tasks)
    rows, columns = config.map
    rules = {
        "the backbone has lists of different lengths": len(same) != 1 or 0 in same,
        "a width is none that can be": not all(0 < width <= MOST_WIDTH for width in widths),
        "pillars have no layer": isinstance(encoder, Pillars) and not encoder.widths,
        "blocks are too long": not all(0 <= count <= MOST_LAYERS for count in backbone.layers),
        "strides are none that can be": not {*backbone.strides} <= {1, 2, 4}
        or not {*backbone.ups} <= {0.25, 0.5, 1.0, 2.0, 4.0, 8.0},
        "the map is too large or empty": not 0 < rows * columns <= MOST_CELLS,
        "a point has four numbers or five": config.inputs not in (4, 5),
    }
    for said, broken in rules.items():
        if broken:
            raise ValueError(said)


def _as(kind: Any, value: Any, name: str) -> Any:
    """`value` as it is annotated. ValueError where it is something else."""
    origin = get_origin(kind)
    if kind in (bool, str) and isinstance(value, kind):
        return value
    if kind is int and type(value) is int:
        return value
    if kind is float and type(value) in (int, float) and abs(value) < 1e6:
        return float(value)
    if kind is types.NoneType and value is None:
        return None
    if origin is Literal and value in get_args(kind):
        return value
    if origin in (Union, types.UnionType):
        return _either(get_args(kind), value, name)
    if origin is tuple and isinstance(value, list | tuple) and len(value) <= 1000:
        inner = get_args(kind)
        inner = inner[:1] * len(value) if inner[-1] is Ellipsis else inner
        if len(inner) == len(value):
            return tuple(_as(one, each, name) for one, each in zip(inner, value, strict=True))
    if is_dataclass(kind) and isinstance(value, Mapping):
        return _made(kind, value)
    raise ValueError(f"“{name}” is {str(value)[:80]!r}")


def _either(kinds: tuple[Any, ...], value: Any, name: str) -> Any:
    for kind in kinds:
        try:
            return _as(kind, value, name)
        except ValueError:
            continue
    raise ValueError(f"“{name}” is {str(value)[:80]!r}")


def _made(kind: Any, value: Mapping[str, Any]) -> Any:
    hints, known = get_type_hints(kind), {one.name: one for one in fields(kind)}
    if odd := value.keys() - known.keys():
        raise ValueError(f"“{min(map(str, odd))[:80]}” is not known")
    for name, one in known.items():
        if name not in value and one.default is MISSING and one.default_factory is MISSING:
            raise ValueError(f"“{name}” is missing")
    try:
        return kind(**{name: _as(hints[name], each, name) for name, each in value.items()})
    except HeadlightError as error:  # a grid that can be none
        raise ValueError(error.cause.rstrip(".")) from error
