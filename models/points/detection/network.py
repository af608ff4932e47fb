"""A detector: an encoder of points, a network over the bird's-eye view, heads."""

from __future__ import annotations

from torch import Tensor, nn

from headlight.models.points.detection.backbone import BirdsEye
from headlight.models.points.detection.config import Centres, DetectionConfig, Pillars
from headlight.models.points.detection.heads import AnchorHead, CentreHead, Said
from headlight.models.points.detection.pillars import Batch, PillarEncoder
from headlight.models.points.detection.voxels import VoxelEncoder


class Detector(nn.Module):
    """PointPillars or CenterPoint, as its configuration says."""

    def __init__(self, config: DetectionConfig) -> None:
        super().__init__()
        self.config = config
        if isinstance(config.encoder, Pillars):
            self.encoder = PillarEncoder(config, config.encoder)
        else:
            self.encoder = VoxelEncoder(config, config.encoder)
        self.backbone = BirdsEye(self.encoder.channels, config.backbone)
        head = CentreHead if isinstance(config.head, Centres) else AnchorHead
        self.head = head(self.backbone.channels, config.head)

    def forward(self, batch: Batch) -> list[Said]:
        """For each task [clouds, numbers, rows, columns] by the names of its heads; rows are y."""
        return self.over(self.encoder(batch))

    def over(self, canvas: Tensor) -> list[Said]:
        """The same of what the encoder made of the points."""
        return self.head(self.backbone(canvas))
