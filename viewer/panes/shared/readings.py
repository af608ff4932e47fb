"""What panes say in the numbers pane: figures by the names of their rows, from what was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import Tokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.slices import names
from headlight.viewer.slices.clouds.classes import coordinates, original
from headlight.viewer.slices.clouds.colours import Scene
from headlight.viewer.slices.clouds.maps import Neighbourhood, map_named
from headlight.viewer.slices.maps import Drawn, InputMap, MatrixMap
from headlight.widgets.base.cursor_tip import read_out

if TYPE_CHECKING:
    from headlight.models.attention.statistics import HeadStatistics

BEST = ("Highest", "Second", "Third")


def of_token(shown: InputMap, index: int, incoming: bool, of: str) -> dict[str, str]:
    """A token in the map that lies on the input, and of what that is: a key that is looked at or, incoming, a
    query that looks."""
    token = names.token(shown.tokens, index)
    asked = names.tokens_named(shown.asked_of, shown.asked, shown.summed)
    looks = incoming and shown.at is not None
    return {
        "Query": token if looks else asked,
        "Key": asked if looks else token,
        "In": of,
        **_weight(shown.values, index),
    }


def of_cell(matrix: MatrixMap, query: int, key: int, incoming: bool, of: str) -> dict[str, str]:
    """A cell of a matrix, of what it says; its rank is in its row or, incoming, in its column."""
    values = matrix.values[:, key] if incoming else matrix.values[query]
    return {
        "Query": names.token(matrix.queries, query),
        "Key": names.token(matrix.keys, key),
        "In": of,
        **_weight(values, query if incoming else key),
    }


def _weight(values: np.ndarray, index: int) -> dict[str, str]:
    rank = 1 + int((values > values[index]).sum())
    return {"Weight": read_out(float(values[index])), "Rank": f"{rank:,} of {len(values):,}"}


def of_map(shown: InputMap, best: int, incoming: bool, of: str) -> dict[str, str]:
    """The whole map on the input, and of what it is, with so many of its highest weights.

    Of a column (incoming) it is not known what special tokens hold of a row.
    """
    column, numbers, tokens = incoming and shown.at is not None, shown.numbers, shown.tokens
    top = shown.values.argsort()[::-1][:best]
    said = {name: _named(tokens, shown.values, int(index)) for name, index in zip(BEST, top, strict=False)}
    said["Of"] = names.tokens_named(shown.asked_of, shown.asked, shown.summed)
    said["In"] = of
    said["Entropy"] = nats(numbers.entropy)
    if column:
        pass
    elif tokens.special.any():
        whole = max(numbers.total, 1.0) if shown.shares else numbers.total
        said["On special tokens"] = percent(numbers.special / whole if whole else 0.0)
    elif shown.shares and (left := 1 - numbers.total - sum(numbers.elsewhere.values())) > 1e-4:
        said["On special tokens"] = f"hidden, {percent(left)}"
    said["Clipped"] = percent(shown.scale.clipped)
    return said


def of_drawn(shown: Drawn) -> dict[str, str]:
    """The whole of what has a value for every pixel, of no token's."""
    return {
        "In": shown.what,
        "Highest": f"{shown.values.max():.2f}",
        "Clipped": percent(shown.scale.clipped),
    }


def of_both(shown: InputMap) -> dict[str, str]:
    """What of a map lies on the parts of the picture, of a picture with a text."""
    values = shown.values[known(shown.tokens, MixedTokens).on_picture]
    said = {"Weight on patches": read_out(float(values.sum()))}
    if "padding" in shown.numbers.elsewhere:
        said["On padding"] = percent(shown.numbers.elsewhere["padding"])
    return said


def of_patches(shown: InputMap) -> dict[str, str]:
    """What is said of a map on a picture alone."""
    numbers = shown.numbers
    said = {"Weight on patches": read_out(numbers.total - numbers.special)}
    if "padding" in numbers.elsewhere:
        said["On padding"] = percent(numbers.elsewhere["padding"])
    if numbers.distance is not None:
        said["Mean distance"] = f"{numbers.distance:.0f} px"
    return said


def of_heads(statistics: HeadStatistics, pick: int | slice) -> dict[str, str]:
    """The mean over a head's queries, or over those of all heads."""
    said = {
        "Entropy, mean": nats(float(statistics.entropy[pick].mean())),
        "On special tokens": percent(float(statistics.special[pick].mean())),
    }
    if statistics.distance is not None:
        said["Distance, mean"] = f"{statistics.distance[pick].mean():.0f} px"
    return said


def of_neighbours(found: Neighbourhood, trace: Trace) -> dict[str, str]:
    """The neighbours of the selected points of a cloud, in one layer and map."""
    said = {
        "Of": "1 point" if found.queries == 1 else f"mean of {found.queries:,} points",
        "Map": map_named(trace, *found.at),
        "Neighbours": f"{len(found.weights)}",
        "On itself": read_out(found.own),
        "Entropy": nats(found.entropy),
        "Answered away": f"{found.away:.2f} m",
    }
    if len(found.distances):
        said["Farthest"] = f"{found.distances.max():.2f} m"
    return said


def of_point(scene: Scene, point: int) -> dict[str, str]:
    """A point of a cloud's file: what it was taken for, what it is, and where, as the file writes it."""
    answer, truth = scene.answer, scene.truth
    said = dict(zip("xyz", coordinates(scene, scene.cloud.points[point]), strict=True))
    said["Point"] = f"{original(scene, point):,}"
    if answer is not None:
        said["Class"] = answer.classes[int(answer.labels[point])]
        said["Confidence"] = f"{answer.confidence[point]:.2f}"
    if truth is not None:
        known = int(truth[point])
        said["Truth"] = scene.classes[known] if known >= 0 else "unlabelled"
    return said


def nats(entropy: float | None) -> str:
    return "–" if entropy is None else f"{entropy:.2f} nats"


def _named(tokens: Tokens, values: np.ndarray, index: int) -> str:
    return f"{names.token(tokens, index)} {read_out(float(values[index]))}"
