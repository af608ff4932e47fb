"""Export of a cloud as a network of three dimensions is fed it, with the cell of every point of the file."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.models.points.representations.asked import (
    FITTED,
    MIDDLE,
    NAMES,
    PANORAMA,
    PIXELS,
    Asked,
    Name,
    hard_of,
    represent,
    usual,
)
from headlight.models.points.representations.cells import Triple
from headlight.models.points.representations.pillars import PUBLISHED
from headlight.models.points.representations.range_image import SENSORS
from headlight.models.points.representations.represented import OUTSIDE, Represented
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.clouds.answered import frame_of, in_file, numbers_in_file
from headlight.viewer.export.clouds.pseudo import calibration_of
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import Input
from headlight.viewer.options import option, some, taken
from headlight.viewer.session.view import RepresentSettings, View
from headlight.viewer.slices.clouds.represented.kept import asked_of, cloud_of
from headlight.viewer.slices.clouds.represented.parts import PartName, named


def triple(value: str) -> Triple:
    """ "0.1" or "0.16,0.16,4": metres along x, y, z."""
    numbers = _numbers(value, (1, 3))
    x, y, z = numbers * (3 // len(numbers))
    return x, y, z


def pair(value: str) -> tuple[int, int]:
    """ "1242,375": two whole numbers from 1 on."""
    found = tuple(map(some, value.split(",")))
    if len(found) != 2:
        raise argparse.ArgumentTypeError(f"“{value}” is not a width and a height with a comma between them")
    return found[0], found[1]


def corners(value: str) -> tuple[float, ...]:
    """ "0,-40,-3,70.4,40,1": the lower and the higher corner in metres."""
    return _numbers(value, (6,))


def _numbers(value: str, counts: tuple[int, ...]) -> tuple[float, ...]:
    try:
        found = tuple(float(one) for one in value.split(","))
    except ValueError:
        found = ()
    if len(found) not in counts:
        wanted = " or ".join(map(str, counts))
        raise argparse.ArgumentTypeError(f"{value!r} is not {wanted} numbers with commas between them")
    return found


_ORDERED = "voxels", "pillars"
_GRIDS = (*_ORDERED, "birds-eye", "occupancy")


def _of(*names: Name) -> tuple[str, tuple[Name, ...]]:
    """Of which representations an option says anything."""
    return "as_", names


@dataclass(frozen=True)
class RepresentOptions:
    as_: Name = option(
        "how the cloud is represented",
        "As",
        choices={name: name.replace("-", " ").capitalize() for name in NAMES},
        default="voxels",
        named=True,
    )
    like: str | None = option(
        "range, edge and limits of a published network",
        "Like",
        choices={name: name for name in PUBLISHED},
        only=_of(*_ORDERED, "birds-eye"),
    )
    edge: Triple | None = option(
        "metres of a cell, one number or one each along x, y, z",
        "Edge, m",
        parse=triple,
        metavar="M[,M,M]",
        only=_of(*_GRIDS),
        empty="usual",
    )
    range: tuple[float, ...] | None = option(
        "metres of the lower and the higher corner (the cloud's own box)",
        "Range, m",
        parse=corners,
        metavar="X,Y,Z,X,Y,Z",
        only=_of(*_GRIDS),
        empty="the cloud's box",
    )
    most_points: int | None = option(
        "points of a cell that are kept", "Points a cell", parse=some, metavar="N", only=_of(*_ORDERED)
    )
    most_cells: int | None = option(
        "cells that are kept", "Cells", parse=some, metavar="N", only=_of(*_ORDERED)
    )
    sensor: str | None = option(
        "of a range image (the one that fits)",
        "Sensor",
        choices={name: one.title for name, one in SENSORS.items()}
        | {FITTED: "The beams of the cloud", MIDDLE: PANORAMA.title},
        only=_of("range"),
    )
    shuffle: int | None = option(
        "another order in which hard voxels and pillars come to the points, by its seed",
        "Shuffled by",
        parse=some,
        metavar="SEED",
        only=_of(*_ORDERED),
        empty="the file's order",
    )
    cameras: int | None = option(
        "views all around (12)", "Cameras", parse=some, metavar="N", empty="12", only=_of("views")
    )
    side: int | None = option(
        "pixels of a view's side (128)", "Pixels", parse=some, metavar="PX", empty="128", only=_of("views")
    )
    calibration: str | None = option(
        "KITTI's calibration file, of a depth image",
        "Calibration",
        metavar="FILE",
        empty="none",
        only=_of("depth"),
    )
    pixels: tuple[int, int] | None = option(
        "width and height of a depth image (1242,375)",
        "Width and height",
        parse=pair,
        metavar="W,H",
        only=_of("depth"),
        empty="1242,375",
    )


def asked(options: RepresentOptions) -> Asked:
    low = high = None
    if options.range is not None:
        x, y, z, *rest = options.range
        low, high = (x, y, z), (rest[0], rest[1], rest[2])
    return Asked(
        options.as_,
        options.like,
        options.edge,
        low,
        high,
        options.most_points,
        options.most_cells,
        sensor=options.sensor,
        cameras=Asked.cameras if options.cameras is None else options.cameras,
        side=Asked.side if options.side is None else options.side,
        calibration=None if options.calibration is None else calibration_of(options.calibration),
        pixels=options.pixels or PIXELS,
        shuffle=options.shuffle or 0,
    )


def alone(given: Mapping[str, Any], document: Input, run: RunOptions, task: Task) -> Result:
    """Without a model: none is asked."""
    return represented(taken(RepresentOptions, given), "npz", document, None, task)


def represented(
    options: RepresentOptions, ending: str, document: Input, trace: Trace | None, task: Task
) -> Result:
    """The arrays of the representation (see `models.points.representations`), and `cell` int64 (N,) of every
    point of the file: the number of its cell in C order of `shape`, −1 outside, −2 hidden or dropped. What
    those call a point is its number in the file.
    """
    cloud = known(document, CloudInput)
    read = cloud_of(cloud)
    found = represent(read, usual(read, asked(options)))
    cell = in_file(cloud, found.cell, OUTSIDE)

    def arrays() -> dict[str, np.ndarray]:
        own = dict(found.arrays)
        if "index" in own:
            own["index"] = np.where(own["index"] < 0, -1, numbers_in_file(cloud, own["index"]))
        if "cells" in own:
            own["cells"] = in_file(cloud, own["cells"].T, OUTSIDE).T
        return {**own, "cell": cell, "shape": np.array(found.shape), **frame_of(cloud)}

    def table() -> Iterator[Sequence[object]]:
        yield ("x", "y", "z", "cell")
        for place, number in zip(cloud.all_coordinates().tolist(), cell.tolist(), strict=True):
            yield (*(f"{value:.12g}" for value in place), number)

    return Result(arrays, table, notices=_left_out(found, asked(options)))


def _left_out(found: Represented, asked: Asked) -> list[str]:
    """What hard voxelisation, whose limits may be the usual ones, did not keep."""
    hard = hard_of(asked) if asked.as_ in ("voxels", "pillars") else None
    if hard is None or not found.dropped:
        return []
    limits = f"{hard.most_points:,} of a cell and {hard.most_cells:,} cells"
    return [f"{found.dropped:,} points are dropped: {limits} are kept."]


def represent_filled(subject: Subject, task: Task) -> Filled:
    return Filled(of_space(subject.view))


def of_space(view: View) -> dict[str, Any]:
    return _chosen(view, "space")


def of_above(view: View) -> dict[str, Any]:
    return _chosen(view, "above")


def of_range(view: View) -> dict[str, Any]:
    return _chosen(view, "range")


def of_views(view: View) -> dict[str, Any]:
    return _chosen(view, "views")


def _chosen(view: View, part: PartName) -> dict[str, Any]:
    """The options that give what a part of the page shows."""
    settings = view[RepresentSettings]
    one = asked_of(settings, named(settings, part))
    ends = None if one.low is None or one.high is None else (*one.low, *one.high)
    return {
        "as_": one.as_,
        "edge": one.edge,
        "range": ends,
        "most_points": one.most_points,
        "most_cells": one.most_cells,
        "sensor": one.sensor,
        "shuffle": one.shuffle or None,
    }
