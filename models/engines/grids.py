"""A point cloud through a network on a representation of it, a range image or voxels: an answer for every
point of the file."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config
from headlight.models.catalogue.tensors import read_tensors, with_weights
from headlight.models.core.answers import EVERY, PointLabels, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Offer, Recipe, on_heads
from headlight.models.core.interventions import hidden as hidden_by
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, PointTokens
from headlight.models.core.trace import Run, Trace
from headlight.models.engines.run import Made, OneByOne, recipe_of
from headlight.models.points.grids.config import GridConfig, grid_config
from headlight.models.points.grids.fed import Fed, FedRange, FedVoxels
from headlight.models.points.representations.asked import Cloud


@dataclass(frozen=True, eq=False)
class Given:
    """whole: what the network is fed of the cloud, nothing hidden. points: float32 (n, 3). truth: int16
    (n,)."""

    whole: Fed
    points: np.ndarray
    truth: np.ndarray | None

    def tokens(self, fed: Fed) -> PointTokens:
        return PointTokens.of(self.points[fed.sample], fed.sample)


class GridsEngine(OneByOne):
    """A range network or a 3D CNN, ready to run. Read from disk by `GridsEngine.open`."""

    lease = Run()
    """Of its traces, once it is opened by the door."""
    takes = ("truth", "intensity", "ring", "zero")
    """Of a cloud, beside its points."""
    offers: frozenset[Offer] = frozenset({"hide", "scores"})

    def __init__(self, model: nn.Module, config: GridConfig, entry: Entry, device: str) -> None:
        self.model = model.eval().requires_grad_(False).to(device)
        self.config, self.entry, self.device = config, entry, device
        self.card = entry.card()

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> GridsEngine:
        """Load the model of a catalogue entry that has its folder."""
        config = grid_config(read_config(entry.folder), f"{entry.folder / 'config.json'}")
        file = entry.folder / "model.safetensors"
        with torch.device("meta"):
            network = config.network()
        return cls(with_weights(network, read_tensors(file), f"{file}"), config, entry, device)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.config.classes

    def run(
        self,
        points: np.ndarray,
        truth: np.ndarray | None = None,
        intensity: np.ndarray | None = None,
        ring: np.ndarray | None = None,
        zero: np.ndarray | None = None,
        task: Task = SILENT,
    ) -> Trace:
        """One cloud through the model in one pass.

        points: float32 (n, 3), finite, metres, z up. truth: int16 (n,), indices into `classes`, −1 for none.
        intensity: (n,). ring: int (n,), the beam of each point, from the lowest on. zero: (3,), where the
        sensor was, at zero without.

        The trace's tokens are the m occupied cells, or pixels that were hit, each at one of its points.
        inputs: "points" float32 (m, 3). outputs: "grid", metres of a cell; or "image" float32 (5, H, W) and
        "sensor". Raises HeadlightError for a cloud that cannot be represented so, or a model that answers
        with no numbers.
        """
        if not len(points):
            raise HeadlightError("The cloud has no points.", "Choose a file with something in it.")
        task.progress(0.0, "Representing the cloud")
        if self.config.model_type == "voxel_net":
            whole = FedVoxels.of(points, self.config.edge, self.entry.title)
        else:
            seen = points if zero is None or not np.any(zero) else points.astype(np.float64) - zero
            whole = FedRange.of(points, Cloud(seen, intensity, ring), self.entry.title)
        return self._passed(Given(whole, points, truth), recipe_of(self.entry), task)

    def _score(self, given: Given, hidden: np.ndarray, target: Target, task: Task) -> float:
        """The share of the file's points that have the class, or its probability at a place."""
        fed = self._without(given.whole, hidden)
        if target.index == EVERY:
            return 1.0
        probabilities = self._probabilities(fed)
        if target.place is not None:
            return float(probabilities[given.tokens(fed).find(target.place), target.index].mean())
        labels = probabilities.argmax(1)
        return float((labels[fed.owners(labels)] == target.index).mean())

    def _without(self, fed: Fed, hidden: np.ndarray) -> Fed:
        if not hidden.any():
            return fed
        if hidden.all():
            raise HeadlightError(
                f"Nothing is left that {self.entry.title} could read.", "Leave something to be seen."
            )
        return fed.without(hidden)

    def _passed(self, given: Given, recipe: Recipe, task: Task) -> Trace:
        if on_heads(recipe.interventions):
            raise HeadlightError(f"{self.entry.title} has no heads.", "Hide points instead.")
        whole = given.tokens(given.whole)
        hidden = hidden_by(recipe.interventions, whole)
        fed = given.whole if hidden is None else self._without(given.whole, hidden.which[0])
        began = time.perf_counter()
        task.progress(0.2, f"{self.entry.title} looks at it")
        probabilities = self._probabilities(fed)
        seconds = time.perf_counter() - began
        task.progress(0.9, "Answers for all points of the file")
        nearest = fed.owners(probabilities.argmax(1))
        labels = PointLabels.spread(self.classes, probabilities, fed.sample, nearest, given.truth)
        tokens = given.tokens(fed)
        return Trace(
            model=self.card,
            layers=(),
            streams={INPUT: tokens},
            inputs={"points": tokens.positions},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=fed.notices,
            outputs=dict(fed.outputs),
            answers=(labels,),
            run=Made(self.lease, given, {INPUT: whole}, recipe=recipe, offers=self.offers),
        )

    @torch.no_grad()
    def _probabilities(self, fed: Fed) -> np.ndarray:
        """float32 (m, classes)"""
        found = torch.softmax(fed.logits(self.model, self.device).float(), dim=1).cpu().numpy()
        if not np.isfinite(found).all():
            raise HeadlightError(
                f"{self.entry.title} answers with no numbers (NaN).",
                "Its weights are damaged: choose another.",
            )
        return found
