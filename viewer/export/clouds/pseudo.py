"""Export of a depth or disparity image as a cloud: pseudo-lidar (Wang et al. 2019, section 3)."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.models.points.representations.depth_image import HIGHEST, Calibration, cloud_of, fan
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.inputs import ImageInput, Input
from headlight.viewer.options import Rule, option, taken

_ENDINGS = ("ply", "npz", "csv")
COUNTS = 256.0
"""Of whole numbers, counts in a metre or in a pixel of disparity, as KITTI's pictures have them."""
MOST_BYTES = 1_000_000
"""Of a calibration file."""


def counts(value: str) -> float:
    """A number above zero."""
    try:
        found = float(value)
    except ValueError:
        found = 0.0
    if not 0 < found < float("inf"):
        raise argparse.ArgumentTypeError(f"“{value}” is not a number above zero")
    return found


@dataclass(frozen=True)
class PseudoOptions:
    calibration: str | None = option(
        "KITTI's calibration file of the picture",
        "Calibration",
        metavar="FILE",
        needed=Rule(
            _ENDINGS,
            "A depth image alone does not say where in space its pixels lie.",
            "Give KITTI's calibration file of this picture with --calibration.",
        ),
    )
    depth: bool = option("the picture holds depths in metres (as it is taken for)", "Depths", switch=True)
    disparity: bool = option("the picture holds disparities in pixels", "Disparities", switch=True)
    counts: float | None = option(
        "counts of the file in a metre or pixel of disparity (256 of whole numbers, 1 of bytes and others)",
        "Counts",
        parse=counts,
        metavar="N",
        empty="usual",
    )

    def __post_init__(self) -> None:
        if self.depth and self.disparity:
            raise HeadlightError("A picture holds depths or disparities.", "Give --depth or --disparity.")


def alone(given: Mapping[str, Any], document: Input, run: RunOptions, task: Task) -> Result:
    """Without a model: none is asked."""
    return pseudo(taken(PseudoOptions, given), "npz", document, None, task)


def calibration_of(path: str) -> Calibration:
    """HeadlightError for what cannot be read, or is no calibration of KITTI's."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return Calibration.read(file.read(MOST_BYTES))
    except OSError as error:
        raise HeadlightError(
            f"The calibration {Path(path).name} cannot be read: {(error.strerror or 'an error').lower()}.",
            "Choose another file.",
        ) from error


def depths_of(picture: ImageInput, options: PseudoOptions, calibration: Calibration) -> np.ndarray:
    """float64 (height, width) in metres, 0 or NaN where there is none."""
    values = picture.measured
    if values is None:
        grey = picture.pixels[..., 0]
        if (picture.pixels != grey[..., None]).any():
            raise HeadlightError(
                f"{picture.title} is a picture in colours, not of depths.",
                "Choose a PNG of 16 bits, a TIFF or an NPY file with one number a pixel.",
            )
        values = grey
    found = values.astype(np.float64) / (options.counts or usual_counts(values.dtype))
    return calibration.depth_of(found) if options.disparity else found


def usual_counts(kind: np.dtype) -> float:
    """Of the numbers of a file: a byte would not reach a metre by KITTI's."""
    return COUNTS if kind.kind in "iu" and kind.itemsize > 1 else 1.0


def pseudo(options: PseudoOptions, ending: str, document: Input, trace: Trace | None, task: Task) -> Result:
    """`points` float32 (m, 3) in the scanner's frame, x forward, y left, z up, metres; `intensity` (m,), all
    1; `pixel` int64 (m, 2), row and column; `depth` float32 (height, width); `fan` float32 (m, 2, 3), where
    the point would lie with a disparity one pixel larger and smaller, NaN where that would be none.
    """
    picture = known(document, ImageInput)
    calibration = calibration_of(known(options.calibration, str))
    depth = depths_of(picture, options, calibration)
    found = cloud_of(depth, calibration)
    if not len(found.points):
        raise HeadlightError(
            f"No pixel of {picture.title} has a depth that gives a point.",
            "Look whether it holds depths or disparities (--disparity), and how many --counts they have.",
        )
    row, column = np.divmod(found.pixel, depth.shape[1])
    near = fan(calibration, column, row, depth.ravel()[found.pixel])[:, (0, 2)].astype(np.float32)
    ahead = (np.linalg.norm(near - found.points[:, None], axis=2) * (-1, 1)).astype(np.float32)

    def arrays() -> dict[str, np.ndarray]:
        return {
            "points": found.points,
            "intensity": np.ones(len(found.points), np.float32),
            "pixel": np.stack([row, column], axis=1),
            "depth": depth.astype(np.float32),
            "fan": near,
        }

    def table() -> Iterator[Sequence[object]]:
        yield ("x", "y", "z", "row", "column", "nearer", "farther")
        for place, *pixel, error in zip(
            found.points.tolist(), row.tolist(), column.tolist(), ahead.tolist(), strict=True
        ):
            yield (*(f"{value:.9g}" for value in place), *pixel, *(f"{value:.6g}" for value in error))

    def ply() -> bytes:
        return _ply(found.points, picture.pixels[row, column], ahead)

    notices = []
    if picture.measured is None and options.counts is None:
        unit = "pixels of disparity" if options.disparity else "metres"
        notices.append(
            f"{picture.title} has 8 bits: it is read as whole {unit}. Say other --counts if it is not."
        )
    if found.left_out:
        notices.append(
            f"{found.left_out:,} pixels are left out: their points would lie behind the scanner or more than "
            f"{HIGHEST:g} m above it."
        )
    return Result(arrays, table, others={"ply": ply}, notices=notices)


def _ply(points: np.ndarray, colours: np.ndarray, ahead: np.ndarray) -> bytes:
    """Binary PLY: the points, an intensity of 1, the shade of the picture, and by how many metres they would
    be nearer and farther with a disparity one pixel larger and smaller."""
    floats = ("x", "y", "z", "intensity", "nearer", "farther")
    shades = ("red", "green", "blue")
    kinds = [*((name, "<f4") for name in floats), *((name, "u1") for name in shades)]
    vertices = np.empty(len(points), kinds)
    columns = np.column_stack([points, np.ones(len(points)), ahead, colours])
    for name, column in zip((*floats, *shades), columns.T, strict=True):
        vertices[name] = column
    header = [
        "ply",
        "format binary_little_endian 1.0",
        "comment Pseudo-lidar by Headlight: x forward, y left, z up, metres",
        f"element vertex {len(points)}",
        *(f"property float {name}" for name in floats),
        *(f"property uchar {name}" for name in shades),
        "end_header\n",
    ]
    return "\n".join(header).encode() + vertices.tobytes()


def filled(subject: Subject, task: Task) -> Filled:
    return Filled(extent=partial(_extent, known(subject.input, ImageInput).pixels[..., 0].size))


def _extent(pixels: int, values: Mapping[str, Any], ending: str) -> int:
    return 40 * pixels
