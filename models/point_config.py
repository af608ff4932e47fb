"""What a point model wants to see, read from its config.json, and a cloud made into that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np

from models.errors import HeadlightError

Kind = Literal["point_transformer", "pointnet"]
KINDS: tuple[str, ...] = get_args(Kind)
WIDTHS = {"point_transformer": ("planes", "blocks"), "pointnet": ("point", "feature", "transform", "head")}
"""Lists of numbers that make a network of each kind."""
INPUTS = ("height", "x", "y", "z", "r", "g", "b", "coloured")
"""What a feature can be: metres above the floor, coordinates, colour, and whether there is colour."""
S3DIS = (
    *("ceiling", "floor", "wall", "beam", "column", "window", "door"),
    *("table", "chair", "sofa", "bookcase", "board", "clutter"),
)
GRID = 0.04
"""Metres of a voxel in the training of the usual indoor models."""
LOWEST = 1.0
"""Percentile of the heights that stands for the floor: stray points lie below it."""
GREY = 127.5

_WIDEST, _MOST = 8192, 4096


@dataclass(frozen=True)
class PointConfig:
    """A point model's configuration.

    inputs: the features, in their order. colour: "unit" is rgb / 255, "signed" is rgb / 127.5 − 1. centre:
    where x, y and z begin, the middle of the cloud's box or its corner. grid: metres of a voxel. block,
    points: side in metres of the square columns that PointNet looks at, and the most points it takes of one.
    network: what the network's class is made with, beside its numbers of inputs and classes.
    """

    kind: Kind
    classes: tuple[str, ...] = S3DIS
    inputs: tuple[str, ...] = ("height", "r", "g", "b", "coloured")
    colour: Literal["unit", "signed"] = "unit"
    centre: Literal["box", "minimum"] = "box"
    interpolation: Literal["inverse", "inverse-square"] = "inverse"
    grid: float = GRID
    block: float = 2.0
    points: int = 8192
    network: dict[str, tuple[int, ...]] = field(default_factory=dict)

    @property
    def attention_layers(self) -> int:
        """Of a Point Transformer. `blocks` counts a transition in place of each decoder's one block."""
        return sum(self.network.get("blocks", (2, 3, 4, 6, 3)))

    @property
    def most_maps(self) -> int:
        """Of a Point Transformer: the weight maps of its widest layer, one for 8 channels."""
        return max(self.network.get("planes", (512,))) // 8

    @property
    def reads_colour(self) -> bool:
        return any(name in self.inputs for name in "rgb")


def point_config(content: Mapping[str, Any], where: object) -> PointConfig:
    """The configuration in a config.json. HeadlightError, naming `where`, for what makes no sense."""

    def wrong(name: str) -> HeadlightError:
        return HeadlightError(
            f"{where} says {name} = {str(content.get(name))[:80]}, which no point model can have.",
            "Fetch the model again or correct the file.",
        )

    def numbers(name: str) -> tuple[int, ...]:
        value = content[name]
        if not isinstance(value, list) or not value or not all(type(v) is int for v in value):
            raise wrong(name)
        if min(value) < 1 or max(value) > _WIDEST or len(value) > 16:
            raise wrong(name)
        return tuple(value)

    kind = content.get("model_type")
    if kind not in KINDS:
        raise wrong("model_type")
    known: dict[str, Any] = {}
    for name, allowed in (("classes", None), ("inputs", INPUTS)):
        if name in content:
            known[name] = _strings(content[name], allowed)
            if not known[name]:
                raise wrong(name)
    for name, choices in (
        ("colour", ("unit", "signed")),
        ("centre", ("box", "minimum")),
        ("interpolation", ("inverse", "inverse-square")),
    ):
        if name in content:
            if content[name] not in choices:
                raise wrong(name)
            known[name] = content[name]
    for name in ("grid", "block"):
        if name in content:
            value = content[name]
            if isinstance(value, bool) or not isinstance(value, int | float) or not 1e-6 < value < 1e6:
                raise wrong(name)
            known[name] = float(value)
    if "points" in content:
        if type(content["points"]) is not int or not 1 <= content["points"] <= 1 << 20:
            raise wrong("points")
        known["points"] = content["points"]
    widths = (
        ("planes", "blocks") if kind == "point_transformer" else ("point", "feature", "transform", "head")
    )
    config = PointConfig(kind, network={name: numbers(name) for name in widths if name in content}, **known)
    if content.get("in_channels", len(config.inputs)) != len(config.inputs):
        raise wrong("in_channels")
    return config


def features(
    points: np.ndarray, colours: np.ndarray | None, config: PointConfig, cloud: np.ndarray | None = None
) -> np.ndarray:
    """float32 (m, 3) in metres, uint8 (m, 3) or None → float32 (m, inputs), what the network sees of a cloud.

    cloud: the points whose floor and box count, if not these. Without colours r, g and b are 0 for a model
    that is told so ("coloured"), and grey for one that knows nothing else than colour.
    """
    columns: list[np.ndarray] = []
    cloud = points if cloud is None else cloud
    low, high = cloud.min(axis=0), cloud.max(axis=0)
    start = (low + high) / 2 if config.centre == "box" else low
    told = "coloured" in config.inputs
    for name in config.inputs:
        if name == "height":
            columns.append(points[:, 2] - floor_of(cloud))
        elif name in "xyz":
            axis = "xyz".index(name)
            columns.append(points[:, axis] - start[axis])
        elif name == "coloured":
            columns.append(np.full(len(points), colours is not None, np.float32))
        elif colours is None and told:
            columns.append(np.zeros(len(points), np.float32))
        else:
            values = np.full(len(points), GREY) if colours is None else colours[:, "rgb".index(name)]
            columns.append(values / 255 if config.colour == "unit" else values / 127.5 - 1)
    return np.stack(columns, axis=1).astype(np.float32)


def floor_of(points: np.ndarray) -> float:
    """The height, in metres, that only the lowest 1 % of the points lie below."""
    return float(np.percentile(points[:, 2], LOWEST))


def _strings(value: Any, allowed: Sequence[str] | None) -> tuple[str, ...]:
    """The list as a tuple of different names, empty where it is none."""
    if not isinstance(value, list) or len(value) > _MOST or not all(isinstance(v, str) for v in value):
        return ()
    if len(set(value)) < len(value) or (allowed and not set(value) <= set(allowed)):
        return ()
    return tuple(value)
