"""A good file to be damaged, with what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """files: what each holds, by its path in the folder. opens: the one that is opened, "" for the folder.

    counted: the format says how much there is, so that a file that was cut off never opens without a word.
    """

    files: Mapping[str, bytes]
    opens: str
    counted: bool = True

    @classmethod
    def of(cls, name: str, data: bytes, counted: bool = True, **beside: bytes) -> Sample:
        """One file."""
        return cls({name: data}, name, counted)

    def laid(self, folder: Path) -> Path:
        """What is to be opened, once all lies in `folder`."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return folder / self.opens if self.opens else folder


Samples = dict[str, list[Sample]]
"""By the id of the reader that a file is for."""
