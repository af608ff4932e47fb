"""Many texts at once, as both ends of a wire know them."""

from __future__ import annotations

from dataclasses import dataclass

from headlight.viewer.host.summary import SentOnce


@dataclass(frozen=True, eq=False)
class Corpus(SentOnce):
    """title: of the file or folder."""

    title: str
    texts: tuple[str, ...]
