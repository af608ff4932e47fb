"""Asking the hub about a model, fetching it and removing it, on the machine where models are read. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from headlight.models.core.task import SILENT, Task
from headlight.viewer.host.stock.rows import Row, downloaded


@dataclass(frozen=True)
class Answer:
    """What the hub says of a model. row: None where it cannot be reached; then `said` is why."""

    id: str
    row: Row | None
    said: str = ""


def hub_name(id: str) -> str:
    """What the hub calls a model: a published network by another name."""
    from headlight.models.catalogue.published import PUBLISHED

    network = PUBLISHED.get(id)
    return network.hub or id if network is not None else id


def looked_up(row: Row, task: Task = SILENT) -> Answer:
    """A row with what the hub says of it. HeadlightError for what there is not or what cannot be opened."""
    from headlight.models.catalogue.hub import offers
    from headlight.models.catalogue.hub.failures import Unreachable
    from headlight.models.catalogue.hub.fetching import already

    try:
        offer = offers.looked_up(hub_name(row.id))
    except Unreachable as error:
        return Answer(row.id, None, f"{error.cause} {error.next_step}")
    found = replace(
        row,
        download=offer.size,
        begun=already(offer),
        licence=offer.licence or row.licence,
        gated=offer.gated,
        reads=offer.modality or row.reads,
        layers=offer.layers or row.layers,
        heads=offer.heads or row.heads,
        looked=True,
    )
    return Answer(row.id, found)


def downloaded_now(name: str, task: Task) -> Row:
    """The row of a model once it is here. HeadlightError with what is in the way of that."""
    from headlight.models.catalogue.formats import cache
    from headlight.models.catalogue.hub.fetching import fetched

    fetched(name, task)
    return downloaded(next(one for one in cache.kept() if one.name == name))


def deleted(name: str, task: Task = SILENT) -> int:
    """Bytes that are free again."""
    from headlight.models.catalogue.formats import cache

    return cache.delete(name)
