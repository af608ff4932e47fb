"""The file that is written, found good before anything is computed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from headlight.models.core.errors import HeadlightError
from headlight.viewer.options import either


def check_out(out: str, endings: Sequence[str], what: str, file: str | None = None) -> Path:
    """The path to write to, its links followed. HeadlightError unless it can be a file of these endings and
    is another one than `file`."""
    path = Path(out)
    ending = path.suffix.lower().removeprefix(".")
    if ending not in endings:
        said = f"ends in “.{ending}”" if ending else "has no ending"
        raise HeadlightError(
            f"{path.name or out} {said}, and {what} can be {either(endings)}.", "Change its ending."
        )
    if os.path.isdir(path):
        raise HeadlightError(f"{out} is a folder.", "Name a file in it.")
    if not os.path.isdir(path.parent):
        raise HeadlightError(
            f"The folder {path.parent} does not exist.", "Create it or change the file's name."
        )
    if file is not None and path.exists() and os.path.exists(file) and os.path.samefile(file, path):
        raise HeadlightError(f"{path.name} is the input itself.", "Name another file.")
    return Path(os.path.realpath(path))
