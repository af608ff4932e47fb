"""Trace: everything a forward pass attended to, its weights computed when asked.

A Trace keeps q, k and v, never layers × heads × n × n.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np

from headlight.models.core.answers import Answer
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import Tokens

A = TypeVar("A", bound=Answer)


@dataclass(frozen=True)
class ModelCard:
    """What is said of a model wherever it appears."""

    id: str
    title: str
    modality: str
    source: str
    licence: str
    untrained: bool = False


class Run:
    """The way from a trace back to its model; here of one that no opened model made."""

    def engine(self, task: Task = SILENT) -> Any:
        """The engine that made it: the one that is loaded, else loaded again, trusted as it was."""
        raise HeadlightError("The model that read this is not there any more.", "Run it again.")


@dataclass(frozen=True, eq=False)
class Trace:
    """One input's way through one model.

    inputs: exactly what the model saw ("input_ids" int64 (n,) or "pixel_values" float32 (3, H, W), ...).
    readout: the query whose row the model's answer is read from (the class token), or None where the answer
    is read from all patches.
    seconds: what the forward pass took, recording included.
    artifacts: tokens that draw far more than their share of attention (indices into `tokens`).
    notices: sentences the user should see about this run.
    stretch: (first, last + 1, total) tokens of a text that is longer than the model reads, else None.
    outputs: what engines need later (torch tensors), by name.
    has_saliency: the model comes with a decoder that predicts saliency.
    answers: what the model says of the input, each of a type of its own; none of a model without a head.
    run: the way back to the engine.
    """

    model: ModelCard
    layers: tuple[AttentionLayer, ...]
    tokens: Tokens
    inputs: dict[str, np.ndarray]
    readout: int | None
    seconds: float
    device: str
    artifacts: np.ndarray = field(default_factory=lambda: np.empty(0, int))
    notices: tuple[str, ...] = ()
    stretch: tuple[int, int, int] | None = None
    outputs: dict[str, Any] = field(default_factory=dict)
    has_saliency: bool = False
    answers: tuple[Answer, ...] = ()
    run: Run = field(default_factory=Run)

    def answer(self, kind: type[A]) -> A | None:
        """The answer of this type, None where the model gives none."""
        return next((answer for answer in self.answers if isinstance(answer, kind)), None)
