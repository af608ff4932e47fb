"""Good pictures of every format, in the kinds of colours, depths and orders that their readers tell apart."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import tifffile
from PIL import Image, ImageCms

from headlight.viewer.inputs.readers import reader_of
from headlight.viewer.inputs.source import Source
from script.fuzzing.sample import Sample, Samples
from tests.viewer.inputs.test_picture_siblings import READ
from tests.viewer.inputs.variants.pictures import PICTURES

_Y, _X = np.mgrid[:24, :32]
_RGB = np.stack([_X * 8, _Y * 10, (_X + _Y) * 4], -1).astype(np.uint8)
_RGBA = np.dstack([_RGB, np.where(_X < 16, 90, 255).astype(np.uint8)])
_GREY16 = (_X * 2000).astype(np.uint16)
_TURNED = Image.Exif()
_TURNED[0x0112] = 6


def encoded(kind: str, pixels: np.ndarray = _RGB, mode: str | None = None, **options: Any) -> bytes:
    """As Pillow writes it."""
    image, out = Image.fromarray(pixels), io.BytesIO()
    (image.convert(mode) if mode else image).save(out, kind, **options)
    return out.getvalue()


def pictures() -> Samples:
    """Those of here, and all that tests have."""
    made = {**_own(), "heic": [Sample.of("a.heic", _heic(), False)]}
    drawing = (
        b'<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><circle r="9" fill="red"/></svg>'
    )
    made |= {"svg": [Sample.of("a.svg", drawing, False)], "pdf": [Sample.of("a.pdf", _pdf(), False)]}
    for number, (data, _, _, ending) in enumerate(READ.values()):
        name = f"{number}.{ending}"
        made.setdefault(reader_of(Source.of(data, name)).id, []).append(Sample.of(name, data, False))
    for one in (one for one in PICTURES if not one.refused):
        made.setdefault(reader_of(Source.of(one.data, one.file)).id, []).append(
            Sample.of(one.file, one.data, False)
        )
    return made


def _heic() -> bytes:
    import pillow_heif

    pillow_heif.register_heif_opener(thumbnails=False)
    return encoded("HEIF")


def _pdf() -> bytes:
    """A page with a square."""
    drawn = b"0.9 0.2 0.1 rg 20 20 60 40 re f"
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 120 90]/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(drawn), drawn),
    )
    made, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%s endobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return made + end % (table, len(made))


def _own() -> Samples:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    profile = profile[:24] + bytes(12) + profile[36:]  # the hour in which it was made
    return {
        "png": [
            Sample.of("rgb.png", encoded("PNG", icc_profile=profile)),
            Sample.of("alpha.png", encoded("PNG", _RGBA)),
            Sample.of("palette.png", encoded("PNG", mode="P")),
            Sample.of("deep.png", encoded("PNG", _GREY16)),
            Sample.of("gamma.png", _with_chunk(encoded("PNG"), b"gAMA", struct.pack(">I", 100_000))),
            Sample.of(
                "moving.png", encoded("PNG", save_all=True, append_images=[Image.fromarray(_RGB[::-1])])
            ),
        ],
        "jpeg": [
            Sample.of("base.jpg", encoded("JPEG", exif=_TURNED, icc_profile=profile)),
            Sample.of("steps.jpg", encoded("JPEG", progressive=True)),
            Sample.of("inks.jpg", encoded("JPEG", mode="CMYK")),
            Sample.of("grey.jpg", encoded("JPEG", mode="L")),
        ],
        "webp": [
            Sample.of("lossy.webp", encoded("WEBP", exif=_TURNED)),
            Sample.of("exact.webp", encoded("WEBP", _RGBA, lossless=True)),
            Sample.of(
                "moving.webp", encoded("WEBP", save_all=True, append_images=[Image.fromarray(_RGB[::-1])])
            ),
        ],
        "avif": [
            Sample.of("rgb.avif", encoded("AVIF", max_threads=1)),
            Sample.of("alpha.avif", encoded("AVIF", _RGBA, max_threads=1, exif=_TURNED)),
        ],
        "bmp": [
            Sample.of("rgb.bmp", encoded("BMP")),
            Sample.of("palette.bmp", encoded("BMP", mode="P")),
            Sample.of("bits.bmp", encoded("BMP", mode="1")),
        ],
        "tiff": _tiffs(),
        "gif": [
            Sample.of("still.gif", encoded("GIF", mode="P")),
            Sample.of(
                "moving.gif", encoded("GIF", save_all=True, append_images=[Image.fromarray(_RGB[::-1])])
            ),
        ],
        "numpy": [Sample.of("plane.npy", _npy(np.tile(_GREY16, (4, 3)).astype(np.float32)))],
    }


def _tiffs() -> list[Sample]:
    def made(values: np.ndarray, photometric: str = "rgb", **options: Any) -> bytes:
        out = io.BytesIO()
        tifffile.imwrite(out, values, photometric=photometric, metadata=None, **options)
        return out.getvalue()

    deep = _RGB.astype(np.uint16) * 257
    kinds = {
        "plain": made(_RGB),
        "lzw": made(deep, compression="lzw", predictor=True),
        "tiles": made(deep, tile=(16, 16), compression="zlib", byteorder=">"),
        "planes": made(
            np.ascontiguousarray(np.moveaxis(deep, -1, 0)), planarconfig="separate", rowsperstrip=5
        ),
        "floats": made((_X / 31).astype(np.float32), "minisblack"),
        "signed": made((_X * 8 - 100).astype(np.int16), "minisblack", bigtiff=True),
        "jpeg": encoded("TIFF", compression="jpeg"),
        "fax": encoded("TIFF", mode="1", compression="group4"),
        "alpha": made(np.dstack([deep, _GREY16]), extrasamples=["unassalpha"]),
        "bits": made(_X < 16, "miniswhite"),
        "zstd": made(deep, compression="zstd"),
    }
    return [Sample.of(f"{name}.tif", data) for name, data in kinds.items()]


def _with_chunk(data: bytes, kind: bytes, body: bytes) -> bytes:
    """A PNG with another chunk behind its header."""
    chunk = struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return data[:33] + chunk + data[33:]


def _npy(values: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, values)
    return out.getvalue()
