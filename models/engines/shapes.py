"""A cloud of one object through a network of shapes: what it is, and what that answer came from."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import numpy as np
import torch

from headlight.models.attention.same_answer import check_kept
from headlight.models.catalogue.bundled import BUNDLED
from headlight.models.catalogue.entries import Entry
from headlight.models.catalogue.tensors import read_tensors
from headlight.models.core.answers import Classes, PointLabels, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Offer, Recipe, on_heads
from headlight.models.core.interventions import hidden as hidden_by
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import PointTokens
from headlight.models.core.trace import INPUT, Run, Trace
from headlight.models.engines.run import Made, OneByOne, recipe_of
from headlight.models.points.neighbours import geometry
from headlight.models.points.shapes.checkpoints import checkpoint_of, load_shapes
from headlight.models.points.shapes.config import Network, ShapeConfig
from headlight.models.points.shapes.folded import FoldedShapeTransformer
from headlight.models.points.shapes.inputs import DRAWN, SPLATTED, sample, subset, unit
from headlight.models.points.shapes.looks import Look, pointnet_look, transformer_look, views_look
from headlight.models.points.shapes.mvcnn import MultiView
from headlight.models.points.shapes.point_transformer import ShapeTransformer
from headlight.models.points.shapes.pointnet import ShapePointNet

LEAST = 32
"""Points of a cloud."""
LOTS = (4096, SPLATTED)
"""Of the bundled networks: each answers beside another as it does where it reads the cloud itself."""
FLAT = 1e-3
"""Thickness of a cloud, as a share of its extent, below which it is a plane or a line and no object."""


@dataclass(frozen=True, eq=False)
class Object:
    """What a network sees of a cloud of n points. sample: int64 (m,), the file point that each token is.
    given: float32 (m, channels). nearest: int32 (n,), the token nearest to each file point. truth: int16 (n,)
    or None. drawn: float32 (d, 3) by d, the points of the cloud from which other networks see it.
    """

    sample: np.ndarray
    tokens: PointTokens
    given: np.ndarray
    nearest: np.ndarray
    truth: np.ndarray | None
    drawn: dict[int, np.ndarray]

    def without(self, hidden: np.ndarray, title: str) -> Object:
        """Without these tokens, bool (m,)."""
        if not hidden.any():
            return self
        kept = np.flatnonzero(~hidden)
        if len(kept) < LEAST:
            raise HeadlightError(f"Too little is left that {title} could read.", "Leave more to be seen.")
        tokens = PointTokens.of(self.tokens.positions[kept], self.sample[kept])
        owner = np.empty(len(hidden), np.int32)
        owner[kept] = np.arange(len(kept))
        owner[hidden] = tokens.nearest(self.tokens.positions[hidden])
        return replace(
            self, sample=self.sample[kept], tokens=tokens, given=self.given[kept], nearest=owner[self.nearest]
        )


class ShapesEngine(OneByOne):
    """A Point Transformer, a PointNet or a multi-view network that says what an object is. Read from disk by
    `ShapesEngine.open`."""

    lease = Run()
    """Of its traces, once it is opened by the door."""
    takes = ("normals", "truth")
    offers: frozenset[Offer] = frozenset({"hide", "scores"})

    def __init__(self, model: Network, config: ShapeConfig, entry: Entry, device: str) -> None:
        self.model = model.eval().requires_grad_(False)  # small: quickest where the cloud is
        self.config, self.entry, self.device = config, entry, "cpu"
        self.card = entry.card()
        self._folded = FoldedShapeTransformer(self.model) if isinstance(model, ShapeTransformer) else None

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> ShapesEngine:
        """Load the model of a catalogue entry that has its folder or its file, which must have been trusted
        where it is a pickle."""
        if entry.file is not None:
            found = checkpoint_of(read_tensors(entry.file, trust_pickle=True), entry.file.name)
            engine = cls(found.network(), found.config, entry, device)
        else:
            engine = cls(*load_shapes(entry.folder), entry, device)
        if entry.where != "bundled":
            engine._make_sure()
        return engine

    def _make_sure(self) -> None:
        """HeadlightError unless the pass that keeps its attention answers as the network itself does."""
        if self._folded is None:
            return
        points = unit(np.random.default_rng(0).uniform(0, 1, (256, 3)))
        given = torch.from_numpy(self._features(points, None))
        stages = geometry(points, interpolation=None)
        with torch.no_grad():
            plain, kept = self.model(given, stages), self._folded(given, stages, SILENT, [])
        check_kept(self.entry.title, kept, plain)

    @property
    def classes(self) -> tuple[str, ...]:
        return self.config.classes

    @property
    def lot(self) -> int:
        """So many points are drawn of a larger cloud, from which come those that it sees."""
        return SPLATTED if isinstance(self.model, MultiView) else DRAWN * self.config.points

    def run(
        self,
        points: np.ndarray,
        normals: np.ndarray | None = None,
        truth: np.ndarray | None = None,
        task: Task = SILENT,
    ) -> Trace:
        """One object through the model.

        points: float32 (n, 3), finite, z up, of any unit: they are scaled into the unit ball. normals: (n,
        3). truth: int16 (n,), indices into `classes`, −1 for none.

        The trace's tokens are the m points that it saw. inputs: "points" float32 (m, 3), "features" float32
        (m, channels). outputs: as of Look. answers: Classes, and PointLabels, in which every point is a part
        of the object. Raises HeadlightError for what is no object: too few points, all in one plane; and for
        a model that answers with no numbers.
        """
        task.progress(0.0, "Sampling the object")
        _check_object(points)
        views_seen = isinstance(self.model, MultiView)
        seen = subset(len(points), SPLATTED) if views_seen else sample(points, self.config.points)
        if self.config.normals and normals is None:
            raise HeadlightError(
                f"{self.entry.title} reads normals, and this cloud has none.",
                "Choose a model that reads x, y, z, or a mesh or a cloud with normals.",
            )
        tokens = PointTokens.of(np.ascontiguousarray(points[seen], np.float32), seen)
        given = self._features(unit(points[seen]), None if normals is None else normals[seen])
        nearest = tokens.nearest(points).astype(np.int32)
        drawn = {most: points[subset(len(points), most)] for most in LOTS}
        return self._passed(Object(seen, tokens, given, nearest, truth, drawn), recipe_of(self.entry), task)

    def _score(self, given: Object, hidden: np.ndarray, target: Target, task: Task) -> float:
        probabilities = self._look(given.without(hidden, self.entry.title), SILENT).probabilities
        return 1.0 if target.index < 0 else float(probabilities[target.index])

    def beside(self, trace: Trace, task: Task = SILENT) -> tuple[Trace, ...]:
        """A trace and those of the same object through the bundled networks of shapes, in the catalogue's
        order."""
        entries = [entry for entry in BUNDLED if entry.classifies and entry.folder.is_dir()]
        if self.entry.id not in [entry.id for entry in entries]:
            entries.insert(0, self.entry)
        found = []
        for number, entry in enumerate(entries):
            task.progress(number / len(entries), entry.title)
            if entry.id == self.entry.id:
                found.append(trace)
            else:
                engine, drawn = ShapesEngine.open(entry, self.device), trace.run.given.drawn
                found.append(engine.run(drawn.get(engine.lot, drawn[SPLATTED])))
        return tuple(found)

    def upper_bound(self, trace: Trace, candidates: np.ndarray) -> np.ndarray:
        """float (c, 3) → bool (c,): places where one more point would not change PointNet's maximum (Qi et
        al. 2017, section 5.3), in the cloud's metres."""
        if not isinstance(self.model, ShapePointNet) or self.config.normals:
            raise HeadlightError(f"{self.entry.title} has no maximum over places.", "Choose a PointNet.")
        seen = trace.run.given.tokens.positions
        middle = seen.mean(0, dtype=np.float64)
        scale = np.sqrt(((seen - middle) ** 2).sum(1).max())
        places = self._features(((candidates - middle) / max(scale, 1e-12)).astype(np.float32), None)
        with torch.no_grad():
            deep, transforms = self.model.encoded(torch.from_numpy(trace.inputs["features"])[None])
            whole = deep[0].amax(0)
            others = self.model.encoded(torch.from_numpy(places)[None], transforms)[0][0]
        return (others <= whole + 1e-5 * (1 + whole.abs())).all(1).numpy()

    def _features(self, points: np.ndarray, normals: np.ndarray | None) -> np.ndarray:
        """float32 (m, channels), in the frame that the network was trained in."""
        parts = [points] if normals is None or not self.config.normals else [points, normals]
        if self.config.up == "y":
            parts = [np.stack([part[:, 0], part[:, 2], -part[:, 1]], 1) for part in parts]
        return np.ascontiguousarray(np.concatenate(parts, 1), np.float32)

    def _passed(self, whole: Object, recipe: Recipe, task: Task) -> Trace:
        if on_heads(recipe.interventions):
            raise HeadlightError(
                f"The heads of {self.entry.title} cannot be changed.", "Hide points instead."
            )
        hidden = hidden_by(recipe.interventions, whole.tokens)
        seen = whole if hidden is None else whole.without(hidden.which[0], self.entry.title)
        began = time.perf_counter()
        look = self._look(seen, Part(task, 0.1, 1.0))
        answer = Classes(self.classes, look.probabilities)
        every = np.repeat(look.probabilities[None], len(seen.tokens), 0)
        parts = PointLabels.spread(self.classes, every, seen.sample, seen.nearest, seen.truth)
        return Trace(
            model=self.card,
            layers=look.layers,
            streams={INPUT: seen.tokens},
            inputs={"points": seen.tokens.positions, "features": seen.given},
            readout=None,
            seconds=time.perf_counter() - began,
            device=self.device,
            outputs=look.outputs,
            answers=(answer, parts),
            run=Made(
                self.lease,
                whole,
                {INPUT: whole.tokens},
                recipe=recipe,
                offers=self.offers,
                least=LEAST,
            ),
        )

    def _look(self, seen: Object, task: Task) -> Look:
        with torch.no_grad():
            if self._folded is not None:
                look = transformer_look(self._folded, self.config, seen.given, seen.tokens, task)
            elif isinstance(self.model, ShapePointNet):
                look = pointnet_look(self.model, self.config, seen.given)
            else:
                look = views_look(self.model, self.config, seen.given)
        if not np.isfinite(look.probabilities).all():
            raise HeadlightError(
                f"{self.entry.title} answers with no numbers (NaN).",
                "Its weights are damaged: choose another.",
            )
        return look


def _check_object(points: np.ndarray) -> None:
    if len(points) < LEAST:
        raise HeadlightError(
            f"The cloud has {len(points):,} points, and a shape is told from {LEAST} on.",
            "Choose a file with more of the object.",
        )
    some = points[subset(len(points), SPLATTED)].astype(np.float64)
    spread = np.sqrt(np.maximum(np.linalg.eigvalsh(np.cov(some.T)), 0))
    if spread[0] < FLAT * spread[2]:
        what = "one line" if spread[1] < FLAT * spread[2] else "one plane"
        raise HeadlightError(
            f"All points lie in {what}: there is no shape to tell.",
            "Choose a whole object, not one face of it.",
        )
