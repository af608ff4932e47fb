"""The bad and odd files that tests feed to Headlight, and what it must say of each."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable
from pathlib import Path

DATA = Path(__file__).parent / "data"
MESSAGES: dict[str, dict] = tomllib.loads((DATA / "MESSAGES.toml").read_text(encoding="utf-8"))
BAD = [*MESSAGES["errors"], *MESSAGES["made"]]


def bad_file(name: str, folder: Path, monkeypatch) -> tuple[Path, str]:
    """(the bad file of this name, made in `folder` if it is not in tests/data; the message it must give)"""
    if name in MESSAGES["errors"]:
        return DATA / name, MESSAGES["errors"][name]
    path = folder / name
    MAKERS[name](path, monkeypatch)
    return path, MESSAGES["made"][name]


def _large_png(path: Path, monkeypatch) -> None:
    with path.open("wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        file.truncate(200_000_001)


def _locked(path: Path, monkeypatch) -> None:
    """Permissions do not stop root, who runs tests in containers: the opening itself has to fail."""
    path.write_text("Nobody may read this.")
    really_open = os.open

    def refuse(name, *arguments, **options):
        if Path(os.fsdecode(name)).name == path.name:
            raise PermissionError(13, "Permission denied", str(path))
        return really_open(name, *arguments, **options)

    monkeypatch.setattr(os, "open", refuse)


MAKERS: dict[str, Callable] = {
    "long.txt": lambda path, _: path.write_bytes(b"word " * 10_000_000),
    "large.png": _large_png,
    "missing.txt": lambda path, _: None,
    "link.txt": lambda path, _: path.symlink_to("nowhere.txt"),
    "loop.txt": lambda path, _: path.symlink_to(path.name),
    "pipe.txt": lambda path, _: os.mkfifo(path),
    "locked.txt": _locked,
}
