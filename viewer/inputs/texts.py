"""Files of text: bytes → TextInput, and the names of what is no text."""

from __future__ import annotations

import re
from dataclasses import replace

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.encodings import NotText, Torn, decoded, is_binary, promises_utf16
from headlight.viewer.inputs.foreign import refused
from headlight.viewer.inputs.inputs import MAX_TEXT_BYTES, TextInput, from_text, megabytes
from headlight.viewer.inputs.readers import all_that_is_read, claiming
from headlight.viewer.inputs.source import Source

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


def read(source: Source) -> TextInput:
    """A text; HeadlightError for all that no reader knows, with its name where it has one."""
    name, size, head = source.name, source.size, source.head
    source.file.seek(0)
    # One byte more than is allowed shows a file that has grown, or one that tells no size.
    data = source.file.read(MAX_TEXT_BYTES + 1)
    size = max(size, len(data))
    if (told := refused(source)) is not None:
        raise told
    for pattern, what in _OTHERS:
        if pattern.match(data):
            raise HeadlightError(f"{name} is {what}.", all_that_is_read())
    if source.ending == "svg" and b"<svg" in head:
        raise HeadlightError(f"{name} is a drawing of lines (SVG).", "Save it as a PNG image and open that.")
    if size > MAX_TEXT_BYTES:
        if not promises_utf16(head) and is_binary(head):
            raise _neither(name)
        raise HeadlightError(
            f"{name} has {megabytes(size)}, and texts are read up to {megabytes(MAX_TEXT_BYTES)}.",
            "Choose a part of it.",
        )
    text, said = _decode(data, source)
    made = from_text(text, title=name)
    return replace(made, notices=(*said, *made.notices))


def _decode(data: bytes, source: Source) -> tuple[str, tuple[str, ...]]:
    name = source.name
    try:
        text, notices = decoded(data, name)
    except NotText as error:
        raise _neither(name) from error
    except Torn as torn:
        raise HeadlightError(
            f"{name} is not {torn.label}: byte {torn.at:,} (0x{data[torn.at]:02X}) does not belong there.",
            "Save it as UTF-8 and try again.",
        ) from torn
    if notices and any(one.names and one.binary for one in claiming(source.ending)):
        raise _neither(name)  # what calls itself an image or the like and is no plain text is a broken one
    return text, notices


def _neither(name: str) -> HeadlightError:
    return HeadlightError(f"{name} is neither an image nor a text Headlight can read.", all_that_is_read())
