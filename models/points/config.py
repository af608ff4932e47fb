"""config.json of a point network: what it says and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headlight.models.core.errors import HeadlightError
from headlight.models.points.neighbours import Interpolation
from headlight.models.points.point_transformer import SHARE, PointTransformer
from headlight.models.points.pointnet import PointNet

MAX_WIDTH = 4096
MAX_BLOCKS = 64
STAGES = 5
"""Of every Point Transformer."""


@dataclass(frozen=True)
class PointConfig:
    """config.json of a point network.

    inputs: what the channels are, in order. colour: rgb/255, or rgb/127.5 − 1. centre: where x, y, z of the
    inputs have their zero: the box's middle, its lowest corner, or the middle of its floor. grid: metres.
    planes, blocks: of a Point Transformer. widths: of a PointNet.
    """

    model_type: Literal["point_transformer", "pointnet"]
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    planes: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    widths: Mapping[str, tuple[int, ...]] | None = None
    colour: Literal["unit", "signed"] = "unit"
    centre: Literal["box", "minimum", "floor"] = "minimum"
    interpolation: Interpolation = "inverse"
    grid: float = 0.04

    @property
    def in_channels(self) -> int:
        return len(self.inputs)

    def network(self) -> PointTransformer | PointNet:
        """With random weights."""
        if self.model_type == "pointnet":
            return PointNet(self.in_channels, len(self.classes), **(self.widths or {}))
        return PointTransformer(self.in_channels, len(self.classes), self.planes, self.blocks)


def point_config(content: Mapping[str, Any], where: str) -> PointConfig:
    """What a config.json says. Raises HeadlightError that names the first entry that makes no network."""

    def fail(name: str) -> HeadlightError:
        return HeadlightError(
            f"{where} has no usable “{name}”: {json.dumps(content.get(name), default=str)[:80]}.",
            "Fetch the model again.",
        )

    def among(name: str, *choices: Any) -> Any:
        value = content.get(name, choices[0])
        if value not in choices:
            raise fail(name)
        return value

    def sizes(name: str, value: Any, most: int) -> tuple[int, ...]:
        """Whole numbers from 1 to `most`."""
        if not isinstance(value, list) or not 0 < len(value) <= 16:
            raise fail(name)
        if not all(type(size) is int and 0 < size <= most for size in value):
            raise fail(name)
        return tuple(value)

    def words(name: str) -> tuple[str, ...]:
        value = content.get(name)
        if not isinstance(value, list) or not 0 < len(value) <= 1000:
            raise fail(name)
        if not all(isinstance(word, str) for word in value):
            raise fail(name)
        return tuple(value)

    if content.get("model_type") not in ("point_transformer", "pointnet"):
        raise fail("model_type")
    kind = content["model_type"]
    details: dict[str, Any] = {}
    if kind == "point_transformer":
        details["planes"] = sizes("planes", content.get("planes"), MAX_WIDTH)
        details["blocks"] = sizes("blocks", content.get("blocks"), MAX_BLOCKS)
        if any(width % SHARE for width in details["planes"]) or len(details["planes"]) != STAGES:
            raise fail("planes")
        if len(details["blocks"]) != STAGES:
            raise fail("blocks")
    elif content.get("widths") is not None:
        widths = content["widths"]
        if not isinstance(widths, dict) or not set(widths) <= {"point", "feature", "transform", "head"}:
            raise fail("widths")
        details["widths"] = {name: sizes("widths", value, MAX_WIDTH) for name, value in widths.items()}
        if len(details["widths"].get("transform", (1, 1, 1))) < 3:
            raise fail("widths")
    grid = content.get("grid", 0.04)
    if not isinstance(grid, int | float) or not 1e-4 <= grid <= 100:
        raise fail("grid")
    return PointConfig(
        kind,
        words("classes"),
        words("inputs"),
        **details,
        colour=among("colour", "unit", "signed"),
        centre=among("centre", "minimum", "box", "floor"),
        interpolation=among("interpolation", "inverse", "inverse-square"),
        grid=float(grid),
    )
