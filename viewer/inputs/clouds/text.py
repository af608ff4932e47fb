"""Lines of numbers: blocks of whole lines, their numbers, and which line is to blame where they are none."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.source import Source

_ODD_NUMBERS = re.compile(r"-?(?:nan\(\w*\)|1\.#(?:QNAN|SNAN|IND)\w*)", re.I)
_ODD_INFINITY = re.compile(r"1\.#INF\w*", re.I)
_SPOILT = 10
"""Lines of a file that may be spoilt."""
_CHUNK, _LONGEST_LINE = 1 << 21, 1 << 20
"""Bytes"""


def first_line(head: bytes) -> bytes:
    """A file's first line that is neither blank nor begins with "#", to the end of `head`."""
    for line in head.splitlines():
        bare = line.strip()
        if bare and not bare.startswith(b"#"):
            return bare
    return b""


def readable(data: bytes) -> str:
    """Text in UTF-8, cut anywhere, or else in Windows' Western code page."""
    try:
        return codecs.getincrementaldecoder("utf-8-sig")().decode(data)
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def wide(head: bytes) -> str | None:
    """The codec of a text of two bytes a character, by its byte order mark."""
    if head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        return None
    return "utf-16" if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else None


@contextmanager
def narrowed(source: Source, codec: str) -> Iterator[Source]:
    """The same text in UTF-8."""
    decoder = codecs.getincrementaldecoder(codec)("replace")
    with tempfile.TemporaryFile(prefix="headlight-") as file:
        source.file.seek(0)
        while data := source.file.read(_CHUNK):
            file.write(decoder.decode(data).encode())
            source.report(0.0)
        size = file.tell()
        file.seek(0)
        yield replace(source, file=file, size=size, path=None)


class Lines:
    """The lines of a text from the source's place on, a block at a time, counted from `first`."""

    def __init__(self, source: Source, first: int = 1) -> None:
        self.source = source
        self.number = first
        """Of the next line."""
        self._rest = b""

    def block(self, most: int | None = None) -> list[str]:
        """Some of the next lines, at most `most`; none at the end. Reports progress."""
        data = self._rest
        if most is None or data.count(b"\n") < most:
            self.source.report()
            more = self.source.file.read(_CHUNK)
            if len(data) > _LONGEST_LINE and b"\n" not in data and more:
                raise HeadlightError(
                    f"Line {self.number:,} of {self.source.name} does not end.", "Choose a text with lines."
                )
            data += more
        else:
            more = b""
        cut = len(data) if not more and self.source.left() <= 0 else data.rfind(b"\n") + 1
        if not cut:  # lines of old Macs end in "\r" alone; the last one may be half of an end
            cut = data.rfind(b"\r", 0, -1) + 1
        whole, self._rest = data[:cut], data[cut:]
        if not whole:
            return self.block(most) if more else []
        lines = whole.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n").split("\n")
        if lines[-1] == "":
            lines.pop()
        if most is not None and len(lines) > most:
            self._rest = "\n".join([*lines[most:], ""]).encode("latin-1") + self._rest
            lines = lines[:most]
        self.number += len(lines)
        return lines

    def left(self) -> int:
        """Bytes from here to the end."""
        return len(self._rest) + self.source.left()

    def blocks(self) -> Iterator[tuple[int, list[str]]]:
        """(number of the first line, lines) to the end."""
        while True:
            number = self.number
            lines = self.block()
            if not lines:
                return
            yield number, lines

    def counted(self) -> Iterator[tuple[int, str]]:
        """(number, line) of those that are neither blank nor comments."""
        for first, lines in self.blocks():
            for number, line in enumerate(lines, first):
                if holds(line):
                    yield number, line

    def rows(self, count: int) -> Iterator[tuple[int, list[str]]]:
        """As `blocks`, until `count` lines that are neither blank nor comments have come."""
        while count > 0:
            number = self.number
            lines = self.block(count)
            if not lines:
                return
            yield number, lines
            count -= sum(map(holds, lines))


def numbers(
    lines: Sequence[str],
    first: int,
    columns: int,
    name: str,
    separators: str = "",
    spoilt: list[int] | None = None,
) -> np.ndarray:
    """float64 (rows, columns) of the lines that are neither blank nor comments, the first numbered `first`.

    separators: characters that stand for a space; "," after "." says that commas are decimal points. spoilt:
    where it is given, a few lines that are no numbers become rows of NaN and are added to it.
    """
    kept = prepared([line for line in lines if holds(line)], separators)
    if not kept:
        return np.empty((0, columns))
    try:
        values = np.loadtxt(kept, comments=None, ndmin=2)
    except ValueError as error:
        blamed = _blamed(lines, first, columns, name, separators)
        if spoilt is None:
            raise blamed from error
        mended = _mended(lines, first, columns, separators, spoilt)
        if len(spoilt) > _SPOILT:
            raise blamed from error
        return numbers(mended, first, columns, name)
    if values.shape[1] != columns:
        raise _blamed(lines, first, columns, name, separators)
    return values


def _mended(lines: Sequence[str], first: int, columns: int, separators: str, spoilt: list[int]) -> list[str]:
    """The lines that hold numbers, and NaN for those that do not."""
    made = []
    for number, line in enumerate(lines, first):
        if not holds(line):
            continue
        words = prepared([line], separators)[0].split()
        if len(words) != columns or not all(map(is_number, words)):
            spoilt.append(number)
            words = ["nan"] * columns
        made.append(" ".join(words))
    return made


def prepared(lines: list[str], separators: str) -> list[str]:
    """The lines with spaces between their numbers and numbers as Python writes them."""
    if not lines:
        return lines
    text = "\n".join(lines)
    if separators:
        decimal = separators.startswith(".")
        table = {ord(c): " " for c in separators.lstrip(".")} | ({ord(","): "."} if decimal else {})
        text = text.translate(table)
    if "#" in text or "(" in text:
        text = _ODD_INFINITY.sub("inf", _ODD_NUMBERS.sub("nan", text))
    return text.split("\n")


def bad_line(number: int, name: str, what: str) -> HeadlightError:
    return HeadlightError(
        f"Line {number:,} of {name} is no {what}.", "Correct or remove that line and try again."
    )


def is_number(word: str) -> bool:
    if "_" in word:  # which Python reads
        return False
    try:
        float(word)
    except ValueError:
        return False
    return True


def holds(line: str) -> bool:
    """Whether it is neither blank nor a comment."""
    bare = line.lstrip()
    return bare != "" and bare[0] not in "#/"


def _blamed(lines: Sequence[str], first: int, columns: int, name: str, separators: str) -> HeadlightError:
    """The error that names the first line which is not `columns` numbers."""
    for number, line in enumerate(lines, first):
        if not holds(line):
            continue
        words = prepared([line], separators)[0].split()
        bad = next((word for word in words if not is_number(word)), None)
        if bad is not None:
            shown = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in bad[:40])
            return HeadlightError(
                f"Line {number:,} of {name} holds “{shown}” where a number should be.",
                "Correct or remove that line and try again.",
            )
        if len(words) != columns:
            return HeadlightError(
                f"Line {number:,} of {name} has {len(words)} numbers where {columns} should be.",
                "Correct or remove that line and try again.",
            )
    return HeadlightError(f"{name} holds lines that are no numbers.", "Choose a file of numbers.")
