"""Traces that were recorded before, read from their arrays: no model is behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from headlight.models.catalogue.entry import Entry
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Run, Trace
from headlight.models.modules.stored import trace_of


class RecordedEngine:
    """What makes a trace of what a file holds. It runs no model, and offers nothing that would take one."""

    lease = Run()

    def __init__(self, entry: Entry, device: str) -> None:
        self.entry, self.device, self.card = entry, device, entry.card()

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> RecordedEngine:
        return cls(entry, device)

    def run(self, header: Mapping[str, Any], arrays: Mapping[str, Any], task: Task = SILENT) -> Trace:
        """The trace of a header and arrays as `modules.stored` makes them. HeadlightError where they do not
        go together."""
        task.progress(0.5, "Reading the recorded weights")
        title = str(header.get("model") or "A module")
        card = replace(self.card, title=title)
        try:
            trace = trace_of(header, arrays, card, self.lease)
            for (
                layer
            ) in trace.layers:  # arrays that do not fit each other are found out here, and not in panes
                layer.check()
            return trace
        except (KeyError, IndexError, TypeError, ValueError, RuntimeError) as error:
            raise HeadlightError(
                "The arrays of this trace do not go together.", "It is damaged: record and save it again."
            ) from error
