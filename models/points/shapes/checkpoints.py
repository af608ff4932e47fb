"""Weights of networks of shapes: Headlight's own folders, and checkpoints of two public implementations.

Pointcept's Point Transformer (Cls26, 38, 50) and yanx27's PointNet, trained on ModelNet40, whose shapes stand
on x and z. What a checkpoint is, its names and shapes say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.tensors import compare, read_tensors, with_weights
from headlight.models.core.errors import HeadlightError
from headlight.models.points.checkpoints import shape_of, without
from headlight.models.points.config import MAX_BLOCKS, MAX_WIDTH, STAGES
from headlight.models.points.point_transformer import SHARE
from headlight.models.points.shapes.config import Network, ShapeConfig, shape_config

MODELNET40 = (
    "airplane", "bathtub", "bed", "bench", "bookshelf", "bottle", "bowl", "car", "chair", "cone", "cup",
    "curtain", "desk", "door", "dresser", "flower_pot", "glass_box", "guitar", "keyboard", "lamp", "laptop",
    "mantel", "monitor", "night_stand", "person", "piano", "plant", "radio", "range_hood", "sink", "sofa",
    "stairs", "stool", "table", "tent", "toilet", "tv_stand", "vase", "wardrobe", "xbox",
)  # fmt: skip
_PREFIXES = ("module.", "backbone.")
_OTHER = "Choose a checkpoint of Pointcept's classifier or of yanx27's PointNet."
# yanx27's names → ours: convolutions over points one by one are linear layers.
_POINTNET = (
    (r"feat\.(f?)stn\.conv([123])\.", lambda m: f"{_turn(m)}.local.{3 * int(m[2]) - 3}."),
    (r"feat\.(f?)stn\.bn([123])\.", lambda m: f"{_turn(m)}.local.{3 * int(m[2]) - 2}."),
    (r"feat\.(f?)stn\.fc([12])\.", lambda m: f"{_turn(m)}.whole.{3 * int(m[2]) - 3}."),
    (r"feat\.(f?)stn\.bn([45])\.", lambda m: f"{_turn(m)}.whole.{3 * int(m[2]) - 11}."),
    (r"feat\.(f?)stn\.fc3\.", lambda m: f"{_turn(m)}.last."),
    (r"feat\.conv1\.", lambda m: "point.0."),
    (r"feat\.bn1\.", lambda m: "point.1."),
    (r"feat\.conv([23])\.", lambda m: f"feature.{3 * int(m[1]) - 6}."),
    (r"feat\.bn([23])\.", lambda m: f"feature.{3 * int(m[1]) - 5}."),
    (r"fc1\.", lambda m: "head.0."),
    (r"bn1\.", lambda m: "head.1."),
    (r"fc2\.", lambda m: "head.3."),
    (r"bn2\.", lambda m: "head.5."),
    (r"fc3\.", lambda m: "head.7."),
)  # fmt: skip


def _turn(found: re.Match[str]) -> str:
    return "turn_features" if found[1] else "turn"


@dataclass(frozen=True, eq=False)
class ShapeCheckpoint:
    """Weights under Headlight's names."""

    state: dict[str, Tensor]
    config: ShapeConfig

    def network(self) -> Network:
        """On the processor, in eval mode, float32."""
        return network_of(self.config, self.state, "The checkpoint")


def is_of_shapes(raw: Mapping[str, Tensor]) -> bool:
    """Whether a checkpoint's names are those of a classifier that is known."""
    names = {without(name, _PREFIXES) for name in raw}
    return "cls.8.weight" in names or {"feat.conv1.weight", "fc3.weight"} <= names


def checkpoint_of(raw: Mapping[str, Tensor], name: str) -> ShapeCheckpoint:
    """The network that these tensors are. name: of their file. HeadlightError where they are no whole one."""
    state = {without(key, _PREFIXES): tensor for key, tensor in raw.items()}
    if len(state) < len(raw):
        raise HeadlightError(f"{name} has names twice once they are stripped of prefixes.", _OTHER)
    state, config = _pointnet(state) if "feat.conv1.weight" in state else _transformer(state)
    with torch.device("meta"):
        expected = config.network().state_dict()
    compare(expected, state, f"{name}")
    return ShapeCheckpoint(state, config)


def _transformer(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], ShapeConfig]:
    state = {key.replace(".transformer.", ".transformer2."): tensor for key, tensor in state.items()}
    planes = tuple(shape_of(state, f"enc{s}.0.linear.weight", 2)[0] for s in range(1, STAGES + 1))
    blocks = tuple(_blocks(state, f"enc{s}") for s in range(1, STAGES + 1))
    channels = shape_of(state, "enc1.0.linear.weight", 2)[1]
    classes = shape_of(state, "cls.8.weight", 2)[0]
    if any(width % SHARE or not 0 < width <= MAX_WIDTH for width in planes) or max(blocks) > MAX_BLOCKS:
        raise HeadlightError(
            f"No Point Transformer has stages of {planes} channels and {blocks} blocks.", _OTHER
        )
    return state, ShapeConfig(
        "shape_transformer", names_of(classes), _normals(channels), "y", planes=planes, blocks=blocks
    )


def _blocks(state: Mapping[str, Tensor], stage: str) -> int:
    count = 1
    while count <= MAX_BLOCKS and f"{stage}.{count}.linear1.weight" in state:
        count += 1
    return count


def _pointnet(state: dict[str, Tensor]) -> tuple[dict[str, Tensor], ShapeConfig]:
    channels = shape_of(state, "feat.conv1.weight", 3)[1]
    classes = shape_of(state, "fc3.weight", 2)[0]
    found = {}
    for key, tensor in state.items():
        for rule, ours in _POINTNET:
            if match := re.match(rule, key):
                key = ours(match) + key[match.end() :]
                break
        found[key] = tensor.squeeze(2) if tensor.ndim == 3 else tensor
    return found, ShapeConfig("shape_pointnet", names_of(classes), _normals(channels), "y")


def _normals(channels: int) -> bool:
    if channels not in (3, 6):
        raise HeadlightError(
            f"The checkpoint takes {channels} numbers a point, and what they mean is not known.",
            "Choose one that takes x, y, z, or these and a normal.",
        )
    return channels == 6


def names_of(count: int) -> tuple[str, ...]:
    """ModelNet40's; numbers where there are not 40."""
    return MODELNET40 if count == len(MODELNET40) else tuple(f"class {number}" for number in range(count))


def network_of(config: ShapeConfig, state: Mapping[str, Tensor], what: str) -> Network:
    """With these weights, float32, in eval mode. what: the file they are from."""
    with torch.device("meta"):
        net = config.network()
    return with_weights(net, state, what)


def load_shapes(folder: Path) -> tuple[Network, ShapeConfig]:
    """The network of Headlight's own folder, and its configuration. Raises HeadlightError for what does not
    fit it."""
    config = shape_config(read_config(folder), f"{folder / 'config.json'}")
    file = folder / "model.safetensors"
    return network_of(config, read_tensors(file), f"{file}"), config
