"""A network of timm or torchvision as transformers has its own, so that whatever reads those reads it.

Attention of theirs ends in torch's scaled_dot_product_attention, as long as they are told to fuse it. While
such a layer runs, that one function goes the way that the model's configuration says, so that the numbers it
is given are recorded as those of any other model, and the kernel stays the same.
"""

from __future__ import annotations

import importlib
import inspect
import math
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import BaseModelOutput, ImageClassifierOutput
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from headlight.models.catalogue.networks.libraries import LIBRARIES, convolves, need
from headlight.models.core.errors import HeadlightError, first_sentence

KIND = "WrappedForImageClassification"
SDPA = nn.functional.scaled_dot_product_attention


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
        attending = [module for module in self.net.modules() if _attends(module)]
        for module in attending:
            _route(module, config)
        if not attending and config.library == "torchvision" and not convolves(config.architecture):
            raise HeadlightError(
                f"{config.architecture} of torchvision computes its attention in a way that is not recorded.",
                "Choose the same network of timm, or one of the catalogue.",
            )
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


def _prefix(net: nn.Module) -> list[str]:
    """Labels of the tokens before the patches."""
    labels = ["[CLS]"] if getattr(net, "cls_token", None) is not None else []
    labels += ["[DIST]"] if getattr(net, "dist_token", None) is not None else []
    more = net.num_prefix_tokens - len(labels)
    return [*labels, *(f"[REG{number + 1}]" for number in range(more))]


# -- attention -------------------------------------------------------------------------------------------


def _attends(module: nn.Module) -> bool:
    return "Attention" in type(module).__name__ and (
        hasattr(module, "fused_attn") or isinstance(module, nn.MultiheadAttention)
    )


class _Routed:
    """Mixed into a layer of theirs: what it fuses goes the way of the model's configuration.

    It stands in a file that takes attention functions from outside, which tells who records how to look.
    """

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        with _Route(self):
            return super().forward(*args, **kwargs)


class _RoutedHeads:
    """The same of torch's own layer of many heads, where it is asked for one sequence and no weights."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, *rest: Any, **kwargs: Any) -> Any:
        name = self.config_of_route.config._attn_implementation
        masks = [kwargs.get(mask) for mask in ("attn_mask", "key_padding_mask")]
        plain = query is key is value and self.batch_first and not rest and masks == [None, None]
        if name == "sdpa" or not plain or kwargs.get("need_weights", True):
            return super().forward(query, key, value, *rest, **kwargs)
        qkv = nn.functional.linear(query, self.in_proj_weight, self.in_proj_bias)
        q, k, v = qkv.unflatten(-1, (3, self.num_heads, -1)).permute(2, 0, 3, 1, 4)
        out = _through(name, self, q, k, v, None, None)
        return self.out_proj(out.transpose(1, 2).flatten(2)), None


def _route(module: nn.Module, config: WrappedConfig) -> None:
    kind = type(module)
    mixed = _RoutedHeads if isinstance(module, nn.MultiheadAttention) else _Routed
    module.__class__ = type(kind.__name__, (mixed, kind), {"__module__": __name__})
    module.config_of_route = _Held(config)
    if hasattr(module, "fused_attn"):
        module.fused_attn = True


class _Held:
    """A configuration that no copy of a module takes along."""

    def __init__(self, config: WrappedConfig) -> None:
        self.config = config


class _Route(TorchFunctionMode):
    """module: the layer that is running."""

    def __init__(self, module: Any) -> None:
        super().__init__()
        self.module = module

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = dict(kwargs or {})
        name = self.module.config_of_route.config._attn_implementation
        if function is not SDPA or name == "sdpa":
            return function(*args, **kwargs)
        given = inspect.signature(_sdpa).bind(*args, **kwargs)
        given.apply_defaults()
        return _through(name, self.module, **given.arguments)


def _sdpa(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> None:
    """The arguments of torch's function."""


def _through(
    name: str,
    module: nn.Module,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None,
    scale: float | None,
    **_: Any,
) -> Tensor:
    """[..., H, Nq, d] by the attention function of this name."""
    before, scaling = query.shape[:-3], query.shape[-1] ** -0.5 if scale is None else scale
    q, k, v = (x.flatten(0, -4) if x.ndim > 4 else x for x in (query, key, value))
    mask = attn_mask.flatten(0, -4) if attn_mask is not None and attn_mask.ndim > 4 else attn_mask
    if mask is not None and mask.ndim < 4:
        mask = mask[(None,) * (4 - mask.ndim)]
    if name == "eager":
        scores = q @ k.transpose(-1, -2) * scaling
        if mask is not None:
            scores = scores.masked_fill(~mask, -math.inf) if mask.dtype == torch.bool else scores + mask
        out = scores.softmax(-1) @ v
    else:
        out = ALL_ATTENTION_FUNCTIONS[name](module, q, k, v, mask, scaling=scaling)[0].transpose(1, 2)
    return out.reshape(*before, *out.shape[-3:]) if len(before) > 1 else out


__all__ = ["KIND", "LIBRARIES", "WrappedConfig", "WrappedForImageClassification", "WrappedModel", "convolves"]
