"""Path, bytes or clipboard → TextInput | ImageInput | CloudInput, by content, within limits."""

from __future__ import annotations

import errno
import io
import os
import re
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from headlight.models.core.errors import HeadlightError, known, sentence, shown
from headlight.models.core.interventions import Edit
from headlight.models.core.stack import ConvStack
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.clouds.tables.told import is_asked, undecided
from headlight.viewer.inputs.pictures.pairs import side_by_side
from headlight.viewer.inputs.readers import claiming, is_rest, reader_of
from headlight.viewer.inputs.source import (
    AS_USUAL,
    FULL,
    HEAD,
    Reading,
    Source,
    ending_of,
    no_room,
)
from headlight.viewer.inputs.told.columns import AS_TEXT, GUESSED, Meanings, Table, Undecided
from headlight.viewer.registry import REGISTRY, Kind, Reader, resolve

MAX_TEXT_BYTES = 2_000_000
_TITLE_LENGTH = 40


@dataclass(frozen=True)
class TextInput:
    """One text or a pair. notices: sentences the user should see. table: its first rows, where its file may
    as well be a table of points. encoding: in which its file was read, "" of what is in none.
    """

    title: str
    text: str
    pair: str | None = None
    notices: tuple[str, ...] = ()
    table: Table | None = None
    encoding: str = ""


@dataclass(frozen=True)
class Film:
    """Several pictures in one file: frames, or pages. count: how many, at least where that is not all of it;
    at: which of them is shown, from 1.
    """

    count: int
    at: int = 1
    is_all: bool = True


@dataclass(frozen=True, eq=False)
class ImageInput:
    """pixels: uint8 (height, width, 3), upright, sRGB. notices: sentences the user should see. measured:
    (height, width), upright, the numbers of a file with more than a byte for its one channel, NaN for none.
    film: what it is one picture of. edits: what was done to it since it was read. plain: its pixels before
    that, None where nothing was. path: the file that it was read from, "" for none. second: the file of
    another picture that stands beside it, "" for none; parts: where both do then; alone: what it was before.
    """

    title: str
    pixels: np.ndarray
    notices: tuple[str, ...] = ()
    measured: np.ndarray | None = None
    film: Film | None = None
    edits: tuple[Edit, ...] = ()
    plain: np.ndarray | None = None
    path: str = ""
    second: str = ""
    parts: tuple[Box, Box] | None = None
    alone: ImageInput | None = None

    def beside(self, second: str, task: Task = SILENT) -> ImageInput:
        """With the picture of this file to its right and no other, "" for none. HeadlightError where the file
        holds none."""
        if second == self.second:
            return self
        first = (self if self.alone is None else self.alone).edited(())
        if not second:
            return first
        other = from_path(second, task)
        if not isinstance(other, ImageInput):
            raise HeadlightError(f"{other.title} is no picture.", "Choose a picture to put beside it.")
        pixels, parts = side_by_side(first.pixels, other.pixels)
        title, notices = f"{first.title} and {other.title}", (*first.notices, *other.notices)
        both = ImageInput(title, pixels, notices, film=first.film, path=first.path)
        return replace(both, second=second, parts=parts, alone=first)

    def edited(self, edits: tuple[Edit, ...]) -> ImageInput:
        """With these edits and no others."""
        if edits == self.edits:
            return self
        pixels = plain = self.pixels if self.plain is None else self.plain
        for edit in edits:
            pixels = edit.applied(pixels)
        return replace(self, pixels=pixels, edits=edits, plain=plain if edits else None)


@dataclass(frozen=True, eq=False)
class StackInput:
    """A stack of convolutions that is built in the window: no model reads it.

    stack: its layers, of what is exported; while it is open they are in the view.
    """

    title: str = "Stack of convolutions"
    notices: tuple[str, ...] = ()
    stack: ConvStack | None = None


@dataclass(frozen=True, eq=False)
class PictureTextInput:
    """A picture with a text, which one model reads at once; the text may be empty."""

    title: str
    picture: ImageInput
    text: str
    notices: tuple[str, ...] = ()

    @property
    def pixels(self) -> np.ndarray:
        return self.picture.pixels

    def saying(self, text: str) -> Self:
        """The same with another text. HeadlightError as of `from_text`, but that nothing need be said."""
        return self if text == self.text else replace(self, text=_beside(text)[0])


Input = TextInput | ImageInput | CloudInput | StackInput | PictureTextInput


def from_path(
    path: str | os.PathLike[str],
    task: Task = SILENT,
    meanings: Meanings = GUESSED,
    reading: Reading = AS_USUAL,
    early: Callable[[CloudInput], None] | None = None,
) -> Input:
    """The text, image or point cloud that a file holds. A cloud tells `task` how far it is.

    meanings: what is known of its columns, if it is a table. early: takes some points of a large cloud before
    all are read, if that can be. Raises HeadlightError, Undecided where somebody
    is to be asked what they are; never waits for a pipe or a device.
    """
    what = _from_path(Path(path), task, meanings, reading, early)
    return replace(what, path=str(path)) if isinstance(what, ImageInput | CloudInput) else what


def _from_path(
    path: Path, task: Task, meanings: Meanings, reading: Reading, early: Callable[[CloudInput], None] | None
) -> Input:
    name = shown(path.name or str(path))
    inside = _check_kind(path, name)
    if inside is not None:
        return _tabled(inside(task), meanings)
    with _complaining(path, name), open(path, "rb", opener=_open_without_waiting) as file:
        state = os.fstat(file.fileno())
        _check_regular(state.st_mode, name)  # another may have taken the file's place since it was looked at
        with _complaining(path, name, opened=True):
            head = file.read(HEAD)
            ending = ending_of(path.name)
            return _read(
                Source(name, file, state.st_size, path, task, head, ending, meanings, reading, early)
            )


def from_bytes(data: bytes, title: str, reading: Reading = AS_USUAL) -> Input:
    """What `data` holds, by its content. `title` is its file name, or what the user should read instead."""
    return _read(replace(Source.of(data, title), name=shown(title), reading=reading))


def _read(source: Source) -> Input:
    if not source.head:
        raise HeadlightError(f"{source.name} is empty (0 bytes).", "Choose a file with something in it.")
    reader = reader_of(source)
    table = undecided(source) if is_rest(reader) else None
    asks = source.meanings.asks or source.size > MAX_TEXT_BYTES  # which can be no text
    doubtful = table is not None and is_asked(table, source.meanings)
    if table is not None and doubtful and asks:
        raise Undecided(table)
    what = _tabled(_opened(reader, source), source.meanings)
    if isinstance(what, TextInput) and table is not None:
        said = f"{source.name} may be a table of points: it is read as a text, since nothing says which of "
        said += "its columns are x, y and z. --columns does."
        what = replace(what, table=table, notices=(*what.notices, *([said] if doubtful else [])))
    # What reads as a text may be named like any other; what does not, or is named like a picture, may not.
    claims = claiming(source.ending)
    plain = not reader.binary and not any(one.binary for one in claims)
    if plain or not claims or any(one.kind == reader.kind for one in claims):
        return what
    return replace(what, notices=(f"{source.name} is {reader.one} in spite of its name.", *what.notices))


def _tabled(what: Input, meanings: Meanings) -> Input:
    """HeadlightError where columns are told of what has none."""
    read = what.table if isinstance(what, CloudInput) else None
    if meanings.chosen and meanings.chosen != AS_TEXT and read is None:
        raise HeadlightError(
            f"{what.title} is no table, whose columns could be told.", "Leave --columns out."
        )
    return what


def _opened(reader: Reader, source: Source) -> Input:
    opens = REGISTRY.all(Kind)[reader.kind].opens
    what = resolve(opens)(reader, source) if opens else resolve(reader.read)(source)
    said = tuple(map(sentence, what.notices))  # files put endless names into them
    return what if said == what.notices else replace(what, notices=said)


def lines_of(text: str) -> tuple[str, ...]:
    """Those that hold anything."""
    return tuple(line for line in text.splitlines() if line.strip())


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


def beside(picture: ImageInput, text: str) -> PictureTextInput:
    """A picture with a text, every line ending in "\\n". HeadlightError as of `from_text`, but that nothing
    need be said."""
    read, notices = _beside(text)
    return PictureTextInput(picture.title, picture, read, (*picture.notices, *notices))


def _beside(text: str) -> tuple[str, tuple[str, ...]]:
    """(a text that may say nothing, notices)."""
    if not text.strip():
        return "", ()
    read = from_text(text)
    return read.text, read.notices


def with_text(what: Input, text: str) -> PictureTextInput:
    """A picture or a sound with a text beside it. HeadlightError for what is neither."""
    if isinstance(what, PictureTextInput):
        return what.saying(text)
    if not isinstance(what, ImageInput):
        raise HeadlightError(
            f"There are both a file and a text, and {what.title} is no picture for a text to stand beside.",
            "Give one of them.",
        )
    return beside(what, text)


def pixels_of(what: Input) -> np.ndarray:
    """Of a picture, with a text or without."""
    return known(what, (ImageInput, PictureTextInput)).pixels


def from_pixels(pixels: np.ndarray, title: str = "Pasted image") -> ImageInput:
    """A picture from the clipboard: uint8 (h, w, 3) sRGB, or (h, w, 4) with alpha, which is put on white."""
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (3, 4):
        raise ValueError(f"pixels must be uint8 (h, w, 3 or 4), not {pixels.dtype} {pixels.shape}")
    from headlight.viewer.inputs.pictures.decoding import check_size, on_white

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
        if opened and error.errno in FULL:
            raise no_room(name) from error
        reason = (error.strerror or type(error).__name__).lower()
        step = _CHECK if error.errno in _NAMED_WRONG else "See whether its drive works, and try again."
        raise HeadlightError(f"{name} cannot be read: {reason}.", step) from error


def _check_kind(path: Path, name: str) -> Callable[[Task], Input] | None:
    """What reads a folder. Refuses what is no regular file before it is opened: opening a pipe waits, opening
    a device acts.
    """
    with _complaining(path, name):
        try:
            mode = path.stat().st_mode
        except ValueError as error:  # a NUL in the path
            raise HeadlightError(f"{name} is not a possible file name.", _CHECK) from error
        if stat.S_ISDIR(mode):
            return _folder(path, name)
    _check_regular(mode, name)
    return None


def _folder(path: Path, name: str) -> Callable[[Task], Input]:
    """What reads this folder, or HeadlightError with what it is."""
    for one in REGISTRY.all(Reader).values():
        if one.folder and (whole := resolve(one.folder)(path)) is not None:
            source = Source(shown(whole.name), io.BytesIO(), 0, whole)
            return lambda task: _opened(one, replace(source, task=task))
    if (path / "config.json").is_file():
        raise HeadlightError(
            f"{name} is a model folder.", "Choose it as the model, with --model or in the model menu."
        )
    raise HeadlightError(f"{name} is a folder.", "Choose a file in it.")


def is_input(path: str | os.PathLike[str]) -> bool:
    """Whether a folder is one input itself, or a model that says so, rather than full of inputs."""
    try:
        _folder(Path(path), "")
    except HeadlightError:
        return (Path(path) / "config.json").is_file()
    return True


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


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def megabytes(size: int) -> str:
    return f"{size / 1e6:,.6f}".rstrip("0").rstrip(".") + " MB"


def _check_text(text: str, subject: str) -> None:
    if "\0" in text:
        raise HeadlightError(f"{subject} holds a NUL character.", "Choose plain text.")
    size = len(text.encode())
    if size > MAX_TEXT_BYTES:
        raise HeadlightError(
            f"{subject} has {megabytes(size)}, and texts are read up to {megabytes(MAX_TEXT_BYTES)}.",
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
