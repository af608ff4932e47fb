"""Path, bytes or clipboard → TextInput | ImageInput | CloudInput, by content, within limits."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from headlight.models.core.errors import HeadlightError, shown
from headlight.models.core.task import SILENT, Task
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.cloud_files import Format, cloud_format, read_cloud, read_folder
from headlight.viewer.inputs.clouds.parts import Source
from headlight.viewer.inputs.clouds.room import room_of, rooms_in
from headlight.viewer.inputs.encodings import (
    NotText,
    Torn,
    decoded,
    is_binary,
    looks_like_text,
    promises_utf16,
)
from headlight.viewer.inputs.pictures.decoding import check_size, decode_picture, on_white, picture_format

MAX_IMAGE_BYTES = 200_000_000
MAX_TEXT_BYTES = 2_000_000

_TITLE_LENGTH = 40
_HEAD = 65_536
_SIGNATURE = 64

_IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".heic", ".avif"}
_PROSE_ENDINGS = {"", ".txt", ".md", ".markdown", ".text", ".rst"}
_TEXT_ENDINGS = _PROSE_ENDINGS - {""} | {".csv", ".json", ".html"}
_PROSE = 1 / 4
"""Share of lines of words from which on a text that begins like a cloud is a text."""

_OTHERS = (
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"PK\x03\x04"), "a zip archive or an office document"),
    (re.compile(rb"....ftyp(heic|heix|hevc|mif1|msf1)", re.S), "a HEIC image"),
    (re.compile(rb"....ftyp|\x1a\x45\xdf\xa3", re.S), "a film"),
    (re.compile(rb"\0\0\0\x0cjP  |\xff\x4f\xff\x51"), "a JPEG 2000 image"),
    (re.compile(rb"\0\0\0\x0cJXL |\xff\x0a"), "a JPEG XL image"),
    (re.compile(rb"\x76\x2f\x31\x01"), "an OpenEXR image"),
    (re.compile(rb"#\?(RADIANCE|RGBE)"), "a Radiance HDR image"),
    (re.compile(rb"8BPS\0"), "a Photoshop document"),
    (re.compile(rb"\0\0[\x01\x02]\0"), "an icon"),
    (re.compile(rb".{128}DICM", re.S), "a DICOM image"),
    (re.compile(rb"\x89HDF\r\n"), "an HDF5 file"),
    (re.compile(rb"SIMPLE  ="), "a FITS image"),
    (re.compile(rb"\{\\rtf"), "an RTF document"),
    (re.compile(rb"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "an old office document"),
)
"""Beginnings of files that are told by name since they cannot be opened."""

_READS = (
    "This version opens texts, images (PNG, JPEG, WebP, AVIF, BMP, TIFF, GIF), "
    "point clouds (PLY, PCD, XYZ, PTS, CSV, NPY, NPZ, LAS, LAZ, E57) and meshes (OBJ, STL, OFF, PLY)."
)


@dataclass(frozen=True)
class TextInput:
    """One text or a pair. notices: sentences the user should see."""

    title: str
    text: str
    pair: str | None = None
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ImageInput:
    """pixels: uint8 (height, width, 3), upright, sRGB. notices: sentences the user should see."""

    title: str
    pixels: np.ndarray
    notices: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class StackInput:
    """A stack of convolutions that is built in the window: no model reads it, its layers are in the view."""

    title: str = "Stack of convolutions"
    notices: tuple[str, ...] = ()


Input = TextInput | ImageInput | CloudInput | StackInput


def from_path(path: str | os.PathLike[str], task: Task = SILENT) -> Input:
    """The text, image or point cloud that a file holds. A cloud tells `task` how far it is.

    Raises HeadlightError; never waits for a pipe or a device.
    """
    path = Path(path)
    name = shown(path.name or str(path))
    room = _check_kind(path, name)
    if room is not None:
        return read_folder(room, shown(room.name), task)
    with _complaining(path, name), open(path, "rb", opener=_open_without_waiting) as file:
        state = os.fstat(file.fileno())
        _check_regular(state.st_mode, name)  # another may have taken the file's place since it was looked at
        with _complaining(path, name, opened=True):
            head, size = file.read(_HEAD), state.st_size
            source = Source(name, file, size, path, task)
            form = _cloud_format(head, source, path.suffix)
            if form is not None:
                return _cloud(source, form, path.suffix)
            file.seek(len(head))
            _check_bytes(head, size, name)
            # One byte more than is allowed shows a file that has grown, or one that tells no size.
            data = head + file.read(MAX_IMAGE_BYTES + 1 - len(head))
    return from_bytes(data, path.name)


def from_bytes(data: bytes, title: str) -> Input:
    """What `data` holds, by its content. `title` is its file name, or what the user should read instead."""
    name = shown(title)
    if not data:
        raise HeadlightError(f"{name} is empty (0 bytes).", "Choose a file with something in it.")
    ending = Path(title).suffix.lower()
    source = Source.of(data, name)
    form = _cloud_format(data[:_HEAD], source, ending)
    if form is not None:
        return _cloud(source, form, ending)
    _check_bytes(data[:_HEAD], len(data), name)
    kind = picture_format(data[:_SIGNATURE])
    if kind and not looks_like_text(data):
        pixels, notices = decode_picture(data, name, kind)
        if ending in _TEXT_ENDINGS:
            notices = (f"{name} is {_a(kind)} image in spite of its name.", *notices)
        return ImageInput(name, pixels, notices)
    for pattern, what in _OTHERS:
        if pattern.match(data):
            raise HeadlightError(f"{name} is {what}.", _READS)
    if ending == ".svg" and b"<svg" in data[:_HEAD]:
        raise HeadlightError(f"{name} is a drawing of lines (SVG).", "Save it as a PNG image and open that.")
    text, said = _decode(data, name)
    text = from_text(text, title=name)
    text = replace(text, notices=(*said, *text.notices))
    if ending in _IMAGE_ENDINGS:
        text = replace(text, notices=(f"{name} is a text in spite of its name.", *text.notices))
    return text


def from_text(text: str, title: str | None = None, pair: str | None = None) -> TextInput:
    """A text or a pair, every line ending in "\\n". Its title is its first words if none is given.

    Raises HeadlightError for a text that shows nothing, or of more than MAX_TEXT_BYTES.
    """
    subjects = ("The text", "The second text") if title is None else (title, "The second text")
    cleaned, notices = [], []
    for subject, part in zip(subjects, (text, pair), strict=True):
        if part is None:
            cleaned.append(None)
            continue
        part = part.replace("\r\n", "\n").replace("\r", "\n")
        if re.search("[\ud800-\udfff]", part):
            part = re.sub("[\ud800-\udfff]", "\N{REPLACEMENT CHARACTER}", part)
            notices.append(
                f"{subject} holds halves of characters: they are shown as \N{REPLACEMENT CHARACTER}."
            )
        _check_text(part, subject)
        cleaned.append(part)
    return TextInput(title or _first_words(cleaned[0]), cleaned[0], cleaned[1], tuple(notices))


def from_pixels(pixels: np.ndarray, title: str = "Pasted image") -> ImageInput:
    """A picture from the clipboard: uint8 (h, w, 3) sRGB, or (h, w, 4) with alpha, which is put on white."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"pixels must be uint8 (h, w, 3 or 4), not {pixels.dtype} {pixels.shape}")
    check_size(title, pixels.shape[1], pixels.shape[0])
    if pixels.shape[2] == 3:
        return ImageInput(title, np.array(pixels))
    opaque = bool((pixels[..., 3] == 255).all())
    notices = () if opaque else (f"{title} has transparent parts: they are shown on white.",)
    return ImageInput(title, on_white(pixels), notices)


_CHECK = "Check its name and its permissions."
_NAMED_WRONG = {errno.ENOENT, errno.EACCES, errno.EPERM, errno.ELOOP, errno.ENAMETOOLONG, errno.ENOTDIR}


@contextmanager
def _complaining(path: Path, name: str, opened: bool = False) -> Iterator[None]:
    """What the system says of a path, in a sentence. opened: reading is what fails, not opening."""
    try:
        yield
    except FileNotFoundError as error:
        if path.is_symlink():
            target = shown(os.readlink(path))
            raise HeadlightError(f"{name} is a link to {target}, which does not exist.", _CHECK) from error
        raise HeadlightError(f"{name} does not exist.", _CHECK) from error
    except OSError as error:
        if opened and error.errno == errno.EINVAL:  # a reader was sent to a place before the file's beginning
            raise HeadlightError(
                f"{name} is damaged or cut off: it points outside of itself.",
                "Get a whole copy of it and try again.",
            ) from error
        reason = (error.strerror or type(error).__name__).lower()
        step = _CHECK if error.errno in _NAMED_WRONG else "See whether its drive works, and try again."
        raise HeadlightError(f"{name} cannot be read: {reason}.", step) from error


def _check_kind(path: Path, name: str) -> Path | None:
    """The room that a folder is. Refuses what is no regular file before it is opened: opening a pipe waits,
    opening a device acts.
    """
    with _complaining(path, name):
        try:
            mode = path.stat().st_mode
        except ValueError as error:  # a NUL in the path
            raise HeadlightError(f"{name} is not a possible file name.", _CHECK) from error
        if stat.S_ISDIR(mode):
            return _room(path, name)
    _check_regular(mode, name)
    return None


def _room(path: Path, name: str) -> Path:
    """The room that a folder is, or HeadlightError with what it is."""
    room = room_of(path.resolve())
    if room is not None:
        return room
    rooms = rooms_in(path)
    if rooms:
        raise HeadlightError(
            f"{name} holds {len(rooms):,} room{'s' * (len(rooms) > 1)}.",
            f"Choose one of them: {shown(rooms[0])}, say.",
        )
    if (path / "config.json").is_file():
        raise HeadlightError(
            f"{name} is a model folder.", "Choose it as the model, with --model or in the model menu."
        )
    raise HeadlightError(f"{name} is a folder.", "Choose a file in it.")


def _check_regular(mode: int, name: str) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_IFIFO: "pipe",
        stat.S_IFSOCK: "socket",
        stat.S_IFCHR: "device",
        stat.S_IFBLK: "device",
    }
    raise HeadlightError(
        f"{name} is a {kinds.get(stat.S_IFMT(mode), 'special file')}, not a file.",
        "Save what it gives to a file and choose that.",
    )


def _cloud_format(head: bytes, source: Source, ending: str) -> Format | None:
    if picture_format(head[:_SIGNATURE]) and not looks_like_text(head):
        return None
    form = cloud_format(head, ending.lower(), source)
    return None if form is not None and _is_prose(head, ending.lower()) else form


def _is_prose(head: bytes, ending: str) -> bool:
    """Whether what begins like a cloud goes on in words: a poem that counts, "OFF with his head"."""
    if ending not in _PROSE_ENDINGS or is_binary(head) or b"end_header" in head:
        return False
    lines = [line for line in head.decode("utf-8", "ignore").splitlines() if line.strip()]
    lines = [line.split() for line in lines[1:] or lines if not line.lstrip().startswith("#")]
    prose = sum(_is_line_of_words(words) for words in lines)
    return prose > 0 and prose >= _PROSE * len(lines)


def _is_line_of_words(words: list[str]) -> bool:
    bare = [word.strip(".,;:!?'\"()-–—“”‘’…") for word in words]
    return len(words) >= 3 and sum(len(word) > 1 and word.isalpha() for word in bare) * 5 >= len(words) * 3


def _cloud(source: Source, form: Format, ending: str) -> CloudInput:
    cloud = read_cloud(source, form)
    if ending.lower() in _IMAGE_ENDINGS:
        what = f"{source.name} is {form.article} {form.kind} in spite of its name."
        cloud = replace(cloud, notices=(what, *cloud.notices))
    return cloud


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_bytes(head: bytes, size: int, name: str) -> None:
    """Refuse what is too large, by the limit for what it is."""
    image = picture_format(head[:_SIGNATURE]) is not None and not looks_like_text(head)
    limit = MAX_IMAGE_BYTES if image else MAX_TEXT_BYTES
    if size <= limit:
        return
    for pattern, what in _OTHERS:
        if pattern.match(head):
            raise HeadlightError(f"{name} is {what}.", _READS)
    if not image and not promises_utf16(head) and is_binary(head):
        raise _neither(name)
    what, smaller = ("image", "a smaller one") if image else ("text", "a part of it")
    raise HeadlightError(
        f"{name} has {_megabytes(size)}, and {what}s are read up to {_megabytes(limit)}.",
        f"Choose {smaller}.",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.6f}".rstrip("0").rstrip(".") + " MB"


def _decode(data: bytes, name: str) -> tuple[str, tuple[str, ...]]:
    try:
        text, notices = decoded(data, name)
    except NotText as error:
        raise _neither(name) from error
    except Torn as torn:
        raise HeadlightError(
            f"{name} is not {torn.label}: byte {torn.at:,} (0x{data[torn.at]:02X}) does not belong there.",
            "Save it as UTF-8 and try again.",
        ) from torn
    if notices and Path(name).suffix.lower() in _IMAGE_ENDINGS:
        raise _neither(name)  # what calls itself an image and is no plain text is a broken image
    return text, notices


def _check_text(text: str, subject: str) -> None:
    if "\0" in text:
        raise HeadlightError(f"{subject} holds a NUL character.", "Choose plain text.")
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        raise HeadlightError(
            f"{subject} has {_megabytes(size)}, and texts are read up to {_megabytes(MAX_TEXT_BYTES)}.",
            "Choose a part of it.",
        )
    if not text:
        raise HeadlightError(f"{subject} is empty.", "Give it at least one word.")
    if not any(c.isprintable() and not c.isspace() for c in text):
        raise HeadlightError(f"{subject} holds only spaces.", "Give it at least one word.")


def _first_words(text: str) -> str:
    words = " ".join(text[: 20 * _TITLE_LENGTH].split())
    if len(words) <= _TITLE_LENGTH and len(text) <= 20 * _TITLE_LENGTH:
        return words
    cut = words[:_TITLE_LENGTH]
    return f"{cut[: cut.rfind(' ')] if ' ' in cut else cut[:-1]}…"


def _neither(name: str) -> HeadlightError:
    return HeadlightError(f"{name} is neither an image nor a text Headlight can read.", _READS)


def _a(kind: str) -> str:
    return {"WEBP": "a WebP", "AVIF": "an AVIF"}.get(kind, f"a {kind}")
