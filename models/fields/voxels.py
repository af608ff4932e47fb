"""The field of a stack of 3D convolutions over the voxels of a cloud, for the voxels of some of its points.

Two kinds of convolution. A dense one (VoxelNet, Zhou and Tuzel 2018) computes a unit everywhere, so that
whatever lies in the unit's box can reach it, by way of empty voxels too. A sparse one (SECOND, Yan et al.
2018; Graham et al. 2018) computes units only where something is: a layer of stride 1 keeps the occupied
places (submanifold), one with a stride has a unit where its window holds any. There a path that would lead
through an empty place does not exist, and the unit sees less than its box. Weights are uniform, one over the
places of the window in every layer, so what reaches the unit from a voxel is the share of the paths between
them. numpy only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import product

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.stack import ConvLayer, ConvStack, check
from headlight.models.core.task import SILENT, Task

Edge = tuple[float, float, float]
"""Edges of a voxel in metres, x, y, z. An infinite one: a single voxel takes the whole extent."""

VOXELS: dict[str, Edge] = {
    "VoxelNet, SECOND": (0.05, 0.05, 0.1),
    "CenterPoint": (0.1, 0.1, 0.2),
    "PointPillars": (0.16, 0.16, np.inf),
}
"""Those of published detectors. A pillar of PointPillars takes the 4 m that it looks at: here all of them."""
CUBES = "Cubes"

_BITS = 20
LONGEST = 1 << (_BITS - 1)
"""Voxels along an axis at most."""
STRETCH = 16
"""Planes of units between two looks at the task."""


@dataclass(frozen=True)
class VoxelSettings:
    """voxel: a detector of VOXELS, or CUBES of this edge in metres. sparse: see `voxel_field`."""

    voxel: str = field(
        default=CUBES, metadata={"label": "Voxels", "choices": {name: name for name in (CUBES, *VOXELS)}}
    )
    edge: float = field(
        default=0.05,
        metadata={
            "label": "Edge",
            "span": (0.01, 1.0, 0.01),
            "written": "{:.2f} m",
            "after": ("voxel", CUBES),
        },
    )
    sparse: bool = field(
        default=False, metadata={"label": "Convolution", "choices": {False: "Dense", True: "Sparse"}}
    )

    @property
    def edges(self) -> Edge:
        return VOXELS.get(self.voxel, (self.edge,) * 3)


@dataclass(frozen=True, eq=False)
class Voxels:
    """The voxels that hold points. origin: float64 (3,), metres, the low corner of voxel (0, 0, 0).

    cells: int64 (v, 3), sorted by x, then y, then z. of_point: int (m,), the row of `cells` of each point.
    """

    edge: Edge
    origin: np.ndarray
    cells: np.ndarray
    of_point: np.ndarray


@dataclass(frozen=True, eq=False)
class VoxelField:
    """What the units at some points see of the cloud.

    values: float64 (m,), per point the weight with which its voxel reaches the unit, the mean of several
    units. Over all voxels of the box, the empty ones too, a dense stack's weights add up to 1.
    inside: bool (m,), which points lie in a unit's box. box: float64 (2, 3), its low and high corner in
    metres, infinite on an axis that one voxel takes whole; None for several units. size: the box in voxels.
    occupied, reaching: voxels that hold points, in the box and of them those that reach the unit.
    share: the part of a dense stack's weight that falls on occupied voxels, or that survives in a sparse one.
    units: how many different units the points have.
    """

    values: np.ndarray
    inside: np.ndarray
    box: np.ndarray | None
    size: tuple[int, int, int]
    occupied: int
    reaching: int
    share: float
    units: int


@dataclass(frozen=True, eq=False)
class Window:
    """What the units of a stack see along one axis: unit u of its last layer the voxels from
    start + u·stride on. weights: float64 (size,) of uniform kernels, of sum 1.
    """

    start: int
    stride: int
    weights: np.ndarray


def voxels(points: np.ndarray, edge: Edge) -> Voxels:
    """Put points, float (m, 3), into voxels, the first of which begins at the cloud's low corner."""
    if not all(length > 0 for length in edge):
        raise HeadlightError("A voxel's edges must be longer than 0 m.", "Choose a length above 0.")
    whole = np.isinf(edge)
    origin = points.min(axis=0).astype(np.float64) if len(points) else np.zeros(3)
    # Points on the far face of a voxel belong to the next, whatever 32-bit coordinates make of it.
    cells = np.floor((points - origin) / np.where(whole, 1.0, edge) + 1e-5)
    cells[:, whole] = 0
    most = cells.max(initial=0)
    if most >= LONGEST:
        raise HeadlightError(
            f"Voxels of {min(edge):g} m make {most:,.0f} along an axis of this cloud, over {LONGEST:,}.",
            "Choose larger voxels.",
        )
    cells = cells.astype(np.int64)
    keys, of_point = np.unique(_keys(cells), return_inverse=True)
    return Voxels(edge, origin, _cells(keys), of_point.reshape(-1))


def window(layers: Sequence[ConvLayer]) -> Window:
    """Of the last of these layers over its input, along one axis. Pooling counts as a mean (a maximum has no
    weights of its own).
    """
    start, stride, weights = 0, 1, np.ones(1)
    for layer in layers:
        start -= layer.padding * stride
        stride *= layer.stride
    for layer in reversed(layers):
        finer = np.zeros((len(weights) - 1) * layer.stride + layer.dilation * (layer.kernel - 1) + 1)
        for tap in range(layer.kernel):
            first = tap * layer.dilation
            finer[first : first + (len(weights) - 1) * layer.stride + 1 : layer.stride] += weights
        weights = finer / layer.kernel
    return Window(start, stride, weights)


def voxel_field(
    cloud: Voxels, stack: ConvStack, points: np.ndarray, sparse: bool = False, task: Task = SILENT
) -> VoxelField:
    """The field of the units nearest to the voxels of `points` (numbers of the cloud's points, one or more).

    Whatever the stack's own side and axes, its convolutions are 3D, and around the cloud there are empty
    voxels without end, so that no unit is lost at its border and padding only moves the places of units.
    sparse: as spconv has it, with submanifold convolutions for layers of stride 1 and an odd kernel, whose
    padding is that which keeps every place. Raises HeadlightError for a stack that cannot be computed.
    """
    check(replace(stack, side=LONGEST))
    if not stack.parallel:
        return _chain(cloud, stack.layers, points, sparse, task)
    parts = [_chain(cloud, (layer,), points, sparse, task) for layer in stack.layers]
    values = np.mean([part.values for part in parts], axis=0)
    inside = np.any([part.inside for part in parts], axis=0)
    weight, within = np.zeros(len(cloud.cells)), np.zeros(len(cloud.cells), bool)
    weight[cloud.of_point], within[cloud.of_point] = values, inside
    boxes = [part.box for part in parts]
    return replace(
        max(parts, key=lambda part: part.size),
        values=values,
        inside=inside,
        box=None if boxes[0] is None else np.stack([np.min(boxes, axis=0)[0], np.max(boxes, axis=0)[1]]),
        occupied=int(within.sum()),
        reaching=int((weight > 0).sum()),
        share=float(weight.sum()),
    )


def _chain(
    cloud: Voxels, layers: Sequence[ConvLayer], points: np.ndarray, sparse: bool, task: Task
) -> VoxelField:
    layers = (
        tuple(_centred(layer) if _is_submanifold(layer) else layer for layer in layers) if sparse else layers
    )
    seen = window(layers)
    whole = np.isinf(cloud.edge)
    windows = [Window(0, 1, np.ones(1)) if alone else seen for alone in whole]
    start, stride, size = (
        np.array([(w.start, w.stride, len(w.weights)) for w in windows], np.int64).reshape(3, 3).T
    )
    chosen = cloud.cells[cloud.of_point[np.atleast_1d(points)]]
    # The unit whose field's middle lies nearest to the middle of the point's voxel.
    units, counts = np.unique(
        np.floor((chosen - start - (size - 1) / 2) / stride + 0.5).astype(np.int64),
        axis=0,
        return_counts=True,
    )
    low = start + units * stride
    inside, weight = _boxes(cloud.cells, low, counts / counts.sum(), windows, task)
    if sparse:
        within = np.flatnonzero(inside)
        weight[within] = _sparse(cloud.cells[within], layers, whole, units, counts / counts.sum(), task)
    box = None
    if len(units) == 1:
        edge = np.where(whole, np.inf, cloud.edge)
        ends = np.stack([low[0], low[0] + size]) * np.where(whole, 1.0, edge) + cloud.origin
        box = np.where(whole, [[-np.inf], [np.inf]], ends)
    return VoxelField(
        values=weight[cloud.of_point],
        inside=inside[cloud.of_point],
        box=box,
        size=tuple(int(n) for n in size),
        occupied=int(inside.sum()),
        reaching=int((weight > 0).sum()),
        share=float(weight.sum()),
        units=len(units),
    )


def _boxes(
    cells: np.ndarray, low: np.ndarray, shares: np.ndarray, windows: Sequence[Window], task: Task
) -> tuple[np.ndarray, np.ndarray]:
    """(bool, float64) (v,): which cells lie in a box that begins at a row of `low`, int64 (u, 3), and the
    weights that they have in all of them, of which each has its share.

    Units of one x are taken together: weights are products of one factor an axis, so that over a plane of
    cells the sum is a product of three matrices.
    """
    inside, weight = np.zeros(len(cells), bool), np.zeros(len(cells))
    # Along y and z: which places hold cells, the place of each cell, and the factors [place, begin of a box].
    held, place = zip(*(np.unique(cells[:, axis], return_inverse=True) for axis in (1, 2)), strict=True)
    begins, of_unit = zip(*(np.unique(low[:, axis], return_inverse=True) for axis in (1, 2)), strict=True)
    factors, seen = [], []
    for at, first, one in zip(held, begins, windows[1:], strict=True):
        within = at[:, None] - first
        seen.append((within >= 0) & (within < len(one.weights)))
        factors.append(np.where(seen[-1], one.weights[np.clip(within, 0, len(one.weights) - 1)], 0.0))
    along = windows[0].weights
    for number, x in enumerate(np.unique(low[:, 0])):
        if number % STRETCH == 0:
            task.progress(0.0, "Looking for the voxels of the field")
        members = np.flatnonzero(low[:, 0] == x)
        rows = slice(*np.searchsorted(cells[:, 0], (x, x + len(along))))
        used = [np.unique(unit[members], return_inverse=True) for unit in of_unit]
        grid = np.zeros([len(places) for places, _ in used])
        grid[tuple(index for _, index in used)] = shares[members]
        (y, z), at = (places for places, _ in used), tuple(of_cell[rows] for of_cell in place)
        plane = factors[0][:, y] @ grid @ factors[1][:, z].T
        weight[rows] += along[cells[rows, 0] - x] * plane[at]
        inside[rows] |= (seen[0][:, y].astype(float) @ (grid > 0) @ seen[1][:, z].T)[at] > 0
    return inside, weight


# -- sparse --------------------------------------------------------------------------------------------------


def _is_submanifold(layer: ConvLayer) -> bool:
    return layer.kind == "convolution" and layer.stride == 1 and layer.kernel % 2 == 1


def _centred(layer: ConvLayer) -> ConvLayer:
    return replace(layer, padding=layer.dilation * (layer.kernel - 1) // 2)


def _sparse(
    cells: np.ndarray,
    layers: Sequence[ConvLayer],
    whole: np.ndarray,
    units: np.ndarray,
    shares: np.ndarray,
    task: Task,
) -> np.ndarray:
    """float64 (v,): the weights with which `cells`, int64 (v, 3), reach `units`, of which each has its share.

    The cells are those of the units' boxes: what lies elsewhere has no part in the paths.
    """
    step = np.where(whole, 0, 1)

    def taps(layer: ConvLayer) -> list[np.ndarray]:
        """From a unit's first place to each place of its window."""
        ranges = [range(1 if alone else layer.kernel) for alone in whole]
        return [np.array(tap) * layer.dilation for tap in product(*ranges)]

    active = [_keys(cells)]
    for number, layer in enumerate(layers):
        task.progress(number / (2 * len(layers)), "Finding occupied places")
        if _is_submanifold(layer):
            active.append(active[-1])
            continue
        stride = np.where(whole, 1, layer.stride)
        above = []
        for tap in taps(layer):
            place = _cells(active[-1]) + layer.padding * step - tap
            above.append(np.unique(_keys(place[(place % stride == 0).all(axis=1)] // stride)))
        active.append(np.unique(np.concatenate(above)))
    weight = np.zeros(len(active[-1]))
    at, found = _find(active[-1], _keys(units))
    weight[at[found]] = shares[found]
    for number in reversed(range(len(layers))):
        layer = layers[number]
        task.progress(1 - (number + 1) / (2 * len(layers)), "Following the paths back")
        stride = np.where(whole, 1, layer.stride)
        moved = np.flatnonzero(weight)
        first = _cells(active[number + 1][moved]) * stride - layer.padding * step
        each, finer = taps(layer), np.zeros(len(active[number]))
        for tap in each:
            at, found = _find(active[number], _keys(first + tap))
            # Another unit's same tap is another place: no place comes twice.
            finer[at[found]] += weight[moved[found]] / len(each)
        weight = finer
    return weight


_OFFSET = 1 << _BITS


def _keys(cells: np.ndarray) -> np.ndarray:
    """int64 (v, 3) → int64 (v,), in the same order."""
    x, y, z = (cells + _OFFSET).T
    return (x << (2 * _BITS + 2)) | (y << (_BITS + 1)) | z


def _cells(keys: np.ndarray) -> np.ndarray:
    mask = (1 << (_BITS + 1)) - 1
    parts = (keys >> (2 * _BITS + 2), (keys >> (_BITS + 1)) & mask, keys & mask)
    return np.stack(parts, axis=1) - _OFFSET


def _find(keys: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(where each of `wanted` stands in the sorted `keys`, which of them stand there at all)."""
    at = np.searchsorted(keys, wanted)
    found = at < len(keys)
    found[found] = keys[at[found]] == wanted[found]
    return at, found
