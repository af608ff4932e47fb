"""A point cloud through a point network: a sample of it, one pass, an answer for every point."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.spatial import cKDTree
from torch import Tensor

from headlight.models.attention.same_answer import check_kept
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.folders import read_config
from headlight.models.core.answers import EVERY, PointLabels, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Intervention, Offer, Recipe, on_heads
from headlight.models.core.interventions import hidden as hidden_by
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import INPUT, Gradients, Run, Trace
from headlight.models.engines.heads import foreign
from headlight.models.engines.run import Made, OneByOne, recipe_of
from headlight.models.points.blocks import POINTS, batches, block_size, bounded, look
from headlight.models.points.checkpoints import load_network, read_checkpoint
from headlight.models.points.config import PointConfig
from headlight.models.points.grid import fitting_sample
from headlight.models.points.inference import FoldedPointTransformer, NeighbourhoodCall
from headlight.models.points.inputs import check_inputs, features, floor_of
from headlight.models.points.neighbourhood import neighbourhood_layers
from headlight.models.points.neighbours import Geometry, geometry, spacing
from headlight.models.points.point_transformer import PointTransformer
from headlight.models.points.pointnet import PointNet
from headlight.models.points.reach import gradient

LIMIT = 400_000
"""Points of the sample: with all attention kept they take about 3 GB."""
FEW = 1024
"""Points on which the network is compared with the pass that keeps its attention."""
SPARSE = 2.5
"""A spacing of points as a multiple of that in training from which a cloud is called sparse."""
CHUNK = 1 << 18
"""Points of the file whose nearest token is looked up between two looks at the task."""


@dataclass(frozen=True, eq=False)
class _Answer:
    """logits [m, classes] and what else the pass left."""

    logits: Tensor
    layers: tuple[AttentionLayer, ...]
    outputs: dict[str, object]


@dataclass(frozen=True, eq=False)
class Sampled:
    """What a network sees of a cloud of n points. sample: int (m,), the file point that each token is.

    features: float32 (m, inputs). nearest: int32 (n,), the token whose answer each file point has. truth:
    int16 (n,) or None. grid: metres of a voxel.
    """

    sample: np.ndarray
    tokens: PointTokens
    features: np.ndarray
    nearest: np.ndarray
    truth: np.ndarray | None
    grid: float
    notices: tuple[str, ...]

    def without(self, hidden: np.ndarray, title: str) -> Sampled:
        """Without these tokens, bool (m,): their points have the answer of the token nearest to theirs."""
        if not hidden.any():
            return self
        if hidden.all():
            raise HeadlightError(f"Nothing is left that {title} could read.", "Leave something to be seen.")
        kept = np.flatnonzero(~hidden)
        tokens = PointTokens.of(self.tokens.positions[kept], self.sample[kept])
        owner = np.empty(len(hidden), np.int32)
        owner[kept] = np.arange(len(kept))
        owner[hidden] = tokens.nearest(self.tokens.positions[hidden])
        return replace(
            self,
            sample=self.sample[kept],
            tokens=tokens,
            features=self.features[kept],
            nearest=owner[self.nearest],
        )

    def at(self, target: Target, labels: np.ndarray) -> np.ndarray:
        """int64: the tokens of which a target is said. labels: int (m,), the class of each."""
        if target.place is not None:
            return self.tokens.find(target.place)
        every = np.arange(len(labels))
        return every if target.index == EVERY else np.flatnonzero(labels == target.index)

    def score(self, probabilities: np.ndarray, target: Target) -> float:
        """The share of the file's points that have the class, or its probability at a place."""
        if target.index == EVERY:
            return 1.0
        if target.place is not None:
            return float(probabilities[self.tokens.find(target.place), target.index].mean())
        return float((probabilities.argmax(1) == target.index)[self.nearest].mean())


@dataclass(frozen=True, eq=False)
class Passed:
    """One pass over a sample, or what was left of it. labels: int (m,), the class of each token."""

    whole: Sampled
    sampled: Sampled
    labels: np.ndarray
    geometry: Geometry | None


class PointsEngine(OneByOne):
    """A Point Transformer or a PointNet, ready to run. Read from disk by `PointsEngine.open`."""

    lease = Run()
    """Of its traces, once it is opened by the door."""
    takes = ("colours", "truth")

    def __init__(
        self,
        model: PointTransformer | PointNet,
        config: PointConfig,
        entry: Entry,
        device: str,
        notices: tuple[str, ...] = (),
        block: int = POINTS,
        untrained: bool = False,
    ) -> None:
        self.model = model.eval().requires_grad_(False).to(device)
        self.config, self.entry, self.device, self.block = config, entry, device, block
        self.notices = notices
        """What is to be said of every run with this model."""
        self.card = entry.card(untrained)
        self._folded = FoldedPointTransformer(self.model) if isinstance(model, PointTransformer) else None

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> PointsEngine:
        """Load the model of a catalogue entry that has its folder or its file.

        A file that is a pickle must have been trusted, or there would be no entry.
        """
        if entry.file is not None:
            checkpoint = read_checkpoint(entry.file, trust_pickle=True)
            engine = cls(checkpoint.network(), checkpoint.config, entry, device, notices=checkpoint.notices)
            engine._make_sure()
            return engine
        where = entry.folder / "config.json"
        model, config, missing = load_network(entry.folder)
        check_inputs(config.inputs, where)
        notices = ()
        if missing:
            more = f" and {len(missing) - 1:,} more" * (len(missing) > 1)
            notices = (f"{entry.title} lacks the weights {missing[0]}{more}: they are random.",)
        block = block_size(read_config(entry.folder), where)
        engine = cls(model, config, entry, device, notices, block, untrained=bool(missing))
        if entry.where != "bundled":
            engine._make_sure()
        return engine

    def _make_sure(self) -> None:
        """HeadlightError unless the pass that keeps its attention answers as the network itself does."""
        if self._folded is None:
            return
        points = np.random.default_rng(0).uniform(0, 2, (FEW, 3)).astype(np.float32)
        given = torch.from_numpy(self._features(points, None)).to(self.device)
        stages = geometry(points, interpolation=self.config.interpolation).to(self.device)
        with torch.no_grad():
            plain, kept = self.model(given, stages), self._folded(given, stages, SILENT, [])
        check_kept(self.entry.title, kept, plain)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.config.classes

    def run(
        self,
        points: np.ndarray,
        colours: np.ndarray | None = None,
        truth: np.ndarray | None = None,
        task: Task = SILENT,
    ) -> Trace:
        """One cloud through the model, the whole of it in one pass (PointNet: block by block).

        points: float32 (n, 3), finite, metres, z up. colours: uint8 (n, 3). truth: int16 (n,), indices into
        `classes`, −1 for none. The model sees one point of every voxel; where those are more than LIMIT the
        voxels are made larger, and a notice says so. Each point of the file gets the answer of the nearest
        one that the model saw.

        The trace's tokens are the m points of the sample. inputs: "points" float32 (m, 3), "features" float32
        (m, inputs). outputs: "grid", metres of a voxel; of a Point Transformer "geometry"; of PointNet
        "critical" int64, the tokens that a maximum came from, and "blocks". seconds holds the search for
        neighbours too. Raises HeadlightError for a model that answers with no numbers.
        """
        if not len(points):
            raise HeadlightError("The cloud has no points.", "Choose a file with something in it.")
        task.progress(0.0, "Sampling the cloud")
        sample, grid = fitting_sample(points, self.config.grid, LIMIT)
        seen = np.ascontiguousarray(points[sample], np.float32)
        given = self._features(seen, None if colours is None else colours[sample])
        tree = cKDTree(seen, balanced_tree=False)
        return self._passed(
            Sampled(
                sample=sample,
                tokens=PointTokens.of(seen, sample),
                features=given,
                nearest=_nearest(tree, points, Part(task, 0.0, 0.05)),
                truth=truth,
                grid=grid,
                notices=self._notices(grid, tree, colours is not None),
            ),
            recipe_of(self.entry),
            task,
        )

    offers: frozenset[Offer] = frozenset({"hide", "scores", "gradients"})

    def again(self, run: Made, interventions: tuple[Intervention, ...], task: Task = SILENT) -> Trace:
        """As `Run.again`; points that are hidden are taken out of the sample."""
        return self._passed(run.given.whole, replace(run.recipe, interventions=interventions), task)

    def _score(self, given: Passed, hidden: np.ndarray, target: Target, task: Task) -> float:
        sampled = given.whole.without(hidden, self.entry.title)
        return sampled.score(self._probabilities(sampled, task)[0], target)

    def gradients(self, run: Made, target: Target, task: Task = SILENT) -> Gradients:
        """As `Run.gradients`, of the features; of a class the mean over the points that have it.

        Raises HeadlightError for PointNet, every point of a block being one field.
        """
        sampled = run.given.sampled
        logits, found = self.slopes(run, target, sampled.features[None], task)
        return Gradients(found[0], sampled.features, float(logits[0]))

    def slopes(
        self, run: Made, target: Target, at: np.ndarray, task: Task = SILENT
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Run.slopes`, of features; which points are neighbours stays as it was."""
        if not isinstance(self.model, PointTransformer):
            raise HeadlightError(
                f"{self.entry.title} joins all points of a block by one maximum.",
                "Look at its critical points, or choose a Point Transformer.",
            )
        if not EVERY <= target.index < len(self.classes):
            raise foreign(target)
        where = run.given.sampled.at(target, run.given.labels)
        stages, tokens = run.given.geometry.to(self.device), torch.from_numpy(where).to(self.device)
        label = None if target.index == EVERY else target.index
        logits, found = np.empty(len(at), np.float32), np.empty(at.shape, np.float32)
        for number, values in enumerate(at):
            part = Part(task, number / len(at), (number + 1) / len(at))
            given = torch.from_numpy(values).to(self.device)
            field, logit = gradient.gradient_field(self.model, given, stages, tokens, part, label)
            if not field.isfinite().all():
                raise HeadlightError(
                    f"The gradient of {self.entry.title} holds no numbers (NaN or infinite).",
                    "Its weights are damaged: choose another.",
                )
            logits[number], found[number] = logit, field.cpu().numpy()
        return logits, found

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the features of each point."""
        return values.sum(1, dtype=np.float64).astype(np.float32)

    def _passed(self, whole: Sampled, recipe: Recipe, task: Task) -> Trace:
        if on_heads(recipe.interventions):
            raise HeadlightError(
                f"The heads of {self.entry.title} cannot be changed.", "Hide points instead."
            )
        hidden = hidden_by(recipe.interventions, whole.tokens)
        sampled = whole if hidden is None else whole.without(hidden.which[0], self.entry.title)
        began = time.perf_counter()
        probabilities, answer = self._probabilities(sampled, Part(task, 0.05, 1.0))
        seconds = time.perf_counter() - began
        labels = PointLabels.spread(
            self.classes, probabilities, sampled.sample, sampled.nearest, sampled.truth
        )
        given = Passed(whole, sampled, probabilities.argmax(1), answer.outputs.get("geometry"))
        return Trace(
            model=self.card,
            layers=answer.layers,
            streams={INPUT: sampled.tokens},
            inputs={"points": sampled.tokens.positions, "features": sampled.features},
            readout=None,
            seconds=seconds,
            device=self.device,
            notices=sampled.notices,
            outputs={**answer.outputs, "grid": sampled.grid},
            answers=(labels,),
            run=Made(self.lease, given, {INPUT: whole.tokens}, recipe=recipe, offers=self.offers),
        )

    def _probabilities(self, sampled: Sampled, task: Task) -> tuple[np.ndarray, _Answer]:
        """(float32 (m, classes), the pass)"""
        with torch.no_grad():
            looks = self._attended if isinstance(self.model, PointTransformer) else self._in_blocks
            answer = looks(sampled.tokens, sampled.features, task)
            probabilities = torch.softmax(answer.logits.float(), dim=1).cpu().numpy()
        if not np.isfinite(probabilities).all():
            raise HeadlightError(
                f"{self.entry.title} answers with no numbers (NaN).",
                "Its weights are damaged: choose another.",
            )
        return probabilities, answer

    def upper_bound(self, trace: Trace, candidates: np.ndarray) -> np.ndarray:
        """float (c, 3) → bool (c,): places where one more point would not change PointNet's maximum.

        The upper-bound set of Qi et al. 2017 (section 5.3): any shape between the critical points and it is
        the same to the network. A candidate has no colour and belongs to the block with the nearest point.
        """
        if not isinstance(self.model, PointNet):
            raise HeadlightError(f"{self.entry.title} has no maximum over all points.", "Choose a PointNet.")
        seen = trace.inputs["points"]
        floor, places = floor_of(seen), np.asarray(candidates, np.float32)
        their = self._features(places, None, seen)
        given = trace.inputs["features"]
        return bounded(self.model, trace.outputs["blocks"], seen, given, places, their, floor)

    def _features(
        self, points: np.ndarray, colours: np.ndarray | None, cloud: np.ndarray | None = None
    ) -> np.ndarray:
        config = self.config
        return features(points, colours, config.inputs, config.colour, config.centre, cloud)

    def _attended(self, tokens: PointTokens, given: np.ndarray, task: Task) -> _Answer:
        stages = geometry(
            tokens.positions, interpolation=self.config.interpolation, task=Part(task, 0.05, 0.4)
        )
        calls: list[NeighbourhoodCall] = []
        logits = self._folded(
            torch.from_numpy(given).to(self.device), stages.to(self.device), Part(task, 0.4, 0.95), calls
        )
        return _Answer(logits, neighbourhood_layers(calls, stages, tokens), {"geometry": stages})

    def _in_blocks(self, tokens: PointTokens, given: np.ndarray, task: Task) -> _Answer:
        """PointNet's answers, summed where blocks overlap."""
        points, kept = tokens.positions, []
        floor = floor_of(points)
        logits = torch.zeros(len(points), len(self.classes), device=self.device)
        for parts, share in batches(points, self.block):
            task.progress(0.05 + 0.9 * share, f"Block {len(kept) + 1:,}")
            found, answer = look(self.model, points, given, parts, floor)
            where = torch.from_numpy(parts.ravel()).to(self.device)
            logits.index_add_(0, where, answer.flatten(0, 1))
            kept += found
        critical = np.unique(np.concatenate([block.critical for block in kept]))
        return _Answer(logits, (), {"critical": critical, "blocks": tuple(kept)})

    def _notices(self, grid: float, tree: cKDTree, coloured: bool) -> tuple[str, ...]:
        notices, learnt = list(self.notices), self.config.grid
        if grid != learnt:
            notices.append(
                f"The cloud is large: {self.entry.title} sees one point in {grid:g} m, {tree.n:,} in all, "
                f"instead of one in {learnt:g} m as in its training."
            )
        elif not self.card.untrained and (apart := spacing(tree)) > SPARSE * learnt:
            notices.append(
                f"The cloud is sparse: one point in {apart:.2g} m, where {self.entry.title} learnt from one "
                f"in {learnt:g} m. Its classes can be trusted less."
            )
        if (
            not coloured
            and {"r", "g", "b"} & set(self.config.inputs)
            and "coloured" not in self.config.inputs
        ):
            notices.append(
                f"{self.entry.title} was trained on coloured clouds, and this one has no colours: "
                "it sees all in grey."
            )
        return tuple(notices)


def _nearest(tree: cKDTree, points: np.ndarray, task: Task) -> np.ndarray:
    """int32 (n,): the nearest of the tree's points, those that were seen, for every point of the file."""
    found = np.empty(len(points), np.int32)
    for start in range(0, len(points), CHUNK):
        task.progress(0.95 + 0.05 * start / len(points), "Answers for all points of the file")
        stop = start + CHUNK
        found[start:stop] = tree.query(points[start:stop], workers=-1)[1]
    return found
