"""OBJ, OFF and STL: meshes, sampled by trimesh, which also reads binary STL and the materials of OBJ.

The lines of texts are read here: trimesh counts the relative corners of an OBJ (-1) from the end of the file
rather than from the face, which gives another surface; it passes over the colours of an OFF; of a text STL it
holds several copies without a look at the task; and it names no bad line.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice, pairwise
from pathlib import Path

import numpy as np

from models.errors import HeadlightError
from viewer.cloud_formats.mesh import Mesh, check_faces, sampled
from viewer.cloud_formats.parts import (
    WHOLE_COPY,
    Parts,
    Source,
    check_count,
    chunks,
    copied,
    damaged,
    no_points,
    promises_more,
)
from viewer.cloud_formats.text import Lines, bad_line

_MTL_BYTES = 5_000_000
_GREY = (180, 180, 180)

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
    corners, shades, faces, used = array("d"), array("d"), array("q"), array("q")
    library, names = None, {"": 0}
    material = 0
    for number, line in _lines(source):
        kind, *words = line.split()
        if kind == "v":
            values = _numbers(words, number, source.name)
            if len(values) not in (3, 4, 6, 7):
                raise bad_line(number, source.name, "corner")
            corners.extend(values[:3])
            shades.extend(values[-3:] if len(values) >= 6 else ())
            check_count(source.name, len(corners) // 3)
        elif kind == "f":
            try:
                ends = [int(word.partition("/")[0]) for word in words]
                if 0 in ends:
                    raise ValueError
                seen = len(corners) // 3
                _fan([end - 1 if end > 0 else seen + end for end in ends], faces)
            except (ValueError, OverflowError) as error:
                raise bad_line(number, source.name, "face") from error
            used.extend([material] * max(0, len(ends) - 2))
            check_faces(source.name, len(used))
        elif kind == "usemtl":
            material = names.setdefault(" ".join(words), len(names))
        elif kind == "mtllib" and library is None:
            library = " ".join(words)
    if not corners:
        raise no_points(source.name)
    if len(shades) == len(corners):
        return _points(corners, faces, shades, None, source, up="y")
    palette = _palette(source, library, names) if library and len(names) > 1 else None
    return _points(corners, faces, None, None if palette is None else palette[used], source, up="y")


def _palette(source: Source, library: str, names: dict[str, int]) -> np.ndarray | None:
    """uint8 (materials, 3): the diffuse colours, grey where none is told."""
    from trimesh.exchange.obj import parse_mtl

    # Beside the mesh and nowhere else, whatever the mesh says.
    path = source.path and source.path.parent / Path(library.replace("\\", "/")).name
    try:
        if path is None or path.stat().st_size > _MTL_BYTES:
            return None
        materials = parse_mtl(path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError, TypeError):
        return None
    colours = np.full((len(names), 3), _GREY, np.uint8)
    for name, i in names.items():
        shade = np.nan_to_num(np.ravel(materials.get(name, {}).get("diffuse", ())))
        if len(shade) >= 3:
            colours[i] = np.rint(shade[:3].clip(0, 1) * 255)
    return colours


def read_off(source: Source) -> Parts:
    name = source.name
    lines = ((number, words) for number, line in _lines(source) if (words := line.partition("#")[0].split()))
    number, rest = next(lines)
    kind = _OFF_WORD.match(rest[0])
    if kind is None:
        raise damaged(name, "OFF file")
    rest = " ".join(rest)[kind.end() :].split()
    if not rest:
        number, rest = next(lines, (number, []))
    try:
        count, faces = int(rest[0]), int(rest[1])
        if min(count, faces) < 0:
            raise ValueError
    except (ValueError, IndexError) as error:
        raise HeadlightError(
            f"The header of {name} cannot be read: line {number:,} is wrong.", WHOLE_COPY
        ) from error
    check_count(name, count)
    check_faces(name, faces)
    if count * 6 + faces * 2 > source.size:
        raise promises_more(name, count + faces, sum(1 for _ in lines), "points and faces")
    corners, shades, triangles, tints = array("d"), array("d"), array("q"), array("d")
    colour_at = 6 if kind.group(3) else 3
    whole = True
    for number, words in islice(lines, count):
        values = _numbers(words, number, name)
        if len(values) < colour_at:
            raise bad_line(number, name, "corner")
        corners.extend(values[:3])
        if kind.group(2) and len(values) >= colour_at + 3:
            shades.extend(values[colour_at : colour_at + 3])
            whole &= all(word.isdigit() for word in words[colour_at : colour_at + 3])
    if len(corners) < count * 3:
        raise promises_more(name, count, len(corners) // 3)
    held = 0
    for number, words in islice(lines, faces):
        try:
            size = int(words[0])
            if not 0 <= size < len(words):
                raise ValueError
            _fan([int(word) for word in words[1 : size + 1]], triangles)
            tint = words[size + 1 : size + 4]
            tint = [float(w) * (1 if w.isdigit() else 255) for w in tint] if len(tint) == 3 else []
        except (ValueError, OverflowError) as error:
            raise bad_line(number, name, "face") from error
        tints.extend(tint * max(0, size - 2))
        held += 1
    if held < faces:
        raise promises_more(name, faces, held, "faces")
    check_faces(name, len(triangles) // 3)
    colours = np.array(shades).clip(0, 65535).astype(np.uint16 if whole else np.float64)
    own = None
    if len(tints) == len(triangles):
        own = np.rint(np.nan_to_num(np.array(tints)).clip(0, 255)).astype(np.uint8).reshape(-1, 3)
    return _points(corners, triangles, colours if len(colours) == count * 3 else None, own, source)


def read_stl(source: Source) -> Parts:
    from trimesh.exchange.stl import load_stl_binary

    head = source.file.read(84)
    count = int.from_bytes(head[80:84], "little") if len(head) == 84 else 0
    if head.lstrip().startswith(b"solid") and count * 50 + 84 != source.size:
        source.file.seek(0)
        corners = array("d")
        for number, line in _lines(source):
            if line.startswith("vertex"):
                values = _numbers(line.split()[1:], number, source.name)
                if len(values) != 3:
                    raise bad_line(number, source.name, "corner")
                corners.extend(values)
                check_faces(source.name, len(corners) // 9)
        if len(corners) % 9:
            raise damaged(source.name, "STL file")
        count = len(corners) // 9
    elif count:
        check_faces(source.name, count)
        if count * 50 > source.left():
            raise promises_more(source.name, count, source.left() // 50, "triangles")
        # trimesh wants nothing behind the triangles.
        whole = replace(source, size=84 + count * 50)
        with copied(whole, b"", chunks(whole, 0)) as file:
            corners = load_stl_binary(file)["vertices"]
    if not count:
        raise no_points(source.name)
    return _points(corners, np.arange(count * 3), None, None, source)


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """(number, line) of the lines of a text that hold something."""
    for first, lines in Lines(source).blocks():
        for number, line in enumerate(lines, first):
            bare = line.strip()
            if bare:
                yield number, bare


def _numbers(words: list[str], number: int, name: str) -> list[float]:
    """Those of a corner's line."""
    try:
        if any("_" in word for word in words):  # which Python reads
            raise ValueError
        return [float(word) for word in words]
    except ValueError as error:
        raise bad_line(number, name, "corner") from error


def _fan(ends: list[int], triangles: array) -> None:
    """Add the triangles around the first corner of a polygon."""
    for pair in pairwise(ends[1:]):
        triangles.extend((ends[0], *pair))


def _points(corners, faces, shades, tints: np.ndarray | None, source: Source, up: str = "z") -> Parts:
    """Points of the surface of flat arrays: corners, triangles, the colours of either."""
    colours = None if shades is None else np.array(shades).reshape(-1, 3)
    parts = Parts(np.array(corners).reshape(-1, 3), colours, up=up)
    return sampled(Mesh(parts, np.array(faces).reshape(-1, 3), tints), source)
