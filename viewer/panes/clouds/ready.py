"""A cloud and its colours as a view takes them, made ready by a worker of the window's process."""

from __future__ import annotations

import threading
import weakref
from dataclasses import dataclass

import numpy as np

from headlight.models.core.task import Task
from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.slices.clouds.painted import Painted
from headlight.widgets.cloud.prepared import Coloured, Prepared, prepare

_prepared: weakref.WeakKeyDictionary[CloudInput, Prepared] = weakref.WeakKeyDictionary()
_lock = threading.Lock()
_MANY = 1_000_000
"""Points from which on what finds one under the cursor takes long enough to be waited for."""


@dataclass(frozen=True, eq=False)
class Ready:
    """painted: what it is of. cloud: with the places beside it. colours: of both."""

    painted: Painted
    cloud: Prepared
    colours: Coloured


def ready(painted: Painted, last: Ready | None, task: Task) -> Ready:
    """last: what the view has, which is used again where it is of the same colours."""
    given = painted.colours
    cloud = ready_of(painted.asked.scene.cloud, given.more)
    if last is not None and last.cloud is cloud and last.painted.colours is given:
        return Ready(painted, cloud, last.colours)
    made = Ready(painted, cloud, cloud.coloured(given.rgb, given.groups, given.mask))
    if len(cloud.points) > _MANY:
        task.partial(made)  # it is seen before the point under the cursor can be found
    _ = cloud.grid
    return made


def ready_of(cloud: CloudInput, more: np.ndarray) -> Prepared:
    """The points as a view takes them: made once for both views, but for those beside it, float32 (k, 3)."""
    if len(more):
        return prepare(np.concatenate([cloud.points, more]))
    with _lock:
        made = _prepared.get(cloud) or prepare(cloud.points)
        _prepared[cloud] = made
    return made
