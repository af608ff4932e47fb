"""A model of one layer and one head: each note hears those before it, the nearer the better."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from headlight.models.catalogue.entry import Entry
from headlight.models.core.answers import Classes
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import INPUT, TextTokens
from headlight.models.core.trace import Run, Trace

MODELS = (Entry("echo", "Echo", "bundled", "an example", "none", Path(__file__).parent, "text"),)


def is_echo(entry: Entry) -> bool:
    """It runs this model and no other; all others of texts are not its own."""
    return entry.id == "echo"


class Echo:
    lease = Run()

    def __init__(self, entry: Entry, device: str) -> None:
        self.entry, self.device, self.card = entry, device, entry.card()

    @classmethod
    def open(cls, entry: Entry, device: str, task: Task = SILENT) -> Echo:
        return cls(entry, device)

    def run(self, text: str, pair: str | None = None, start: int = 0, task: Task = SILENT, **_: Any) -> Trace:
        """One pass over notes with blanks between them."""
        import torch

        from headlight.models.attention.calls import GivenCall
        from headlight.models.attention.recorded import RecordedLayer, numbered

        notes = text.split()
        count = len(notes)
        ends = np.cumsum([len(note) + 1 for note in notes]) - 1
        spans = np.stack([ends - [len(note) for note in notes], ends], 1)
        nothing = np.zeros(count, int)
        tokens = TextTokens(
            tuple(notes), nothing.astype(bool), spans, np.arange(count), nothing, sources=(text,)
        )
        far = torch.arange(count)[:, None] - torch.arange(count)
        heard = torch.softmax((-far.float()).masked_fill(far < 0, -torch.inf), -1)
        layer = RecordedLayer(GivenCall("echo", "self", heard[None, None]), tokens, tokens)
        return Trace(
            model=self.card,
            layers=numbered([layer], "decoder"),
            streams={INPUT: tokens},
            inputs={"input_ids": np.arange(count)},
            readout=count - 1,
            seconds=0.0,
            device=self.device,
            answers=(Classes(("rises", "falls"), np.float32([0.75, 0.25])),),
            run=self.lease,
        )
