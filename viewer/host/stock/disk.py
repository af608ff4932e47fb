"""What lies on the disk of the machine where models are read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from headlight.models.catalogue.formats import layout
from headlight.models.core.errors import HeadlightError, first_line
from headlight.models.core.task import Task

MOST = 5_000
"""Names of a folder that are listed."""


@dataclass(frozen=True)
class Listing:
    """A folder: its path there, the one above it, what lies in it by name, and whether it is a model's."""

    folder: str
    above: str
    folders: tuple[str, ...]
    files: tuple[str, ...]
    is_model: bool


def listed(folder: str, endings: tuple[str, ...], task: Task) -> Listing:
    """folder: "" for the user's own. endings: of the files that count. HeadlightError where it cannot be
    read."""
    path = Path(folder).expanduser() if folder else Path.home()
    folders, files = [], []
    try:
        for number, one in enumerate(path.iterdir()):
            task.check()
            if number == MOST:
                break
            if one.is_dir():
                folders.append(one.name)
            elif one.suffix.lower() in endings:
                files.append(one.name)
    except OSError as error:
        said = error.strerror or first_line(error)
        raise HeadlightError(f"{path} cannot be read there: {said}.", "Choose another folder.") from error
    whole = path.absolute()
    return Listing(
        str(whole), str(whole.parent), _sorted(folders), _sorted(files), layout.is_model_folder(whole)
    )


def _sorted(names: list[str]) -> tuple[str, ...]:
    """Hidden ones last."""
    return tuple(sorted(names, key=lambda name: (name.startswith("."), name.casefold())))
