"""A good file to be damaged, with what lies beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class Sample:
    """files: what each holds, by its path in the folder. opens: the one that is opened, "" for the folder.

    counted: the format says how much there is, so that a file that was cut off never opens without a word.
    links: where links lead, by their paths. reads: of a model, the kind of input that it is given.
    """

    files: Mapping[str, bytes]
    opens: str
    counted: bool = True
    links: Mapping[str, str] = field(default_factory=dict)
    reads: str = ""

    @classmethod
    def of(cls, name: str, data: bytes, counted: bool = True) -> Sample:
        """One file."""
        return cls({name: data}, name, counted)

    @classmethod
    def within(cls, folder: Path, opens: str = "", reads: str = "") -> Sample:
        """All files of a folder."""
        every = sorted(path for path in folder.rglob("*") if path.is_file())
        files = {str(path.relative_to(folder)): path.read_bytes() for path in every}
        return cls(files, opens, False, reads=reads)

    def laid(self, folder: Path) -> Path:
        """What is to be opened, once all lies in `folder`."""
        for name, data in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if name.endswith("/"):
                path.mkdir(exist_ok=True)
            else:
                path.write_bytes(data)
        for name, target in self.links.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(target)
        return folder / self.opens if self.opens else folder


Samples = dict[str, list[Sample]]
"""By the id of the reader that a file is for."""
