"""A model's files from the hub into its cache: in bytes that are counted, cancelled at any of them, and gone
on with where they were left off.

What is not whole yet lies beside the cache's own files under a name of its own. Of large files the hub tells
the SHA-256, and what does not have it is never used.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headlight.models.catalogue.formats.cache import BEGUN, cached, folder_of, free
from headlight.models.catalogue.hub.failures import Unreachable, told
from headlight.models.catalogue.hub.offers import TIMEOUT, File, Offer, looked_up
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task

PIECE = 1 << 18
"""Bytes that are written at a time: so often it is looked whether the download is still wanted."""
ROOM = 200 << 20
"""Bytes that stay free on the disk."""
TRIES = 3
"""How often a connection that breaks is taken up again before it is told."""


def fetched(name: str, task: Task = SILENT) -> Path:
    """The folder of a hub model, downloaded as far as it is missing.

    HeadlightError says what is in the way."""
    offer = looked_up(name)
    done, size = 0, offer.size
    needed = size - already(offer)
    if needed + ROOM > free():
        raise HeadlightError(
            f"{name} takes {needed / 1e6:,.0f} MB, and {free() / 1e6:,.0f} MB are free on this disk.",
            "Make room, or choose a smaller model.",
        )
    for file in offer.files:
        with told(name):
            _fetch(offer, file, done, size, task)
        done += file.size
    folder = cached(name)
    if folder is None:
        raise HeadlightError(f"{name} was downloaded and has no configuration.", "Choose another model.")
    return folder


def already(offer: Offer) -> int:
    """Bytes of these files that are on this disk, whole or begun."""
    snapshot = folder_of(offer.name) / "snapshots" / offer.revision
    whole = sum(file.size for file in offer.files if (snapshot / file.path).exists())
    begun = sum(file.stat().st_size for file in (folder_of(offer.name) / "blobs").glob(f"*{BEGUN}"))
    return min(whole + begun, offer.size)


def _fetch(offer: Offer, file: File, before: int, size: int, task: Task) -> None:
    """One file. before: bytes of the files before it, of `size` of all."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url

    said = f"Downloading {offer.name}: {{:,.1f}} of {size / 1e6:,.1f} MB"
    task.progress(before / max(size, 1), said.format(before / 1e6))
    if (folder_of(offer.name) / "snapshots" / offer.revision / file.path).exists():
        return
    url = hf_hub_url(offer.name, file.path, revision=offer.revision)
    about = get_hf_file_metadata(url, timeout=TIMEOUT)
    if about.etag is None or not re.fullmatch(r"[\w-]+", about.etag):
        raise HeadlightError(f"The hub does not say which {file.path} it has.", "Try it again later.")
    blob = folder_of(offer.name) / "blobs" / about.etag
    if not blob.exists():
        blob.parent.mkdir(parents=True, exist_ok=True)
        part = blob.with_name(about.etag + BEGUN)
        for rest in reversed(range(TRIES)):
            try:
                with _streamed(url, part) as (pieces, there):
                    for count in _written(pieces, part, there):
                        share = (before + count) / max(size, 1)
                        task.progress(min(share, 1.0), said.format((before + count) / 1e6))
                break
            except Exception as error:
                if rest == 0 or not type(error).__module__.startswith("httpx"):
                    raise _broken(error, offer, before, part, size) from error
        _check(part, about.etag, about.size, file.path)
        part.replace(blob)
    # The library gives the file its name in the cache, as every other program looks for it.
    hf_hub_download(offer.name, file.path, revision="main")


@contextmanager
def _streamed(url: str, part: Path) -> Iterator[tuple[Iterator[bytes], int]]:
    """(pieces of what is still missing, bytes that are there already). What was begun is left off where the
    hub gives the whole file again."""
    from huggingface_hub import get_session
    from huggingface_hub.utils import build_hf_headers, hf_raise_for_status

    there = part.stat().st_size if part.exists() else 0
    headers = build_hf_headers() | {"Accept-Encoding": "identity"}
    if there:
        headers["Range"] = f"bytes={there}-"
    stream = get_session().stream("GET", url, headers=headers, timeout=TIMEOUT, follow_redirects=True)
    with stream as answer:
        if answer.status_code == 416:  # there is nothing behind what is there
            yield iter(()), there
            return
        hf_raise_for_status(answer)
        whole = answer.status_code != 206
        yield answer.iter_bytes(PIECE), 0 if whole else there


def _written(pieces: Iterator[bytes], part: Path, there: int) -> Iterator[int]:
    """Append to what was begun; how many bytes there are then."""
    with open(part, "r+b" if there else "wb") as kept:
        kept.seek(there)
        for piece in pieces:
            kept.write(piece)
            yield kept.tell()


def _check(part: Path, etag: str, size: int | None, path: str) -> None:
    """HeadlightError unless the file is what the hub says; then it is gone, to be fetched anew."""
    wrong = size is not None and part.stat().st_size != size
    if not wrong and len(etag) == 64:
        with open(part, "rb") as content:
            wrong = hashlib.file_digest(content, "sha256").hexdigest() != etag
    if wrong:
        part.unlink()
        raise HeadlightError(f"{path} came damaged from the hub.", "Download it again.")


def _broken(error: Exception, offer: Offer, before: int, part: Path, size: int) -> Exception:
    """A connection that broke, with how far it came; anything else as it is."""
    if not type(error).__module__.startswith("httpx"):
        return error
    done = before + (part.stat().st_size if part.exists() else 0)
    return Unreachable(
        f"The connection to the hub broke after {done / 1e6:,.1f} of {size / 1e6:,.1f} MB of {offer.name}.",
        "Download it again when you are online: it goes on from there.",
    )
