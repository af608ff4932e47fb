"""Files that gzip has packed, unpacked within limits."""

from __future__ import annotations

import gzip
import io
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import CHUNK, MAX_CLOUD_BYTES, Parts, damaged, guarding
from headlight.viewer.inputs.readers import told
from headlight.viewer.inputs.source import FULL, HEAD, Source, ending_of, no_room
from headlight.viewer.registry import Reader, resolve

MAGIC = b"\x1f\x8b\x08"
_RATIO, _RATIO_FROM = 200, 100_000_000
"""No points shrink more; counted from so many bytes on."""


def is_gzip(source: Source) -> bool:
    return source.head.startswith(MAGIC) and _reader(_seen(source)) is not None


def read_gzip(source: Source) -> Parts:
    """The cloud inside."""
    seen = _seen(source)
    reader = _reader(seen)
    kind = f"gzip archive of a {reader.title}"
    with unpacked(source) as whole, guarding(source.name, kind):
        whole = replace(whole, head=seen.head, ending=seen.ending)
        found = _reader(whole)
        if found is None:  # some formats are known by their size, which nothing tells before
            raise damaged(source.name, kind)
        return resolve(found.read)(whole)


def _seen(source: Source) -> Source:
    """The beginning of what a packed file holds, as far as one can see."""
    ending = ending_of(Path(source.name).stem)
    return replace(source, file=io.BytesIO(), size=-1, path=None, head=head_of(source.head), ending=ending)


def _reader(inside: Source) -> Reader | None:
    """What reads it; no archive in an archive."""
    if not inside.head or inside.head.startswith((MAGIC, b"PK")):
        return None
    found = told(inside)
    return found if found is not None and found.kind == "points" else None


def head_of(head: bytes) -> bytes:
    """What the first bytes of a packed file unpack to, as far as they go."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    except zlib.error:
        return b""


@contextmanager
def unpacked(source: Source) -> Iterator[Source]:
    """The file inside, on the disk."""
    most = min(MAX_CLOUD_BYTES, max(_RATIO_FROM, _RATIO * source.size))
    with tempfile.TemporaryFile(prefix="headlight-") as file:
        source.file.seek(0)
        try:
            with gzip.GzipFile(fileobj=source.file) as packed:
                while data := packed.read(CHUNK):
                    file.write(data)
                    source.report(0.0)
                    if file.tell() > most:
                        raise HeadlightError(
                            f"{source.name} unpacks to more than {most / 1e9:,.1f} GB.",
                            "Choose a smaller file.",
                        )
        except (OSError, EOFError, zlib.error) as error:
            if getattr(error, "errno", None) in FULL:
                raise no_room(source.name) from error
            raise damaged(source.name, "gzip archive") from error
        size = file.tell()
        file.seek(0)
        yield replace(source, file=file, size=size, path=None)
