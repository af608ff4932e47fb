"""The letters of a model that names one in each frame, and the text that they come to.

Graves et al. 2006, “Connectionist Temporal Classification”, section 3: equal neighbours are one letter, and
blanks, which only keep letters apart, are none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from headlight.models.catalogue.formats.layout import read_json

SPACE = "|"
"""How such vocabularies write what stands between words."""
_MARKS = ("<pad>", "<s>", "</s>", "<unk>", "[PAD]", "[UNK]", "[CLS]", "[SEP]")


@dataclass(frozen=True)
class Letters:
    """names: by their numbers. blank: the number of the blank."""

    names: dict[int, str]
    blank: int
    mask: None = None
    """No letter is asked for in particular, as of a masked text."""

    @classmethod
    def of(cls, folder: Path, blank: int) -> Letters:
        """As vocab.json of a model's folder has them; numbers alone where there is none, or none of use."""
        file = folder / "vocab.json"
        said = read_json(file) if file.is_file() else {}
        if isinstance(said, dict) and said and all(isinstance(one, dict) for one in said.values()):
            said = next(iter(said.values()))  # of several languages each has its own
        pairs = said.items() if isinstance(said, dict) else ()
        return cls({number: str(name) for name, number in pairs if isinstance(number, int)}, blank)

    def name(self, number: int) -> str:
        return self.names.get(number, f"#{number}")

    def numbered(self, text: str) -> int | None:
        """The number of a letter, as it is or in capitals."""
        numbers = {name: number for number, name in self.names.items()}
        return next((numbers[one] for one in (text, text.upper()) if one in numbers), None)

    def spelled(self, ids: Sequence[int]) -> str:
        """What the likeliest letters of all frames say."""
        kept = (self.name(number) for number, _ in groupby(ids) if number != self.blank)
        letters = (" " if name == SPACE else name for name in kept if name not in _MARKS)
        return " ".join("".join(letters).split())
