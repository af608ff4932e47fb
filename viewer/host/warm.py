"""What an engine does while nobody waits for it: imports, and the models that are most likely asked for."""

from __future__ import annotations

import importlib
import pkgutil
from contextlib import suppress

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.viewer.host import engines
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.registry import REGISTRY, Engine, Kind, Method, resolve


def expecting_recordings(task: Task) -> None:
    """Import what recordings need, which is little: they are shown while models are still far."""
    recorded = {kind.id for kind in REGISTRY.all(Kind).values() if "recorded" in kind.gives}
    for engine in REGISTRY.all(Engine).values():
        if engine.reads in recorded:
            resolve(engine.opens)


def warm(options: RunOptions, slices: str, task: Task) -> None:
    """Import what passes and slices need, then load the model that a first document of each kind is read by.

    slices: the package of the functions that panes ask for. It ends early where the task is cancelled.
    """
    for engine in REGISTRY.all(Engine).values():
        task.check()
        resolve(engine.opens)
    for method in REGISTRY.all(Method).values():
        task.check()
        resolve(method.compute)
    package = importlib.import_module(slices)
    for module in pkgutil.walk_packages(package.__path__, f"{slices}."):
        task.check()
        importlib.import_module(module.name)
    for kind in REGISTRY.all(Kind).values():
        task.check()
        if kind.is_read:
            with suppress(HeadlightError):  # it is told when somebody asks for it
                engines.open_engine(options.model, kind.id, options.device, task)
    from headlight.viewer.inputs import guard  # no window waits for it: it brings numpy

    guard.prepare()
