"""The words that are written on walls, notes and signs, and the fonts they are written in.

The fonts are the machine's (and, of tests, the window's and Pillow's own); none is bundled by this. Whole
families are kept for validation and for the test.
"""

from __future__ import annotations

import subprocess
from functools import lru_cache
from pathlib import Path

from PIL import ImageFont

from script.training.clip.objects import CLASSES, objects

FAMILIES = {
    "train": (
        "C059", "DejaVu Sans", "DejaVu Sans Mono", "DejaVu Serif", "Nimbus Mono PS", "Nimbus Roman",
        "Nimbus Sans", "Nimbus Sans Narrow", "URW Gothic",
    ),
    "validation": ("Inter", "P052"),
    "test": ("Aileron", "URW Bookman"),
}  # fmt: skip
"""Aileron is what Pillow writes with where no font is named."""
PILLOW = "pillow"
_INTER = Path(__file__).resolve().parents[3] / "assets" / "fonts"

NOUNS = Path(__file__).with_name("nouns.txt")
"""Common words beside the names of things."""


@lru_cache
def words() -> tuple[str, ...]:
    """Every word that is written, class names first; those of objects are names of one short word."""
    named = {name for one in objects() for name in one.names if name.isalpha() and len(name) <= 9}
    return tuple(dict.fromkeys([*CLASSES, *NOUNS.read_text("ascii").split(), *sorted(named)]))


@lru_cache
def files(split: str) -> tuple[str, ...]:
    """The font files of a split's families, upright and slanted, in a fixed order."""
    listed = subprocess.run(
        ["fc-list", ":", "file", "family"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    named = []
    for line in listed:
        where, _, families = line.partition(":")
        named.append((where, families.split(",")[0].strip()))
    found = sorted(
        where
        for where, family in named
        if family in FAMILIES[split] and where.endswith((".otf", ".ttf")) and "ExtraLight" not in where
    )
    if "Inter" in FAMILIES[split]:
        found += sorted(str(path) for path in _INTER.glob("Inter-*.otf"))
    if "Aileron" in FAMILIES[split]:
        found += [PILLOW] * 4
    return tuple(found)


@lru_cache(maxsize=4096)
def font(file: str, size: int) -> ImageFont.FreeTypeFont:
    """size: in pixels."""
    return ImageFont.load_default(size) if file == PILLOW else ImageFont.truetype(file, size)
