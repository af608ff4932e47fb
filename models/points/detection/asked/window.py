"""The part of the bird's-eye view that what is said of one cell depends on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from headlight.models.points.detection.config import Centres, DetectionConfig, Voxels


def reach(config: DetectionConfig) -> int:
    """Cells of the encoder's map that bear on a cell of the heads, to each side of it at most."""
    backbone, found, step = config.backbone, _of_encoder(config), 1
    for stride, layers in zip(backbone.strides, backbone.layers, strict=True):
        found += step  # a kernel of 3 reaches one further
        step *= stride
        found += layers * step
    # Maps are joined cell by cell of the coarsest; of the heads three kernels follow each other.
    return found + step + (3 * backbone.stride if isinstance(config.head, Centres) else 0)


def _of_encoder(config: DetectionConfig) -> int:
    """The same of the encoder: a pillar knows its own points alone."""
    if not isinstance(config.encoder, Voxels):
        return 0
    found = 1  # voxels, by the first convolution
    for stage in range(len(config.encoder.widths)):
        step = 2**stage
        # Four convolutions a stage, and one before it that halves what was.
        found += 4 * step + (step // 2)
    return -(-found // config.shrink)


@dataclass(frozen=True)
class Window:
    """rows, columns: of the encoder's map, first and behind the last."""

    rows: tuple[int, int]
    columns: tuple[int, int]
    stride: int

    @classmethod
    def around(cls, rows: slice, columns: slice, config: DetectionConfig) -> Window:
        """All that bears on these rows and columns of the heads. It begins where cells of all maps do, and
        ends at the border, where networks see zeros, or beyond all that matters."""
        stride, far = config.backbone.stride, reach(config)
        step = int(np.prod(config.backbone.strides))

        def along(part: slice, length: int) -> tuple[int, int]:
            first, last = part.start * stride - far, part.stop * stride + far
            return max(first // step * step, 0), min(-(-last // step) * step, length)

        height, width = config.cells
        return cls(along(rows, height), along(columns, width), stride)

    def within(self, rows: slice, columns: slice) -> tuple[slice, slice]:
        """These of the heads, counted from the window's own first ones."""
        down, right = self.rows[0] // self.stride, self.columns[0] // self.stride
        return slice(rows.start - down, rows.stop - down), slice(columns.start - right, columns.stop - right)

    def holds(self, points: np.ndarray, config: DetectionConfig) -> np.ndarray:
        """float (n, 3+) → bool (n,): which are of its cells."""
        side = np.asarray(config.grid.edge[:2]) * config.shrink
        low = np.add(config.grid.low[:2], (self.columns[0], self.rows[0]) * side)
        high = np.add(config.grid.low[:2], (self.columns[1], self.rows[1]) * side)
        # A little further, since what is on a border falls to a cell by rounding.
        return ((points[:, :2] >= low - 1e-3) & (points[:, :2] <= high + 1e-3)).all(axis=1)
