"""Scans of streets as they are learnt from: read from a folder, turned, mirrored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from script.training.streets.make import read
from script.training.streets.scanner import Scan

Rng = np.random.Generator


def endless(folder: Path, rng: Rng) -> Iterator[Scan]:
    """All scans of a folder in another order each time round; those that are written meanwhile come in."""
    while True:
        paths = sorted(folder.glob("*.npz"))
        if not paths:
            raise SystemExit(f"{folder} has no scans: make some with script.training.streets.make.")
        for place in rng.permutation(len(paths)):
            yield read(paths[place])


def everyone(folder: Path, most: int | None = None) -> list[Scan]:
    return [read(path) for path in sorted(folder.glob("*.npz"))[:most]]


def turned(scan: Scan, angle: float, mirrored: bool = False, scale: float = 1.0) -> Scan:
    """About the scanner's axis by `angle`, after y was mirrored, and larger by `scale`."""
    c, s = np.cos(angle), np.sin(angle)
    side = -1.0 if mirrored else 1.0
    matrix = scale * np.array([[c, -s * side, 0], [s, c * side, 0], [0, 0, 1]])
    boxes = scan.boxes.astype(np.float64)
    boxes[:, :3] = boxes[:, :3] @ matrix.T
    boxes[:, 3:6] *= scale
    boxes[:, 6] = (side * boxes[:, 6] + angle + np.pi) % (2 * np.pi) - np.pi
    points = (scan.points @ matrix.T).astype(np.float32)
    return replace(scan, points=points, boxes=boxes.astype(np.float32))


def classes_of(scan: Scan) -> np.ndarray:
    """int64 (n,): 0 background, then the classes in their order."""
    if not len(scan.labels):
        return np.zeros(len(scan.points), np.int64)
    return np.where(scan.things >= 0, scan.labels[scan.things] + 1, 0).astype(np.int64)
