"""Colours of classes: a soft palette, that of S3DIS, and one made for any other list of classes.

numpy only: the files that Headlight writes have the same colours as its windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from headlight.models.core.classes.lists import S3DIS_CLASSES

GROUPS = 255
"""Of so many groups points can be told apart where one is lit."""

SOFT = np.array(
    [
        *([143, 182, 137], [67, 93, 138], [133, 151, 182], [143, 136, 87], [170, 81, 183], [106, 190, 253]),
        *([225, 195, 101], [179, 130, 238], [245, 74, 44], [246, 141, 77], [45, 228, 162], [204, 211, 224]),
        [120, 94, 73],
    ],
    np.uint8,
)
"""uint8 (13, 3). Seen on both themes; any two are at least 0.12 apart in OKLab, 0.06 to eyes that lack a cone
(found by search near hues that suit the things, so that lightness tells apart what hue does not)."""

S3DIS = np.array(
    [
        *([0, 255, 0], [0, 0, 255], [0, 255, 255], [255, 255, 0], [255, 0, 255], [100, 100, 255]),
        *([200, 200, 100], [170, 120, 200], [255, 0, 0], [200, 100, 100], [10, 200, 100], [200, 200, 200]),
        [50, 50, 50],
    ],
    np.uint8,
)
"""uint8 (13, 3): the palette of the data set, as PointNet's code and its successors draw it."""

PALETTES = ("soft", "s3dis")

UNLABELLED = np.array([92, 97, 107], np.uint8)
"""uint8 (3,): a point without a class."""

RIGHT, WRONG = np.array([70, 98, 140], np.uint8), np.array([255, 136, 72], np.uint8)
"""uint8 (3,): a label that agrees with the truth, quiet, and one that does not, loud; blue and orange, dark
and light, so that every eye tells them apart."""

_LIGHTNESSES, _HUES, _CHROMAS = np.linspace(0.5, 0.84, 6), np.arange(24) * 15, (0.13, 0.06)
"""What `generated` chooses from, in OKLCh: seen on both themes, nowhere shrill."""


STREETS = (
    ("car",),
    ("pedestrian", "person"),
    ("cyclist", "bicyclist", "bicycle", "cycle"),
    ("truck",),
    ("bus",),
    ("trailer",),
    ("construction vehicle",),
    ("motorcycle", "motorcyclist"),
    ("barrier",),
    ("traffic cone",),
    ("van",),
    ("tram",),
)
"""Things of streets by the names that models have for them: each has the same colour in all."""


def class_colours(names: Sequence[str], palette: str = "soft") -> np.ndarray:
    """uint8 (classes, 3). S3DIS's classes and those of streets keep their colour in any list; others get one
    of `generated`.

    palette: one of PALETTES; ValueError otherwise.
    """
    if palette not in PALETTES:
        raise ValueError(f"no palette {palette!r}; there are {', '.join(PALETTES)}")
    known = SOFT if palette == "soft" else S3DIS
    places = {name: index for index, name in enumerate(S3DIS_CLASSES)}
    colours = generated(len(STREETS) + 2 * len(names))
    plain = [name.strip().lower().replace("_", " ").replace("-", " ") for name in names]
    numbers = _numbers_of(plain)
    colours = colours[np.array(numbers, int)]
    for row, name in enumerate(plain):
        if name in places:
            colours[row] = known[places[name]]
    return colours


def _numbers_of(names: Sequence[str]) -> list[int]:
    """Of each class its number among the colours of `generated`: of streets by their names, of others the
    place in the list, or the next that is free."""
    found: list[int | None] = []
    for name in names:
        at = next((number for number, words in enumerate(STREETS) if name in words), None)
        found.append(None if at in found else at)
    for row, number in enumerate(found):
        if number is None:
            found[row] = next(at for at in range(row, len(STREETS) + 2 * len(names)) if at not in found)
    return [int(number or 0) for number in found]


def generated(count: int) -> np.ndarray:
    """uint8 (count, 3): each as far as can be from those before it, so that the first never change.

    Beyond 288 they come again.
    """
    order = _farthest_first()
    return order[np.arange(count) % len(order)]


@cache
def _farthest_first() -> np.ndarray:
    """uint8 (288, 3). Far apart means to eyes with all cones and to those without one."""
    parts = np.meshgrid(_CHROMAS, _LIGHTNESSES, np.radians(_HUES), indexing="ij")
    colours = _rgb(*(parts[axis].reshape(-1) for axis in (1, 0, 2)))
    views = [(oklab(colours), 1.0), *((oklab(lacking(colours, kind)), 1.8) for kind in CONES)]
    squares = [scale**2 * sum((axis[:, None] - axis) ** 2 for axis in lab.T) for lab, scale in views]
    distance = np.sqrt(np.min(squares, axis=0))
    order, apart = [], np.full(len(colours), np.inf)
    following = 6 * 24 - 24 + 1  # a light, warm one
    for _ in range(len(colours)):
        order.append(following)
        apart = np.minimum(apart, distance[following])
        apart[order] = -1
        following = int(apart.argmax())
    return colours[order]


def lacking(colours: np.ndarray, kind: str) -> np.ndarray:
    """float64 (n, 3), sRGB 0 to 255: how colours look to an eye without one kind of cone.

    kind: of CONES, "protan", "deutan" or "tritan" (Machado, Oliveira and Fernandes 2009, severity 1).
    """
    return 255 * _coded(np.clip(_linear(colours) @ np.array(CONES[kind]).T, 0, 1))


CONES = {
    "protan": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deutan": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "tritan": (
        (1.255528, -0.076749, -0.178779),
        (-0.078411, 0.930809, 0.147602),
        (0.004733, 0.691367, 0.303900),
    ),
}


def oklab(colours: np.ndarray) -> np.ndarray:
    """sRGB 0 to 255, (n, 3), to OKLab float64 (n, 3): lightness and two axes of colour (Ottosson 2020)."""
    return np.cbrt(_linear(colours) @ _TO_CONES.T) @ _TO_LAB.T


def _rgb(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """OKLCh, each (n,), hue in radians, to uint8 (n, 3); chroma gives way where the screen cannot show it."""
    linear = np.empty((len(hue), 3))
    for _ in range(40):
        lab = np.stack((lightness, chroma * np.cos(hue), chroma * np.sin(hue)), 1)
        linear = (lab @ _FROM_LAB.T) ** 3 @ _FROM_CONES.T
        beyond = ((linear < 0) | (linear > 1)).any(1)
        if not beyond.any():
            break
        chroma = np.where(beyond, chroma * 0.95, chroma)
    return np.round(_coded(np.clip(linear, 0, 1)) * 255).astype(np.uint8)


def _linear(colours: np.ndarray) -> np.ndarray:
    """sRGB 0 to 255 to linear light 0 to 1."""
    share = np.asarray(colours) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def _coded(linear: np.ndarray) -> np.ndarray:
    """Linear light to sRGB, both 0 to 1."""
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)


_TO_CONES = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
_FROM_CONES, _FROM_LAB = np.linalg.inv(_TO_CONES), np.linalg.inv(_TO_LAB)
