"""nuScenes' annotations (Caesar et al. 2020): rows with a middle, width–length–height and a quaternion, in
the world's coordinates or the scanner's; and the tables that lead from one to the other."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.viewer.inputs.boxes.listed import Listed, NoBoxes

MOST_BYTES = 64_000_000
"""Of one table that is read."""
_NAMES = {
    "human.pedestrian": "pedestrian",
    "vehicle.bus": "bus",
    "vehicle.construction": "construction_vehicle",
    "movable_object.trafficcone": "traffic_cone",
}
"""Categories, by how they begin, whose class is not their last word."""
_OBJECTS = ("human.pedestrian", "vehicle.", "movable_object.barrier", "movable_object.trafficcone")
_NO_OBJECTS = (
    *(f"human.pedestrian.{word}" for word in ("personal_mobility", "stroller", "wheelchair")),
    "vehicle.emergency",
)


def class_of(category: str) -> str | None:
    """The class that nuScenes' detection has for a category; None where it asks for none."""
    if category.startswith(_NO_OBJECTS) or not category.startswith(_OBJECTS):
        return None
    known = (name for start, name in _NAMES.items() if category.startswith(start))
    return next(known, category.rpartition(".")[2])


def is_row(row: Any) -> bool:
    return isinstance(row, Mapping) and all(name in row for name in ("translation", "size", "rotation"))


def read(rows: Sequence[Mapping[str, Any]], poses: Sequence[Mapping[str, Any]] = ()) -> Listed:
    """Rows of `sample_annotation`, or of results. poses: of the car in the world, then of the scanner on the
    car, each with a translation and a rotation; without any the rows are in the scanner's frame. Rows in
    which no point lies are no boxes. Raises NoBoxes.
    """
    boxes, names, scores, speeds = [], [], [], []
    try:
        steps = [(_turn(pose["rotation"]), np.array(pose["translation"], np.float64)) for pose in poses]
        for row in rows:
            name = row.get("detection_name") or class_of(str(row.get("category_name", "")))
            if name is None or row.get("num_lidar_pts") == 0:
                continue
            middle, turn = np.array(row["translation"], np.float64), _turn(row["rotation"])
            east, north, *_ = row.get("velocity") or (np.nan, np.nan)
            speed = np.array([east, north, 0.0], np.float64)
            for rotation, move in steps:
                middle, turn, speed = rotation.T @ (middle - move), rotation.T @ turn, rotation.T @ speed
            width, length, height = (float(side) for side in row["size"])
            boxes.append([*middle, length, width, height, np.arctan2(turn[1, 0], turn[0, 0])])
            names.append(str(name))
            scores.append(float(row.get("detection_score", np.nan)))
            speeds.append(speed[:2])
        found = np.array(boxes, np.float64).reshape(-1, 7)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError):
        raise NoBoxes("its rows are not as nuScenes has them") from None
    velocities = np.array(speeds, np.float64).reshape(-1, 2)
    return Listed(
        found,
        tuple(names),
        np.array(scores) if scores and np.isfinite(scores).all() else None,
        velocities if len(velocities) and np.isfinite(velocities).all() else None,
    )


def tables_of(path: Path) -> Path | None:
    """The folder of tables of a data set that holds this scan: samples/LIDAR_TOP/… beside v1.0-…"""
    if path.parent.parent.name != "samples":
        return None
    found = sorted(path.parents[2].glob("v1.0-*/sample_data.json"))
    return found[0].parent if found else None


def from_tables(folder: Path, path: Path) -> Listed:
    """The annotations of a scan of the data set. Raises NoBoxes and OSError."""
    name = f"samples/{path.parent.name}/{path.name}"
    scan = next((row for row in _table(folder, "sample_data") if row["filename"] == name), None)
    if scan is None:
        raise NoBoxes(f"they do not list {name}")
    poses = [
        next((row for row in _table(folder, table) if row["token"] == scan[f"{table}_token"]), None)
        for table in ("ego_pose", "calibrated_sensor")
    ]
    if None in poses:
        raise NoBoxes("they lack the pose of its scanner")
    categories = {row["token"]: row["name"] for row in _table(folder, "category")}
    things = {row["token"]: categories.get(row["category_token"]) for row in _table(folder, "instance")}
    rows = [
        row | {"category_name": things.get(row["instance_token"])}
        for row in _table(folder, "sample_annotation")
        if row["sample_token"] == scan["sample_token"]
    ]
    return read(rows, [pose for pose in poses if pose is not None])


def _table(folder: Path, name: str) -> list[dict[str, Any]]:
    path = folder / f"{name}.json"
    if path.stat().st_size > MOST_BYTES:
        raise NoBoxes(f"{path.name} has more than {MOST_BYTES / 1e6:.0f} MB")
    try:
        rows = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        raise NoBoxes(f"{path.name} is damaged") from None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise NoBoxes(f"{path.name} is no table")
    return rows


def document(boxes: np.ndarray, answer: Boxes, sample: str) -> dict[str, Any]:
    """What a json of results holds. boxes: float (n, 7) in the cloud file's coordinates, in which it is
    written; sample: what the scan is called.
    """
    rows = []
    for index, (x, y, z, length, width, height, yaw) in enumerate(np.asarray(boxes, np.float64).tolist()):
        speed = (0.0, 0.0) if answer.velocities is None else answer.velocities[index].tolist()
        rows.append(
            {
                "sample_token": sample,
                "translation": [round(value, 4) for value in (x, y, z)],
                "size": [round(value, 4) for value in (width, length, height)],
                "rotation": [round(float(np.cos(yaw / 2)), 7), 0.0, 0.0, round(float(np.sin(yaw / 2)), 7)],
                "velocity": [round(value, 4) for value in speed],
                "detection_name": answer.classes[answer.labels[index]],
                "detection_score": round(float(answer.scores[index]), 6),
                "attribute_name": "",
            }
        )
    uses = {f"use_{sensor}": sensor == "lidar" for sensor in ("camera", "lidar", "radar", "map", "external")}
    return {"meta": uses | {"frame": "of the cloud's file, not the world's"}, "results": {sample: rows}}


def _turn(quaternion: Sequence[float]) -> np.ndarray:
    """(3, 3) of w x y z of any length but 0."""
    w, x, y, z = np.array(quaternion, np.float64) / np.linalg.norm(np.array(quaternion, np.float64))
    return np.array(
        [
            (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
            (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
            (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
        ]
    )
