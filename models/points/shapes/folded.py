"""Inference with the classifier of Point Transformers, its attention kept."""

from __future__ import annotations

from torch import Tensor

from headlight.models.points.inference import FoldedEncoder, Pass
from headlight.models.points.neighbours import Geometry
from headlight.models.points.shapes.point_transformer import ShapeTransformer, means


class FoldedShapeTransformer(FoldedEncoder):
    """The encoder is folded, its head is as it is."""

    def __init__(self, net: ShapeTransformer) -> None:
        super().__init__(net)
        self._net = net

    def _run(self, features: Tensor, geometry: Geometry, way: Pass) -> Tensor:
        x = self.encoded(features, geometry, way)[-1]
        return self._net.cls(means(x, geometry.stages[-1].counts))
