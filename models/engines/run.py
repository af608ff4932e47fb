"""The way from a trace back to what its model was given: again, under many hidden parts, backwards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.attention.asking.implementations import unchanged
from headlight.models.attention.calls import AttentionCall, Call, FlowCall
from headlight.models.attention.capture import heeding, recording, takes_functions
from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import SALIENCY, SIMILARITY, Target
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import (
    Hidden,
    Intervention,
    Offer,
    OnHeads,
    Patched,
    Recipe,
    on_heads,
)
from headlight.models.core.interventions import hidden as hidden_by
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.tokens import INPUT, Place, Tokens
from headlight.models.core.trace import Gradients, Run, Trace
from headlight.models.engines.heads import Speaks
from headlight.models.engines.patching import aligned, frozen, patched
from headlight.models.engines.switching import effects

W = TypeVar("W", bound=AbstractContextManager)
BATCH = 1 << 13
"""Tokens that go through a model at once."""


@dataclass(frozen=True, eq=False)
class Made(Run):
    """Of one trace, with its streams and layers. lease: the way to its engine. given: what that made of the
    input. changes: of heads, with what they are frozen to."""

    lease: Run
    given: Any
    streams: Mapping[str, Tokens]
    layers: tuple[AttentionLayer, ...] = ()
    changes: tuple[OnHeads, ...] = ()

    @property
    def tokens(self) -> Tokens:
        """Those of the input."""
        return self.streams[INPUT]

    def engine(self, task: Task = SILENT) -> Any:
        return self.lease.engine(task)


def recipe_of(entry: Entry) -> Recipe:
    """As far as an engine knows it, of a model as it is."""
    return Recipe(entry.modality or "", entry.id)


class OneByOne(ABC):
    """An engine that is asked about one variant of its input after the other."""

    @abstractmethod
    def _passed(self, given: Any, recipe: Recipe, task: Task) -> Trace:
        """The trace of an input, as far as the recipe leaves it."""

    @abstractmethod
    def _score(self, given: Any, hidden: np.ndarray, target: Target, task: Task) -> float:
        """Of a target where these tokens, bool (n,), are hidden."""

    def again(self, run: Made, interventions: tuple[Intervention, ...], task: Task = SILENT) -> Trace:
        """As `Run.again`; what is hidden is taken away."""
        return self._passed(run.given, replace(run.recipe, interventions=interventions), task)

    def scores(self, run: Made, hidden: np.ndarray, target: Target, task: Task = SILENT) -> np.ndarray:
        """As `Run.scores`: a pass each."""
        found = np.empty(len(hidden), np.float32)
        before = hidden_by(run.recipe.interventions, run.tokens)
        for number, which in enumerate(hidden if before is None else hidden | before.which):
            task.progress(number / len(hidden), f"Variant {number + 1:,} of {len(hidden):,}")
            share = Part(task, number / len(hidden), (number + 1) / len(hidden))
            found[number] = self._score(run.given, which, target, share)
        return found


class Askable(ABC):
    """An engine of one model with a body, whose attention is recorded, and a head over that.

    Its traces can be made again with interventions, and its head be asked about many hidden parts, and
    backwards.
    """

    entry: Entry
    model: nn.Module
    head: Speaks | None = None
    lease = Run()
    """Of its traces, once it is opened by the door."""

    @property
    def carries(self) -> nn.Module:
        """The part of its model through whose layers the tokens of a trace go."""
        return self.model

    _asked = False  # for weights, where recording its calls would change its answer
    _hides = True  # parts of its input
    _besides: frozenset[Offer] = frozenset()
    """What it can be asked about that no head says: saliency, similarity."""

    @abstractmethod
    def _passed(
        self, given: Any, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        """The trace of what `run` made of an input, but for its `run`."""

    @abstractmethod
    def _inputs(self, given: Any, hidden: Hidden | None) -> dict[str, Any]:
        """What the model is given: one item, or one for each variant of what is hidden."""

    @abstractmethod
    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        """What the body gives of a batch."""

    @abstractmethod
    def _leaf(
        self, inputs: dict[str, Any], values: Tensor | None = None
    ) -> AbstractContextManager[list[Tensor]]:
        """What gradients are taken of, once a pass has begun inside. values: what it is instead."""

    def _features(self, output: Any) -> Tensor | None:
        """The last feature map [1, C, rows, columns] of a network without attention."""
        return None

    def _saliency_of(self, output: Any, given: Any, place: int | None) -> tuple[Tensor, Tensor]:
        """(the logit, the score) of what draws the eye, of one that offers saliency."""
        raise NotImplementedError

    def _recorded(
        self, changes: Sequence[Intervention], task: Task, flowing: bool = False
    ) -> AbstractContextManager[list[Call]]:
        return recording(self.model, task, self._asked, on_heads(changes), flowing)

    @property
    def offers(self) -> frozenset[Offer]:
        """What can be asked for of its traces."""
        found: set[Offer] = {"hide"} if self._hides else set()
        if not self._asked and takes_functions(self.model):
            found.add("heads")
        if self.head is not None or self._besides:
            found |= {"scores"} if self._hides else set()
            found |= set() if is_quantised(self.model) else {"gradients"}
        return frozenset(found) | self._besides

    def _traced(
        self,
        given: Any,
        task: Task,
        recipe: Recipe | None = None,
        hidden: Hidden | None = None,
        changes: tuple[OnHeads, ...] = (),
    ) -> Trace:
        recipe = recipe or recipe_of(self.entry)
        trace = self._passed(given, changes, hidden, task)
        made = Made(
            self.lease, given, trace.streams, trace.layers, changes, recipe=recipe, offers=self.offers
        )
        return replace(trace, run=made)

    def again(
        self,
        run: Made,
        interventions: tuple[Intervention, ...],
        task: Task = SILENT,
        donors: Sequence[Trace] = (),
    ) -> Trace:
        """As `Run.again`."""
        recipe = replace(run.recipe, interventions=interventions)
        hidden, changes = self._hidden(run.tokens, interventions), on_heads(frozen(interventions, donors))
        return self._traced(run.given, task, recipe, hidden, changes)

    def scores(self, run: Made, hidden: np.ndarray, target: Target, task: Task = SILENT) -> np.ndarray:
        """As `Run.scores`. The head looks at variants one by one, since not every head takes several."""
        said, found = self._asking(target, run), []
        before = self._hidden(run.tokens, run.recipe.interventions)
        hidden = hidden if before is None else hidden | before.which
        if hidden.all(1).any():
            raise self._nothing_left()
        step = max(1, BATCH // hidden.shape[1])
        changes = run.changes
        passes = self._recorded(changes, SILENT) if changes else unchanged(self.model)
        with torch.no_grad(), passes, heeding(self.model, task):
            for start in range(0, len(hidden), step):
                task.progress(start / len(hidden), f"Variant {start + 1:,} of {len(hidden):,}")
                part = hidden[start : start + step]
                inputs = self._inputs(run.given, Hidden(run.tokens, part))
                output = self._forward(inputs)
                for number in range(len(part)):
                    one, here = _one(output, number), _one(inputs, number)
                    found.append(said(one, here)[1])
        return torch.stack(found).float().cpu().numpy() if found else np.empty(0, np.float32)

    def states(self, run: Made, task: Task = SILENT) -> np.ndarray:
        """As `Run.states`."""
        inputs = self._inputs(run.given, self._hidden(run.tokens, run.recipe.interventions))
        changes = run.changes
        with torch.no_grad(), self._recorded(changes, task) if changes else unchanged(self.model):
            output = self._forward({**inputs, "output_hidden_states": True})
        found = output.get("hidden_states")
        if found is None or any(one.shape[:2] != (1, len(run.tokens)) for one in found):
            raise HeadlightError(
                f"{self.entry.title} does not hand out a vector of each token after each layer.",
                "Choose another model.",
            )
        return torch.cat(list(found)).float().cpu().numpy()

    def watched(self, run: Made, watch: W, task: Task = SILENT) -> tuple[Any, list[Call], W]:
        """(what the body gives of the same once more, its calls, the watch that was kept meanwhile)."""
        inputs = self._inputs(run.given, self._hidden(run.tokens, run.recipe.interventions))
        recorded = self._recorded(run.changes, task)
        with torch.no_grad(), recorded as calls, watch:
            return self._forward(inputs), calls, watch

    def gradients(self, run: Made, target: Target, task: Task = SILENT) -> Gradients:
        """As `Run.gradients`."""
        said = self._following(target, run)
        inputs = self._inputs(run.given, self._hidden(run.tokens, run.recipe.interventions))
        recorded = self._recorded(run.changes, task, flowing=True)
        with torch.enable_grad(), recorded as calls, self._leaf(inputs) as leaves:
            output = self._forward(inputs)
            logit, leaf = said(output, inputs)[0], self._only(leaves)
            on_input, on_features, flows = _flowing(logit, leaf, self._features(output), calls)
        layers = {layer.name: layer for layer in run.layers}
        return Gradients(
            inputs=on_input,
            at=_array(leaf),
            logit=float(logit.detach()),
            layers=tuple(layers[flow.name].over(flow) for flow in flows if flow.name in layers),
            features=on_features,
        )

    def slopes(
        self, run: Made, target: Target, at: np.ndarray, task: Task = SILENT
    ) -> tuple[np.ndarray, np.ndarray]:
        """As `Run.slopes`, a pass each."""
        said, changes = self._following(target, run), run.changes
        given = self._inputs(run.given, self._hidden(run.tokens, run.recipe.interventions))
        logits, found = np.empty(len(at), np.float32), np.empty(at.shape, np.float32)
        passes = self._recorded(changes, SILENT) if changes else unchanged(self.model)
        with torch.enable_grad(), passes, heeding(self.model, task):
            for number, values in enumerate(at):
                task.progress(number / len(at), f"Gradient {number + 1:,} of {len(at):,}")
                inputs, here = dict(given), torch.from_numpy(values).to(self.model.device)
                with self._leaf(inputs, here) as leaves:
                    logit = said(self._forward(inputs), inputs)[0]
                    found[number] = _flowing(logit, self._only(leaves), None, ())[0]
                logits[number] = logit.detach()
        return logits, found

    def effects(self, run: Made, target: Target, task: Task = SILENT) -> np.ndarray:
        """As `Run.effects`, passes from the layer of the head on."""
        if "heads" not in self.offers:
            raise HeadlightError(
                f"The heads of {self.entry.title} cannot be changed.", "Choose another model."
            )
        scores = self._scoring(run, target, run)
        return effects(self.model, run.layers, scores, BATCH // len(run.tokens), task)

    def patched(self, run: Made, other: Run, target: Target, task: Task = SILENT) -> Patched:
        """As `Run.patched`, passes from the patched part on."""
        if "heads" not in self.offers or not isinstance(other, Made) or other.engine(task) is not self:
            raise HeadlightError(
                "Only heads that can be changed of one model can be patched, and the other text was read by "
                "another, or they cannot.",
                "Read both texts with the same model.",
            )
        if said := aligned(run.tokens.labels, other.tokens.labels):
            raise HeadlightError(said, "Word both so that each token stands where the other's does.")
        here, there = self._scoring(run, target, run), self._scoring(other, target, run)

        def scores(count: int, of_other: bool) -> list[float]:
            return (there if of_other else here)(count)

        count = len(run.tokens)
        return patched(self.model, run.layers, scores, count, max(1, BATCH // count), task)

    def _scoring(self, run: Made, target: Target, asked: Made) -> Callable[[int], list[float]]:
        """Scores of a target, as it is said in the run that was asked, of so many items of a run's input, as
        the pass is changed outside."""
        if run.changes:
            raise HeadlightError("Heads are changed already.", "Take these changes back first.")
        given = self._inputs(run.given, self._hidden(run.tokens, run.recipe.interventions))
        said = self._asking(target, asked)

        def scores(count: int) -> list[float]:
            inputs = {name: _several(value, count) for name, value in given.items()}
            output = self._forward(inputs)
            every = range(count)
            return [float(said(_one(output, number), _one(inputs, number))[1]) for number in every]

        return scores

    def pooled(self, run: Made, values: np.ndarray) -> np.ndarray:
        """As `Run.pooled`: the sum over the numbers of each token's embedding."""
        return values.sum(1, dtype=np.float64).astype(np.float32)

    def _only(self, leaves: Sequence[Tensor]) -> Tensor:
        if leaves:
            return leaves[0]
        raise HeadlightError(
            f"{self.entry.title} has no embeddings that gradients could be taken of.", "Choose another model."
        )

    def _following(
        self, target: Target, run: Made
    ) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, Tensor]]:
        """As `_asking`, of a model that can be followed backwards."""
        if is_quantised(self.model):
            raise HeadlightError(
                f"{self.entry.title} is quantised: its weights are whole numbers, which have no gradient.",
                "Choose a model with weights of 16 or 32 bits, or a method that takes no gradient.",
            )
        return self._asking(target, run)

    def _asking(self, target: Target, run: Made) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, Tensor]]:
        """(what the body gives, its inputs) → (the logit, the score) of a target. HeadlightError for one that
        this model does not have."""
        place, beside = (_token_at(one, run.streams) for one in (target.place, target.beside))
        if target.index == SIMILARITY and "similarity" in self.offers:
            if place is None or beside is None:
                raise HeadlightError("Two tokens are alike, or not.", "Choose two.")
            return lambda output, _: (_alike(output, place, beside),) * 2
        if target.index == SALIENCY and "saliency" in self.offers:
            return lambda output, _: self._saliency_of(output, run.given, place)
        head = self._speaking()
        return lambda output, inputs: head.of_target(output, inputs, target, place)

    def _speaking(self) -> Speaks:
        if self.head is None:
            raise HeadlightError(
                f"{self.entry.title} has no head: it says nothing that could be asked about.",
                "Choose a model with the head of its task.",
            )
        return self.head

    def _hidden(self, tokens: Tokens, interventions: Sequence[Intervention]) -> Hidden | None:
        found = hidden_by(interventions, tokens)
        if found is not None and found.which.all():
            raise self._nothing_left()
        if found is not None and not found.which.any():
            raise HeadlightError(
                "There is nothing at the places that are to be hidden.", "Choose places of this input."
            )
        return found

    def _nothing_left(self) -> HeadlightError:
        return HeadlightError(
            f"Nothing is left that {self.entry.title} could read.", "Leave something to be seen."
        )


def is_quantised(model: nn.Module) -> bool:
    """Whether any of a model's weights are whole numbers, or packed by a module that computes with such."""
    if getattr(model, "is_quantized", False):
        return True
    packed = any(".quantized" in type(one).__module__ for one in model.modules())
    return packed or any(not one.is_floating_point() for one in model.parameters())


def _token_at(place: Place | None, streams: Mapping[str, Tokens]) -> int | None:
    """The token of its stream at which a target is said, None where it is said of the whole input."""
    if place is None:
        return None
    found = [tokens.find(place) for tokens in streams.values()]
    if not (where := np.concatenate(found)).size:
        raise HeadlightError("There is no token where this is said.", "Choose one of the answer's targets.")
    return int(where[0])


def _alike(output: Any, first: int, second: int) -> Tensor:
    """The cosine of two tokens' last vectors."""
    states = output.last_hidden_state[0].float()
    return torch.cosine_similarity(states[first], states[second], dim=0)


def _array(tensor: Tensor) -> np.ndarray:
    """The only item of a batch."""
    return tensor.detach()[0].float().cpu().numpy()


def _flowing(
    value: Tensor, leaf: Tensor, features: Tensor | None, calls: Sequence[Call]
) -> tuple[np.ndarray, np.ndarray | None, list[FlowCall]]:
    """(∂value/∂leaf without its batch, ∂value/∂features likewise, of each call how the value changes with its
    weights)."""
    followed = [call for call in calls if isinstance(call, AttentionCall) and call.out is not None]
    wanted = [leaf, *(() if features is None else (features,)), *(call.out for call in followed)]
    found = torch.autograd.grad(value, wanted, materialize_grads=True)
    if not all(one.isfinite().all() for one in found):
        raise HeadlightError(
            "The gradient holds no numbers (NaN or infinite).",
            "The weights are damaged: choose another model.",
        )
    on_outs = found[len(found) - len(followed) :]
    flows = [FlowCall.of(call, flow) for call, flow in zip(followed, on_outs, strict=True)]
    return _array(found[0]), None if features is None else _array(found[1]), flows


def _several(value: Any, count: int) -> Any:
    """The only item of a batch, so many times."""
    return value.expand(count, *value.shape[1:]) if isinstance(value, Tensor) and value.ndim else value


def _one(value: Any, number: int) -> Any:
    """One item of a batch of whatever a model is given and gives."""
    if isinstance(value, Tensor):
        return value[number : number + 1] if value.ndim else value
    if isinstance(value, Mapping):  # a ModelOutput is one
        return type(value)({name: _one(part, number) for name, part in value.items()})
    return tuple(_one(part, number) for part in value) if isinstance(value, tuple | list) else value
