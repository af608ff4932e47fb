"""Files that gzip has packed, unpacked within limits."""

from __future__ import annotations

import gzip
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.clouds.parts import CHUNK, MAX_CLOUD_BYTES, Source, damaged

MAGIC = b"\x1f\x8b\x08"
_HEAD = 65_536
_RATIO, _RATIO_FROM = 200, 100_000_000
"""No points shrink more; counted from so many bytes on."""


def head_of(head: bytes) -> bytes:
    """What the first bytes of a packed file unpack to, as far as they go."""
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, _HEAD)
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
            raise damaged(source.name, "gzip archive") from error
        size = file.tell()
        file.seek(0)
        yield replace(source, file=file, size=size, path=None)
