"""The sections of a report, each of what a document's trace holds; figures as the exports draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from headlight.models.core.answers import Answer, Boxes, NextTokens, PointLabels, listed
from headlight.models.core.classes.palettes import UNLABELLED, class_colours
from headlight.models.core.colours import lut
from headlight.models.core.errors import known
from headlight.models.core.interventions import (
    Edit,
    File,
    Freeze,
    Hide,
    Intervention,
    Level,
    Off,
    Recipe,
    Scale,
)
from headlight.models.core.layers import Head
from headlight.models.core.task import Task
from headlight.models.core.tokens import Cuboid, PatchTokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.answers.said import answer as answer_result
from headlight.viewer.export.attention import maps
from headlight.viewer.export.clouds.pictured import cloud_drawing
from headlight.viewer.export.figures import grid_drawing
from headlight.viewer.export.report.kinds import Reported
from headlight.viewer.export.report.page import Block, Figure, Said, Section, Table, Verbatim
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.registry import REGISTRY, resolve
from headlight.viewer.session.view import MapSettings, Selection, View
from headlight.viewer.slices.head_maps import head_maps
from headlight.viewer.slices.names import layer_named

ROWS = 20
"""Of what is said, the likeliest."""
HEADS = 400
"""Heads of which there is a small picture each."""


def _reported(document: Input) -> Reported:
    return resolve(REGISTRY.kind_of(document).reported)


def of_input(document: Input, trace: Trace) -> Section:
    blocks = _reported(document).shown(document)
    tokens = trace.tokens
    parts = [f"{len(tokens):,} tokens"]
    if isinstance(tokens, PatchTokens):
        parts.append(f"{tokens.grid[0]} × {tokens.grid[1]} patches")
    blocks += [Said(", ".join(parts)), *(Said(one, dim=True) for one in document.notices)]
    return Section("Input", blocks)


def of_model(trace: Trace, weights: Sequence[tuple[str, str]]) -> Section:
    """weights: (file, sha256) of each file that they were read from."""
    model = trace.model
    rows = [
        ("Name", model.title),
        ("Id", model.id),
        ("Source", model.source),
        ("Licence", model.licence),
        ("Attention", f"{len(trace.layers)} layers" if trace.layers else "none"),
        *(("sha256 of " + name, digest or "not known") for name, digest in weights),
    ]
    marks = [Said(f"This model is {model.mark}.")] if model.mark else []
    return Section("Model", [Table(rows), *marks, *(Said(one, dim=True) for one in trace.notices)])


def of_answers(document: Input, trace: Trace, task: Task) -> Section:
    blocks: list[Block] = []
    if trace.written is not None:
        blocks += [Said("What was written:"), Verbatim(trace.written.text)]
    found = listed(trace.answers)
    if found is not None:
        blocks.append(_listed(found, document, trace, task))
    cloud = trace.answer(PointLabels)
    if cloud is not None:
        counts = np.bincount(cloud.labels[cloud.labels >= 0], minlength=len(cloud.classes))
        order = [int(at) for at in np.argsort(-counts, kind="stable") if counts[at]][:ROWS]
        rows = [(cloud.classes[at], int(counts[at]), float(counts[at] / len(cloud.labels))) for at in order]
        colours = np.vstack([class_colours(cloud.classes), UNLABELLED])[cloud.labels]
        drawing = cloud_drawing(known(document, CloudInput), "", colours)
        blocks += [
            Table(rows, ("class", "points", "share")),
            Figure(drawing, "Each point in its class's colour"),
        ]
    boxes = trace.answer(Boxes)
    if boxes is not None:
        head = ("class", "score", "x", "y", "z", "length", "width", "height", "yaw")
        rows = [(one.name, one.score, *known(one.place, Cuboid).numbers) for one in boxes.targets()[:ROWS]]
        more = [Said(f"{len(boxes) - ROWS:,} more", dim=True)] if len(boxes) > ROWS else []
        blocks += [Table(rows, head), *more] if rows else [Said("No boxes.")]
    return Section("Answers", blocks or [Said("The model says nothing: it has no head of a task.")])


def _listed(found: Answer, document: Input, trace: Trace, task: Task) -> Block:
    """As the export of the answer has it, the first rows."""
    head, *rows = answer_result(None, "csv", document, trace, task).table()
    numbers = [[_number(cell) for cell in row] for row in rows]
    if isinstance(found, NextTokens):
        numbers = [row for row in numbers if row[2] == 1]  # at each place what is likeliest
    return Table(numbers[:ROWS], [str(one).replace("_", " ") for one in head])


def _number(cell: object) -> object:
    try:
        return float(cell) if isinstance(cell, str) and "." in cell else cell
    except ValueError:
        return cell


def of_head(
    document: Input,
    trace: Trace,
    at: tuple[int, Head],
    query: maps.Query | None,
    look: MapSettings,
    task: Task,
) -> Section:
    """The attention of one head: of a short text its matrix, else where one token looks."""
    layer, head = at
    drawing, said = _reported(document).head(document, trace, at, query, look, task)
    check = trace.layers[layer].check()
    blocks = [
        Figure(drawing, f"{layer_named(trace, layer)}, head {head}. {said}."),
        Said(f"These weights rebuild what the layer returned to {check:.1g}.", dim=True),
    ]
    return Section("Attention of one head", blocks)


def of_all_heads(document: Input, trace: Trace, look: MapSettings, task: Task) -> Section:
    """A small map of each head; of a cloud what each layer is of."""
    title, said = "All heads", _reported(document).maps
    if said is None or sum(layer.heads for layer in trace.layers) > HEADS:
        rows = [
            (number, layer.name, layer.heads, len(layer.queries), len(layer.keys))
            for number, layer in enumerate(trace.layers)
        ]
        return Section(title, [Table(rows, ("layer", "name", "heads", "queries", "keys"))])
    found = head_maps(trace, View(Selection(0, 0), look), None, task)
    table = lut(look.colours)[:, :3]
    rows = [
        (layer_named(trace, number), [table[head] for head in layer])
        for number, layer in enumerate(found.layers)
    ]
    return Section(title, [Figure(grid_drawing(rows, ""), f"{said}; each map on a scale of its own.")])


def of_faithfulness(found: Mapping[str, np.ndarray]) -> Section:
    """found: the arrays of its export."""
    deletion, insertion, at_random = found["auc"].tolist()
    coming, orders = float(found["auc_random_insertion"]), len(found["random"])
    beats = [
        f"{'beats' if found[name] else 'does not beat'} every one of {orders} random orders in {of}"
        for name, of in (("beats_random", "deletion"), ("beats_random_insertion", "insertion"))
    ]
    columns = (found["fractions"], found["deletion"], found["insertion"], found["random"].mean(0))
    rows = [tuple(map(float, row)) for row in zip(*columns, strict=True)]
    return Section(
        "Faithfulness",
        [
            Said(
                f"Area under deletion {deletion:.4g} (in random order {at_random:.4g}), under insertion "
                f"{insertion:.4g} ({coming:.4g}): what is most relevant first {' and '.join(beats)} (Petsiuk "
                "et al. 2018)."
            ),
            Said(str(found["convention"]), dim=True),
            Table(rows, ("hidden or shown", "deletion", "insertion", "deletion at random")),
        ],
    )


def of_interventions(trace: Trace) -> Section:
    rows = [_intervention(one) for one in trace.recipe.interventions]
    return Section("Interventions", [Table(rows)] if rows else [Said("None: input and model as they are.")])


def _intervention(one: Intervention) -> tuple[str, str]:
    if isinstance(one, Off):
        return (f"{_intervention(one.of)[0]} (off)", _intervention(one.of)[1])
    if isinstance(one, Hide):
        return "Hidden", f"{len(one.places):,} places of the input"
    if isinstance(one, Edit):
        return "Edited", one.said
    heads = ", ".join(map(str, one.heads))
    if isinstance(one, Level):
        return "Level", f"heads {heads} of {one.layer} look at all alike"
    if isinstance(one, Freeze):
        return "Frozen", f"heads {heads} of {one.layer} as in {_source(one.of)}"
    return "Scaled", f"heads {heads} of {one.layer} times {known(one, Scale).factor:g}"


def _source(recipe: Recipe) -> str:
    """What another trace was made of."""
    source = recipe.source
    return source.path if isinstance(source, File) else "another input" if source is None else f"“{source}”"
