"""The engines that are registered, and the models that come with them. No Qt."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from headlight.models.core.task import SILENT, Task
from headlight.viewer.registry import REGISTRY, Engine, resolve

if TYPE_CHECKING:
    from headlight.models.catalogue.entries import Entry


def brought() -> tuple[Entry, ...]:
    """The models of engines that bring their own, beside those of the catalogue."""
    every = (resolve(engine.models) for engine in REGISTRY.all(Engine).values() if engine.models)
    return tuple(entry for entries in every for entry in entries)


def listed(task: Task = SILENT) -> tuple[Entry, ...]:
    """All models that can be named: those of the catalogue, on this disk, and brought by engines."""
    from headlight.models.catalogue import entries

    return (*entries.entries(), *brought())


def looked_at(path: str, task: Task = SILENT) -> Entry:
    """The model in a folder or a file; no byte of a pickle is looked at. Raises HeadlightError."""
    from headlight.models.catalogue import entries

    return entries.find(path, trust_pickle=True)


def said_first(model: str | None) -> str:
    """What opening a model takes, "" where that is little. HeadlightError where it cannot be opened."""
    from headlight.models.catalogue import entries

    if model is None or model in (entry.id for entry in brought()):
        return ""
    entry = entries.find(model, trust_pickle=True)
    return f"{entry.title}: {entry.opening}" if entry.opening else ""


def open_engine(
    model: str | None,
    kind: str,
    device: str | None = None,
    task: Task = SILENT,
    trust_pickle: bool = False,
) -> Any:
    """`door.open_engine`, of all engines that are registered."""
    from headlight.models.engines import door

    return door.open_engine(model, kind, door.Engines(_of, brought()), device, task, trust_pickle)


def _of(entry: Entry) -> Any:
    """The class of the engine that runs this model: first of those that pick their models."""
    fits = [one for one in REGISTRY.all(Engine).values() if entry.reads(one.reads) and one.has(entry)]
    return resolve(max(fits, key=lambda one: bool(one.takes)).opens)
