"""E57's points from many places in the file: its packets read here, since libE57 reads forwards alone.

Each field of a point is a stream of its own, of floats or of bits as few as its numbers need; a packet holds
a piece of every stream (ASTM E2807, 9.3 to 9.7). Where each piece lies, the packets' heads tell. The file is
cut into pages, behind each of which stands a sum.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from xml.etree import ElementTree

import numpy as np

from headlight.models.core.task import Task

_PAGE, _HELD = 1024, 1020
"""Bytes of a page, and those before its sum."""
_HEAD = struct.Struct("<8sIIQQQQ")
"""Signature, versions, the file's length, where its XML begins, how long that is, the length of a page."""
_SECTION = struct.Struct("<B7xQQQ")
"""Its kind, its length, where its data begin, and its index."""
_PACKET = struct.Struct("<BBHH")
"""Its kind, flags, length less one, number of streams."""
_POINTS, _DATA = 1, 1
"""Kinds of a section and of a packet."""
_PLAIN = "{http://www.astm.org/COMMIT/E57/2010-e57-v1.0}"
_NORMALS = "nor:"
"""Before what an extension names."""
_LONGEST = 50_000_000
"""Bytes of an XML that are read."""
_PLACES, _EACH = 200, 500
"""Packets that are looked into, and points of each; of fewer packets more."""


@dataclass(frozen=True)
class _Field:
    """bits: of each number. low: what is added to it, None for floats; scale, offset: what is done then."""

    name: str
    bits: int
    low: int | None = None
    scale: float = 1.0
    offset: float = 0.0

    def numbers(self, data: bytes, first: int, count: int) -> np.ndarray:
        """float64 (count,): from bit `first` on."""
        if self.low is None:
            at = first // 8
            return np.frombuffer(data, f"<f{self.bits // 8}", count, at).astype(np.float64)
        bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first:]
        whole = bits[: count * self.bits].reshape(count, self.bits) @ (2.0 ** np.arange(self.bits))
        return (whole + self.low) * self.scale + self.offset


class Packets:
    """The scans of a file. Any exception for damage, and for what is not read so."""

    def __init__(self, file: BinaryIO, task: Task) -> None:
        self._file, self._task = file, task
        file.seek(0)
        signature, _, _, _, at, length, page = _HEAD.unpack(file.read(_HEAD.size))
        if signature != b"ASTM-E57" or page != _PAGE or length > _LONGEST:
            raise ValueError("it is none that is read so")
        root = ElementTree.fromstring(self._bytes(_logical(at), length))
        self.scans = [
            scan.find(f"{_PLAIN}points") for scan in root.iterfind(f"{_PLAIN}data3D/{_PLAIN}vectorChild")
        ]

    def picked(self) -> list[dict[str, np.ndarray]]:
        """Of each scan float64 (n,) of each field, from first to last."""
        return [self._picked(scan, max(1, _PLACES // len(self.scans))) for scan in self.scans]

    def _picked(self, scan: ElementTree.Element, places: int) -> dict[str, np.ndarray]:
        fields = [_field(one) for one in scan.find(f"{_PLAIN}prototype")]
        heads, streams = self._heads(_logical(int(scan.get("fileOffset"))), len(fields))
        count, ends = int(scan.get("recordCount")), np.cumsum(streams, axis=0)
        begins = ends - streams
        found = {field.name: [] for field in fields}
        chosen = np.unique(np.linspace(0, len(heads) - 1, places).astype(int)).tolist()
        each = _EACH * places // len(chosen)
        for number in chosen:
            self._task.check()
            sized = [(i, field.bits) for i, field in enumerate(fields) if field.bits]
            first = max(-(-8 * int(begins[number, i]) // bits) for i, bits in sized)
            last = min(count, *(8 * int(ends[number, i]) // bits for i, bits in sized))
            taken = min(last - first, each)
            if taken <= 0:
                continue
            at = heads[number] + _PACKET.size + 2 * len(fields)
            for i, field in enumerate(fields):
                start = first * field.bits - 8 * int(begins[number, i])
                piece = at + int(streams[number, :i].sum())
                data = self._bytes(piece + start // 8, (start % 8 + taken * field.bits + 7) // 8)
                found[field.name].append(field.numbers(data, start % 8, taken))
        return {name: np.concatenate(parts) for name, parts in found.items()}

    def _heads(self, section: int, fields: int) -> tuple[list[int], np.ndarray]:
        """(where each packet of points begins, int64 (packets, fields): bytes of each stream in it)"""
        kind, length, data, _ = _SECTION.unpack(self._bytes(section, _SECTION.size))
        if kind != _POINTS:
            raise ValueError("its points are no points")
        heads, streams = [], []
        for at, kind in self._walk(_logical(data), section + length):
            if kind != _DATA:
                continue
            told = self._bytes(at, _PACKET.size + 2 * fields)
            if _PACKET.unpack_from(told)[3] != fields:
                raise ValueError("a packet has other streams")
            heads.append(at)
            streams.append(np.frombuffer(told, "<u2", fields, _PACKET.size))
        return heads, np.array(streams, np.int64)

    def _walk(self, at: int, end: int) -> Iterator[tuple[int, int]]:
        """(where it begins, its kind) of each packet."""
        while at < end:
            kind, _, length, _ = _PACKET.unpack(self._bytes(at, _PACKET.size))
            if length < _PACKET.size - 1:
                raise ValueError("a packet is shorter than its head")
            yield at, kind
            at += length + 1
            self._task.check()

    def _bytes(self, at: int, count: int) -> bytes:
        """Without the pages' sums."""
        first = at // _HELD
        self._file.seek(first * _PAGE)
        pages = self._file.read((-(-(at + count) // _HELD) - first) * _PAGE)
        held = b"".join(pages[i : i + _HELD] for i in range(0, len(pages), _PAGE))
        start = at - first * _HELD
        return held[start : start + count]


def _logical(at: int) -> int:
    """A place in the file, not counting the pages' sums."""
    return at // _PAGE * _HELD + at % _PAGE


def _field(said: ElementTree.Element) -> _Field:
    plain = said.tag.startswith(_PLAIN)
    name = said.tag.rpartition("}")[2] if plain else _NORMALS + said.tag.rpartition("}")[2]
    if said.get("type") == "Float":
        return _Field(name, 32 if said.get("precision") == "single" else 64)
    low, high = int(said.get("minimum", -(2**63))), int(said.get("maximum", 2**63 - 1))
    scale, offset = float(said.get("scale", 1)), float(said.get("offset", 0))
    return _Field(name, (high - low).bit_length(), low, scale, offset)
