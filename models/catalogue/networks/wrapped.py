"""A network of timm or torchvision as transformers has its own, so that whatever reads those reads it."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, ImageClassifierOutput

from headlight.models.catalogue.networks.attending import attends, route
from headlight.models.catalogue.networks.in_windows import cuts, part
from headlight.models.catalogue.networks.libraries import LIBRARIES, convolves, need
from headlight.models.core.errors import HeadlightError, first_sentence

KIND = "WrappedForImageClassification"


class WrappedConfig(PreTrainedConfig):
    """architecture: its name in `library`. What a network says of itself is added once it is built: patches,
    stages, tokens before the patches, sizes, normalisation."""

    model_type = "timm"

    def __init__(self, architecture: str = "", library: str = "timm", **more: Any) -> None:
        self.architecture, self.library = architecture, library
        self.model_args = more.pop("model_args", None) or {}
        super().__init__(**more)


class WrappedModel(PreTrainedModel):
    """The network up to its last features."""

    config_class = WrappedConfig
    config: WrappedConfig
    _supports_sdpa = True
    _supports_attention_backend = True

    def __init__(self, config: WrappedConfig) -> None:
        super().__init__(config)
        self.net = built(config)
        for module in [*self.net.modules()]:
            if attends(module):
                route(module, config)
            elif cuts(module):
                part(module, config)
        _describe(config, self.net)

    def forward(self, pixel_values: Tensor) -> BaseModelOutput:
        """[b, 3, H, W] → last_hidden_state, [b, n, channels] or of a map [b, channels, rows, columns]."""
        features = _features(self.net, pixel_values)
        if getattr(self.net, "output_fmt", "NCHW") == "NHWC" and features.ndim == 4:
            features = features.permute(0, 3, 1, 2)
        return BaseModelOutput(last_hidden_state=features)


class WrappedForImageClassification(PreTrainedModel):
    """The same with the network's own head."""

    config_class = WrappedConfig
    base_model_prefix = "body"
    _supports_sdpa = True

    def __init__(self, config: WrappedConfig) -> None:
        super().__init__(config)
        self.body = WrappedModel(config)
        # Not as a part: whoever stands in for the body is asked for features, and the head is still there.
        object.__setattr__(self, "_net", self.body.net)

    def forward(self, pixel_values: Tensor) -> ImageClassifierOutput:
        features = self.body(pixel_values).last_hidden_state
        if getattr(self._net, "output_fmt", "NCHW") == "NHWC" and features.ndim == 4:
            features = features.permute(0, 2, 3, 1)
        return ImageClassifierOutput(logits=_head(self._net, features))


def configured(content: Mapping[str, Any]) -> WrappedConfig:
    """The configuration that a config.json of theirs stands for, as `libraries.described` gives it."""
    said = content.get("pretrained_cfg") if isinstance(content.get("pretrained_cfg"), dict) else {}
    names = content.get("label_names")
    labels = {number: str(name) for number, name in enumerate(names)} if isinstance(names, list) else None
    classes = content.get("num_classes", said.get("num_classes", 1000))
    more = {"id2label": labels} if labels else {"num_labels": classes if type(classes) is int else 1000}
    arguments = content.get("model_args")
    return WrappedConfig(
        architecture=content["architecture"],
        library=content["model_type"],
        model_args=dict(arguments) if isinstance(arguments, dict) else {},
        **more,
    )


def built(config: WrappedConfig) -> nn.Module:
    """The network of a configuration, with random weights. HeadlightError where its library is not there, or
    has no such network."""
    need(config.library, config.architecture)
    try:
        library = importlib.import_module(config.library)
    except Exception as error:  # of libraries that do not fit each other, which have many ways to say so
        raise HeadlightError(
            f"{config.library} cannot be imported: {first_sentence(error)}",
            "Install the torchvision that is for this torch.",
        ) from error
    classes = {"num_classes": config.num_labels}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if config.library == "torchvision":
                return library.models.get_model(config.architecture, weights=None, **classes)
            return _of_timm(library, config.architecture, {**classes, **config.model_args})
    except (RuntimeError, ValueError, KeyError, TypeError) as error:
        raise HeadlightError(
            f"{config.library} has no network {config.architecture} that can be built: "
            f"{first_sentence(error)}",
            "Choose another name, or a newer version of it.",
        ) from error


def _of_timm(timm: Any, architecture: str, arguments: dict[str, Any]) -> nn.Module:
    """Of any size of picture, where it can be."""
    for more in ({"dynamic_img_size": True}, {}):
        with suppress(TypeError):
            return timm.create_model(architecture, pretrained=False, **arguments, **more)
    return timm.create_model(architecture, pretrained=False, **arguments)


def _features(net: nn.Module, pixels: Tensor) -> Tensor:
    """What stands before the head."""
    if hasattr(net, "forward_features"):
        return net.forward_features(pixels)
    if hasattr(net, "encoder") and hasattr(net, "conv_proj"):  # torchvision's ViT
        x = net._process_input(pixels)
        return net.encoder(torch.cat([net.class_token.expand(len(x), -1, -1), x], 1))
    if hasattr(net, "stem"):  # torchvision's MaxViT
        x = net.stem(pixels)
        for block in net.blocks:
            x = block(x)
        return x
    if hasattr(net, "features"):
        x = net.features(pixels)
        if hasattr(net, "norm") and hasattr(net, "permute"):  # torchvision's Swin
            x = net.norm(x).permute(0, 3, 1, 2)
        return x
    x = net.maxpool(net.relu(net.bn1(net.conv1(pixels))))  # torchvision's ResNet
    return net.layer4(net.layer3(net.layer2(net.layer1(x))))


def _head(net: nn.Module, features: Tensor) -> Tensor:
    """What the network says of its features, [b, classes]."""
    if hasattr(net, "forward_head"):
        return net.forward_head(features)
    if hasattr(net, "heads"):
        return net.heads(features[:, 0])
    if hasattr(net, "stem"):
        return net.classifier(features)
    pooled = net.avgpool(features)
    if hasattr(net, "fc"):
        return net.fc(pooled.flatten(1))
    last = net.head if hasattr(net, "head") else net.classifier
    normed = isinstance(last, nn.Sequential) and isinstance(last[0], nn.LayerNorm)  # of ConvNeXt, on a map
    return last(pooled if normed else pooled.flatten(1))


# -- what is said of a network ---------------------------------------------------------------------------


def _describe(config: WrappedConfig, net: nn.Module) -> None:
    """Write down what readers of pictures ask a configuration for."""
    about = getattr(net, "default_cfg", None) or getattr(net, "pretrained_cfg", None) or {}
    with suppress(KeyError, TypeError, ValueError):
        config.image_mean, config.image_std = list(about["mean"]), list(about["std"])
    patch = getattr(getattr(net, "patch_embed", None), "patch_size", None) or getattr(net, "patch_size", None)
    patch = patch[0] if isinstance(patch, tuple | list) else patch
    if isinstance(patch, int):
        config.patch_size = patch
    size = getattr(getattr(net, "patch_embed", None), "img_size", None) or getattr(net, "image_size", None)
    size = size or (about.get("input_size") or (0, None))[-1]
    if size is not None:
        config.image_size = list(size) if isinstance(size, tuple | list) else size
    _describe_stages(config, net)
    if "class_token" in dict(net.named_parameters(recurse=False)):
        config.prefix_labels = ["[CLS]"]
    elif isinstance(getattr(net, "num_prefix_tokens", None), int):
        config.prefix_labels = _prefix(net)
    _name_classes(config)
    config.use_mean_pooling = str(getattr(net, "global_pool", "token")).startswith("avg")


def _name_classes(config: WrappedConfig) -> None:
    """ImageNet's thousand by their names, where timm has them and nobody said others."""
    if config.library == "timm" and config.num_labels == 1000 and config.id2label[0] == "LABEL_0":
        with suppress(ImportError, AttributeError, KeyError):
            info = importlib.import_module("timm.data").ImageNetInfo()
            config.id2label = {n: info.index_to_description(n) for n in range(config.num_labels)}


def _describe_stages(config: WrappedConfig, net: nn.Module) -> None:
    """Of Swin's kin and MaxViT: each stage has half the map of the one before, cut into windows that a map
    must be whole of, since what is padded is cut otherwise than in transformers."""
    if any(map(cuts, net.modules())):
        _describe_parted(config, net)
        return
    stages = getattr(net, "layers", None) or getattr(net, "stages", None)
    if not isinstance(stages, nn.Sequential) or not all(hasattr(stage, "blocks") for stage in stages):
        return
    sizes = {
        tuple(getattr(block, name))
        for block in net.modules()
        for name in ("window_size", "partition_size")
        if isinstance(getattr(block, name, None), tuple) and hasattr(block, "attn")
    }
    if not sizes:
        return
    config.depths = [len(stage.blocks) for stage in stages]
    if not hasattr(config, "patch_size"):
        config.patch_size = 4
    config.window_size = max(max(size) for size in sizes)
    config.whole_windows = True


def _describe_parted(config: WrappedConfig, net: Any) -> None:
    """Of torchvision's: it pads maps as transformers does, but for MaxViT, which reads one size alone."""
    config.patch_size = 4
    if hasattr(net, "stem"):
        config.depths = [len(block.layers) for block in net.blocks]
        first = next(module for module in net.modules() if cuts(module))
        config.image_size = [side * config.patch_size for side in first.grid_size]
    else:
        config.depths = [len(stage) for stage in net.features if any(map(cuts, stage.modules()))]


def _prefix(net: nn.Module) -> list[str]:
    """Labels of the tokens before the patches."""
    labels = ["[CLS]"] if getattr(net, "cls_token", None) is not None else []
    labels += ["[DIST]"] if getattr(net, "dist_token", None) is not None else []
    more = net.num_prefix_tokens - len(labels)
    return [*labels, *(f"[REG{number + 1}]" for number in range(more))]


__all__ = ["KIND", "LIBRARIES", "WrappedConfig", "WrappedForImageClassification", "WrappedModel", "convolves"]
