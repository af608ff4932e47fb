"""What of a model sees, and what it says of pictures that it takes: patches, tokens before them, sizes."""

from __future__ import annotations

import torch
from transformers import PreTrainedConfig, PreTrainedModel

from headlight.models.catalogue.heads import body_of, tower_of
from headlight.models.core.errors import HeadlightError
from headlight.models.engines.pictures.pixels import SMALLEST


def drawn(channels: int, height: int, width: int) -> torch.Tensor:
    """[1, channels, height, width], the same each time."""
    return torch.randn(1, channels, height, width, generator=torch.Generator().manual_seed(0))


def channels_of(config: PreTrainedConfig) -> int:
    """1 of a model that sees grey, 3 of any other."""
    return 1 if getattr(config, "num_channels", 3) == 1 else 3


def part_that_sees(model: PreTrainedModel) -> PreTrainedModel:
    """The model under a head; of one with several towers (CLIP, SigLIP, LLaVA) the one that sees, of one that
    goes on with what another made of a picture (Depth Anything) that one."""
    model = body_of(model)
    fields = ("vision_config", "backbone_config")
    tower = tower_of(model, *fields)
    if tower is None and any(getattr(model.config, field, None) is not None for field in fields):
        raise HeadlightError(
            "The part of this model that sees is no model of its own.", "Choose another model."
        )
    return tower or model


def sides_of(config: PreTrainedConfig, title: str) -> tuple[int, int]:
    """(height, width) of a patch in pixels."""
    size = getattr(config, "patch_size", None)
    sides = tuple(size) if isinstance(size, list | tuple) else (size, size)
    whole = len(sides) == 2 and all(isinstance(side, int) and 0 < side <= SMALLEST for side in sides)
    if whole and (sides[0] == sides[1] or image_size(config) is not None):
        return sides
    raise HeadlightError(
        f"{title} does not cut a picture into patches of one size.",
        "Choose a vision transformer (ViT, DeiT, DINOv2, DINOv3, CLIP, Swin, SegFormer).",
    )


def prefix_of(model: PreTrainedModel) -> tuple[str, ...]:
    """Labels of the tokens before the patches, in the order in which every such model puts them."""
    named = getattr(model.config, "prefix_labels", None)
    if named is not None:
        return tuple(named)
    learned = {
        name.rpartition(".")[2]: value for name, value in model.named_parameters() if "embeddings." in name
    }
    classes = next((name for name in ("cls_token", "class_embedding") if name in learned), None)
    count = learned[classes].shape[-2] if classes and learned[classes].ndim > 1 else int(classes is not None)
    labels = ["[CLS]"] if count == 1 else [f"[CLS{index + 1}]" for index in range(count)]
    if "distillation_token" in learned:
        labels.append("[DIST]")
    for name in ("register_tokens", "cls_register_token"):
        if name in learned:
            labels += [f"[REG{index + 1}]" for index in range(learned[name].shape[-2])]
    return tuple(labels)


def image_size(config: PreTrainedConfig) -> tuple[int, int] | None:
    """(height, width) that a model was made for, in pixels."""
    size = getattr(config, "image_size", None)
    sides = (size, size) if isinstance(size, int) else size
    whole = isinstance(sides, list | tuple) and len(sides) == 2 and all(isinstance(n, int) for n in sides)
    return tuple(sides) if whole else None
