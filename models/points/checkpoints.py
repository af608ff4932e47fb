"""Weights of point networks: Headlight's own folders, and checkpoints of three public implementations.

A checkpoint says by its shapes how large the network is, and by its names where it is from; that decides the
order of classes and how colours and coordinates were given to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import torch
from torch import Tensor, nn

from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.tensors import (
    CONVERT,
    MAX_BYTES,
    compare,
    read_tensors,
    save_half,
    with_weights,
)
from headlight.models.core.classes.lists import S3DIS_CLASSES, S3DIS_ORDER
from headlight.models.core.errors import HeadlightError
from headlight.models.points.config import MAX_BLOCKS, MAX_WIDTH, STAGES, PointConfig, point_config
from headlight.models.points.point_transformer import SHARE, PointTransformer
from headlight.models.points.pointnet import PointNet


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights under Headlight's names. source: whose they are. notices: what the user should know."""

    state: dict[str, Tensor]
    config: PointConfig
    source: Literal["postech", "pointcept", "open3d", "headlight"]
    notices: tuple[str, ...] = ()

    def network(self) -> PointTransformer | PointNet:
        """On the processor, in eval mode, float32."""
        return _loaded(self.config, self.state, "The checkpoint")


def read_checkpoint(path: Path, trust_pickle: bool = False) -> Checkpoint:
    """A Point Transformer from a file of one of the public implementations, safetensors or pickle.

    A pickle is read only if trusted, and then for its tensors alone. Raises HeadlightError for everything
    that is no whole Point Transformer of a kind that is known.
    """
    path = Path(path)
    raw = read_tensors(path, trust_pickle)
    state = {without(name, ("module.", "backbone.")): tensor for name, tensor in raw.items()}
    notices: tuple[str, ...] = ()
    details: dict[str, Any] = {}
    if any(name.startswith("encoders.") for name in state):
        source = "open3d"
        state = {_of_open3d(name): tensor for name, tensor in state.items()}
        details = {"centre": "box", "interpolation": "inverse-square"}
    elif any(".transformer." in name for name in state):
        source = "pointcept"
        state = {name.replace(".transformer.", ".transformer2."): t for name, t in state.items()}
        details = {"centre": "floor"}
        notices = (
            "Older Pointcept checkpoints take colours from −1 to 1; this one is read as taking 0 to 1.",
        )
    else:
        source = "postech"
    if len(state) < len(raw):
        raise HeadlightError(f"{path.name} has names twice once they are stripped of prefixes.", CONVERT)
    found = describe(state)
    channels = found["in_channels"]
    if channels not in (3, 6):
        raise HeadlightError(
            f"{path.name} takes {channels} numbers a point, and what they mean is not known.",
            "Choose a checkpoint that takes x, y, z or x, y, z, r, g, b.",
        )
    config = PointConfig(
        "point_transformer",
        class_names(found["classes"], source),
        tuple("xyzrgb"[:channels]),
        found["planes"],
        found["blocks"],
        **details,
    )
    return Checkpoint(state, config, source, notices)


def describe(state: Mapping[str, Tensor]) -> dict[str, Any]:
    """in_channels, classes (their number), planes and blocks of the Point Transformer that fits this state.

    Raises HeadlightError that names the first tensor that is missing, does not belong or has another shape.
    """
    planes = tuple(shape_of(state, f"enc{s}.0.linear.weight", 2)[0] for s in range(1, STAGES + 1))
    blocks = tuple(_blocks(state, f"enc{s}") for s in range(1, STAGES + 1))
    channels = shape_of(state, "enc1.0.linear.weight", 2)[1]
    classes = shape_of(state, "cls.3.weight", 2)[0]
    if any(width % SHARE or not 0 < width <= MAX_WIDTH for width in (*planes,)) or max(blocks) > MAX_BLOCKS:
        raise HeadlightError(
            f"No Point Transformer has stages of {planes} channels and {blocks} blocks.",
            "Choose a checkpoint of one.",
        )
    with torch.device("meta"):
        expected = PointTransformer(channels, classes, planes, blocks).state_dict()
    compare(expected, state, "The checkpoint")
    return {"in_channels": channels, "classes": classes, "planes": planes, "blocks": blocks}


def class_names(count: int, source: str) -> tuple[str, ...]:
    """S3DIS's in the order of the source; numbers where there are not 13."""
    if count != len(S3DIS_CLASSES):
        return tuple(f"class {number}" for number in range(count))
    return S3DIS_ORDER if source == "postech" else S3DIS_CLASSES


def save_network(folder: Path, net: PointTransformer | PointNet, config: PointConfig, **more: Any) -> None:
    """config.json (with what `more` says, such as a licence) and model.safetensors, as `save_half` does."""
    save_half(folder, net, {**asdict(config), "in_channels": config.in_channels, **more})


def load_network(
    folder: Path, device: str = "cpu"
) -> tuple[PointTransformer | PointNet, PointConfig, tuple[str, ...]]:
    """(the network of such a folder, float32, in eval mode; its configuration; the names that were missing).

    Those weights are random, always the same. Raises HeadlightError for what does not fit the configuration.
    """
    folder = Path(folder)
    config = point_config(read_config(folder), f"{folder / 'config.json'}")
    state = read_tensors(folder / "model.safetensors")
    what = f"{folder / 'model.safetensors'}"
    missing = _completed(config, state, what)
    return _loaded(config, state, what).to(device), config, missing


def without(name: str, prefixes: tuple[str, ...]) -> str:
    for prefix in prefixes:
        name = name.removeprefix(prefix)
    return name


def _of_open3d(name: str) -> str:
    """encoders.{i} → enc{i+1}, decoders.{i} → dec{5−i}."""
    kind, _, rest = name.partition(".")
    number, dot, rest = rest.partition(".")
    if kind not in ("encoders", "decoders") or not dot or number not in "01234":
        return name
    return f"enc{int(number) + 1}.{rest}" if kind == "encoders" else f"dec{STAGES - int(number)}.{rest}"


def shape_of(state: Mapping[str, Tensor], name: str, dimensions: int) -> tuple[int, ...]:
    if name not in state:
        raise HeadlightError(
            f"The checkpoint is no Point Transformer that is known: {name} is missing.",
            "Choose a checkpoint of the public implementation.",
        )
    shape = tuple(state[name].shape)
    if len(shape) != dimensions or 0 in shape:
        raise HeadlightError(f"The checkpoint's {name} has the shape {shape}.", "Choose another checkpoint.")
    return shape


def _blocks(state: Mapping[str, Tensor], stage: str) -> int:
    count = 1
    while count <= MAX_BLOCKS and f"{stage}.{count}.linear1.weight" in state:
        count += 1
    return count


def _completed(config: PointConfig, state: dict[str, Tensor], what: str) -> tuple[str, ...]:
    """Add random weights for those that `state` lacks, as a fresh network has them; their names."""
    with torch.device("meta"):
        expected = config.network().state_dict()
    missing = tuple(name for name in expected if name not in state)
    if missing and sum(tensor.numel() for tensor in expected.values()) * 4 > MAX_BYTES:
        raise HeadlightError(
            f"The network of {what} needs more than {MAX_BYTES / 1e9:.1f} GB.", "Choose another one."
        )
    if missing:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            fresh = config.network().state_dict()
        state |= {name: fresh[name] for name in missing}
    return missing


def _loaded(config: PointConfig, state: Mapping[str, Tensor], what: str) -> nn.Module:
    with torch.device("meta"):
        net = config.network()
    return with_weights(net, state, what)
