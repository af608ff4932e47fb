"""The representations of a cloud as its view asks for them, each computed once."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.errors import HeadlightError
from headlight.models.points.representations.asked import (
    Asked,
    Cloud,
    Name,
    grid_of,
    represent,
    sensor_of,
    usual,
)
from headlight.models.points.representations.cells import Grid
from headlight.models.points.representations.pillars import PUBLISHED
from headlight.models.points.representations.range_image import Sensor
from headlight.models.points.representations.represented import Represented
from headlight.models.points.representations.voxels import PUBLISHED as OF_VOXELS
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.session.view import RepresentSettings

USUAL = PUBLISHED["kitti"].hard
"""What hard voxelisation keeps where no configuration is chosen, and no number either."""


@dataclass(eq=False)
class _Kept:
    cloud: Cloud
    lock: threading.Lock = field(default_factory=threading.Lock)
    found: dict[str, tuple[Asked, Represented | HeadlightError]] = field(default_factory=dict)
    tree: Any = None


_kept: weakref.WeakKeyDictionary[CloudInput, _Kept] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def cloud_of(cloud: CloudInput) -> Cloud:
    """As representations take it: seen from the zero of the file's own coordinates."""
    return _of(cloud).cloud


def found(cloud: CloudInput, asked: Asked) -> Represented:
    """The cloud as asked. HeadlightError where that cannot be, see `represent`."""
    kept = _of(cloud)
    with kept.lock:
        last = kept.found.get(asked.as_)
        if last is None or last[0] != asked:
            try:
                made: Represented | HeadlightError = represent(kept.cloud, asked)
            except HeadlightError as error:
                made = error
            last = kept.found[asked.as_] = asked, made
    if isinstance(last[1], HeadlightError):
        raise last[1]
    return last[1]


def grid(cloud: CloudInput, asked: Asked) -> Grid:
    """The grid of what has one."""
    own = cloud_of(cloud)
    return derived(own, ("grid", asked), lambda: grid_of(own, asked))


def sensor(cloud: CloudInput, asked: Asked) -> Sensor:
    """That of the range image. HeadlightError where none fits."""
    own = cloud_of(cloud)
    return derived(own, ("sensor", asked), lambda: sensor_of(own, asked))


def nearest(cloud: CloudInput, positions: np.ndarray) -> np.ndarray:
    """int64 (m,): the point next to each of these positions (m, 3) of the cloud's own frame."""
    kept = _of(cloud)
    if len(positions) == 1:
        return np.array([((cloud.points - positions[0].astype(np.float32)) ** 2).sum(1).argmin()])
    with kept.lock:
        if kept.tree is None:
            from scipy.spatial import cKDTree

            kept.tree = cKDTree(cloud.points, balanced_tree=False, compact_nodes=False)
        return np.asarray(kept.tree.query(positions)[1], np.int64)


def _of(cloud: CloudInput) -> _Kept:
    with _lock:
        if cloud not in _kept:
            zero = cloud.zero
            points = cloud.points if not zero.any() else cloud.points.astype(np.float64) - zero
            _kept[cloud] = _Kept(Cloud(points, cloud.intensity, cloud.ring, cloud.normals))
        return _kept[cloud]


def usual_of(cloud: CloudInput, settings: RepresentSettings, name: Name) -> Asked:
    """One representation of a cloud as a view's settings have it, where they say nothing as usual."""
    own, asked = cloud_of(cloud), asked_of(settings, name)
    return derived(own, ("usual", asked), lambda: usual(own, asked))


def asked_of(settings: RepresentSettings, name: Name) -> Asked:
    """One representation as the settings of a view have it."""
    if name == "range":
        return Asked("range", sensor=settings.sensor)
    if name == "views":
        return Asked("views")
    of = partial(Asked, name, low=settings.low, high=settings.high)
    published = (OF_VOXELS if name == "voxels" else PUBLISHED).get(settings.like or "")
    if published is not None and settings.low is None:
        of = partial(Asked, name, low=published.grid.low, high=published.grid.high)
    if name == "occupancy":
        return of()
    size = settings.voxel_edge if name == "voxels" else settings.pillar_edge
    edge = None if size is None else (size, size, size)
    if edge is None and published is not None:
        edge = published.grid.edge
    if name == "birds-eye" or not settings.hard:
        return of(edge=edge)
    usual = USUAL if published is None else published.hard
    most = settings.most_points or usual.most_points, settings.most_cells or usual.most_cells
    return of(edge=edge, most_points=most[0], most_cells=most[1], shuffle=settings.shuffle)
