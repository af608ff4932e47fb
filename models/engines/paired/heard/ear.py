"""The tower that hears, recorded by itself."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.capture import recording
from headlight.models.attention.recorded import BlockLayer
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.engines.paired.eye import Seen
from headlight.models.engines.paired.heard.hearing import Heard
from headlight.models.engines.paired.heard.padded import PaddedLayer


class Ear:
    """tower: an encoder of a spectrogram. title: of its model."""

    def __init__(self, tower: PreTrainedModel, title: str) -> None:
        self.tower, self._title = tower, title
        self._asked = False

    def make_sure(self, inputs: Mapping[str, Tensor], task: Task = SILENT) -> tuple[str, ...]:
        """Find out how it can be recorded; notices. HeadlightError where it cannot."""
        self._asked, notice = way_to_record(self.tower, self._title, partial(self.states, inputs), task)
        return (notice,) if notice else ()

    def states(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """float [1, n, d]: what it makes of a sound, and of the silence behind it."""
        try:
            return self.tower(**inputs).last_hidden_state
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self._title} cannot hear this sound: {first_sentence(error)}", "Choose another model."
            ) from error

    def seen(self, inputs: Mapping[str, Tensor], fed: Heard, task: Task = SILENT) -> Seen:
        """A recorded pass. HeadlightError where its layers lead from no frame to a frame."""
        with torch.no_grad(), recording(self.tower, task, self._asked) as calls:
            states = self.states(inputs)
        tokens, layers = fed.tokens(), list[BlockLayer]()
        for call in calls:
            if call.shape[0] != 1 or call.shape[2:] != (states.shape[1],) * 2:
                raise HeadlightError(
                    f"{self._title} does not keep its frames: {call.name} attends from {call.shape[2]:,} to "
                    f"{call.shape[3]:,}.",
                    "Choose another model.",
                )
            layers.append(PaddedLayer(call, tokens, tokens))
        return states, layers
