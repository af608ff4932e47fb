"""Path, bytes or clipboard → TextInput | ImageInput | CloudInput, by content, within limits."""

from __future__ import annotations

import codecs
import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from models.errors import HeadlightError
from models.task import SILENT, Task
from viewer.cloud_files import Format, cloud_format, read_cloud, read_folder
from viewer.cloud_formats.parts import Source
from viewer.cloud_formats.room import room_of, rooms_in
from viewer.clouds import CloudInput
from viewer.pictures import check_size, decode_picture, on_white, picture_format

MAX_IMAGE_BYTES = 200_000_000
MAX_TEXT_BYTES = 2_000_000

_TITLE_LENGTH = 40
_HEAD = 65_536

_IMAGE_ENDINGS = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".svg", ".heic", ".avif"}
_TEXT_ENDINGS = {".txt", ".md", ".markdown", ".text", ".rst", ".csv", ".json", ".html"}

# A longer mark first: UTF-32's little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)

_OTHERS = (
    (re.compile(rb"%PDF-"), "a PDF document"),
    (re.compile(rb"PK\x03\x04"), "a zip archive or an office document"),
    (re.compile(rb"....ftyp(avif|avis)", re.S), "an AVIF image"),
    (re.compile(rb"....ftyp(heic|heix|mif1)", re.S), "a HEIC image"),
)

_READS = (
    "This version opens texts (UTF-8), images (PNG, JPEG, WebP, BMP, TIFF, GIF), "
    "point clouds (PLY, PCD, XYZ, PTS, CSV, NPY, NPZ, LAS, LAZ, E57) and meshes (OBJ, STL, OFF, PLY)."
)


@dataclass(frozen=True, eq=False)
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
    try:
        room = _check_kind(path, name)
        if room is not None:
            return read_folder(room, shown(room.name), task)
        # Should a pipe have taken the file's place since, this flag keeps the opening from waiting.
        with open(path, "rb", opener=_open_without_waiting) as file:
            head, size = file.read(_HEAD), os.fstat(file.fileno()).st_size
            source = Source(name, file, size, path, task)
            if file.seekable():
                form = _cloud_format(head, source, path.suffix)
                if form is not None:
                    return _cloud(source, form, path.suffix)
                file.seek(len(head))
            _check_bytes(head, size, name)
            # One byte more than is allowed shows a file that has grown, or one that tells no size.
            data = head + file.read(MAX_IMAGE_BYTES + 1 - len(head))
    except FileNotFoundError as error:
        if path.is_symlink():
            target = shown(os.readlink(path))
            raise HeadlightError(f"{name} is a link to {target}, which does not exist.", _CHECK) from error
        raise HeadlightError(f"{name} does not exist.", _CHECK) from error
    except OSError as error:
        reason = (error.strerror or type(error).__name__).lower()
        raise HeadlightError(f"{name} cannot be read: {reason}.", _CHECK) from error
    except ValueError as error:  # a NUL in the path
        raise HeadlightError(f"{name} is not a possible file name.", _CHECK) from error
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
    kind = picture_format(data[:16])
    if kind and not _looks_like_text(data):
        pixels, notices = decode_picture(data, name, kind)
        if ending in _TEXT_ENDINGS:
            notices = (f"{name} is {_a(kind)} image in spite of its name.", *notices)
        return ImageInput(name, pixels, notices)
    for pattern, what in _OTHERS:
        if pattern.match(data):
            raise HeadlightError(f"{name} is {what}.", _READS)
    text = from_text(_decode(data, name), title=name)
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


def shown(name: str, length: int = 80) -> str:
    """`name` in one line that any terminal can show: no control characters, no halves of characters."""
    clean = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in name)
    return clean if len(clean) <= length else f"{clean[: length // 2 - 1]}…{clean[-length // 2 :]}"


_CHECK = "Check its name and its permissions."


def _check_kind(path: Path, name: str) -> Path | None:
    """The room that a folder is. Refuses what is no regular file before it is opened: opening a pipe waits,
    opening a device acts.
    """
    mode = path.stat().st_mode
    if stat.S_ISDIR(mode):
        room = room_of(path.resolve())
        if room is not None:
            return room
        rooms = rooms_in(path)
        if rooms:
            raise HeadlightError(
                f"{name} holds {len(rooms):,} room{'s' * (len(rooms) > 1)}.",
                f"Choose one of them: {rooms[0]}, say.",
            )
        if (path / "config.json").is_file():
            raise HeadlightError(
                f"{name} is a model folder.", "Choose it as the model, with --model or in the model menu."
            )
        raise HeadlightError(f"{name} is a folder.", "Choose a file in it.")
    if not stat.S_ISREG(mode):
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
    return None


def _cloud_format(head: bytes, source: Source, ending: str) -> Format | None:
    if picture_format(head[:16]) and not _looks_like_text(head):
        return None
    return cloud_format(head, ending.lower(), source)


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
    image = picture_format(head) is not None and not _looks_like_text(head)
    limit = MAX_IMAGE_BYTES if image else MAX_TEXT_BYTES
    if size <= limit:
        return
    for pattern, what in _OTHERS:
        if pattern.match(head):
            raise HeadlightError(f"{name} is {what}.", _READS)
    if not image and not _encoding(head)[0].startswith("utf-16") and _is_binary(head):
        raise _neither(name)
    what, smaller = ("image", "a smaller one") if image else ("text", "a part of it")
    raise HeadlightError(
        f"{name} has {_megabytes(size)}, and {what}s are read up to {_megabytes(limit)}.",
        f"Choose {smaller}.",
    )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.6f}".rstrip("0").rstrip(".") + " MB"


def _decode(data: bytes, name: str) -> str:
    codec, label, mark = _encoding(data)
    if codec == "utf-8" and _is_binary(data):
        raise _neither(name)
    try:
        return data[mark:].decode(codec)
    except UnicodeDecodeError as error:
        if Path(name).suffix.lower() in _IMAGE_ENDINGS:
            raise _neither(name) from error
        at = mark + error.start
        raise HeadlightError(
            f"{name} is not {label}: byte {at:,} (0x{data[at]:02X}) does not belong there.",
            "Save it as UTF-8 and try again.",
        ) from error


def _encoding(data: bytes) -> tuple[str, str, int]:
    """(codec, its name for people, length of the byte order mark)."""
    for mark, codec, label in _MARKS:
        if data.startswith(mark):
            return codec, label, len(mark)
    return "utf-8", "UTF-8", 0


def _is_binary(data: bytes) -> bool:
    """No text holds a NUL, and hardly any other control character."""
    head = data[:_HEAD]
    controls = len(head) - len(head.translate(None, bytes(set(range(32)) - set(b"\t\n\v\f\r\b\x1b"))))
    return b"\0" in data or controls * 20 > len(head)


def _looks_like_text(data: bytes) -> bool:
    """Whether what begins like an image is prose: "BMW", "GIF89a is a format"."""
    if _is_binary(data):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)  # the head of a file may end within a character
    except UnicodeDecodeError:
        return False
    return True


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
    return {"WEBP": "a WebP"}.get(kind, f"a {kind}")
