"""What lies inside of what is packed or checked, and the same packed and checked anew.

Damage to the outside alone is found by the first sum: what is damaged inside gets its sums right again.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable

Parts = list[bytes]
Inside = tuple[Parts, Callable[[Parts], bytes]]
"""The parts of a file, and what makes a file of as many others."""

_PNG = b"\x89PNG\r\n\x1a\n"
_E57 = b"ASTM-E57"
_PAGE = 1024
_CASTAGNOLI = 0x82F63B78


def inside(data: bytes) -> Inside | None:
    """By how it begins; None for what is neither packed nor checked."""
    try:
        for begins, of in ((b"PK\x03\x04", _zip), (b"\x1f\x8b\x08", _gzip), (_PNG, _png), (_E57, _e57)):
            if data.startswith(begins):
                return of(data)
        return _tensors(data)
    except (ValueError, OSError, EOFError, zlib.error, zipfile.BadZipFile, struct.error):
        return None


def _zip(data: bytes) -> Inside:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = archive.infolist()
        parts = [archive.read(member) for member in members]

    def packed(parts: Parts) -> bytes:
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for member, part in zip(members, parts, strict=True):
                one = zipfile.ZipInfo(member.filename)
                one.compress_type = member.compress_type
                archive.writestr(one, part)
        return out.getvalue()

    return parts, packed


def _gzip(data: bytes) -> Inside:
    return [gzip.decompress(data)], lambda parts: gzip.compress(parts[0], 6, mtime=0)


def _png(data: bytes) -> Inside:
    kinds, parts, at = [], [], len(_PNG)
    while at + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kinds.append(data[at + 4 : at + 8])
        parts.append(data[at + 8 : at + 8 + length])
        at += 12 + length
    pixels = [at for at, kind in enumerate(kinds) if kind == b"IDAT"]
    if len(pixels) == 1:
        parts[pixels[0]] = zlib.decompress(parts[pixels[0]])

    def packed(parts: Parts) -> bytes:
        made = _PNG
        for at, (kind, body) in enumerate(zip(kinds, parts, strict=True)):
            body = zlib.compress(body) if [at] == pixels else body
            made += struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        return made

    return parts, packed


def _e57(data: bytes) -> Inside:
    whole = unpaged(data)
    at, length = struct.unpack_from("<QQ", data, 24)
    at -= at // _PAGE * 4
    return [whole[:at], whole[at : at + length]], lambda parts: paged(_headed(*parts))


def _headed(front: bytes, xml: bytes) -> bytes:
    """With a header that tells where the XML is and how long."""
    made = bytearray(front + xml)
    made += bytes(-len(made) % (_PAGE - 4))
    pages = len(made) // (_PAGE - 4)
    at = len(front) + len(front) // (_PAGE - 4) * 4
    struct.pack_into("<QQQ", made, 16, pages * _PAGE, at, len(xml))
    return bytes(made)


def unpaged(data: bytes) -> bytes:
    """An E57 file without the sums of its pages (ASTM E2807, 7.4)."""
    return b"".join(data[at : at + _PAGE - 4] for at in range(0, len(data), _PAGE))


def paged(whole: bytes) -> bytes:
    """With the sum of each page behind it."""
    pages = (whole[at : at + _PAGE - 4].ljust(_PAGE - 4, b"\0") for at in range(0, len(whole), _PAGE - 4))
    return b"".join(page + struct.pack(">I", _sum(page)) for page in pages)


def _table() -> list[int]:
    made = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (_CASTAGNOLI if byte & 1 else 0)
        made.append(byte)
    return made


_TABLE = _table()


def _sum(page: bytes) -> int:
    """CRC-32C"""
    found = 0xFFFFFFFF
    for byte in page:
        found = found >> 8 ^ _TABLE[(found ^ byte) & 0xFF]
    return found ^ 0xFFFFFFFF


def _tensors(data: bytes) -> Inside | None:
    """safetensors: the length of a header in JSON, the header, numbers."""
    if len(data) < 10 or data[8:9] != b"{":
        return None
    (length,) = struct.unpack_from("<Q", data)
    json.loads(data[8 : 8 + length])
    return (
        [data[8 : 8 + length], data[8 + length :]],
        lambda parts: struct.pack("<Q", len(parts[0])) + parts[0] + parts[1],
    )
