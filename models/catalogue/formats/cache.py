"""What the hub's cache on this disk holds of models: whole ones, begun ones, and how they are removed.

Nothing here imports torch or transformers, and nothing asks a network.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from headlight.models.catalogue.formats.layout import ADAPTER, CONFIG, MODULES, weights_in
from headlight.models.core.errors import HeadlightError

PREFIX = "models--"
BEGUN = ".begun"
"""What the name of a file ends in that is not whole yet."""


@dataclass(frozen=True)
class Kept:
    """One model in the cache. size: bytes that it takes on the disk. begun: bytes of it that are of files
    which are not whole yet. folder: of its newest files, None where there are none that say what it is."""

    name: str
    size: int
    begun: int
    folder: Path | None


def root() -> Path:
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE)


def cached(name: str) -> Path | None:
    """The folder of a hub model that was downloaded before, None if it was not."""
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        found = (try_to_load_from_cache(name, file) for file in (CONFIG, ADAPTER, MODULES))
        file = next((file for file in found if isinstance(file, str)), None)
    except HFValidationError as error:
        raise HeadlightError(
            f"“{name}” is no name that the hub allows.", "Write it as owner/name, as the hub shows it."
        ) from error
    return Path(file).parent if file is not None else None


def is_whole(name: str) -> bool:
    """Whether its weights are there."""
    folder = cached(name)
    try:
        return folder is not None and bool(weights_in(folder) or (folder / MODULES).is_file())
    except HeadlightError:  # shards are missing
        return False


def kept() -> list[Kept]:
    """All models in the cache by their names, whether they can be opened or not."""
    try:
        folders = sorted(one for one in root().iterdir() if one.is_dir() and one.name.startswith(PREFIX))
    except OSError:
        return []
    return [_looked_at(folder) for folder in folders]


def _looked_at(folder: Path) -> Kept:
    name = folder.name.removeprefix(PREFIX).replace("--", "/")
    size = begun = 0
    for file in folder.rglob("*"):
        if file.is_file() and not file.is_symlink():
            size += file.stat().st_size
            begun += file.stat().st_size if file.suffix == BEGUN else 0
    try:
        return Kept(name, size, begun, cached(name))
    except HeadlightError:  # a folder that the hub did not make
        return Kept(name, size, begun, None)


def folder_of(name: str) -> Path:
    """Where the cache keeps a model, whether it does or not."""
    from huggingface_hub.file_download import repo_folder_name

    return root() / repo_folder_name(repo_id=name, repo_type="model")


def delete(name: str) -> int:
    """Remove all of a model from the cache, and say how many bytes that were. HeadlightError for one that is
    not there, and where the disk does not allow it."""
    folder = folder_of(name)
    if folder.parent != root() or not folder.name.startswith(PREFIX) or not folder.is_dir():
        raise HeadlightError(f"{name} is not in the hub’s cache.", "Only what was downloaded can be deleted.")
    size = _looked_at(folder).size
    try:
        shutil.rmtree(folder)
    except OSError as error:
        raise HeadlightError(
            f"{name} cannot be deleted: {error.strerror}.", f"Close what uses it, or delete {folder} by hand."
        ) from error
    shutil.rmtree(root() / ".locks" / folder.name, ignore_errors=True)
    return size


def free() -> int:
    """Bytes that are free on the disk of the cache."""
    place = root()
    while not place.exists() and place != place.parent:
        place = place.parent
    return shutil.disk_usage(place).free
