"""Lines of numbers: blocks of whole lines, their numbers, and which line is to blame where they are none."""

from __future__ import annotations

import codecs
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import compress

import numpy as np
import simdjson

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.source import Source

_ODD_NUMBERS = re.compile(r"-?(?:nan\(\w*\)|1\.#(?:QNAN|SNAN|IND)\w*)", re.I)
_ODD_INFINITY = re.compile(r"1\.#INF\w*", re.I)
_FORTRAN = re.compile(r"(?<=[\d.])[dD](?=[+-]?\d)")
"""Where the exponent of a double begins in Fortran."""
DECIMAL_COMMA = re.compile(r"\d,\d")
GROUPED = re.compile(r"(?<=\d)'(?=\d{3}(?!\d))")
"""What groups thousands in Switzerland."""
_POINTED = re.compile(r"(?<![\d.,])\d{1,3}(?:\.\d{3})+(?=,\d)")
"""Thousands that points group, before a decimal comma."""
_SPOILT = 10
"""Lines of a file that may be spoilt."""
_NUMBER = b"0123456789.+-eE"
"""What the numbers of nearly all lines are written with."""
_MINUS_ZERO = re.compile(rb"-0,")
_CHUNK, _LONGEST_LINE = 1 << 21, 1 << 20
"""Bytes"""
_PIECE = 1 << 17
"""Bytes that stay in the processor's cache from one step to the next."""
_BLANK = re.compile(rb"\n{2,}")


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


@dataclass(frozen=True)
class Block:
    """Some lines of a text."""

    number: int
    """Of the first line."""
    data: bytes
    """In latin-1, every line with "\\n" at its end."""

    @classmethod
    def of(cls, lines: Sequence[str], number: int) -> Block:
        return cls(number, "\n".join([*lines, ""]).encode("latin-1"))

    @cached_property
    def lines(self) -> list[str]:
        return self.data.decode("latin-1").split("\n")[:-1]

    def pieces(self) -> Iterator[bytes]:
        """The same lines, fewer at a time."""
        at = 0
        while at < len(self.data):
            stop = self.data.find(b"\n", at + _PIECE) + 1 or len(self.data)
            yield self.data[at:stop]
            at = stop

    def numbered(self) -> Iterator[tuple[int, str]]:
        """(number, line)"""
        return enumerate(self.lines, self.number)

    def held(self) -> int:
        """How many lines are neither blank nor comments."""
        return sum(map(holds, self.lines))


class Lines:
    """The lines of a text from the source's place on, a block at a time, counted from `first`."""

    def __init__(self, source: Source, first: int = 1) -> None:
        self.source = source
        self.number = first
        """Of the next line."""
        self._rest = b""

    def block(self, most: int | None = None) -> Block | None:
        """Some of the next lines, at most `most`; None at the end. Reports progress."""
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
            return self.block(most) if more else None
        if b"\r" in whole:
            whole = whole.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        if not whole.endswith(b"\n"):
            whole += b"\n"
        count = np.count_nonzero(np.frombuffer(whole, np.uint8) == ord("\n"))
        if most is not None and count > most:
            lines = whole.split(b"\n")
            self._rest = b"\n".join(lines[most:]) + self._rest
            whole, count = b"\n".join([*lines[:most], b""]), most
        block = Block(self.number, whole)
        self.number += count
        return block

    def left(self) -> int:
        """Bytes from here to the end."""
        return len(self._rest) + self.source.left()

    def blocks(self) -> Iterator[Block]:
        """All to the end."""
        while (block := self.block()) is not None:
            yield block

    def counted(self) -> Iterator[tuple[int, str]]:
        """(number, line) of those that are neither blank nor comments."""
        return ((number, line) for block in self.blocks() for number, line in block.numbered() if holds(line))

    def rows(self, count: int) -> Iterator[Block]:
        """As `blocks`, until `count` lines that are neither blank nor comments have come."""
        while count > 0 and (block := self.block(count)) is not None:
            yield block
            count -= block.held()


def numbers(
    block: Block, columns: int, name: str, separators: str = "", spoilt: list[int] | None = None
) -> np.ndarray:
    """float64 (rows, columns) of the lines that are neither blank nor comments.

    separators: characters that stand for a space; "," after "." says that commas are decimal points. spoilt:
    where it is given, a few lines that are no numbers become rows of NaN and are added to it.
    """
    try:
        return np.concatenate([_rows(piece, columns, separators) for piece in block.pieces()])
    except ValueError:  # whichever line it is, it is told, or mended, as one of the whole block
        pass
    try:
        values = _by_numpy([line for line in block.lines if holds(line)], separators)
    except ValueError as error:
        blamed = _blamed(block, columns, name, separators)
        if spoilt is None:
            raise blamed from error
        mended = _mended(block, columns, separators, spoilt)
        if len(spoilt) > _SPOILT:
            raise blamed from error
        return numbers(mended, columns, name)
    if values.shape[1] != columns:
        raise _blamed(block, columns, name, separators)
    return values


def _by_numpy(lines: list[str], separators: str) -> np.ndarray:
    """float64 (rows, columns) of lines that hold numbers, however they are written."""
    made = prepared(lines, separators)
    if not any(map(str.strip, made)):  # of which numpy warns
        raise ValueError("separators and nothing between them")
    return np.loadtxt(made, comments=None, ndmin=2)


def _rows(data: bytes, columns: int, separators: str) -> np.ndarray:
    """float64 (rows, columns) of whole lines; ValueError where one does not hold so many numbers."""
    data = _BLANK.sub(b"\n", data)  # of which a packed file can hold millions
    values, odd = _clean(data, columns, separators)
    lines = data.decode("latin-1").split("\n") if odd else []
    held = [i for i in odd if holds(lines[i])]
    if not held:
        return values
    others = _by_numpy([lines[i] for i in held], separators)
    if others.shape[1] != columns:
        raise ValueError(f"{others.shape[1]} columns")
    if not len(values):
        return others
    # A line's row stands behind those of all clean lines before it.
    return np.insert(values, np.array(held) - np.searchsorted(odd, held), others, axis=0)


def _clean(data: bytes, columns: int, separators: str) -> tuple[np.ndarray, Sequence[int]]:
    """(float64 (rows, columns) of the lines that are plainly so many numbers, the places of all others)

    Plain numbers between commas are JSON, which simdjson reads ten times as fast as numpy reads lines, to the
    same bits. What is none, "+1" or ".5", is left to numpy.
    """
    data = data.translate(_table(separators))
    one, odd = b"," * (columns - 1), []
    if not _is_plain(shape := data.translate(None, _NUMBER), one):
        data = _tidied(data)
        shape = data.translate(None, _NUMBER)
    if not _is_plain(shape, one):
        alike = [line == one for line in shape.split(b"\n")[:-1]]
        odd = [i for i, clean in enumerate(alike) if not clean]
        data = b"".join(compress(data.splitlines(keepends=True), alike))
    if not data:
        return np.empty((0, columns)), odd
    flat = data.replace(b"\n", b",")
    if _MINUS_ZERO.search(flat):  # which is no whole number of JSON
        flat = flat.replace(b"-0,", b"-0.0,")
    try:
        found = simdjson.Parser().parse(b"".join((b"[", flat[:-1], b"]"))).as_buffer(of_type="d")
    except (ValueError, RuntimeError):
        return np.empty((0, columns)), range(data.count(b"\n") + len(odd))
    return np.frombuffer(found).reshape(-1, columns), odd


def _is_plain(shape: bytes, one: bytes) -> bool:
    """Whether every line, without its numbers, is this one."""
    return shape == (one + b"\n") * (len(shape) // (len(one) + 1))


def _table(separators: str) -> bytes:
    """Bytes as they are in numbers and at ends of lines, "," for what separates, "#" for all others."""
    made = bytearray(b"#" * 256)
    for c in _NUMBER + b"\n":
        made[c] = c
    for c in " \t" + separators.lstrip("."):
        made[ord(c)] = ord(",")
    if separators.startswith("."):
        made[ord(",")] = ord(".")
    return bytes(made)


def _tidied(data: bytes) -> bytes:
    """Lines with one comma between numbers and none around them."""
    found = np.frombuffer(data, np.uint8)
    commas = found == ord(",")
    spare = commas.copy()  # behind another, or at a line's beginning
    spare[1:] &= (commas | (found == ord("\n")))[:-1]
    return found[~spare].tobytes().replace(b",\n", b"\n")


def _mended(block: Block, columns: int, separators: str, spoilt: list[int]) -> Block:
    """The lines that hold numbers, and NaN for those that do not."""
    made = []
    for number, line in block.numbered():
        if not holds(line):
            continue
        words = prepared([line], separators)[0].split()
        if len(words) != columns or not all(map(is_number, words)):
            spoilt.append(number)
            words = ["nan"] * columns
        made.append(" ".join(words))
    return Block.of(made, block.number)


def prepared(lines: list[str], separators: str) -> list[str]:
    """The lines with spaces between their numbers and numbers as Python writes them."""
    if not lines:
        return lines
    text = "\n".join(lines)
    if "'" in text:
        text = GROUPED.sub("", text)
    if separators.startswith(".") and "." in text:
        text = _POINTED.sub(lambda found: found[0].replace(".", ""), text)
    if separators:
        decimal = separators.startswith(".")
        table = {ord(c): " " for c in separators.lstrip(".")} | ({ord(","): "."} if decimal else {})
        text = text.translate(table)
    if "#" in text or "(" in text:
        text = _ODD_INFINITY.sub("inf", _ODD_NUMBERS.sub("nan", text))
    if "D" in text or "d" in text:
        text = _FORTRAN.sub("e", text)
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


def _blamed(block: Block, columns: int, name: str, separators: str) -> HeadlightError:
    """The error that names the first line which is not `columns` numbers."""
    for number, line in block.numbered():
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
