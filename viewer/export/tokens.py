"""Export of what each token of a text or a picture is, and what the model saw."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.models.core.errors import known
from headlight.models.core.task import Task
from headlight.models.core.tokens import Box, PatchTokens, TextTokens
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.core.trace import Trace
from headlight.viewer.export.results import Result
from headlight.viewer.inputs.inputs import Input


def tokens(options: None, ending: str, document: Input, trace: Trace, task: Task) -> Result:
    """What each token is and where it stands, and what the model saw."""
    tokens = trace.tokens
    arrays = {"labels": np.array(tokens.labels), "special": tokens.special, **trace.inputs}
    if isinstance(tokens, PatchTokens):
        boxes = _boxes(tokens)
        arrays |= {"boxes": boxes, "grid": np.array(tokens.grid), "region": np.array(tokens.region.corners)}
        names, columns = ("x0", "y0", "x1", "y1"), boxes
    else:
        tokens = known(tokens, TextTokens)
        arrays |= {"spans": tokens.spans, "words": tokens.words, "texts": tokens.texts}
        arrays |= {"pieces": np.array(tokens.pieces)}
        names = ("id", "start", "stop", "word", "text")
        ids = trace.inputs.get("input_ids", np.full(len(tokens), -1))  # of a recording they are not known
        columns = np.column_stack([ids, tokens.spans, tokens.words, tokens.texts])
        if isinstance(tokens, MixedTokens):
            arrays |= {"boxes": tokens.boxes}
            names, columns = (*names, "x0", "y0", "x1", "y1"), np.column_stack([columns, tokens.boxes])

    def table() -> list[Sequence[object]]:
        rows = zip(tokens.labels, tokens.special, columns.tolist(), strict=True)
        return [
            ("index", "label", "special", *names),
            *((index, label, int(special), *values) for index, (label, special, values) in enumerate(rows)),
        ]

    return Result(lambda: arrays, table)


def _boxes(tokens: PatchTokens) -> np.ndarray:
    """float64 (n, 4): x0, y0, x1, y1 in the picture's pixels, NaN for tokens without a place."""
    boxes = np.full((len(tokens), 4), np.nan)
    for index in range(tokens.prefix, len(tokens)):
        boxes[index] = known(tokens.place(index), Box).corners
    return boxes
