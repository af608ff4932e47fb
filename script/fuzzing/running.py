"""A model of somebody else's reads something small: what comes of it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from script.fuzzing.checks import Unsound

_TEXT = "A great serve, " + "a" * 40 + "!"


def prepared() -> None:
    """What takes long once, and no folder is to blame for: libraries, and the first pass."""
    from headlight.viewer.app.cli import let_libraries_be_silent
    from script.fuzzing.models import MODELS, models

    let_libraries_be_silent()
    with tempfile.TemporaryDirectory() as folder:
        for number, sample in enumerate(models()[MODELS]):
            where = sample.laid(Path(folder, str(number)))
            ran(sample.reads, where, trusted=True)


def _input(kind: str) -> Any:
    from headlight.viewer.inputs.inputs import from_bytes, from_pixels, from_text
    from tests.models.tiny_points import room
    from tests.viewer import cloud_samples as make

    if kind == "text":
        return from_text(_TEXT)
    if kind == "image":
        return from_pixels((np.mgrid[:40, :56][0, ..., None] * [4, 5, 6]).astype(np.uint8))
    points, colours = room(800)
    return from_bytes(make.npy(np.column_stack([points, colours])), "room.npy")


def ran(kind: str, model: Path, trusted: bool) -> tuple[str, ...]:
    """The notices of a pass. HeadlightError as of any, Unsound where weights would be drawn that are none."""
    from headlight.models.core.layers import is_faithful
    from headlight.models.engines import door
    from headlight.viewer.host.forward import forward_pass
    from headlight.viewer.inputs.inputs import from_path
    from headlight.viewer.session.session import RunOptions
    from script.fuzzing.models import RECORDED

    door._engines.clear()  # or it would be that of the folder before
    if kind == RECORDED:
        done = forward_pass(from_path(model), RunOptions())
    else:
        done = forward_pass(_input(kind), RunOptions(model=str(model), device="cpu", trust_pickle=trusted))
    for layer, error in zip(done.trace.layers, done.checks, strict=True):
        _, row = layer.row(0, 0)
        is_drawn = is_faithful(error) and not done.trace.given  # what was given is drawn as it was given
        if is_drawn and not (np.isfinite(row).all() and -1e-6 <= row.sum() < 1.001 + 1e-3):
            raise Unsound(f"{layer.name}: a row of {row.sum()}, and an error of {error}")
    return done.trace.notices
