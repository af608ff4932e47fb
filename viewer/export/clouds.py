"""Exports of point clouds: labels for every point of the file, neighbourhoods, what the model saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.answers import PointLabels
from headlight.models.core.errors import HeadlightError
from headlight.models.core.palettes import UNLABELLED, class_colours
from headlight.models.core.task import SILENT, Task
from headlight.viewer.export.figures import Drawing, bars_drawing
from headlight.viewer.export.results import Result, check_layers, ending_of, layer_and_heads
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.slices.cloud_maps import each_row

if TYPE_CHECKING:
    from headlight.models.core.trace import Trace
    from headlight.viewer.export.options import ExportOptions


def refuse_early(options: ExportOptions, cloud: CloudInput) -> None:
    """HeadlightError for what no model can give, before one is loaded."""
    ending = ending_of(options)
    if options.point is not None:
        file_point(cloud, options.point)
    if options.what == "attention" and ending != "npz" and options.point is None:
        raise HeadlightError(
            f"A {ending} file holds the neighbourhood of one point.", "Choose it with --point, or write npz."
        )
    if options.what == "rollout":
        if options.point is None:
            raise HeadlightError(
                "The rollout of all points of a cloud would be a matrix of points × points.",
                "Choose one with --point; its neighbourhoods are “attention”.",
            )
        if ending not in ("npz", "csv"):
            raise HeadlightError("The rollout of a point cloud can be npz or csv.", "Change its ending.")


def cloud_result(options: ExportOptions, cloud: CloudInput, trace: Trace, task: Task = SILENT) -> Result:
    """What was asked of a cloud. HeadlightError for layers, maps and points that there are not."""
    if options.what == "segmentation":
        return _segmentation(cloud, trace)
    if options.what == "tokens":
        return _tokens(cloud, trace)
    if not trace.layers:
        raise HeadlightError(
            f"{trace.model.title} has no attention: it joins all points by one maximum.",
            "Choose --model point-transformer, or export segmentation.",
        )
    make = _attention if options.what == "attention" else _rollout
    return make(options, cloud, trace, task)


def file_point(cloud: CloudInput, index: int) -> int:
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


def _in_file(cloud: CloudInput, values: np.ndarray, missing: float) -> np.ndarray:
    """(n, ...) of the points read → (total, ...) of the file's, `missing` for those left out."""
    if cloud.kept is None:
        return values
    whole = np.full((cloud.total, *values.shape[1:]), missing, values.dtype)
    whole[cloud.kept] = values
    return whole


def numbers_in_file(cloud: CloudInput, points: np.ndarray) -> np.ndarray:
    """int64: the number in the file, from 0, of these of the cloud's points."""
    return points if cloud.kept is None else cloud.kept[points]


def _frame(cloud: CloudInput) -> dict[str, np.ndarray]:
    """What leads from local metres back to the file's coordinates."""
    return {
        "origin": cloud.origin,
        "metres_per_unit": np.array(cloud.frame.metres_per_unit),
        "up": np.array(cloud.frame.up),
    }


def _segmentation(cloud: CloudInput, trace: Trace) -> Result:
    answer = trace.answer(PointLabels)
    labels = _in_file(cloud, answer.labels, -1)
    confidence = _in_file(cloud, answer.confidence, 0)
    arrays = {"labels": labels, "confidence": confidence, "classes": np.array(answer.classes)}
    if answer.truth is not None:
        arrays["truth"] = _in_file(cloud, answer.truth, -1)
    names = [*answer.classes, ""]

    def table() -> Iterator[Sequence[object]]:
        yield ("x", "y", "z", "class", "confidence")
        where = cloud.all_coordinates().tolist()
        for place, label, sure in zip(where, labels.tolist(), confidence.tolist(), strict=True):
            yield (*(f"{value:.12g}" for value in place), names[label], f"{sure:.9g}")

    def ply() -> bytes:
        where = cloud.all_coordinates()
        return _ply(where, bool(cloud.origin.any()), arrays, answer.classes)

    return Result(lambda: arrays, table, cloud=ply)


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


def _tokens(cloud: CloudInput, trace: Trace) -> Result:
    """The points that the model saw, and which of the file's they are."""
    index = numbers_in_file(cloud, trace.answer(PointLabels).sample)
    arrays = {**trace.inputs, "index": index, **_frame(cloud)}

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "x", "y", "z")
        where = cloud.file_coordinates(trace.tokens.positions).tolist()
        for number, place in zip(index.tolist(), where, strict=True):
            yield (number, *(f"{value:.12g}" for value in place))

    return Result(lambda: arrays, table)


def _attention(options: ExportOptions, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    index, heads = layer_and_heads(options, trace)
    layer = trace.layers[index]
    check_layers([layer], task)
    found = [each_row(layer, head) for head in heads]
    neighbours, attention = found[0][0].astype(np.int32), np.stack([weights for _, weights in found])
    own = trace.answer(PointLabels).sample[trace.tokens.nearest(layer.queries.positions)]
    numbers = numbers_in_file(cloud, own)
    points = layer.queries.positions.astype(np.float32)
    arrays = {
        "points": points,
        "neighbours": neighbours,
        "attention": attention,
        "index": numbers,
        "layer": np.array(index),
        "layer_name": np.array(layer.name),
        "classes": np.array(trace.answer(PointLabels).classes),
        **_frame(cloud),
    }
    if options.point is None:
        return Result(lambda: arrays)
    query = int(layer.queries.find(trace.tokens.place(_token(options, cloud, trace)))[0])
    near = neighbours[query]
    arrays |= {"neighbours": near[None], "attention": attention[:, [query]], "query": np.array(query)}
    weights = attention[:, query]  # (heads, k)
    called = [f"map {head}" if isinstance(head, int) else head for head in heads]

    def table() -> Iterator[Sequence[object]]:
        yield ("neighbour", "x", "y", "z", *called)
        where = cloud.file_coordinates(points[near]).tolist()
        for number, place, row in zip(numbers[near].tolist(), where, weights.T, strict=True):
            yield (number, *(f"{value:.12g}" for value in place), *(f"{value:.9g}" for value in row))

    def drawing() -> Drawing:
        far = np.linalg.norm(points[near] - points[query], axis=1)
        labels = [f"{number} · {d:.3g} m" for number, d in zip(numbers[near], far, strict=True)]
        title = (
            f"{trace.model.title} · layer {index} · {called[0]} · point {numbers[query]} to its neighbours"
        )
        return bars_drawing(weights[0], labels, title)

    return Result(lambda: arrays, table, drawing)


def _rollout(options: ExportOptions, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """The composed maps of one point, which are a cloud's rollout."""
    from headlight.models.points.fields import composed

    check_layers(trace.layers, task)
    token = _token(options, cloud, trace)
    share = composed(trace, token, task)
    index = numbers_in_file(cloud, trace.answer(PointLabels).sample)
    arrays = {
        "rollout": share,
        "map": share,
        "points": trace.inputs["points"],
        "index": index,
        "query": np.array(token),
        **_frame(cloud),
    }

    def table() -> Iterator[Sequence[object]]:
        yield ("index", "x", "y", "z", "share")
        where = cloud.file_coordinates(trace.tokens.positions).tolist()
        for number, place, value in zip(index.tolist(), where, share.tolist(), strict=True):
            yield (number, *(f"{v:.12g}" for v in place), f"{value:.9g}")

    return Result(lambda: arrays, table)


def _token(options: ExportOptions, cloud: CloudInput, trace: Trace) -> int:
    """The token that answers for the point asked for."""
    return int(trace.answer(PointLabels).nearest[file_point(cloud, options.point)])
