"""How public implementations name a detector's weights, and what they mean by its heads."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from headlight.models.core.errors import HeadlightError

Source = Literal["OpenPCDet", "mmdet3d", "CenterPoint"]
Rule = tuple[str, str | Callable[[re.Match[str]], str]]

_HEADS = {"center": "reg", "center_z": "height", "hm": "heatmap"}
"""Heads by other names than mmdet3d has for them."""
_PARTS = {"0": "conv", "1": "norm"}
"""Of a convolution and its norm in a row."""


def _padded(match: re.Match[str]) -> str:
    """A block that begins with a padding of its own has its layers one place further on."""
    return f"backbone.blocks.{match[1]}.{int(match[2]) - 1}."


def _part(before: str, shift: int = 0) -> Callable[[re.Match[str]], str]:
    """`before`, the number of a stage or step, then conv or norm."""
    return lambda match: f"{before}{int(match[1]) - shift}.{_PARTS[match[2]]}."


_PILLARS = r"pfn_layers\."
_OUT = (lambda match: f"encoder.conv_out.{_PARTS[match[1]]}.",)
_IN = (lambda match: f"encoder.conv_input.{_PARTS[match[1]]}.",)

_RULES: dict[Source, tuple[Rule, ...]] = {
    "OpenPCDet": (
        (rf"vfe\.{_PILLARS}", "encoder.pfn_layers."),
        (r"backbone_3d\.conv_input\.([01])\.", *_IN),
        (r"backbone_3d\.conv1\.([01])\.", r"encoder.stages.0.\1."),
        (r"backbone_3d\.conv([234])\.0\.([01])\.", _part("encoder.downs.", 2)),
        (
            r"backbone_3d\.conv([234])\.([12])\.",
            lambda match: f"encoder.stages.{int(match[1]) - 1}.{int(match[2]) - 1}.",
        ),
        (r"backbone_3d\.conv_out\.([01])\.", *_OUT),
        (r"backbone_2d\.blocks\.(\d+)\.(\d+)\.", _padded),
        (r"backbone_2d\.deblocks\.", "backbone.deblocks."),
        (r"dense_head\.(conv_cls|conv_box|conv_dir_cls)\.", r"head.\1."),
        (r"dense_head\.shared_conv\.([01])\.", r"head.shared_conv.\1."),
        (
            r"dense_head\.heads_list\.(\d+)\.(center|center_z|dim|rot|vel|hm)\.(0\.0|0\.1|1)\.",
            lambda match: _head(match, {"0.0": 0, "0.1": 1, "1": 3}),
        ),
    ),
    "mmdet3d": (
        (rf"pts_voxel_encoder\.{_PILLARS}", "encoder.pfn_layers."),
        (r"pts_middle_encoder\.conv_input\.([01])\.", *_IN),
        (
            r"pts_middle_encoder\.encoder_layers\.encoder_layer([123])\.2\.([01])\.",
            _part("encoder.downs.", 1),
        ),
        (
            r"pts_middle_encoder\.encoder_layers\.encoder_layer([1234])\.([01])\.",
            lambda match: f"encoder.stages.{int(match[1]) - 1}.{match[2]}.",
        ),
        (r"pts_middle_encoder\.conv_out\.([01])\.", *_OUT),
        (r"pts_backbone\.blocks\.", "backbone.blocks."),
        (r"pts_neck\.deblocks\.", "backbone.deblocks."),
        (r"pts_bbox_head\.shared_conv\.conv\.", "head.shared_conv.0."),
        (r"pts_bbox_head\.shared_conv\.bn\.", "head.shared_conv.1."),
        (
            r"pts_bbox_head\.task_heads\.(\d+)\.(reg|height|dim|rot|vel|heatmap)\.(0\.conv|0\.bn|1)\.",
            lambda match: _head(match, {"0.conv": 0, "0.bn": 1, "1": 3}),
        ),
    ),
    "CenterPoint": (
        (rf"reader\.{_PILLARS}", "encoder.pfn_layers."),
        (r"backbone\.conv_input\.([01])\.", *_IN),
        (r"backbone\.conv1\.([01])\.", r"encoder.stages.0.\1."),
        (r"backbone\.conv([234])\.([01])\.", _part("encoder.downs.", 2)),
        (
            r"backbone\.conv([234])\.([34])\.",
            lambda match: f"encoder.stages.{int(match[1]) - 1}.{int(match[2]) - 3}.",
        ),
        (r"backbone\.extra_conv\.([01])\.", *_OUT),
        (r"neck\.blocks\.(\d+)\.(\d+)\.", _padded),
        (r"neck\.deblocks\.", "backbone.deblocks."),
        (r"bbox_head\.shared_conv\.([01])\.", r"head.shared_conv.\1."),
        (
            r"bbox_head\.tasks\.(\d+)\.(reg|height|dim|rot|vel|hm)\.([013])\.",
            lambda match: _head(match, {"0": 0, "1": 1, "3": 3}),
        ),
    ),
}
_MARKS: dict[str, Source] = {
    "dense_head.": "OpenPCDet",
    "pts_bbox_head.": "mmdet3d",
    "bbox_head.tasks.": "CenterPoint",
}
_IGNORED = ("global_step",)
"""What a file has beside weights."""


def _head(match: re.Match[str], places: Mapping[str, int]) -> str:
    name = _HEADS.get(match[2], match[2])
    return f"head.task_heads.{match[1]}.{name}.{places[match[3]]}."


def source_of(names: Mapping[str, Tensor]) -> Source | None:
    """Whose detector has such names; None where they are no detector's."""
    plain = [name.removeprefix("module.") for name in names]
    return next((source for mark, source in _MARKS.items() if any(n.startswith(mark) for n in plain)), None)


@dataclass(frozen=True, eq=False)
class Named:
    """Weights by Headlight's names, with the meaning that its heads have."""

    source: Source
    state: dict[str, Tensor]


def named(raw: Mapping[str, Tensor], file: str) -> Named:
    """HeadlightError where `raw` is no detector's, or has parts that are not known."""
    source = source_of(raw)
    if source is None:
        raise HeadlightError(
            f"{file} is no detector that is known.",
            "Choose a PointPillars or CenterPoint checkpoint of OpenPCDet, mmdet3d or CenterPoint.",
        )
    state: dict[str, Tensor] = {}
    for name, tensor in raw.items():
        plain = name.removeprefix("module.")
        if plain in _IGNORED:
            continue
        ours = _renamed(plain, source)
        if ours is None:
            raise HeadlightError(
                f"{file} has heads or layers that Headlight does not know: {plain}.",
                f"Choose a PointPillars or CenterPoint checkpoint of one stage of {source}.",
            )
        state[ours] = _kernel_first(tensor) if tensor.ndim == 5 else tensor
    for name in [name for name in state if name.endswith("running_var")]:
        state.setdefault(name.replace("running_var", "num_batches_tracked"), torch.tensor(0))
    _meant_alike(state, source)
    return Named(source, state)


def _renamed(name: str, source: Source) -> str | None:
    for pattern, ours in _RULES[source]:
        found = re.match(pattern, name)
        if found:
            return (ours(found) if callable(ours) else found.expand(ours)) + name[found.end() :]
    return None


def _kernel_first(weight: Tensor) -> Tensor:
    """spconv 1 and mmcv write [z, y, x, in, out], spconv 2 [out, z, y, x, in]."""
    return weight if weight.shape[0] <= 3 else weight.permute(1, 2, 3, 4, 0).contiguous()


def _meant_alike(state: dict[str, Tensor], source: Source) -> None:
    """Heads whose numbers come in another order, or are of another yaw, give Headlight's by their last layer.

    OpenPCDet says the cosine before the sine. CenterPoint's own boxes have the width before the length, and a
    yaw′ = −yaw − π/2, of which sin yaw = −cos yaw′ and cos yaw = −sin yaw′.
    """
    for name, tensor in state.items():
        if source != "mmdet3d" and re.search(r"\.rot\.3\.(weight|bias)$", name) and len(tensor) == 2:
            state[name] = tensor[[1, 0]] * (1 if source == "OpenPCDet" else -1)
        elif source == "CenterPoint" and re.search(r"\.dim\.3\.(weight|bias)$", name) and len(tensor) == 3:
            state[name] = tensor[[1, 0, 2]]
