"""Interventions: what is changed of an input or of a model before a pass, and the recipe that holds them.
Plain data, equal by content.

Hidden tokens are occlusion (Zeiler & Fergus 2014, section 4.2), heads that are switched off ablation (Michel
et al. 2019, section 3). A thing in other surroundings: Geirhos et al. 2020, “Shortcut Learning in Deep Neural
Networks”. numpy only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.tokens import Box, Place, Tokens

Offer = Literal["hide", "heads", "scores", "gradients", "saliency", "similarity", "write", "texts", "clicks"]
"""What an engine can do beside a pass: hide parts of the input, change heads, score a target under many
hidden parts, say how a target changes, predict saliency, say how alike two tokens are, write, say how
well texts fit a picture, cut out what is clicked."""


@dataclass(frozen=True)
class Hide:
    """The tokens at these places are not seen: masked in a text, grey in a picture, taken out of a cloud."""

    places: tuple[Place, ...]


@dataclass(frozen=True)
class Scale:
    """What these heads of a layer add is multiplied by `factor`: 0 switches them off."""

    layer: str
    heads: tuple[int, ...]
    factor: float = 0.0


@dataclass(frozen=True)
class Level:
    """These heads of a layer look at all that they may look at alike, in place of where they would look."""

    layer: str
    heads: tuple[int, ...]


@dataclass(frozen=True)
class Freeze:
    """These heads of a layer look where they did in another trace, and carry what they carried there
    (activation patching: Vig et al. 2020, section 3). of: how that trace was made."""

    layer: str
    heads: tuple[int, ...]
    of: Recipe

    def into(self, call: Any, which: Any) -> None:
        """Change a call of the layer so, at its heads `which`. HeadlightError where the other trace is not
        there, or is not alike."""
        raise self.missing()

    def missing(self) -> HeadlightError:
        return HeadlightError(
            f"What heads of {self.layer} are frozen to is not there any more.", "Open it, or take that back."
        )


@dataclass(frozen=True, eq=False)
class Patched:
    """What parts of one text's pass bring of its score when they are put into another's, as shares of the
    difference: (patched − taking) / (giving − taking); 0 where nothing changes, 1 where all is carried over.

    heads: float32 (layers, most heads), NaN where there is none. states: float32 (blocks, n), of each token
    as it leaves a block, NaN where that is not to be had. giving, taking: the score in either text.
    """

    heads: np.ndarray
    states: np.ndarray
    giving: float
    taking: float


class Edit(ABC):
    """Something done to a picture before a model sees it. Subclasses are frozen, equal by content, and say
    in `said` what they do, as in "the label “lamp”"."""

    @abstractmethod
    def applied(self, pixels: np.ndarray) -> np.ndarray:
        """uint8 (H, W, 3) → the same with the edit; what is given stays as it is."""

    @property
    @abstractmethod
    def said(self) -> str: ...


@dataclass(frozen=True)
class Swap(Edit):
    """What lies in two boxes of a picture takes each other's place, from the top left corners on: as much as
    both hold."""

    first: Box
    second: Box

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        corners = [(round(max(box.y0, 0)), round(max(box.x0, 0))) for box in (self.first, self.second)]
        ends = [(round(box.y1), round(box.x1)) for box in (self.first, self.second)]
        ends = [(min(y, pixels.shape[0]), min(x, pixels.shape[1])) for y, x in ends]
        sides = [(y1 - y0, x1 - x0) for (y0, x0), (y1, x1) in zip(corners, ends, strict=True)]
        height, width = (max(min(pair), 0) for pair in zip(*sides, strict=True))
        here, there = ((slice(y, y + height), slice(x, x + width)) for y, x in corners)
        found = pixels.copy()
        found[here], found[there] = pixels[there], pixels[here]
        return found

    @property
    def said(self) -> str:
        return "two places swapped"


How = Literal["cut", "cover", "blur"]
"""What becomes of surroundings: white as paper, the mean colour of the picture, or all of it blurred."""
BLUR = 0.05
"""The standard deviation of a blur, of the short side."""


@dataclass(frozen=True)
class Surroundings(Edit):
    """What lies around a part of a picture is changed, or, `inside`, that part itself.

    outline: (x, y) of its corners in pixels of the picture, three at least; where it crosses itself, what
    has gone round an odd number of times is inside.
    """

    outline: tuple[tuple[float, float], ...]
    how: How = "cover"
    inside: bool = False

    def holds(self, height: int, width: int) -> np.ndarray:
        """bool (height, width): the pixels whose centres lie in the outline."""
        crossed = np.zeros((height, width + 1), bool)
        corners = np.array(self.outline, np.float64)
        middles = np.arange(height) + 0.5
        for (x0, y0), (x1, y1) in zip(corners, np.roll(corners, -1, 0), strict=True):
            rows = np.flatnonzero((middles >= min(y0, y1)) & (middles < max(y0, y1)))
            if not len(rows):
                continue
            x = x0 + (middles[rows] - y0) * (x1 - x0) / (y1 - y0)
            crossed[rows, np.clip(np.ceil(x - 0.5), 0, width).astype(int)] ^= True
        return (np.cumsum(crossed, axis=1) % 2 == 1)[:, :width]

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        changed = self.holds(*pixels.shape[:2]) == self.inside
        if self.how == "blur":
            other = blurred(pixels, BLUR * min(pixels.shape[:2]))
        else:
            white = self.how == "cut"
            other = np.full(3, 255) if white else np.round(pixels.mean((0, 1), dtype=np.float64))
        return np.where(changed[..., None], other, pixels).astype(np.uint8)

    @property
    def said(self) -> str:
        how = {"cut": "cut away", "cover": "covered", "blur": "blurred"}[self.how]
        return f"a part {how}" if self.inside else f"surroundings {how}"


def blurred(pixels: np.ndarray, deviation: float) -> np.ndarray:
    """uint8 (H, W, 3): by three running means on either axis over an odd number of pixels, whose variances
    sum to about that of a Gaussian of this standard deviation in pixels; beyond the edge its pixels go on."""
    radius = max(round((np.sqrt(4 * deviation**2 + 1) - 1) / 2), 0)
    found = pixels.astype(np.float64)
    for axis in (0, 1) * 3 if radius else ():
        margin = [(0, 0)] * 3
        margin[axis] = (radius + 1, radius)
        sums = np.pad(found, margin, "edge").cumsum(axis)
        sums = np.moveaxis(sums, axis, 0)
        means = (sums[2 * radius + 1 :] - sums[: -2 * radius - 1]) / (2 * radius + 1)
        found = np.moveaxis(means, 0, axis)
    return np.round(found).clip(0, 255).astype(np.uint8)


OnHeads = Scale | Level | Freeze
Active = Hide | OnHeads | Edit


@dataclass(frozen=True)
class Off:
    """One that is kept, and does nothing."""

    of: Active


Intervention = Active | Off


@dataclass(frozen=True)
class File:
    """path: absolute. sha256: of what it held, in hexadecimal digits; "" where that is not known."""

    path: str
    sha256: str


@dataclass(frozen=True)
class Recipe:
    """How a trace was made: all that it takes to make it again. No arrays; equal by content.

    kind: of the input. source: the file or the text, None of what is neither. model: its id. options: what
    else was asked for that is not as usual, by the command line's names, in their order. seed: of weights
    that are drawn. written: the tokens that it wrote, by their numbers.
    """

    kind: str = ""
    model: str = ""
    source: File | str | None = None
    options: tuple[tuple[str, Any], ...] = ()
    seed: int = 0
    interventions: tuple[Intervention, ...] = ()
    written: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Hidden:
    """Which tokens are hidden: bool (v, n), a row a variant."""

    tokens: Tokens
    which: np.ndarray


def hidden(interventions: Iterable[Intervention], tokens: Tokens) -> Hidden | None:
    """What all of them hide, one variant; None where none of them hides anything."""
    places = [place for one in interventions if isinstance(one, Hide) for place in one.places]
    if not places:
        return None
    which = np.zeros((1, len(tokens)), bool)
    which[0, tokens.find_all(places)] = True
    return Hidden(tokens, which)


def on_heads(interventions: Iterable[Intervention]) -> tuple[OnHeads, ...]:
    """Those that change the model."""
    return tuple(one for one in interventions if isinstance(one, OnHeads))


def edits(interventions: Iterable[Intervention]) -> tuple[Edit, ...]:
    """Those of a picture, in the order in which they are applied."""
    return tuple(one for one in interventions if isinstance(one, Edit))
