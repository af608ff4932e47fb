"""Setting boxes by hand, by buttons and by keys: what each does to the one that is selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from headlight.models.core.answers import BoxEdits
from headlight.models.core.tokens import Cuboid, Place
from headlight.viewer.panes.clouds.boxes.base import put
from headlight.viewer.session.session import Session
from headlight.viewer.session.view import Selection

STEP, ANGLE = 0.1, np.radians(5)
"""Metres and radians of a press of a key."""
BUTTONS = {
    "left": "Turn left",
    "right": "Turn right",
    "flip": "Front to back",
    "longer": "Longer",
    "delete": "Delete",
    "reset": "Undo all edits",
}
TIPS = {
    "left": "Turn the selected box 5° counter-clockwise",
    "right": "Turn the selected box 5° clockwise",
    "flip": "Turn the selected box by half a turn",
    "longer": "Make the selected box 10 cm longer",
    "delete": "Take the selected box away",
    "reset": "Show all boxes as the model found them",
}


def only(places: tuple[Place, ...]) -> Cuboid | None:
    """The one box that is selected."""
    boxes = [place for place in places if isinstance(place, Cuboid)]
    return boxes[0] if len(boxes) == 1 else None


def _turn(by: float) -> Callable[[Cuboid], Cuboid]:
    return lambda box: replace(box, yaw=float(np.pi - (np.pi - box.yaw - by) % (2 * np.pi)))


def _move(ahead: float, left: float) -> Callable[[Cuboid], Cuboid]:
    """Along the axes of the cloud, which a view from above has across and up."""
    return lambda box: replace(box, x=box.x + ahead, y=box.y + left)


def _grow(name: str, by: float) -> Callable[[Cuboid], Cuboid]:
    return lambda box: replace(box, **{name: max(getattr(box, name) + by, STEP)})


CHANGES: dict[str, Callable[[Cuboid], Cuboid | None]] = {
    "left": _turn(ANGLE),
    "right": _turn(-ANGLE),
    "flip": _turn(np.pi),
    "longer": _grow("length", STEP),
    "shorter": _grow("length", -STEP),
    "wider": _grow("width", STEP),
    "narrower": _grow("width", -STEP),
    "east": _move(STEP, 0),
    "west": _move(-STEP, 0),
    "north": _move(0, STEP),
    "south": _move(0, -STEP),
    "up": lambda box: replace(box, z=box.z + STEP),
    "down": lambda box: replace(box, z=box.z - STEP),
    "delete": lambda box: None,
}


def settable(session: Session) -> Cuboid | None:
    """The selected box, if it is one and not the truth's."""
    document = session.current
    box = None if document is None else only(session.view[Selection].queries)
    truth = None if document is None else document.input.boxes
    return None if box is None or (truth is not None and truth.find(box) is not None) else box


def act(session: Session, name: str, *_: object) -> None:
    """What a button or a key does to the selected box."""
    if name == "reset":
        session.change(BoxEdits, made=())
    elif (box := settable(session)) is not None:
        put(session, box, CHANGES[name](box), gesture="" if name == "delete" else name)


def relabel(session: Session, label: int) -> None:
    if (box := settable(session)) is not None and label >= 0:
        put(session, box, box, label)
