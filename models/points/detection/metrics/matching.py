"""Which found box is matched with which true one, and what that counts as (nuScenes, Caesar et al. 2020,
section 3.1). numpy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

RANGES = {
    **dict.fromkeys(("car", "truck", "bus", "trailer", "construction_vehicle"), 50.0),
    **dict.fromkeys(("pedestrian", "motorcycle", "bicycle", "cycle"), 40.0),
    **dict.fromkeys(("traffic_cone", "barrier"), 30.0),
}
"""Metres on the ground from the sensor, up to which nuScenes asks for a class."""
FREE = -1
"""In place of a partner's number."""


@dataclass(frozen=True, eq=False)
class Scene:
    """What was found in one cloud, and what is there.

    found: float (n, 7), scores: float (n,), labels: int (n,), indices into a list of classes. truth: float
    (m, 7), truth_labels: int (m,). points: int (m,), of the cloud in each true box, None where not counted.
    velocities: float (n, 2) and (m, 2), metres a second, or None.
    """

    found: np.ndarray
    scores: np.ndarray
    labels: np.ndarray
    truth: np.ndarray
    truth_labels: np.ndarray
    points: np.ndarray | None = None
    velocities: np.ndarray | None = None
    truth_velocities: np.ndarray | None = None

    def kept(self, found: np.ndarray, truth: np.ndarray) -> Scene:
        """The same with some of its boxes, by bool or int."""
        return replace(
            self,
            found=self.found[found],
            scores=self.scores[found],
            labels=self.labels[found],
            truth=self.truth[truth],
            truth_labels=self.truth_labels[truth],
            points=_of(self.points, truth),
            velocities=_of(self.velocities, found),
            truth_velocities=_of(self.truth_velocities, truth),
        )


def _of(values: np.ndarray | None, chosen: np.ndarray) -> np.ndarray | None:
    return None if values is None else values[chosen]


def asked(
    scene: Scene, classes: Sequence[str], most: Mapping[str, float] | None = None, least: int = 1
) -> Scene:
    """The scene without what is not asked for: truth with fewer than `least` points, and boxes beyond their
    class's range. most: RANGES, or others by class; a class that it lacks has no end."""
    reach = np.array([(RANGES if most is None else most).get(name, np.inf) for name in classes])
    found = np.hypot(scene.found[:, 0], scene.found[:, 1]) < reach[scene.labels]
    truth = np.hypot(scene.truth[:, 0], scene.truth[:, 1]) < reach[scene.truth_labels]
    if scene.points is not None:
        truth &= scene.points >= least
    return scene.kept(found, truth)


def matched(found: np.ndarray, scores: np.ndarray, truth: np.ndarray, metres: float) -> np.ndarray:
    """int64 (n,): of each found box the number of its true one, or FREE.

    Those of the highest scores choose first: the nearest one on the ground that is free, if it is nearer than
    so many metres.
    """
    partner = np.full(len(found), FREE)
    if not len(truth):
        return partner
    away = np.hypot(*(found[:, None, :2] - truth[None, :, :2]).transpose(2, 0, 1))
    for index in np.argsort(-scores, kind="stable"):
        nearest = int(away[index].argmin())
        if away[index, nearest] < metres:
            partner[index] = nearest
            away[:, nearest] = np.inf
    return partner


@dataclass(frozen=True, eq=False)
class Confusion:
    """Who was taken for whom in one cloud.

    counts: int64 (classes + 1, classes + 1), (truth, found); in the last row is what was found where nothing
    is, in the last column what was not found. found: int64 (n,), of each found box the row it counts in.
    truth: int64 (m,), of each true one the column. partner: int64 (n,), its true box, or FREE.
    """

    counts: np.ndarray
    found: np.ndarray
    truth: np.ndarray
    partner: np.ndarray

    @property
    def right(self) -> int:
        """Boxes found with their class."""
        return int(np.diagonal(self.counts).sum())

    @property
    def precision(self) -> float:
        """The share of found boxes that are right; NaN without any."""
        found = int(self.counts[:, :-1].sum())
        return self.right / found if found else float("nan")

    @property
    def recall(self) -> float:
        """The share of true boxes that were found; NaN without any."""
        true = int(self.counts[:-1].sum())
        return self.right / true if true else float("nan")


def confusion(scene: Scene, classes: int, metres: float = 2.0) -> Confusion:
    """Boxes find the truth of their own class first, as nuScenes counts them; what is left over, on both
    sides, is then matched whatever its class."""
    partner = np.full(len(scene.found), FREE)
    for label in range(classes):
        _match(scene, partner, scene.labels == label, scene.truth_labels == label, metres)
    taken = np.zeros(len(scene.truth), bool)
    taken[partner[partner >= 0]] = True
    _match(scene, partner, partner < 0, ~taken, metres)
    rows = np.where(partner < 0, classes, 0)
    rows[partner >= 0] = scene.truth_labels[partner[partner >= 0]]
    columns = np.full(len(scene.truth), classes)
    columns[partner[partner >= 0]] = scene.labels[partner >= 0]
    counts = np.zeros((classes + 1, classes + 1), np.int64)
    np.add.at(counts, (rows, scene.labels), 1)
    np.add.at(counts, (scene.truth_labels[columns == classes], classes), 1)
    return Confusion(counts, rows, columns, partner)


def _match(scene: Scene, partner: np.ndarray, found: np.ndarray, truth: np.ndarray, metres: float) -> None:
    mine, theirs = np.flatnonzero(found), np.flatnonzero(truth)
    got = matched(scene.found[mine], scene.scores[mine], scene.truth[theirs], metres)
    partner[mine[got >= 0]] = theirs[got[got >= 0]]
