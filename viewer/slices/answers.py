"""What a model's answer is shown as: rows of targets, and of a picture the class of each part. No Qt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Classes, Matches, NextTokens, PixelLabels, Target, Things, listed
from headlight.models.core.classes.palettes import class_colours
from headlight.models.core.errors import known
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Box, Place
from headlight.models.core.trace import Trace
from headlight.viewer.slices import names

ROWS = 20
"""Targets that are listed at most; of a picture's parts all its classes, up to MOST_CLASSES."""
MOST_CLASSES = 255
"""Classes that have a colour of their own over a picture."""


@dataclass(frozen=True, eq=False)
class AnswerRows:
    """What stands in the pane.

    said: of what it is, in a few words. targets: the rows, likeliest first. beneath: what is not among them.
    colours: uint8 (rows, 3), of a picture's parts; levels: uint8 (rows, columns), 1 + the row of each cell's
    class, 0 for one without; region: what of the picture these cover. mark: of the model.
    """

    said: str
    targets: tuple[Target, ...]
    beneath: str = ""
    colours: np.ndarray | None = None
    levels: np.ndarray | None = None
    region: Box | None = None
    mark: str = ""


def answer_rows(trace: Trace, places: Sequence[Place] = (), task: Task = SILENT) -> AnswerRows:
    """Of a trace that has an answer which can be listed.

    places: what is pointed at or selected, the most telling first; it matters to expected tokens alone.
    """
    answer, mark = listed(trace.answers), trace.model.mark
    if isinstance(answer, NextTokens):
        return _expected(answer, trace, places)
    if isinstance(answer, Things | Matches):
        said = "matches" if isinstance(answer, Matches) else "tokens"
        return _placed(answer.targets(), said, mark)
    if isinstance(answer, PixelLabels):
        return _parts(answer, answer.targets(), mark)
    answer = known(answer, Classes)
    targets = answer.targets()
    said = f"{len(targets):,} classes" + ("" if answer.exclusive else " · each by itself")
    return AnswerRows(said, targets[:ROWS], _others(targets, answer.exclusive), mark=mark)


def row_at(answer: PixelLabels, rows: AnswerRows, place: Place | None) -> int | None:
    """The row of the class in the middle of a part of the picture."""
    cell = (
        answer.cell((place.x0 + place.x1) / 2, (place.y0 + place.y1) / 2) if isinstance(place, Box) else None
    )
    row = int(known(rows.levels, np.ndarray)[cell]) - 1 if cell is not None else -1
    return row if row >= 0 else None


def said_at(answer: PixelLabels, x: float, y: float) -> str:
    """The class at a pixel of the shown picture, for a tip; nothing outside."""
    cell = answer.cell(x, y)
    if cell is None:
        return ""
    return f"{answer.classes[answer.labels[cell]]}\t{answer.confidence[cell]:.4f}"


def _others(targets: Sequence[Target], exclusive: bool) -> str:
    left = targets[ROWS:]
    if not left:
        return ""
    share = f" hold {sum(target.score for target in left):.1%}".replace("%", " %") if exclusive else ""
    return f"{len(left):,} more{share}"


def _placed(every: tuple[Target, ...], what: str, mark: str) -> AnswerRows:
    left = len(every) - ROWS
    beneath = f"{left:,} more, each below {every[ROWS - 1].score:.1%}".replace("%", " %") if left > 0 else ""
    return AnswerRows(f"{len(every):,} {what}", every[:ROWS], beneath, mark=mark)


def _expected(answer: NextTokens, trace: Trace, places: Sequence[Place]) -> AnswerRows:
    numbered = {place: number for number, place in enumerate(answer.places)}
    order = slice(None, None, -1 if answer.follows else 1)  # of a word the token before what follows it
    found = (trace.at(place) for place in places)
    asked = (tokens.place(int(index)) for tokens, indices in found for index in indices[order])
    first = len(answer.places) - 1 if answer.follows else 0
    at = next((numbered[place] for place in asked if place in numbered), first)
    place = answer.places[at]
    tokens, (token, *_) = trace.at(place)
    named = [names.visible(name) for name in answer.names[at]]
    rows = zip(named, answer.probabilities[at], answer.ids[at], strict=True)
    targets = tuple(Target(name, float(score), int(number), place) for name, score, number in rows)
    given = answer.given[at]
    beneath = ""
    is_heard = isinstance(place, Box)  # a letter in a frame, which no other stands in place of
    if np.isfinite(given) and not is_heard:
        following = names.token(tokens, token + 1) if token + 1 < len(tokens) else "the end"
        said = f"{following} does follow" if answer.follows else "the token itself"
        beneath = f"{said}: {given:.4f}"
    where = "after" if answer.follows else "at" if is_heard else "in place of"
    return AnswerRows(f"{where} {names.token(tokens, int(token))}", targets, beneath, mark=trace.model.mark)


def _parts(answer: PixelLabels, targets: tuple[Target, ...], mark: str) -> AnswerRows:
    listed = targets[:MOST_CLASSES]
    levels = np.zeros(len(answer.classes), np.uint8)
    for row, target in enumerate(listed):
        levels[target.index] = row + 1
    colours = class_colours(answer.classes)[[target.index for target in listed]]
    said = f"{len(targets):,} of {len(answer.classes):,} classes"
    return AnswerRows(said, listed, "", colours, levels[answer.labels], answer.region, mark=mark)
