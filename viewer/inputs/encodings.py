"""Bytes → text: by a byte order mark, as UTF-8, or in a guessed encoding, which is said."""

from __future__ import annotations

import codecs
import re
import unicodedata
from contextlib import suppress
from typing import NamedTuple

_HEAD = 65_536

# A longer mark first: UTF-32's little-endian mark begins with UTF-16's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
_WIDE = (
    ("utf-32-le", "UTF-32"),
    ("utf-32-be", "UTF-32"),
    ("utf-16-le", "UTF-16"),
    ("utf-16-be", "UTF-16"),
)
_GUESSED = {
    "cp1252": "Windows-1252",
    "cp1251": "Windows-1251",
    "cp1250": "Windows-1250",
    "cp1253": "Windows-1253",
    "koi8_r": "KOI8-R",
    "shift_jis": "Shift JIS",
    "euc_jp": "EUC-JP",
    "gb18030": "GB18030",
    "big5": "Big5",
    "euc_kr": "EUC-KR",
    "cp1254": "Windows-1254",
    "cp1255": "Windows-1255",
    "cp1256": "Windows-1256",
    "cp1257": "Windows-1257",
    "cp874": "Windows-874",
    "cp850": "DOS 850",
    "cp866": "DOS 866",
    "koi8_u": "KOI8-U",
    "mac_roman": "Mac Roman",
    "cp932": "Windows-932",
}
"""What texts without a mark are written in, if not in UTF-8; of equally likely ones the first is taken."""

ENCODINGS = {
    "utf-8": "UTF-8",
    "utf-16-le": "UTF-16, little-endian",
    "utf-16-be": "UTF-16, big-endian",
    **_GUESSED,
    "iso8859-2": "ISO 8859-2",
    "iso2022_jp": "ISO-2022-JP",
}
"""What can be chosen, and what people call it."""

_SHIFTS = re.compile(r"\x1b\$[@B][!-~]")
"""Where Japanese begins in a text of 7 bits."""

_SAID = re.compile(rb"(?:charset|encoding|coding)\s*[=:]\s*[\"']?([\w-]{3,20})", re.I)
_SAYS = 2048
"""Bytes at the beginning of a text in which it may say its encoding."""
_WIDER = {
    "iso8859-1": "cp1252",
    "iso8859-8": "cp1255",
    "iso8859-9": "cp1254",
    "iso8859-13": "cp1257",
    "tis-620": "cp874",
    "gb2312": "gb18030",
    "gbk": "gb18030",
}
"""Encodings that one with more characters stands for, as browsers read them."""
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_MOSTLY = 4
"""Characters of UTF-8 for each bad byte, from which on a text is one with bad bytes."""

_TEXT_CONTROLS = frozenset("\t\n\v\f\r\b\x1b")
_LEGACY_CONTROLS, _UTF8_CONTROLS = 1 / 20, 1 / 4
"""Share of control characters from which on bytes are no text. Hardly any binary file is UTF-8 by chance."""


class NotText(Exception):
    """These bytes are no text in any encoding that is known here."""


class Torn(Exception):
    """Byte `at` does not belong into the encoding that the text's own mark, or its look, promises."""

    def __init__(self, label: str, at: int) -> None:
        super().__init__(f"{label}: byte {at:,}")
        self.label, self.at = label, at


class Decoded(NamedTuple):
    """text; notices: what the user should know about it; encoding: by Python's name."""

    text: str
    notices: tuple[str, ...] = ()
    encoding: str = "utf-8"


def known_encoding(name: str) -> str:
    """Python's name of an encoding of texts. LookupError for what is none."""
    found = codecs.lookup(name.strip())
    if not getattr(found, "_is_text_encoding", True):
        raise LookupError(f"{name} is no encoding of texts")
    ours = {codecs.lookup(one).name: one for one in ENCODINGS}
    return ours.get(found.name, found.name)


def titled(encoding: str) -> str:
    """What people call an encoding."""
    return ENCODINGS.get(encoding, encoding)


def decoded(data: bytes, name: str, chosen: str | None = None) -> Decoded:
    """The text of bytes, in an encoding that was chosen or else is found. Raises NotText and Torn."""
    if chosen is not None:
        return _as_chosen(data, chosen)
    mark, codec, label = next(
        ((m, c, n) for m, c, n in _MARKS if data.startswith(m)), (b"", "utf-8", "UTF-8")
    )
    try:
        text = data[len(mark) :].decode(codec)
    except UnicodeDecodeError as error:
        if mark:
            raise Torn(label, len(mark) + error.start) from error
        return _guessed(data, name, error.start)
    if "\0" in text:
        return _wide(data, name)
    if _SHIFTS.search(text[:_HEAD]):
        try:
            text = data[len(mark) :].decode("iso2022_jp")
            return Decoded(
                text, (f"{name} does not say its encoding: it is read as ISO-2022-JP.",), "iso2022_jp"
            )
        except UnicodeDecodeError:
            pass  # an escape that means something else
    controls = sum(map(text.count, _CONTROLS))
    if controls > _UTF8_CONTROLS * len(text):
        raise NotText
    if not controls:
        return Decoded(text, encoding=codec)
    many = "a control character" if controls == 1 else f"{controls:,} control characters"
    return Decoded(text, (f"{name} holds {many}, which cannot be seen.",), codec)


def _as_chosen(data: bytes, chosen: str) -> Decoded:
    mark = next((mark for mark, codec, _ in _MARKS if data.startswith(mark) and _alike(codec, chosen)), b"")
    try:
        return Decoded(data[len(mark) :].decode(chosen), encoding=known_encoding(chosen))
    except UnicodeDecodeError as error:
        raise Torn(titled(chosen), len(mark) + error.start) from error


def _alike(codec: str, chosen: str) -> bool:
    """Whether a mark of `codec` belongs into a text of the chosen encoding; "utf-16" takes its own."""
    return codec == known_encoding(chosen)


def promises_utf16(head: bytes) -> bool:
    """Whether a mark says that NULs are half characters."""
    return any(head.startswith(mark) for mark, codec, _ in _MARKS if codec != "utf-8")


def is_binary(data: bytes) -> bool:
    """No text of one byte a character holds a NUL, and hardly any other control character."""
    head = data[:_HEAD]
    controls = len(head) - len(head.translate(None, _CONTROL_BYTES))
    return b"\0" in data or controls > _LEGACY_CONTROLS * len(head)


def looks_like_text(data: bytes) -> bool:
    """Whether what begins like an image is prose: "BMW", "GIF89a is a format"."""
    if is_binary(data):
        return False
    try:
        codecs.getincrementaldecoder("utf-8")().decode(data)  # the head of a file may end within a character
    except UnicodeDecodeError:
        return False
    return True


def _wide(data: bytes, name: str) -> Decoded:
    """UTF-16 or UTF-32 without a mark: of two orders of bytes the one with more spaces and points."""
    found = []
    for codec, label in _WIDE:
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if text and "\0" not in text and all(map(_is_written, text[:_HEAD])):
            found.append((sum(character < "\x80" for character in text[:_HEAD]), label, text, codec))
    if not found:
        raise NotText
    _, label, text, codec = max(found, key=lambda each: each[0])
    return Decoded(text, (f"{name} does not say its encoding: it is read as {label}.",), codec)


def _guessed(data: bytes, name: str, first: int) -> Decoded:
    """What is no UTF-8 from byte `first` on: UTF-8 with a few bad bytes, or what was usual before it."""
    if b"\0" in data:
        return _wide(data, name)
    if is_binary(data):
        raise NotText
    text = data.decode("utf-8", "replace")
    bad = text.count(_REPLACED)
    if bad * _MOSTLY <= len(text) - len(text.encode("ascii", "ignore")) - bad:
        many = "a byte that is" if bad == 1 else f"{bad:,} bytes that are"
        said = f"{name} holds {many} not UTF-8, from byte {first:,} on: shown as {_REPLACED}."
        return Decoded(text, (said,), "utf-8")
    for codec in _declared(data):
        with suppress(UnicodeDecodeError):
            said = f"{name} is read as {ENCODINGS[codec]}, which it says it is in."
            return Decoded(data.decode(codec), (said,), codec)
    for codec in _likely(data, first):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        said = f"{name} is not UTF-8: it is read as {_GUESSED[codec]}, which is a guess. "
        return Decoded(text, (f"{said}If it reads wrong, choose another encoding.",), codec)
    raise Torn("UTF-8", first)


def _declared(data: bytes) -> list[str]:
    """The encoding that a page, an XML or a program says it is in, if it can be chosen here."""
    found = _SAID.search(data[:_SAYS])
    if found is None:
        return []
    try:
        said = codecs.lookup(found[1].decode()).name
    except LookupError:
        return []
    said = _WIDER.get(said, said)
    return [codec for codec in ENCODINGS if codecs.lookup(codec).name == said and "utf" not in codec]


def _likely(data: bytes, first: int) -> list[str]:
    """Codecs that a text with byte `first` may be in, the likeliest first."""
    from charset_normalizer import from_bytes

    # Between line ends, since a character of several bytes that is cut rules its codec out.
    start = data.rfind(b"\n", 0, max(0, first - _HEAD // 2)) + 1
    end = data.rfind(b"\n", first, start + _HEAD) if start + _HEAD < len(data) else len(data)
    found = list(from_bytes(data[start : end if end > 0 else start + _HEAD], cp_isolation=list(_GUESSED)))
    alike = [
        match for match in found if (match.chaos, match.coherence) == (found[0].chaos, found[0].coherence)
    ]
    likely = {name for match in alike for name in match.could_be_from_charset}
    return [*(codec for codec in _GUESSED if codec in likely), "cp1252"]


def _is_written(character: str) -> bool:
    """Whether people write it: no control character, nothing unassigned, no half of a character."""
    return (
        character in _TEXT_CONTROLS
        or unicodedata.category(character)[0] != "C"
        or character in "\u200b\u200d\xad"
    )


_CONTROLS = [chr(code) for code in (*range(1, 32), 127) if chr(code) not in _TEXT_CONTROLS]
_CONTROL_BYTES = bytes(code for code in range(32) if chr(code) not in _TEXT_CONTROLS)
