"""Pictures as more programs write them, each of four quadrants: PNG, TIFF, JPEG, BMP, GIF, HEIC, Netpbm."""

from __future__ import annotations

import gzip
import io
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise

import imagecodecs
import numpy as np
import pillow_heif
import tifffile
from PIL import Image

from tests.viewer.inputs.test_picture_siblings import (
    ALPHA,
    BLACK_OR_WHITE,
    DEEP,
    GREY,
    INKS,
    ON_WHITE,
    RGB,
    pillow,
    tiff,
)

ONE = GREY[..., 0]
"""Grey, in one channel."""
DEEP_ONE, DEEP_ALPHA = ONE.astype(np.uint16) * 257, ALPHA.astype(np.uint16) * 257
GREY_ON_WHITE = np.where(ALPHA[..., None] == 0, 255, GREY)
PALETTE = Image.fromarray(RGB).quantize(4)
CLEAR = int(np.asarray(PALETTE)[4, 4])


@dataclass(frozen=True)
class Picture:
    """file: its name. what: who writes it so, or what is odd in it. shows: uint8 (32, 48, 3). says: its
    notices in a row. refused: words of the message. within: how far shades may be off, of a lossy one off its
    edges."""

    file: str
    what: str
    data: bytes
    shows: np.ndarray
    says: str = ""
    refused: str = ""
    within: int = 1

    @property
    def outcome(self) -> str:
        return "refused" if self.refused else "told" if self.says else "read"


def clear(file: str) -> str:
    return f"{file} has transparent parts: they are shown on white."


def png(values: np.ndarray, bits: int, kind: int, extra: bytes = b"", turns: bool = False) -> bytes:
    """turns: interlaced, in Adam's seven turns."""
    steps = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    values = values.astype(">u2") if bits == 16 else values
    parts = [values[y::down, x::right] for x, y, right, down in steps] if turns else [values]
    body = b"".join(b"\0" + np.ascontiguousarray(row).tobytes() for part in parts for row in part)
    head = struct.pack(">IIBBBBB", values.shape[1], len(values), bits, kind, 0, 0, turns)
    made = _chunk(b"IHDR", head) + extra + _chunk(b"IDAT", zlib.compress(body)) + _chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + made


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def bmp(header: bytes, body: bytes) -> bytes:
    at = 14 + len(header)
    return b"BM" + struct.pack("<IHHI", at + len(body), 0, 0, at) + header + body


def bmp_packed() -> bytes:
    """Run lengths of a palette (BI_RLE8)."""
    body = b""
    for row in np.asarray(PALETTE)[::-1]:
        cuts = [0, *(np.flatnonzero(np.diff(row)) + 1).tolist(), len(row)]
        body += b"".join(bytes([end - at, row[at]]) for at, end in pairwise(cuts)) + b"\0\0"
    colours = np.array(PALETTE.getpalette()[:12], np.uint8).reshape(4, 3)[:, ::-1]
    palette = np.pad(colours, ((0, 0), (0, 1))).tobytes()
    head = struct.pack("<IiiHHIIiiII", 40, 48, 32, 1, 8, 1, len(body) + 2, 0, 0, 4, 4)
    return bmp(head + palette, body + b"\0\1")


def bmp_clear() -> bytes:
    """Photoshop's, with an opacity."""
    masks = struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) + b"BGRs" + bytes(48)
    head = struct.pack("<IiiHHIIiiII", 124, 48, 32, 1, 32, 3, 48 * 32 * 4, 0, 0, 0, 0) + masks
    return bmp(head, np.dstack([RGB[..., ::-1], ALPHA])[::-1].tobytes())


def heic(*pictures: np.ndarray) -> bytes:
    made, out = pillow_heif.HeifFile(), io.BytesIO()
    for pixels in pictures:
        made.add_from_pillow(Image.fromarray(pixels))
    made.save(out, quality=-1, chroma=444)
    return out.getvalue()


def pages(*values: np.ndarray, **options) -> bytes:
    out = io.BytesIO()
    tifffile.imwrite(out, np.stack(values), photometric="minisblack", **options)
    return out.getvalue()


def pyramid(inside: bool) -> bytes:
    """With a smaller copy, as slides and maps have them: inside of the page, or behind it."""
    out = io.BytesIO()
    with tifffile.TiffWriter(out) as file:
        file.write(RGB, photometric="rgb", subifds=int(inside))
        file.write(np.ascontiguousarray(RGB[::2, ::2]), photometric="rgb", subfiletype=1)
    return out.getvalue()


DRAWING = b'<svg xmlns="http://www.w3.org/2000/svg" width="48" height="32"/>'
DIGITS = " ".join(map(str, DEEP[..., 1].ravel())).encode()
PAM = b"P7\nWIDTH 48\nHEIGHT 32\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n"
PLANES = np.ascontiguousarray(np.moveaxis(RGB, -1, 0))
PREMULTIPLIED = np.dstack([RGB * (ALPHA[..., None] // 255), ALPHA])
SHARES = (ONE / 255).astype(np.float32)
INKS_OF = {file: INKS.replace("x has", f"{file} has") for file in ("inks.tif", "deep_inks.tif")}
CMYK = np.asarray(Image.fromarray(RGB).convert("CMYK"))

PNGS = (
    Picture(
        "deep_clear.png",
        "16 bits of grey and an opacity",
        png(np.dstack([DEEP_ONE, DEEP_ALPHA]), 16, 4),
        GREY_ON_WHITE,
        clear("deep_clear.png"),
    ),
    Picture(
        "deep_colours.png",
        "16 bits of colours and an opacity",
        png(np.dstack([DEEP, DEEP_ALPHA]), 16, 6),
        ON_WHITE,
        clear("deep_colours.png"),
    ),
    Picture(
        "one_clear.png",
        "one colour that is see-through, of 16 bits",
        png(DEEP, 16, 2, _chunk(b"tRNS", struct.pack(">HHH", *DEEP[4, 4]))),
        ON_WHITE,
        clear("one_clear.png"),
    ),
    Picture(
        "clear_entry.png",
        "an entry of the palette that is see-through",
        pillow("PNG", PALETTE, transparency=CLEAR),
        ON_WHITE,
        clear("clear_entry.png"),
    ),
    Picture("turns.png", "interlaced", png(RGB, 8, 2, turns=True), RGB),
    Picture("deep_turns.png", "interlaced, of 16 bits", png(DEEP, 16, 2, turns=True), RGB),
    Picture(
        "meant.png", "12 of 16 bits that are meant", png(DEEP_ONE, 16, 0, _chunk(b"sBIT", b"\x0c")), GREY
    ),
)
TIFFS = (
    Picture("inks.tif", "ImageMagick: inks", tiff(CMYK, "separated"), RGB, INKS_OF["inks.tif"], within=3),
    Picture(
        "deep_inks.tif",
        "inks of 16 bits",
        tiff(CMYK.astype(np.uint16) * 257, "separated"),
        RGB,
        INKS_OF["deep_inks.tif"],
        within=3,
    ),
    Picture(
        "planes.tif",
        "planes, LZW with differences",
        tiff(PLANES, planarconfig="separate", compression="lzw", predictor=True),
        RGB,
    ),
    Picture(
        "deep_planes.tif",
        "planes of 16 bits in tiles",
        tiff(PLANES.astype(np.uint16) * 257, planarconfig="separate", tile=(16, 16), compression="zlib"),
        RGB,
    ),
    Picture(
        "floats.tif",
        "floats with differences",
        tiff(SHARES, "minisblack", compression="zlib", predictor=3),
        GREY,
    ),
    Picture("half.tif", "floats of 16 bits", tiff(SHARES.astype(np.float16), "minisblack"), GREY),
    Picture("double.tif", "floats of 64 bits", tiff(SHARES.astype(float), "minisblack"), GREY),
    Picture("packbits.tif", "PackBits", tiff(compression="packbits"), RGB),
    Picture(
        "inverted.tif", "a scanner's: white is zero, 16 bits", tiff(65535 - DEEP_ONE, "miniswhite"), GREY
    ),
    Picture("fax3.tif", "a fax of group 3", pillow("TIFF", ONE > 128, compression="group3"), BLACK_OR_WHITE),
    Picture(
        "multiplied.tif",
        "colours multiplied by their opacity",
        tiff(PREMULTIPLIED, extrasamples=["assocalpha"]),
        ON_WHITE,
        clear("multiplied.tif"),
    ),
    Picture("slide.tif", "a microscope's slide in JPEG 2000", tiff(compression="jpeg2000"), RGB, within=8),
    Picture("slide_xl.tif", "JPEG XL inside", tiff(compression="jpegxl"), RGB, within=8),
    Picture(
        "web.tif",
        "GDAL: WebP inside",
        tiff(compression="webp", compressionargs={"level": 100}),
        RGB,
        within=8,
    ),
    Picture("lerc.tif", "GDAL: LERC, floats", tiff(SHARES, "minisblack", compression="lerc"), GREY),
    Picture("png.tif", "PNG inside", tiff(compression="png"), RGB),
    Picture(
        "channels.ome.tif",
        "OME: three channels of floats",
        pages(SHARES, SHARES * 0, SHARES, ome=True, metadata={"axes": "CYX"}),
        GREY,
        "channels.ome.tif has 3 pages: page 1 is shown.",
    ),
    Picture("pyramid.tif", "a smaller copy inside of the page", pyramid(True), RGB),
    Picture(
        "overview.tif",
        "GDAL: a smaller copy behind the page",
        pyramid(False),
        RGB,
        "overview.tif has 2 pages: page 1 is shown.",
    ),
    Picture(
        "camera.cr2",
        "a camera's raw file, which is a TIFF",
        b"II*\0\x10\0\0\0CR\2\0" + bytes(300),
        RGB,
        refused="camera.cr2 is a raw photograph of a camera.",
    ),
)
OTHERS = (
    Picture(
        "doctor.jpg",
        "12 bits of grey",
        imagecodecs.jpeg_encode(DEEP_ONE >> 4, bitspersample=12, level=100),
        GREY,
        within=40,
    ),
    Picture("lossless.jpg", "lossless, as old scanners have it", imagecodecs.ljpeg_encode(ONE), GREY),
    Picture("doctor.jls", "JPEG-LS, which begins as a JPEG", imagecodecs.jpegls_encode(RGB), RGB),
    Picture("deep.jls", "JPEG-LS of 16 bits", imagecodecs.jpegls_encode(DEEP_ONE), GREY),
    Picture(
        "cut.jls",
        "JPEG-LS that was cut off",
        imagecodecs.jpegls_encode(RGB)[:60],
        RGB,
        refused="cut.jls is a damaged or cut-off JPEG image",
    ),
    Picture(
        "series.heic",
        "a phone's series",
        heic(RGB, RGB[::-1]),
        RGB,
        "series.heic holds 2 pictures: number 1 is shown.",
        within=3,
    ),
    Picture("grey.heic", "grey", heic(ONE), GREY, within=3),
    Picture(
        "clear.heic", "an opacity", heic(np.dstack([RGB, ALPHA])), ON_WHITE, clear("clear.heic"), within=4
    ),
    Picture("packed.bmp", "a palette in run lengths", bmp_packed(), RGB),
    Picture(
        "down.bmp",
        "the highest row first",
        bmp(struct.pack("<IiiHHIIiiII", 40, 48, -32, 1, 24, 0, 0, 0, 0, 0, 0), RGB[..., ::-1].tobytes()),
        RGB,
    ),
    Picture(
        "os2.bmp",
        "OS/2's short header",
        bmp(struct.pack("<IHHHH", 12, 48, 32, 1, 24), RGB[::-1, :, ::-1].tobytes()),
        RGB,
    ),
    Picture("clear.bmp", "Photoshop: an opacity", bmp_clear(), ON_WHITE, clear("clear.bmp")),
    Picture(
        "clear.gif",
        "an entry of the palette that is see-through",
        pillow("GIF", PALETTE, transparency=CLEAR),
        ON_WHITE,
        clear("clear.gif"),
    ),
    Picture("turns.gif", "interlaced", pillow("GIF", PALETTE, interlace=1), RGB),
    Picture("digits.pgm", "16 bits in digits", b"P2\n# by hand\n48 32\n65535\n" + DIGITS, GREY),
    Picture(
        "clear.pam",
        "Netpbm's PAM with an opacity",
        PAM + np.dstack([RGB, ALPHA]).tobytes(),
        ON_WHITE,
        clear("clear.pam"),
    ),
    Picture(
        "depth.pfm",
        "floats, the lowest row first",
        b"Pf\n48 32\n-1.0\n" + SHARES[::-1].astype("<f4").tobytes(),
        GREY,
    ),
    Picture(
        "colours.pfm",
        "floats of colours, the most significant byte first",
        b"PF\n48 32\n1.0\n" + (RGB[::-1] / 255).astype(">f4").tobytes(),
        RGB,
    ),
    Picture(
        "cut.pfm",
        "floats that were cut off",
        b"Pf\n48 32\n-1.0\n" + bytes(99),
        RGB,
        refused="cut.pfm is a damaged or cut-off Netpbm image",
    ),
    Picture(
        "endless.svgz",
        "a packed drawing that is cut off",
        gzip.compress(DRAWING)[:-9],
        RGB,
        refused="endless.svgz is a damaged or cut-off SVG drawing",
    ),
    Picture(
        "camera.cr3",
        "a camera's raw file, which begins as a film",
        b"\0\0\0\x18ftypcrx " + bytes(99),
        RGB,
        refused="camera.cr3 is a raw photograph of a camera.",
    ),
    Picture(
        "painting.xcf",
        "GIMP",
        b"gimp xcf v011\0" + bytes(99),
        RGB,
        refused="painting.xcf is a GIMP document.",
    ),
    Picture(
        "film.avi",
        "a film of Windows",
        b"RIFF\0\0\0\0AVI LIST" + bytes(99),
        RGB,
        refused="film.avi is a film.",
    ),
    Picture(
        "plot.eps",
        "PostScript",
        b"%!PS-Adobe-3.0 EPSF-3.0\nshowpage\n",
        RGB,
        refused="plot.eps is a PostScript drawing.",
    ),
)
PICTURES = (*PNGS, *TIFFS, *OTHERS)
