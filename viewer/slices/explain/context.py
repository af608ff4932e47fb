"""The same thing in other surroundings: what a model says of a part of a picture, or of points, as they were
and with all else changed. No Qt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.core.answers import Classes, PixelLabels, PointLabels, TextClasses
from headlight.models.core.colours import Scale, levels, scale_of
from headlight.models.core.errors import HeadlightError, known
from headlight.models.core.interventions import Edit, Hide, Surroundings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import Box, PatchTokens, PointTokens, Region
from headlight.models.core.trace import Trace

FIRST = 8
"""Classes that are listed."""


@dataclass(frozen=True, eq=False)
class Row:
    """What is said before and after, 0 to 1."""

    name: str
    before: float
    after: float


@dataclass(frozen=True, eq=False)
class InContext:
    """pixels: uint8 (H, W, 3), what the model sees afterwards. rows: what it says, what changed most first.
    maps: uint8, before and after, in the colours of one scale, over region; what: what they are of. share: of
    the picture's pixels, how many lie in the outline.
    """

    pixels: np.ndarray
    rows: tuple[Row, ...]
    maps: tuple[np.ndarray, np.ndarray]
    scale: Scale
    region: Box
    what: str
    share: float


def in_context(
    trace: Trace, pixels: np.ndarray, edit: Surroundings, size: int, task: Task = SILENT
) -> InContext:
    """One more pass, over the edited picture.

    pixels: uint8 (H, W, 3), of which the trace is, read at a short side of so many pixels. HeadlightError
    where no pixel is left inside the outline, or none beside it.
    """
    held = edit.holds(*pixels.shape[:2])
    if not held.any() or held.all():
        raise HeadlightError(
            "The outline holds nothing of the picture." if not held.any() else "The outline holds it all.",
            "Draw another one.",
        )
    edited = edit.applied(pixels)
    engine = trace.run.engine(Part(task, 0, 0))
    texts = trace.answer(TextClasses)
    beside = {} if texts is None else {"texts": texts.names, "prompts": texts.prompts}
    after = engine.run(edited, size, task=Part(task, 0.0, 0.5), **beside)
    others = tuple(one for one in trace.recipe.interventions if not isinstance(one, Edit))
    if others:  # heads that are changed are so in both
        after = after.run.again(others, Part(task, 0.5, 0.7))
    before, after_map, what = _maps(trace, after, Part(task, 0.7))
    maps, tokens = (before, after_map), known(trace.tokens, PatchTokens)
    inside = _inside(held, tokens.grid, tokens.region)
    rows = [*_classes(trace, after), *_parts(trace, after, held), _alike(trace, after, inside)]
    if what == "saliency":
        there = _inside(held, before.shape, tokens.region)
        rows.append(Row("saliency there", *(float(one[there].mean()) for one in maps)))
    rows.sort(key=lambda row: -abs(row.after - row.before))
    scale = Scale(0.0, 1.0) if what == "saliency" else scale_of(np.stack(maps), floor=0)
    painted = levels(before, scale), levels(after_map, scale)
    return InContext(edited, tuple(rows), painted, scale, tokens.region, what, float(held.mean()))


def _maps(before: Trace, after: Trace, task: Task) -> tuple[np.ndarray, np.ndarray, str]:
    """(before, after, what): what draws the eye where the model can tell, else the rollout of its readout,
    else the lengths of its last vectors."""
    if "saliency" in before.run.offers:
        engine = before.run.engine(task)
        return engine.saliency(before, task), engine.saliency(after, task), "saliency"
    from headlight.models.corpus.prototypes import patches_of

    if before.layers:
        return _rolled(before, task), _rolled(after, task), "rollout"
    lengths = (np.linalg.norm(patches_of(one), axis=-1) for one in (before, after))
    return next(lengths), next(lengths), "length of the last vectors"


def _rolled(trace: Trace, task: Task) -> np.ndarray:
    """float32 (rows, columns): from what the answer is read from."""
    from headlight.models.explain.rollout import rollout_row

    last, tokens = trace.layers[-1].queries, known(trace.layers[0].queries, PatchTokens)
    queries = np.flatnonzero(~last.special) if trace.readout is None else np.array([trace.readout])
    row = rollout_row(trace.layers, queries, task=task)
    return row[tokens.prefix :].reshape(tokens.grid)


def _classes(before: Trace, after: Trace) -> list[Row]:
    """The likeliest, before or after."""
    answers = [one.answer(Classes) for one in (before, after)]
    said = [{target.name: target.score for target in one.targets()} for one in answers if one]
    if len(said) < 2:
        return []
    highest = sorted(said[0], key=lambda name: -max(said[0][name], said[1].get(name, 0.0)))[:FIRST]
    return [Row(name, said[0][name], said[1].get(name, 0.0)) for name in highest]


def _parts(before: Trace, after: Trace, held: np.ndarray) -> list[Row]:
    """Of a model that names every part of a picture: the share of the region that each class has."""
    answers = [one for one in (before.answer(PixelLabels), after.answer(PixelLabels)) if one is not None]
    if len(answers) < 2:
        return []
    shares = []
    for one in answers:
        rows, columns = one.labels.shape
        there = one.labels[_inside(held, (rows, columns), one.region)]
        shares.append(np.bincount(there[there >= 0], minlength=len(one.classes)) / max(len(there), 1))
    highest = np.argsort(-np.maximum(*shares), kind="stable")[:FIRST]
    return [
        Row(f"{answers[0].classes[at]} there", float(shares[0][at]), float(shares[1][at]))
        for at in highest.tolist()
        if max(shares[0][at], shares[1][at]) > 0
    ]


def _alike(before: Trace, after: Trace, inside: np.ndarray) -> Row:
    """The cosine of the mean vector of what stands in the region with itself as it was."""
    from headlight.models.corpus.prototypes import patches_of

    means = []
    for one in (before, after):
        patches = patches_of(one)
        which = inside if patches.shape[:2] == inside.shape else np.ones(patches.shape[:2], bool)
        means.append(patches[which].astype(np.float64).mean(0))
    length = np.linalg.norm(means[0]) * np.linalg.norm(means[1])
    return Row("its vector, cosine", 1.0, float(means[0] @ means[1] / length) if length else 0.0)


def _inside(held: np.ndarray, shape: tuple[int, ...], region: Box) -> np.ndarray:
    """bool (rows, columns): the cells of a grid over a region whose middles lie in `held` (H, W); the one
    that is nearest where none does."""
    rows, columns = shape
    y = region.y0 + (np.arange(rows) + 0.5) * (region.y1 - region.y0) / rows
    x = region.x0 + (np.arange(columns) + 0.5) * (region.x1 - region.x0) / columns
    at = (
        np.clip(y.astype(int), 0, held.shape[0] - 1)[:, None],
        np.clip(x.astype(int), 0, held.shape[1] - 1)[None],
    )
    found = held[at]
    if not found.any():
        middle = np.argwhere(held).mean(0)
        found = np.zeros(shape, bool)
        found[np.abs(y - middle[0]).argmin(), np.abs(x - middle[1]).argmin()] = True
    return found


@dataclass(frozen=True, eq=False)
class Alone:
    """Points alone, and in their scene. kept: int (k,), the points of the file that stay. before, after: int
    (k,), their labels. truth: int (k,), None where it is not known, -1 for none. classes: their names.
    outside: the places of all other points of the sample.
    """

    kept: np.ndarray
    before: np.ndarray
    after: np.ndarray
    truth: np.ndarray | None
    classes: tuple[str, ...]
    outside: Region

    @property
    def changed(self) -> int:
        return int((self.before != self.after).sum())

    def accuracies(self) -> tuple[float, float] | None:
        """In the scene, and alone: of the points whose truth is known."""
        if self.truth is None or not (told := self.truth >= 0).any():
            return None
        right = [(one[told] == self.truth[told]).mean() for one in (self.before, self.after)]
        return float(right[0]), float(right[1])

    def rows(self) -> tuple[Row, ...]:
        """The share of the points that each class has, the largest first."""
        counts = [np.bincount(one, minlength=len(self.classes)) for one in (self.before, self.after)]
        shares = [one / max(len(self.kept), 1) for one in counts]
        order = np.argsort(-np.maximum(*counts), kind="stable").tolist()
        return tuple(
            Row(self.classes[at], float(shares[0][at]), float(shares[1][at]))
            for at in order
            if counts[0][at] or counts[1][at]
        )


def alone(trace: Trace, tokens: np.ndarray, task: Task = SILENT) -> Alone:
    """One more pass over these points of the sample, int (m,), without all others.

    HeadlightError where they are all there are, or of a model that labels no points.
    """
    answer = trace.answer(PointLabels)
    every = known(trace.tokens, PointTokens)
    if answer is None:
        raise HeadlightError(f"{trace.model.title} labels no points.", "Choose a model that does.")
    stays = np.zeros(len(every), bool)
    stays[tokens] = True
    if stays.all() or not stays.any():
        raise HeadlightError("There is nothing around these points.", "Select a part of the cloud.")
    outside = Region(every.positions[~stays])
    after = known(trace.run.again((Hide((outside,)),), task).answer(PointLabels), PointLabels)
    kept = np.flatnonzero(stays[answer.nearest])
    truth = None if answer.truth is None else answer.truth[kept]
    return Alone(kept, answer.labels[kept], after.labels[kept], truth, tuple(answer.classes), outside)
