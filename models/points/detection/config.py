"""What a detector is made of, as its config.json and the published configurations have it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from headlight.models.points.representations.cells import Grid
from headlight.models.points.representations.pillars import Centre
from headlight.models.points.representations.voxels import Hard

Heading = Literal["full", "axis"]
"""What `rot` says: sine and cosine of the yaw, or of twice the yaw, which are the same for both ways of an
axis."""
How = Literal["rotated", "circle", "none"]
"""How boxes that overlap are suppressed."""


@dataclass(frozen=True)
class Pillars:
    """The encoder of PointPillars. widths: of what each layer gives. centre: whether the offset from the
    pillar's middle has a z. padded: pillars that are not full have a row of zeros among their points, as
    those of published networks do."""

    widths: tuple[int, ...] = (64,)
    centre: Centre = "xyz"
    padded: bool = False


@dataclass(frozen=True)
class Voxels:
    """The sparse encoder of SECOND as CenterPoint has it. widths: of its stages. out: of what it gives.
    biased: convolutions of its residual blocks have biases."""

    widths: tuple[int, ...] = (16, 32, 64, 128)
    out: int = 128
    biased: bool = False


@dataclass(frozen=True)
class Backbone:
    """Of SECOND. layers: convolutions of each block behind its first, which halves the map where its stride
    is 2. ups: by how much each block's map is enlarged, below 1 made smaller, before all are joined."""

    layers: tuple[int, ...]
    widths: tuple[int, ...]
    strides: tuple[int, ...]
    ups: tuple[float, ...]
    up_widths: tuple[int, ...]

    @property
    def stride(self) -> int:
        """Cells of the encoder's map along a side of one cell of what all blocks are joined to."""
        return round(self.strides[0] / self.ups[0])


@dataclass(frozen=True)
class Centres:
    """Heads of CenterPoint (Yin et al. 2021). tasks: classes of each, in their order. shared: width of the
    convolution before them. biased: convolutions before norms have biases. velocity: they say it. front: they
    say which end of an axis is the front."""

    tasks: tuple[int, ...]
    shared: int = 64
    biased: bool = False
    velocity: bool = False
    heading: Heading = "full"
    front: bool = False

    @property
    def regressed(self) -> dict[str, int]:
        """Numbers of each head but the heat map: offset from the cell's corner in cells, height of the
        middle, logarithms of length, width and height, heading, velocity; and a logit of the front."""
        named = {"reg": 2, "height": 1, "dim": 3, "rot": 2}
        if self.velocity:
            named["vel"] = 2
        if self.front:
            named["front"] = 1
        return named


@dataclass(frozen=True)
class Anchors:
    """Heads of PointPillars (Lang et al. 2019). sizes: length, width and height of each class's anchor.
    bottoms: z of its lower face. rotations: of each. offset: radians from which directions are counted."""

    sizes: tuple[tuple[float, float, float], ...]
    bottoms: tuple[float, ...]
    rotations: tuple[float, ...] = (0.0, 1.57)
    offset: float = 0.78539

    @property
    def count(self) -> int:
        """A cell."""
        return len(self.sizes) * len(self.rotations)


@dataclass(frozen=True)
class Suppression:
    """score: from which on boxes are kept. how: as of `suppressed`. limit: overlap, or squared metres for
    each task, from which on the less likely box goes. before, after: boxes of a task, the likeliest."""

    score: float = 0.1
    how: How = "rotated"
    limit: float | tuple[float, ...] = 0.2
    before: int = 1000
    after: int = 83
    peaks: bool = False


@dataclass(frozen=True)
class Frame:
    """The clouds that it was trained on. forward: the axis that looks ahead. ground: z of the street. bright:
    the intensity of what shines most, 0 where none is read."""

    forward: Literal["x", "y"] = "x"
    ground: float = -1.73
    bright: float = 1.0


@dataclass(frozen=True)
class DetectionConfig:
    """classes: in the order of the heads. grid: range and edge of a pillar or voxel. inputs: numbers a point,
    x y z, intensity, and of a fifth the seconds since it was measured. hard: what of a cell is kept; all
    without."""

    classes: tuple[str, ...]
    grid: Grid
    encoder: Pillars | Voxels
    backbone: Backbone
    head: Centres | Anchors
    inputs: int = 4
    hard: Hard | None = None
    suppression: Suppression = Suppression()
    frame: Frame = Frame()

    def __post_init__(self) -> None:
        counted = sum(self.head.tasks) if isinstance(self.head, Centres) else len(self.head.sizes)
        if counted != len(self.classes):
            raise ValueError(f"{len(self.classes)} classes, and heads for {counted}")

    @property
    def cells(self) -> tuple[int, int]:
        """Rows (y) and columns (x) of the encoder's map."""
        x, y, _ = self.grid.shape
        shrink = self.shrink
        return y // shrink, x // shrink

    @property
    def shrink(self) -> int:
        """Cells of the grid along a side of one cell of the encoder's map."""
        return 2 ** (len(self.encoder.widths) - 1) if isinstance(self.encoder, Voxels) else 1

    @property
    def map(self) -> tuple[int, int]:
        """Rows (y) and columns (x) of the heads."""
        rows, columns = self.cells
        return rows // self.backbone.stride, columns // self.backbone.stride

    @property
    def cell(self) -> tuple[float, float]:
        """Metres along x and y of a cell of the heads."""
        rows, columns = self.map
        size = np.subtract(self.grid.high, self.grid.low)
        return float(size[0]) / columns, float(size[1]) / rows

    @property
    def extent(self) -> tuple[float, float, float, float]:
        """x0 y0 x1 y1 in metres."""
        (x0, y0, _), (x1, y1, _) = self.grid.low, self.grid.high
        return x0, y0, x1, y1


STREET_CLASSES = ("car", "truck", "pedestrian", "cycle")
STREETS = DetectionConfig(
    classes=STREET_CLASSES,
    grid=Grid((-40.0, -40.0, -3.0), (40.0, 40.0, 3.0), (0.25, 0.25, 6.0)),
    encoder=Pillars((32,)),
    backbone=Backbone((2, 3, 3), (32, 64, 128), (2, 2, 2), (1.0, 2.0, 4.0), (32, 32, 32)),
    head=Centres((4,), shared=32, heading="axis", front=True),
)
"""The detector that Headlight trains on made streets."""
