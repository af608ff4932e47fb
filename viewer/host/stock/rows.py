"""Every model that can be had, as rows of a list: with Headlight, downloaded, on this disk, on the hub.

Nothing here asks a network. No Qt, no torch.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.viewer.registry import REGISTRY, Kind

if TYPE_CHECKING:
    from headlight.models.catalogue.entry import Entry
    from headlight.models.catalogue.formats.cache import Kept

Group = Literal["bundled", "downloaded", "disk", "hub"]
TABLE = Path(__file__).resolve().parents[3] / "assets" / "tables" / "recommended.json"


@dataclass(frozen=True)
class Row:
    """One model. id: what opens it. reads: a kind of document, None where that is not known. size: bytes on
    the disk, 0 of what is not there. download: bytes that a download would take in all, None where that is
    not known, 0 where there is nothing to download. begun: of these, what is there already. note: what it is
    for, or why it does not open. opens: whether it can be used now. looked: the hub was asked about it.
    """

    id: str
    title: str
    group: Group
    reads: str | None = None
    layers: int | None = None
    heads: int | None = None
    size: int = 0
    download: int | None = 0
    begun: int = 0
    licence: str = ""
    note: str = ""
    opens: bool = True
    gated: bool = False
    looked: bool = False
    kept: bool = False
    """It lies in the hub's cache, as a whole or in part, and can be deleted."""
    asks: bool = False
    """Opening it takes much, which is said and asked before."""
    also: tuple[str, ...] = ()
    """Other kinds that it reads."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """All kinds of documents that it is known to read."""
        return tuple(filter(None, (self.reads, *self.also)))

    @property
    def extent(self) -> str:
        return f"{self.layers} × {self.heads}" if self.layers and self.heads else ""


@dataclass(frozen=True)
class Stock:
    """rows: group by group. cache: where downloads lie. free: bytes on that disk."""

    rows: tuple[Row, ...]
    cache: str
    free: int


def listed(recent: Sequence[str], task: Task = SILENT) -> Stock:
    """All that is known without the hub. recent: folders and files that were opened before."""
    from headlight.models.catalogue.formats import cache

    there = {one.name: one for one in cache.kept()}
    rows = [*_bundled(), *_downloaded(there, task), *_on_disk(recent, task), *_recommended(there)]
    return Stock(tuple(rows), str(cache.root()), cache.free())


def known() -> Stock:
    """What is known without a look at the disk, which may take long: it may be more, and be here."""
    from headlight.models.catalogue import entries
    from headlight.viewer.host.engines import brought

    every = entries.known()
    own = [replace(row_of(entry, "bundled"), size=0) for entry in every if not entry.family]
    own += [row_of(entry, "bundled") for entry in brought() if _is_read(entry)]
    return Stock((*own, *recommended(), *(_published(entry) for entry in every if entry.family)), "", 0)


def row_of(entry: Entry, group: Group) -> Row:
    size = int((entry.megabytes or 0) * 1e6) if entry.weights is not None else 0
    return Row(
        id=entry.id,
        title=entry.title,
        group=group,
        reads=entry.modality,
        also=entry.also,
        asks=bool(entry.opening),
        layers=entry.layers,
        heads=entry.heads,
        size=size,
        licence=entry.licence,
        note=" ".join((*entry.notices, entry.opening)).strip(),
    )


def _is_read(entry: Entry) -> bool:
    """Whether it reads documents, and does not only stand for what came with them."""
    kind = REGISTRY.all(Kind).get(entry.modality or "")
    return kind is not None and kind.is_read and "recorded" not in kind.gives


def _bundled() -> Iterator[Row]:
    from headlight.models.catalogue.bundled import BUNDLED, EXTRAS
    from headlight.models.catalogue.entries import extra
    from headlight.viewer.host.engines import brought

    yield from (row_of(entry, "bundled") for entry in BUNDLED if entry.folder.is_dir())
    for entry in map(extra, EXTRAS):
        row = row_of(entry, "bundled")
        yield row if entry.weights is not None else replace(row, opens=False, note=entry.source)
    yield from (row_of(entry, "bundled") for entry in brought() if _is_read(entry))


def _downloaded(there: dict[str, Kept], task: Task) -> Iterator[Row]:
    for one in there.values():
        task.check()
        yield downloaded(one)


def downloaded(one: Kept) -> Row:
    """A row of what the cache holds of a model, whether it opens or not."""
    from headlight.models.catalogue import entries
    from headlight.models.catalogue.published import of_hub

    network = of_hub(one.name)
    row = Row(one.name, one.name, "downloaded", size=one.size, kept=True, download=0)
    try:
        entry = entries.find(network.id if network else one.name)
    except HeadlightError as error:
        return replace(row, opens=False, note=f"{error.cause} {error.next_step}")
    if entry.where != "downloaded":
        said = "Its download is not whole." if one.begun else "It has no weights here."
        return replace(row, opens=False, download=None, begun=one.size, note=said)
    return replace(row_of(entry, "downloaded"), size=one.size, kept=True, title=one.name)


def _on_disk(recent: Sequence[str], task: Task) -> Iterator[Row]:
    from headlight.models.catalogue import entries

    for path in dict.fromkeys(recent):
        task.check()
        if not Path(path).is_absolute():
            continue
        try:
            yield row_of(entries.find(path, trust_pickle=True), "disk")
        except HeadlightError as error:
            said = f"{error.cause} {error.next_step}"
            yield Row(path, Path(path).name, "disk", opens=False, note=said)


def _recommended(there: dict[str, Kept]) -> Iterator[Row]:
    """What is on the hub and not here: the published networks, which open without their weights too, and
    those of the table."""
    from headlight.models.catalogue.published import PUBLISHED

    named = {network.hub for network in PUBLISHED.values()}
    yield from (row for row in recommended() if row.id not in there and row.id not in named)
    from headlight.models.catalogue import entries

    for network in PUBLISHED.values():
        if network.hub not in there:
            yield _published(entries.find(network.id))


def _published(entry: Entry) -> Row:
    """A network whose configuration is known; it opens without its weights too."""
    from headlight.models.catalogue.published import PUBLISHED

    network = PUBLISHED[entry.id]
    size = int(4 * network.parameters) if network.hub else 0
    said = network.paper if network.hub else f"{network.paper}; its weights are on no hub"
    title = f"{entry.title} ({network.hub or 'weights are random'})"
    return replace(row_of(entry, "hub"), title=title, size=0, download=size, note=said)


@cache
def recommended() -> tuple[Row, ...]:
    """Of the table: what is well known, by what it reads, small before large."""
    table = json.loads(TABLE.read_text("utf-8"))
    kinds = list(REGISTRY.all(Kind))
    every = (
        Row(
            *(id, id, "hub", reads, layers, heads),
            download=int(size * 1e6),
            licence=licence,
            note=f"{said[:1].upper()}{said[1:]}.",
            opens=False,
        )
        for id, reads, layers, heads, size, licence, said in table["models"]
    )
    return tuple(sorted(every, key=lambda row: (kinds.index(row.reads or ""), row.download)))
