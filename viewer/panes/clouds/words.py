"""What a view of a cloud says beside its title: how its colours are to be read."""

from __future__ import annotations

import numpy as np

from headlight.models.core.layers import Head
from headlight.models.core.tokens import Place
from headlight.viewer.panes.shared.words import map_named
from headlight.viewer.registry import Method
from headlight.viewer.session.view import ColourBy
from headlight.viewer.slices import cloud_maps
from headlight.viewer.slices.cloud_classes import named
from headlight.viewer.slices.cloud_colours import Scene, offers


def subtitle(scene: Scene, by: ColourBy, wanted: ColourBy, method: Method | None = None) -> str:
    """Of any colouring but attention. wanted: what was chosen, which may not be to be had."""
    trace, cloud = scene.trace, scene.cloud
    if trace is None:
        return f"{len(cloud.points):,} points · not segmented yet"
    if wanted == "attention" and not offers(scene, method)["attention"]:
        return "click a point to see what it draws on"
    if by == "critical":
        return f"{len(trace.outputs['critical']):,} points that the model's maxima come from"
    said = {
        "prediction": _seen(scene),
        "entropy": "of the classes’ probabilities",
        "confidence": "probability of the class",
        "stage": "the coarsest that a point is kept in",
        "error": "prediction against truth",
        "bound": "places where a further point would change nothing",
    }
    return said.get(by, "")


def attention_said(scene: Scene, queries: tuple[Place, ...], at: tuple[int, Head], tokens: np.ndarray) -> str:
    """dec2.1, map 3 · of chair, point 48,211 · answered 0.12 m away."""
    away = cloud_maps.away(scene.trace, scene.trace.layers[at[0]], queries)
    moved = f" · answered {away:.2f} m away" if away > 0 else ""
    return f"{map_named(scene.trace, *at)} · of {named(scene, tokens)}{moved}"


def _seen(scene: Scene) -> str:
    """76,412 points of 81,900 seen · grid 0.04 m · 3 left out."""
    seen, all_ = len(scene.trace.tokens), len(scene.cloud.points)
    said = f"{seen:,} points of {all_:,} seen" if seen < all_ else f"all {all_:,} points seen"
    grid = scene.trace.outputs.get("grid")
    said = f"{said} · grid {grid:.3g} m" if grid else said
    dropped = scene.cloud.total - all_
    return f"{said} · {dropped:,} left out" if dropped > 0 else said
