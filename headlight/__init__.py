"""Headlight, a desktop microscope for attention. Its rooms: viewer, widgets, models.

From Python:

    with headlight.record(model) as trace:  # any torch.nn.Module
        model(x)
    headlight.show(trace, image=image)
    headlight.open("picture.jpg").rollout(fusion="mean")
"""

import os
from typing import Any

_HERE = os.path.dirname(os.path.realpath(__file__))
if not os.path.isdir(os.path.join(_HERE, "viewer")):
    # A checkout, in which the rooms lie beside this folder. An installed Headlight has them in it.
    __path__.append(os.path.dirname(_HERE))

__all__ = ["HeadlightError", "open", "record", "show"]

_MODULES = {
    "record": "headlight.api.recording",
    "show": "headlight.api.showing",
    "open": "headlight.api.opening",
    "HeadlightError": "headlight.models.core.errors",
}


def __getattr__(name: str) -> Any:
    """What Python scripts use comes when it is asked for: the window imports this name too."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(_MODULES[name]), name)
