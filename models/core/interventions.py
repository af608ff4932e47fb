"""Interventions: what is changed of an input or of a model before a pass. Plain data, equal by content.

Hidden tokens are occlusion (Zeiler & Fergus 2014, section 4.2), heads that are switched off ablation (Michel
et al. 2019, section 3). numpy only.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.core.tokens import Place, Tokens

Offer = Literal["hide", "heads", "scores", "gradients", "saliency", "similarity", "write"]
"""What an engine can do beside a pass: hide parts of the input, change heads, score a target under many
hidden parts, say how a target changes, predict saliency, say how alike two tokens are, write."""


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


OnHeads = Scale | Level
Intervention = Hide | OnHeads


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
    return tuple(one for one in interventions if not isinstance(one, Hide))
