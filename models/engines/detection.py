"""A point cloud through a detector: pillars or voxels, one pass over the bird's-eye view, boxes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import Boxes, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Intervention, Offer, Recipe, on_heads
from headlight.models.core.interventions import hidden as hidden_by
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Cuboid, PointTokens
from headlight.models.core.trace import INPUT, Gradients, Run, Trace
from headlight.models.engines.run import Made, recipe_of
from headlight.models.points.detection.asked.fitting import Fitted, fitted, nothing_found
from headlight.models.points.detection.asked.folded import folded
from headlight.models.points.detection.asked.window import Window
from headlight.models.points.detection.checkpoints import load_detector, read_detector
from headlight.models.points.detection.config import Centres
from headlight.models.points.detection.decoding import found
from headlight.models.points.detection.heads import Said
from headlight.models.points.detection.network import Detector
from headlight.models.points.detection.pillars import Batch, batch_of


@dataclass(frozen=True, eq=False)
class Given:
    """A cloud as it was fitted to the detector, and which of its points it sees, bool (n,)."""

    tokens: PointTokens
    fitted: Fitted
    seen: np.ndarray


class DetectionEngine:
    """A PointPillars or a CenterPoint, ready to run. Read from disk by `DetectionEngine.open`."""

    lease = Run()
    """Of its traces, once it is opened by the door."""
    takes = ("intensity",)
    offers: frozenset[Offer] = frozenset({"hide", "scores", "gradients"})

    def __init__(self, model: Detector, entry: Entry, device: str, notices: tuple[str, ...] = ()) -> None:
        self.config, self.entry, self.device, self.notices = model.config, entry, device, notices
        self.model = folded(model.eval()).to(device)
        self.card = entry.card()

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> DetectionEngine:
        """Load the model of a catalogue entry that has its folder or its file.

        A file that is a pickle must have been trusted, or there would be no entry.
        """
        if entry.file is not None:
            checkpoint = read_detector(entry.file, trust_pickle=True)
            return cls(checkpoint.network(), entry, device, checkpoint.notices)
        return cls(load_detector(entry.folder), entry, device)

    def run(self, points: np.ndarray, intensity: np.ndarray | None = None, task: Task = SILENT) -> Trace:
        """One cloud through the model.

        points: float32 (n, 3), finite, metres, z up, zero at the sensor. intensity: float32 (n,). Where the
        street lies at another height than in training, or intensities have another scale, the model sees the
        cloud moved and scaled, and a notice says so; boxes are of the cloud as it is. A notice says why where
        there are none.

        The trace's tokens are all n points. inputs: "points" float32 (n, F), what the model was fed, and
        "cell" int64 (n,), of the pillars or voxels the row of each point's, −1 out of range, −2 left out.
        outputs: "raised", metres that were added to z, and "range" (3, 3), the lower and higher corner of
        what the model sees and the edge of its cells. Raises HeadlightError for a model that answers with no
        numbers.
        """
        if not len(points):
            raise HeadlightError("The cloud has no points.", "Choose a file with something in it.")
        task.progress(0.0, "Sorting points into cells")
        as_fed = fitted(points, intensity, self.config, self.card.title)
        tokens = PointTokens.of(np.ascontiguousarray(points, np.float32))
        return self._passed(Given(tokens, as_fed, np.ones(len(points), bool)), recipe_of(self.entry), task)

    def again(self, run: Made, interventions: tuple[Intervention, ...], task: Task = SILENT) -> Trace:
        """As `Run.again`; points that are hidden are taken out of the cloud."""
        return self._passed(run.given, replace(run.recipe, interventions=interventions), task)

    def scores(self, run: Made, hidden: np.ndarray, target: Target, task: Task = SILENT) -> np.ndarray:
        """As `Run.scores`, of a box the probability of its class where it was found: a pass each."""
        where, scores = self._cell(target), np.empty(len(hidden), np.float32)
        window, features = Window.around(*where, self.config), run.given.fitted.features
        rows, columns = slice(*window.rows), slice(*window.columns)
        near = run.given.seen & window.holds(features, self.config)
        for number, which in enumerate(hidden):
            task.progress(number / len(hidden), f"Variant {number + 1:,} of {len(hidden):,}")
            # Of all that the network looks at, what the box depends on is as good.
            batch = batch_of([features[near & ~which]], self.config)
            with torch.no_grad():
                canvas = self.model.encoder(batch.to(self.device))[:, :, rows, columns]
                logit = self._logit(self.model.over(canvas), target, window.within(*where))
            scores[number] = float(torch.sigmoid(logit))
        return scores

    def gradients(self, run: Made, target: Target, task: Task = SILENT) -> Gradients:
        """As `Run.gradients`, of the logit of a box's class where it was found, with the numbers of every
        point (n, F); 0 for those that the model does not see."""
        at = run.given.fitted.features
        logits, found = self.slopes(run, target, at[None], task)
        return Gradients(found[0], at, float(logits[0]))

    def slopes(
        self, run: Made, target: Target, at: np.ndarray, task: Task = SILENT
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Run.slopes`; every point stays in its cell."""
        where, seen = self._cell(target), np.flatnonzero(run.given.seen)
        batch = batch_of([run.given.fitted.features[seen]], self.config)
        kept = seen[batch.kept.numpy()]
        logits, found = np.empty(len(at), np.float32), np.zeros(at.shape, np.float32)
        for number, values in enumerate(at):
            task.progress(number / len(at), f"Gradient {number + 1:,} of {len(at):,}")
            leaf = torch.from_numpy(values[kept]).to(self.device).requires_grad_()
            with torch.enable_grad():
                said = self.model(replace(batch.to(self.device), points=leaf))
                logit = self._logit(said, target, where)
                (slope,) = torch.autograd.grad(logit, leaf)
            if not slope.isfinite().all():
                raise self._no_numbers()
            logits[number], found[number, kept] = float(logit.detach()), slope.cpu().numpy()
        return logits, found

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the numbers of each point."""
        return values.sum(1, dtype=np.float64).astype(np.float32)

    def _passed(self, given: Given, recipe: Recipe, task: Task) -> Trace:
        if on_heads(recipe.interventions):
            raise HeadlightError(f"{self.card.title} has no heads of attention.", "Hide points instead.")
        hidden = hidden_by(recipe.interventions, given.tokens)
        seen = given.seen if hidden is None else given.seen & ~hidden.which[0]
        if not seen.any():
            raise HeadlightError(
                f"Nothing is left that {self.card.title} could read.", "Leave something to be seen."
            )
        began = time.perf_counter()
        batch = batch_of([given.fitted.features[seen]], self.config)
        task.progress(0.2, f"Looking with {self.card.title}")
        with torch.no_grad():
            answer = found(self._said(batch), self.config)
        if not len(batch.points):  # whatever it says of an empty street
            answer = _none(answer)
        answer = _lowered(answer, given.fitted.raised)
        seconds = time.perf_counter() - began
        which, inside = np.flatnonzero(seen), len(batch.points)
        cell = np.full(len(seen), -1)
        cell[which] = batch.placed.numpy()
        grid = self.config.grid
        notices = (*self.entry.notices, *self.notices, *given.fitted.notices)
        if not len(answer):
            notices += (nothing_found(given.fitted, inside, self.config, self.card.title),)
        return Trace(
            model=self.card,
            layers=(),
            streams={INPUT: given.tokens},
            inputs={"points": given.fitted.features, "cell": cell},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=notices,
            outputs={"raised": given.fitted.raised, "range": np.array([grid.low, grid.high, grid.edge])},
            answers=(answer,),
            run=Made(
                *(self.lease, replace(given, seen=seen), {INPUT: given.tokens}),
                recipe=recipe,
                offers=self.offers,
            ),
        )

    def _said(self, batch: Batch) -> list[Said]:
        said = self.model(batch.to(self.device))
        if not all(values.isfinite().all() for one in said for values in one.values()):
            raise self._no_numbers()
        return said

    def _no_numbers(self) -> HeadlightError:
        return HeadlightError(
            f"{self.card.title} answers with no numbers (NaN).", "Its weights are damaged: choose another."
        )

    def _cell(self, target: Target) -> tuple[slice, slice]:
        """Rows and columns of the heat map around the middle of a box: an offset leads up to a cell away."""
        if not isinstance(target.place, Cuboid):
            raise HeadlightError("Only a box can be asked about.", "Choose one of those that were found.")
        x0, y0, *_ = self.config.extent
        (rows, columns), (across, up) = self.config.map, self.config.cell
        row, column = int((target.place.y - y0) // up), int((target.place.x - x0) // across)
        if not (0 <= row < rows and 0 <= column < columns):
            raise HeadlightError("The box lies out of the model's range.", "Choose another one.")
        return slice(max(row - 1, 0), row + 2), slice(max(column - 1, 0), column + 2)

    def _logit(self, said: Sequence[Said], target: Target, where: tuple[slice, slice]) -> Tensor:
        """The highest of the class around a place."""
        head, label = self.config.head, target.index
        if isinstance(head, Centres):
            task = int(np.searchsorted(np.cumsum(head.tasks), label, side="right"))
            values = said[task]["heatmap"][0, label - sum(head.tasks[:task])]
        else:
            every = said[0]["cls"][0].unflatten(0, (head.count, len(self.config.classes)))
            values = every[:, label].amax(dim=0)
        return values[where].max()


def _none(boxes: Boxes) -> Boxes:
    """The same without any box."""
    candidates = boxes.candidates
    kept = None if candidates is None else candidates.only(np.empty(0, int))
    return replace(boxes.only(np.empty(0, int)), candidates=kept)


def _lowered(boxes: Boxes, raised: float) -> Boxes:
    """Boxes of the cloud as it was fed as those of the cloud as it is."""
    if not raised:
        return boxes
    moved = boxes.boxes.copy()
    moved[:, 2] -= np.float32(raised)
    candidates = None if boxes.candidates is None else _lowered(boxes.candidates, raised)
    return replace(boxes, boxes=moved, candidates=candidates)
