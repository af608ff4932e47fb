"""Where a trace comes from: its recipe, with the file or the text that was read. No Qt."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from headlight.models.core.interventions import File
from headlight.models.core.trace import Trace
from headlight.viewer.host.asked import asked_of
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import Input, TextInput
from headlight.viewer.registry import REGISTRY

_APART = ("model", "trust_pickle", "device")
"""Options that a recipe has elsewhere, or that are not to be handed on: whose trust, and where."""


def told(trace: Trace, what: Input, options: RunOptions, path: str) -> Trace:
    """The trace of `what`, read from `path` or from no file, with how it was made."""
    is_file = bool(path) and REGISTRY.adapter_of(what).is_file(what, path)
    asked = asked_of(what, options, is_file)
    source = asked.pop("text", None) if isinstance(what, TextInput) else None
    recipe = replace(
        trace.recipe,
        kind=REGISTRY.kind_of(what).id,
        model=trace.model.id,
        source=file_of(path) if is_file else source,
        interventions=options.interventions,
        options=tuple((name, value) for name, value in asked.items() if name not in _APART),
    )
    return replace(trace, run=replace(trace.run, recipe=recipe))


def file_of(path: str) -> File:
    """A file as it is now; what it holds is not known of a folder, nor where it cannot be read any more."""
    absolute = Path(path).absolute()
    try:
        known = absolute.stat()
        digest = "" if absolute.is_dir() else _digest(str(absolute), known.st_size, known.st_mtime_ns)
    except OSError:
        digest = ""
    return File(str(absolute), digest)


@lru_cache(64)
def _digest(path: str, size: int, changed: int) -> str:
    """Read once, for as long as the file's size and date are the same."""
    import hashlib  # by the engine: it brings OpenSSL

    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
