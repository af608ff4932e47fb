"""Trace: everything a forward pass attended to, its weights computed when asked.

A Trace keeps q, k and v, never layers × heads × n × n.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from headlight.models.core.answers import Answer, Target, Written
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Intervention, Offer, Patched, Recipe, edits
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, Place, Tokens

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class ModelCard:
    """What is said of a model wherever it appears. untrained: weights are random. by_hand: all are set."""

    id: str
    title: str
    modality: str
    source: str
    licence: str
    untrained: bool = False
    by_hand: bool = False

    @property
    def mark(self) -> str:
        """What stands wherever its title does, if anything does."""
        return "untrained" if self.untrained else "built by hand" if self.by_hand else ""


@dataclass(frozen=True, eq=False)
class Gradients:
    """How the logit of a target changes.

    inputs: float32, with what the model computes on: the embeddings of tokens (n, d), pixels (3, H, W) or the
    features of points (m, inputs). at: the same as it was. logit: of the target. layers: with the weights of
    each layer, rows as they are asked for; none where those are not part of what can be followed. features:
    float32 (C, rows, columns), with the last feature map of a network without attention.
    """

    inputs: np.ndarray
    at: np.ndarray
    logit: float = float("nan")
    layers: tuple[AttentionLayer, ...] = ()
    features: np.ndarray | None = None


@dataclass(frozen=True, eq=False)
class Run:
    """The way from a trace back to its model; here of one that no opened model made.

    recipe: how the trace was made. offers: what can be asked for beside `again`. least: tokens that must be
    left to be seen.
    """

    recipe: Recipe = field(default=Recipe(), kw_only=True)
    offers: frozenset[Offer] = field(default=frozenset(), kw_only=True)
    least: int = field(default=1, kw_only=True)

    def engine(self, task: Task = SILENT) -> Any:
        """The engine that made it: the one that is loaded, else loaded again, trusted as it was."""
        raise HeadlightError("The model that read this is not there any more.", "Run it again.")

    def again(
        self,
        interventions: Sequence[Intervention] = (),
        task: Task = SILENT,
        donors: Sequence[Trace] = (),
    ) -> Trace:
        """The same input through the same model, with these interventions and no others.

        Edits of a picture are made before a model reads it: they must be those that it was read with. donors:
        traces that heads are frozen to. Raises HeadlightError for one that the model does not offer.
        """
        if edits(interventions) != edits(self.recipe.interventions):
            raise HeadlightError("A picture is edited before a model reads it.", "Read the edited picture.")
        more = (donors,) if donors else ()
        return self.engine(task).again(self, tuple(interventions), task, *more)

    def scores(self, hidden: np.ndarray, target: Target, task: Task = SILENT) -> np.ndarray:
        """float32 (v,): the score of a target under each variant of what is hidden, bool (v, tokens)."""
        return self.engine(task).scores(self, hidden, target, task)

    def states(self, task: Task = SILENT) -> np.ndarray:
        """float32 (layers + 1, n, d): the vector of each token as it enters the first layer, then as it
        leaves each one. HeadlightError of a model that does not hand them out."""
        return self.engine(task).states(self, task)

    def gradients(self, target: Target, task: Task = SILENT) -> Gradients:
        """Of the logit of a target; of the mean logit where it is said of many parts of the input."""
        return self.engine(task).gradients(self, target, task)

    def slopes(self, target: Target, at: np.ndarray, task: Task = SILENT) -> tuple[np.ndarray, np.ndarray]:
        """(float32 (v,), float32 (v, …)): the logit of a target and its gradient where the model computes on
        each of these values (v, …) in place of `Gradients.at`."""
        return self.engine(task).slopes(self, target, at, task)

    def effects(self, target: Target, task: Task = SILENT) -> np.ndarray:
        """float32 (layers, most heads): what the score of a target loses where one head alone is switched
        off; NaN where a layer has no such head."""
        return self.engine(task).effects(self, target, task)

    def words(self, target: Target, prompt: int = 0, task: Task = SILENT) -> Trace:
        """A class text of a picture through the tower that reads, in one of its prompts: a trace of its own,
        of which every target is the cosine of the text with the picture. HeadlightError without such texts.
        """
        return self.engine(task).words(self, target, prompt, task)

    def patched(self, other: Trace, target: Target, task: Task = SILENT) -> Patched:
        """What each head and each token of another text's pass bring of its score of a target here.
        HeadlightError where the two do not stand token for token."""
        return self.engine(task).patched(self, other.run, target, task)

    def pooled(self, values: np.ndarray) -> np.ndarray:
        """float32 (n,): what each token of the input has of values like `Gradients.at`, summed."""
        return self.engine().pooled(self, values)


@dataclass(frozen=True, eq=False)
class Trace:
    """One input's way through one model.

    streams: the tokens of each sequence that layers attend from or to, those of the INPUT among them.
    inputs: exactly what the model saw ("input_ids" int64 (n,) or "pixel_values" float32 (3, H, W), ...).
    readout: the query whose row the model's answer is read from (the class token), or None where the answer
    is read from all patches.
    seconds: what the forward pass took, recording included.
    artifacts: tokens that draw far more than their share of attention (indices into `tokens`).
    notices: sentences the user should see about this run.
    stretch: (first, last + 1, total) tokens of a text that is longer than the model reads, else None.
    outputs: what engines need later (torch tensors), by name.
    answers: what the model says of the input, each of a type of its own; none of a model without a head.
    run: the way back to the engine. written: which of the tokens the model wrote itself, if it did.
    given: its weights came without outputs that they could be checked by.
    """

    model: ModelCard
    layers: tuple[AttentionLayer, ...]
    streams: Mapping[str, Tokens]
    inputs: dict[str, np.ndarray]
    readout: int | None
    seconds: float
    device: str
    artifacts: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    notices: tuple[str, ...] = ()
    stretch: tuple[int, int, int] | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    run: Run = field(default_factory=Run)
    written: Written | None = None
    given: bool = False

    @property
    def tokens(self) -> Tokens:
        """Those of the input."""
        return self.streams[INPUT]

    def at(self, place: Place) -> tuple[Tokens, np.ndarray]:
        """(the tokens of the stream that `place` is of, int (m,): those of them at it); none where it is of
        no stream, and the input's tokens then."""
        every = ((tokens, tokens.find(place)) for tokens in self.streams.values())
        return next((one for one in every if len(one[1])), (self.tokens, np.empty(0, int)))

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks that its layers stand in, in their order."""
        return tuple(dict.fromkeys(layer.stack for layer in self.layers))

    def nearest(self, other: Trace, number: int) -> int:
        """The layer that stands where layer `number` of another trace does; 0 where there is none.

        That is as deep as it is in the same stack, or as nearly as can be; where there is no such stack, as
        far as it is on the way through all layers.
        """
        layer, last = other.layers[number], max(len(other.layers) - 1, 1)
        same = [at for at, one in enumerate(self.layers) if one.stack == layer.stack]
        if same:
            return min(same, key=lambda at: abs(self.layers[at].depth - layer.depth))
        return round(number / last * max(len(self.layers) - 1, 0))

    @property
    def recipe(self) -> Recipe:
        return self.run.recipe

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        """Of `inputs`, by their names."""
        return {name: array.shape for name, array in self.inputs.items()}

    def answer(self, kind: type[A]) -> A | None:
        """The answer of this type, None where the model gives none."""
        return next((answer for answer in self.answers if isinstance(answer, kind)), None)
