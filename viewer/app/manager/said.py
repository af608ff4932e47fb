"""What the window of models says of one: pure sentences of its row."""

from __future__ import annotations

from collections.abc import Callable

from headlight.viewer.host.stock.rows import Group, Row
from headlight.viewer.registry import REGISTRY, Kind

GROUPS: dict[Group, str] = {
    "bundled": "With Headlight",
    "downloaded": "Downloaded",
    "disk": "On this disk",
    "hub": "On the hub",
}
HINT = "Choose a model to read what it is, what it takes and whose it is. A double click uses it."
Bytes = Callable[[int], str]


def reads(row: Row) -> str:
    """“images, texts”, "" where it is not known."""
    kinds = REGISTRY.all(Kind)
    return ", ".join(kinds[kind].plural for kind in row.kinds if kind in kinds)


def size(row: Row, said: Bytes) -> str:
    """On the disk, or what a download takes."""
    if row.size:
        return said(row.size)
    return f"↓ {said(row.download)}" if row.download else ""


def matches(row: Row, text: str, kind: str) -> bool:
    """Whether a row has all words of a search, and reads what is asked for, "" for anything."""
    if kind and kind not in row.kinds:
        return False
    where = " ".join((row.id, row.title, reads(row), row.licence, row.note, GROUPS[row.group])).lower()
    return all(word in where for word in text.lower().split())


def nothing(text: str) -> str:
    """That a search found none."""
    if "/" in text:
        return f"“{text}” is no name on the hub, as owner/name. Open what is on the disk as a folder or file."
    return "No model here fits. A name on the hub is owner/name."


def details(row: Row, free: int, reachable: bool, said: Bytes) -> str:
    """What it is and what it would take, in a few lines."""
    extent = f"{row.extent} layers × heads" if row.extent else ""
    what = f"Reads {reads(row)}" if reads(row) else ""
    licence = f"licence: {row.licence}" if row.licence else "licence: see its card" if row.looked else ""
    lines = [" · ".join(filter(None, (what, extent, licence)))]
    lines.append(row.note)
    if row.size:
        lines.append(f"Takes {said(row.size)} on the disk.")
    if row.gated:
        lines.append("Gated: accept its licence on the hub first, and sign in with “hf auth login”.")
    lines.append(_download(row, free, reachable, said))
    return "\n".join(line for line in lines if line)


def _download(row: Row, free: int, reachable: bool, said: Bytes) -> str:
    if row.download == 0:
        return ""
    if row.download is None or not row.looked:
        return "" if reachable else "Its size is asked for when the hub can be reached."
    missing = row.download - row.begun
    begun = f", of which {said(row.begun)} are here" if row.begun else ""
    room = f"{said(free)} are free on this disk"
    if missing > free:
        return f"A download takes {said(row.download)}{begun}; only {room}."
    return f"A download takes {said(row.download)}{begun}; {room}."


def can_download(row: Row, free: int) -> bool:
    """Once the hub said what it takes, and there is room for it."""
    return row.looked and bool(row.download) and row.download > row.begun and row.download - row.begun <= free


def download_label(row: Row, said: Bytes) -> str:
    if not row.looked or not row.download:
        return "Download"
    if row.begun:
        return f"Go on with the download ({said(row.begun)} of {said(row.download)})"
    return f"Download {said(row.download)}"
