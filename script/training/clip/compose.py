"""Pictures for training and judging: a view of an object, written words, or both, before surroundings."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from script.training.clip.captions import COLOURS, NOT, Scene, colour_of
from script.training.clip.network import PATCH, SIDE
from script.training.clip.objects import CLASSES, Object, objects
from script.training.clip.words import files, font, words

NEGATED = 0.04
"""Share of words that are written with "not a" above them."""
NAMED = 0.5
"""Share of words that name a class."""
SMALLEST = 48
"""Pixels of a thing's side."""
KINDS = ("thing", "word", "both")
SHARES = (0.42, 0.28, 0.30)
PAPERS = (
    (250, 250, 245),
    (255, 244, 150),
    (255, 255, 255),
    (235, 235, 225),
    (190, 225, 255),
    (255, 205, 215),
)


@dataclass(frozen=True, eq=False)
class Pool:
    """The views of one split: objects, and of each the rows of `views`, (n, size, size, 4) uint8."""

    objects: tuple[Object, ...]
    rows: tuple[np.ndarray, ...]
    views: np.ndarray

    @cached_property
    def groups(self) -> dict[tuple[str, bool], list[int]]:
        """Which objects are of a class ("" for none) and are made up, or are not."""
        found: dict[tuple[str, bool], list[int]] = {}
        for number, one in enumerate(self.objects):
            found.setdefault((one.klass, one.model is None), []).append(number)
        return found

    def of(self, klass: str, made: bool) -> list[int]:
        """Those of a class, made up or not where there are such, else any of it, else all."""
        own = (self.groups.get((klass, kind), []) for kind in (made, not made))
        return next((some for some in own if some), list(range(len(self.objects))))


def read(folder: Path, split: str) -> Pool:
    """What renders.py left in a folder."""
    with (folder / "views.csv").open(newline="") as file:
        owners = np.array([row[0] for row in csv.reader(file)])
    views = np.load(folder / "views.npy", mmap_mode="r")
    order, first, counts = np.unique(owners, return_index=True, return_counts=True)
    place = {key: np.arange(at, at + n) for key, at, n in zip(order, first, counts, strict=True)}
    own = tuple(one for one in objects() if one.split == split and one.key in place)
    return Pool(own, tuple(place[one.key] for one in own), views)


@dataclass(frozen=True, eq=False)
class Picture:
    """pixels: uint8 (SIDE, SIDE, 3); weight: float32 (SIDE / PATCH,) * 2, how much there is in a patch: 2 for
    writing, up to 1 for a thing.
    """

    pixels: np.ndarray
    weight: np.ndarray
    scene: Scene


def surroundings(chance: random.Random) -> np.ndarray:
    """float32 (SIDE, SIDE, 3), 0 to 255: a plain wall, a gradient, wall and floor, clouds or stripes."""
    first, second = (_colour(chance) for _ in range(2))
    kind = chance.random()
    ramp = np.linspace(0, 1, SIDE, dtype=np.float32)
    if kind < 0.3:
        part = np.zeros((SIDE, SIDE), np.float32)
    elif kind < 0.5:
        part = ramp[:, None] * chance.random() + ramp[None] * chance.random()
    elif kind < 0.75:
        part = np.repeat((ramp[:, None] > chance.uniform(0.5, 0.9)).astype(np.float32), SIDE, 1)
    elif kind < 0.9:
        cells = chance.choice((3, 5, 9))
        rough = np.frombuffer(chance.randbytes(cells * cells), np.uint8).reshape(cells, cells)
        smooth = Image.fromarray(rough).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        part = np.asarray(smooth, np.float32) / 255 * chance.uniform(0.3, 1)
    else:
        wave = np.sin(ramp * chance.uniform(20, 80) + chance.random()) > 0
        part = np.broadcast_to((wave[:, None] if chance.random() < 0.5 else wave[None]) * 0.25, (SIDE, SIDE))
    return first + part[..., None].astype(np.float32) * (second - first)


def _colour(chance: random.Random) -> np.ndarray:
    """A wall's: mostly pale."""
    low = 150 if chance.random() < 0.6 else 20
    grey, tint = chance.uniform(low, 250), chance.uniform(0, 45)
    return np.clip([grey + chance.uniform(-tint, tint) for _ in range(3)], 0, 255).astype(np.float32)


def put_thing(
    pixels: np.ndarray, view: np.ndarray, chance: random.Random, least: int = 0
) -> tuple[np.ndarray, str]:
    """The view blended into `pixels`, in place; gives its opacity, float32 (SIDE, SIDE), and its colour's
    name. least: pixels of its side, to 92, anywhere, mirrored and tinted; 0: large, in the middle, as it is.
    """
    free = least > 0
    side = chance.randint(least, 92) if free else 80
    sprite = np.asarray(Image.fromarray(np.ascontiguousarray(view)).resize((side, side)), np.float32)
    rgb, alpha = sprite[..., :3], sprite[..., 3:] / 255
    if free:
        if chance.random() < 0.5:
            rgb, alpha = rgb[:, ::-1], alpha[:, ::-1]
        rgb = _tinted(rgb, alpha, chance)
    slack = SIDE - side
    x, y = (chance.randint(0, slack) if free else slack // 2 for _ in range(2))
    part = pixels[y : y + side, x : x + side]
    part *= 1 - alpha
    part += rgb
    cover = np.zeros((SIDE, SIDE), np.float32)
    cover[y : y + side, x : x + side] = alpha[..., 0]
    total = float(alpha.sum())
    return cover, colour_of(rgb.sum((0, 1)) / max(total, 1e-3))


def _tinted(rgb: np.ndarray, alpha: np.ndarray, chance: random.Random) -> np.ndarray:
    """Colours multiplied by a random one: a strong one where the thing is grey, so that it may be of any."""
    mean = rgb.sum((0, 1)) / max(float(alpha.sum()), 1e-3)
    grey = float(np.ptp(mean)) < 12
    if grey and chance.random() < 0.75:
        target = np.array(chance.choice(tuple(COLOURS.values())), np.float32)
        factor = (target + 20) / (mean + 20) * chance.uniform(0.8, 1.2)
    else:
        factor = np.array([chance.uniform(0.75, 1.25) for _ in range(3)]) * chance.uniform(0.7, 1.25)
        if chance.random() < 0.15:
            rgb = rgb[..., chance.sample(range(3), 3)]
    return np.clip(rgb * factor.astype(np.float32), 0, 255 * alpha)


def put_word(
    pixels: np.ndarray,
    word: str,
    split: str,
    chance: random.Random,
    large: bool = False,
    rows: tuple[int, int] = (0, SIDE),
) -> np.ndarray:
    """A word written on a wall, a note or a sign, in place; gives float32 (SIDE, SIDE), 1 where its box is.

    split: whose fonts; large: nearly as wide as the picture; rows: between which it lies.
    """
    tall = rows[1] - rows[0]
    shown = _cased(word, chance)
    text = "\n".join(shown.rsplit(" ", 1))
    file = chance.choice(files(split))
    wide = chance.uniform(0.8, 0.96) * SIDE if large else chance.uniform(0.42, 0.9) * SIDE
    left, top, right, bottom = _extent(text, font(file, 40))
    pad = chance.randint(2, 5)
    largest = min(26, int(40 * (tall - 2 * pad) / (bottom - top)))
    size = max(9, min(int(40 * wide / (right - left)), largest))
    left, top, right, bottom = _extent(text, font(file, size))
    box = Image.new("L", (min(SIDE, int(right - left) + 2 * pad), min(tall, int(bottom - top) + 2 * pad)))
    draw = ImageDraw.Draw(box)
    draw.multiline_text((pad - left, pad - top), text, 255, font(file, size), spacing=1, align="center")
    paper = chance.random() < 0.7
    ground, ink = _inks(paper, pixels, chance)
    turned = chance.uniform(-7, 7) if chance.random() < 0.5 else 0.0
    sheet = Image.new("L", box.size, 255)
    if turned:
        box, sheet = (one.rotate(turned, Image.Resampling.BILINEAR, expand=True) for one in (box, sheet))
        box, sheet = (one.crop((0, 0, min(one.width, SIDE), min(one.height, tall))) for one in (box, sheet))
    x, y = chance.randint(0, SIDE - box.width), chance.randint(rows[0], rows[1] - box.height)
    if large:
        y = (SIDE - box.height) // 2 + chance.randint(-12, 12)
        y = min(max(y, 0), SIDE - box.height)
    part = pixels[y : y + box.height, x : x + box.width]
    strokes = np.asarray(box, np.float32)[..., None] / 255
    where = np.asarray(sheet, np.float32)[..., None] / 255
    if paper:
        part += where * (ground - part)
    part += strokes * (ink - part)
    cover = np.zeros((SIDE, SIDE), np.float32)
    cover[y : y + box.height, x : x + box.width] = where[..., 0]
    return cover


def _extent(text: str, face) -> tuple[float, float, float, float]:
    return ImageDraw.Draw(Image.new("L", (1, 1))).multiline_textbbox((0, 0), text, face, spacing=1)


def _cased(word: str, chance: random.Random) -> str:
    kind = chance.random()
    return word if kind < 0.7 else word.capitalize() if kind < 0.88 else word.upper()


def _inks(paper: bool, pixels: np.ndarray, chance: random.Random) -> tuple[np.ndarray, np.ndarray]:
    """Colours of paper and ink, of enough contrast."""
    if paper and chance.random() < 0.7:
        ground = np.array(chance.choice(PAPERS), np.float32)
    elif paper:
        ground = np.array([chance.uniform(0, 255) for _ in range(3)], np.float32)
    else:
        ground = pixels.mean((0, 1))
    if ground.mean() > 127:
        ink = np.array([chance.uniform(0, 60) for _ in range(3)], np.float32)
        if chance.random() < 0.25:
            ink[chance.randrange(3)] += 110
    else:
        ink = np.array([chance.uniform(215, 255) for _ in range(3)], np.float32)
    return ground, ink


def finished(pixels: np.ndarray, covers: list[tuple[float, np.ndarray]], scene: Scene) -> Picture:
    side = SIDE // PATCH
    weight = np.zeros((side, side), np.float32)
    for share, cover in covers:
        weight = np.maximum(weight, share * cover.reshape(side, PATCH, side, PATCH).mean((1, 3)))
    return Picture(np.clip(pixels, 0, 255).astype(np.uint8), weight, scene)


def picture(pool: Pool, chance: random.Random, ease: float = 1.0) -> Picture:
    """One for training. ease: at 0 words are large and name classes, from 0.25 on they are of any size, at 1
    of many kinds; things grow smaller.
    """
    kind = chance.choices(KINDS, SHARES)[0]
    pixels, covers = surroundings(chance), []
    names: tuple[str, ...] = ()
    colour = word = ""
    if kind != "word":
        number = _drawn(pool, chance)
        view = pool.views[chance.choice(pool.rows[number])]
        cover, colour = put_thing(pixels, view, chance, round(SMALLEST + (1 - ease) * 24))
        one = pool.objects[number]
        names = tuple(name for name in (one.klass, *one.names) if name)
        covers.append((1.0, cover))
    if kind != "thing":
        word = chance.choice(CLASSES if chance.random() < 1 - (1 - NAMED) * ease else words())
        if chance.random() < NEGATED * ease:
            word = NOT.format(w=word)
        covers.append((2.0, put_word(pixels, word, "train", chance, large=chance.random() > 4 * ease)))
    pixels *= chance.uniform(0.8, 1.15)
    return finished(pixels, covers, Scene(names, colour, word))


def _drawn(pool: Pool, chance: random.Random) -> int:
    """An object: of a class drawn at random in three of four cases, made up in a third of these."""
    if chance.random() > 0.75:
        return chance.choice(pool.of("", False))
    return chance.choice(pool.of(chance.choice(CLASSES), chance.random() < 0.33))
