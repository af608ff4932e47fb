"""Made-up files with the keys and shapes that public detectors have, written apart from what reads them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import torch

Shapes = Iterator[tuple[str, tuple[int, ...]]]
TASKS = (1, 2, 2, 1, 2, 2)


def saved(path: Path, shapes: Shapes, container: str) -> Path:
    """Zeros of these shapes, in a file of torch.save."""
    whole = {name: torch.zeros(shape) for name, shape in shapes}
    torch.save({container: whole, "epoch": 20}, path)
    return path


def norm(name: str, width: int) -> Shapes:
    for one in ("weight", "bias", "running_mean", "running_var"):
        yield f"{name}.{one}", (width,)
    yield f"{name}.num_batches_tracked", ()


def pillars(name: str, *layers: tuple[int, int]) -> Shapes:
    for number, (channels, out) in enumerate(layers):
        yield f"{name}.pfn_layers.{number}.linear.weight", (out, channels)
        yield from norm(f"{name}.pfn_layers.{number}.norm", out)


def backbone(blocks: str, deblocks: str, into: int, layers, widths, ups, out: int, first: int) -> Shapes:
    """first: the place of the first convolution in a block."""
    for number, (count, width) in enumerate(zip(layers, widths, strict=True)):
        for layer in range(count + 1):
            at = first + 3 * layer
            yield f"{blocks}.{number}.{at}.weight", (width, into if layer == 0 else width, 3, 3)
            yield from norm(f"{blocks}.{number}.{at + 1}", width)
        side = round(max(ups[number], 1 / ups[number]))
        pair = (width, out) if ups[number] >= 1 else (out, width)
        yield f"{deblocks}.{number}.0.weight", (*pair, side, side)
        yield from norm(f"{deblocks}.{number}.1", out)
        into = width


def centres(shared: tuple[str, str], head: str, names, places, into: int, biased: bool) -> Shapes:
    """names: how many numbers each head says. places: of its convolution, norm and last layer."""
    yield f"{shared[0]}.weight", (64, into, 3, 3)
    if biased:
        yield f"{shared[0]}.bias", (64,)
    yield from norm(shared[1], 64)
    for task, classes in enumerate(TASKS):
        for name, out in names.items():
            at = f"{head}.{task}.{name}"
            yield f"{at}.{places[0]}.weight", (64, 64, 3, 3)
            if biased:
                yield f"{at}.{places[0]}.bias", (64,)
            yield from norm(f"{at}.{places[1]}", 64)
            yield f"{at}.{places[2]}.weight", (out or classes, 64, 3, 3)
            yield f"{at}.{places[2]}.bias", (out or classes,)


def openpcdet_pillars() -> Shapes:
    yield "global_step", (1,)
    yield from pillars("vfe", (10, 64))
    yield from backbone(
        "backbone_2d.blocks", "backbone_2d.deblocks", 64, (3, 5, 5), (64, 128, 256), (1, 2, 4), 128, 1
    )
    for name, out in (("conv_cls", 18), ("conv_box", 42), ("conv_dir_cls", 12)):
        yield f"dense_head.{name}.weight", (out, 384, 1, 1)
        yield f"dense_head.{name}.bias", (out,)


_OPENPCDET = {"center": 2, "center_z": 1, "dim": 3, "rot": 2, "vel": 2, "hm": None}


def openpcdet_centres() -> Shapes:
    yield from pillars("vfe", (11, 32), (64, 64))
    yield from backbone(
        "backbone_2d.blocks", "backbone_2d.deblocks", 64, (3, 5, 5), (64, 128, 256), (0.5, 1, 2), 128, 1
    )
    shared = "dense_head.shared_conv.0", "dense_head.shared_conv.1"
    yield from centres(shared, "dense_head.heads_list", _OPENPCDET, ("0.0", "0.1", "1"), 384, True)


_MMDET3D = {"reg": 2, "height": 1, "dim": 3, "rot": 2, "vel": 2, "heatmap": None}


def mmdet3d_head(into: int) -> Shapes:
    shared = "pts_bbox_head.shared_conv.conv", "pts_bbox_head.shared_conv.bn"
    yield from centres(shared, "pts_bbox_head.task_heads", _MMDET3D, ("0.conv", "0.bn", "1"), into, False)


def mmdet3d_pillars() -> Shapes:
    yield from pillars("pts_voxel_encoder", (11, 64))
    yield from backbone(
        "pts_backbone.blocks", "pts_neck.deblocks", 64, (3, 5, 5), (64, 128, 256), (0.5, 1, 2), 128, 0
    )
    yield from mmdet3d_head(384)


def kernel(size: tuple[int, int, int], channels: int, out: int, version: int) -> tuple[int, ...]:
    return (*size, channels, out) if version == 1 else (out, *size, channels)


def mmdet3d_voxels(version: int = 2) -> Shapes:
    """version: of spconv."""
    name, three = "pts_middle_encoder", (3, 3, 3)
    yield f"{name}.conv_input.0.weight", kernel(three, 5, 16, version)
    yield from norm(f"{name}.conv_input.1", 16)
    for stage, width in enumerate((16, 32, 64, 128), start=1):
        at = f"{name}.encoder_layers.encoder_layer{stage}"
        for block in range(2):
            for number in (1, 2):
                yield f"{at}.{block}.conv{number}.weight", kernel(three, width, width, version)
                yield from norm(f"{at}.{block}.bn{number}", width)
        if stage < 4:
            yield f"{at}.2.0.weight", kernel(three, width, 2 * width, version)
            yield from norm(f"{at}.2.1", 2 * width)
    yield f"{name}.conv_out.0.weight", kernel((3, 1, 1), 128, 128, version)
    yield from norm(f"{name}.conv_out.1", 128)
    yield from backbone("pts_backbone.blocks", "pts_neck.deblocks", 256, (5, 5), (128, 256), (1, 2), 256, 0)
    yield from mmdet3d_head(512)


_CENTERPOINT = {"reg": 2, "height": 1, "dim": 3, "vel": 2, "rot": 2, "hm": None}


def centerpoint_head(into: int) -> Shapes:
    shared = "bbox_head.shared_conv.0", "bbox_head.shared_conv.1"
    yield from centres(shared, "bbox_head.tasks", _CENTERPOINT, ("0", "1", "3"), into, True)


def centerpoint_pillars() -> Shapes:
    yield from pillars("reader", (10, 32), (64, 64))
    yield from backbone("neck.blocks", "neck.deblocks", 64, (3, 5, 5), (64, 128, 256), (0.5, 1, 2), 128, 1)
    yield from centerpoint_head(384)


def centerpoint_voxels() -> Shapes:
    three = (3, 3, 3)
    yield "backbone.conv_input.0.weight", kernel(three, 5, 16, 1)
    yield from norm("backbone.conv_input.1", 16)
    for stage, width in enumerate((16, 32, 64, 128), start=1):
        first = 0
        if stage > 1:
            first = 3  # behind the step, its norm and its ReLU
            yield f"backbone.conv{stage}.0.weight", kernel(three, width // 2, width, 1)
            yield from norm(f"backbone.conv{stage}.1", width)
        for block in (first, first + 1):
            for number in (1, 2):
                yield f"backbone.conv{stage}.{block}.conv{number}.weight", kernel(three, width, width, 1)
                yield f"backbone.conv{stage}.{block}.conv{number}.bias", (width,)
                yield from norm(f"backbone.conv{stage}.{block}.bn{number}", width)
    yield "backbone.extra_conv.0.weight", kernel((3, 1, 1), 128, 128, 1)
    yield from norm("backbone.extra_conv.1", 128)
    yield from backbone("neck.blocks", "neck.deblocks", 256, (5, 5), (128, 256), (1, 2), 256, 1)
    yield from centerpoint_head(512)
