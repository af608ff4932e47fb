"""OBJ, OFF and STL: meshes, read by their lines or records and sampled."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.mesh import Mesh, sampled, triangles
from viewer.cloud_formats.parts import (
    CHUNK,
    WHOLE_COPY,
    Parts,
    Source,
    check_count,
    damaged,
    no_points,
    promises_more,
)
from viewer.cloud_formats.text import Lines, is_number, numbers

MAX_TRIANGLES = 20_000_000
_MTL_BYTES = 5_000_000

_NUMBER = rb"[ \t]+[-+]?[\d.]+(?:[eE][-+]?\d+)?"
OBJ_HEAD = re.compile(rb"^v(?:" + _NUMBER + rb"){3,}[ \t]*\r?$", re.M)
OFF_HEAD = re.compile(rb"(ST)?(C)?(N)?OFF(?:[ \t]*(?:#[^\n]*)?\r?\n|[ \t]*\d+[ \t]+\d+)")
_OFF_WORD = re.compile(r"(ST)?(C)?(N)?OFF")


def is_obj(head: bytes, ending: str) -> bool:
    found = OBJ_HEAD.findall(head)
    return len(found) >= (1 if ending == ".obj" else 3)


def is_stl(head: bytes, size: int, ending: str) -> bool:
    """Binary STL has no magic number: its size tells."""
    if re.match(rb"\s*solid\b[^\n]*\n\s*(facet\s+normal|endsolid)", head):
        return True
    counted = len(head) >= 84 and int.from_bytes(head[80:84], "little") * 50 + 84 == size
    return counted or (ending == ".stl" and len(head) >= 84 and b"\0" in head)


def read_obj(source: Source) -> Parts:
    """Corners, their colours where they have some, faces and the colours of their materials."""
    corners, polygons, materials = [], [], []
    library, current = None, -1
    names: dict[str, int] = {}
    count = 0
    for first, lines in Lines(source).blocks():
        where = [i for i, line in enumerate(lines) if line.startswith(("v ", "v\t"))]
        if where:
            rows = [lines[i][2:] for i in where]
            width = len(rows[0].split())
            if width not in (3, 4, 6, 7):
                raise _bad_line(first + where[0], source.name, "corner")
            try:
                values = numbers(rows, 1, width, source.name)
            except HeadlightError:
                bad = next(i for i, row in zip(where, rows, strict=True) if not _is_row(row, width))
                raise _bad_line(first + bad, source.name, "corner") from None
            corners.append(values)
        seen = count
        for i, line in enumerate(lines):
            kind, _, rest = line.strip().partition(" ")
            if kind == "v":
                seen += 1
            elif kind == "f":
                try:
                    ends = [int(word.partition("/")[0]) for word in rest.split()]
                    if 0 in ends or len(ends) > 1 << 16:
                        raise ValueError
                except ValueError as error:
                    raise _bad_line(first + i, source.name, "face") from error
                polygons.append([end - 1 if end > 0 else seen + end for end in ends])
                materials.append(current)
            elif kind == "usemtl":
                current = names.setdefault(rest.strip(), len(names))
            elif kind == "mtllib" and library is None:
                library = rest.strip()
        count = seen
        check_count(source.name, max(1, count))
        _check_triangles(source.name, len(polygons))
    if not count:
        raise no_points(source.name)
    width = min(part.shape[1] for part in corners)
    vertices = np.concatenate([part[:, :width] for part in corners])
    coloured = width >= 6
    parts = Parts(vertices[:, :3], vertices[:, width - 3 :] if coloured else None, up="y")
    cut, source_face = _cut(polygons)
    colours = None
    if not coloured and library and names:
        palette = _material_colours(source, library, names)
        if palette is not None:
            colours = palette[np.array(materials, np.int64)[source_face]]
    return _points_of(parts, cut, colours, source)


def _is_row(row: str, width: int) -> bool:
    words = row.split()
    return len(words) == width and all(map(is_number, words))


def _bad_line(number: int, name: str, what: str) -> HeadlightError:
    return HeadlightError(
        f"Line {number:,} of {name} is no {what}.", "Correct or remove that line and try again."
    )


def _check_triangles(name: str, count: int) -> None:
    if count > MAX_TRIANGLES:
        raise HeadlightError(
            f"{name} has {count:,} faces, and meshes are read up to {MAX_TRIANGLES:,}.",
            "Reduce it and try again.",
        )


def _cut(polygons: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """(triangles int64 (m, 3), the polygon each comes from int64 (m,))"""
    cut, source = [], []
    lengths = np.array([len(polygon) for polygon in polygons], np.int64)
    for length in np.unique(lengths[lengths >= 3]):
        where = np.flatnonzero(lengths == length)
        group = np.array([polygons[i] for i in where], np.int64)
        cut.append(triangles(group))
        source.append(np.tile(where, length - 2))
    if not cut:
        return np.empty((0, 3), np.int64), np.empty(0, np.int64)
    return np.concatenate(cut), np.concatenate(source)


def _material_colours(source: Source, library: str, names: dict[str, int]) -> np.ndarray | None:
    """uint8 (materials + 1, 3): the diffuse colours, grey where none is told; the last is of no material."""
    if source.path is None:
        return None
    # Beside the mesh and nowhere else, whatever the mesh says.
    path = source.path.parent / Path(library.replace("\\", "/")).name
    try:
        if not path.is_file() or path.stat().st_size > _MTL_BYTES:
            raise OSError
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except (OSError, ValueError):
        return None
    colours = np.full((len(names) + 1, 3), 180, np.uint8)
    current = None
    for line in lines:
        words = line.split()
        if words[:1] == ["newmtl"]:
            current = names.get(line.strip().partition(" ")[2].strip())
        elif (
            words[:1] == ["Kd"]
            and current is not None
            and len(words) >= 4
            and all(map(is_number, words[1:4]))
        ):
            shade = np.nan_to_num(np.array([float(word) for word in words[1:4]]))
            colours[current] = np.rint(shade.clip(0, 1) * 255)
    return colours


def read_off(source: Source) -> Parts:
    text = Lines(source)
    words = _words(text)
    number, found = next(words, (1, []))
    word = _OFF_WORD.match(found[0]) if found else None
    if word is None:
        raise damaged(source.name, "OFF file")
    rest = [found[0][word.end() :], *found[1:]] if word.end() < len(found[0]) else found[1:]
    if not rest:
        number, rest = next(words, (number, []))
    try:
        count, faces = int(rest[0]), int(rest[1])
        if min(count, faces) < 0:
            raise ValueError
    except (ValueError, IndexError) as error:
        raise HeadlightError(
            f"The header of {source.name} cannot be read: line {number:,} is wrong.", WHOLE_COPY
        ) from error
    check_count(source.name, count)
    _check_triangles(source.name, faces)
    if count * 6 + faces * 2 > source.size:
        raise promises_more(source.name, count + faces, sum(1 for _ in words), "points and faces")
    normals = 3 if word.group(3) else 0
    rows: list[list[str]] = []
    for at, found in words:
        if not all(map(is_number, found)) or len(found) < 3 + normals:
            raise _bad_line(at, source.name, "corner")
        rows.append(found)
        if len(rows) == count:
            break
    if len(rows) < count:
        raise promises_more(source.name, count, len(rows))
    vertices = np.array([[float(w) for w in row[:3]] for row in rows])
    colours = None
    if word.group(2) and all(len(row) >= 6 + normals for row in rows):
        shades = [row[3 + normals : 6 + normals] for row in rows]
        colours = np.array([[float(w) for w in row] for row in shades])
        if all(w.lstrip("+").isdigit() for row in shades for w in row):
            colours = colours.clip(0, 65535).astype(np.uint16)
    polygons, tints = [], []
    for at, found in words:
        if len(polygons) == faces:
            break
        try:
            corners = int(found[0])
            if not 0 <= corners <= len(found) - 1:
                raise ValueError
            polygons.append([int(w) for w in found[1 : corners + 1]])
            tint = found[corners + 1 : corners + 4]
            tints.append([float(w) * (1 if w.isdigit() else 255) for w in tint] if len(tint) == 3 else None)
        except ValueError as error:
            raise _bad_line(at, source.name, "face") from error
    if len(polygons) < faces:
        raise promises_more(source.name, faces, len(polygons), "faces")
    cut, of = _cut(polygons)
    face_colours = None
    if colours is None and tints and all(tint is not None for tint in tints):
        face_colours = np.rint(np.nan_to_num(np.array(tints)).clip(0, 255)).astype(np.uint8)[of]
    return _points_of(Parts(vertices, colours), cut, face_colours, source)


def _words(text: Lines) -> Iterator[tuple[int, list[str]]]:
    """(line number, its words) of the lines that hold something, comments cut off."""
    for first, lines in text.blocks():
        for number, line in enumerate(lines, first):
            words = line.partition("#")[0].split()
            if words:
                yield number, words


def read_stl(source: Source) -> Parts:
    head = source.file.read(84)
    count = int.from_bytes(head[80:84], "little") if len(head) == 84 else 0
    is_text = head.lstrip().startswith(b"solid") and count * 50 + 84 != source.size
    if is_text:
        source.file.seek(0)
        corners = _text_stl(source)
    else:
        _check_triangles(source.name, count)
        if count * 50 > source.left():
            raise promises_more(source.name, count, source.left() // 50, "triangles")
        dtype, at = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("more", "<u2")]), 0
        corners = np.empty((count, 3, 3), np.float32)
        while at < count:
            source.report()
            records = np.frombuffer(source.file.read(min(CHUNK // 50, count - at) * 50), dtype)
            if not len(records):
                raise promises_more(source.name, count, at, "triangles")
            corners[at : at + len(records)] = records["corners"]
            at += len(records)
    if not len(corners):
        raise no_points(source.name)
    faces = np.arange(len(corners) * 3).reshape(-1, 3)
    return _points_of(Parts(corners.reshape(-1, 3)), faces, None, source)


def _text_stl(source: Source) -> np.ndarray:
    """float64 (m, 3, 3)"""
    found = []
    for first, lines in Lines(source).blocks():
        rows = [
            (first + i, line.split()[1:])
            for i, line in enumerate(lines)
            if line.lstrip().startswith("vertex")
        ]
        bad = next((i for i, words in rows if len(words) != 3 or not all(map(is_number, words))), None)
        if bad is not None:
            raise _bad_line(bad, source.name, "corner")
        found += [[float(word) for word in words] for _, words in rows]
        _check_triangles(source.name, len(found) // 3)
    if len(found) % 3:
        raise damaged(source.name, "STL file")
    return np.array(found, np.float64).reshape(-1, 3, 3)


def _points_of(corners: Parts, cut: np.ndarray, colours: np.ndarray | None, source: Source) -> Parts:
    """Points of the surface; the corners themselves where there is no surface."""
    if not len(cut):
        corners.notices.append(f"{source.name} has no faces: its corners are read as the points.")
        return corners
    return sampled(Mesh(corners, cut, colours), source)
