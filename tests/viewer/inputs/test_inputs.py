import contextlib
import errno
import functools
import io
import os
import re
import socket
import struct
import sys
import warnings
import zlib

import numpy as np
import pytest
import tifffile
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs import inputs
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import (
    ImageInput,
    TextInput,
    from_bytes,
    from_path,
    from_pixels,
    from_text,
)
from headlight.viewer.inputs.pictures import apart
from tests.bad_files import BAD, DATA, MESSAGES, bad_file

Y, X = np.mgrid[:24, :32]
RGB = np.stack([X * 8, Y * 10, (X + Y) * 4], -1).astype(np.uint8)
"""24 rows, 32 columns; no symmetry, so that every turn of it differs."""


def encoded(kind, image=None, **options) -> bytes:
    buffer = io.BytesIO()
    (image or Image.fromarray(RGB)).save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes, title: str = "picture") -> ImageInput:
    result = from_bytes(data, title)
    assert isinstance(result, ImageInput)
    assert result.pixels.dtype == np.uint8
    assert result.pixels.flags.c_contiguous
    return result


def deep_tiff() -> bytes:
    buffer = io.BytesIO()
    values = np.ascontiguousarray(np.moveaxis(RGB.astype(np.uint16) * 257, -1, 0))
    tifffile.imwrite(buffer, values, photometric="rgb", planarconfig="separate", compression="lzw")
    return buffer.getvalue()


VALID = {
    "png": encoded("PNG"),
    "jpeg": encoded("JPEG", quality=95),
    "progressive": encoded("JPEG", progressive=True),
    "webp": encoded("WEBP"),
    "lossless": encoded("WEBP", lossless=True),
    "bmp": encoded("BMP"),
    "tiff": encoded("TIFF"),
    "lzw": encoded("TIFF", compression="tiff_lzw"),
    "deflate": encoded("TIFF", compression="tiff_adobe_deflate"),
    "gif": encoded("GIF"),
    "grey16": encoded("PNG", Image.fromarray((X * 2000).astype(np.uint16))),
    "float": encoded("TIFF", Image.fromarray((X / 7 - 2).astype(np.float32))),
    "palette": encoded("PNG", Image.fromarray(RGB).quantize(64)),
    "deep": deep_tiff(),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_files_give_exactly_their_message(name, tmp_path, monkeypatch):
    path, message = bad_file(name, tmp_path, monkeypatch)
    with pytest.raises(HeadlightError) as error:
        from_path(path)
    assert str(error.value) == message


@pytest.mark.parametrize("name", MESSAGES["notices"])
def test_odd_files_open_and_say_what_is_odd(name):
    result = from_path(DATA / name)
    assert list(result.notices) == MESSAGES["notices"][name]
    assert isinstance(result, ImageInput if name in ("animated.gif", "photo.txt") else TextInput)
    assert result.title == name


@pytest.mark.parametrize("name", ["png", "lossless", "bmp", "tiff", "lzw", "deflate"])
def test_lossless_formats_give_the_very_pixels(name):
    result = opened(VALID[name])
    assert np.array_equal(result.pixels, RGB)
    assert result.notices == ()


@pytest.mark.parametrize("name", ["jpeg", "webp"])
def test_lossy_formats_come_close(name):
    assert np.abs(opened(VALID[name]).pixels.astype(int) - RGB).mean() < 8


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_is_scaled_over_the_whole_range(kind):
    values = np.array([0, 128, 129, 257, 32767, 65278, 65535], np.uint16)
    image = Image.fromarray(np.resize(values, (8, 14)))
    expected = np.rint(np.resize(values, (8, 14)) / 257)
    assert np.array_equal(opened(encoded(kind, image)).pixels, np.repeat(expected[..., None], 3, 2))


def sixteen_bit_rgb_png(values: np.ndarray) -> bytes:
    """uint16 (h, w, 3) as a PNG of 16 bits a channel, which Pillow reads but does not write."""
    height, width = values.shape[:2]
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in parts
    )


def test_16_bit_colours_keep_their_high_bytes():
    assert np.array_equal(opened(sixteen_bit_rgb_png(RGB.astype(np.uint16) * 257)).pixels, RGB)


def test_a_16_bit_tiff_with_white_at_zero_is_inverted():
    values = np.full((8, 8), 4095, np.uint16)
    image = Image.fromarray(values)
    white_at_zero = encoded("TIFF", image).replace(
        struct.pack("<HHIHH", 262, 3, 1, 1, 0), struct.pack("<HHIHH", 262, 3, 1, 0, 0)
    )
    assert opened(white_at_zero).pixels[0, 0].tolist() == [239] * 3


def test_float_images_of_0_to_1_stand_as_they_are_and_others_are_stretched():
    unit = opened(encoded("TIFF", Image.fromarray(np.linspace(0.2, 0.8, 64, dtype=np.float32).reshape(8, 8))))
    assert (unit.pixels.min(), unit.pixels.max(), unit.notices) == (51, 204, ())
    values = np.linspace(-2, 6, 64, dtype=np.float32).reshape(8, 8)
    values[0, 1] = np.nan
    wide = opened(encoded("TIFF", Image.fromarray(values)))
    assert (wide.pixels.min(), wide.pixels.max()) == (0, 255)
    assert wide.notices == (
        "picture has 1 pixels without a number: they are shown black.",
        "picture holds values from -2 to 6: they are shown black to white.",
    )


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_parts_are_put_on_white(mode):
    colour = Image.fromarray(RGB)
    colour.putalpha(Image.fromarray(np.where(X < 16, 0, 255).astype(np.uint8)))
    image = colour.quantize(250) if mode == "PA" else colour.convert(mode)
    result = opened(encoded("PNG", image))
    assert (result.pixels[:, :16] == 255).all()
    expected = image.convert("RGB") if mode != "RGBA" else colour.convert("RGB")
    assert np.array_equal(result.pixels[:, 16:], np.asarray(expected)[:, 16:])
    assert result.notices == ("picture has transparent parts: they are shown on white.",)


def test_half_transparent_is_half_white():
    image = Image.new("RGBA", (8, 8), (0, 100, 255, 128))
    assert opened(encoded("PNG", image)).pixels[0, 0].tolist() == [127, 177, 255]


@pytest.mark.parametrize(("kind", "options"), [("JPEG", {"quality": 100}), ("TIFF", {})])
def test_cmyk_has_the_ink_on_the_right_side(kind, options):
    """Adobe's JPEGs store ink upside down; TIFFs do not."""
    image = Image.new("CMYK", (16, 16), (0, 255, 255, 0))
    red = opened(encoded(kind, image, **options)).pixels[8, 8].astype(int)
    assert red[0] > 200
    assert red[1:].max() < 60


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_undone(kind, orientation):
    stored = {  # how a camera held that way would have stored the upright picture
        1: RGB,
        2: RGB[:, ::-1],
        3: RGB[::-1, ::-1],
        4: RGB[::-1],
        5: RGB.transpose(1, 0, 2),
        6: np.rot90(RGB),
        7: RGB[::-1, ::-1].transpose(1, 0, 2),
        8: np.rot90(RGB, -1),
    }[orientation]
    exif = Image.Exif()
    exif[0x0112] = orientation
    lossless = {"WEBP": {"lossless": True}, "JPEG": {"quality": 100, "subsampling": 0}}.get(kind, {})
    data = encoded(kind, Image.fromarray(np.ascontiguousarray(stored)), exif=exif, **lossless)
    pixels = opened(data).pixels
    assert pixels.shape == RGB.shape
    assert np.abs(pixels.astype(int) - RGB).max() <= (12 if kind == "JPEG" else 0)


def test_colour_profiles_are_followed_and_broken_ones_named():
    linear = ImageCms.createProfile("sRGB")
    same = opened(encoded("PNG", icc_profile=ImageCms.ImageCmsProfile(linear).tobytes()))
    assert np.abs(same.pixels.astype(int) - RGB).max() <= 1
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for profile in (lab, b"no profile"):
        broken = opened(encoded("PNG", icc_profile=profile))
        assert np.array_equal(broken.pixels, RGB)
        assert broken.notices == ("picture has a colour profile that cannot be used: read as sRGB.",)


@pytest.mark.parametrize("name", VALID)
def test_a_cut_off_picture_is_refused_or_whole(name):
    data = VALID[name]
    whole = opened(data).pixels
    for stop in {*range(0, len(data), max(1, len(data) // 60)), *range(len(data) - 12, len(data))}:
        try:
            result = from_bytes(data[:stop], "picture")
        except HeadlightError:
            continue
        if isinstance(result, TextInput):
            assert stop < 16  # "BM" alone is a text
        else:
            assert np.array_equal(result.pixels, whole)


def test_a_tiff_whose_strips_end_early_is_refused():
    height = struct.pack("<HHII", 257, 4, 1, 24)
    data = VALID["tiff"].replace(height, struct.pack("<HHII", 257, 4, 1, 30))
    assert data != VALID["tiff"]
    with pytest.raises(HeadlightError, match="damaged or cut-off TIFF"):
        from_bytes(data, "picture")


def test_libtiff_writes_no_lines_of_its_own(capfd):
    data = bytearray(VALID["deflate"])
    data[20:40] = bytes(20)
    with pytest.raises(HeadlightError, match="damaged"):
        from_bytes(bytes(data), "picture")
    assert capfd.readouterr().err == ""
    os.write(2, b"still there")
    assert capfd.readouterr().err == "still there"


@settings(max_examples=100, deadline=None)
@given(
    name=st.sampled_from(sorted(VALID)),
    changes=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=8),
)
def test_a_damaged_picture_opens_or_is_refused_in_one_line(name, changes):
    data = bytearray(VALID[name])
    for place, value in changes:
        data[place % len(data)] = value
    _opens_or_is_refused(bytes(data))


@settings(max_examples=100, deadline=None)
@given(data=st.binary(max_size=300), magic=st.sampled_from([b"", *(d[:20] for d in VALID.values())]))
@example(data=b"", magic=b"\xff\xfea")
@example(data=b"", magic=b"\xff\xfe\x00\xd8")
@example(data=b"W is a car.", magic=b"BM")
def test_any_bytes_open_or_are_refused_in_one_line(data, magic):
    _opens_or_is_refused(magic + data)


def _one_line(error: HeadlightError) -> None:
    assert "\n" not in str(error)


def _opens_or_is_refused(data: bytes) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = from_bytes(data, "some.file")
        except HeadlightError as error:
            return _one_line(error)
    assert isinstance(result, TextInput | ImageInput)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=100), st.none() | st.text(max_size=20))
def test_any_text_opens_or_is_refused_in_one_line(text, pair):
    try:
        result = from_text(text, pair=pair)
    except HeadlightError as error:
        return _one_line(error)
    assert "\r" not in result.text
    assert 0 < len(result.title) <= 41
    result.text.encode()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_byte_order_marks_choose_the_encoding(codec):
    assert from_bytes("Grüße 🙂\r\nLine 2\r".encode(codec), "a.txt").text == "Grüße 🙂\nLine 2\n"


TEXTS = {
    "cp1252": "“Smart quotes” – and Grüße, 5 € each…",
    "cp1251": "Привет, мир! Это простой текст на русском языке.",
    "koi8_r": "Привет, мир! Это простой текст на русском языке.",
    "cp1250": "Příliš žluťoučký kůň úpěl ďábelské ódy",
    "shift_jis": "吾輩は猫である。名前はまだ無い。",
    "gb18030": "我能吞下玻璃而不伤身体。这是一个测试。",
    "euc_kr": "나는 유리를 먹을 수 있어요. 그래도 아프지 않아요.",
}


@pytest.mark.parametrize("codec", TEXTS)
def test_texts_of_other_encodings_open_and_the_guess_is_said(codec):
    result = from_bytes(TEXTS[codec].encode(codec), "a.txt")
    assert result.text == TEXTS[codec]
    assert re.fullmatch(r"a\.txt is not UTF-8: it is read as .+, which is a guess\. .+", result.notices[0])


@pytest.mark.parametrize("text", ["café", "naïve", "El niño comió piñas"])
def test_a_few_letters_are_taken_for_western_ones(text):
    assert from_bytes(text.encode("latin-1"), "a.txt").text == text


def test_long_texts_are_guessed_by_whole_lines():
    text = "我能吞下玻璃而不伤身体。这是一个测试。\n" * 3000
    assert from_bytes(("x" + text).encode("gb18030"), "a.txt").text == "x" + text


def test_a_bad_byte_does_not_spoil_the_rest():
    data = bytearray("Grüße aus Köln, schöne Größe, Äpfel".encode())
    data[0] = 0xFF
    result = from_bytes(bytes(data), "a.txt")
    assert result.text == "\N{REPLACEMENT CHARACTER}rüße aus Köln, schöne Größe, Äpfel"
    assert result.notices == (
        "a.txt holds a byte that is not UTF-8, from byte 0 on: shown as \N{REPLACEMENT CHARACTER}.",
    )


@pytest.mark.parametrize("codec", ["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
@pytest.mark.parametrize("text", ["Grüße aus Köln\nund mehr", "Привет, мир, и ещё"])
def test_wide_texts_without_a_mark_open(codec, text):
    result = from_bytes(text.encode(codec), "a.txt")
    assert result.text == text
    assert result.notices == (f"a.txt does not say its encoding: it is read as {codec[:6].upper()}.",)


def test_japanese_of_seven_bits_is_no_ascii():
    text = "これは日本語です。\nplain\n"
    opened = from_bytes(text.encode("iso2022_jp"), "mail.txt")
    assert (opened.text, "ISO-2022-JP" in opened.notices[0]) == (text, True)


def test_a_few_control_characters_do_not_make_a_text_binary():
    result = from_bytes("T\x10his \x10is a te\xadst!".encode(), "a.txt")
    assert result.text == "T\x10his \x10is a te\xadst!"
    assert result.notices == ("a.txt holds 2 control characters, which cannot be seen.",)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=8, max_size=200))
def test_numbers_are_no_wide_text(values):
    with pytest.raises(HeadlightError):
        from_bytes(b"\0\1\2\3" + np.array(values, "<i4").tobytes() + np.zeros(8).tobytes(), "numbers.dat")


@pytest.mark.parametrize(
    "text",
    [
        "1 2 3\n4 5 6\n7 8 9\nonce I caught a fish alive\n",
        "ply\nis a kind of thickness of wood.\n",
        "OFF with his head, said the Queen.\n",
        "solid state physics is a field\nof its own, with many friends.\n",
        "LASF are four letters in a row.\n",
    ],
)
def test_prose_that_begins_like_a_cloud_is_a_text(text, tmp_path):
    assert from_bytes(text.encode(), "a.txt").text == text
    (tmp_path / "a.md").write_text(text)
    assert from_path(tmp_path / "a.md").text == text


@pytest.mark.parametrize("ending", [".txt", ""])
def test_tables_and_headers_with_words_stay_clouds(ending):
    rows = "".join(f"{i % 7} {i % 5} {i * 0.1:.1f}\n" for i in range(30))
    header = "ply\nformat ascii 1.0\ncomment made by a very good program\nelement vertex 30\n"
    header += "property float x\nproperty float y\nproperty float z\nend_header\n"
    for text in (rows, "# written by some good program\n" + rows, header + rows):
        assert isinstance(from_bytes(text.encode(), f"a{ending}"), CloudInput)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04" + bytes(99), "a zip archive or an office document"),
        (b"\x76\x2f\x31\x01" + bytes(99), "an OpenEXR image"),
        (b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n\xff\0", "a Radiance HDR image"),
    ],
)
def test_what_is_not_read_is_called_by_its_name(data, what):
    with pytest.raises(HeadlightError, match=rf"^a\.file is {what}\. This version opens texts"):
        from_bytes(data, "a.file")


def test_a_drawing_of_lines_is_no_text(monkeypatch):
    monkeypatch.setitem(sys.modules, "resvg_py", None)
    monkeypatch.setattr(apart, "_is_apart", lambda *_: False)
    with pytest.raises(HeadlightError, match=r"^a\.svg is a drawing of lines"):
        from_bytes(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "a.svg")


@pytest.mark.parametrize("kind", ["pipe", "device", "socket"])
def test_only_regular_files_are_opened_also_behind_links(kind, tmp_path):
    target = tmp_path / "target"
    with contextlib.ExitStack() as stack:
        if kind == "pipe":
            os.mkfifo(target)
        elif kind == "device":
            target = "/dev/zero"
        else:
            stack.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX))).bind(str(target))
        (tmp_path / "link.txt").symlink_to(target)
        with pytest.raises(HeadlightError, match=rf"^link\.txt is a {kind}, not a file\."):
            from_path(tmp_path / "link.txt")


def test_the_true_cause_is_said(tmp_path, monkeypatch):
    room = tmp_path / "room"
    (room / "Annotations").mkdir(parents=True)
    (room / "Annotations" / "wall_².txt").write_text("0 0 0\n1 1 1\n2 2 2\n")
    assert isinstance(from_path(room), CloudInput)
    with pytest.raises(HeadlightError, match="is not a possible file name"):
        from_path("nul\0.txt")

    def fails(*_, code):
        raise OSError(code, os.strerror(code))

    (tmp_path / "points.npz").write_text("any")
    for code, said in (
        (errno.EINVAL, "points.npz is damaged or cut off: it points outside of itself. Get a whole copy"),
        (errno.EIO, "points.npz cannot be read: input/output error. See whether its drive works"),
    ):
        monkeypatch.setattr(inputs, "reader_of", functools.partial(fails, code=code))
        with pytest.raises(HeadlightError) as error:
            from_path(tmp_path / "points.npz")
        assert str(error.value).startswith(said)


def test_utf16_that_breaks_off_names_the_byte():
    data = "ab".encode("utf-16-le")
    with pytest.raises(HeadlightError, match=r"^a\.txt is not UTF-16: byte 6 \(0x00\) does not"):
        from_bytes(b"\xff\xfe" + data + b"\x00", "a.txt")


def test_text_that_begins_like_a_picture_is_a_text():
    for text in ("BMW is a car.", "GIF89a is a format."):
        assert from_bytes(text.encode(), "a.txt").text == text


def test_titles_are_first_words():
    assert from_text("  The keys\nto the cabinet ").title == "The keys to the cabinet"
    assert (
        from_text("The keys to the cabinet are on the table.").title == "The keys to the cabinet are on the…"
    )
    assert from_text("x" * 100).title == "x" * 39 + "…"


def test_the_limit_of_texts_counts_bytes():
    assert from_text("é" * 1_000_000).text
    with pytest.raises(HeadlightError, match=r"^The text has 2\.000002 MB, and texts are read up to 2 MB\."):
        from_text("é" * 1_000_001)
    with pytest.raises(HeadlightError, match=r"^The second text holds only spaces\."):
        from_text("a", pair=" ")


def test_halves_of_characters_are_replaced_and_said():
    result = from_text("a\ud800b")
    assert result.text == "a\N{REPLACEMENT CHARACTER}b"
    assert len(result.notices) == 1


def test_a_pipe_that_takes_the_files_place_is_not_waited_for(tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "late.txt")
    monkeypatch.setattr(inputs, "_check_kind", lambda path, name: None)
    with pytest.raises(HeadlightError, match=r"late\.txt is a pipe, not a file"):
        from_path(tmp_path / "late.txt")


def test_names_cannot_break_the_line(tmp_path):
    with pytest.raises(HeadlightError) as error:
        from_path(tmp_path / "two\nlines\x1b[31m\udc80.txt")
    assert str(error.value).startswith(r"two\nlines\x1b[31m\udc80.txt does not exist")
    assert str(error.value).isprintable()


def test_pasted_pixels():
    assert np.array_equal(from_pixels(RGB).pixels, RGB)
    half = np.dstack([RGB, np.full(RGB.shape[:2], 0, np.uint8)])
    assert (from_pixels(half).pixels == 255).all()
    with pytest.raises(HeadlightError, match="32 × 4 pixels"):
        from_pixels(RGB[:4])
    with pytest.raises(ValueError, match="uint8"):
        from_pixels(RGB.astype(float))
