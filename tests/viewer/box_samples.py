"""A street of few points with boxes, true ones and found ones, and a trace that says the latter."""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import Boxes
from headlight.models.core.tokens import INPUT, PointTokens
from headlight.models.core.trace import ModelCard, Trace
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.told.frame import Frame

CLASSES = ("car", "truck", "pedestrian", "cycle")
CAR = (10.0, 1.0, -0.9, 4.0, 1.8, 1.6, 0.3)
OTHER = (-8.0, 6.0, -0.9, 4.2, 1.8, 1.5, 2.0)
TRUCK = (20.0, -8.0, -0.2, 8.0, 2.5, 3.0, 0.0)
MAN = (6.0, -3.0, -0.85, 0.7, 0.7, 1.7, -2.0)
TRUTH = (CAR, OTHER, TRUCK, MAN)
TRUE_LABELS = (0, 0, 1, 2)


def boxes_of(rows, scores=None, labels=None, **more) -> Boxes:
    count = len(rows)
    return Boxes(
        np.array(rows, np.float32).reshape(-1, 7),
        np.array(np.ones(count) if scores is None else scores, np.float32),
        np.array(np.zeros(count) if labels is None else labels, np.int16),
        CLASSES,
        **more,
    )


def street(rows=TRUTH, labels=TRUE_LABELS, ground: int = 3000, each: int = 60) -> CloudInput:
    """Ground at −1.7 m and points in each box, as its file would have them, with the boxes as truth."""
    rng = np.random.default_rng(1)
    parts = [np.column_stack([rng.uniform(-35, 35, (ground, 2)), rng.normal(-1.72, 0.01, ground)])]
    for box in np.array(rows).reshape(-1, 7):
        inside = rng.uniform(-0.5, 0.5, (each, 3)) * box[3:6]
        c, s = np.cos(box[6]), np.sin(box[6])
        parts.append(inside @ np.array([(c, s, 0), (-s, c, 0), (0, 0, 1)]) + box[:3])
    points = np.concatenate(parts).astype(np.float32)
    frame = Frame()
    return CloudInput(
        title="street.bin",
        points=points,
        origin=np.zeros(3),
        frame=frame,
        guessed=frame,
        intensity=rng.uniform(0, 1, len(points)).astype(np.float32),
        boxes=boxes_of(rows, labels=labels) if rows else None,
    )


def answer() -> Boxes:
    """The car and the man are found, the truck taken for a car, the other car missed; a car where none is,
    and the first car a second time among the candidates."""
    moved = (10.3, 1.1, -0.9, 4.1, 1.8, 1.6, 0.35)
    again = (10.9, 1.0, -0.9, 4.1, 1.8, 1.6, 0.3)
    nothing = (0.0, 20.0, -0.9, 4.0, 1.8, 1.6, 0.0)
    rows = (moved, MAN, TRUCK, nothing)
    scores, labels = (0.9, 0.8, 0.6, 0.2), (0, 2, 0, 0)
    candidates = boxes_of((*rows, again), (*scores, 0.5), (*labels, 0))
    heat = np.zeros((len(CLASSES), 160, 160), np.float32)
    for row, score, label in zip(rows, scores, labels, strict=True):
        heat[label, int((row[1] + 40) / 0.5), int((row[0] + 40) / 0.5)] = score
    extent = (-40.0, -40.0, 40.0, 40.0)
    return boxes_of(rows, scores, labels, heat=heat, extent=extent, candidates=candidates)


def traced(cloud: CloudInput, said: Boxes | None = None, notices: tuple[str, ...] = ()) -> Trace:
    return Trace(
        model=ModelCard("pillars", "Pillars", "points", "made up", "none"),
        layers=(),
        streams={INPUT: PointTokens.of(cloud.points)},
        inputs={},
        readout=None,
        seconds=0.1,
        device="cpu",
        answers=(answer() if said is None else said,),
        notices=notices,
    )
