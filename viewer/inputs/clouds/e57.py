"""E57 by pye57, every scan in its pose; runs in a process of its own, see guard.py."""

from __future__ import annotations

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import (
    MAX_CLOUD_POINTS,
    Parts,
    check_count,
    no_points,
    promises_more,
)
from headlight.viewer.inputs.clouds.scanners.packets import Packets
from headlight.viewer.inputs.guard import guarded
from headlight.viewer.inputs.source import Source

SOME = f"{__name__}:read_some"
"""What the process of its own calls for a first look."""
_CHUNK, _FIRST = 500_000, 100_000
"""Points; of each scan for a first look"""
_CARTESIAN = ("cartesianX", "cartesianY", "cartesianZ")
_SPHERICAL = ("sphericalRange", "sphericalAzimuth", "sphericalElevation")
_COLOURS = ("colorRed", "colorGreen", "colorBlue")
Picked = dict[str, np.ndarray]
"""Numbers of some points of a scan, by the names of fields."""
_NORMALS = ("nor:normalX", "nor:normalY", "nor:normalZ")
"""As the extension for surface normals calls them."""


def read_e57(source: Source) -> Parts:
    return guarded(source, f"{__name__}:read", "E57 file", Parts)


def read(source: Source) -> Parts:
    return _read(source, most=MAX_CLOUD_POINTS)


def read_some(source: Source) -> Parts:
    """Points of every scan from first to last; the first of them where that cannot be had."""
    try:
        picked = Packets(source.file, source.task).picked()
    except Exception:  # damage, which is told where all is read, or a file that libE57 alone understands
        picked = None
    return _read(source, _FIRST, picked)


def _read(source: Source, most: int, picked: list[Picked] | None = None) -> Parts:
    """most: points of each scan. picked: of each scan what is seen of it alone."""
    import pye57

    name = source.name
    file = pye57.E57(str(source.path))
    headers = [file.get_header(index) for index in range(file.scan_count)]
    counts = [min(header.point_count, most) for header in headers]
    if picked is not None:
        counts = [len(next(iter(one.values()), ())) for one in picked]
    total = sum(counts)
    if not total:
        raise _without_points(name, file)
    check_count(name, total)
    points = np.empty((total, 3))

    def having(*fields: str) -> list[bool]:
        return [{*fields} <= {*header.point_fields} for header in headers]

    coloured = having(*_COLOURS)
    colours = np.zeros((total, 3), np.uint8) if any(coloured) else None
    normals = np.zeros((total, 3), np.float32) if any(having(*_NORMALS)) else None
    bright = np.zeros(total, np.float32) if any(having("intensity")) else None
    at = 0
    for number, (header, count) in enumerate(zip(headers, counts, strict=True)):
        part = slice(at, at + count)
        made = [None if whole is None else whole[part] for whole in (colours, normals, bright)]
        held = None if picked is None else picked[number]
        _scan(file, header, points[part], *made, source, at / total, held)
        at = part.stop
    notices = []
    if len(headers) > 1:
        notices.append(f"{name} holds {len(headers):,} scans: they are read as one cloud.")
    if colours is not None and not all(coloured):
        plain = sum(h.point_count for h, has in zip(headers, coloured, strict=True) if not has)
        notices.append(f"{plain:,} points of {name} have no colour: they are shown black.")
    return Parts(points, colours, normals, intensity=bright, unit=1.0, sure=True, notices=notices)


def _without_points(name: str, file) -> HeadlightError:
    try:
        pictures = file.root["images2D"].childCount()
    except Exception:  # libE57 has an exception of its own for what is not there
        pictures = 0
    if not pictures:
        return no_points(name)
    many = f"{pictures:,} picture{'s' * (pictures > 1)}"
    return HeadlightError(f"{name} holds {many} and no points.", "Export the scans themselves as E57.")


def _scan(
    file,
    header,
    points: np.ndarray,
    colours: np.ndarray | None,
    normals: np.ndarray | None,
    bright: np.ndarray | None,
    source: Source,
    share: float,
    picked: Picked | None,
) -> None:
    """Fill `points` (n, 3), `colours` (n, 3), `normals` (n, 3), `bright` (n,) of one scan with what it has;
    points that it calls invalid become NaN."""
    fields = set(header.point_fields)
    cartesian = set(_CARTESIAN) <= fields
    axes = _CARTESIAN if cartesian else _SPHERICAL
    state = "cartesianInvalidState" if cartesian else "sphericalInvalidState"
    parts = {
        "colours": (_COLOURS, colours),
        "normals": (_NORMALS, normals),
        "bright": (("intensity",), bright),
    }
    has = {part for part, (names, made) in parts.items() if made is not None and {*names} <= fields}
    wanted = [*axes, *(name for part in parts if part in has for name in parts[part][0])]
    wanted += [state] if state in fields else []
    count = len(points)
    if not count:
        return
    if picked is None:
        data, buffers = _buffers(file, wanted, min(_CHUNK, count))
        reader = header.points.reader(buffers)
    else:
        data, reader = picked, None
    low, span = _colour_range(header)
    at = 0
    while at < count:  # a buffer may hold more than is wanted
        got = min(reader.read(), count - at) if reader is not None else count
        if not got:
            raise promises_more(source.name, count, at)
        a, b, c = (data[axis][:got] for axis in axes)
        part = points[at : at + got]
        if cartesian:
            part[:, 0], part[:, 1], part[:, 2] = a, b, c
        else:  # range, azimuth from x to y, elevation from the horizon (ASTM E2807)
            part[:, 0] = a * np.cos(c) * np.cos(b)
            part[:, 1] = a * np.cos(c) * np.sin(b)
            part[:, 2] = a * np.sin(c)
        if state in fields:
            part[data[state][:got] != 0] = np.nan
        if "normals" in has:
            normals[at : at + got] = np.column_stack([data[name][:got] for name in _NORMALS])
        if "bright" in has:
            bright[at : at + got] = data["intensity"][:got]
        if "colours" in has:
            for channel, name in enumerate(_COLOURS):
                shade = (data[name][:got].astype(np.float64) - low) / span * 255
                colours[at : at + got, channel] = np.rint(shade.clip(0, 255))
        at += got
        source.report(share + (1 - share) * at / max(1, count) * 0.9)
    if reader is not None:
        reader.close()
    if not header.has_pose():
        return
    turn, move = header.rotation_matrix.T, header.translation
    for at in range(0, count, _CHUNK):
        part = points[at : at + _CHUNK]
        part[:] = part @ turn + move
        if "normals" in has:
            normals[at : at + _CHUNK] = normals[at : at + _CHUNK] @ turn


def _buffers(file, wanted: list[str], size: int) -> tuple[dict[str, np.ndarray], object]:
    """(what each field is read into, the same for libE57): doubles, since colours may have 16 bits."""
    from pye57 import libe57

    data, buffers = {name: np.empty(size) for name in wanted}, libe57.VectorSourceDestBuffer()
    for name, array in data.items():
        buffers.append(libe57.SourceDestBuffer(file.image_file, name, array, size, True, True))
    return data, buffers


def _colour_range(header) -> tuple[float, float]:
    """(lowest, span) of the colour values, 0 to 255 where the scan does not say."""
    try:
        limits = header.node["colorLimits"]
        low, high = (float(limits[f"colorRed{end}"].value()) for end in ("Minimum", "Maximum"))
    except Exception:  # libE57 has an exception of its own for what is not there
        return 0.0, 255.0
    return (low, high - low) if high > low else (0.0, 255.0)
