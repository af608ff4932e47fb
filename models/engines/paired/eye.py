"""The tower that sees of a model that writes of pictures, recorded by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.agreement import way_to_record
from headlight.models.attention.calls import Call
from headlight.models.attention.capture import recording
from headlight.models.attention.recorded import BlockLayer, RecordedLayer
from headlight.models.attention.stages import Stages, unit_of
from headlight.models.attention.windows.blocks import Placement, WindowBlocks
from headlight.models.attention.windows.layer import WindowLayer
from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.task import SILENT, Task
from headlight.models.engines.paired.fed import Fed
from headlight.models.engines.paired.seeing import seen_by_tower

Seen = tuple[Tensor, list[BlockLayer]]
"""What a tower gives, [1, n, d], and its layers."""


class Eye:
    """tower: of one grid, or in stages. title: of its model."""

    def __init__(self, tower: PreTrainedModel, title: str) -> None:
        self.tower, self._title = tower, title
        self.unit = unit_of(tower.config)
        self._blocks, self._asked = WindowBlocks(tower), False

    def make_sure(self, inputs: Mapping[str, Tensor], task: Task = SILENT) -> tuple[str, ...]:
        """Find out how it can be recorded; notices. HeadlightError where it cannot."""
        self._asked, notice = way_to_record(self.tower, self._title, partial(self.states, inputs), task)
        return (notice,) if notice else ()

    def states(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """float [1, n, d]: what it makes of a picture."""
        try:
            return self.tower(**inputs).last_hidden_state
        except MODEL_ERRORS as error:
            height, width = inputs["pixel_values"].shape[-2:]
            raise HeadlightError(
                f"{self._title} cannot see {width:,} × {height:,} pixels: {first_sentence(error)}",
                "Choose another picture or model.",
            ) from error

    def seen(self, inputs: Mapping[str, Tensor], fed: Fed, task: Task = SILENT) -> Seen:
        """A recorded pass. HeadlightError where its layers lead from no grid of patches."""
        recorded, cut = recording(self.tower, task, self._asked), self._blocks.watched()
        with torch.no_grad(), recorded as calls, cut as placed:
            states = self.states(inputs)
        if self.unit is None:
            layers, others = seen_by_tower(calls, fed)
            if others or not layers:
                raise self._misfit(others[0] if others else None)
            return states, [*layers]
        grid = fed.grids[0]
        share = self.unit // max(1, inputs["pixel_values"].shape[-1] // grid.columns)
        stages = Stages((grid.rows // share, grid.columns // share), grid.region)
        return states, [self._staged(call, placed, stages) for call in calls]

    def _staged(self, call: Call, placed: Mapping[str, Placement], stages: Stages) -> BlockLayer:
        cut = placed.get(self._blocks.of(call.name) or "")
        count = call.shape[2] if cut is None else cut.grid[0] * cut.grid[1]
        tokens = stages.tokens(count)
        if tokens is None or (cut is None and call.shape[0] != 1):
            raise self._misfit(call)
        if cut is not None:
            return WindowLayer(call, tokens, cut.window, cut.shift, cut.misplaced)
        return RecordedLayer(replace(call, kind="self"), tokens, tokens)

    def _misfit(self, call: Call | None) -> HeadlightError:
        where = "" if call is None else f": {call.name} attends from {call.shape[2]:,} to {call.shape[3]:,}"
        return HeadlightError(
            f"{self._title} does not keep a grid of patches{where}.", "Choose another model."
        )


def parts_of(model: PreTrainedModel) -> tuple[PreTrainedModel, PreTrainedModel] | None:
    """(what sees, what writes of that by cross attention) of a model that has both apart; else None."""
    found: list[Any] = [
        next((getattr(model, name) for name in names if hasattr(model, name)), None)
        for names in (("encoder", "vision_model"), ("decoder", "text_decoder"))
    ]
    sees, writes = found
    return (
        (sees, writes) if isinstance(sees, PreTrainedModel) and isinstance(writes, PreTrainedModel) else None
    )
