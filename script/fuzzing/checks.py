"""Whether what came of a file may come of one: a sound document, or a message that says what to do."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, TextInput
from headlight.viewer.inputs.sounds.sound import SoundInput

_LONGEST = 800
_INNARDS = re.compile(
    r"Traceback|<class |object at 0x|<_io|\bError\(|Errno|numpy\.|dtype\(|NoneType|'utf-8' codec"
    r"|\bNone\b(?! of)"
)
"""What no sentence for a user holds."""


class Unsound(AssertionError):
    """What is wrong with an outcome."""


def check_message(error: HeadlightError) -> None:
    """One line, two sentences, no innards."""
    for part in (error.cause, error.next_step):
        _sentence(part)


def _sentence(text: str) -> None:
    _hold(text.strip() != "", "an empty sentence")
    _hold("\n" not in text and len(text) <= _LONGEST, f"more than a line: {text[:200]!r}")
    _hold(text[-1] in ".?!…”", f"no full stop: {text[-200:]!r}")
    found = _INNARDS.search(text)
    _hold(found is None, f"innards: {text[:300]!r}")


def check_document(what: Any) -> None:
    """Raises Unsound where arrays are of another size or kind than they must be, or hold no numbers."""
    for notice in what.notices:
        _sentence(notice)
    _hold("\n" not in what.title and len(what.title) < 300, "title")
    if isinstance(what, CloudInput):
        _cloud(what)
    elif isinstance(what, SoundInput):
        heard = what.sound.samples
        _hold(heard.dtype == np.float32 and heard.ndim == 1 and len(heard) > 0, "samples")
        _hold(bool(np.isfinite(heard).all()), "samples that are no numbers")
        check_document(what.picture)
    elif isinstance(what, ImageInput):
        pixels = what.pixels
        _hold(pixels.dtype == np.uint8 and pixels.ndim == 3 and pixels.shape[2] == 3, "pixels")
        _hold(what.measured is None or what.measured.shape == pixels.shape[:2], "measured")
    elif isinstance(what, SoundInput):
        samples = what.sound.samples
        _hold(samples.dtype == np.float32 and samples.ndim == 1 and len(samples) > 0, "samples")
        _hold(bool(np.isfinite(samples).all()), "samples that are no numbers")
        _hold(bool(np.isfinite(what.pixels).all()), "a spectrogram that is no numbers")
    elif isinstance(what, TextInput):
        what.text.encode()
        _hold("\0" not in what.text and "\r" not in what.text and what.text.strip() != "", "text")
    else:
        raise Unsound(f"a {type(what).__name__}")


def _cloud(cloud: CloudInput) -> None:
    count = len(cloud.points)
    _hold(cloud.points.dtype == np.float32 and cloud.points.shape == (count, 3) and count > 0, "points")
    _hold(bool(np.isfinite(cloud.points).all()), "points that are no numbers")
    _hold(bool(np.isfinite(cloud.file_coordinates(cloud.points)).all()), "coordinates that are no numbers")
    _hold(bool(np.isfinite(cloud.origin).all()), "origin")
    for name, dtype in (("colours", np.uint8), ("normals", np.float32)):
        held = getattr(cloud, name)
        _hold(held is None or (held.dtype == dtype and held.shape == (count, 3)), name)
        _hold(held is None or bool(np.isfinite(held).all()), f"{name} that are no numbers")
    for name in ("intensity", "ring", "labels"):
        held = getattr(cloud, name)
        _hold(held is None or held.shape == (count,), name)
        _hold(held is None or bool(np.isfinite(held).all()), f"{name} that are no numbers")
    if cloud.labels is not None:
        _hold(cloud.labels.min() >= -1 and cloud.labels.max() < len(cloud.classes), "labels without a class")
    if cloud.kept is not None:
        _hold(len(cloud.kept) == count and cloud.kept.max() < cloud.total, "kept")
        _hold(len(cloud.notices) > 0, "points left out without a word")
    if cloud.boxes is not None:
        _hold(bool(np.isfinite(cloud.boxes.boxes).all()), "boxes that are no numbers")


def extent(what: Any) -> int:
    """How much a document holds."""
    if isinstance(what, CloudInput):
        return what.total or len(what.points)
    if isinstance(what, SoundInput):
        return len(what.sound.samples)
    return what.pixels.size if isinstance(what, ImageInput) else len(what.text)


def _hold(holds: bool, what: str) -> None:
    if not holds:
        raise Unsound(what)
