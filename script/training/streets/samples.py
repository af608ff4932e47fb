"""Write sample streets for assets: PLY with intensity, ring and labels, its boxes, and a picture of each.

python -m script.training.streets.samples NUMBER=NAME [...]        of objects of the test split alone
"""

from __future__ import annotations

import argparse
import csv

import numpy as np
from PIL import Image
from plyfile import PlyData, PlyElement

from headlight.models.catalogue.bundled import ASSETS
from script.training.streets.make import street_scan
from script.training.streets.scanner import Scan
from script.training.streets.scans import classes_of
from script.training.streets.shapes import CLASSES

FOLDER = ASSETS / "samples" / "streets"
SEED = 7
"""Of streets that no network was trained, chosen or scored on."""
SIZE, SIDE, DOWN, REACH = (480, 360), np.radians(65), np.radians(50), 26.0
HUES = np.array([(150, 156, 168), (84, 156, 255), (255, 176, 64), (255, 96, 112), (96, 214, 128)])
"""Background and the classes in their order."""
LEAST = 1  # points of a box that is written


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("streets", nargs="+", metavar="NUMBER=NAME")
    FOLDER.mkdir(parents=True, exist_ok=True)
    for word in parser.parse_args().streets:
        number, name = word.split("=", 1)
        made = street_scan("test", SEED, int(number))
        write_ply(FOLDER / f"{name}.ply", made)
        write_boxes(FOLDER / f"{name}.csv", made)
        Image.fromarray(picture(made)).save(FOLDER / f"{name}.png", optimize=True)


def write_ply(path, made: Scan) -> None:
    """Binary: x, y, z in metres from the scanner, intensity 0 to 1, ring from the lowest beam on, label."""
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("intensity", "<f4"), ("ring", "u1"), ("label", "u1")]
    rows = np.empty(len(made.points), kinds)
    for column, name in enumerate("xyz"):
        rows[name] = made.points[:, column]
    rows["intensity"], rows["ring"], rows["label"] = made.intensity, made.ring, classes_of(made)
    comment = f"classes: {', '.join(('background', *CLASSES))}"
    PlyData([PlyElement.describe(rows, "vertex")], comments=[comment], byte_order="<").write(path)


def write_boxes(path, made: Scan) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("x", "y", "z", "length", "width", "height", "yaw", "class"))
        for box, label in zip(
            made.boxes[made.counts >= LEAST], made.labels[made.counts >= LEAST], strict=True
        ):
            table.writerow((*(f"{value:.3f}" for value in box), CLASSES[label]))


def picture(made: Scan) -> np.ndarray:
    """uint8 (height, width, 4): the street around the scanner from above one side, without a ground."""
    shown = np.linalg.norm(made.points[:, :2], axis=1) < REACH
    points, kinds = made.points[shown].astype(float), classes_of(made)[shown]
    x = points[:, 0] * np.cos(SIDE) - points[:, 1] * np.sin(SIDE)
    y = points[:, 0] * np.sin(SIDE) + points[:, 1] * np.cos(SIDE)
    up = points[:, 2] * np.cos(DOWN) + y * np.sin(DOWN)
    away = y * np.cos(DOWN) - points[:, 2] * np.sin(DOWN)
    width, height = SIZE
    scale = 0.94 * min(width / np.ptp(x), height / np.ptp(up))
    column = (width / 2 + (x - (x.min() + x.max()) / 2) * scale).astype(int)
    row = (height / 2 - (up - (up.min() + up.max()) / 2) * scale).astype(int)
    light = np.clip(0.65 + 0.12 * (points[:, 2] + 1.8), 0.5, 1.0)[:, None]
    image = np.zeros((height, width, 4), np.uint8)
    order = np.lexsort((-away, kinds > 0))  # things over the ground, near ones over far ones
    colours = np.column_stack([HUES[kinds] * light, np.full(len(kinds), 255)]).astype(np.uint8)
    for right in range(2):
        at = np.clip(row[order], 0, height - 1), np.clip(column[order] + right, 0, width - 1)
        image[at] = colours[order]
    return image


if __name__ == "__main__":
    main()
