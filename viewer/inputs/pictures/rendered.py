"""Pictures that an optional package reads or draws: HEIC, a page of a PDF, an SVG."""

from __future__ import annotations

import re
import zlib
from typing import Any
from xml.etree import ElementTree

import numpy as np

from headlight.models.core.errors import HeadlightError, first_line
from headlight.viewer.inputs.pictures.decoding import MAX_PIXELS, Decoded, by_pillow, check_frame, check_size
from headlight.viewer.inputs.source import Source

_HEIC = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}
_DOTS = 200
"""An inch, of a page that is drawn."""
_LEAST, _USUAL, _MOST = 448, 1024, 4096
"""Pixels of the long side of a drawing: smaller and larger ones are drawn so, and one without a size."""
_PACKED, _LONGEST = b"\x1f\x8b\x08", 50_000_000
"""How what gzip has packed begins; bytes of a drawing."""
_LENGTH = re.compile(r"\s*([\d.]{1,12})\s*(px|pt|pc|mm|cm|in)?\s*")
_PIXELS = {"px": 1.0, "pt": 4 / 3, "pc": 16.0, "mm": 96 / 25.4, "cm": 96 / 2.54, "in": 96.0, None: 1.0}


def _missing(name: str, one: str, error: ImportError) -> HeadlightError:
    return HeadlightError(
        f"{name} is {one}, and the package that reads such is not installed ({first_line(error)}).",
        "Run “pip install 'headlight-viewer[pictures]'”, or save it as PNG and open that.",
    )


def is_heic(source: Source) -> bool:
    head = source.head
    end = min(64, int.from_bytes(head[:4], "big"))
    brands = {head[at : at + 4] for at in (8, *range(16, end, 4))}
    return head[4:8] == b"ftyp" and bool(_HEIC & brands) and not {b"avif", b"avis"} & brands


def by_heif(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    try:
        import pillow_heif
    except ImportError as error:
        raise _missing(name, "a HEIC image", error) from error
    pillow_heif.register_heif_opener(thumbnails=False)
    return by_pillow(data, name, "HEIF", frame)


def by_pdfium(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """A page of a PDF, drawn."""
    try:
        import pypdfium2
    except ImportError as error:
        raise _missing(name, "a PDF document", error) from error
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise HeadlightError(f"{name} is locked by a password.", "Save it without one.") from error
        raise
    try:
        count = len(document)
        check_frame(name, frame, count)
        page = document[frame - 1]
        width, height = page.get_size()  # points, 72 an inch
        scale = min(_DOTS / 72, (MAX_PIXELS / 4 / max(1.0, width * height)) ** 0.5)
        check_size(name, round(width * scale), round(height * scale))
        pixels = np.array(page.render(scale=scale, rev_byteorder=True).to_numpy()[..., :3])
    finally:
        document.close()
    film = (count, frame, True) if count > 1 else None
    said = f"{name} is a document: page {frame:,} of {count:,} is drawn with {72 * scale:.0f} dots an inch."
    return Decoded(pixels, (said,), film=film)


def is_svg(source: Source) -> bool:
    head = source.head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if source.ending == "svgz":
        return head.startswith(_PACKED)
    begins = head.startswith((b"<svg", b"<?xml", b"<!--", b"<!DOCTYPE svg")) and b"<svg" in head
    return begins and source.ending in ("svg", "")


def by_resvg(data: bytes, name: str, kind: str, frame: int = 1) -> Decoded:
    """A drawing of lines, on white. What it takes from other files is left out, and told."""
    check_frame(name, frame, 1)
    try:
        import resvg_py
    except ImportError as error:
        raise _missing(name, "a drawing of lines (SVG)", error) from error
    root = ElementTree.fromstring(_unpacked(data) if data.startswith(_PACKED) else data)
    if root.tag.rpartition("}")[2] != "svg":
        raise ValueError("it is no SVG")
    left_out = _leave_out_files(root)
    width, height = _size(root)
    scale = max(_LEAST / max(width, height), 1.0) * min(_MOST / max(width, height), 1.0)
    width, height = round(width * scale), round(height * scale)
    check_size(name, width, height)
    drawn = resvg_py.svg_to_bytes(
        svg_string=ElementTree.tostring(root, "unicode"), width=width, height=height, background="white"
    )
    found = by_pillow(bytes(drawn), name, "PNG")
    across, down = found.pixels.shape[1], found.pixels.shape[0]
    notices = [f"{name} is a drawing of lines, drawn at {across:,} × {down:,} pixels."]
    if left_out:
        many = "1 thing" if left_out == 1 else f"{left_out:,} things"
        notices.append(f"{many} that {name} takes from other files: left out.")
    return Decoded(found.pixels, (*notices, *found.notices))


def _unpacked(data: bytes) -> bytes:
    """What gzip has packed. ValueError for more than any drawing holds."""
    step = zlib.decompressobj(zlib.MAX_WBITS | 16)
    whole = step.decompress(data, _LONGEST)
    if not step.eof:
        raise ValueError("it breaks off, or does not end")
    return whole


def _leave_out_files(root: ElementTree.Element) -> int:
    """Take away what leads to other files or the network; how many that were."""
    count = 0
    for one in root.iter():
        for key in [key for key in one.attrib if key.rpartition("}")[2] == "href"]:
            if not one.attrib[key].strip().startswith(("#", "data:")):
                del one.attrib[key]
                count += one.tag.rpartition("}")[2] in ("image", "use", "feImage")
    return count


def _size(root: ElementTree.Element) -> tuple[float, float]:
    """(width, height) in pixels; by its box, or a square, where it says none."""
    box = [float(one) for one in re.findall(r"-?[\d.]+(?:e-?\d+)?", root.get("viewBox", ""))][2:4]
    sides: list[Any] = [_length(root.get(side, "")) for side in ("width", "height")]
    if len(box) == 2 and min(box) > 0:
        ratio = box[0] / box[1]
        if None in sides and any(sides):
            sides = [sides[0] or sides[1] * ratio, sides[1] or sides[0] / ratio]
        elif None in sides:
            sides = box
    sides = [side or _USUAL for side in sides]
    if not all(0 < side < 1e7 for side in sides):
        raise ValueError("its size is none")
    return sides[0], sides[1]


def _length(said: str) -> float | None:
    """Pixels; None of what is a share of something, or nothing."""
    found = _LENGTH.fullmatch(said)
    return float(found[1]) * _PIXELS[found[2]] if found else None
