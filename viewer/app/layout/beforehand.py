"""What the first document takes, imported and made by a worker: the window answers meanwhile."""

from __future__ import annotations

from importlib import import_module

from headlight.models.core.task import Task
from headlight.viewer.registry import REGISTRY, Engine, Kind, Pane, resolve

_LATE = ("headlight.viewer.app.layout.deck", "numpy.ma", "PIL.Image")
"""What is imported where it is needed first, which may be while something is painted."""


def beforehand(task: Task) -> None:
    """Panes, what they need, what is known of each kind of document, and colours that take time to find."""
    for pane in REGISTRY.all(Pane).values():
        resolve(pane.make)
    for kind in REGISTRY.all(Kind).values():
        resolve(kind.adapter)
        for numbers in filter(None, (layout.numbers for layout in kind.layouts)):
            resolve(numbers)
    for entry in REGISTRY:
        needs = getattr(entry, "needs", None)
        if needs is not None and needs.holds:
            resolve(needs.holds)
    for engine in REGISTRY.all(Engine).values():
        if engine.models:
            resolve(engine.models)
    for name in _LATE:
        import_module(name)
    from headlight.models.core.classes.palettes import generated
    from headlight.models.core.colours import lut

    generated(1)
    lut()
