"""What the faces of an OBJ are painted with: the colours and pictures that its library of materials names."""

from __future__ import annotations

import io
import stat
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headlight.viewer.inputs.clouds.meshes.sampling import PLAIN
from headlight.viewer.inputs.source import Source

_LIBRARY_BYTES, _PICTURE_BYTES = 5_000_000, 200_000_000
_PIXELS = 100_000_000
_MOST = 1000
"""Materials"""


@dataclass
class Material:
    colour: tuple[int, int, int] = PLAIN
    picture: str = ""
    """A file's name as the library writes it."""


def beside(source: Source, said: str, most: int) -> bytes | None:
    """The regular file that a mesh names, from its own folder and nowhere else; None if there is none."""
    if source.path is None or not said:
        return None
    folder = source.path.parent.resolve()
    written = Path(said.replace("\\", "/"))
    for path in (folder / written, folder / written.name):
        try:
            real = path.resolve(strict=True)
            status = real.stat()
            if real.is_relative_to(folder) and stat.S_ISREG(status.st_mode) and status.st_size <= most:
                return real.read_bytes()
        except (OSError, ValueError, RuntimeError):  # a NUL in the name; a link to itself
            continue
    return None


def read_library(source: Source, said: str) -> dict[str, Material] | None:
    """The materials of a library by name; None if it cannot be read."""
    data = beside(source, said, _LIBRARY_BYTES)
    if data is None:
        return None
    found: dict[str, Material] = {}
    current = Material()
    for line in data.decode("utf-8-sig", "replace").splitlines():
        key, _, rest = line.strip().partition(" ")
        rest = rest.strip()
        if key == "newmtl" and len(found) < _MOST:
            current = found.setdefault(rest, Material())
        elif key == "Kd":
            current.colour = _colour(rest.split()) or current.colour
        elif key.lower() == "map_kd":
            current.picture = _without_options(rest)
    return found


def read_picture(source: Source, said: str) -> np.ndarray | None:
    """uint8 (height, width, 3) of a texture, or None if it cannot be read."""
    from PIL import Image

    data = beside(source, said, _PICTURE_BYTES)
    if data is None:
        return None
    try:
        with Image.open(io.BytesIO(data)) as image:
            if image.width * image.height > _PIXELS:
                return None
            source.report(1.0)
            return np.array(image.convert("RGB"))
    except Exception:  # Pillow's decoders raise whatever they like
        return None


def _colour(words: list[str]) -> tuple[int, int, int] | None:
    try:
        shade = np.nan_to_num(np.array(words[:3], float)).clip(0, 1)
    except ValueError:
        return None
    return tuple(np.rint(shade * 255).astype(int).tolist()) if len(shade) == 3 else None


def _without_options(words: str) -> str:
    """ "-s 1 1 1 wall paper.png" → "wall paper.png"."""
    rest = words.split(" ")
    while rest and rest[0].startswith("-"):
        rest.pop(0)
        # Options have numbers behind them, or one word.
        numbers = 0
        while rest and rest[0].replace(".", "", 1).replace("-", "", 1).isdigit():
            rest.pop(0)
            numbers += 1
        if not numbers and rest:
            rest.pop(0)
    return " ".join(rest)
