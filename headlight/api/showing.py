"""`headlight.show`: a recording or arrays in a window that outlives the script."""

from __future__ import annotations

from typing import Any

from headlight.api.recording import recording_of
from headlight.models.core.errors import HeadlightError
from headlight.viewer.shown import places, sending


def show(what: Any, *, name: str | None = None, step: int | None = None, **described: Any) -> None:
    """Show a recording, or weights that were computed elsewhere, in a window; returns at once.

    what: what `headlight.record` gave, or weights as numpy arrays or tensors: (layers, heads, queries, keys),
    or a list with (heads, queries, keys) or (batch, heads, queries, keys) for each layer. described: what the
    tokens are: tokens (names), text, grid=(rows, columns) with prefix, image (a path, PIL, array or tensor),
    points (n, 3); of a batch item, and mask (batch, n) or lengths (batch,) for its padding; title.

    The window is a process of its own. One that is open shows what further calls give, each as a document;
    with a `name` and a `step` they are steps of one document, which a slider goes through. HeadlightError of
    what cannot be shown, and where there is no screen.
    """
    if step is not None and name is None:
        raise HeadlightError("A step belongs to a document.", "Give its name: show(…, name=…, step=…).")
    if name is not None:
        described.setdefault("title", name)
    found = recording_of(what).described(**described)
    path = places.new_file()
    header = {} if name is None else {"name": str(name), "step": 0 if step is None else int(step)}
    try:
        found.write(path, **header)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(
            f"What is shown cannot be kept in {path.parent}: {reason}.", "Make room there."
        ) from error
    sending.send(path)
