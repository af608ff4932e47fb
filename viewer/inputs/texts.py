"""Files of text: bytes → TextInput, and the names of what is no text."""

from __future__ import annotations

import re
from dataclasses import replace

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.encodings import Decoded, NotText, Torn, decoded, is_binary, promises_utf16
from headlight.viewer.inputs.foreign import refused
from headlight.viewer.inputs.inputs import MAX_TEXT_BYTES, TextInput, from_text, megabytes
from headlight.viewer.inputs.readers import all_that_is_read, claiming
from headlight.viewer.inputs.source import Source

_OTHERS = (
    (re.compile(rb"PK\x03\x04"), "a zip archive or an office document"),
    (re.compile(rb"....ftypcrx |FUJIFILMCCD|II(RO|RS|U\0)|MMOR", re.S), "a raw photograph of a camera"),
    (re.compile(rb"....ftyp|\x1a\x45\xdf\xa3|RIFF....AVI ", re.S), "a film"),
    (re.compile(rb"gimp xcf"), "a GIMP document"),
    (re.compile(rb"BPG\xfb"), "a BPG image"),
    (re.compile(rb"II\xbc"), "a JPEG XR image"),
    (re.compile(rb"icns"), "an icon of macOS"),
    (re.compile(rb"\x59\xa6\x6a\x95"), "a Sun raster image"),
    (re.compile(rb"%!PS"), "a PostScript drawing"),
    (re.compile(rb".{344}(n\+1|ni1)\0", re.S), "a NIfTI image"),
    (re.compile(rb"\x76\x2f\x31\x01"), "an OpenEXR image"),
    (re.compile(rb"#\?(RADIANCE|RGBE)"), "a Radiance HDR image"),
    (re.compile(rb"\0\0\x02\0"), "a cursor"),
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
    if size > MAX_TEXT_BYTES:
        if not promises_utf16(head) and is_binary(head):
            raise _neither(name)
        raise HeadlightError(
            f"{name} has {megabytes(size)}, and texts are read up to {megabytes(MAX_TEXT_BYTES)}.",
            "Choose a part of it.",
        )
    found = _decode(data, source)
    made = from_text(found.text, title=name)
    return replace(made, notices=(*found.notices, *made.notices), encoding=found.encoding)


def _decode(data: bytes, source: Source) -> Decoded:
    name, chosen = source.name, source.reading.encoding
    try:
        found = decoded(data, name, chosen)
    except NotText as error:
        raise _neither(name) from error
    except Torn as torn:
        raise HeadlightError(
            f"{name} is not {torn.label}: byte {torn.at:,} (0x{data[torn.at]:02X}) does not belong there.",
            "Choose another encoding." if chosen else "Save it as UTF-8, or say its encoding (--encoding).",
        ) from torn
    if found.notices and not chosen and any(one.names and one.binary for one in claiming(source.ending)):
        raise _neither(name)  # what calls itself an image or the like and is no plain text is a broken one
    return found


def _neither(name: str) -> HeadlightError:
    return HeadlightError(f"{name} is neither an image nor a text Headlight can read.", all_that_is_read())
