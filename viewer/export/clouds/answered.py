"""Exports of point clouds: labels for every point of the file, neighbourhoods, what the model saw."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from headlight.models.core.answers import PointLabels
from headlight.models.core.classes.palettes import UNLABELLED, class_colours
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.tokens import PointTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.figures import Drawing, bars_drawing
from headlight.viewer.export.heads import (
    ONE_MATRIX,
    head_list,
    head_option,
    heads_counted,
    layer_and_heads,
    layer_list,
    layer_of,
    layer_option,
)
from headlight.viewer.export.looks import Coloured, colour_maps
from headlight.viewer.export.looks import chosen as colours_chosen
from headlight.viewer.export.results import Filled, Result, check_layers, file_bytes
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.options import Rule, count, option
from headlight.viewer.session.view import CloudSettings, ColourBy, MapSettings, Selection, View
from headlight.viewer.slices.clouds.maps import chosen, each_row
from headlight.viewer.slices.maps import head_of


def file_point(index: int, cloud: CloudInput) -> int:
    """Which of the cloud's points is number `index` of the file, both from 0. HeadlightError if none is."""
    if index >= cloud.total:
        raise HeadlightError(
            f"Point {index:,} does not exist: there are {cloud.total:,}, 0 to {cloud.total - 1:,}.",
            "Choose one of these with --point.",
        )
    if cloud.kept is None:
        return index
    place = int(np.searchsorted(cloud.kept, index))
    if place == len(cloud.kept) or cloud.kept[place] != index:
        raise HeadlightError(
            f"Point {index:,} was left out when the file was read.", "Choose another one with --point."
        )
    return place


def _point(needed: Rule) -> Any:
    return option(
        "one point of a cloud, counted from 0 as in the file",
        "Point of the file",
        named=True,
        needed=needed,
        parse=count,
        metavar="INDEX",
        early=file_point,
    )


@dataclass(frozen=True)
class AttentionOptions(Coloured):
    """layer, head: as of texts and pictures. point: in the order of the file."""

    layer: str | None = layer_option()
    head: int | Literal["mean", "max", "min"] | None = head_option()
    point: int | None = _point(
        Rule(
            ONE_MATRIX.endings,
            "A {ending} file holds the neighbourhood of one point.",
            "Choose it with --point, or write npz.",
        )
    )


@dataclass(frozen=True)
class RolloutOptions:
    point: int | None = _point(
        Rule(
            ("npz", "csv"),
            "The rollout of all points of a cloud would be a matrix of points × points.",
            "Choose one with --point; its neighbourhoods are “attention”.",
        )
    )


def attention_filled(subject: Subject, task: Task) -> Filled:
    trace, view = subject.trace, subject.view
    neighbours = tuple(len(layer.group(0, 0)[1]) for layer in trace.layers)
    lists = {
        "layer": partial(layer_list, trace, str),
        "head": partial(head_list, trace),
        "colours": colour_maps,
    }
    values = {"layer": str(view[Selection].layer), "head": head_of(view), "point": _selected(subject)}
    extent = partial(_attention_bytes, trace, neighbours)
    return Filled(colours_chosen(view) | values, lists, of_colours(view) == "attention", extent)


def _attention_bytes(
    trace: Trace, neighbours: tuple[int, ...], values: Mapping[str, Any], ending: str
) -> int:
    layer, k = layer_of(trace, values), neighbours[int(values.get("layer") or 0)]
    rows = len(layer.queries) if values.get("point") is None else 1
    return file_bytes(heads_counted(layer, values) * rows * k, ending, trace)


def rollout_filled(subject: Subject, task: Task) -> Filled:
    return Filled({"point": _selected(subject)}, shown=of_colours(subject.view) == "rollout")


def segmentation_filled(subject: Subject, task: Task) -> Filled:
    extent = partial(_segmentation_bytes, known(subject.input, CloudInput).total)
    return Filled(shown=of_colours(subject.view) == "segmentation", extent=extent)


def _segmentation_bytes(points: int, values: Mapping[str, Any], ending: str) -> int:
    return points * {"npz": 6, "csv": 60, "ply": 24}[ending]


def of_colours(view: View, *colours: ColourBy) -> str:
    """What views of a cloud in these colours, its own without any, show: where a selected point looks, else
    the classes.
    """
    reaching = {"attention": "attention", "composed": "rollout"}.get(view[MapSettings].method)
    coloured = "attention" in (colours or (view[CloudSettings].first, view[CloudSettings].second))
    return reaching if reaching and view[Selection].queries and coloured else "segmentation"


def of_first_view(view: View) -> str:
    return of_colours(view, view[CloudSettings].first)


def of_second_view(view: View) -> str:
    return of_colours(view, view[CloudSettings].second)


def _selected(subject: Subject) -> int | None:
    """The number in the file of the point that was selected last."""
    trace = subject.trace
    found = chosen(trace, trace.tokens, subject.view[Selection].queries)
    if not len(found):
        return None
    return int(numbers_in_file(known(subject.input, CloudInput), _sample(trace)[found[-1:]])[0])


def _said(trace: Trace) -> PointLabels:
    return known(trace.answer(PointLabels), PointLabels)


def _sample(trace: Trace) -> np.ndarray:
    """int (m,): the point that each token is; of what labels no points, tokens are all of them."""
    answer = trace.answer(PointLabels)
    return np.arange(len(trace.tokens)) if answer is None else answer.sample


def _points(tokens: Tokens) -> PointTokens:
    return known(tokens, PointTokens)


def in_file(cloud: CloudInput, values: np.ndarray, missing: float) -> np.ndarray:
    """(n, ...) of the points read → (total, ...) of the file's, `missing` for those left out."""
    if cloud.kept is None:
        return values
    whole = np.full((cloud.total, *values.shape[1:]), missing, values.dtype)
    whole[cloud.kept] = values
    return whole


def numbers_in_file(cloud: CloudInput, points: np.ndarray) -> np.ndarray:
    """int64: the number in the file, from 0, of these of the cloud's points."""
    return points if cloud.kept is None else cloud.kept[points]


def frame_of(cloud: CloudInput) -> dict[str, np.ndarray]:
    """What leads from local metres back to the file's coordinates."""
    return {
        "origin": cloud.origin,
        "metres_per_unit": np.array(cloud.frame.metres_per_unit),
        "up": np.array(cloud.frame.up),
    }


def no_labels(subject: Subject) -> str:
    """ "" where the model gives every point a class, else the reason."""
    trace = subject.trace
    if trace is None or trace.answer(PointLabels) is not None:
        return ""
    return f"{trace.model.title} gives no class to a point."


def labelling(run: RunOptions) -> RunOptions:
    """Read by a model that gives points classes, where none is named."""
    return replace(run, says="labels")


def segmentation(options: None, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The class of every point of the file, in its order."""
    answer = _said(trace)
    labels = in_file(cloud, answer.labels, -1)
    confidence = in_file(cloud, answer.confidence, 0)
    arrays = {"labels": labels, "confidence": confidence, "classes": np.array(answer.classes)}
    if answer.truth is not None:
        arrays["truth"] = in_file(cloud, answer.truth, -1)
    names = [*answer.classes, ""]

    def table() -> Iterator[Sequence[object]]:
        yield ("x", "y", "z", "class", "confidence")
        where = cloud.all_coordinates().tolist()
        for place, label, sure in zip(where, labels.tolist(), confidence.tolist(), strict=True):
            yield (*(f"{value:.12g}" for value in place), names[label], f"{sure:.9g}")

    def ply() -> bytes:
        where = cloud.all_coordinates()
        return _ply(where, bool(cloud.origin.any()), arrays, answer.classes)

    return Result(lambda: arrays, table, others={"ply": ply})


def _ply(where: np.ndarray, far: bool, arrays: dict[str, np.ndarray], classes: Sequence[str]) -> bytes:
    """Binary PLY: file coordinates (double where float would lose detail), colours, label, confidence."""
    number = ("<f8", "double") if far else ("<f4", "float")
    columns = [(name, *number) for name in "xyz"]
    columns += [(name, "u1", "uchar") for name in ("red", "green", "blue")]
    columns += [("label", "<i2", "short"), ("confidence", "<f4", "float")]
    if "truth" in arrays:
        columns.append(("truth", "<i2", "short"))
    vertices = np.empty(len(where), [(name, kind) for name, kind, _ in columns])
    colours = np.vstack([class_colours(classes), UNLABELLED])[arrays["labels"]]  # −1 is the last
    for axis, name in enumerate("xyz"):
        vertices[name] = where[:, axis]
    for channel, name in enumerate(("red", "green", "blue")):
        vertices[name] = colours[:, channel]
    vertices["label"], vertices["confidence"] = arrays["labels"], arrays["confidence"]
    if "truth" in arrays:
        vertices["truth"] = arrays["truth"]
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment Labels and confidence by Headlight; -1 is a point that was left out",
        f"comment classes: {', '.join(classes)}",
        f"element vertex {len(where)}",
        *(f"property {said} {name}" for name, _, said in columns),
        "end_header\n",
    ]
    return "\n".join(header).encode() + vertices.tobytes()


def tokens(options: None, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The points that the model saw, and which of the file's they are."""
    index = numbers_in_file(cloud, _sample(trace))
    arrays = {**trace.inputs, "index": index, **frame_of(cloud)}

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "x", "y", "z")
        where = cloud.file_coordinates(_points(trace.tokens).positions).tolist()
        for number, place in zip(index.tolist(), where, strict=True):
            yield (number, *(f"{value:.12g}" for value in place))

    return Result(lambda: arrays, table)


def attention(options: AttentionOptions, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The neighbourhoods of a layer's points, or that of one point."""
    _require_attention(trace)
    index, heads = layer_and_heads(options.layer, options.head, ending, trace)
    layer, answer = trace.layers[index], trace.answer(PointLabels)
    check_layers([layer], task)
    found = [each_row(layer, head) for head in heads]
    neighbours, weights = found[0][0].astype(np.int32), np.stack([weights for _, weights in found])
    own = _sample(trace)[_points(trace.tokens).nearest(_points(layer.queries).positions)]
    numbers = numbers_in_file(cloud, own)
    points = _points(layer.queries).positions.astype(np.float32)
    arrays = {
        "points": points,
        "neighbours": neighbours,
        "attention": weights,
        "index": numbers,
        "layer": np.array(index),
        "layer_name": np.array(layer.name),
        "classes": np.array(() if answer is None else answer.classes, str),
        **frame_of(cloud),
    }
    if options.point is None:
        return Result(lambda: arrays)
    query = int(layer.queries.find(trace.tokens.place(_token(options.point, cloud, trace)))[0])
    near = neighbours[query if len(neighbours) > 1 else 0]  # or all points are neighbours of all
    arrays |= {"neighbours": near[None], "attention": weights[:, [query]], "query": np.array(query)}
    row = weights[:, query]  # (heads, k)
    called = [f"map {head}" if isinstance(head, int) else head for head in heads]

    def table() -> Iterator[Sequence[object]]:
        yield ("neighbour", "x", "y", "z", *called)
        where = cloud.file_coordinates(points[near]).tolist()
        for number, place, shares in zip(numbers[near].tolist(), where, row.T, strict=True):
            yield (number, *(f"{value:.12g}" for value in place), *(f"{value:.9g}" for value in shares))

    def drawing() -> Drawing:
        far = np.linalg.norm(points[near] - points[query], axis=1)
        labels = [f"{number} · {d:.3g} m" for number, d in zip(numbers[near], far, strict=True)]
        title = (
            f"{trace.model.title} · layer {index} · {called[0]} · point {numbers[query]} to its neighbours"
        )
        return bars_drawing(row[0], labels, title, options.colours)

    return Result(lambda: arrays, table, drawing)


def rollout(options: RolloutOptions, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The composed maps of one point, which are a cloud's rollout."""
    from headlight.models.points.reach.fields import composed

    _require_attention(trace)
    check_layers(trace.layers, task)
    token = _token(known(options.point, int), cloud, trace)
    share = composed(trace, token, task)
    index = numbers_in_file(cloud, _sample(trace))
    arrays = {
        "rollout": share,
        "map": share,
        "points": trace.inputs.get("points", _points(trace.tokens).positions),
        "index": index,
        "query": np.array(token),
        **frame_of(cloud),
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "x", "y", "z", "share")
        where = cloud.file_coordinates(_points(trace.tokens).positions).tolist()
        for number, place, value in zip(index.tolist(), where, share.tolist(), strict=True):
            yield (number, *(f"{v:.12g}" for v in place), f"{value:.9g}")

    return Result(lambda: arrays, table)


def _token(point: int, cloud: CloudInput, trace: Trace) -> int:
    """The token that answers for the point asked for."""
    answer, number = trace.answer(PointLabels), file_point(point, cloud)
    return number if answer is None else int(answer.nearest[number])


def _require_attention(trace: Trace) -> None:
    if not trace.layers:
        raise HeadlightError(
            f"{trace.model.title} has no attention layers.",
            "Choose --model point-transformer, or export segmentation.",
        )
