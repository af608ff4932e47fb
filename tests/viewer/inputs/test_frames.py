"""Of several pictures in one file each is the right one; of a text each encoding gives its characters."""

from __future__ import annotations

import io

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import Film, from_bytes
from headlight.viewer.inputs.pictures import codecs
from headlight.viewer.inputs.source import Reading

SHADES = (0, 80, 160, 240)


def film(kind: str, **options) -> bytes:
    frames = [Image.new("RGB", (16, 12), (shade, 0, 255 - shade)) for shade in SHADES]
    buffer = io.BytesIO()
    frames[0].save(buffer, kind, save_all=True, append_images=frames[1:], **options)
    return buffer.getvalue()


def pages(dtype: type, step: int) -> bytes:
    buffer = io.BytesIO()
    values = np.stack([np.full((12, 16), shade * step, dtype) for shade in SHADES])
    tifffile.imwrite(buffer, values, photometric="minisblack", metadata=None)
    return buffer.getvalue()


def jpegxl(dtype: type, step: float, channels: int = 3) -> bytes:
    shades = [np.array([shade, 0, 255 - shade][:channels]) * step for shade in SHADES]
    values = np.stack([np.full((12, 16, channels), shade, dtype) for shade in shades])
    return imagecodecs.jpegxl_encode(values.squeeze(), lossless=True)


FILMS = {
    "JPEG XL": jpegxl(np.uint8, 1),
    "JPEG XL of 16 bits": jpegxl(np.uint16, 257),
    "JPEG XL of grey floats": jpegxl(np.float32, 1 / 255, 1),
    "GIF": film("GIF"),
    "APNG": film("PNG"),
    "WebP": film("WEBP", lossless=True),
    "AVIF": film("AVIF", quality=100),
    "pages": film("TIFF"),
    "pages of 8 bits": pages(np.uint8, 1),
    "pages of 16 bits": pages(np.uint16, 257),
}


@pytest.mark.parametrize("name", FILMS)
def test_each_picture_of_a_file_is_itself(name):
    for at, shade in enumerate(SHADES, 1):
        read = from_bytes(FILMS[name], "film", Reading(frame=at))
        assert abs(int(read.pixels[6, 8, 0]) - shade) <= (4 if name == "AVIF" else 0)
        assert read.film == Film(4, at)
        assert f"{at} " in read.notices[0]


@pytest.mark.parametrize("name", [*FILMS, "still", "still JPEG XL"])
def test_a_picture_that_is_not_there_is_said(name):
    data = FILMS.get(name, FILMS["GIF"])
    if name == "still JPEG XL":
        data = imagecodecs.jpegxl_encode(np.zeros((12, 16, 3), np.uint8))
    elif name == "still":
        buffer = io.BytesIO()
        Image.new("RGB", (16, 12)).save(buffer, "JPEG")
        data = buffer.getvalue()
    with pytest.raises(HeadlightError, match=r"film (holds|has) (4|one) .*5 was asked for"):
        from_bytes(data, "film", Reading(frame=5))


WORDS = "Señor Müller, 5 € – naïve"


@pytest.mark.parametrize(
    "codec", ["cp1252", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "mac_roman", "cp858"]
)
def test_a_text_is_read_as_it_was_said_to_be(codec):
    words = WORDS.replace("–", "-") if codec == "cp858" else WORDS
    read = from_bytes(words.encode(codec), "a.txt", Reading(encoding=codec))
    assert (read.text, read.notices) == (words, ())


def test_of_frames_that_nothing_counts_the_first_is_shown_and_that_is_said(monkeypatch):
    monkeypatch.setattr(codecs, "_frames", lambda _: None)
    found = codecs.by_jpegxl(FILMS["JPEG XL"], "x", "JPEG XL")
    assert (found.pixels[6, 8].tolist(), found.film) == ([0, 0, 255], None)
    assert found.notices == ("x is animated, and its first frame alone can be shown.",)
    with pytest.raises(HeadlightError, match="x holds one picture alone, and number 2 was asked for"):
        codecs.by_jpegxl(FILMS["JPEG XL"], "x", "JPEG XL", 2)


def test_what_is_not_in_the_encoding_is_said():
    with pytest.raises(HeadlightError, match=r"a\.txt is not Big5: byte 2 .*Choose another encoding"):
        from_bytes(b"ab\xff", "a.txt", Reading(encoding="big5"))
