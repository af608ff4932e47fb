"""Interventions: what is changed of an input or of a model before a pass. Plain data, equal by content.

Hidden tokens are occlusion (Zeiler & Fergus 2014, section 4.2), heads that are switched off ablation (Michel
et al. 2019, section 3). numpy only.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.core.tokens import Box, Place, Tokens

Offer = Literal["hide", "heads", "scores", "gradients", "saliency", "similarity", "write", "texts"]
"""What an engine can do beside a pass: hide parts of the input, change heads, score a target under many
hidden parts, say how a target changes, predict saliency, say how alike two tokens are, write, say how
well texts fit a picture."""


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


OnHeads = Scale | Level
Active = Hide | OnHeads | Edit


@dataclass(frozen=True)
class Off:
    """One that is kept, and does nothing."""

    of: Active


Intervention = Active | Off


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
