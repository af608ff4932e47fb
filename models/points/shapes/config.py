"""config.json of a network of shapes: what it says and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headlight.models.core.errors import HeadlightError
from headlight.models.points.config import MAX_BLOCKS, MAX_WIDTH, STAGES
from headlight.models.points.point_transformer import SHARE
from headlight.models.points.representations.views import Ring
from headlight.models.points.shapes.inputs import POINTS
from headlight.models.points.shapes.mvcnn import PLANES, MultiView
from headlight.models.points.shapes.point_transformer import ShapeTransformer
from headlight.models.points.shapes.pointnet import FEATURE, HEAD, TRANSFORM, ShapePointNet

MODEL_TYPES = ("shape_transformer", "shape_pointnet", "shape_mvcnn")
MOST_POINTS, MOST_VIEWS, MOST_SIDE, MOST_TURNS = 1 << 16, 80, 512, 64

Network = ShapeTransformer | ShapePointNet | MultiView


@dataclass(frozen=True)
class ShapeConfig:
    """config.json of a network that says what one object is.

    normals: a point has x, y, z and its normal. up: the axis that points up in what it was trained on.
    points: how many it sees. turns: about the vertical, whose probabilities are averaged. planes, blocks: of
    a Point Transformer; planes of a multi-view network too. widths: of a PointNet. views, side, elevation: of
    the cameras of a multi-view network.
    """

    model_type: Literal["shape_transformer", "shape_pointnet", "shape_mvcnn"]
    classes: tuple[str, ...]
    normals: bool = False
    up: Literal["z", "y"] = "z"
    points: int = POINTS
    turns: int = 1
    planes: tuple[int, ...] = ()
    blocks: tuple[int, ...] = ()
    widths: Mapping[str, tuple[int, ...]] | None = None
    views: int = 12
    side: int = 64
    elevation: float = 30.0

    @property
    def ring(self) -> Ring:
        return Ring(self.views, self.elevation, self.side)

    def network(self) -> Network:
        """With random weights."""
        count, channels = len(self.classes), 6 if self.normals else 3
        if self.model_type == "shape_transformer":
            return ShapeTransformer(channels, count, self.planes, self.blocks)
        if self.model_type == "shape_pointnet":
            return ShapePointNet(channels, count, **(self.widths or {}))
        return MultiView(count, self.planes or PLANES)


def shape_config(content: Mapping[str, Any], where: str) -> ShapeConfig:
    """What a config.json says. Raises HeadlightError that names the first entry that makes no network."""

    def fail(name: str) -> HeadlightError:
        return HeadlightError(
            f"{where} has no usable “{name}”: {json.dumps(content.get(name), default=str)[:80]}.",
            "Fetch the model again.",
        )

    def number(name: str, usual: int, most: int, least: int = 1) -> int:
        value = content.get(name, usual)
        if type(value) is not int or not least <= value <= most:
            raise fail(name)
        return value

    def sizes(name: str, value: Any, most: int, count: int | None = None) -> tuple[int, ...]:
        if not isinstance(value, list | tuple) or not 0 < len(value) <= 16 or count not in (None, len(value)):
            raise fail(name)
        if not all(type(size) is int and 0 < size <= most for size in value):
            raise fail(name)
        return tuple(value)

    kind, classes = content.get("model_type"), content.get("classes")
    if kind not in MODEL_TYPES:
        raise fail("model_type")
    if not isinstance(classes, list) or not 0 < len(classes) <= 1000:
        raise fail("classes")
    if not all(isinstance(word, str) for word in classes):
        raise fail("classes")
    details: dict[str, Any] = {}
    if kind == "shape_transformer":
        details["planes"] = sizes("planes", content.get("planes"), MAX_WIDTH, STAGES)
        details["blocks"] = sizes("blocks", content.get("blocks"), MAX_BLOCKS, STAGES)
        if any(width % SHARE for width in details["planes"]):
            raise fail("planes")
    elif kind == "shape_pointnet":
        given = content.get("widths") or {}
        usual = {"feature": FEATURE, "transform": TRANSFORM, "head": HEAD}
        if not isinstance(given, dict) or not given.keys() <= usual.keys():
            raise fail("widths")
        details["widths"] = {
            name: sizes("widths", given.get(name, widths), MAX_WIDTH, len(widths))
            for name, widths in usual.items()
        }
    else:
        details["planes"] = sizes("planes", content.get("planes"), MAX_WIDTH)
    elevation, up = content.get("elevation", 30.0), content.get("up", "z")
    if not isinstance(elevation, int | float) or not -89 <= elevation <= 89:
        raise fail("elevation")
    if up not in ("z", "y"):
        raise fail("up")
    if type(content.get("normals", False)) is not bool:
        raise fail("normals")
    return ShapeConfig(
        kind,
        tuple(classes),
        normals=content.get("normals", False),
        up=up,
        points=number("points", POINTS, MOST_POINTS, 16),
        turns=number("turns", 1, MOST_TURNS),
        views=number("views", 12, MOST_VIEWS),
        side=number("side", 64, MOST_SIDE, 16),
        elevation=float(elevation),
        **details,
    )
