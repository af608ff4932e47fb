"""What a journey opens: small files of every kind, made anew in a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

SAMPLES = Path(__file__).parents[2] / "assets" / "samples"
PICTURE = str(SAMPLES / "chelsea.jpg")
SIDE = 224
"""Pixels of a picture's short side at the beginning: few, so that it is read soon."""
SENTENCE = "The cat sat on the mat because it was tired."
CHAIR, TABLE, WALL, FLOOR = 8, 7, 2, 1
"""Numbers of classes as S3DIS's list has them, from zero."""


def make(folder: Path) -> None:
    """Write `room.txt`, `long.txt` and `pair.txt` into the folder."""
    np.savetxt(folder / "room.txt", room(), "%.3f %.3f %.3f %d %d %d %d")
    lines = [f"Sentence {n} of a long text says that the ship was {n} days late.\n" for n in range(60)]
    (folder / "long.txt").write_text("".join(lines))
    (folder / "short.txt").write_text("The kettle did not fit on the shelf because it was too wide.\n")


def room(points: int = 6000) -> np.ndarray:
    """float64 (n, 7): x y z in metres, red green blue, class; a floor, two walls, a table and a chair."""
    chance = np.random.default_rng(3)

    def plane(share: float, low, high, colour, kind: int) -> np.ndarray:
        n = int(points * share)
        where = chance.uniform(low, high, (n, 3))
        return np.c_[where, np.tile(colour, (n, 1)) + chance.integers(0, 20, (n, 3)), np.full(n, kind)]

    return np.concatenate(
        [
            plane(0.4, (0, 0, 0), (4, 3, 0.01), (120, 90, 60), FLOOR),
            plane(0.2, (0, 0, 0), (4, 0.01, 2.6), (200, 200, 190), WALL),
            plane(0.2, (0, 0, 0), (0.01, 3, 2.6), (190, 200, 200), WALL),
            plane(0.1, (1.5, 1, 0.7), (2.7, 1.8, 0.74), (90, 60, 30), TABLE),
            plane(0.1, (3, 1.5, 0.4), (3.5, 2, 0.45), (30, 60, 120), CHAIR),
        ]
    )
