"""Published vision networks by short names: how each is put together, and where its weights are.

The settings are those of the configurations published with the weights, written out so that a default that
changes in a library changes nothing here. Nothing imports torch or transformers before a network is built.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

OWN = ("alexnet", "vgg")
"""Model types that Headlight defines itself: no library without torchvision has them."""
CONVOLUTIONAL = (*OWN, "resnet", "bit", "mobilenet_v1", "mobilenet_v2", "convnext", "convnextv2")
"""Model types whose answer is a feature map and which have no attention."""

SEED = 0
"""Of random weights: the same network is the same on every start."""

TORCHVISION = "BSD-3-Clause"
APACHE = "Apache-2.0"


@dataclass(frozen=True)
class Published:
    """One network. settings: its configuration without the model type.

    hub: where its weights are, None where no repository is known that holds them as safetensors.
    licence: of the weights. parameters: the published count, with the head of 1000 classes; of a SegFormer
    that of the encoder, as its paper says.
    """

    id: str
    title: str
    family: str
    model_type: str
    settings: dict[str, Any] = field(repr=False)
    hub: str | None
    licence: str
    paper: str
    parameters: float

    @property
    def convolutional(self) -> bool:
        """Whether it has no attention."""
        return self.model_type in CONVOLUTIONAL

    def config(self) -> Any:
        """Its configuration as its class takes it."""
        if self.model_type in OWN:
            from headlight.models.catalogue import classic

            return classic.CONFIGS[self.model_type](**self.settings)
        from transformers import CONFIG_MAPPING

        return CONFIG_MAPPING[self.model_type](**self.settings)


def _family(
    family: str, model_type: str, licence: str, paper: str, shared: dict[str, Any], *members: tuple
) -> list[Published]:
    """members: (id, title, hub id, parameters in millions, settings of its own)."""
    return [
        Published(id, title, family, model_type, shared | own, hub, licence, paper, millions * 1e6)
        for id, title, hub, millions, own in members
    ]


def _resnet(depths: list[int], widths: list[int], layer: str) -> dict[str, Any]:
    return {"depths": depths, "hidden_sizes": widths, "layer_type": layer}


def _convnext(width: int, *depths: int) -> dict[str, Any]:
    """Each stage is twice as wide as the one before."""
    return {"depths": list(depths), "hidden_sizes": [width << stage for stage in range(4)]}


def _swin(width: int, third: int, heads: int) -> dict[str, Any]:
    """The stages differ in the depth of the third alone; heads grow with the width."""
    return {
        "embed_dim": width,
        "depths": [2, 2, third, 2],
        "num_heads": [heads << stage for stage in range(4)],
    }


def _vit(width: int, layers: int, heads: int, patch: int = 16) -> dict[str, Any]:
    return {
        "hidden_size": width,
        "num_hidden_layers": layers,
        "num_attention_heads": heads,
        "intermediate_size": 4 * width,
        "patch_size": patch,
    }


def _segformer(width: int, *depths: int) -> dict[str, Any]:
    widths = [32, 64, 160, 256] if width == 32 else [64, 128, 320, 512]
    return {"depths": list(depths), "hidden_sizes": widths}


_SMALL, _WIDE = [64, 128, 256, 512], [256, 512, 1024, 2048]
_IMAGE = {"image_size": 224, "num_channels": 3}
_WINDOWED = {**_IMAGE, "patch_size": 4, "mlp_ratio": 4.0, "qkv_bias": True, "hidden_act": "gelu"}

_ALL = [
    *_family(
        "AlexNet",
        "alexnet",
        TORCHVISION,
        "Krizhevsky 2014, arXiv 1404.5997",
        {},
        ("alexnet", "AlexNet", None, 61.1, {"widths": (64, 192, 384, 256, 256)}),
    ),
    *_family(
        "VGG",
        "vgg",
        TORCHVISION,
        "Simonyan and Zisserman 2014, arXiv 1409.1556",
        {"widths": (64, 128, 256, 512, 512)},
        ("vgg16", "VGG16", "timm/vgg16.tv_in1k", 138.4, {"depths": (2, 2, 3, 3, 3)}),
    ),
    *_family(
        "ResNet",
        "resnet",
        APACHE,
        "He et al. 2015, arXiv 1512.03385",
        # The stride stands at the 3×3 convolution of a bottleneck, as in all weights that are in use.
        {"num_channels": 3, "embedding_size": 64, "hidden_act": "relu", "downsample_in_first_stage": False},
        ("resnet18", "ResNet-18", "microsoft/resnet-18", 11.7, _resnet([2, 2, 2, 2], _SMALL, "basic")),
        ("resnet50", "ResNet-50", "microsoft/resnet-50", 25.6, _resnet([3, 4, 6, 3], _WIDE, "bottleneck")),
        (
            *("resnet101", "ResNet-101", "microsoft/resnet-101", 44.5),
            _resnet([3, 4, 23, 3], _WIDE, "bottleneck"),
        ),
    ),
    *_family(
        "BiT",
        "bit",
        APACHE,
        "Kolesnikov et al. 2019, arXiv 1912.11370",
        {"num_channels": 3, "embedding_size": 64, "num_groups": 32, "hidden_act": "relu", "width_factor": 1},
        (
            *("bit-50", "BiT ResNetV2-50", "google/bit-50", 25.5),
            _resnet([3, 4, 6, 3], _WIDE, "preactivation"),
        ),
    ),
    *_family(
        "MobileNet",
        "mobilenet_v1",
        "see its model card",
        "Howard et al. 2017, arXiv 1704.04861",
        {**_IMAGE, "depth_multiplier": 1.0, "hidden_act": "relu6", "tf_padding": True},
        ("mobilenet-v1", "MobileNet V1", "google/mobilenet_v1_1.0_224", 4.2, {}),
    ),
    *_family(
        "MobileNet",
        "mobilenet_v2",
        "see its model card",
        "Sandler et al. 2018, arXiv 1801.04381",
        {**_IMAGE, "depth_multiplier": 1.0, "expand_ratio": 6.0, "hidden_act": "relu6", "tf_padding": True},
        ("mobilenet-v2", "MobileNet V2", "google/mobilenet_v2_1.0_224", 3.5, {}),
    ),
    *_family(
        "ConvNeXt",
        "convnext",
        APACHE,
        "Liu et al. 2022, arXiv 2201.03545",
        {**_IMAGE, "patch_size": 4, "num_stages": 4, "hidden_act": "gelu", "layer_scale_init_value": 1e-6},
        ("convnext-tiny", "ConvNeXt-T", "facebook/convnext-tiny-224", 28.6, _convnext(96, 3, 3, 9, 3)),
        ("convnext-small", "ConvNeXt-S", "facebook/convnext-small-224", 50.2, _convnext(96, 3, 3, 27, 3)),
        ("convnext-base", "ConvNeXt-B", "facebook/convnext-base-224", 88.6, _convnext(128, 3, 3, 27, 3)),
        ("convnext-large", "ConvNeXt-L", "facebook/convnext-large-224", 197.8, _convnext(192, 3, 3, 27, 3)),
        (
            *("convnext-xlarge", "ConvNeXt-XL", "facebook/convnext-xlarge-224-22k-1k", 350.2),
            _convnext(256, 3, 3, 27, 3),
        ),
    ),
    *_family(
        "ConvNeXtV2",
        "convnextv2",
        APACHE,
        "Woo et al. 2023, arXiv 2301.00808",
        {**_IMAGE, "patch_size": 4, "num_stages": 4, "hidden_act": "gelu"},
        (
            *("convnextv2-atto", "ConvNeXtV2-A", "facebook/convnextv2-atto-1k-224", 3.7),
            _convnext(40, 2, 2, 6, 2),
        ),
        (
            *("convnextv2-nano", "ConvNeXtV2-N", "facebook/convnextv2-nano-1k-224", 15.6),
            _convnext(80, 2, 2, 8, 2),
        ),
        (
            *("convnextv2-tiny", "ConvNeXtV2-T", "facebook/convnextv2-tiny-1k-224", 28.6),
            _convnext(96, 3, 3, 9, 3),
        ),
        (
            *("convnextv2-base", "ConvNeXtV2-B", "facebook/convnextv2-base-1k-224", 88.7),
            _convnext(128, 3, 3, 27, 3),
        ),
        (
            *("convnextv2-large", "ConvNeXtV2-L", "facebook/convnextv2-large-1k-224", 198.0),
            _convnext(192, 3, 3, 27, 3),
        ),
    ),
    *_family(
        "Swin",
        "swin",
        APACHE,
        "Liu et al. 2021, arXiv 2103.14030",
        {**_WINDOWED, "window_size": 7},
        ("swin-tiny", "Swin-T", "microsoft/swin-tiny-patch4-window7-224", 28.3, _swin(96, 6, 3)),
        ("swin-small", "Swin-S", "microsoft/swin-small-patch4-window7-224", 49.6, _swin(96, 18, 3)),
        ("swin-base", "Swin-B", "microsoft/swin-base-patch4-window7-224", 87.8, _swin(128, 18, 4)),
    ),
    *_family(
        "SwinV2",
        "swinv2",
        APACHE,
        "Liu et al. 2021, arXiv 2111.09883",
        {**_WINDOWED, "image_size": 256, "window_size": 8},
        ("swinv2-tiny", "SwinV2-T", "microsoft/swinv2-tiny-patch4-window8-256", 28.35, _swin(96, 6, 3)),
        ("swinv2-small", "SwinV2-S", "microsoft/swinv2-small-patch4-window8-256", 49.7, _swin(96, 18, 3)),
        ("swinv2-base", "SwinV2-B", "microsoft/swinv2-base-patch4-window8-256", 87.9, _swin(128, 18, 4)),
    ),
    *_family(
        "ViT",
        "vit",
        APACHE,
        "Dosovitskiy et al. 2020, arXiv 2010.11929",
        {**_IMAGE, "qkv_bias": True, "hidden_act": "gelu"},
        ("vit-base", "ViT-B/16", "google/vit-base-patch16-224", 86.6, _vit(768, 12, 12)),
        ("vit-large", "ViT-L/16", "google/vit-large-patch16-224", 304.3, _vit(1024, 24, 16)),
        ("vit-huge", "ViT-H/14", "google/vit-huge-patch14-224-in21k", 632.0, _vit(1280, 32, 16, 14)),
    ),
    *_family(
        "DeiT",
        "vit",  # without the distillation token a DeiT is a ViT, and its weights say so
        APACHE,
        "Touvron et al. 2020, arXiv 2012.12877",
        {**_IMAGE, "qkv_bias": True, "hidden_act": "gelu"},
        ("deit-tiny", "DeiT-Ti", "facebook/deit-tiny-patch16-224", 5.7, _vit(192, 12, 3)),
        ("deit-small", "DeiT-S", "facebook/deit-small-patch16-224", 22.05, _vit(384, 12, 6)),
        ("deit-base", "DeiT-B", "facebook/deit-base-patch16-224", 86.6, _vit(768, 12, 12)),
    ),
    *_family(
        "DeiT",
        "deit",
        APACHE,
        "Touvron et al. 2020, arXiv 2012.12877",
        {**_IMAGE, "qkv_bias": True, "hidden_act": "gelu"},
        (
            *("deit-base-distilled", "DeiT-B distilled", "facebook/deit-base-distilled-patch16-224", 87.3),
            _vit(768, 12, 12),
        ),
    ),
    *_family(
        "SegFormer",
        "segformer",
        "NVIDIA Source Code License, non-commercial",
        "Xie et al. 2021, arXiv 2105.15203",
        {
            "num_channels": 3,
            "num_encoder_blocks": 4,
            "sr_ratios": [8, 4, 2, 1],
            "patch_sizes": [7, 3, 3, 3],
            "strides": [4, 2, 2, 2],
            "num_attention_heads": [1, 2, 5, 8],
            "mlp_ratios": [4, 4, 4, 4],
            "hidden_act": "gelu",
        },
        ("segformer-b0", "SegFormer-B0", "nvidia/mit-b0", 3.4, _segformer(32, 2, 2, 2, 2)),
        ("segformer-b1", "SegFormer-B1", "nvidia/mit-b1", 13.1, _segformer(64, 2, 2, 2, 2)),
        ("segformer-b2", "SegFormer-B2", "nvidia/mit-b2", 24.2, _segformer(64, 3, 4, 6, 3)),
        ("segformer-b3", "SegFormer-B3", "nvidia/mit-b3", 44.0, _segformer(64, 3, 4, 18, 3)),
        ("segformer-b4", "SegFormer-B4", "nvidia/mit-b4", 60.8, _segformer(64, 3, 8, 27, 3)),
        ("segformer-b5", "SegFormer-B5", "nvidia/mit-b5", 81.4, _segformer(64, 3, 6, 40, 3)),
    ),
]

PUBLISHED: dict[str, Published] = {network.id: network for network in _ALL}
"""By id, family after family, small before large."""


def of_hub(name: str) -> Published | None:
    """The network whose weights the hub has under this name."""
    return next((network for network in PUBLISHED.values() if network.hub == name), None)


def near(name: str, ids: Iterable[str]) -> list[str]:
    """Up to four of these ids like a name that is none: “resnet-50”, “ConvNeXt T”, “vgg”."""
    plain = {re.sub(r"[^a-z0-9]", "", id): id for id in ids}
    wanted = re.sub(r"[^a-z0-9]", "", name.lower())
    if not wanted:
        return []
    begun = [id for key, id in plain.items() if key.startswith(wanted)]
    like = difflib.get_close_matches(wanted, plain, n=4, cutoff=0.7)
    return list(dict.fromkeys([*begun, *(plain[key] for key in like)]))[:4]


def module(config: Any) -> nn.Module:
    """A network of this configuration, without a head; on the meta device if torch is told so around it."""
    from headlight.models.catalogue import classic

    if type(config) in classic.NETWORKS:
        return classic.NETWORKS[type(config)](config)
    from transformers import AutoModel

    return AutoModel.from_config(config)


def skeleton(id: str) -> nn.Module:
    """The network of this id in eval mode without weights: on the meta device it takes no memory."""
    import torch

    with torch.device("meta"):
        return module(PUBLISHED[id].config()).eval().requires_grad_(False)
