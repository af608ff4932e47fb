"""NPY and NPZ: N × 3 and more columns, rooms of S3DIS (N × 7), or named arrays. Nothing in them is run."""

from __future__ import annotations

import warnings
import zipfile
from typing import BinaryIO

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import (
    CHUNK,
    Columns,
    Parts,
    check_count,
    damaged,
    packed_colour,
    promises_more,
    roles,
    unpacked_colours,
)
from headlight.viewer.inputs.clouds.tables.guessing import guess_roles
from headlight.viewer.inputs.source import Source
from headlight.viewer.inputs.told.columns import NOTHING

_FORMAT = np.lib.format

_POINTS = (
    "points",
    "coord",
    "coords",
    "xyz",
    "pos",
    "positions",
    "vertices",
    "pointcloud",
    "pcd",
    "data",
    "pc",
)
_COLOURS = ("colors", "colours", "color", "colour", "rgb", "rgbs")
_NORMALS = ("normals", "normal")
_LABELS = (
    "labels", "label", "segment", "semantic_gt", "semantic_gt20", "semantic", "sem_label", "semantic_label",
    "truth", "gt", "target", "y", "classes_gt",
)  # fmt: skip
_INTENSITY = ("intensity", "intensities", "reflectance", "remission", "reflectivity", "strength")
_NAMES = ("classes", "class_names", "names")

_MEMBERS = 1000
_NAMES_BYTES = 1_000_000
_RATIO = 200
"""No coordinates shrink this much: what does is a bomb."""
_RATIO_FROM = 10_000_000
"""Bytes from which on the ratio counts."""
_COLUMNS = 64
_PLAIN_ROW, _HEADER_BYTES = 64, 10_000
"""Bytes that the colour, normal or label of a point may take, and what comes before the first."""


def read_npy(source: Source) -> Parts:
    return _table(read_array(source), source.name)


def read_array(source: Source) -> np.ndarray:
    if source.size < 10:
        raise damaged(source.name, "NPY file")
    return _array(source.file, source.name, source, source.size)


def is_npz(source: Source) -> bool:
    """Whether a zip archive holds arrays, or began with one before it was cut off."""
    head = source.head
    if not head.startswith(b"PK\x03\x04"):
        return False
    length = int.from_bytes(head[26:28], "little")
    try:
        with zipfile.ZipFile(source.file) as archive:
            return any(name.endswith(".npy") for name in archive.namelist()[:_MEMBERS])
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError):
        return head[30 : 30 + length].endswith(b".npy")


def read_npz(source: Source) -> Parts:
    try:
        with zipfile.ZipFile(source.file) as archive:
            members = archive.infolist()
            if len(members) > _MEMBERS:
                raise HeadlightError(
                    f"{source.name} holds {len(members):,} arrays.",
                    "Save its points in one archive of their own.",
                )
            return _archive(archive, {m.filename: m for m in members}, source)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        EOFError,
        zipfile.zlib.error,
    ) as error:
        raise damaged(source.name, "NPZ archive") from error


def _archive(archive: zipfile.ZipFile, members: dict[str, zipfile.ZipInfo], source: Source) -> Parts:
    name = source.name
    keys = {key.removesuffix(".npy").lower(): key for key in members if key.endswith(".npy")}

    def get(wanted: tuple[str, ...], most: int | None = None) -> np.ndarray | None:
        key = next((keys[w] for w in wanted if w in keys), None)
        if key is None:
            return None
        member = members[key]
        if member.flag_bits & 1:
            raise HeadlightError(f"{name} is encrypted.", "Save it without a password.")
        if most is not None and member.file_size > most:
            return None
        bomb = member.file_size > max(_RATIO_FROM, _RATIO * member.compress_size)
        if bomb and most is None:
            raise HeadlightError(
                f"{name} unpacks next to nothing to {member.file_size:,} bytes.",
                "No points shrink so much: choose another file.",
            )
        with archive.open(member) as file:
            return _array(file, f"{key.removesuffix('.npy')} in {name}", source, member.file_size)

    points = get(_POINTS)
    separate = points is None and {"x", "y", "z"} <= keys.keys()
    if separate:
        columns = [get((axis,)) for axis in "xyz"]
        if all(column.ndim == 1 and len(column) == len(columns[0]) for column in columns):
            points = np.stack(columns, axis=1)
    if points is None:
        # Whatever its name, the only array that can be points is taken for them.
        known = {*_COLOURS, *_NORMALS, *_LABELS, *_INTENSITY, *_NAMES}
        shaped = [key for key in keys if key not in known and _may_be_points(archive, members[keys[key]])]
        points = get((shaped[0],)) if len(shaped) == 1 else None
    if points is None:
        listed = ", ".join(sorted(keys)[:8]) or "none"
        raise HeadlightError(
            f"{name} has no array of points (its arrays: {listed}).",
            f"Name the array {_POINTS[0]} and try again.",
        )
    parts = _table(points, name)
    count = len(parts.points)
    for part, wanted, shape in (
        ("colours", _COLOURS, (count, 3)),
        ("normals", _NORMALS, (count, 3)),
        ("labels", _LABELS, (count,)),
        ("intensity", _INTENSITY, (count,)),
    ):
        if separate:
            wanted = tuple(key for key in wanted if key != "y")
        array = get(wanted, count * _PLAIN_ROW + _HEADER_BYTES)
        if array is None:
            if any(key in keys for key in wanted):
                parts.notices.append(
                    f"The {part} in {name} are far larger than its {count:,} points: they are left out."
                )
            continue
        if len(shape) == 1 and array.ndim == 2 and array.shape[1] == 1:
            array = array[:, 0]
        if part == "colours" and array.ndim == 2 and array.shape[1] == 4:
            array = array[:, :3]
        if array.shape != shape or array.dtype.kind not in "fiub":
            parts.notices.append(
                f"The {part} in {name} are {_shape(array)} for {count:,} points: they are left out."
            )
        else:
            setattr(parts, part, array)
    names = get(_NAMES, _NAMES_BYTES)
    if names is not None and names.dtype.kind in "US" and names.ndim == 1:
        parts.names = tuple(str(n, "utf-8", "replace") if isinstance(n, bytes) else str(n) for n in names)
    return parts


def _may_be_points(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Whether an array has rows of at least three numbers, by its header."""
    if member.flag_bits & 1:
        return False
    try:
        with archive.open(member) as file:
            shape, _, dtype = _header(file)
    except _BAD_HEADERS:
        return False
    while len(shape) > 2 and shape[0] == 1:
        shape = shape[1:]
    return dtype.kind in "fiu" and len(shape) == 2 and 3 <= shape[1] <= _COLUMNS and shape[0] > 0


_BAD_HEADERS = (
    ValueError,
    SyntaxError,
    TypeError,
    RecursionError,
    MemoryError,
    KeyError,
    AttributeError,
    zipfile.BadZipFile,
    NotImplementedError,
    EOFError,
    zipfile.zlib.error,
)


def _header(file: BinaryIO) -> tuple[tuple[int, ...], bool, np.dtype]:
    """(shape, whether columns lie together, type)"""
    version = _FORMAT.read_magic(file)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers as Python 2 wrote them
        if version == (1, 0):
            return _FORMAT.read_array_header_1_0(file)
        return _FORMAT.read_array_header_2_0(file)


def _shape(array: np.ndarray) -> str:
    return " × ".join(f"{n:,}" for n in array.shape) + f" {array.dtype}"


def _array(file: BinaryIO, name: str, source: Source, size: int) -> np.ndarray:
    """One array of numbers or short texts, its size checked before it is made."""
    try:
        shape, fortran, dtype = _header(file)
    except _BAD_HEADERS as error:
        raise damaged(name, "array") from error
    if not fortran:
        while len(shape) > 2 and shape[0] == 1:  # a batch of one cloud
            shape = shape[1:]
    if dtype.hasobject:
        raise HeadlightError(
            f"{name} holds Python objects, which Headlight does not load.", "Save it as plain numbers."
        )
    if shape:
        check_count(name, shape[1] if fortran and len(shape) == 2 and shape[0] <= 64 < shape[1] else shape[0])
    items = int(np.prod(shape, dtype=object))
    if items < 0 or len(shape) > 8 or dtype.itemsize == 0:
        raise damaged(name, "array")
    bytes_ = items * dtype.itemsize
    size -= file.tell()
    if bytes_ > size:
        row = bytes_ // max(1, shape[0]) if shape else bytes_
        raise promises_more(name, shape[0] if shape else 1, size // max(1, row))
    wide = len(shape) == 2 and shape[0] in (3, 6, 7)
    if (
        len(shape) >= 2
        and not wide
        and items // shape[0] > _COLUMNS
        and dtype.names is None
        and dtype.kind not in "US"
    ):
        raise _no_points_shape(name, shape)
    flat = np.empty(items, dtype)
    view, at = flat.view(np.uint8).reshape(-1) if items else np.empty(0, np.uint8), 0
    while at < bytes_:
        source.report()
        data = file.read(min(CHUNK, bytes_ - at))
        if not data:
            row = max(1, bytes_ // shape[0]) if shape else 1
            raise promises_more(name, shape[0] if shape else 1, at // row)
        view[at : at + len(data)] = np.frombuffer(data, np.uint8)
        at += len(data)
    file.read(1)  # at its end a zip member checks itself
    return flat.reshape(shape, order="F" if fortran else "C")


def _no_points_shape(name: str, shape: tuple[int, ...]) -> HeadlightError:
    return HeadlightError(
        f"{name} is an array of {' × '.join(f'{n:,}' for n in shape) or 'one number'}.",
        "Points are N × 3, or more columns for colour and label.",
    )


def _table(array: np.ndarray, name: str) -> Parts:
    """Points, and what else the columns or fields of one array are."""
    if array.dtype.names is not None:
        fields = array.dtype.names
        kinds = [array.dtype[f] for f in fields]
        found = {role: at for role, at in roles(fields).items() if kinds[at].kind in "fiub"}
        columns = Columns(name, found, array.size, kinds)
        flat = array.reshape(-1)
        columns.put(0, array.size, lambda i: flat[fields[i]])
        parts = Parts(**columns.arrays, label_name=columns.label_name(fields))
        packed = packed_colour([field for field in fields if array.dtype[field].kind in "fiu"])
        if "r" not in found and packed is not None:
            parts.colours = unpacked_colours(flat[packed], array.dtype[packed])
        return parts
    if array.dtype.kind not in "fiu":
        raise HeadlightError(f"{name} holds {array.dtype}, not numbers.", "Save points as float32.")
    if array.ndim == 2 and array.shape[0] in (3, 6, 7) and array.shape[1] > _COLUMNS:
        array = np.ascontiguousarray(array.T)  # one row a coordinate, as networks take them
    if array.ndim != 2 or not (3 <= array.shape[1] <= _COLUMNS):
        raise _no_points_shape(name, array.shape)
    if array.shape[1] == 3:
        small = array.dtype.kind == "f" and array.dtype.itemsize <= 4
        return Parts(np.ascontiguousarray(array, np.float32 if small else np.float64))
    sample = array[:: max(1, len(array) // 200_000)].astype(np.float64)
    found = guess_roles(sample)
    columns = Columns(name, found, len(array), [array.dtype] * array.shape[1])
    columns.put(0, len(array), lambda i: array[:, i])
    parts = Parts(**columns.arrays)
    if len(found) < array.shape[1]:
        roles_of = {at: role for role, at in found.items()}
        read = " ".join(roles_of.get(at, NOTHING) for at in range(array.shape[1]))
        parts.notices.append(
            f"Nothing says what the {array.shape[1]} columns of {name} are: they are read as {read}."
        )
    return parts
