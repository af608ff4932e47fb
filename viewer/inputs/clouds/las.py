"""LAS and LAZ by laspy; runs in a process of its own, see guard.py."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import Parts, check_count, damaged, promises_more, roles
from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.source import Source

_PACKED, _PLAIN = 500_000, 50_000
"""Points at a time: enough for all threads that unpack, and few that stay in the processor's cache."""
_RECORD, _FURTHER_RECORD = 54, 60
"""Bytes of the heads of variable length records, before and behind the points."""

NATIVE, SOME = f"{__name__}:read", f"{__name__}:read_some"
"""What the process of its own calls; for a first look at packed points."""
_PLACES, _EACH, _TOGETHER = 40, 2500, 50_000
"""Places of a first look, points of each, and how many are packed together by nearly all writers: one can
begin to unpack at each of these."""

_LINEAR = {9001: 1.0, 9002: 0.3048, 9003: 1200 / 3937}
"""EPSG's metre, international foot and US survey foot."""
_WKT_UNIT = re.compile(r'UNIT\["([^"\]]*)",([0-9.eE+-]+)')
_WKT2_PLANE = re.compile(r"\bCS\[(?:Cartesian|cartesian)")


def is_las(source: Source) -> bool:
    return source.head.startswith(b"LASF") and not _is_packed(source.head)


def is_laz(source: Source) -> bool:
    return source.head.startswith(b"LASF") and _is_packed(source.head)


def _is_packed(head: bytes) -> bool:
    """Bit 7 of the point format says that the points are compressed (LASzip)."""
    return len(head) > 104 and bool(head[104] & 0x80)


def read_las(source: Source) -> Parts:
    return guarded(source, NATIVE, "LAS file", Parts)


def read_laz(source: Source) -> Parts:
    return guarded(source, NATIVE, "LAZ file", Parts)


def _check_header(source: Source) -> None:
    """Refuse counts of further records that no file of this size holds: laspy would read on and on."""
    head = source.file.read(375)
    source.file.seek(0)
    if len(head) < 227:
        raise damaged(source.name, "LAS file")
    header_size, points_at, records = struct.unpack_from("<HII", head, 94)
    if points_at > source.size:  # up to there it would be read at once
        raise damaged(source.name, "LAS file")
    further_at, further = (
        struct.unpack_from("<QI", head, 235) if head[25] >= 4 and len(head) == 375 else (0, 0)
    )
    if records * _RECORD > min(points_at, source.size) - header_size + 2:
        raise damaged(source.name, "LAS file")
    if further and further * _FURTHER_RECORD > source.size - further_at:
        raise damaged(source.name, "LAS file")


def _geo_keys(header) -> dict[int, int]:
    """GeoTIFF's keys of the coordinate system, where the file tells them so."""
    for record in header.vlrs:
        if record.record_id == 34735 and hasattr(record, "geo_keys"):
            return {key.id: key.value_offset for key in record.geo_keys if key.tiff_tag_location == 0}
    return {}


def _wkt(header) -> str:
    """The coordinate system as words."""
    return next((r.string for r in header.vlrs if r.record_id == 2112 and hasattr(r, "string")), "")


def _unit_of(header) -> tuple[float, bool]:
    """(metres per unit, whether the file tells): metres, or the feet of American surveys."""
    metres = _LINEAR.get(_geo_keys(header).get(3076, 0))
    if metres is not None:
        return metres, True
    metres = _plane_unit(_wkt(header)[:20_000])
    return (1.0, False) if metres is None else (metres, True)


def _plane_unit(words: str) -> float | None:
    """Metres per unit of a projected coordinate system in words; None where they tell none.

    In WKT 2 (ISO 19162) an ellipsoid has a unit of its own, and the plane's stands behind its CS; in WKT 1
    the plane's is the first unit of length, behind those of its angles.
    """
    plane = _WKT2_PLANE.search(words)
    told = [
        (name.lower(), float(size)) for name, size in _WKT_UNIT.findall(words[plane.end() if plane else 0 :])
    ]
    lengths = [size for name, size in told if "deg" not in name and "rad" not in name]
    return lengths[0] if lengths and 1e-4 < lengths[0] < 10 else None


def _in_degrees(header, name: str) -> list[str]:
    wkt = _wkt(header).lstrip()
    geographic = _geo_keys(header).get(1024) == 2 or wkt.startswith(("GEOGCS", "GEOGCRS"))
    if not geographic:
        return []
    return [
        f"{name} holds longitudes and latitudes: they are read as they stand. Project them to metres to see "
        "shapes as they are."
    ]


def read(source: Source) -> Parts:
    return _read(source, whole=True)


def read_some(source: Source) -> Parts:
    """A few points from many places of a packed file."""
    return _read(source, whole=False)


def _some(reader, count: int) -> Iterator:
    """Chunks of a first look."""
    starts = range(0, count, _TOGETHER)
    for start in starts[:: max(1, len(starts) // _PLACES)][: 2 * _PLACES]:
        reader.seek(start)
        yield reader.read_points(min(_EACH, count - start))


def _all(reader) -> Iterator:
    return reader.chunk_iterator(_PACKED if reader.header.are_points_compressed else _PLAIN)


def _read(source: Source, whole: bool) -> Parts:
    import laspy

    name = source.name
    _check_header(source)
    backend = None if whole else laspy.LazBackend.Lazrs  # the other unpacks all that is packed together
    with laspy.open(source.file, closefd=False, laz_backend=backend) as reader:
        header = reader.header
        count = header.point_count
        check_count(name, count)
        size = header.point_format.size
        if not header.are_points_compressed:
            held = max(0, source.size - header.offset_to_point_data) // max(1, size)
            if held < count:
                raise promises_more(name, count, held)
        dimensions = set(header.point_format.dimension_names)
        coloured = {"red", "green", "blue"} <= dimensions
        extra = list(header.point_format.extra_dimension_names)
        label = roles(extra).get("label")
        points, colours, truth, held = np.empty((count, 3)), None, None, 0
        bright = np.empty(count, np.uint16)
        unit, said = _unit_of(header)
        called = extra[label] if label is not None else "classification"
        for chunk in _all(reader) if whole else _some(reader, count):
            classes = np.asarray(chunk[called])
            if truth is None:
                truth = np.empty((count, *classes.shape[1:]), classes.dtype)
                colours = np.empty((count, 3), chunk.red.dtype) if coloured else None
            part = slice(held, held + len(chunk))
            truth[part], bright[part] = classes, chunk.intensity
            for axis, values in enumerate((chunk.x, chunk.y, chunk.z)):
                points[part, axis] = values
            if coloured:
                for channel, values in enumerate((chunk.red, chunk.green, chunk.blue)):
                    colours[part, channel] = values
            held += len(chunk)
            source.report(held / count)
    if held < count and whole:
        raise promises_more(name, count, held)
    if not held:
        raise HeadlightError(f"{name} holds no points.", "Choose a file with something in it.")
    points, truth, bright = points[:held], truth[:held], bright[:held]
    colours = None if colours is None else colours[:held]
    if label is None and not (truth > 1).any():  # nobody classified anything
        truth = None
    return Parts(
        points,
        colours,
        None,
        truth,
        intensity=bright,
        unit=unit,
        said=said,
        sure=True,
        notices=_in_degrees(header, name),
        label_name=called,
    )
