"""A cloud as a network on a representation is fed it, and the way back: a token is a pixel that was hit or a
cell that is occupied, and every point of the file takes the answer of one.

Shapes: n points of the file, m tokens.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor, nn

from headlight.models.core.errors import HeadlightError
from headlight.models.points.grids.cleaning import cleaned
from headlight.models.points.grids.range_net import SHRINK, seen
from headlight.models.points.representations.asked import Asked, Cloud, sensor_of
from headlight.models.points.representations.cells import Grid
from headlight.models.points.representations.range_image import (
    Sensor,
    pixels,
    range_image,
    spherical,
)
from headlight.models.points.representations.represented import DROPPED, OUTSIDE
from headlight.models.points.representations.voxels import occupancy

MOST = 2_000_000
"""Cells of a dense grid: 0.3 GB for each of its 32 channels' arrays."""
COARSER = 1.25


class Fed(Protocol):
    """sample: int64 (m,), the point of the file that each token is. notices: what is to be said of it.
    outputs: what the trace holds of it, by name."""

    sample: np.ndarray
    notices: tuple[str, ...]

    @property
    def outputs(self) -> Mapping[str, Any]: ...

    def logits(self, net: nn.Module, device: str) -> Tensor:
        """[m, classes]"""

    def owners(self, labels: np.ndarray) -> np.ndarray:
        """int32 (n,): the token whose answer each point takes. labels: int (m,), the tokens' classes."""

    def without(self, hidden: np.ndarray) -> Fed:
        """With these tokens, bool (m,), empty."""


@dataclass(frozen=True, eq=False)
class FedVoxels:
    """points: float (n, 3). grid: the cells. cells: int64 (m,), those that are occupied. owner: int32 (n,),
    which of them each point lies in."""

    points: np.ndarray
    grid: Grid
    cells: np.ndarray
    owner: np.ndarray
    sample: np.ndarray
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, points: np.ndarray, edge: float, title: str) -> FedVoxels:
        """Cells of `edge` metres from the cloud's corner on, larger ones where they would be more than
        MOST."""
        grid, notices = Grid.around(points, (edge, edge, edge)), ()
        while np.prod(grid.shape, dtype=float) > MOST:
            grid = Grid.around(points, tuple(COARSER * one for one in grid.edge))
        if grid.edge[0] != edge:
            notices = (
                f"The cloud is large: {title} sees cells of {grid.edge[0]:.2g} m instead of {edge:g} m as "
                "in its training, and its classes can be trusted less.",
            )
        made = occupancy(points, grid)
        cells, owner = np.unique(made.cell, return_inverse=True)
        middle = np.linalg.norm(points - grid.centres(made.cell), axis=1)
        order = np.lexsort((middle, owner))
        first = np.searchsorted(owner[order], np.arange(len(cells)))
        return cls(points, grid, cells, owner.astype(np.int32), order[first], notices)

    @property
    def outputs(self) -> Mapping[str, Any]:
        return {"grid": self.grid.edge[0]}

    def logits(self, net: nn.Module, device: str) -> Tensor:
        x, y, z = self.grid.shape
        grid = np.zeros(x * y * z, np.float32)
        grid[self.cells] = 1
        cells = torch.from_numpy(self.cells).to(device)
        return net(torch.from_numpy(grid.reshape(1, z, y, x)).to(device), cells)

    def owners(self, labels: np.ndarray) -> np.ndarray:
        return self.owner

    def without(self, hidden: np.ndarray) -> FedVoxels:
        kept = np.flatnonzero(~hidden)
        tree = cKDTree(self.points[self.sample[kept]])
        table = np.empty(len(hidden), np.int32)
        table[kept] = np.arange(len(kept))
        table[hidden] = tree.query(self.points[self.sample[hidden]])[1]
        return replace(self, cells=self.cells[kept], owner=table[self.owner], sample=self.sample[kept])


@dataclass(frozen=True, eq=False)
class FedRange:
    """points: float (n, 3). image: float32 (5, H, W) as of `range_image`. pixel: int64 (n,) of every point,
    or OUTSIDE. far: float (n,), metres from the sensor."""

    points: np.ndarray
    sensor: Sensor
    image: np.ndarray
    pixel: np.ndarray
    far: np.ndarray
    sample: np.ndarray
    notices: tuple[str, ...] = ()

    @classmethod
    def of(cls, points: np.ndarray, scan: Cloud, title: str) -> FedRange:
        """The scan as its sensor saw it, by its beams. points: those of the scan in any other frame.

        Raises HeadlightError where it is no scan of one sensor.
        """
        sensor = sensor_of(scan, Asked("range"))
        if sensor.columns % SHRINK:
            sensor = replace(sensor, columns=sensor.columns // SHRINK * SHRINK)
        made = range_image(scan.points, sensor, _share(scan.intensity), scan.ring)
        hidden, outside = int((made.cell == DROPPED).sum()), made.outside
        if outside == len(points):
            raise HeadlightError(
                f"None of the {outside:,} points lies where a {sensor.title} sees.",
                "Choose a scan in the sensor's own coordinates, or another model.",
            )
        notices = ()
        if hidden:
            notices = (
                f"{hidden:,} of {len(points):,} points lie behind nearer ones in the range image: they have "
                "the class of most pixels around that are as far away.",
            )
        if outside:
            notices = (
                *notices,
                f"{outside:,} of {len(points):,} points lie outside of what a {sensor.title} sees: {title} "
                "did not see them, and they have the class of the nearest point that it saw.",
            )
        index = made.arrays["index"].ravel()
        far, pixel = spherical(scan.points)[0], pixels(scan.points, sensor, scan.ring)
        return cls(points, sensor, made.arrays["image"], pixel, far, index[index >= 0], notices)

    @property
    def outputs(self) -> Mapping[str, Any]:
        return {"image": self.image, "sensor": self.sensor.title}

    @property
    def _hit(self) -> np.ndarray:
        """int64 (m,): the pixel that each token is."""
        return np.flatnonzero(self.image[-1].ravel() > 0)

    def logits(self, net: nn.Module, device: str) -> Tensor:
        image = torch.from_numpy(seen(self.image))[None].to(device)
        return net(image)[0].flatten(1).T[torch.from_numpy(self._hit).to(device)]

    def owners(self, labels: np.ndarray) -> np.ndarray:
        hit, (height, width) = self._hit, self.image.shape[1:]
        token = np.full(height * width, -1, np.int32)
        token[hit] = np.arange(len(hit))
        classes = np.full(height * width, -1)
        classes[hit] = labels
        inside = np.flatnonzero(self.pixel != OUTSIDE)
        row, column = np.divmod(self.pixel[inside], width)
        image = np.where(self.image[-1] > 0, self.image[0], -1)
        found = np.full(len(self.points), -1, np.int32)
        found[inside] = token[cleaned(image, classes.reshape(height, width), self.far[inside], row, column)]
        if (left := np.flatnonzero(found < 0)).size:
            found[left] = cKDTree(self.points[self.sample]).query(self.points[left])[1]
        return found

    def without(self, hidden: np.ndarray) -> FedRange:
        image = self.image.copy()
        empty = self._hit[hidden]
        image.reshape(len(image), -1)[:, empty] = -1
        image[-1].ravel()[empty] = 0
        return replace(self, image=image, sample=self.sample[~hidden])


def _share(intensity: np.ndarray | None) -> np.ndarray | None:
    """From 0 to 1: files have that, a byte, or more."""
    if intensity is None or not len(intensity):
        return None
    high = float(intensity.max())
    return intensity / (1.0 if high <= 1 else 255.0 if high <= 255 else high)
