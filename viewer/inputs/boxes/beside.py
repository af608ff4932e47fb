"""True boxes that lie beside a cloud: where they are looked for, and whether they are its own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.depth_image import Calibration
from headlight.viewer.inputs.boxes import kitti, nuscenes, plain
from headlight.viewer.inputs.boxes.listed import Listed, NoBoxes, counted, in_cloud
from headlight.viewer.inputs.cloud import CloudInput

_MOST_BYTES = 16_000_000
_HEAD = 4096

Reader = Callable[[], Listed]


def with_boxes(cloud: CloudInput, path: Path) -> CloudInput:
    """The cloud with the boxes of the first file beside it that holds some; what does not fit is told."""
    notices = list(cloud.notices)
    for name, read in _files(path):
        try:
            with np.errstate(all="ignore"):  # files hold what no float has: `sound` leaves it out
                listed, wrong = read().sound()
                boxes = in_cloud(listed, cloud)
        except NoBoxes as error:
            notices.append(f"The boxes of {name} are left out: {error}.")
            continue
        except Exception:  # damage raises any exception there is, and must not cost the cloud
            notices.append(f"The boxes of {name} are left out: it is damaged, or cannot be read.")
            continue
        if wrong:
            notices.append(f"{wrong:,} boxes of {name} have no size or no place: they are left out.")
        if len(boxes) and not any(len(held) for held in boxes.inside(cloud.points)):
            notices.append(
                f"None of the {len(boxes):,} boxes of {name} holds a point of {cloud.title}: they are of "
                "another scan or in other coordinates, and are left out."
            )
            continue
        said = counted(boxes) or "none"
        notices.append(" ".join((f"Its true boxes are those of {name}: {said}.", *listed.said)))
        return replace(cloud, boxes=boxes, notices=tuple(notices))
    return replace(cloud, notices=tuple(notices))


def calibration_of(path: Path) -> Calibration | None:
    """KITTI's for a scan, where one lies beside it. HeadlightError where that lacks something."""
    parent, name = path.parent, f"{path.stem}.txt"
    named = [path.with_name(f"{path.stem}{end}") for end in (".calib.txt", "_calib.txt")]
    for place in (parent.parent / "calib" / name, parent / "calib" / name, *named):
        if (text := _text(place)) is not None:
            return Calibration.read(text)
    return None


def _files(path: Path) -> Iterator[tuple[str, Reader]]:
    """What may hold the boxes of a scan: a name, and how it is read."""
    stems = dict.fromkeys((path.stem, path.name.partition(".")[0]))
    for folder in (path.parent.parent / "label_2", path.parent / "label_2"):
        if (text := _text(folder / f"{path.stem}.txt")) is not None:
            yield f"label_2/{path.stem}.txt", partial(_of_kitti, text, path)
    for stem in stems:
        yield from _same_name(path, stem)
    if (tables := nuscenes.tables_of(path)) is not None:
        yield f"{tables.name}/sample_annotation.json", partial(nuscenes.from_tables, tables, path)


def _same_name(path: Path, stem: str) -> Iterator[tuple[str, Reader]]:
    for ending, begins, read in (
        ("txt", kitti.is_text, partial(_of_kitti, path=path)),
        ("csv", plain.is_table, plain.read_table),
        ("json", _is_json, partial(_of_json, stem=stem)),
    ):
        for name in (f"{stem}.{ending}", f"{stem}.boxes.{ending}"):
            place = path.with_name(name)
            if place != path and (text := _text(place, begins)) is not None:
                yield name, partial(read, text)


def _of_kitti(text: str, path: Path) -> Listed:
    try:
        return kitti.read(text, calibration_of(path))
    except HeadlightError as error:
        found = kitti.read(text, None)
        return replace(found, said=(f"{error.cause} {found.said[0]}",))


def _is_json(head: str) -> bool:
    """Whether a text begins as a JSON of boxes, of our own or nuScenes', does."""
    words = ("boxes", "annotations", "results", "translation", "yaw", "heading")
    return head.lstrip()[:1] in ("{", "[") and any(f'"{word}"' in head for word in words)


def _of_json(text: str, stem: str) -> Listed:
    """Rows, or a mapping that holds some, by the names of scans or not, with the poses of nuScenes or not."""
    held: Any = json.loads(text)
    poses: list[Any] = []
    if isinstance(held, dict):
        poses = [held[name] for name in ("ego_pose", "calibrated_sensor") if name in held]
        held = next((held[name] for name in ("boxes", "annotations", "results") if name in held), None)
    if isinstance(held, dict):
        if stem not in held and len(held) != 1:
            raise NoBoxes(f"it holds {len(held):,} scans, none of them called {stem}")
        held = held.get(stem, next(iter(held.values())))
    if not isinstance(held, list):
        raise NoBoxes("it holds no rows of boxes")
    if held and nuscenes.is_row(held[0]):
        return nuscenes.read(held, poses)
    return plain.read_rows(held)


def _text(path: Path, begins: Callable[[str], bool] = lambda head: True) -> str | None:
    """What a file beside the cloud holds; None where there is none that begins so, or far more than boxes
    need."""
    try:
        if not path.is_file() or path.stat().st_size > _MOST_BYTES:
            return None
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if not begins(head.decode("utf-8-sig", "replace")):  # spreadsheets write a mark in front
                return None
            return (head + file.read()).decode("utf-8-sig", "replace")
    except OSError:
        return None
