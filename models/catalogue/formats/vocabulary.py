"""Where a model's tokenizer lies, and its files as readers of strict JSON take them. No torch, no
transformers."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headlight.models.catalogue.formats import adapter
from headlight.models.catalogue.formats.layout import MAX_JSON, MODULES

FILES = ("tokenizer.json", "vocab.txt", "vocab.json")
BOM = b"\xef\xbb\xbf"


def tokenizer_folder(folder: Path) -> Path:
    """The folder that a model's tokenizer lies in: its own, else an adapter's base's, else that of the
    sentence-transformers model that it is a part of. Its own where there is none."""
    if has_tokenizer(folder):
        return folder
    if adapter.is_adapter(folder):
        return tokenizer_folder(adapter.base_folder(adapter.read_adapter(folder)))
    outer = folder.parent
    return outer if (outer / MODULES).is_file() and has_tokenizer(outer) else folder


def has_tokenizer(folder: Path) -> bool:
    return any(file.name in FILES or file.suffix == ".model" for file in folder.iterdir())


@contextmanager
def readable(folder: Path) -> Iterator[Path]:
    """The folder, or where a JSON file in it begins with a byte-order mark, a copy of what is small in it
    without those, for as long."""
    marked = [file for file in folder.glob("*.json") if _begins(file) == BOM]
    if not marked:
        yield folder
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as made:
        small = (file for file in folder.iterdir() if file.is_file() and file.stat().st_size <= MAX_JSON)
        for file in small:
            if file.suffix in (".json", ".txt", ".model"):
                shutil.copyfile(file, Path(made) / file.name)
        for file in marked:
            copy = Path(made) / file.name
            if copy.is_file():
                copy.write_bytes(copy.read_bytes().removeprefix(BOM))
        yield Path(made)


def _begins(file: Path) -> bytes:
    with open(file, "rb") as content:
        return content.read(len(BOM))
