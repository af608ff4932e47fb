"""Train the 3D CNN on voxels of the rooms; can be stopped and started again at any time.

    python -m script.training.voxels.fit --run FOLDER [--rooms FOLDER] --minutes 60 [--cool]

The rooms are those of the point networks, by default in the folder "rooms" beside the run's; schedule, files
and choices are as in script.training.fit. In 32 bits, since 3D convolutions of 16 are slow on processors.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import IterableDataset

from headlight.models.core.answers import confusion
from headlight.models.core.classes.lists import S3DIS_CLASSES
from headlight.models.points.grids.voxel_net import VoxelNet
from headlight.models.points.representations.cells import Grid
from script.training.crops import Room
from script.training.fit import Training, arguments, run
from script.training.losses import segmentation_loss
from script.training.voxels.crops import EDGE, Batch, Boxes, occupied


class VoxelTraining(Training):
    """The same with cells in place of points."""

    @property
    def usual_rate(self) -> float:
        return 2e-3

    def made(self) -> nn.Module:
        return VoxelNet(len(S3DIS_CLASSES))

    def crops(self, seed: int) -> IterableDataset:
        return Boxes(self.given.rooms / "train", seed)

    def confusion(self, net: nn.Module, room: Room) -> np.ndarray:
        return confusion(room.labels.astype(np.int64), predicted(net, room.points), len(S3DIS_CLASSES))

    def loss_of(self, batch: Batch, weights: Tensor) -> tuple[Tensor, float]:
        logits = self.forward(batch.occupancy, batch.cells)[batch.owner]
        right = (logits.argmax(1) == batch.labels).float().mean().item()
        return segmentation_loss(logits, batch.labels, weights), right


@torch.no_grad()
def predicted(net: nn.Module, points: np.ndarray) -> np.ndarray:
    """int64 (n,): the class of every point, by one pass over the whole room."""
    found = occupied(points, Grid.around(points, (EDGE, EDGE, EDGE)))
    if found is None:
        return np.zeros(len(points), np.int64)
    grid, cells, owner, _ = found
    return net(torch.from_numpy(grid)[None], torch.from_numpy(cells)).argmax(1).numpy()[owner]


def main() -> None:
    given = arguments(__doc__.splitlines()[0], rooms=False).parse_args()
    given.rooms = given.rooms or given.run.parent / "rooms"
    run(VoxelTraining, given)


if __name__ == "__main__":
    main()
