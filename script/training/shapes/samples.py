"""Write sample objects for assets: PLY with colours, and a picture of each for the welcome page.

python -m script.training.shapes.samples KEY=NAME [...]        of objects of the test split alone
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image
from plyfile import PlyData, PlyElement

from headlight.models.catalogue.bundled import ASSETS
from script.training.furniture import mesh
from script.training.shapes.objects import things
from script.training.shapes.pools import sampled

FOLDER = ASSETS / "samples" / "objects"
POINTS = 12_000
SIZE, SIDE, DOWN = (480, 360), np.radians(35), np.radians(25)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", metavar="KEY=NAME")
    FOLDER.mkdir(parents=True, exist_ok=True)
    models = {one.model.key: one.model for one in things() if one.split == "test"}
    for word in parser.parse_args().objects:
        key, name = word.rsplit("=", 1)
        model = mesh(models[key])
        points, normals, triangles = sampled(model, np.random.default_rng(0), POINTS)
        colours = (255 * model.palette[model.materials[triangles], :3]).clip(0, 255).astype(np.uint8)
        write_ply(FOLDER / f"{name}.ply", points, colours)
        Image.fromarray(picture(points, normals, colours)).save(FOLDER / f"{name}.png", optimize=True)


def write_ply(path: Path, points: np.ndarray, colours: np.ndarray) -> None:
    """Binary: x, y, z in metres, z up, and colours."""
    kinds = [("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("red", "u1"), ("green", "u1"), ("blue", "u1")]
    rows = np.empty(len(points), kinds)
    for column, name in enumerate("xyz"):
        rows[name] = points[:, column]
    for column, name in enumerate(("red", "green", "blue")):
        rows[name] = colours[:, column]
    PlyData([PlyElement.describe(rows, "vertex")], byte_order="<").write(path)


def picture(points: np.ndarray, normals: np.ndarray, colours: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 4): the object from above its front, lit from the eye, without a ground."""
    points = points - (points.min(0) + points.max(0)) / 2
    x = points[:, 0] * np.cos(SIDE) - points[:, 1] * np.sin(SIDE)
    y = points[:, 0] * np.sin(SIDE) + points[:, 1] * np.cos(SIDE)
    up = points[:, 2] * np.cos(DOWN) + y * np.sin(DOWN)
    away = y * np.cos(DOWN) - points[:, 2] * np.sin(DOWN)
    eye = np.array([-np.sin(SIDE) * np.cos(DOWN), -np.cos(SIDE) * np.cos(DOWN), np.sin(DOWN)])
    light = 0.45 + 0.55 * np.abs(normals @ eye)
    width, height = SIZE
    scale = 0.9 * min(width / np.ptp(x), height / np.ptp(up))
    column = (width / 2 + (x - (x.min() + x.max()) / 2) * scale).astype(int)
    row = (height / 2 - (up - (up.min() + up.max()) / 2) * scale).astype(int)
    image = np.zeros((height, width, 4), np.uint8)
    order = np.argsort(-away)  # near points last, over the far ones
    inks = np.column_stack([np.maximum(colours, 40) * light[:, None], np.full(len(points), 255)])
    for right in range(4):
        for down in range(4):
            at = np.clip(row[order] + down, 0, height - 1), np.clip(column[order] + right, 0, width - 1)
            image[at] = inks.astype(np.uint8)[order]
    return image


if __name__ == "__main__":
    main()
