"""Files of recorded traces, NAME.headlight.npz: a zip of a header in JSON and of arrays as numpy has them.

The header comes first, so that a file can be told by its beginning. Nothing in it is run: no pickle is read,
and nothing that claims more than there is.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from headlight.models.core.errors import HeadlightError, shown
from headlight.models.core.task import SILENT, Cancelled, Task
from headlight.viewer.inputs.source import Source

HEADER = "headlight.json"
VERSION = 1
MOST_MEMBERS, MOST_HEADER, MOST_BYTES = 20_000, 32_000_000, 1 << 35
"""Of one file: arrays, bytes of its header, bytes of all arrays."""
_RATIO = 1100
"""No deflated bytes become more than this many."""
_CHUNK = 1 << 24
_NO_DAMAGE = (HeadlightError, Cancelled, MemoryError, OSError)
_SORTS = "fiub"
"""Kinds of numbers that arrays may hold: floats, integers, bools."""


def is_trace(source: Source) -> bool:
    """Whether a file begins as one of these."""
    head = source.head
    return head.startswith(b"PK\x03\x04") and head[30 : 30 + len(HEADER)] == HEADER.encode()


def write(
    path: str | os.PathLike[str], header: Mapping[str, Any], arrays: Iterable[tuple[str, np.ndarray]]
) -> None:
    """Write a file whole or not at all. OSError as of any file."""
    path = Path(path)
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with zipfile.ZipFile(beside, "w", zipfile.ZIP_STORED) as archive:
            archive.writestr(HEADER, json.dumps({"version": VERSION, **header}, ensure_ascii=False))
            for name, array in arrays:
                with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, array, allow_pickle=False)
        os.replace(beside, path)
    except FileNotFoundError as error:  # the folder, not the file that is begun beside it
        raise FileNotFoundError(error.errno, error.strerror, str(path)) from None
    finally:
        beside.unlink(missing_ok=True)


def header_of(file: BinaryIO, name: str) -> dict[str, Any]:
    """What a file says of itself. HeadlightError where it is damaged, or of a later version."""
    with _opened(file, name) as archive:
        return _header(archive, name)


def arrays_of(
    file: BinaryIO, name: str, wanted: Iterable[str] | None = None, task: Task = SILENT
) -> dict[str, Any]:
    """The arrays of a file, or those of these names that it has. HeadlightError where it is damaged."""
    with _opened(file, name) as archive:
        members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
        members.pop(HEADER, None)
        chosen = [one for one in (members if wanted is None else wanted) if one in members]
        if sum(members[one].file_size for one in chosen) > MOST_BYTES:
            raise HeadlightError(
                f"{name} holds more than {MOST_BYTES >> 30} GB of arrays.",
                "Record fewer tokens, or fewer layers.",
            )
        found = {}
        for done, one in enumerate(chosen):
            task.progress(done / len(chosen), f"Reading {name}")
            found[one] = _array(archive, members[one], name, task)
        return found


def loaded(path: str, task: Task = SILENT) -> tuple[dict[str, Any], dict[str, Any]]:
    """(header, arrays) of a file. HeadlightError where it is gone, or damaged."""
    name = shown(Path(path).name)
    try:
        with open(path, "rb") as file:
            return header_of(file, name), arrays_of(file, name, task=task)
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(f"{name} cannot be read any more: {reason}.", "Record it once more.") from error


class _opened:
    """An archive whose damage is told in a sentence."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name

    def __enter__(self) -> zipfile.ZipFile:
        try:
            self._file.seek(0)
            archive = zipfile.ZipFile(self._file)
        except (zipfile.BadZipFile, ValueError, NotImplementedError, OverflowError) as error:
            raise damaged(self._name) from error
        if len(archive.infolist()) > MOST_MEMBERS:
            raise damaged(self._name)
        return archive

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        # Archives and headers of arrays meet damage with any exception there is.
        if isinstance(error, Exception) and not isinstance(error, _NO_DAMAGE):
            raise damaged(self._name) from error


def _header(archive: zipfile.ZipFile, name: str) -> dict[str, Any]:
    info = archive.getinfo(HEADER)
    if info.file_size > MOST_HEADER:
        raise damaged(name)
    with archive.open(info) as member:
        header = json.loads(member.read(MOST_HEADER))
    if not isinstance(header, dict) or not isinstance(header.get("version"), int):
        raise damaged(name)
    if header["version"] > VERSION:
        raise HeadlightError(
            f"{name} was saved by a later Headlight (format {header['version']}).", "Open it with that one."
        )
    layers = header.get("layers")
    if not isinstance(layers, list) or not layers or not all(isinstance(one, dict) for one in layers):
        raise damaged(name)
    return header


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo, name: str, task: Task) -> np.ndarray:
    if info.file_size > _RATIO * max(1, info.compress_size):
        raise damaged(name)
    with archive.open(info) as member:
        version = np.lib.format.read_magic(member)
        read = (
            np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        )
        shape, fortran, dtype = read(member, max_header_size=10_000)
        count = int(np.prod(shape, dtype=object)) if shape else 1
        if dtype.kind not in _SORTS or fortran or count * dtype.itemsize > info.file_size:
            raise damaged(name)
        array = np.empty(count, dtype)
        into = memoryview(array.view(np.uint8)) if count else memoryview(b"")
        for start in range(0, len(into), _CHUNK):
            task.check()
            part = member.read(min(_CHUNK, len(into) - start))
            into[start : start + len(part)] = part
            if len(part) < min(_CHUNK, len(into) - start):
                raise damaged(name)
        return array.reshape(shape)


def damaged(name: str) -> HeadlightError:
    return HeadlightError(f"{name} is damaged or cut off, or no trace of Headlight's.", "Save it again.")
