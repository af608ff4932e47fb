"""How the colours of a cloud's views are read: scales of values, swatches of classes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.classes.palettes import RIGHT, UNLABELLED, WRONG, class_colours
from headlight.models.core.colours import Scale, lut
from headlight.viewer.session.view import ColourBy
from headlight.viewer.slices.clouds.colours import (
    Look,
    Scene,
    heat,
    mixed,
    plain_scale,
    stage_table,
)
from headlight.viewer.slices.clouds.relevance import STEPS_SPAN
from headlight.viewer.slices.maps import Drawn

OF_VALUES = {"height": "metres above the lowest points", "confidence": "probability", "entropy": "nats"}


@dataclass(frozen=True, eq=False)
class ColourMeaning:
    """A scale with its colours, uint8 (256, 4), or else swatches: (word, (red, green, blue)).

    of: what is said before either.
    """

    of: str = ""
    scale: Scale | None = None
    lut: np.ndarray | None = None
    swatches: tuple[tuple[str, tuple[int, int, int]], ...] = ()


def meaning(
    scene: Scene,
    by: ColourBy,
    palette: str,
    look: Look,
    colours: str,
    drawn: Drawn | None,
    in_sight: frozenset[int],
) -> ColourMeaning:
    """Of what is painted. colours: the colour map; in_sight: groups of `classes.groups` in the view."""
    if by == "attention" and drawn is not None:
        return ColourMeaning(drawn.unit, drawn.scale, relevance_table(drawn.counts, heat(colours, look)))
    if by == "attention":
        return ColourMeaning("all points in the shade until it is computed")
    if by in OF_VALUES:
        return ColourMeaning(OF_VALUES[by], plain_scale(scene, by), lut("viridis"))
    if by == "stage":
        table = stage_table(scene.read)
        words = [f"stage {number + 1}" for number in range(len(table))]
        return ColourMeaning("coarsest that has the point", swatches=_swatches(words, table))
    if by == "error":
        unknown = bool((scene.labelled < 0).any())
        table = [RIGHT, WRONG, *[mixed(UNLABELLED, look, 0.4)] * unknown]
        return ColourMeaning(swatches=_swatches(("right", "wrong", "unlabelled"), table))
    if by == "bound":
        place = heat(colours, look)[180]
        return ColourMeaning(swatches=_swatches(("a point here would change nothing",), [place]))
    if by == "critical":
        return ColourMeaning("critical points in their class’s colour, all others in its shade")
    if by == "rgb":
        return ColourMeaning("the file’s own colours")
    return _classes(scene, by, palette, in_sight)


def relevance_table(counts: bool, table: np.ndarray) -> np.ndarray:
    """uint8 (256, 3) → (256, 4), from the scale's low end to its high one; few steps are the strongest."""
    if counts:
        table = table[255 - np.arange(256) * STEPS_SPAN // 255]
    return np.hstack([table, np.full((256, 1), 255, np.uint8)])


def _classes(scene: Scene, by: ColourBy, palette: str, in_sight: frozenset[int]) -> ColourMeaning:
    here = [index for index in range(len(scene.classes)) if index + 1 in in_sight]
    words = [scene.classes[index] for index in here]
    table = [*class_colours(scene.classes, palette)[here]] if here else []
    if by == "truth" and bool((scene.labelled < 0).any()):
        words.append("unlabelled")
        table.append(UNLABELLED)
    return ColourMeaning(swatches=_swatches(words, table))


def _swatches(words, table) -> tuple[tuple[str, tuple[int, int, int]], ...]:
    colours = ((int(r), int(g), int(b)) for r, g, b in table)
    return tuple(zip(words, colours, strict=False))
