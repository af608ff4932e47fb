"""A model's weights as one state dict, where transformers cannot read the folder as it is: rounded to few
bits, changed by an adapter, in pickles, or in files of other names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from headlight.models.catalogue.folders import read_config, stored_in
from headlight.models.catalogue.formats import adapter, lora, rounded
from headlight.models.catalogue.formats.layout import WEIGHTS
from headlight.models.catalogue.formats.rounding import rounding_of
from headlight.models.catalogue.tensors import read_pickle
from headlight.models.core.task import SILENT, Part, Task

INDEX = f"{WEIGHTS}.index.json"


def is_usual(folder: Path, content: dict[str, Any]) -> bool:
    """Whether transformers reads the folder as it is. content: its config.json."""
    if adapter.is_adapter(folder):
        return False
    rounding = rounding_of(content)
    if rounding is not None and rounding.is_read_here:
        return False
    return (folder / WEIGHTS).is_file() or (folder / INDEX).is_file()


def read_state(folder: Path, dtype: torch.dtype, task: Task = SILENT) -> rounded.State:
    """All weights of a folder by their names; what was rounded or changed is of this type, the rest as it is
    stored. A pickle in it must have been trusted. HeadlightError for damage and for what does not fit.
    """
    if adapter.is_adapter(folder):
        one = adapter.read_adapter(folder)
        base = read_state(adapter.base_folder(one), dtype, Part(task, 0.0, 0.8))
        task.progress(0.8, f"Merging the adapter onto {Path(one.base).name}")
        return lora.merged(base, one, load_file(one.weights), dtype)
    state: rounded.State = {}
    files = stored_in(folder)
    for number, file in enumerate(files):
        task.progress(0.5 * number / len(files), f"Reading {file.name}")
        state |= load_file(file) if file.suffix == ".safetensors" else read_pickle(file, None)
    rounding = rounding_of(read_config(folder))
    if rounding is not None and rounding.is_read_here:
        state = rounded.restored(state, rounding, dtype, Part(task, 0.5, 1.0))
    return state
