"""Many texts or pictures at once, as both ends of a wire know them."""

from __future__ import annotations

from dataclasses import dataclass

from headlight.viewer.host.summary import SentOnce


@dataclass(frozen=True, eq=False)
class Corpus(SentOnce):
    """title: of the file or folder."""

    title: str
    texts: tuple[str, ...]
    plural = "texts"

    @property
    def count(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, eq=False)
class Pictures(SentOnce):
    """title: of the folder. paths: of their files, which the engine reads; size: with such short sides, None
    for the model's own."""

    title: str
    paths: tuple[str, ...]
    size: int | None
    plural = "pictures"

    @property
    def count(self) -> int:
        return len(self.paths)
