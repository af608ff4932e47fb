"""Gaussian splats beside PLY: .splat, Niantic's SPZ and PlayCanvas' packed PLY. Centres and mean colours.

The .splat of antimatter15 has 32 bytes a splat: place and size as float32, colour and turn as bytes. SPZ has
a head of 16 bytes and then columns, in gzip. The packed PLY has chunks of 256 splats, each with its box, in
which a place has 11, 10 and 11 bits.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import CHUNK, Parts, check_count, promises_more
from headlight.viewer.inputs.source import Source

HARMONIC = 0.28209479177387814
"""The constant spherical harmonic, 1 / (2 √π)"""
_SPLAT = np.dtype([("place", "<f4", 3), ("size", "<f4", 3), ("colour", "u1", 4), ("turn", "u1", 4)])
_SPZ = struct.Struct("<4sIIBBBB")
_SPZ_MAGIC, _SPZ_VERSIONS, _SPZ_SHADE = b"NGSP", (2, 3), 0.15
_CHUNK_OF = 256
_FAR = 1e6
"""No splat is so large or so far away."""


def said(name: str) -> str:
    return f"{name} holds Gaussian splats: their centres are read as the points, with their mean colours."


def of_harmonic(constant: np.ndarray) -> np.ndarray:
    """uint8 (n, 3): mean colours by the constant harmonic of each channel (Kerbl et al. 2023)."""
    return np.rint((0.5 + HARMONIC * constant).clip(0, 1) * 255).astype(np.uint8)


def is_splat(source: Source) -> bool:
    """There is no magic number: sizes and turns tell."""
    if source.ending != "splat" or (source.size >= 0 and source.size % _SPLAT.itemsize):
        return False
    rows = np.frombuffer(source.head[: len(source.head) // _SPLAT.itemsize * _SPLAT.itemsize], _SPLAT)
    sizes, places = rows["size"], rows["place"]
    return bool(
        len(rows)
        and np.isfinite(places).all()
        and (np.abs(places) < _FAR).all()
        and ((sizes >= 0) & (sizes < _FAR)).all()
    )


def read_splat(source: Source) -> Parts:
    count = source.size // _SPLAT.itemsize
    check_count(source.name, count)
    points, colours, at = np.empty((count, 3), np.float32), np.empty((count, 3), np.uint8), 0
    while at < count:
        data = source.file.read(min(count - at, CHUNK // _SPLAT.itemsize) * _SPLAT.itemsize)
        rows = np.frombuffer(data[: len(data) // _SPLAT.itemsize * _SPLAT.itemsize], _SPLAT)
        if not len(rows):
            raise promises_more(source.name, count, at)
        points[at : at + len(rows)], colours[at : at + len(rows)] = rows["place"], rows["colour"][:, :3]
        at += len(rows)
        source.report()
    return Parts(points, colours, notices=[said(source.name)])


def is_spz(source: Source) -> bool:
    """What gzip has packed, that is."""
    return source.head.startswith(_SPZ_MAGIC)


def read_spz(source: Source) -> Parts:
    name, head = source.name, source.file.read(_SPZ.size)
    if len(head) < _SPZ.size:
        raise promises_more(name, 1, 0)
    _, version, count, _, bits, _, _ = _SPZ.unpack(head)
    if version not in _SPZ_VERSIONS:
        raise HeadlightError(
            f"{name} is an SPZ file of version {version}, and 2 and 3 are read.",
            "Save it as a PLY of splats.",
        )
    check_count(name, count)
    places = _column(source, count, 9)
    source.file.seek(_SPZ.size + count * 10)  # nine bytes of place and one of opacity, then the colours
    shades = _column(source, count, 3)
    low = places.reshape(count, 3, 3).astype(np.int32) @ np.array([1, 1 << 8, 1 << 16], np.int32)
    whole = np.where(low >= 1 << 23, low - (1 << 24), low)
    constant = (shades / 255 - 0.5) / _SPZ_SHADE
    # Right, up and backwards: y is up.
    return Parts(
        (whole / (1 << bits)).astype(np.float32), of_harmonic(constant), up="y", notices=[said(name)]
    )


def _column(source: Source, count: int, width: int) -> np.ndarray:
    """uint8 (count, width) from the file's place on."""
    data = source.file.read(count * width)
    source.report()
    if len(data) < count * width:
        raise promises_more(source.name, count, len(data) // width)
    return np.frombuffer(data, np.uint8).reshape(count, width)


def is_packed(vertices: tuple[str, ...], chunks: tuple[str, ...]) -> bool:
    """Whether the properties of a PLY's vertices and chunks are those of PlayCanvas."""
    return {"packed_position", "packed_color"} <= {*vertices} and {"min_x", "max_z"} <= {*chunks}


def unpacked(
    vertex: Callable[[str], np.ndarray], chunk: Callable[[str], np.ndarray], names: tuple[str, ...], name: str
) -> Parts:
    """The splats of a packed PLY, by what gives a column of its vertices and of its chunks."""
    place, shade = (vertex(f"packed_{what}").astype(np.uint32) for what in ("position", "color"))
    whose = np.arange(len(place)) // _CHUNK_OF
    if len(place) and whose[-1] >= len(chunk("min_x")):
        raise promises_more(name, len(place), len(chunk("min_x")) * _CHUNK_OF)

    def within(share: np.ndarray, what: str) -> np.ndarray:
        low, high = chunk(f"min_{what}")[whose], chunk(f"max_{what}")[whose]
        return low + share * (high - low)

    bits = ((21, 2047), (11, 1023), (0, 2047))
    points = [within((place >> at & most) / most, axis) for axis, (at, most) in zip("xyz", bits, strict=True)]
    shares = [(shade >> at & 255) / 255 for at in (24, 16, 8)]
    if "min_r" in names:  # harmonics of a narrower range than a byte's
        shares = [within(share, channel) for channel, share in zip("rgb", shares, strict=True)]
    colours = np.rint(np.stack(shares, axis=1).clip(0, 1) * 255).astype(np.uint8)
    return Parts(np.stack(points, axis=1).astype(np.float32), colours, notices=[said(name)])
