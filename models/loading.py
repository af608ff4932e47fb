"""Weights from a folder into a model: safetensors alone, no code from the folder, no network."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from transformers import (
    CONFIG_MAPPING,
    AutoConfig,
    AutoModel,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)
from transformers.utils import logging

from models import classic
from models.catalog import Entry
from models.errors import HeadlightError, first_line
from models.folders import read_config
from models.published import OWN, PUBLISHED, module
from models.task import SILENT, Task

TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")


def load_entry(entry: Entry, device: str, task: Task = SILENT) -> tuple[nn.Module, bool]:
    """(an image model in float32 and eval mode on `device`, whether weights are random).

    Of a published network without a folder all of them are. Raises HeadlightError as `load_model` does, and
    where memory is too small.
    """
    if entry.folder is None:
        from models.untrained import untrained

        return untrained(PUBLISHED[entry.id], task).to(device), True
    if read_config(entry.folder)["model_type"] in OWN:
        return load_classic(entry.folder).to(device), False
    return load_model(entry.folder, device)


def load_classic(folder: Path) -> nn.Module:
    """An AlexNet or VGG without its head, its weights under torchvision's names.

    Raises HeadlightError for a configuration that makes no sense and for weights that do not fit it.
    """
    file = folder / "model.safetensors"
    try:
        config = classic.read(read_config(folder))
        # On the meta device: what config.json says must fit the weights before it may take memory.
        with torch.device("meta"):
            network = classic.NETWORKS[type(config)](config)
        state = {
            name: tensor.float() for name, tensor in load_file(file).items() if name.startswith("features.")
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
                "Correct config.json, or choose weights of torchvision's names.",
            )
    if left := sorted(state.keys() - network.state_dict().keys()):
        raise HeadlightError(
            f"{file} has {left[0]}, which this {config.model_type} does not.", "Correct config.json."
        )
    network.load_state_dict(state, assign=True)
    return network.eval().requires_grad_(False)


def skeleton(folder: Path) -> nn.Module:
    """The image model of a folder in eval mode without weights, on the meta device."""
    content = read_config(folder)
    try:
        if content["model_type"] in OWN:
            config = classic.read(content)
        else:
            config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        config = getattr(config, "vision_config", config)
        with torch.device("meta"):
            return module(config).eval().requires_grad_(False)
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError) as error:
        raise HeadlightError(
            f"The network of {folder} cannot be put together: {first_line(error)}", "Correct its config.json."
        ) from error


def load_model(folder: Path, device: str) -> tuple[PreTrainedModel, bool]:
    """(the model in float32 and eval mode on `device`, whether weights were missing and are random).

    A missing pooler does not count: it comes after the last attention. Raises HeadlightError for a model type
    that transformers does not know, and for weights that do not fit the configuration.
    """
    kind = read_config(folder)["model_type"]
    if kind not in CONFIG_MAPPING:
        raise HeadlightError(
            f"The model type “{kind}” in {folder / 'config.json'} is unknown to transformers.",
            "Choose a model that needs no code of its own.",
        )
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        model, report = AutoModel.from_pretrained(
            folder,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError, SafetensorError) as error:
        raise HeadlightError(
            f"The model in {folder} cannot be loaded: {first_line(error)}",
            "Fetch it again or choose another.",
        ) from error
    random = any("pooler" not in name for name in report["missing_keys"])
    return model.eval().requires_grad_(False).to(device), random


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """The fast tokenizer of a folder: the one kind that knows which characters a token stands for."""
    # Without a vocabulary transformers builds a tokenizer that knows no word at all, and says nothing.
    if not any(file.name in TOKENIZERS or file.suffix == ".model" for file in folder.iterdir()):
        raise HeadlightError(
            f"The folder {folder} has weights but no tokenizer (tokenizer.json).",
            "Put the model's tokenizer.json beside its weights.",
        )
    logging.set_verbosity_error()
    try:
        tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_fast=True
        )
    except (OSError, ValueError, RuntimeError, KeyError, AttributeError, TypeError, ImportError) as error:
        raise HeadlightError(
            f"The tokenizer in {folder} cannot be loaded: {first_line(error)}",
            "Put the model's tokenizer.json beside its weights.",
        ) from error
    if not tokenizer.is_fast:
        raise HeadlightError(
            f"The tokenizer in {folder} does not say where in the text its tokens stand.",
            "Put the model's tokenizer.json beside its weights.",
        )
    return tokenizer
