"""config.json of a network on a representation: what it says and how it is read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from torch import nn

from headlight.models.core.errors import HeadlightError
from headlight.models.points.grids.range_net import RangeNet
from headlight.models.points.grids.voxel_net import VoxelNet

MAX_WIDTH = 1024


@dataclass(frozen=True)
class GridConfig:
    """model_type: the network. edge: metres of a cell, of a voxel net. widths: of a range net's stages."""

    model_type: Literal["range_net", "voxel_net"]
    classes: tuple[str, ...]
    edge: float = 0.12
    widths: tuple[int, int, int] = (32, 48, 64)

    def network(self) -> nn.Module:
        """With random weights."""
        if self.model_type == "voxel_net":
            return VoxelNet(len(self.classes))
        return RangeNet(classes=len(self.classes), widths=self.widths)


def grid_config(content: Mapping[str, Any], where: str) -> GridConfig:
    """What a config.json says. Raises HeadlightError that names the first entry that makes no network."""
    kind, classes = content.get("model_type"), content.get("classes")
    edge, widths = content.get("edge", GridConfig.edge), content.get("widths", list(GridConfig.widths))
    usable = {
        "model_type": kind in ("range_net", "voxel_net"),
        "classes": isinstance(classes, list)
        and 0 < len(classes) <= 1000
        and all(isinstance(name, str) for name in classes),
        "edge": isinstance(edge, int | float) and 1e-3 <= edge <= 100,
        "widths": isinstance(widths, list)
        and len(widths) == 3
        and all(type(width) is int and 0 < width <= MAX_WIDTH for width in widths),
    }
    for name, is_usable in usable.items():
        if not is_usable:
            raise HeadlightError(
                f"{where} has no usable “{name}”: {json.dumps(content.get(name), default=str)[:80]}.",
                "Fetch the model again.",
            )
    one, two, three = widths
    return GridConfig(
        "range_net" if kind == "range_net" else "voxel_net", tuple(classes), float(edge), (one, two, three)
    )
