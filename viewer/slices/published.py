"""Tables of published figures, and which of their rows are of the model that is open. No Qt."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parents[2] / "assets" / "tables" / "published.json"


@dataclass(frozen=True)
class Row:
    """values: per cent, None where nobody gave it. source: the paper or the place, with its section. models:
    ids of the catalogue whose network it is."""

    network: str
    values: tuple[float | None, ...]
    source: str
    models: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """of: what a kind of document gives that such networks read. says: what was measured on. measures: what
    the values are. made_up: on data that Headlight made itself.
    """

    id: str
    of: str
    title: str
    says: str
    measures: tuple[str, ...]
    rows: tuple[Row, ...]
    made_up: bool = False

    def lit(self, model: str | None) -> tuple[int, ...]:
        """The rows of a model, by their numbers."""
        return tuple(number for number, row in enumerate(self.rows) if model in row.models)

    @property
    def headings(self) -> tuple[str, ...]:
        return ("Network", *self.measures, "Source")

    def texts(self) -> list[tuple[str, ...]]:
        """A row a network, as `headings` have it."""
        return [(row.network, *map(said, row.values), row.source) for row in self.rows]

    def sorted_by(self) -> list[tuple[float | str, ...]]:
        """What the texts are sorted by: what nobody gave stands below all else."""
        return [
            (row.network, *(-1.0 if value is None else value for value in row.values), row.source)
            for row in self.rows
        ]


def told(table: Table, number: int) -> dict[str, str]:
    """What a row says in short, by the names of what it says: all of it stands in the table."""
    row = table.rows[number]
    return {
        "Network": row.network.split(",")[0],
        "Measured on": table.title.split(",")[0],
        "Figures": " · ".join(map(said, row.values)),
        "Given by": _who(row.source),
    }


def _who(source: str) -> str:
    """The authors and their year, or whose repository it is."""
    if paper := re.match(r"[^“,]*\b(?:19|20)\d\d", source):
        return paper[0].replace(" and ", ", ")
    if code := re.match(r"github\.com/([^/]+)", source):
        return code[1]
    return "Headlight" if "Headlight" in source else "others"


def said(value: float | None) -> str:
    """A figure in per cent, "–" for none."""
    return "–" if value is None else f"{value:.1f}" if round(value, 1) == value else f"{value:.2f}"


@cache
def tables() -> tuple[Table, ...]:
    """All there are, in their order."""
    return tuple(_table(one) for one in json.loads(FILE.read_text(encoding="utf-8")))


def ordered(model: str | None, gives: Collection[str]) -> Sequence[Table]:
    """Those of networks that read what a kind of document gives, with rows of this model first: what a person
    looks for.
    """
    return sorted((one for one in tables() if one.of in gives), key=lambda table: not table.lit(model))


def _table(given: dict) -> Table:
    rows = tuple(
        Row(one["network"], tuple(one["values"]), one["source"], tuple(one.get("models", ())))
        for one in given["rows"]
    )
    made_up = given.get("made_up", False)
    return Table(
        given["id"], given["of"], given["title"], given["says"], tuple(given["measures"]), rows, made_up
    )
