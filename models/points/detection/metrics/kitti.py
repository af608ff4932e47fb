"""KITTI's average precision (Geiger et al. 2012, and the 40 recalls of Simonelli et al. 2019, section 6):
boxes that overlap enough with one truth each. numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.points.detection.metrics.matching import Scene
from headlight.models.points.detection.metrics.overlap import bird_overlap, overlap

LEAST = {"car": 0.7}
"""Overlap from which a box has found its truth."""
OTHERS = 0.5
STEPS = 40


@dataclass(frozen=True, eq=False)
class Precision:
    """precision: float64 (41,) at recalls from 0 to 1, each the best that any higher recall has. truth: boxes
    that were asked for."""

    precision: np.ndarray
    truth: int

    @property
    def r40(self) -> float:
        """The mean of 40, without recall 0; NaN without truth."""
        return float(self.precision[1:].mean()) if self.truth else float("nan")

    @property
    def r11(self) -> float:
        """The mean of every fourth, as counted until 2019; NaN without truth."""
        return float(self.precision[::4].mean()) if self.truth else float("nan")


def precision(
    scenes: Sequence[Scene],
    label: int,
    least: float,
    bird: bool = False,
    ignored: Sequence[np.ndarray] | None = None,
) -> Precision:
    """Of one class. bird: by outlines on the ground, else by volumes. ignored: for each scene bool (m,), true
    boxes that may be found or not, such as vans beside cars, or what a level of difficulty leaves out.
    """
    frames = [
        _Frame.of(scene, label, bird, None if ignored is None else ignored[index])
        for index, scene in enumerate(scenes)
    ]
    truth = sum(int((~frame.ignored).sum()) for frame in frames)
    scores = np.concatenate([np.empty(0), *(frame.hits(least) for frame in frames)])
    curve = np.zeros(STEPS + 1)
    for step, threshold in enumerate(_thresholds(scores, truth)):
        counts = np.sum([frame.counts(least, threshold) for frame in frames], axis=0)
        curve[step] = counts[0] / max(counts.sum(), 1)
    return Precision(np.maximum.accumulate(curve[::-1])[::-1], truth)


def by_class(scenes: Sequence[Scene], classes: Sequence[str], bird: bool = False) -> Mapping[str, Precision]:
    """Of every class at the overlap it is asked for at."""
    return {
        name: precision(scenes, label, LEAST.get(name.lower(), OTHERS), bird)
        for label, name in enumerate(classes)
    }


def of_few(scenes: Sequence[Scene], classes: Sequence[str], bird: bool = False) -> Mapping[str, Precision]:
    """As `by_class`, at the scores of all that was found: KITTI's own 41 scores are as many as the true boxes
    where these are fewer, so that of few boxes even a faultless answer comes to nearly nothing.
    """
    found = {}
    for label, name in enumerate(classes):
        least = LEAST.get(name.lower(), OTHERS)
        frames = [_Frame.of(scene, label, bird, None) for scene in scenes]
        truth = sum(len(frame.ignored) for frame in frames)
        curve = np.zeros(STEPS + 1)
        for threshold in np.unique(np.concatenate([np.empty(0), *(frame.scores for frame in frames)])):
            right, wrong = np.sum([frame.counts(least, threshold) for frame in frames], axis=0)
            reached = int(STEPS * right / truth + 1e-9) if truth else 0
            if right:
                curve[: reached + 1] = np.maximum(curve[: reached + 1], right / (right + wrong))
        found[name] = Precision(curve, truth)
    return found


@dataclass(frozen=True, eq=False)
class _Frame:
    """One cloud's boxes of one class: overlaps (n, m), scores (n,), ignored (m,)."""

    overlaps: np.ndarray
    scores: np.ndarray
    ignored: np.ndarray

    @classmethod
    def of(cls, scene: Scene, label: int, bird: bool, ignored: np.ndarray | None) -> _Frame:
        found, truth = scene.labels == label, scene.truth_labels == label
        if ignored is not None:
            truth = truth | ignored
        both = scene.found[found], scene.truth[truth]
        skipped = np.zeros(int(truth.sum()), bool) if ignored is None else ignored[truth]
        measured = bird_overlap(*both) if bird else overlap(*both)
        return cls(measured, scene.scores[found].astype(np.float64), skipped)

    def hits(self, least: float) -> np.ndarray:
        """The scores at which a truth is first found: each takes, in turn, the free box of the best score."""
        free = np.ones(len(self.scores), bool)
        taken = []
        for index in range(len(self.ignored)):
            able = free & (self.overlaps[:, index] > least)
            if able.any():
                best = int(np.where(able, self.scores, -np.inf).argmax())
                free[best] = False
                if not self.ignored[index]:
                    taken.append(self.scores[best])
        return np.array(taken)

    def counts(self, least: float, threshold: float) -> np.ndarray:
        """int64 (2,): right and wrong among boxes of at least this score; each truth takes, in turn, the one
        that overlaps it most."""
        free = self.scores >= threshold
        right = 0
        for index in range(len(self.ignored)):
            able = np.where(free, self.overlaps[:, index], 0.0)
            if len(able) and able.max() > least:
                free[int(able.argmax())] = False
                right += not self.ignored[index]
        return np.array([right, int(free.sum())])


def _thresholds(scores: np.ndarray, truth: int) -> list[float]:
    """The scores at which recall comes closest to each of its 41 steps."""
    falling = np.sort(scores)[::-1]
    found: list[float] = []
    for index, score in enumerate(falling):
        last = index == len(falling) - 1
        here, after = (index + 1) / truth, (index + (1 if last else 2)) / truth
        recall = len(found) / STEPS
        if last or after - recall >= recall - here:
            found.append(float(score))
    return found[: STEPS + 1]
