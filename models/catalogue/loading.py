"""Weights from a folder into a model: safetensors alone, no code from the folder, no network."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import torch
import transformers
from huggingface_hub.errors import StrictDataclassError
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import (
    CONFIG_MAPPING,
    MODEL_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import check_weights, read_config, stored_in
from headlight.models.catalogue.formats.claims import check_tokenizer
from headlight.models.catalogue.formats.gguf_header import is_gguf, read_header
from headlight.models.catalogue.formats.senseless import of_fields
from headlight.models.catalogue.formats.vocabulary import has_tokenizer, readable, tokenizer_folder
from headlight.models.catalogue.heads import body_of, has_usual_body, headed, usual_class
from headlight.models.catalogue.memory import Fit, fitting
from headlight.models.catalogue.networks import own, wrapped
from headlight.models.catalogue.networks.claimed import check_extent
from headlight.models.catalogue.networks.libraries import LIBRARIES
from headlight.models.catalogue.published import OWN, PUBLISHED, module
from headlight.models.catalogue.states import is_usual, read_state
from headlight.models.core.errors import HeadlightError, first_line, first_sentence
from headlight.models.core.task import SILENT, Task

_UNLOADABLE = (OSError, ValueError, RuntimeError, LookupError, AttributeError, TypeError, ArithmeticError)


def load_entry(entry: Entry, device: str, task: Task = SILENT) -> tuple[nn.Module, frozenset[str]]:
    """(an image model in float32 and eval mode on `device`, the names of weights that are random).

    Of a published network without a folder all of them are. Raises HeadlightError as `load_model` does, and
    where memory is too small.
    """
    if entry.folder is None:
        from headlight.models.catalogue.untrained import untrained, untrained_of_library

        if entry.id in PUBLISHED:
            network = untrained(PUBLISHED[entry.id], task)
        else:
            network = untrained_of_library(entry.id, task)
        return network.to(device), frozenset(network.state_dict())
    content = read_config(entry.folder)
    if content["model_type"] in LIBRARIES:
        network, missing = load_wrapped(entry.folder, content, task)
        return network.to(device), missing
    if content["model_type"] in OWN:
        return load_classic(entry.folder).to(device), frozenset()
    return load_model(entry.folder, device)


def load_classic(folder: Path) -> nn.Module:
    """A network of Headlight's own without its head, its weights under torchvision's or timm's names.

    Raises HeadlightError for a configuration that makes no sense and for weights that do not fit it.
    """
    file = folder / "model.safetensors"
    try:
        config = own.read(read_config(folder))
        # On the meta device: what config.json says must fit the weights before it may take memory.
        with torch.device("meta"):
            network = own.NETWORKS[type(config)](config)
        heads = network.head_names
        state = {
            name: tensor.float() for name, tensor in load_file(file).items() if not name.startswith(heads)
        }
    except ValueError as error:
        raise HeadlightError(f"In {folder / 'config.json'} {error}.", "Correct it.") from error
    except (OSError, SafetensorError) as error:
        raise HeadlightError(f"{file} cannot be read: {first_line(error)}.", "Fetch it again.") from error
    for name, wanted in network.state_dict().items():
        shape = tuple(state[name].shape) if name in state else None
        if shape != tuple(wanted.shape):
            said = f"has {name} as {shape}" if shape is not None else f"lacks {name}"
            raise HeadlightError(
                f"{file} {said}; this {config.model_type} needs {tuple(wanted.shape)}.",
                "Correct config.json, or choose weights of the usual names.",
            )
    if left := sorted(state.keys() - network.state_dict().keys()):
        raise HeadlightError(
            f"{file} has {left[0]}, which this {config.model_type} does not.", "Correct config.json."
        )
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def load_wrapped(
    folder: Path, content: dict[str, Any], task: Task = SILENT
) -> tuple[PreTrainedModel, frozenset[str]]:
    """(a network of timm or torchvision, with a head if it has one, the names of random weights)."""
    config = wrapped.configured(content)
    kind = wrapped.WrappedForImageClassification if config.num_labels else wrapped.WrappedModel
    model = kind(config)
    net = model.get_submodule("body.net" if config.num_labels else "net")
    try:
        lacking = net.load_state_dict(read_state(folder, torch.float32, task), strict=False).missing_keys
    except RuntimeError as error:
        raise HeadlightError(
            f"The weights in {folder} are not those of {config.architecture}: {first_sentence(error)}",
            "Fetch it again or choose another.",
        ) from error
    inner = "body.net." if config.num_labels else "net."
    return model.float().eval().requires_grad_(False), frozenset(f"{inner}{name}" for name in lacking)


def skeleton(folder: Path) -> nn.Module:
    """The image model of a folder in eval mode without weights, on the meta device."""
    content = read_config(folder)
    try:
        if content["model_type"] in OWN:
            config = own.read(content)
        elif content["model_type"] in LIBRARIES:
            config = wrapped.configured(content)
        else:
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        config = getattr(config, "vision_config", config)
        with torch.device("meta"):
            return module(config).eval().requires_grad_(False)
    except _UNLOADABLE as error:
        raise HeadlightError(
            f"The network of {folder} cannot be put together: {first_sentence(error)}",
            "Correct its config.json.",
        ) from error


def load_model(
    where: Path, device: str, task: Task = SILENT, kind: Any = None
) -> tuple[PreTrainedModel, frozenset[str]]:
    """(the model in eval mode on `device`, the names of weights that are missing and random).

    It is computed in float32 where there is memory for that, else as `memory.fitting` says.
    where: a model's folder, or a GGUF file, of whose reading the task is told. kind: the class that it is to
    be of, and no other. Without it it has the head of its task where the folder says so (`heads.headed`);
    where that or the usual class for this configuration lacks weights of the body, the one that the folder
    names may find them all (an encoder that was saved alone), or the usual one with what stands before all
    names left off. Raises HeadlightError for a model type that transformers does not know, and for weights
    that do not fit the configuration.
    """
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    fit = _fit(where, device)
    dtype = torch.bfloat16 if fit.half else torch.float32
    try:
        content, read = _from_file(where, task) if is_gguf(where) else _from_folder(where, dtype, task)
        spread = {"device_map": "auto"} if fit.spread else {}
        source = partial(read, dtype=dtype, **spread)
        model, missing = _found(content, source) if kind is None else _read(kind, source)[:2]
    except (*_UNLOADABLE, SafetensorError, ImportError) as error:
        if "ignore_mismatched_sizes" in str(error):  # it speaks of its own argument, and of a report
            raise HeadlightError(
                f"The weights in {where} have other sizes than its configuration says.",
                "Fetch both again, or correct config.json.",
            ) from error
        raise HeadlightError(
            f"The model in {where} cannot be loaded: {first_sentence(error)}",
            "Fetch it again or choose another.",
        ) from error
    model = model.eval().requires_grad_(False)
    if fit.half:
        _take_whole(model)
    return (model if fit.spread else model.to(device)), missing


def _fit(where: Path, device: str) -> Fit:
    """How the weights of a folder or a GGUF file fit on a device."""
    if is_gguf(where):
        return fitting(read_header(where).numbers, device)
    return fitting(check_weights(stored_in(where), read_config(where)), device)


def _take_whole(model: nn.Module) -> None:
    """Let a model of 16-bit numbers take pictures in float32, as they are prepared."""

    def rounded(layer: nn.Module, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        first, *rest = inputs
        return (first.to(layer.weight.dtype), *rest)

    for layer in model.modules():
        if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
            layer.register_forward_pre_hook(rounded)


def _from_folder(folder: Path, dtype: torch.dtype, task: Task) -> tuple[dict[str, Any], Callable[..., Any]]:
    """(its config.json, what reads the weights into a class as `from_pretrained` does)"""
    content = read_config(folder)
    if (model_type := content["model_type"]) not in CONFIG_MAPPING:
        own = (
            "needs code of its own, which is never run"
            if "auto_map" in content
            else "is unknown to transformers"
        )
        raise HeadlightError(
            f"The model type “{model_type}” in {folder / 'config.json'} {own}.",
            "Choose a model of a type that transformers knows.",
        )
    config = _configured(content)
    check_extent(config, folder, check_weights(stored_in(folder), content))
    if is_usual(folder, content):

        def read(kind: type, **more: Any) -> Any:
            own = getattr(kind, "config_class", None)
            given = {"config": config} if own in (None, type(config)) else {}  # else it takes a part of it
            return kind.from_pretrained(folder, use_safetensors=True, **given, **more)

        return content, read
    plain = {name: value for name, value in content.items() if name != "quantization_config"}
    state = read_state(folder, dtype, task)

    def filled(kind: type, **more: Any) -> Any:
        config = _configured(plain)
        usual = MODEL_MAPPING.get(type(config), AutoModel) if kind is AutoModel else kind
        usual = usual[0] if isinstance(usual, tuple) else usual
        more.pop("local_files_only"), more.pop("trust_remote_code")  # there is nowhere to look
        return usual.from_pretrained(None, config=config, state_dict=dict(state), **more)

    return plain, filled


def _configured(content: dict[str, Any]) -> PreTrainedConfig:
    """The configuration that a config.json holds. ValueError for one that makes no sense."""
    try:
        kind = CONFIG_MAPPING[content["model_type"]]
        return kind.from_dict(kind._decode_special_floats(content))  # infinity is written as an object
    except StrictDataclassError as error:
        raise ValueError(f"config.json: {of_fields(error)}") from error


def _from_file(file: Path, task: Task) -> tuple[dict[str, Any], Callable[..., Any]]:
    """The same of a GGUF file."""
    from headlight.models.catalogue.formats import gguf_weights

    return gguf_weights.configured(file, task)


def _found(content: dict[str, Any], source: Callable[..., Any]) -> tuple[PreTrainedModel, frozenset[str]]:
    """(the model with its head, else as it is usual, else as all its weights are found, what is missing)."""
    model, missing, left = None, frozenset[str](), frozenset[str]()
    if (kind := headed(content)) is not None:
        with suppress(*_UNLOADABLE):  # a head of another size is none; a body of another size says so below
            model, missing, left = _read(kind, source)
    usual = usual_class(content)
    if model is None or not has_usual_body(model):
        kind = usual
        model, missing, left = _read(kind, source)
    if is_untrained(model, body_of(model), missing):
        wrapping = _wrapping(left)
        ways = [(usual, ""), (_named(content, model), ""), (kind, wrapping), (usual, wrapping)]
        for other in dict.fromkeys(ways):
            if other[0] is None or other == (kind, ""):
                continue
            read, lacking, _ = _read(other[0], source, other[1])
            if not is_untrained(read, body_of(read), lacking):
                return read, lacking
    return model, missing


def _read(
    kind: type, source: Callable[..., Any], wrapping: str = ""
) -> tuple[PreTrainedModel, frozenset[str], frozenset[str]]:
    """(the model, names of weights that it lacks, and of those it has no place for).

    wrapping: what is left off all names, without the dot behind it.
    """
    renamed = {"key_mapping": {rf"^{re.escape(wrapping)}\.": ""}} if wrapping else {}
    model, report = source(
        kind,
        local_files_only=True,
        trust_remote_code=False,
        output_loading_info=True,
        **renamed,
    )
    return model, frozenset(report["missing_keys"]), frozenset(report["unexpected_keys"])


def _wrapping(left: frozenset[str]) -> str:
    """What stands before all names, as where a model was saved inside another (“module.” of DataParallel)."""
    first = {name.partition(".")[0] for name in left}
    return first.pop() if len(first) == 1 else ""


def _named(content: dict[str, Any], model: PreTrainedModel) -> type[PreTrainedModel] | None:
    """The class that a folder says it was saved from, if it is another one that takes its configuration."""
    names = content.get("architectures")
    name = names[0] if isinstance(names, list) and names else None
    kind = getattr(transformers, name, None) if isinstance(name, str) else None
    if not (isinstance(kind, type) and issubclass(kind, PreTrainedModel)) or kind is type(model):
        return None
    return kind if kind.config_class is type(model.config) else None


def is_untrained(model: nn.Module, part: nn.Module, missing: frozenset[str]) -> bool:
    """Whether weights that `part` of `model` runs with are among the `missing`.

    A pooler does not count: it comes after the last attention.
    """
    return bool(_lacking(model, part, missing))


def told(entry: Entry, model: nn.Module, part: nn.Module, missing: frozenset[str]) -> Entry:
    """The entry, with a notice where weights that `part` of `model` runs with are among the `missing`."""
    names = _lacking(model, part, missing)
    count = sum("pooler" not in name for name, _ in part.named_parameters())
    if not names or entry.folder is None:
        return entry
    others = " among others" if len(names) > 1 else ""
    said = f"it lacks {len(names):,} of its {count:,} weights, {names[0]}{others}."
    return replace(entry, notices=(*entry.notices, f"{entry.title} is untrained: {said}"))


def _lacking(model: nn.Module, part: nn.Module, missing: frozenset[str]) -> list[str]:
    """Names of the `missing` weights that `part` of `model` runs with, as the model has them."""
    run = {id(value) for value in part.state_dict(keep_vars=True).values()}
    every = model.state_dict(keep_vars=True)
    counted = sorted(name for name in missing & every.keys() if "pooler" not in name)
    return [name for name in counted if id(every[name]) in run]


_GIVEN = {
    "input_values": "sounds",
    "input_features": "sounds",
    "pixel_values_videos": "videos",
    "grid_thw": "pictures that its own processor has cut up",
    "image_grid_thw": "pictures that its own processor has cut up",
    "pixel_position_ids": "pictures that its own processor has cut up",
}
"""What a model reads that cannot run without this."""


def needs_only(model: PreTrainedModel, given: Collection[str], title: str, what: str) -> None:
    """HeadlightError where the model cannot run on what it is `given`. what: what that is in words."""
    parameters = inspect.signature(model.forward).parameters.values()
    needed = [p.name for p in parameters if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    lacking = [name for name in needed if name not in given]
    kinds = [_GIVEN[name] for name in lacking if name in _GIVEN]
    if kinds:
        raise HeadlightError(f"{title} reads {kinds[0]}, not {what}.", "Choose a model that does.")
    if lacking:
        raise HeadlightError(
            f"{title} does not run on {what} alone: it needs {' and '.join(lacking)}.",
            "Choose a model that does.",
        )


def load_tokenizer(where: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a folder or a GGUF file: the one kind that knows which characters a token stands
    for."""
    where = where if is_gguf(where) else tokenizer_folder(where)
    # Without a vocabulary transformers builds a tokenizer that knows no word at all, and says nothing.
    if not is_gguf(where) and not has_tokenizer(where):
        raise HeadlightError(
            f"The folder {where} has weights but no tokenizer (tokenizer.json).",
            "Put the model's tokenizer.json beside its weights.",
        )
    if not is_gguf(where):
        check_tokenizer(where)
    logging.set_verbosity_error()
    step = "Choose another file." if is_gguf(where) else "Put the model's tokenizer.json beside its weights."
    try:
        tokenizer = _tokenizer_in(where)
    except HeadlightError:
        raise
    except StrictDataclassError as error:  # it reads the configuration too
        raise HeadlightError(
            f"{where / 'config.json'} makes no sense: {of_fields(error)}.",
            "Correct it, or fetch the model again.",
        ) from error
    except Exception as error:  # what the library behind it raises has no kind of its own
        raise HeadlightError(
            f"The tokenizer in {where} cannot be loaded: {first_sentence(error)}", step
        ) from error
    if not tokenizer.is_fast:
        raise HeadlightError(
            f"The tokenizer in {where} does not say where in the text its tokens stand.", step
        )
    return tokenizer


def _tokenizer_in(where: Path) -> PreTrainedTokenizerFast:
    if is_gguf(where):
        from headlight.models.catalogue.formats import gguf_weights

        return gguf_weights.tokenizer_in(where)
    with readable(where) as folder:
        return AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_fast=True
        )
