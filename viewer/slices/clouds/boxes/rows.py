"""What is said of a box, in a list and under the cursor."""

from __future__ import annotations

import numpy as np

from headlight.models.points.detection.metrics.overlap import bird_overlap
from headlight.viewer.slices.clouds.boxes.shown import Shown

HEADINGS = ("class", "score", "x", "y", "size", "yaw", "points")


def texts_of(now: Shown) -> list[tuple[str, ...]]:
    """A row a box: metres of its middle and its sides, degrees of its heading, points inside."""
    boxes = now.boxes
    rows = []
    for box, score, label, count, hand in zip(
        boxes.boxes.tolist(), boxes.scores, boxes.labels, now.points.tolist(), now.by_hand, strict=True
    ):
        name = boxes.classes[label] + (" ✎" if hand else "")
        size = " × ".join(f"{side:.1f}" for side in box[3:6])
        x, y = (f"{value:.1f}" for value in box[:2])
        rows.append((name, f"{score:.2f}", x, y, size, f"{np.degrees(box[6]):.0f}°", f"{count:,}"))
    return rows


def keys_of(now: Shown) -> list[tuple[float | str, ...]]:
    """What the columns are sorted by; sizes by volume."""
    boxes = now.boxes
    keys = []
    for box, score, label, count in zip(
        boxes.boxes, boxes.scores, boxes.labels, now.points.tolist(), strict=True
    ):
        x, y, *_, yaw = map(float, box)
        keys.append((boxes.classes[label], float(score), x, y, float(box[3:6].prod()), yaw, float(count)))
    return keys


def figures_of(now: Shown, true: bool, number: int) -> dict[str, str]:
    """Of one box, by the rows of the numbers pane."""
    boxes = now.truth if true and now.truth is not None else now.boxes
    x, y, z, length, width, height, yaw = boxes.boxes[number].tolist()
    counts = now.truth_points if true else now.points
    return {
        "Class": boxes.classes[boxes.labels[number]],
        "Box score": "the truth" if true else f"{boxes.scores[number]:.3f}",
        "Middle": f"{x:.2f}, {y:.2f}, {z:.2f} m",
        "Size": f"{length:.2f} × {width:.2f} × {height:.2f} m",
        "Heading": f"{np.degrees(yaw):.0f}°"
        if boxes.directed
        else f"{np.degrees(yaw) % 180:.0f}°, either way",
        "Points inside": f"{int(counts[number]):,}",
        "Truth": "" if true else _partner(now, number),
    }


def _partner(now: Shown, number: int) -> str:
    """cycle, 0.42 m away, overlap 0.61: the true box that a found one is matched with."""
    if now.confusion is None or now.truth is None:
        return "the file has none"
    partner = int(now.confusion.partner[number])
    if partner < 0:
        return "nothing there"
    found, true = now.boxes.boxes[number], now.truth.boxes[partner]
    away = float(np.hypot(*(found[:2] - true[:2])))
    shared = float(bird_overlap(found[None], true[None])[0, 0])
    return f"{now.truth.classes[now.truth.labels[partner]]}, {away:.2f} m away, overlap {shared:.2f}"
