"""A class text through the tower that reads: which of its words draw it to a picture.

Nothing of one tower attends to the other, so that through each of them the rule of self-attention alone leads
(Chefer et al. 2021, ICCV, section 3.1, equation 6). The score is the cosine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

import torch
from tokenizers import Encoding
from torch import Tensor

from headlight.models.attention.recorded import RecordedLayer, numbered
from headlight.models.catalogue.entries import Entry
from headlight.models.core.answers import Target
from headlight.models.core.interventions import Hidden, Intervention, Offer
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, TextTokens
from headlight.models.core.trace import ModelCard, Run, Trace
from headlight.models.engines.pictures.class_texts import TextTower, averaged
from headlight.models.engines.run import Askable, Made
from headlight.models.engines.texts.encodings import tokens_of
from headlight.models.engines.texts.reader import embeddings, variants


@dataclass(frozen=True, eq=False)
class Told:
    """A class text in one of its prompts, beside a picture.

    others: [prompts − 1, d], the vectors of the same text in the other prompts. picture: [d]. Each of length
    1.
    """

    encoding: Encoding
    tokens: TextTokens
    others: Tensor
    picture: Tensor


@dataclass(frozen=True, eq=False)
class Kept(Run):
    """The way to an engine that is at hand."""

    to: Any = None

    def engine(self, task: Task = SILENT) -> Any:
        return self.to


class Words(Askable):
    """The tower that reads, asked about one class text; its one target is the cosine with the picture."""

    _besides: frozenset[Offer] = frozenset({"similarity"})

    def __init__(self, tower: TextTower, entry: Entry, card: ModelCard, device: str) -> None:
        self.tower, self.model, self.entry, self.card, self.device = tower, tower.model, entry, card, device
        self._asked = tower.asked
        self.lease = Kept(to=self)

    def read(self, text: str, others: Tensor, picture: Tensor, task: Task = SILENT) -> Trace:
        """text: with its prompt around it. Its readout is the token whose vector stands for the text."""
        encoding = self.tower.encoded(text)
        tokens = tokens_of(encoding, (text,), self.tower.tokenizer.unk_token_id)
        told = Told(encoding, tokens, others, picture)
        return replace(self._traced(told, task), readout=self._readout(told))

    def _readout(self, told: Told) -> int:
        """The token whose last vector alone the cosine moves with: the end of the text, or [CLS]."""
        inputs = self._inputs(told, None)
        with torch.enable_grad(), self._leaf(inputs):
            output = self._forward(inputs)
            states = output.last_hidden_state
            (slope,) = torch.autograd.grad(self._cosine(told, output, inputs), states, allow_unused=True)
        return 0 if slope is None else int(slope[0].float().norm(dim=-1).argmax())

    def _cosine(self, told: Told, output: Any, inputs: Mapping[str, Any]) -> Tensor:
        vectors = torch.cat([told.others, self.tower.vectors(output, dict(inputs))])
        return averaged(vectors) @ told.picture

    def _asking(self, target: Target, run: Made) -> Callable[[Any, Mapping[str, Any]], tuple[Tensor, Tensor]]:
        def said(output: Any, inputs: Mapping[str, Any]) -> tuple[Tensor, Tensor]:
            cosine = self._cosine(run.given, output, inputs)
            return cosine, cosine

        return said

    def _passed(
        self, given: Told, changes: Sequence[Intervention], hidden: Hidden | None, task: Task
    ) -> Trace:
        inputs, tokens = self._inputs(given, hidden), given.tokens
        began = time.perf_counter()
        with torch.no_grad(), self._recorded(changes, task) as calls:
            self._forward(inputs)
        layers = tuple(RecordedLayer(call, tokens, tokens) for call in calls)
        return Trace(
            model=self.card,
            layers=numbered(layers),
            streams={INPUT: tokens},
            inputs={"input_ids": inputs["input_ids"][0].cpu().numpy()},
            readout=None,
            seconds=time.perf_counter() - began,
            device=self.device,
        )

    def _inputs(self, given: Told, hidden: Hidden | None) -> dict[str, Any]:
        inputs = self.tower.inputs([given.encoding])
        return inputs if hidden is None else variants(inputs, hidden)

    def _forward(self, inputs: Mapping[str, Any]) -> Any:
        return self.tower.forward(dict(inputs))

    def _leaf(
        self, inputs: dict[str, Any], values: Tensor | None = None
    ) -> AbstractContextManager[list[Tensor]]:
        return embeddings(self.model, inputs["input_ids"], values)
