"""Photoshop documents, as they keep themselves flattened, and pictures of plain numbers (PGM, PPM)."""

from __future__ import annotations

import re
import struct

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.encodings import is_binary
from headlight.viewer.inputs.pictures.decoding import Decoded, by_pillow, check_frame, check_size, of_samples
from headlight.viewer.inputs.pictures.depth import Samples
from headlight.viewer.inputs.source import Source

_MODES = {1: ("L", 1), 3: ("RGB", 3), 4: ("CMYK", 4), 9: ("LAB", 3)}
"""Photoshop's numbers of what channels mean, and how many are colours (its file format, header)."""
_TITLES = {0: "bitmap", 2: "indexed colours", 7: "several channels", 8: "duotone"}
_PROFILE, _VERSION = 1039, 1057
_RAW, _PACKED = 0, 1


def by_photoshop(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """The picture that such a document keeps beside its layers."""
    check_frame(name, frame, 1)
    if data[:4] != b"8BPS":
        raise ValueError("it is none")
    version, channels, height, width, depth, mode = struct.unpack(">H6xHIIHH", data[4:26])
    check_size(name, width, height)
    if version != 1 or mode not in _MODES or depth not in (8, 16, 32) or (mode == 9 and depth != 8):
        what = "a large one (PSB)" if version == 2 else f"of {_TITLES.get(mode, f'{depth} bits a channel')}"
        raise HeadlightError(
            f"{name} is a Photoshop document, {what}, which is not read.", "Save it as PNG or TIFF."
        )
    at = 26
    at += 4 + _long(data, at)  # a palette
    resources = _resources(data[at + 4 : at + 4 + _long(data, at)])
    at += 4 + _long(data, at)
    if resources.get(_VERSION, b"\0\0\0\1\1")[4:5] == b"\0":
        raise HeadlightError(
            f"{name} keeps its layers alone, and no picture of them all.",
            "Save it in Photoshop for other programs (maximize compatibility), or as PNG.",
        )
    layers = _long(data, at)
    at += 4 + layers
    shown, used = _MODES[mode]
    planes = _planes(data[at:], min(channels, used + 1), channels, height, width, depth)
    values = np.stack(planes, -1)
    colours, alpha = values[..., :used], None
    if values.shape[-1] > used and _has_alpha(data, at, layers):
        opaque = 1.0 if depth == 32 else float(np.iinfo(values.dtype).max)
        alpha = np.rint((values[..., used] / opaque).clip(0, 1) * 255).astype(np.uint8)
    if shown == "CMYK":  # ink is stored upside down
        colours = np.iinfo(colours.dtype).max - colours
    white = None if depth == 32 else float(np.iinfo(values.dtype).max)
    found = of_samples(Samples(colours, shown, white, alpha, profile=resources.get(_PROFILE)), name)
    notices = (f"{name} is shown as its layers were flattened.",) if layers > 4 else ()
    return found._replace(notices=(*notices, *found.notices))


def _has_alpha(data: bytes, at: int, layers: int) -> bool:
    """Whether the channel behind the colours is how opaque they are: a negative count of layers says so."""
    if layers < 10:
        return False
    start = at - layers
    return _long(data, start) >= 2 and struct.unpack(">h", data[start + 4 : start + 6])[0] < 0


def _long(data: bytes, at: int) -> int:
    return struct.unpack(">I", data[at : at + 4])[0]


def _resources(data: bytes) -> dict[int, bytes]:
    """What stands beside the picture, by its number."""
    found, at = {}, 0
    while data[at : at + 4] == b"8BIM" and at + 8 <= len(data):
        number, named = struct.unpack(">HB", data[at + 4 : at + 7])
        at += 6 + (named + 1 + 1) // 2 * 2
        size = _long(data, at)
        found[number] = data[at + 4 : at + 4 + size]
        at += 4 + (size + 1) // 2 * 2
    return found


def _planes(data: bytes, wanted: int, channels: int, height: int, width: int, depth: int) -> list[np.ndarray]:
    """(height, width) of each of the first channels."""
    packed, dtype = struct.unpack(">H", data[:2])[0], np.dtype({8: ">u1", 16: ">u2", 32: ">f4"}[depth])
    row, at = width * dtype.itemsize, 2
    planes = []
    if packed == _RAW:
        for number in range(wanted):
            start = at + number * row * height
            planes.append(np.frombuffer(data, dtype, width * height, start).reshape(height, width))
    elif packed == _PACKED:
        import imagecodecs

        sizes = np.frombuffer(data, ">u2", channels * height, at).astype(int)
        at += 2 * len(sizes)
        for number in range(wanted):
            rows = []
            for size in sizes[number * height : (number + 1) * height]:
                rows.append(imagecodecs.packbits_decode(data[at : at + size], out=row))
                at += size
            if any(len(one) != row for one in rows):
                raise ValueError("a row breaks off")
            planes.append(np.frombuffer(b"".join(rows), dtype).reshape(height, width))
    else:
        raise ValueError("it is packed in an unknown way")
    return [plane.astype(dtype.newbyteorder("=")) for plane in planes]


def is_pnm(source: Source) -> bool:
    """Binary ones by how they begin, those in digits by their name alone: they are texts."""
    begins = source.head[:1] == b"P" and source.head[2:3].isspace()
    if begins and source.head[1:2] in b"7Ff":
        return source.head[2:3] == b"\n" and (source.ending in ("pam", "pfm") or is_binary(source.head))
    if not begins or source.head[1:2] not in b"123456":
        return False
    return source.head[1:2] in b"456" or source.ending in ("pbm", "pgm", "ppm", "pnm")


def by_pnm(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """Netpbm's pictures: those of one bit by Pillow, all others from their samples."""
    check_frame(name, frame, 1)
    if data[1:2] in b"14":
        return by_pillow(data, name, "PPM")
    if data[1:2] in b"7Ff":
        return of_samples((_pam if data[1:2] == b"7" else _floats)(data, name), name)
    numbers, at = [], 2
    while len(numbers) < 3:
        while data[at : at + 1].isspace():
            at += 1
        if data[at : at + 1] == b"#":
            at = data.index(b"\n", at)
            continue
        start = at
        while data[at : at + 1].isdigit() and at - start < 10:
            at += 1
        numbers.append(int(data[start:at]))
    width, height, most = numbers
    check_size(name, width, height)
    dtype, channels = np.dtype(">u2" if most > 255 else "u1"), 3 if data[1:2] in b"36" else 1
    if data[1:2] in b"23":  # in digits
        words = re.sub(rb"#[^\n]*", b"", data[at:]).split()
        values = np.array(words[: width * height * channels]).astype(np.int64)
        if len(values) and not 0 <= values.min() <= values.max() <= most:
            raise ValueError("a shade is beyond the brightest")
    else:
        values = np.frombuffer(data, dtype, width * height * channels, at + 1)
    values = values.reshape(height, width, channels).astype(dtype.newbyteorder("="))
    return of_samples(Samples(values, "RGB" if channels == 3 else "L", float(most)), name)


def _pam(data: bytes, name: str) -> Samples:
    """Netpbm's later kind, whose header is of words."""
    head, _, body = data.partition(b"ENDHDR\n")
    said = dict(line.split(None, 1) for line in head.split(b"\n") if len(line.split(None, 1)) == 2)
    width, height, depth, most = (int(said[word]) for word in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    check_size(name, width, height)
    if depth not in (1, 2, 3, 4) or not 0 < most < 65536:
        raise ValueError("it is no picture")
    values = np.frombuffer(body, ">u2" if most > 255 else "u1", width * height * depth)
    values = values.reshape(height, width, depth).astype(np.uint16 if most > 255 else np.uint8)
    used = 3 if depth > 2 else 1
    alpha = np.rint(values[..., used] * (255 / most)).astype(np.uint8) if depth > used else None
    return Samples(values[..., :used], "RGB" if used == 3 else "L", float(most), alpha)


def _floats(data: bytes, name: str) -> Samples:
    """A PFM, as depths and disparities are kept in: floats, the lowest row first."""
    kind, size, scale, *_ = data[:200].split(b"\n", 3)
    width, height = (int(word) for word in size.split())
    check_size(name, width, height)
    channels, order = (3 if kind == b"PF" else 1), ("<f4" if float(scale) < 0 else ">f4")
    at = len(kind) + len(size) + len(scale) + 3
    values = np.frombuffer(data, order, width * height * channels, at).reshape(height, width, channels)
    return Samples(values[::-1].astype(np.float32), "RGB" if channels == 3 else "L", None)
