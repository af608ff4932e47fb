"""The network that a config.json describes, measured without its weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel, PreTrainedConfig

from headlight.models.catalogue.formats.claims import ROOM
from headlight.models.core.errors import HeadlightError

SMALL = 1 << 24
"""Weights that are drawn in a moment: parts of a network that a folder may leave out, as a tower."""


def check_extent(config: PreTrainedConfig, where: Path, numbers: int) -> None:
    """HeadlightError for a network that is far larger than the weights there are, which would be drawn at
    random until memory ends. What cannot be put together says so where it is loaded."""
    try:
        with torch.device("meta"):
            body: Any = AutoModel.from_config(config)
    except Exception:  # whatever a network raises at a configuration that makes no sense
        return
    claimed = sum(tensor.numel() for tensor in (*body.parameters(), *body.buffers()))
    if claimed > max(SMALL, ROOM * numbers):
        raise HeadlightError(
            f"{where / 'config.json'} describes a network of {claimed:,} weights, and there are {numbers:,}.",
            "Fetch the model again, or correct config.json.",
        )
