"""PLY by plyfile, ascii and binary of both byte orders: points with any properties, or a mesh.

What is ours is a look at the header before anything of the size that it promises is made, and the sentences.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds import splats
from headlight.viewer.inputs.clouds.meshes.materials import read_picture
from headlight.viewer.inputs.clouds.meshes.sampling import Mesh, Paint, check_faces, sampled
from headlight.viewer.inputs.clouds.parts import (
    CHUNK,
    WHOLE_COPY,
    Checked,
    Columns,
    Parts,
    bytes8,
    check_count,
    chunks,
    copied,
    packed_colour,
    promises_more,
    roles,
    unpacked_colours,
)
from headlight.viewer.inputs.clouds.text import (
    DECIMAL_COMMA,
    Block,
    Lines,
    bad_line,
    holds,
    numbers,
    prepared,
)
from headlight.viewer.inputs.source import Source

if TYPE_CHECKING:
    from plyfile import PlyData, PlyElement

_MAGIC = re.compile(rb"(?:\xef\xbb\xbf)?ply[ \t]*[\r\n]+(?:format|comment|obj_info|element)[ \t]")
_MARK = "\xef\xbb\xbf"
_FIRST_END = re.compile(rb"\r\n|\r|\n")
_LAST_LINE = {
    b"\n": re.compile(rb"\nend_header[ \t]*\n"),
    b"\r\n": re.compile(rb"\nend_header[ \t]*\r?\n"),
    b"\r": re.compile(rb"\rend_header[ \t]*\r"),
}
_UNPRINTABLE = re.compile(r"[^\n -~]")
_PLAIN_TYPE = re.compile(r"^(property +)(?!list )\S+", re.M)
_COUNT = re.compile(r"^(element +\S+ +)\d+$", re.M)
_VERTICES, _FACES = ("vertex", "point", "points", "vertices"), ("face", "faces")
_STRIPS = ("tristrips", "tristrip")
_MATERIALS, _MATERIAL_OF = ("material", "materials"), ("material_index", "material_indices", "material")

_LONGEST_HEADER = 1 << 20
"""Bytes"""


def is_ply(source: Source) -> bool:
    """Also with a byte order mark, which some editors leave, and with lines that end in "\\r" alone."""
    return _MAGIC.match(source.head) is not None


def read_ply(source: Source) -> Parts:
    name = source.name
    head, at = head_of(source)
    plan, counts = plan_of(head, name)
    vertex = next((e.name for e in plan if e.name in _VERTICES), None)
    if vertex is None:
        raise HeadlightError(f"{name} has no vertices.", "Choose a PLY file of points.")
    check_count(name, counts[vertex])
    _check_size(source, plan, counts, at)
    if plan.text:  # keeps digits that a float32 would lose, and may hold 3.0 for a 3
        head = _PLAIN_TYPE.sub(r"\1double", head)
    body = _rows(source, at) if plan.text else chunks(source, at)
    with copied(source, head.encode(), body) as file:
        data = _read(file, plan, counts, at, source)
        parts = _packed(data, vertex, name) or _points(data[vertex], plan[vertex].data.dtype, source)
    comments = [comment for holder in (data, *data) for comment in holder.comments]
    names = next((c.split(":", 1)[1] for c in comments if c.lower().startswith("classes:")), None)
    if names is not None:
        parts.names = tuple(name.strip() for name in names.split(","))
    mesh = _mesh(data, parts, comments, source)
    if mesh is None:
        return parts
    if parts.labels is not None:
        parts.notices.append(
            f"{name} is a mesh whose vertices have labels: its vertices are read as the points."
        )
        return parts
    return sampled(mesh, source)


def _packed(data: PlyData, vertex: str, name: str) -> Parts | None:
    """The splats of a PLY that PlayCanvas packed, None for any other."""
    chunk = next((e for e in data if e.name == "chunk"), None)
    if chunk is None or not splats.is_packed(data[vertex].data.dtype.names, chunk.data.dtype.names):
        return None
    return splats.unpacked(
        data[vertex].data.__getitem__, chunk.data.__getitem__, chunk.data.dtype.names, name
    )


def _mesh(data: PlyData, parts: Parts, comments: list[str], source: Source) -> Mesh | None:
    """The faces or strips of triangles, with their colours or pictures; None where there are only points."""
    faces = next((e for e in data if e.name in _FACES and _lists(e) and e.count), None)
    strips = next((e for e in data if e.name in _STRIPS and _lists(e) and e.count), None)
    if faces is None and strips is None:
        return None
    if faces is None:
        triangles, whose = _unstripped(strips[_corners_of(strips)])
        own = _own_colours(strips, data)
        return Mesh(parts, triangles, None if own is None else own[whose])
    mesh = Mesh(parts, faces[_corners_of(faces)], _own_colours(faces, data))
    mesh.paint = _paint(faces, comments, source, parts)
    return mesh


def _own_colours(faces: PlyElement, data: PlyData) -> np.ndarray | None:
    """uint8 (m, 3): the colours of faces or strips, or of the materials whose numbers they have."""
    own = _colours(faces)
    materials = next((e for e in data if e.name in _MATERIALS and e.count), None)
    number = next((p.name for p in faces.properties if p.name in _MATERIAL_OF), None)
    if own is not None or materials is None or number is None:
        return own
    colours, whose = _colours(materials), np.asarray(faces[number], np.int64)
    if colours is None or not ((whose >= 0) & (whose < len(colours))).all():
        return None
    return colours[whose]


def _colours(element: PlyElement) -> np.ndarray | None:
    names = [p.name for p in element.properties]
    found = roles(["" if name in _lists(element) else name for name in names])
    if "r" not in found:
        return None
    return bytes8(np.stack([element[names[found[role]]] for role in "rgb"], axis=1))


def _corners_of(element: PlyElement) -> str:
    lists = _lists(element)
    return next((p for p in lists if p.startswith("vert")), lists[0])


def _unstripped(strips: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(triangles int (m, 3) of strips, of which strip each is): every corner with the two before it.

    -1 begins another strip.
    """
    made = [np.empty((0, 3), np.int64)]
    for strip in strips:
        whole = np.asarray(strip, np.int64)
        three = np.stack([whole[:-2], whole[1:-1], whole[2:]], axis=1) if len(whole) > 2 else made[0]
        starts = np.maximum.accumulate(np.where(whole == -1, np.arange(len(whole)) + 1, 0))[: len(three)]
        odd = (np.arange(len(three)) - starts) % 2 == 1  # every second one is turned the other way
        three[odd] = three[odd][:, [1, 0, 2]]
        made.append(three[(three != -1).all(axis=1)])
    return np.concatenate(made), np.repeat(np.arange(len(made) - 1), [len(part) for part in made[1:]])


def _paint(faces: PlyElement, comments: list[str], source: Source, parts: Parts) -> Paint | None:
    """MeshLab's textures: files in comments, the places of each face's corners in lists."""
    said = [c.split(None, 1)[1] for c in comments if c.lower().startswith("texturefile ")]
    if not said:
        return None
    pictures = [read_picture(source, name) for name in said]
    names = [p.name for p in faces.properties]
    places = faces["texcoord"] if "texcoord" in names else ()
    known = [len(place) == 6 for place in places]
    if any(picture is None for picture in pictures) or not known or not all(known):
        parts.notices.append(
            f"Pictures that {source.name} is painted with are not used: {', '.join(said[:3])}."
        )
        return None
    which = faces["texnumber"] if "texnumber" in names else np.zeros(len(places), int)
    return Paint(pictures, np.asarray(which, int), np.array(list(places), float).reshape(-1, 3, 2))


def head_of(source: Source) -> tuple[str, int]:
    """(the header as plyfile takes it, where the data begin)"""
    raw = source.file.read(_LONGEST_HEADER)
    # The first line tells how lines end: data may begin with a byte that looks like the rest of an end.
    first = _FIRST_END.search(raw)
    stop = first.group() if first else b"\n"
    end = _LAST_LINE[stop].search(raw)
    at = end.end() if end else len(raw)
    lines = [line.strip() for line in raw[:at].decode("latin-1").removeprefix(_MARK).split(stop.decode())]
    head = _UNPRINTABLE.sub("?", "\n".join(lines).replace("\t", " "))
    head = head.replace("\nobj_info", "\ncomment")  # which may stand anywhere
    return "\n".join(_plain_names(head.split("\n"))), at


def _plain_names(lines: list[str]) -> list[str]:
    """The header's lines with names of properties that plyfile takes: no spaces, each once an element."""
    made, seen = [], set()
    for line in lines:
        words = line.split()
        if words[:1] == ["element"]:
            seen = set()
        elif words[:1] == ["property"] and len(words) > (front := 4 if words[1:2] == ["list"] else 2):
            name = "_".join(words[front:])
            while name in seen:
                name += "_"
            seen.add(name)
            line = " ".join([*words[:front], name])
        made.append(line)
    return made


def _text(source: Source, at: int) -> Lines:
    """The lines behind the header."""
    source.file.seek(0)
    first = len(source.file.read(at).splitlines()) + 1
    return Lines(replace(source, task=Checked(source.task)), first)


def _rows(source: Source, at: int) -> Iterator[bytes]:
    """The lines behind the header as plyfile wants them."""
    commas = None
    for block in _text(source, at).blocks():
        rows = [line for line in block.lines if holds(line)]
        if commas is None and rows:
            commas = "." if DECIMAL_COMMA.search(rows[0]) else ""
        rows = prepared(rows, commas or "")
        yield "".join(f"{row}\n" for row in rows).encode("ascii", "replace")


def plan_of(head: str, name: str) -> tuple[PlyData, dict[str, int]]:
    """(the elements without data, how many of each the header promises)"""
    from plyfile import PlyData, PlyHeaderParseError

    counts = {}
    for number, line in enumerate(head.split("\n"), 1):
        match line.split():
            case ["element", element, count] if count.isascii() and count.isdigit() and len(count) <= 18:
                counts[element] = int(count)
            case ["element", *_]:
                raise _bad_header(name, number)
    empty = _COUNT.sub(r"\g<1>0", head)
    try:
        return PlyData.read(io.BytesIO(empty.encode()), mmap=False), counts
    except PlyHeaderParseError as error:
        raise _bad_header(name, error.line) from error
    except ValueError as error:  # a name that comes twice
        raise HeadlightError(f"The header of {name} cannot be read: {error}.", WHOLE_COPY) from error


def _bad_header(name: str, line: int) -> HeadlightError:
    return HeadlightError(f"The header of {name} cannot be read: line {line:,} is wrong.", WHOLE_COPY)


def _lists(element: PlyElement) -> list[str]:
    return [p.name for p in element.properties if hasattr(p, "len_dtype")]


def _what(element: str) -> str:
    return "faces" if element.startswith("face") else "points"


def _check_size(source: Source, plan: PlyData, counts: dict[str, int], at: int) -> None:
    """Refuse a count that the rest of the file cannot hold."""
    left, before = source.size - at, 0
    for element in plan:
        count = counts[element.name]
        check_faces(source.name, count)
        if plan.text:
            least = max(1, 2 * len(element.properties) - 1)
        else:
            types = [getattr(p, "len_dtype", p.val_dtype) for p in element.properties]
            least = max(1, sum(np.dtype(kind).itemsize for kind in types))
        if count * least > left + plan.text:  # the last line may lack its end
            held = sum(1 for _ in _text(source, at).counted()) - before if plan.text else left // least
            raise promises_more(source.name, count, max(0, held), _what(element.name))
        left, before = left - count * least, before + count


def _read(file: BinaryIO, plan: PlyData, counts: dict[str, int], at: int, source: Source) -> PlyData:
    from plyfile import PlyData, PlyElementParseError

    # plyfile reads records at speed only where it may map them, and lists only where all are as long.
    triangles = {e.name: dict.fromkeys(_lists(e), 3) for e in plan}
    try:
        if not plan.text:
            try:
                return PlyData.read(file, known_list_len=triangles)
            except PlyElementParseError:
                file.seek(0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # numpy warns of empty lists
            return PlyData.read(file)
    except PlyElementParseError as error:
        element, what = error.element, _what(error.element.name)
        if error.message == "early end-of-file":
            raise promises_more(source.name, element.count, error.row, what) from error
        before = sum(counts[name] for name in takewhile(lambda name: name != element.name, counts))
        number, line = next(islice(_text(source, at).counted(), before + error.row, None))
        if what == "points":
            numbers(Block.of([line], number), len(element.properties), source.name)
        raise bad_line(number, source.name, what.rstrip("s")) from error


def _points(vertex: PlyElement, dtype: np.dtype, source: Source) -> Parts:
    """What the vertices hold, as the types that the header told; text as float64 where they are floats."""
    names, read = dtype.names, vertex.data.dtype
    dtypes = [read[name] if dtype[name].kind == "f" else dtype[name] for name in names]
    lists = set(_lists(vertex))
    found = roles(["" if name in lists else name for name in names])
    splat = "r" not in found and all(f"f_dc_{i}" in names for i in range(3))
    if splat:
        found |= {role: names.index(f"f_dc_{i}") for i, role in enumerate("rgb")}
    columns = Columns(source.name, found, vertex.count, dtypes)
    rows = max(1, CHUNK // read.itemsize)
    for at in range(0, vertex.count, rows):
        source.report(0.8 + 0.2 * at / vertex.count)
        records = vertex.data[at : at + rows]
        columns.put(at, len(records), lambda i, records=records: records[names[i]])
    parts = Parts(**columns.arrays, label_name=columns.label_name(names))
    packed = packed_colour([name for name in names if name not in lists])
    if "r" not in found and packed is not None:
        parts.colours = unpacked_colours(vertex[packed], dtype[packed])
    if lists:
        parts.notices.append(
            f"Lists of the points of {source.name} are passed over: {', '.join(sorted(lists)[:3])}."
        )
    if splat:
        parts.colours = splats.of_harmonic(parts.colours)  # their normals are zeros by custom
        parts.notices.append(splats.said(source.name))
    return parts
