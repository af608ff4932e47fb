"""The points of a COLMAP model, points3D.txt and points3D.bin (its format description)."""

from __future__ import annotations

import struct

import numpy as np

from headlight.viewer.inputs.clouds.parts import MAX_CLOUD_BYTES, Parts, check_count, promises_more
from headlight.viewer.inputs.clouds.text import Lines, bad_line, holds
from headlight.viewer.inputs.source import Source

_TITLE = b"POINT3D_ID, X, Y, Z, R, G, B, ERROR"
_POINT = struct.Struct("<Q3d3BdQ")
"""Number, place, colour, error, length of the track; a step of the track has 8 bytes."""


def is_colmap(source: Source) -> bool:
    head = source.head
    if _TITLE in head[:1000] and head.startswith(b"#"):
        return True
    if source.ending != "bin" or len(head) < 8 + _POINT.size:
        return False
    count = int.from_bytes(head[:8], "little")
    _, x, y, z, *_, error, track = _POINT.unpack_from(head, 8)
    plausible = all(abs(v) < 1e9 for v in (x, y, z)) and 0 <= error < 1e4 and 1 < track < 1e5
    most = source.size if source.size >= 0 else MAX_CLOUD_BYTES
    return plausible and 0 < count * (_POINT.size + 16) <= most


def read_colmap(source: Source) -> Parts:
    """Places and colours, in the model's own unit and turn, which nobody knows."""
    head = source.file.read(8)
    source.file.seek(0)
    points, colours = _lines(source) if head.startswith(b"#") else _records(source)
    notice = f"{source.name} is a COLMAP model, which has no unit and no way up of its own: choose them."
    return Parts(points, colours, notices=[notice])


def _lines(source: Source) -> tuple[np.ndarray, np.ndarray]:
    points, colours = [], []
    for block in Lines(source).blocks():
        for number, line in block.numbered():
            if not holds(line):
                continue
            words = line.split(None, 7)
            try:
                points.append([float(word) for word in words[1:4]])
                colours.append([int(word) for word in words[4:7]])
                if len(words) < 7 or not all(0 <= shade <= 255 for shade in colours[-1]):
                    raise ValueError
            except ValueError as error:
                raise bad_line(number, source.name, "point of a COLMAP model") from error
        check_count(source.name, max(1, len(points)))
    check_count(source.name, len(points))
    return np.array(points), np.array(colours, np.uint8)


def _records(source: Source) -> tuple[np.ndarray, np.ndarray]:
    (count,) = struct.unpack("<Q", source.file.read(8))
    check_count(source.name, count)
    points, colours = np.empty((count, 3)), np.empty((count, 3), np.uint8)
    for at in range(count):
        raw = source.file.read(_POINT.size)
        if len(raw) < _POINT.size:
            raise promises_more(source.name, count, at)
        _, *place = (fields := _POINT.unpack(raw))[:4]
        points[at], colours[at] = place, fields[4:7]
        if fields[8] * 8 > source.left():
            raise promises_more(source.name, count, at)
        source.file.seek(fields[8] * 8, 1)
        if at % 100_000 == 0:
            source.report()
    return points, colours
