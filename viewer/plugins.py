"""What others add to Headlight: the entry points of the group “headlight” of whatever is installed."""

from __future__ import annotations

from headlight.models.core.errors import HeadlightError
from headlight.viewer.registry import Registry

GROUP = "headlight"


def read(registry: Registry) -> list[HeadlightError]:
    """Let every plugin declare what it has; what is wrong with those that failed, of which nothing stays.

    An entry point names a function, which is called with the registry.
    """
    from importlib.metadata import entry_points  # once the window is painted: with it comes that of mails

    failed = []
    for point in entry_points(group=GROUP):
        try:
            with registry.whole():
                point.load()(registry)
        except Exception as error:
            said = f"The plugin “{point.name}” failed: {type(error).__name__}: {error}"
            failed.append(HeadlightError(f"{said.rstrip('.')}.", "Update it, or take it out."))
    return failed
