"""Export of arcs: of each token the fewest links that hold a share of its weight."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.heads import head_list, head_option, layer_and_heads, layer_list, layer_option
from headlight.viewer.export.results import Filled, Result, check_layers
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import Rule, option
from headlight.viewer.session.view import ArcsSettings, MapSettings, Selection
from headlight.viewer.slices.language.arcs import arcs as found_arcs

USUAL = ArcsSettings()


def share(value: str) -> float:
    try:
        if 0 < (found := float(value)) <= 1:
            return found
    except ValueError:
        pass
    raise argparse.ArgumentTypeError(f"“{value}” is not a share above 0, up to 1")


@dataclass(frozen=True)
class ArcsOptions:
    layer: str | None = layer_option()
    head: int | Literal["mean", "max", "min"] | None = head_option(needed=Rule())
    mass: float = option(
        f"share of each token's weight that its links hold ({USUAL.mass:g})",
        "Mass of each token",
        default=USUAL.mass,
        parse=share,
        metavar="SHARE",
        empty=f"{USUAL.mass:g}",
    )


def arcs(options: ArcsOptions, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """head, query, key int (n,), weight float32 (n,): a link an entry, the strongest first. tokens: of the
    input, "query_labels" and "key_labels".

    HeadlightError for fused heads, and for more tokens than there are arcs of.
    """
    number, heads = layer_and_heads(options.layer, options.head, "npz", trace)
    check_layers([trace.layers[number]], task)
    single = tuple(head for head in heads if isinstance(head, int))
    if len(single) < len(heads):
        raise HeadlightError("Arcs are of single heads.", "Choose one with --head by its number, or all.")
    settings = ArcsSettings(options.mass, single)
    found = found_arcs(trace, number, settings, MapSettings(), task)
    labels = {"query_labels": found.queries.labels, "key_labels": found.keys.labels}
    arrays = {
        **{name: getattr(found, name).astype(int) for name in ("head", "query", "key")},
        "weight": found.weight,
        "layer": np.array(trace.layers[number].name),
        **{name: np.array(list(of)) for name, of in labels.items()},
        **trace.inputs,
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("head", "query", "key", "query_label", "key_label", "weight")
        for head, query, key, weight in zip(found.head, found.query, found.key, found.weight, strict=True):
            yield (head, query, key, found.queries.labels[query], found.keys.labels[key], f"{weight:.9g}")

    return Result(lambda: arrays, table)


def arcs_filled(subject: Subject, task: Task) -> Filled:
    """The layer that is looked at, its one chosen head or all."""
    view, lists = subject.view, {"layer": partial(layer_list, subject.trace, str)}
    heads = view[ArcsSettings].heads
    values = {"layer": str(view[Selection].layer), "mass": view[ArcsSettings].mass}
    values |= {"head": heads[0]} if len(heads) == 1 else {}
    lists["head"] = partial(head_list, subject.trace)
    return Filled(values, lists, subject.page == "arcs")
