"""One door to every model: by name and kind of input, kept loaded, on the chosen device.

torch and transformers are imported when a model is opened, never with this module.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

from models import catalog, devices
from models.attention import Trace
from models.catalog import Entry
from models.errors import HeadlightError
from models.task import SILENT, Task

if TYPE_CHECKING:
    from models.language import LanguageEngine
    from models.vision import VisionEngine

KEPT = 2
"""Models that stay loaded: one for text and one for images."""

_engines: OrderedDict[tuple[str, str], LanguageEngine | VisionEngine] = OrderedDict()
_lock = threading.Lock()


def open_engine(
    model: str | None, modality: str, device: str | None = None, task: Task = SILENT
) -> LanguageEngine | VisionEngine:
    """The engine for `model` (an id, a folder or "owner/name"; None is the bundled one) on `device`.

    modality: "text" or "image", what it is to read. Raises HeadlightError where the model does not exist,
    cannot be loaded safely or reads something else. The last two engines stay loaded; threads take turns.
    """
    task.progress(0.0, "Starting the engine")
    where = devices.pick(device)
    entry = catalog.default(modality) if model is None else catalog.find(model)
    key = (entry.id, where)
    with _lock:
        task.check()
        if key not in _engines:
            if entry.folder is None:
                task.progress(0.1, f"Downloading {entry.title}")
                entry = catalog.download(entry)
            _fits(entry, modality)
            task.progress(0.2, f"Loading {entry.title}")
            _engines[key] = _load(entry, where)
        engine = _engines[key]
        _engines.move_to_end(key)
        while len(_engines) > KEPT:
            _engines.popitem(last=False)
    _fits(engine.entry, modality)
    task.progress(1.0, f"{entry.title} is ready")
    return engine


def check(trace: Trace, task: Task = SILENT) -> tuple[float, ...]:
    """Of each layer the largest |A·V − what it returned|; above CHECK_LIMIT its weights must not be shown."""
    errors = []
    for done, layer in enumerate(trace.layers):
        task.progress(done / len(trace.layers), f"Checking {layer.name}")
        errors.append(layer.check())
    return tuple(errors)


def _load(entry: Entry, device: str) -> LanguageEngine | VisionEngine:
    if entry.modality == "image":
        from models.vision import VisionEngine

        return VisionEngine.open(entry, device)
    from models.language import LanguageEngine

    return LanguageEngine.open(entry, device)


def _fits(entry: Entry, modality: str) -> None:
    if entry.modality != modality:
        raise HeadlightError(
            f"{entry.title} reads {'images' if entry.modality == 'image' else entry.modality}, "
            f"not {'images' if modality == 'image' else modality}.",
            f"Choose {catalog.default(modality).id}, or another model that reads this input.",
        )
