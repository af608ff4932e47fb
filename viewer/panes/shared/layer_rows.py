"""A receptive field as a row of a table of layers."""

from __future__ import annotations

from collections.abc import Iterable

from headlight.models.core.field import Field
from headlight.widgets.tables.layer_table import LayerRow

LEVELS = {"operation": 0, "block": 1, "stage": 2}


def row_of(field: Field) -> LayerRow:
    """A field as the table writes it: rows × columns."""
    return LayerRow(
        field.name,
        field.kind,
        "whole" if field.whole else _by(field.size),
        _by(field.stride),
        "–" if field.whole else _by(field.start),
        _by(field.shape),
        field.note,
        LEVELS[field.level],
    )


def lines(fields: Iterable[Field]) -> str:
    """The rows as shown, a line a layer, for a spreadsheet."""
    rows = map(row_of, fields)
    return "".join("\t".join((r.name, r.kind, r.size, r.stride, r.start, r.shape)) + "\n" for r in rows)


def _by(values: tuple[float, ...]) -> str:
    """7 where all axes agree, else 7 × 9."""
    texts = [f"{value:,g}".replace("-", "−") for value in values]
    return texts[0] if len(set(texts)) == 1 else " × ".join(texts)
