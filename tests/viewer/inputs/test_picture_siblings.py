"""Pictures as other programs write them: which variants are read, which are told, which are refused."""

from __future__ import annotations

import io
import struct
import sys

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import ImageInput, from_bytes
from headlight.viewer.inputs.pictures.codecs import jpegxl_size
from headlight.viewer.inputs.pictures.decoding import decode_picture
from headlight.viewer.inputs.readers import reader_of
from headlight.viewer.inputs.source import Source

RGB = np.zeros((32, 48, 3), np.uint8)
"""Red, green, blue and white quadrants: no turn and no order of channels is another's."""
RGB[:16, :24], RGB[:16, 24:], RGB[16:, :24], RGB[16:, 24:] = (220, 30, 30), (30, 180, 40), (40, 60, 210), 255
GREY = np.repeat(RGB[..., 1:2], 3, axis=-1)
DEEP = RGB.astype(np.uint16) * 257
ALPHA = np.full((32, 48), 255, np.uint8)
ALPHA[:16, :24] = 0
ON_WHITE = np.where(ALPHA[..., None] == 0, 255, RGB)
BLACK_OR_WHITE = np.where(GREY > 128, 255, 0)
SEE_THROUGH = "x has transparent parts: they are shown on white."
FLATTENED = "x is shown as its layers were flattened."
INKS = "x has inks without a colour profile: its colours are approximate."


def pillow(kind: str, values: np.ndarray | Image.Image = RGB, **options) -> bytes:
    buffer = io.BytesIO()
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(values: np.ndarray = RGB, photometric: str = "rgb", **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, photometric=photometric, **({"metadata": None} | options))
    return buffer.getvalue()


def jxl(values: np.ndarray, **options) -> bytes:
    return imagecodecs.jpegxl_encode(values, lossless=True, **options)


def jp2(values: np.ndarray, codec: str = "jp2") -> bytes:
    return imagecodecs.jpeg2k_encode(values, level=0, codecformat=codec)


def psd(values: np.ndarray, mode: int, packed: bool = False, layers: int = 0, whole: bool = True) -> bytes:
    """A Photoshop document with its flattened picture. layers: how many it is said to have."""
    height, width, channels = values.shape
    depth = values.dtype.itemsize * 8
    head = struct.pack(">4sH6xHIIHH", b"8BPS", 1, channels, height, width, depth, mode)
    version = b"\0\0\0\1" + bytes([whole]) + b"\0" * 7
    resources = b"8BIM" + struct.pack(">H2xI", 1057, len(version)) + version
    inner = struct.pack(">Ih", 4, layers) + b"\0\0" if layers else b""
    between = struct.pack(">I", 0) + struct.pack(">I", len(resources)) + resources
    between += struct.pack(">I", len(inner) + 4 * bool(inner)) + inner + b"\0" * 4 * bool(inner)
    rows = [
        row.astype(row.dtype.newbyteorder(">")).tobytes()
        for row in np.moveaxis(values, -1, 0).reshape(-1, width)
    ]
    if not packed:
        return head + between + struct.pack(">H", 0) + b"".join(rows)
    small = [imagecodecs.packbits_encode(row) for row in rows]
    sizes = b"".join(struct.pack(">H", len(row)) for row in small)
    return head + between + struct.pack(">H", 1) + sizes + b"".join(small)


def pnm(head: str, values: np.ndarray) -> bytes:
    return head.encode() + values.astype(values.dtype.newbyteorder(">")).tobytes()


def bmp565() -> bytes:
    words = (RGB[..., 0] >> 3).astype("<u2") << 11 | (RGB[..., 1] >> 2).astype("<u2") << 5 | RGB[..., 2] >> 3
    pixels = words[::-1].astype("<u2").tobytes()
    info = struct.pack("<IiiHHIIiiII", 40, 48, 32, 1, 16, 3, len(pixels), 0, 0, 0, 0)
    masks = struct.pack("<III", 0xF800, 0x07E0, 0x001F)
    return struct.pack("<2sIHHI", b"BM", 66 + len(pixels), 0, 0, 66) + info + masks + pixels


def turned(kind: str, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = {3: RGB[::-1, ::-1], 6: np.rot90(RGB), 8: np.rot90(RGB, -1)}[orientation]
    return pillow(kind, np.ascontiguousarray(stored), exif=exif, quality=100)


def microscope(**options) -> bytes:
    """Two channels of 16 bits, as ImageJ and OME keep them: pages."""
    values = np.stack([GREY[..., 0].astype(np.uint16) * 257, np.zeros((32, 48), np.uint16)])
    return tiff(values, "minisblack", metadata={"axes": "CYX"}, **options)


LEFT_OUT = "x has 2 channels beside its colours, left out here."
FIRST = "x has 2 pages: page 1 is shown."
READ: dict[str, tuple[bytes, np.ndarray, tuple[str, ...], str]] = {
    # name: (bytes, what is shown, what is told, ending); lossy ones come close
    "JPEG XL": (jxl(RGB), RGB, (), ""),
    "JPEG XL of 16 bits, in boxes": (jxl(DEEP), RGB, (), ""),
    "JPEG XL of floats": (jxl((RGB / 255).astype(np.float32)), RGB, (), ""),
    "JPEG XL of grey": (jxl(GREY[..., 0].copy()), GREY, (), ""),
    "JPEG XL with alpha": (jxl(np.dstack([RGB, ALPHA])), ON_WHITE, (SEE_THROUGH,), ""),
    "JPEG XL, lossy": (imagecodecs.jpegxl_encode(RGB, level=95), RGB, (), ""),
    "JPEG 2000": (jp2(RGB), RGB, (), ""),
    "JPEG 2000 of 16 bits": (jp2(DEEP), RGB, (), ""),
    "JPEG 2000, bare": (jp2(RGB, "j2k"), RGB, (), ""),
    "JPEG 2000 of grey": (jp2(GREY[..., 0].copy()), GREY, (), ""),
    "JPEG 2000 with alpha": (jp2(np.dstack([RGB, ALPHA])), ON_WHITE, (SEE_THROUGH,), ""),
    "Photoshop": (psd(RGB, 3), RGB, (), ""),
    "Photoshop, packed": (psd(RGB, 3, packed=True), RGB, (), ""),
    "Photoshop of 16 bits": (psd(DEEP, 3, packed=True), RGB, (), ""),
    "Photoshop of floats": (psd((GREY[..., :1] / 255).astype(np.float32), 1), GREY, (), ""),
    "Photoshop of grey": (psd(GREY[..., :1], 1), GREY, (), ""),
    "Photoshop of inks": (psd(np.dstack([RGB, np.full((32, 48), 255, np.uint8)]), 4), RGB, (INKS,), ""),
    "Photoshop with layers": (psd(RGB, 3, layers=2), RGB, (FLATTENED,), ""),
    "Photoshop with layers, see-through": (
        psd(np.dstack([RGB, ALPHA]), 3, layers=-2),
        ON_WHITE,
        (FLATTENED, SEE_THROUGH),
        "",
    ),
    "PGM": (pnm("P5\n48 32\n255\n", GREY[..., 0]), GREY, (), "pgm"),
    "PGM of 16 bits": (pnm("P5 48 32 65535\n", DEEP[..., 1]), GREY, (), ""),
    "PPM": (pnm("P6\n# by hand\n48 32\n255\n", RGB), RGB, (), ""),
    "PPM of 16 bits": (pnm("P6\n48 32\n65535\n", DEEP), RGB, (), ""),
    "PPM up to 100": (pnm("P6\n48 32\n100\n", np.rint(RGB / 2.55).astype(np.uint8)), RGB, (), ""),
    "PPM in digits": (b"P3 48 32 255 " + " ".join(map(str, RGB.ravel())).encode(), RGB, (), "ppm"),
    "PBM": (pillow("PPM", GREY[..., 0] > 128), BLACK_OR_WHITE, (), ""),
    "TGA": (pillow("TGA"), RGB, (), "tga"),
    "TGA, packed, with alpha": (
        pillow("TGA", np.dstack([RGB, ALPHA]), compression="tga_rle"),
        ON_WHITE,
        (SEE_THROUGH,),
        "tga",
    ),
    "PCX": (pillow("PCX"), RGB, (), ""),
    "SGI": (pillow("SGI"), RGB, (), ""),
    "QOI": (imagecodecs.qoi_encode(RGB), RGB, (), ""),
    "DDS": (pillow("DDS"), RGB, (), ""),
    "an icon": (pillow("ICO", sizes=[(48, 32)]), RGB, (), ""),
    "TIFF, a palette": (pillow("TIFF", Image.fromarray(RGB).quantize(8)), RGB, (), ""),
    "TIFF, a fax": (pillow("TIFF", GREY[..., 0] > 128, compression="group4"), BLACK_OR_WHITE, (), ""),
    "TIFF, 1 bit packed": (
        pillow("TIFF", GREY[..., 0] > 128, compression="packbits"),
        BLACK_OR_WHITE,
        (),
        "",
    ),
    "TIFF, JPEG inside": (tiff(compression="jpeg", compressionargs={"level": 98}), RGB, (), ""),
    "TIFF, big": (tiff(bigtiff=True), RGB, (), ""),
    "TIFF, big, of 16 bits": (tiff(DEEP, bigtiff=True, byteorder=">"), RGB, (), ""),
    "TIFF, LZW in tiles": (tiff(compression="lzw", predictor=True, tile=(16, 16)), RGB, (), ""),
    "TIFF, Zstandard": (tiff(DEEP, compression="zstd"), RGB, (), ""),
    "TIFF, LZMA": (tiff(DEEP, compression="lzma"), RGB, (), ""),
    "TIFF, five channels": (
        tiff(np.dstack([DEEP, DEEP[..., :2]]), extrasamples=["unspecified"] * 2),
        RGB,
        (LEFT_OUT,),
        "",
    ),
    "TIFF of ImageJ": (microscope(imagej=True), GREY, (FIRST,), ""),
    "TIFF of OME": (microscope(ome=True), GREY, (FIRST,), ""),
    "TIFF of a scanner, turned": (
        tiff(RGB[::-1, ::-1].copy(), extratags=[(274, 3, 1, 3, True)]),
        RGB,
        (),
        "",
    ),
    "JPEG, held upright": (turned("JPEG", 6), RGB, (), ""),
    "JPEG, held the other way": (turned("JPEG", 8), RGB, (), ""),
    "WebP, upside down": (turned("WEBP", 3), RGB, (), ""),
    "PNG, held upright": (turned("PNG", 6), RGB, (), ""),
    "JPEG of inks": (pillow("JPEG", Image.fromarray(RGB).convert("CMYK"), quality=100), RGB, (INKS,), ""),
    "JPEG of grey": (pillow("JPEG", GREY[..., 0], quality=100), GREY, (), ""),
    "JPEG, progressive": (pillow("JPEG", progressive=True, quality=100), RGB, (), ""),
    "JPEG of a phone, two in one": (
        pillow("MPO", save_all=True, append_images=[Image.fromarray(GREY)], quality=100),
        RGB,
        (),
        "",
    ),
    "PNG of 1 bit": (pillow("PNG", GREY[..., 0] > 128), BLACK_OR_WHITE, (), ""),
    "PNG, a palette of 2 bits": (pillow("PNG", Image.fromarray(RGB).quantize(4), bits=2), RGB, (), ""),
    "BMP of 16 bits": (bmp565(), RGB, (), ""),
    "BMP, a palette": (pillow("BMP", Image.fromarray(RGB).quantize(8)), RGB, (), ""),
    "GIF": (pillow("GIF"), RGB, (), ""),
    "AVIF": (pillow("AVIF", quality=100, subsampling="4:4:4"), RGB, (), ""),
    "AVIF with alpha": (
        pillow("AVIF", np.dstack([RGB, ALPHA]), quality=100, subsampling="4:4:4"),
        ON_WHITE,
        (SEE_THROUGH,),
        "",
    ),
    "AVIF of 10 bits": (imagecodecs.avif_encode(DEEP >> 6, bitspersample=10, level=100), RGB, (), ""),
    "WebP, lossless": (pillow("WEBP", lossless=True), RGB, (), ""),
}
REFUSED: dict[str, tuple[bytes, str]] = {
    "Photoshop, large": (psd(RGB, 3)[:4] + b"\0\2" + psd(RGB, 3)[6:], "a large one .PSB., which is not read"),
    "Photoshop of a palette": (psd(GREY[..., :1], 2), "of indexed colours, which is not read"),
    "Photoshop without a picture": (psd(RGB, 3, whole=False), "keeps its layers alone"),
    "Photoshop, cut off": (psd(RGB, 3)[:-9], "is a damaged or cut-off Photoshop image"),
    "JPEG XL, cut off": (jxl(RGB)[:-9], "is a damaged or cut-off JPEG XL image"),
    "JPEG XL, huge": (
        b"\xff\x0a" + bytes([0b11111110, 255, 255, 255, 255, 255, 255, 255]) + bytes(99),
        "the most is",
    ),
    "JPEG 2000, cut off": (jp2(RGB)[:60], "is a damaged or cut-off JPEG 2000 image"),
    "PPM, cut off": (pnm("P6\n48 32\n255\n", RGB)[:-9], "is a damaged or cut-off Netpbm image"),
    "PGM, huge": (b"P5 99999 99999 255\n" + bytes(99), "the most is"),
    "OpenEXR": (b"\x76\x2f\x31\x01" + bytes(99), "an OpenEXR image"),
    "Radiance": (b"#?RADIANCE\n" + bytes(99), "a Radiance HDR image"),
    "a film": (b"\0\0\0\x18ftypisom" + bytes(99), "a film"),
    "a cursor": (b"\0\0\2\0\1\0" + bytes(99), "a cursor"),
    "DICOM": (bytes(128) + b"DICM" + bytes(99), "a DICOM image"),
    "TIFF of complex numbers": (
        tiff(RGB[..., 0].astype(np.complex64), "minisblack"),
        "a TIFF image with samples of 64 bits in a form of their own, which Headlight does not read",
    ),
}
LOSSY = {
    "JPEG": 40,
    "AVIF": 14,
    "WebP, upside down": 60,
    "BMP of 16 bits": 8,
    "TIFF, JPEG": 40,
    "JPEG XL, lossy": 24,
}


@pytest.mark.parametrize("name", READ)
def test_variants_that_are_read(name):
    data, shown, told, ending = READ[name]
    read = from_bytes(data, f"x.{ending}" if ending else "x")
    assert isinstance(read, ImageInput)
    assert read.pixels.shape == (32, 48, 3)
    error = np.abs(read.pixels.astype(int) - shown)
    lossless = name.startswith(("JPEG XL", "JPEG 2000")) and "lossy" not in name
    most = 1 if lossless else next((limit for start, limit in LOSSY.items() if name.startswith(start)), 1)
    corners = error[2:-2:27, 2:-2:43] if most > 1 else error  # lossy ones ring along the edges
    assert corners.max() <= most
    assert tuple(notice.replace(f"x.{ending}", "x") for notice in read.notices) == told


@pytest.mark.parametrize("name", REFUSED)
def test_variants_that_are_refused_say_what_they_are(name):
    data, said = REFUSED[name]
    with pytest.raises(HeadlightError, match=said) as caught:
        from_bytes(data, "x")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("width", "height"), [(8, 8), (48, 32), (333, 77), (1000, 1), (160, 90), (9000, 2)])
def test_the_size_of_a_jpeg_xl_stands_in_its_head(width, height):
    for values in (np.zeros((height, width), np.uint8), np.zeros((height, width, 3), np.uint16)):
        assert jpegxl_size(jxl(values)) == (width, height)


SVG = """<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 48 32"><rect width="24" height="16" fill="#dc1e1e"/><rect x="24" width="24" height="16"
 fill="#1eb428"/><rect y="16" width="24" height="16" fill="#283cd2"/>{}</svg>"""
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R 5 0 R]/Count 2>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 144 72]/Contents 4 0 R>>endobj
4 0 obj<</Length 24>>stream
1 0 0 rg 0 0 72 72 re f
endstream endobj
5 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]>>endobj
trailer<</Root 1 0 R>>
"""


def test_a_drawing_is_drawn_without_what_other_files_hold():
    read = from_bytes(SVG.format('<image xlink:href="/etc/x.png" width="9" height="9"/>').encode(), "x.svg")
    assert read.pixels.shape == (299, 448, 3)
    assert (
        read.pixels[[9, 9, 280, 280], [9, 440, 9, 440]].tolist()
        == RGB[[0, 0, -1, -1], [0, -1, 0, -1]].tolist()
    )
    assert read.notices == (
        "x.svg is a drawing of lines, drawn at 448 × 299 pixels.",
        "1 thing that x.svg takes from other files: left out.",
    )


def test_a_page_of_a_document_is_drawn():
    read = from_bytes(PDF, "x.pdf")
    assert read.pixels.shape == (200, 400, 3)
    assert (read.pixels[100, 50].tolist(), read.pixels[100, 350].tolist()) == ([255, 0, 0], [255, 255, 255])
    assert (read.film.count, read.film.at) == (2, 1)
    assert read.notices == ("x.pdf is a document: page 1 of 2 is drawn with 200 dots an inch.",)


def test_a_phones_picture_is_read():
    import pillow_heif

    pillow_heif.register_heif_opener()
    data = pillow("HEIF", quality=-1, chroma=444)
    read = from_bytes(data, "x.heic")
    assert np.abs(read.pixels.astype(int) - RGB)[2:-2:27, 2:-2:43].max() <= 3
    assert read.notices == ()


@pytest.mark.parametrize(
    ("data", "package"),
    [(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "pillow_heif"), (PDF, "pypdfium2"), (SVG.encode(), "resvg_py")],
)
def test_without_its_package_the_way_is_named(data, package, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        HeadlightError, match=r"pip install 'headlight-viewer\[pictures\]'”, or save it as PNG"
    ):
        decode_picture(data, "x", reader_of(Source.of(data, "x")))
