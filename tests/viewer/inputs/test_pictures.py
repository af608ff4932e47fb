"""Pictures of every depth, kind of colours and order of bytes show what they hold, or say what is odd."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import ImageInput, from_bytes
from headlight.viewer.inputs.pictures import apart, decoding, tiffs

Y, X = np.mgrid[:24, :32]
RGB = np.stack([X * 8, Y * 10, (X + Y) * 4], -1).astype(np.uint8)
RGB16 = RGB.astype(np.uint16) * 257
GREY = np.repeat((X * 8)[..., None], 3, 2).astype(np.uint8)
RAMP = np.repeat(np.rint(X / 31 * 255)[..., None], 3, 2)
"""Black on the left, white on the right."""
ALPHA = np.where(X < 16, 0, 255).astype(np.uint8)
HALF = np.where(X < 16, 128, 255).astype(np.uint8)
ON_WHITE = np.where(ALPHA[..., None] == 0, 255, RGB)
TRANSPARENT = "picture has transparent parts: they are shown on white."


def opened(data: bytes, title: str = "picture") -> ImageInput:
    result = from_bytes(data, title)
    assert isinstance(result, ImageInput)
    return result


def tiff(values: np.ndarray, photometric: str = "rgb", **options) -> bytes:
    buffer = io.BytesIO()
    tifffile.imwrite(buffer, values, photometric=photometric, metadata=None, **options)
    return buffer.getvalue()


def planes(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.moveaxis(values, -1, 0))


def png(values: np.ndarray, colours: int, before=(), after=()) -> bytes:
    """A PNG of the bits that the samples have. before, after: chunks around the pixels."""
    height, width = values.shape[:2]
    depth = values.dtype.itemsize * 8
    rows = b"".join(b"\0" + row.astype(row.dtype.newbyteorder(">")).tobytes() for row in values)
    header = (b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colours, 0, 0, 0))
    parts = [header, *before, (b"IDAT", zlib.compress(rows)), *after, (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in parts
    )


def jpeg(**options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.kron(RGB, np.ones((6, 6, 1), np.uint8))).save(buffer, "JPEG", quality=95, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("layout", [{}, {"rowsperstrip": 5}, {"tile": (16, 16)}])
@pytest.mark.parametrize("packed", [{}, {"compression": "lzw", "predictor": True}, {"compression": "zlib"}])
@pytest.mark.parametrize("separate", [False, True])
def test_tiffs_of_16_bits_in_any_layout(order, layout, packed, separate):
    values, how = (planes(RGB16), {"planarconfig": "separate"}) if separate else (RGB16, {})
    result = opened(tiff(values, byteorder=order, **layout, **packed, **how))
    assert np.array_equal(result.pixels, RGB)
    assert result.notices == ()


INKS = np.dstack([255 - RGB, np.zeros_like(RGB[..., 0])])
APPROXIMATE = "picture has inks without a colour profile: its colours are approximate."
LEFT_OUT = "picture has a channel beside its colours, left out here."
SIGNED = "picture holds values from -100 to 148: they are shown black to white."
GREY16 = GREY[..., 0].astype(np.uint16) * 257
PREMULTIPLIED = np.dstack([np.rint(RGB * (HALF[..., None] / 255)).astype(np.uint8), HALF])
ON_WHITE_HALF = np.rint(RGB * (HALF[..., None] / 255.0) + 255 - HALF[..., None])
STRAIGHT = {"extrasamples": ["unassalpha"]}
PALETTE = np.stack([np.arange(256), 255 - np.arange(256), np.full(256, 128)]).astype(np.uint16) * 257


@pytest.mark.parametrize(
    ("data", "shown", "notices"),
    {
        "float32": (tiff((RGB / 255).astype(np.float32)), RGB, ()),
        "float64": (tiff(RGB / 255), RGB, ()),
        "float64 planes": (tiff(planes(RGB / 255), planarconfig="separate"), RGB, ()),
        "float16 grey": (tiff((GREY[..., 0] / 255).astype(np.float16), "minisblack"), GREY, ()),
        "int16": (tiff((X * 8 - 100).astype(np.int16), "minisblack"), RAMP, (SIGNED,)),
        "int32": (tiff((X * 8 - 100).astype(np.int32), "minisblack"), RAMP, (SIGNED,)),
        "int64 big": (tiff((X * 8 - 100).astype(np.int64), "minisblack", byteorder=">"), RAMP, (SIGNED,)),
        "int8": (
            tiff((X * 8 - 125).astype(np.int8), "minisblack"),
            RAMP,
            ("picture holds values from -125 to 123: they are shown black to white.",),
        ),
        "uint32": (
            tiff((X * 8).astype(np.uint32) + 3_000_000_000, "minisblack"),
            RAMP,
            ("picture holds values from 3e+09 to 3e+09: they are shown black to white.",),
        ),
        "white is 0, 16 bits": (tiff(65535 - GREY16, "miniswhite"), GREY, ()),
        "white is 0, 8 bits": (tiff(255 - GREY[..., 0], "miniswhite"), GREY, ()),
        "1 bit, white is 0": (tiff(X < 16, "miniswhite"), np.where(GREY < 128, 0, 255), ()),
        "grey with alpha": (
            tiff(
                np.dstack([GREY16, ALPHA.astype(np.uint16) * 257]),
                "minisblack",
                planarconfig="contig",
                **STRAIGHT,
            ),
            np.where(ALPHA[..., None] == 0, 255, GREY),
            (TRANSPARENT,),
        ),
        "alpha": (
            tiff(np.dstack([RGB16, ALPHA.astype(np.uint16) * 257]), **STRAIGHT),
            ON_WHITE,
            (TRANSPARENT,),
        ),
        "premultiplied": (
            tiff(PREMULTIPLIED.astype(np.uint16) * 257, extrasamples=["assocalpha"]),
            ON_WHITE_HALF,
            (TRANSPARENT,),
        ),
        "premultiplied, 8 bits": (
            tiff(PREMULTIPLIED, extrasamples=["assocalpha"]),
            ON_WHITE_HALF,
            (TRANSPARENT,),
        ),
        "infrared": (tiff(np.dstack([RGB16, GREY16]), extrasamples=["unspecified"]), RGB, (LEFT_OUT,)),
        "infrared, 8 bits": (tiff(np.dstack([RGB, X]).astype(np.uint8), extrasamples=[0]), RGB, (LEFT_OUT,)),
        "inks": (tiff(INKS, "separated", planarconfig="contig"), RGB, (APPROXIMATE,)),
        "inks, 16 bits": (
            tiff(INKS.astype(np.uint16) * 257, "separated", planarconfig="contig"),
            RGB,
            (APPROXIMATE,),
        ),
        "palette": (
            tiff(GREY[..., 0], "palette", colormap=PALETTE),
            np.dstack([GREY[..., 0], 255 - GREY[..., 0], np.full_like(GREY[..., 0], 128)]),
            (),
        ),
    }.values(),
)
def test_tiffs_of_every_kind(data, shown, notices):
    result = opened(data)
    assert np.abs(result.pixels.astype(int) - shown).max() <= 1
    assert result.notices == notices


@pytest.mark.parametrize("bits", [8, 16])
def test_lab_is_a_colour_with_signed_axes(bits):
    values = np.zeros((16, 16, 3), f"u{bits // 8}")
    values[...] = np.array([53.24 / 100 * (2**bits - 1), 80 << (bits - 8), 67 << (bits - 8)])
    red = opened(tiff(values, "cielab")).pixels[8, 8].astype(int)
    assert np.abs(red - [255, 0, 0]).max() < 16


def test_a_tiff_of_a_fax_of_jbig_is_said_to_be_no_damage():
    plain, jbig = (struct.pack("<HHIH", 259, 3, 1, kind) for kind in (8, 34661))
    data = tiff(RGB16, compression="zlib")
    assert data.count(plain) == 1
    with pytest.raises(HeadlightError, match=r"^picture is a TIFF image compressed by JBIG, which"):
        opened(data.replace(plain, jbig))


@pytest.mark.parametrize(
    ("values", "options", "what"),
    [
        ((X / 31).astype(np.complex64), {"photometric": "minisblack"}, "samples of 64 bits"),
        (
            np.zeros((16, 32, 32), np.uint16),
            {"photometric": "minisblack", "volumetric": True, "tile": (16, 16, 16)},
            "axes ZYX",
        ),
    ],
)
def test_tiffs_that_are_not_read_are_said_to_be_no_damage(values, options, what):
    with pytest.raises(HeadlightError, match=rf"^picture is a TIFF image .*{what}"):
        opened(tiff(values, **options))


@pytest.mark.parametrize(
    "data",
    [
        png(RGB16 // 257 * 16, 2),
        png(np.dstack([RGB16 // 257 * 16, np.full_like(X, 65535, np.uint16)]), 6),
        tiff(RGB16 // 257 * 16),
        tiff(planes(RGB16 // 257 * 16), planarconfig="separate", byteorder=">"),
    ],
)
def test_12_bits_in_16_are_not_black(data):
    result = opened(data)
    assert np.abs(result.pixels.astype(int) - RGB).max() <= 1
    assert result.notices == ("picture has no value above 3,968 of 65,535: 4,095 is shown white.",)


def test_12_bits_of_grey_with_alpha_are_not_black():
    result = opened(png(np.dstack([GREY16 // 257 * 16, ALPHA.astype(np.uint16) * 257]), 4))
    assert np.abs(result.pixels.astype(int) - np.where(ALPHA[..., None] == 0, 255, GREY)).max() <= 1
    assert len(result.notices) == 2


@pytest.mark.parametrize("mark", [-9999.0, -3.4028234663852886e38, 7.5])
def test_what_was_not_measured_sets_no_scale(mark):
    """7.5 is no usual mark: the file says it, as GDAL does."""
    heights = (400 + X * 10).astype(np.float32)
    heights[:, :8] = mark
    told = [(42113, "s", 0, "7.5", True)] if mark == 7.5 else []
    image = opened(tiff(heights, "minisblack", extratags=told))
    wanted = np.where(X < 8, 0, (X - 8) / 23 * 255)[..., None]
    assert np.abs(image.pixels - wanted).max() < 1
    assert image.notices == (
        "picture has 192 pixels without a number: they are shown black.",
        "picture holds values from 480 to 710: they are shown black to white.",
    )


def test_one_bright_point_does_not_make_the_rest_black():
    values = (GREY[..., 0] / 255).astype(np.float32)
    values[3, 3] = 1e5
    result = opened(tiff(values, "minisblack"))
    expected = GREY.copy()
    expected[3, 3] = 255
    assert np.array_equal(result.pixels, expected)
    assert result.notices == ("picture holds values from 0 to 100000: 0 is shown black and 1 white.",)


@pytest.mark.parametrize(("colours", "values"), [(0, GREY16), (2, RGB16)])
def test_the_transparent_colour_of_a_png_is_told_by_all_its_16_bits(colours, values):
    values = values.copy()
    values[5, 5] += 1  # the same in its high byte
    hidden = np.atleast_1d(values[3, 3])
    result = opened(png(values, colours, before=[(b"tRNS", hidden.astype(">u2").tobytes())]))
    same = (values.reshape(24, 32, -1) == hidden).all(axis=-1)
    assert (result.pixels[same] == 255).all()
    assert np.abs(result.pixels[~same].astype(int) - (values >> 8).reshape(24, 32, -1)[~same]).max() <= 1
    assert result.notices == (TRANSPARENT,)


def gamma(value: int, *primaries: float) -> list[tuple[bytes, bytes]]:
    chunks = [(b"gAMA", struct.pack(">I", value))]
    if primaries:
        chunks.append((b"cHRM", struct.pack(">8I", *(round(p * 100_000) for p in primaries))))
    return chunks


def test_the_gamma_of_a_png_is_followed():
    light = RGB / 255
    expected = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.array_equal(opened(png(RGB, 2, gamma(100_000))).pixels, np.rint(expected))
    assert np.array_equal(opened(png(RGB, 2, gamma(45_455))).pixels, RGB)
    odd = opened(png(RGB, 2, gamma(0)))
    assert np.array_equal(odd.pixels, RGB)
    assert odd.notices == ("picture states a gamma of 0, which cannot be: read as sRGB.",)


def test_the_primaries_of_a_png_are_followed():
    """Display P3's (200, 100, 50) in sRGB, by the matrices of SMPTE EG 432-1 and IEC 61966-2-1."""
    values = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    wide = gamma(45_455, 0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
    light = (np.array([200, 100, 50]) / 255) ** 2.2
    light = np.array([[1.2249, -0.2247, 0], [-0.042, 1.0419, 0], [-0.0197, -0.0786, 1.0979]]) @ light
    expected = (1.055 * light ** (1 / 2.4) - 0.055) * 255
    assert np.abs(opened(png(values, 2, wide)).pixels[8, 8] - expected).max() < 1.5


def test_colours_that_are_not_followed_are_said():
    result = opened(png(RGB, 2, [(b"cICP", bytes([9, 16, 0, 1]))]))
    assert result.notices == ("picture says that its colours are not sRGB (H.273: 9, 16): read as sRGB.",)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "WEBP"])
def test_a_profile_of_other_primaries_is_followed(kind):
    """A profile whose red and blue are swapped is one that nobody can overlook."""
    profile = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    red, blue = profile.index(b"rXYZ"), profile.index(b"bXYZ")
    profile[red : red + 4], profile[blue : blue + 4] = b"bXYZ", b"rXYZ"
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16), (220, 40, 40)).save(buffer, kind, icc_profile=bytes(profile), quality=95)
    pixel = opened(buffer.getvalue()).pixels[8, 8].astype(int)
    assert np.abs(pixel - (40, 40, 220)).max() < 20


def test_a_grey_picture_may_have_a_profile_of_colours():
    buffer = io.BytesIO()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    Image.fromarray(GREY[..., 0]).save(buffer, "PNG", icc_profile=profile)
    result = opened(buffer.getvalue())
    assert np.abs(result.pixels.astype(int) - GREY).max() <= 1
    assert result.notices == ()


def test_avif_opens():
    buffer = io.BytesIO()
    Image.fromarray(RGB).save(buffer, "AVIF", quality=100)
    assert np.abs(opened(buffer.getvalue()).pixels.astype(int) - RGB).mean() < 4


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_wrong_checksum_in_an_extra_costs_the_extra_alone(place):
    data = bytearray(png(RGB, 2, **{place: [(b"tEXt", b"Title\0A room")]}))
    data[data.index(b"tEXt") + 6] ^= 1
    result = opened(bytes(data))
    assert np.array_equal(result.pixels, RGB)
    assert result.notices == (
        "picture has damaged extra data (tEXt): it is left out. The picture itself is whole.",
    )


def test_a_wrong_checksum_of_the_pixels_is_damage():
    rows = b"".join(b"\0" + row.tobytes() for row in RGB)
    whole = png(RGB, 2)
    stored = whole.replace(zlib.compress(rows), zlib.compress(rows, 0))  # its bytes can change unnoticed
    at = stored.index(b"IDAT")
    data = bytearray(stored)
    data[at - 4 : at] = struct.pack(">I", len(zlib.compress(rows, 0)))
    data[at + 400] ^= 1
    with pytest.raises(HeadlightError, match="damaged or cut-off PNG"):
        opened(bytes(data))


@pytest.mark.parametrize("progressive", [False, True])
def test_a_jpeg_without_its_last_bytes_opens_and_says_so(progressive):
    data = jpeg(progressive=progressive)
    whole = opened(data).pixels
    for cut in (1, 2):
        result = opened(data[:-cut])
        assert np.array_equal(result.pixels, whole)
        assert result.notices == ("picture lacks its last bytes: the picture itself is whole.",)
    result = opened(data[:-6])
    assert np.array_equal(result.pixels[:96], whole[:96])
    assert "of its pixels are guessed" in result.notices[0]


@settings(max_examples=60, deadline=None)
@given(st.floats(0.05, 0.999), st.booleans())
def test_a_jpeg_that_breaks_off_is_never_half_a_picture_in_silence(share, progressive):
    data = JPEGS[progressive]
    try:
        result = opened(data[: int(len(data) * share)])
    except HeadlightError:
        return
    wrong = (result.pixels != opened(data).pixels).any(axis=-1).mean()
    assert result.notices
    assert wrong <= 0.05


JPEGS = {progressive: jpeg(progressive=progressive) for progressive in (False, True)}


def test_pages_are_counted_up_to_a_bound(monkeypatch):
    monkeypatch.setattr(tiffs, "_MANY_PAGES", 3)
    monkeypatch.setattr(apart, "_is_apart", lambda *_: False)
    for pages, said in ((3, "3"), (4, "more than 3")):
        result = opened(tiff(np.repeat(GREY[None, ..., 0], pages, axis=0), "minisblack"))
        assert result.notices == (f"picture has {said} pages: page 1 is shown.",)


def test_frames_are_counted_in_a_bounded_head(monkeypatch):
    frames = [Image.fromarray(np.full((16, 16), shade, np.uint8)) for shade in range(0, 250, 10)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    assert opened(buffer.getvalue()).notices == ("picture is animated: frame 1 of 25 is shown.",)
    monkeypatch.setattr(decoding, "_GIF_HEAD", len(buffer.getvalue()) // 2)
    assert opened(buffer.getvalue()).notices[0].startswith("picture is animated: frame 1 of at least 1")


def test_samples_that_would_fill_the_memory_are_refused_before_they_are_unpacked(monkeypatch):
    monkeypatch.setattr(tiffs, "MAX_SAMPLE_BYTES", RGB16.nbytes - 1)
    monkeypatch.setattr(apart, "_is_apart", lambda *_: False)
    with pytest.raises(HeadlightError, match=r"^picture takes 0\.0 GB unpacked, and the most is"):
        opened(tiff(RGB16, compression="zlib"))


MEASURED = """
import io, resource, sys
import numpy as np
from PIL import Image
from headlight.viewer import builtin
from headlight.viewer.inputs.inputs import from_bytes
def peak():
    return int(next(l.split()[1] for l in open("/proc/self/status") if l.startswith("VmHWM"))) / 1024
data = open(sys.argv[1], "rb").read()
from_bytes(open(sys.argv[2], "rb").read(), "small.png")
before = peak()
from_bytes(data, "large.png")
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_large_picture_takes_little_beside_its_pixels(tmp_path):
    """16 megapixels of RGBA: 64 MB decoded and 48 MB shown."""
    for name, side in (("large.png", 4000), ("small.png", 16)):
        Image.new("RGBA", (side, side), (90, 120, 150, 128)).save(tmp_path / name)
    script = [sys.executable, "-c", MEASURED, tmp_path / "large.png", tmp_path / "small.png"]
    assert float(subprocess.run(script, capture_output=True, check=True, text=True).stdout) < 190
