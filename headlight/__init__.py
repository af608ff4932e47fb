"""Headlight, a desktop microscope for attention. Its rooms: viewer, widgets, models."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
if not (_HERE / "viewer").is_dir():
    # A checkout, in which the rooms lie beside this folder. An installed Headlight has them in it.
    __path__.append(str(_HERE.parent))
