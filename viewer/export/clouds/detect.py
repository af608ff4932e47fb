"""Export of the boxes that a model found in a cloud, as numbers, KITTI's labels, or nuScenes' results."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.models.points.representations.asked import FAR
from headlight.models.points.representations.depth_image import Calibration
from headlight.viewer.export.choices import Subject
from headlight.viewer.export.results import Filled, Result
from headlight.viewer.host.recipe import RunOptions
from headlight.viewer.inputs.boxes import kitti, nuscenes, plain
from headlight.viewer.inputs.boxes.beside import calibration_of
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.options import option
from headlight.viewer.session.view import BoxSettings
from headlight.viewer.slices.clouds.boxes.shown import NONE, Read, shown


def share(value: str) -> float:
    """A number from 0 to 1."""
    return _number(value, 1.0)


def metres(value: str) -> float:
    """A number from 0 to 100."""
    return _number(value, 100.0)


def _number(value: str, most: float) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number <= most:
        raise argparse.ArgumentTypeError(f"{value!r} is not a number from 0 to {most:g}")
    return number


@dataclass(frozen=True)
class DetectOptions:
    score: float | None = option(
        "boxes from this score on (0.3)", "Score from", parse=share, metavar="S", empty="0.3"
    )
    suppress: Literal["model", "rotated", "circle", "none"] | None = option(
        "how boxes that overlap give way to the likeliest (as the model has it)",
        "Suppress",
        choices={
            "model": "As the model does",
            "rotated": "By overlap on the ground",
            "circle": "By distance",
            "none": "Not at all",
        },
    )
    overlap: float | None = option(
        "of rotated suppression: the share of their union on the ground from which on boxes give way (0.2)",
        "Overlap",
        parse=share,
        metavar="SHARE",
        empty="0.2",
    )
    radius: float | None = option(
        "of circle suppression: up to how many metres (2)", "Metres", parse=metres, metavar="M", empty="2"
    )


def no_boxes(subject: Subject) -> str:
    """ "" where the model finds boxes, else the reason."""
    trace = subject.trace
    if trace is None or trace.answer(Boxes) is not None:
        return ""
    return f"{trace.model.title} finds no boxes."


def boxing(run: RunOptions) -> RunOptions:
    """Read by a model that finds boxes, where none is named."""
    return replace(run, says="boxes")


def detect(options: DetectOptions, ending: str, cloud: CloudInput, trace: Trace, task: Task) -> Result:
    """`boxes` float32 (n, 7) x y z (the middle) length width height yaw in the file's coordinates, float64
    where these are far from zero; `scores`, `labels` int16 indices into `classes`; those that were set by
    hand as they are.

    txt: KITTI's labels, by the calibration beside the cloud where there is one. json: nuScenes' results in
    the file's coordinates.
    """
    asked = {name: value for name, value in vars(options).items() if value is not None}
    if trace.answer(Boxes) is None:
        raise HeadlightError(f"{trace.model.title} finds no boxes.", "Choose a detector with --model.")
    settings = replace(BoxSettings(), **asked)
    seen, score = shown(Read(cloud, trace), settings, cloud.edits or NONE, task), settings.score
    boxes, where = seen.boxes, cloud.file_boxes(seen.boxes.boxes)

    def arrays() -> dict[str, np.ndarray]:
        return {
            "boxes": precise(where),
            "scores": boxes.scores,
            "labels": boxes.labels,
            "classes": np.array(boxes.classes),
        }

    def results() -> bytes:
        return json.dumps(nuscenes.document(where, boxes, Path(cloud.title).stem), indent=1).encode()

    calibration, said = calibrated(trace)

    def labels() -> bytes:
        return kitti.text(where, boxes, calibration).encode()

    notices = [said] if ending == "txt" and said else []
    if seen.why:
        notices.append(seen.why)
    elif not len(boxes):
        notices.append(f"All of the {seen.below:,} boxes that were found have scores below {score:g}.")
    others = {"json": results, "txt": labels}
    return Result(arrays, lambda: plain.table(where, boxes), others=others, notices=notices)


def precise(boxes: np.ndarray) -> np.ndarray:
    """Boxes (..., 7) in the file's coordinates, of 32 bits where these are near enough to zero."""
    return boxes if np.abs(boxes).max(initial=0) > FAR else boxes.astype(np.float32)


def calibrated(trace: Trace) -> tuple[Calibration | None, str]:
    """(the calibration beside the file that was read, what is to be said of it)"""
    source = trace.recipe.source
    path = Path(getattr(source, "path", "") or "")
    try:
        found = calibration_of(path) if path.name else None
    except HeadlightError as error:
        return None, str(error)
    if found is None:
        return (
            None,
            "No calibration lies beside the cloud: camera and scanner count as in one place.",
        )
    return found, ""


def detect_filled(subject: Subject, task: Task) -> Filled:
    settings = subject.view[BoxSettings]
    values = {name: getattr(settings, name) for name in ("score", "suppress", "overlap", "radius")}
    return Filled(values, shown=subject.trace.answer(Boxes) is not None, extent=_extent)


def _extent(values: Mapping[str, Any], ending: str) -> int:
    """Boxes are few."""
    return 0
