"""Weights of detectors: Headlight's own folders, and checkpoints of OpenPCDet, mmdet3d and CenterPoint.

A checkpoint says by its shapes how large the network is and by its heads what it was trained on; the range
and edge of its grid are those of the published configuration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.tensors import read_tensors, save_half, with_weights
from headlight.models.core.errors import HeadlightError
from headlight.models.points.detection.config import (
    Anchors,
    Backbone,
    Centres,
    DetectionConfig,
    Frame,
    Pillars,
    Suppression,
    Voxels,
)
from headlight.models.points.detection.layouts import Named, Source, named
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.reading import detection_config, written
from headlight.models.points.representations import voxels as of_voxels
from headlight.models.points.representations.cells import Grid
from headlight.models.points.representations.pillars import PUBLISHED
from headlight.models.points.representations.voxels import Hard, Published

NUSCENES = (
    *("car", "truck", "construction_vehicle", "bus", "trailer", "barrier"),
    *("motorcycle", "bicycle", "pedestrian", "traffic_cone"),
)
NUSCENES_TASKS = (1, 2, 2, 1, 2, 2)
CIRCLES = (4.0, 12.0, 10.0, 1.0, 0.85, 0.175)
"""Squared metres of CenterPoint's circles, a task."""
WAYMO = ("vehicle", "pedestrian", "cyclist")
KITTI = ("car", "pedestrian", "cyclist")
KITTI_ANCHORS = Anchors(((3.9, 1.6, 1.56), (0.8, 0.6, 1.73), (1.76, 0.6, 1.73)), (-1.78, -0.6, -0.6))
FINER = Published(Grid((-54.0, -54.0, -5.0), (54.0, 54.0, 3.0), (0.075, 0.075, 0.2)), Hard(10, 120_000))
"""CenterPoint's finer voxels, whose weights have the same shapes."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights by Headlight's names. notices: what the user should know."""

    state: dict[str, Tensor]
    config: DetectionConfig
    source: Source
    notices: tuple[str, ...] = ()

    def network(self) -> Detector:
        """In eval mode, float32."""
        return _built(self.config, self.state, "The checkpoint")


def read_detector(path: Path, trust_pickle: bool = False) -> Checkpoint:
    """A detector from a file of a public implementation, safetensors or pickle.

    A pickle is read only if trusted, and then for its tensors alone. HeadlightError for what is no whole
    detector of a kind that is known.
    """
    path = Path(path)
    found = named(read_tensors(path, trust_pickle), path.name)
    config, notices = _described(found, path.name)
    return Checkpoint(found.state, config, found.source, notices)


def save_detector(folder: Path, net: Detector, config: DetectionConfig, **more: Any) -> None:
    """config.json, with what `more` says, and model.safetensors, as `save_half` does."""
    save_half(folder, net, {**written(config), **more})


def load_detector(folder: Path) -> Detector:
    """In eval mode, float32, with its `config`. HeadlightError for what is none."""
    folder = Path(folder)
    config = detection_config(read_config(folder), f"{folder / 'config.json'}")
    return _built(config, read_tensors(folder / "model.safetensors"), f"{folder / 'model.safetensors'}")


def _built(config: DetectionConfig, state: Mapping[str, Tensor], what: str) -> Detector:
    with torch.device("meta"):
        net = Detector(config)
    return with_weights(net, state, what)


def _described(found: Named, file: str) -> tuple[DetectionConfig, tuple[str, ...]]:
    state, source = found.state, found.source
    encoder, inputs = _encoder(found, file)
    head = _head(state, file)
    backbone = _backbone(state, isinstance(encoder, Pillars) and isinstance(head, Anchors))
    if isinstance(head, Anchors):
        if not isinstance(encoder, Pillars):
            raise _others(file, "anchors over voxels")
        published = PUBLISHED["kitti"]
        config = DetectionConfig(
            KITTI,
            published.grid,
            replace(encoder, padded=True),
            backbone,
            head,
            inputs,
            published.hard,
            Suppression(limit=0.01, before=4096, after=500),
        )
        return config, ()
    circle = "circle" in file.lower()
    rules = Suppression(how="circle", limit=CIRCLES) if circle else Suppression()
    notices: tuple[str, ...] = ()
    if head.tasks == NUSCENES_TASKS:
        classes, frame = NUSCENES, Frame("y", -1.84, 255.0)
        published, notices = _nuscenes(encoder, file)
    elif head.tasks == (3,) and isinstance(encoder, Pillars):
        classes, frame, published = WAYMO, Frame("x", 0.0, 1.0), PUBLISHED["waymo"]
        rules = Suppression(limit=0.7, before=4096, after=500)
    else:
        raise _others(file, f"tasks of {', '.join(map(str, head.tasks))} classes")
    if source == "mmdet3d":
        notices += (
            "Checkpoints of mmdet3d before 1.0 say the width before the length; this one is read as of 1.0.",
        )
    # OpenPCDet's pillars by centres are dynamic, those of the others hard, with what pads them.
    dynamic = source == "OpenPCDet" and isinstance(encoder, Pillars)
    if isinstance(encoder, Pillars):
        encoder = replace(encoder, padded=not dynamic)
    hard = None if dynamic else published.hard
    return DetectionConfig(
        classes, published.grid, encoder, backbone, head, inputs, hard, rules, frame
    ), notices


def _nuscenes(encoder: Pillars | Voxels, file: str) -> tuple[Published, tuple[str, ...]]:
    if isinstance(encoder, Pillars):
        return PUBLISHED["nuscenes"], ()
    if "0075" in file:
        return FINER, ()
    notice = "Its voxels are read as 0.1 m wide: those of 0.075 m have “0075” in their file's name."
    return of_voxels.PUBLISHED["nuscenes"], (notice,)


def _encoder(found: Named, file: str) -> tuple[Pillars | Voxels, int]:
    """(the encoder, the numbers of a point)"""
    state, layers = found.state, _count(found.state, "encoder.pfn_layers.{}.linear.weight")
    if layers:
        weights = [state[f"encoder.pfn_layers.{number}.linear.weight"] for number in range(layers)]
        if any(weight.ndim != 2 for weight in weights):
            raise _others(file, "pillars of another shape")
        # All but the last give half the width and the maximum beside it.
        widths = [len(weight) * (1 if number == layers - 1 else 2) for number, weight in enumerate(weights)]
        given = weights[0].shape[1]
        flat = given == 9 or (given == 10 and found.source == "CenterPoint")
        inputs = given - (5 if flat else 6)
        if inputs not in (4, 5):
            raise _others(file, f"pillars of {given} numbers a point")
        return Pillars(tuple(widths), "xy" if flat else "xyz"), inputs
    first = state.get("encoder.conv_input.conv.weight")
    if first is None or first.ndim != 5:
        raise _others(file, "neither pillars nor voxels")
    stages = _count(state, "encoder.stages.{}.0.conv1.weight")
    widths = [state[f"encoder.stages.{number}.0.conv1.weight"].shape[-1] for number in range(stages)]
    out = state.get("encoder.conv_out.conv.weight")
    biased = "encoder.stages.0.0.conv1.bias" in state
    if out is None or out.ndim != 5 or first.shape[3] not in (4, 5):
        raise _others(file, "an encoder of another shape")
    return Voxels(tuple(widths), out.shape[-1], biased), first.shape[3]


def _backbone(state: Mapping[str, Tensor], halves: bool) -> Backbone:
    """halves: its first block does, whatever its map is enlarged by."""
    blocks = _count(state, "backbone.blocks.{}.0.weight")
    layers, widths, ups, up_widths = [], [], [], []
    for number in range(blocks):
        width = len(state[f"backbone.blocks.{number}.0.weight"])
        count = _count(state, f"backbone.blocks.{number}.{{}}.weight", 3)
        up = state.get(f"backbone.deblocks.{number}.0.weight", torch.empty(0, 0, 1))
        enlarged = up.shape[0] == width
        layers.append(max(count - 1, 0))
        widths.append(width)
        ups.append(float(up.shape[-1]) if enlarged else 1 / max(up.shape[-1], 1))
        up_widths.append(up.shape[1] if enlarged else up.shape[0])
    # All maps are joined at one size, from which the strides follow but for the first.
    first = 2 if halves or (ups and ups[0] < 1) else 1
    strides = [first, *(max(1, round(ups[at] / ups[at - 1])) for at in range(1, blocks))]
    return Backbone(tuple(layers), tuple(widths), tuple(strides), tuple(ups), tuple(up_widths))


def _head(state: Mapping[str, Tensor], file: str) -> Centres | Anchors:
    if "head.conv_cls.weight" in state:
        outputs = {name: len(state.get(f"head.{name}.weight", ())) for name in ("conv_cls", "conv_box")}
        wanted = {"conv_cls": KITTI_ANCHORS.count * len(KITTI), "conv_box": KITTI_ANCHORS.count * 7}
        if outputs != wanted or len(state.get("head.conv_dir_cls.weight", ())) != 2 * KITTI_ANCHORS.count:
            raise _others(file, "anchors of other classes than KITTI's car, pedestrian and cyclist")
        return KITTI_ANCHORS
    count = _count(state, "head.task_heads.{}.heatmap.3.weight")
    shared = state.get("head.shared_conv.0.weight")
    if not count or shared is None:
        raise _others(file, "no heat map")
    return Centres(
        tasks=tuple(len(state[f"head.task_heads.{number}.heatmap.3.weight"]) for number in range(count)),
        shared=len(shared),
        biased="head.shared_conv.0.bias" in state,
        velocity="head.task_heads.0.vel.3.weight" in state,
    )


def _count(state: Mapping[str, Tensor], name: str, step: int = 1) -> int:
    """How many of these there are one after another, `step` numbers apart."""
    count = 0
    while name.format(count * step) in state:
        count += 1
    return count


def _others(file: str, what: str) -> HeadlightError:
    return HeadlightError(
        f"{file} is a detector that Headlight does not know: it has {what}.",
        "Choose PointPillars on KITTI, or CenterPoint on nuScenes or Waymo.",
    )
