"""What the command line asks of the window."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class WindowOptions:
    """What the command line asks of the window; None leaves it as it is. size: a picture's short side.

    page: as in session.py, on which documents open that have it. classes: the list that the labels of clouds
    are read by, as in CLASS_LISTS.
    """

    text: str | None = None
    pair: str | None = None
    model: str | None = None
    device: str | None = None
    size: int | None = None
    theme: str | None = None
    screenshot: Path | None = None
    trust_pickle: bool = False
    page: str | None = None
    classes: str | None = None
