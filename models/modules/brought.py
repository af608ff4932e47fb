"""The entries by which recordings are opened: as models that the catalogue does not list. No torch."""

from __future__ import annotations

from pathlib import Path

from headlight.models.catalogue.entry import Entry
from headlight.models.core.trace import ModelCard

_HERE, _SOURCE = Path(__file__).parent, "recorded from Python"


def _brought(kind: str) -> tuple[Entry, ...]:
    id_ = f"recorded-{kind}"
    return (Entry(id_, "Recorded", "bundled", _SOURCE, "", _HERE, id_),)


OF_TEXT, OF_IMAGE, OF_POINTS = (_brought(kind) for kind in ("text", "image", "points"))


def card_of(title: str, kind: str) -> ModelCard:
    """What is said of a module that was recorded."""
    return ModelCard(f"recorded-{kind}", title, f"recorded-{kind}", _SOURCE, "")
