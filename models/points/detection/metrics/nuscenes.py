"""nuScenes' figures of detection (Caesar et al. 2020, section 3.1): average precision by distance on the
ground, errors of what was found, and the score of both. numpy only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from headlight.models.points.detection.metrics.matching import Scene, asked, matched
from headlight.models.points.detection.metrics.overlap import aligned_overlap

DISTANCES = (0.5, 1.0, 2.0, 4.0)
"""Metres within which a box has found its truth."""
ERRORS = ("ATE", "ASE", "AOE", "AVE", "AAE")
"""Translation, scale, orientation, velocity and attribute: those that the score is made of."""
HALF_TURN = "AOE π"
"""Orientation by which front and back are one."""
RECALLS = np.linspace(0, 1, 101)
LEAST = 0.1
"""Recall and precision below it count for nothing."""
_AT = 2.0
_FIRST = round(100 * LEAST) + 1
_SYMMETRIC = ("barrier",)
_WITHOUT = {"traffic_cone": ("AOE", HALF_TURN, "AVE", "AAE"), "barrier": ("AVE", "AAE")}
"""Errors that a class has not."""


@dataclass(frozen=True, eq=False)
class Curve:
    """Of one class at one distance, over RECALLS. precision, scores: float64 (101,), 0 beyond the recall that
    was reached. errors: by name, float64 (101,), mean over all that was found up to a recall."""

    precision: np.ndarray
    scores: np.ndarray
    errors: Mapping[str, np.ndarray]

    @property
    def ap(self) -> float:
        """Mean precision above the least recall, counted from the least precision on."""
        return float(np.clip(self.precision[_FIRST:] - LEAST, 0, None).mean() / (1 - LEAST))

    def error(self, name: str) -> float:
        """Mean from the least recall up to what was reached; 1 where that is not reached."""
        reached = np.flatnonzero(self.scores)
        last = int(reached[-1]) if len(reached) else 0
        return float(self.errors[name][_FIRST : last + 1].mean()) if last >= _FIRST else 1.0


@dataclass(frozen=True, eq=False)
class Figures:
    """classes: their names. ap: float64 (classes, 4), by DISTANCES. errors: by name, float64 (classes,), at
    2 m, in metres, radians, metres a second, ASE and AAE from 0 to 1; NaN where a class has none. truth:
    int64 (classes,), boxes that were asked for. curves: classes × distances.

    A class without truth is NaN, and counts in no mean.
    """

    classes: tuple[str, ...]
    ap: np.ndarray
    errors: Mapping[str, np.ndarray]
    truth: np.ndarray
    curves: tuple[tuple[Curve, ...], ...]

    @property
    def mean_ap(self) -> float:
        """mAP over classes and distances."""
        return _mean(self.ap)

    def mean_error(self, name: str) -> float:
        """Over the classes that have it."""
        return _mean(self.errors[name])

    @property
    def score(self) -> float:
        """NDS; errors that nothing is known of count as 1."""
        return nds(self.mean_ap, [self.mean_error(name) for name in ERRORS])


def nds(mean_ap: float, errors: Iterable[float]) -> float:
    """The nuScenes detection score: half of it mAP, a tenth each what an error leaves of 1."""
    return (5 * mean_ap + sum(1 - min(1.0, error if error == error else 1.0) for error in errors)) / 10


def figures(
    scenes: Sequence[Scene],
    classes: Sequence[str],
    ranges: Mapping[str, float] | None = None,
    least: int = 1,
) -> Figures:
    """Over any number of clouds. ranges: metres by class, those of nuScenes where None; a class that is not
    in it has no end. least: true boxes with fewer points are not asked for."""
    kept = [asked(scene, classes, ranges, least) for scene in scenes]
    truth = np.zeros(len(classes), np.int64)
    for scene in kept:
        truth += np.bincount(scene.truth_labels, minlength=len(classes))
    curves = tuple(
        tuple(_curve(kept, label, name, int(truth[label]), metres) for metres in DISTANCES)
        for label, name in enumerate(classes)
    )
    some = truth > 0
    ap = np.array([[one.ap for one in row] for row in curves]).reshape(len(classes), len(DISTANCES))
    at = DISTANCES.index(_AT)
    errors = {
        name: np.array(
            [
                row[at].error(name)
                if some[label] and name not in _WITHOUT.get(classes[label], ())
                else np.nan
                for label, row in enumerate(curves)
            ]
        )
        for name in (*ERRORS, HALF_TURN)
    }
    return Figures(tuple(classes), np.where(some[:, None], ap, np.nan), errors, truth, curves)


def curve(scenes: Sequence[Scene], classes: Sequence[str], label: int, metres: float) -> Curve:
    """Of one class, found within so many metres on the ground, as `figures` has it at DISTANCES."""
    kept = [asked(scene, classes) for scene in scenes]
    truth = sum(int((scene.truth_labels == label).sum()) for scene in kept)
    return _curve(kept, label, classes[label], truth, metres)


def _curve(scenes: Sequence[Scene], label: int, name: str, truth: int, metres: float) -> Curve:
    parts = [_of_scene(scene, label, metres) for scene in scenes]
    scores = np.concatenate([part[0] for part in parts]) if parts else np.empty(0)
    right = np.concatenate([part[1] for part in parts]) if parts else np.empty(0, bool)
    order = np.argsort(-scores, kind="stable")
    scores, right = scores[order], right[order]
    names = (*ERRORS, HALF_TURN)
    if not truth or not right.any():
        return Curve(np.zeros(101), np.zeros(101), {one: np.ones(101) for one in names})
    hits = np.cumsum(right)
    recall, precision = hits / truth, hits / np.arange(1, len(hits) + 1)
    at = np.interp(RECALLS, recall, scores, right=0)
    errors = {}
    for one in names:
        values = np.concatenate([part[2][one] for part in parts])[order][right]
        if name in _SYMMETRIC and one == "AOE":
            values = np.concatenate([part[2][HALF_TURN] for part in parts])[order][right]
        # By falling score, as the mean of all that came before; interp wants it rising.
        errors[one] = np.interp(at[::-1], scores[right][::-1], _running_mean(values)[::-1])[::-1]
    return Curve(np.interp(RECALLS, recall, precision, right=0), at, errors)


def _of_scene(
    scene: Scene, label: int, metres: float
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    mine, theirs = np.flatnonzero(scene.labels == label), np.flatnonzero(scene.truth_labels == label)
    found, truth = scene.found[mine].astype(np.float64), scene.truth[theirs].astype(np.float64)
    partner = matched(found, scene.scores[mine], truth, metres)
    right = partner >= 0
    errors = {name: np.full(len(mine), np.nan) for name in (*ERRORS, HALF_TURN)}
    a, b = found[right], truth[partner[right]]
    errors["ATE"][right] = np.hypot(*(a[:, :2] - b[:, :2]).T)
    errors["ASE"][right] = 1 - aligned_overlap(a[:, 3:6], b[:, 3:6])
    errors["AOE"][right] = turn(a[:, 6], b[:, 6], 2 * np.pi)
    errors[HALF_TURN][right] = turn(a[:, 6], b[:, 6], np.pi)
    if scene.velocities is not None and scene.truth_velocities is not None:
        speed = scene.velocities[mine][right] - scene.truth_velocities[theirs][partner[right]]
        errors["AVE"][right] = np.hypot(*speed.astype(np.float64).T)
    return scene.scores[mine].astype(np.float64), right, errors


def turn(first: np.ndarray, second: np.ndarray, period: float) -> np.ndarray:
    """float64: how far two headings lie apart, in radians, where they repeat after a period."""
    apart = np.asarray(first, np.float64) - second
    return np.abs((apart + period / 2) % period - period / 2)


def _running_mean(values: np.ndarray) -> np.ndarray:
    """float64: at each place the mean of what is known up to there; 1 where nothing is known at all."""
    known = np.isfinite(values)
    if not known.any():
        return np.ones(len(values))
    total, count = np.cumsum(np.where(known, values, 0.0)), np.cumsum(known)
    return np.divide(total, count, out=np.zeros(len(values)), where=count > 0)


def _mean(values: np.ndarray) -> float:
    known = np.asarray(values, np.float64)[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")
