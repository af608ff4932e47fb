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

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.meshes.materials import Material, read_library, read_picture
from headlight.viewer.inputs.clouds.meshes.sampling import PLAIN, Mesh, Paint, check_faces, sampled
from headlight.viewer.inputs.clouds.parts import (
    WHOLE_COPY,
    Parts,
    bytes8,
    check_count,
    chunks,
    copied,
    damaged,
    no_points,
    promises_more,
)
from headlight.viewer.inputs.clouds.text import Lines, bad_line, first_line
from headlight.viewer.inputs.source import Source

_LIBRARIES = 20
_CONTINUED = 1000
"""Lines that one may go on over."""

_NUMBER = rb"[ \t]+[-+]?[\d.]+(?:[eE][-+]?\d+)?"
OBJ_HEAD = re.compile(rb"^v(?:" + _NUMBER + rb"){3,}[ \t]*\r?$", re.M)
_OBJ_OTHERS = re.compile(rb"^v[nt](?:" + _NUMBER + rb"){2,}[ \t]*\r?$", re.M)
_OFF_HEAD = re.compile(rb"(?:ST)?(?:C|N|CN|NC)?4?n?OFF[ \t]*(?:#.*|BINARY.*|\d+[ \t]+\d+.*)?$")
_STL_HEAD = re.compile(rb"\s*solid\b[^\n]*\n\s*(?:facet\s+normal|endsolid)", re.I)
_OFF_WORD = re.compile(r"(?:ST)?(C|N|CN|NC)?(4?)(n?)OFF( BINARY)?")


def is_off(source: Source) -> bool:
    return _OFF_HEAD.match(first_line(source.head)) is not None


def is_obj(source: Source) -> bool:
    if source.ending == "obj":  # normals and places in textures may come first
        return bool(OBJ_HEAD.search(source.head) or _OBJ_OTHERS.search(source.head))
    return len(OBJ_HEAD.findall(source.head)) >= 3


def is_stl(source: Source) -> bool:
    """Binary STL has no magic number: its size tells."""
    head = source.head
    if _STL_HEAD.match(head):
        return True
    counted = len(head) >= 84 and int.from_bytes(head[80:84], "little") * 50 + 84 == source.size
    return counted or (source.ending == "stl" and len(head) >= 84 and b"\0" in head)


def read_obj(source: Source) -> Parts:
    """Corners, their colours where they have some, faces and the colours of their materials."""
    corners, shades, faces, used = array("d"), array("d"), array("q"), array("q")
    flat, marks, libraries, names = array("d"), array("q"), [], {"": 0}
    material, notices = 0, []
    for number, line in _lines(source):
        kind, *words = line.split()
        if kind == "v":
            values = _numbers(words, number, source.name)
            if len(values) not in (3, 4, 6, 7):
                raise bad_line(number, source.name, "corner")
            corners.extend(values[:3])
            shades.extend(values[3:6] if len(values) >= 6 else ())  # a seventh is an opacity
            check_count(source.name, len(corners) // 3)
        elif kind == "f":
            try:
                ends = [_index(word, 0, len(corners) // 3) for word in words]
                _fan(ends, faces)
                _fan([_index(word, 1, len(flat) // 2) for word in words], marks)
            except (ValueError, OverflowError) as error:
                raise bad_line(number, source.name, "face") from error
            used.extend([material] * max(0, len(ends) - 2))
            check_faces(source.name, len(used))
        elif kind == "vt":
            values = _numbers(words, number, source.name)
            flat.extend((*values, 0.0, 0.0)[:2])
            check_faces(source.name, len(flat) // 2)
        elif kind == "#MRGB":  # ZBrush's colours of corners, behind a mask of two digits
            shades.extend(_painted(words, number, source.name))
        elif kind == "usemtl":
            material = names.setdefault(" ".join(words), len(names))
        elif kind == "mtllib" and " ".join(words) not in libraries and len(libraries) < _LIBRARIES:
            libraries.append(" ".join(words))
    if not corners:
        raise no_points(source.name)
    if 0 < len(shades) < len(corners):
        shades = array("d")
        notices.append(f"Only some corners of {source.name} have colours: they are left out.")
    materials: dict[str, Material] = {}
    for library in libraries if len(names) > 1 else ():
        found = read_library(source, library)
        if found is None:
            notices.append(
                f"The materials of {source.name} are not beside it ({library}): it has no colours."
            )
        materials |= found or {}
    parts = Parts(
        np.array(corners).reshape(-1, 3),
        np.array(shades).reshape(-1, 3) if len(shades) else None,
        up="y",
        notices=notices,
    )
    mesh = Mesh(parts, np.array(faces, np.int64).reshape(-1, 3))
    if materials:
        whose = np.array(used, np.int64)
        told = [materials.get(name, Material()) for name in names]
        mesh.face_colours = np.array([material.colour for material in told], np.uint8)[whose]
        mesh.paint = _paint(source, told, whose, np.array(marks), np.array(flat), notices)
    return sampled(mesh, source)


def _painted(words: list[str], number: int, name: str) -> list[float]:
    """ "ffc8141e…" → shares of red, green and blue of each eight digits."""
    try:
        data = bytes.fromhex("".join(words))
    except ValueError as error:
        raise bad_line(number, name, "row of colours") from error
    return [shade / 255 for at in range(0, len(data) // 4 * 4, 4) for shade in data[at + 1 : at + 4]]


def _index(word: str, part: int, seen: int) -> int:
    """Which corner, or place in a texture, the word of a face means ("7/3/1", "-1" the last before it).

    -1 for a place that is not told.
    """
    said = word.split("/")
    if part and (len(said) <= part or not said[part]):
        return -1
    number = int(said[part])
    if number == 0:
        raise ValueError
    return number - 1 if number > 0 else seen + number


def _paint(
    source: Source,
    materials: list[Material],
    whose: np.ndarray,
    marks: np.ndarray,
    flat: np.ndarray,
    notices: list[str],
) -> Paint | None:
    """The textures of triangles `whose` material each is, if there are some and they can be read."""
    pictures, which, lost = [], np.full(len(materials), -1), []
    for number, material in enumerate(materials):
        if material.picture and (whose == number).any():
            picture = read_picture(source, material.picture)
            if picture is None:
                lost.append(Path(material.picture.replace("\\", "/")).name)
            else:
                which[number] = len(pictures)
                pictures.append(picture)
    if lost:
        notices.append(f"Pictures that {source.name} is painted with are not used: {', '.join(lost[:3])}.")
    if not pictures:
        return None
    places, marks = flat.reshape(-1, 2), marks.reshape(-1, 3)
    known = ((marks >= 0) & (marks < len(places))).all(axis=1)
    where = np.zeros((len(marks), 3, 2))
    where[known] = places[marks[known]]
    return Paint(pictures, np.where(known, which[whose], -1), where)


def read_off(source: Source) -> Parts:
    name = source.name
    lines = ((number, words) for number, line in _lines(source) if (words := line.partition("#")[0].split()))
    number, rest = next(lines)
    kind = _OFF_WORD.match(" ".join(rest))
    if kind is None:
        raise damaged(name, "OFF file")
    if kind.group(3) or kind.group(4):
        raise HeadlightError(
            f"{name} is an OFF file of the kind {kind.group().lstrip('STCN')}, which is not read.",
            "Save it as a plain OFF text, or as PLY.",
        )
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
    letters = kind.group(1) or ""  # in either order
    weighted = bool(kind.group(2))  # a fourth coordinate, by which the others are divided
    colour_at = (6 if "N" in letters else 3) + weighted
    whole, notices = True, []
    for number, words in islice(lines, count):
        values = _numbers(words, number, name)
        if len(values) < colour_at:
            raise bad_line(number, name, "corner")
        corners.extend([v / values[3] for v in values[:3]] if weighted and values[3] else values[:3])
        # Some programs write colours and no C.
        if len(values) >= colour_at + 3 and ("C" in letters or len(values) - colour_at in (3, 4)):
            shades.extend(values[colour_at : colour_at + 3])
            whole &= all(word.isdigit() for word in words[colour_at : colour_at + 3])
    if len(corners) < count * 3:
        raise promises_more(name, count, len(corners) // 3)
    held, shares = 0, False
    for number, words in islice(lines, faces):
        try:
            size = int(words[0])
            if not 0 <= size < len(words):
                raise ValueError
            _fan([int(word) for word in words[1 : size + 1]], triangles)
            tint = words[size + 1 : size + 4]
            shares |= not all(map(str.isdigit, tint))
            tint = [float(w) if w.isdigit() else float(w) * 255 for w in tint] if len(tint) == 3 else []
        except (ValueError, OverflowError) as error:
            raise bad_line(number, name, "face") from error
        tints.extend(tint * max(0, size - 2))
        held += 1
    if held < faces:
        raise promises_more(name, faces, held, "faces")
    check_faces(name, len(triangles) // 3)
    if "C" not in letters and len(shades) and not _are_colours(np.array(shades)):
        notices.append(f"The numbers behind the corners of {name} are no colours: they are passed over.")
        shades = array("d")
    if len(tints) not in (0, len(triangles)) or len(shades) not in (0, count * 3):
        notices.append(f"Only some colours of {name} are told: they are left out.")
    colours = np.array(shades).clip(0, 65535).astype(np.uint16 if whole else np.float64)
    own = None
    if len(tints) == len(triangles):
        own = np.nan_to_num(np.array(tints)).clip(0, 255).reshape(-1, 3)
        # Whole numbers that do not go beyond 1 are shares of full colour, as fractions are.
        own = np.rint(own).astype(np.uint8) if shares else bytes8(own.astype(np.uint8))
    parts = _points(corners, triangles, colours if len(colours) == count * 3 else None, own, source)
    parts.notices.extend(notices)
    return parts


def _are_colours(values: np.ndarray) -> bool:
    """Whether flat triples can be colours, and are no normals."""
    lengths = np.linalg.norm(values.reshape(-1, 3), axis=1)
    return bool((values >= 0).all() and (values <= 255).all() and (np.abs(lengths - 1) > 1e-3).any())


def read_stl(source: Source) -> Parts:
    from trimesh.exchange.stl import load_stl_binary

    head, tints = source.file.read(84), None
    count = int.from_bytes(head[80:84], "little") if len(head) == 84 else 0
    if head.lstrip()[:5].lower() == b"solid" and count * 50 + 84 != source.size:
        source.file.seek(0)
        corners = array("d")
        for number, line in _lines(source):
            if line[:6].lower() == "vertex":
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
            loaded = load_stl_binary(file)
            corners, tints = loaded["vertices"], _stl_colours(head, loaded["face_attributes"]["stl"])
    if not count:
        raise no_points(source.name)
    return _points(corners, np.arange(count * 3), None, tints, source)


def _stl_colours(head: bytes, attributes: np.ndarray) -> np.ndarray | None:
    """uint8 (n, 3): colours of 15 bits, where a triangle's two spare bytes hold them; None where none do.

    As VisCAM and MeshLab write them, bit 15 says that there is one, red comes first; as Magics does, whose
    header names a COLOR, bit 15 says that there is none, and red comes last.
    """
    values = np.ravel(attributes).view(np.uint16).astype(int)
    magics = b"COLOR=" in head[:80]
    own = values < 0x8000 if magics else values >= 0x8000
    if not own.any() or not values.any():
        return None
    parts = [values >> shift & 31 for shift in ((0, 5, 10) if magics else (10, 5, 0))]
    colours = np.rint(np.stack(parts, axis=1) * (255 / 31)).astype(np.uint8)
    plain = head.partition(b"COLOR=")[2][:3] if magics else b""
    colours[~own] = tuple(plain) if len(plain) == 3 else PLAIN
    return colours


def _lines(source: Source) -> Iterator[tuple[int, str]]:
    """(number, line) of the lines of a text that hold something; "\\" at its end goes on with the next."""
    if source.file.read(3) != b"\xef\xbb\xbf":
        source.file.seek(0)
    begun: list[str] = []
    for block in Lines(source).blocks():
        for number, line in block.numbered():
            bare = line.strip()
            if bare.endswith("\\") and len(begun) < _CONTINUED:
                begun.append(bare[:-1])
            elif begun:
                yield number, " ".join([*begun, bare])
                begun = []
            elif bare:
                yield number, bare
    if begun:
        yield number, " ".join(begun)


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
