"""What heads do over a folder of pictures: the patches that the chosen one does most at, as thumbnails."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.cache import CACHE
from headlight.models.core.errors import HeadlightError
from headlight.models.core.settings import PatternSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Box
from headlight.models.core.trace import Trace
from headlight.viewer.host.corpus import Corpus, Pictures
from headlight.viewer.inputs.inputs import ImageInput, from_path
from headlight.viewer.inputs.readers import endings_by_kind
from headlight.viewer.slices.many.texts import SHOWN, gathered_over, groups_of

if TYPE_CHECKING:
    from headlight.models.corpus.gathered import Event, Gathered

MOST = 5_000
"""Pictures of a folder."""
THUMB = 96
"""Pixels of the long side of a thumbnail."""


def read_pictures(path: str, size: int | None, task: Task = SILENT) -> Pictures:
    """The pictures of a folder, by their names; at most MOST. HeadlightError where there is none."""
    where = Path(path)
    endings = {
        f".{ending}"
        for kind, all_ in endings_by_kind().items()
        if kind.input.endswith(f":{ImageInput.__name__}")
        for ending in all_
    }
    files = sorted(one for one in where.iterdir() if one.suffix.lower() in endings and one.is_file())
    if not files:
        raise HeadlightError(f"{where.name} holds no picture.", "Choose a folder with pictures in it.")
    return Pictures(where.name, tuple(map(str, files[:MOST])), size)


def pixels_of(path: str) -> np.ndarray | None:
    """uint8 (H, W, 3); None of what cannot be read."""
    try:
        read = from_path(path)
    except HeadlightError:
        return None
    return read.pixels if isinstance(read, ImageInput) else None


def over_pictures(
    trace: Trace, pictures: Pictures, settings: PatternSettings, task: Task = SILENT
) -> Gathered:
    """Kept for every document of the same model."""
    from headlight.models.corpus.pictures import gathered_pictures

    key = "gathered", trace.model.id, trace.device, settings
    found = CACHE.get(pictures, key)
    if found is None:
        engine = trace.run.engine(Part(task, 0, 0))
        made = gathered_pictures(
            engine,
            lambda number: pixels_of(pictures.paths[number]),
            pictures.count,
            pictures.size,
            settings,
            task=task,
        )
        return CACHE.put(pictures, key, made)
    return found


def over_all(
    trace: Trace, many: Corpus | Pictures, settings: PatternSettings, task: Task = SILENT
) -> Gathered:
    """What heads do over many inputs of whichever kind."""
    if isinstance(many, Pictures):
        return over_pictures(trace, many, settings, task)
    return gathered_over(trace, many, settings, task)


@dataclass(frozen=True, eq=False)
class Patch:
    """A patch of one of many pictures. box: in its pixels, None of a token that is no patch. thumbnail: uint8
    (h, w, 3); marked: the box in it. value: of the measure there."""

    number: int
    box: Box | None
    thumbnail: np.ndarray
    marked: Box | None
    value: float


@dataclass(frozen=True, eq=False)
class Patches:
    title: str
    found: tuple[Patch, ...]


def patches_of_head(
    trace: Trace,
    pictures: Pictures,
    settings: PatternSettings,
    layer: int,
    head: int,
    name: str,
    task: Task = SILENT,
) -> tuple[Patches, ...]:
    """Where a measure of a head is highest, then by tenths of the pictures, highest first, and at random."""
    found = over_pictures(trace, pictures, settings, Part(task))
    groups = groups_of(found, layer, head, name, SHOWN)

    def shown(event: Event) -> Patch:
        thumbnail, scale = _thumbnail(pictures, event.text)
        box = found.grids[event.text][layer].box(event.token)
        marked = None if box is None else Box(*(edge * scale for edge in box.corners))
        return Patch(event.text, box, thumbnail, marked, event.value)

    return tuple(Patches(title, tuple(map(shown, events))) for title, events in groups)


def _thumbnail(pictures: Pictures, number: int) -> tuple[np.ndarray, float]:
    """(uint8 (h, w, 3), how large it is beside the picture)."""

    def made() -> tuple[np.ndarray, float]:
        pixels = pixels_of(pictures.paths[number])
        if pixels is None:  # gone since
            return np.zeros((THUMB, THUMB, 3), np.uint8), 1.0
        from PIL import Image

        scale = THUMB / max(pixels.shape[:2])
        height, width = (max(1, round(side * scale)) for side in pixels.shape[:2])
        return np.asarray(Image.fromarray(pixels).resize((width, height), reducing_gap=2.0)), scale

    return CACHE.kept(pictures, ("thumbnail", number), made)
