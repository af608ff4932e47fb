"""A checkpoint of a point model that is one file: what it holds shows in the names of its tensors."""

from __future__ import annotations

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.tensors import read_tensors
from headlight.models.core.task import SILENT, Task
from headlight.models.engines.detection import DetectionEngine
from headlight.models.engines.points import PointsEngine
from headlight.models.engines.shapes import ShapesEngine
from headlight.models.points.detection.layouts import source_of
from headlight.models.points.shapes.checkpoints import is_of_shapes


class CheckpointEngine:
    """The engine of whichever network such a file has."""

    @staticmethod
    def open(entry: Entry, device: str, task: Task = SILENT) -> PointsEngine | DetectionEngine | ShapesEngine:
        """A file that is a pickle must have been trusted, or there would be no entry."""
        names = read_tensors(entry.file, trust_pickle=True)
        if is_of_shapes(names):
            return ShapesEngine.open(entry, device, task)
        engine = PointsEngine if source_of(names) is None else DetectionEngine
        return engine.open(entry, device, task)
