"""Write sample rooms for assets: PLY with colours and labels, and a picture of each for the welcome page.

python -m script.training.samples ROOM.npz=NAME [...]        from the test rooms alone
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from plyfile import PlyData, PlyElement

from headlight.models.catalogue.bundled import ASSETS
from headlight.models.core.classes.lists import S3DIS_CLASSES
from script.training.crops import CEILING, Room, read_room

FOLDER = ASSETS / "samples" / "rooms"
SIZE = (480, 360)
SIDE, DOWN = np.radians(35), np.radians(50)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("rooms", nargs="+", metavar="ROOM.npz=NAME")
    for word in parser.parse_args().rooms:
        path, name = word.rsplit("=", 1)
        room = read_room(Path(path))
        FOLDER.mkdir(parents=True, exist_ok=True)
        write_ply(FOLDER / f"{name}.ply", room)
        Image.fromarray(picture(room)).save(FOLDER / f"{name}.png", optimize=True)


def write_ply(path: Path, room: Room) -> None:
    """Binary: x, y, z in metres, colours, and label, an index into the classes of a comment."""
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")]
    rows = np.empty(len(room.points), [*kinds, ("label", "u1")])
    for column, name in enumerate("xyz"):
        rows[name] = room.points[:, column]
    for column, name in enumerate(("red", "green", "blue")):
        rows[name] = room.colours[:, column]
    rows["label"] = room.labels
    comment = f"classes: {', '.join(S3DIS_CLASSES)}"
    PlyData([PlyElement.describe(rows, "vertex")], comments=[comment], byte_order="<").write(path)


def picture(room: Room) -> np.ndarray:
    """uint8 (height, width, 3): the room from above one corner, without its ceiling."""
    shown = room.labels != CEILING
    points, colours = room.points[shown], room.colours[shown]
    points = points - (points.min(0) + points.max(0)) / 2
    x = points[:, 0] * np.cos(SIDE) - points[:, 1] * np.sin(SIDE)
    y = points[:, 0] * np.sin(SIDE) + points[:, 1] * np.cos(SIDE)
    up = points[:, 2] * np.cos(DOWN) + y * np.sin(DOWN)
    away = y * np.cos(DOWN) - points[:, 2] * np.sin(DOWN)
    width, height = SIZE
    scale = 0.94 * min(width / np.ptp(x), height / np.ptp(up))
    column = (width / 2 + (x - (x.min() + x.max()) / 2) * scale).astype(int)
    row = (height / 2 - (up - (up.min() + up.max()) / 2) * scale).astype(int)
    image = np.full((height, width, 3), (27, 30, 37), np.uint8)
    order = np.argsort(-away)  # near points last, over the far ones
    dot = max(1, round(0.04 * scale))
    for right in range(dot):
        for down in range(dot):
            at = np.clip(row[order] + down, 0, height - 1), np.clip(column[order] + right, 0, width - 1)
            image[at] = colours[order]
    return image


if __name__ == "__main__":
    main()
