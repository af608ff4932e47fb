"""Write sample pictures for assets: views of objects of the test split, on a plain wall and floor.

python -m script.training.clip.samples KEY=NAME [...]
"""

from __future__ import annotations

import argparse

import numpy as np
from PIL import Image

from headlight.models.catalogue.bundled import ASSETS
from script.training.clip.objects import objects
from script.training.clip.renders import look

FOLDER = ASSETS / "samples" / "objects"
SIZE, PART = 288, 0.8
"""Pixels of a picture's side, and what part of it the object takes."""
WALL, FLOOR, EDGE = (226, 222, 214), (190, 176, 158), 0.72
AROUND, UP, LIGHT = 0.5, 0.3, -0.5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("objects", nargs="+", metavar="KEY=NAME")
    own = {one.key: one for one in objects() if one.split == "test"}
    for word in parser.parse_args().objects:
        key, name = word.rsplit("=", 1)
        side = int(SIZE * PART)
        sprite = look(own[key].mesh(), AROUND, UP, LIGHT, side)
        Image.fromarray(before_a_wall(sprite)).save(FOLDER / f"{name}.png", optimize=True)


def before_a_wall(sprite: np.ndarray) -> np.ndarray:
    """uint8 (SIZE, SIZE, 3) of float32 (side, side, 4), premultiplied; the object stands on the floor."""
    picture = np.empty((SIZE, SIZE, 3), np.float32)
    picture[:] = WALL
    picture[int(EDGE * SIZE) :] = FLOOR
    side = len(sprite)
    across, bottom = (SIZE - side) // 2, np.flatnonzero(sprite[..., 3].max(1) > 0.1)[-1]
    top = int(0.92 * SIZE) - bottom
    part = picture[max(top, 0) : top + side, across : across + side]
    cut = sprite[max(-top, 0) :][: len(part)]
    part *= 1 - cut[..., 3:]
    part += 255 * cut[..., :3]
    return picture.clip(0, 255).astype(np.uint8)


if __name__ == "__main__":
    main()
