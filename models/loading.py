"""Weights from a folder into a transformers model: safetensors alone, no code from the folder, no network."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors import SafetensorError
from transformers import CONFIG_MAPPING, AutoModel, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerFast
from transformers.utils import logging

from models.catalog import read_config
from models.errors import HeadlightError, first_line

TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")


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
