"""The answers of a range image for all points, those that a nearer point hides among them: each takes the
class that most pixels near it in range agree on (Milioto et al. 2019, RangeNet++, section III-D). numpy only.
"""

from __future__ import annotations

import numpy as np

NEIGHBOURS = 5
WINDOW = 5
"""Pixels along each side of the window in which neighbours are looked for."""
SIGMA = 1.0
CUT = 1.0
"""Metres in range, weighed by the distance in the image, from which on a neighbour has no vote."""
CHUNK = 1 << 16


def cleaned(
    image: np.ndarray, labels: np.ndarray, far: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    """int64 (n,): the pixel, row · W + column, whose answer each point takes.

    image: float (H, W), the range of every pixel, negative where there is none. labels: int (H, W). far:
    float (n,), the range of every point; row, column: int (n,), the pixel it falls into, which is hit. Of the
    NEIGHBOURS pixels of the window that are nearest in range those within CUT vote; of the class that wins
    the nearest pixel is taken, so that the answer is one that the network gave. Where none is within CUT it
    is the nearest. A point that is hidden does not have its pixel's range for its own, as in the published
    code, where the class of what hides it has a vote for certain. Columns go round.
    """
    found = np.empty(len(far), np.int64)
    for start in range(0, len(far), CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = _voted(image, labels, far[part], row[part], column[part])
    return found


def _voted(
    image: np.ndarray, labels: np.ndarray, far: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    height, width = image.shape
    down, right = _window()
    rows, columns = row[:, None] + down, (column[:, None] + right) % width
    pixels = rows.clip(0, height - 1) * width + columns  # (n, window²)
    there = image.ravel()[pixels]
    distance = np.abs(there - far[:, None]) * _weights(down, right)
    distance[(there < 0) | (rows < 0) | (rows >= height)] = np.inf
    order = np.argsort(distance, axis=1, kind="stable")[:, :NEIGHBOURS]
    pixels, distance = (np.take_along_axis(one, order, 1) for one in (pixels, distance))
    voters = distance <= CUT
    voters[:, 0] = True
    classes = labels.ravel()[pixels]
    same = (classes[:, :, None] == classes[:, None, :]) & voters[:, None, :]
    votes = np.where(voters, same.sum(2), 0)
    winner = votes.argmax(1)  # the nearest of those with most votes, being the first
    return pixels[np.arange(len(far)), winner]


def _window() -> tuple[np.ndarray, np.ndarray]:
    """int (window²,) each: rows and columns from the middle, which is the first: of pixels as far in range
    the closer one is taken."""
    reach = np.arange(WINDOW) - WINDOW // 2
    down, right = (one.ravel() for one in np.meshgrid(reach, reach, indexing="ij"))
    order = np.argsort(down**2 + right**2, kind="stable")
    return down[order], right[order]


def _weights(down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """float (window²,): one less a Gaussian of σ pixels whose sum is one, as published."""
    bell = np.exp(-(down**2 + right**2) / (2 * SIGMA**2))
    return 1 - bell / bell.sum()
