"""Scans of cars as KITTI and nuScenes write them: float32 numbers and nothing else, x y z and intensity."""

from __future__ import annotations

import numpy as np

from headlight.viewer.inputs.clouds.parts import CHUNK, Parts, check_count
from headlight.viewer.inputs.source import Source

_KITTI, _NUSCENES = 4, 5
"""Numbers of a point; the fifth of nuScenes is the laser."""
_REACH = 500.0
"""Metres"""
_LASERS = 128


def is_scan(source: Source) -> bool:
    return source.ending == "bin" and _numbers(source.head, source.size) is not None


def _numbers(head: bytes, size: int) -> int | None:
    """How many numbers a point has, None for bytes that are no scan. size: −1 where it is not known yet."""
    for columns in (_NUSCENES, _KITTI):
        if not size or (size > 0 and size % (4 * columns)):
            continue
        rows = np.frombuffer(head[: len(head) // (4 * columns) * 4 * columns], "<f4").reshape(-1, columns)
        if not len(rows) or not np.isfinite(rows).all() or np.abs(rows[:, :3]).max() > _REACH:
            continue
        # Integers and texts make numbers next to zero or beyond all reach.
        tiny = (np.abs(rows[:, :3]) < 1e-6) & (rows[:, :3] != 0)
        bright = rows[:, 3]
        if tiny.mean() > 0.01 or bright.min() < 0 or bright.max() > 255 or not rows[:, :3].any():
            continue
        laser = rows[:, 4] if columns == _NUSCENES else np.zeros(1)
        if (laser == np.rint(laser)).all() and laser.min() >= 0 and laser.max() < _LASERS:
            return columns
    return None


def read_scan(source: Source) -> Parts:
    """Points in metres, z up, with SemanticKITTI's labels where they lie beside it."""
    columns = _numbers(source.head, source.size)
    count = source.size // (4 * columns)
    check_count(source.name, count)
    points, more, at = np.empty((count, 3), np.float32), np.empty((count, columns - 3), np.float32), 0
    row = 4 * columns
    while data := source.file.read(CHUNK // row * row):
        rows = np.frombuffer(data[: len(data) // row * row], "<f4").reshape(-1, columns)[: count - at]
        points[at : at + len(rows)], more[at : at + len(rows)] = rows[:, :3], rows[:, 3:]
        at += len(rows)
        source.report()
    labels, notices = _labels(source, count)
    said = "KITTI" if columns == _KITTI else "nuScenes"
    notices.append(f"{source.name} is read as {said} writes scans: {columns} numbers of 32 bits a point.")
    return Parts(
        points[:at],
        labels=labels,
        intensity=more[:at, 0],
        ring=more[:at, 1] if columns == _NUSCENES else None,
        unit=1.0,
        sure=True,
        label_name="semantickitti",
        notices=notices,
    )


def _labels(source: Source, count: int) -> tuple[np.ndarray | None, list[str]]:
    """(classes, without the numbers of things, notices): labels/000123.label for velodyne/000123.bin."""
    if source.path is None:
        return None, []
    name = f"{source.path.stem}.label"
    for path in (source.path.with_name(name), source.path.parent.parent / "labels" / name):
        try:
            if path.is_file() and path.stat().st_size == 4 * count:
                return np.fromfile(path, "<u4").astype(np.int64) & 0xFFFF, [
                    f"Its labels are those of {name}."
                ]
        except OSError:
            continue
    return None, []
