"""KITTI's labels of objects (Geiger et al. 2012): a line a box in the camera's frame, and the calibration
that leads to the scanner's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.models.core.answers.boxes import corners
from headlight.viewer.inputs.boxes.listed import Listed, NoBoxes

if TYPE_CHECKING:
    from headlight.models.points.representations.depth_image import Calibration

_WORDS = (15, 16)
"""Of a line of truth, and of a found box, whose last is its score."""
_NONE = ("DontCare", "Misc")
"""What is marked and is no object."""
_SIDES = (1242.0, 375.0)
"""Pixels of KITTI's pictures, within which a box in the picture ends."""


def is_text(head: str) -> bool:
    """Whether a text begins as labels do: a name and 14 or 15 numbers."""
    words = next((line.split() for line in head.splitlines() if line.strip()), [])
    if len(words) not in _WORDS or not words[0][0].isalpha():
        return False
    try:
        [float(word) for word in words[1:]]
    except ValueError:
        return False
    return True


def read(text: str, calibration: Calibration | None) -> Listed:
    """The boxes of a label file in the scanner's frame. Without a calibration camera and scanner are taken to
    stand in one place, and to look the same way. Raises NoBoxes.
    """
    names, rows, scores = [], [], []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.split()
        if not words:
            continue
        if len(words) not in _WORDS:
            raise NoBoxes(f"line {number} has {len(words)} words, not 15 or 16")
        try:
            numbers = [float(word) for word in words[1:]]
        except ValueError:
            raise NoBoxes(f"line {number} holds words where numbers belong") from None
        if words[0] in _NONE:
            continue
        names.append(words[0])
        rows.append(numbers[7:14])
        scores.append(numbers[14] if len(numbers) > 14 else np.nan)
    height, width, length, *_ = columns = np.array(rows, np.float64).reshape(-1, 7).T
    below, turn = columns[3:6].T, columns[6]
    middle = _plain_scanner(below) if calibration is None else calibration.to_scanner(below)
    middle[:, 2] += height / 2
    boxes = np.column_stack([middle, length, width, height, turned(turn)])
    said = () if calibration else ("Without a calibration its boxes may lie some 30 cm beside their things.",)
    return Listed(boxes, tuple(names), None if np.isnan(scores).any() else np.array(scores), said=said)


def turned(angle: np.ndarray) -> np.ndarray:
    """Radians: the camera's rotation_y ↔ yaw counter-clockwise from forward; its own inverse, in (−π, π]."""
    return np.pi - (angle + np.pi / 2 + np.pi) % (2 * np.pi)


def text(boxes: np.ndarray, answer: Boxes, calibration: Calibration | None) -> str:
    """A line of 16 words a box. boxes: float (n, 7) in the scanner's frame; answer: their classes and scores.

    Truncation and occlusion are -1, unknown. The box in the picture is where camera 2 sees the corners, and
    -1 without a calibration, or behind the camera.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 7)
    below = boxes[:, :3] - np.array([0, 0, 0.5]) * boxes[:, 5:6]
    camera = _plain_camera(below) if calibration is None else calibration.to_camera(below)
    lines = []
    for index, (box, (x, y, z)) in enumerate(zip(boxes, camera, strict=True)):
        length, width, height, yaw = box[3:]
        turn = float(turned(yaw))
        alpha = (turn - np.arctan2(x, z) + np.pi) % (2 * np.pi) - np.pi
        seen = (-1.0,) * 4 if calibration is None else _seen(box, calibration)
        numbers = (alpha, *seen, height, width, length, x, y, z, turn)
        name = answer.classes[answer.labels[index]].replace(" ", "_")
        said = " ".join(f"{value:.2f}" for value in numbers)
        lines.append(f"{name[:1].upper()}{name[1:]} -1 -1 {said} {answer.scores[index]:.4f}")
    return "".join(f"{line}\n" for line in lines)


def _seen(box: np.ndarray, calibration: Calibration) -> tuple[float, ...]:
    points = calibration.to_camera(corners(box[None])[0])
    if (points[:, 2] <= 0.1).any():
        return (-1.0,) * 4
    shifted = points[:, :2] - np.asarray(calibration.shift)
    pixels = shifted * np.asarray(calibration.focal) / points[:, 2:] + np.asarray(calibration.centre)
    pixels = pixels.clip(0, np.array(_SIDES) - 1)
    return *pixels.min(axis=0).tolist(), *pixels.max(axis=0).tolist()


def _plain_scanner(camera: np.ndarray) -> np.ndarray:
    """x right, y down, z forward → x forward, y left, z up."""
    return np.stack([camera[:, 2], -camera[:, 0], -camera[:, 1]], axis=1)


def _plain_camera(scanner: np.ndarray) -> np.ndarray:
    return np.stack([-scanner[:, 1], -scanner[:, 2], scanner[:, 0]], axis=1)
