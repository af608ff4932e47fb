"""Occlusion: what the score of a target loses where a part of the input is hidden.

Zeiler & Fergus 2014, section 4.2, for pictures; Li et al. 2016, “Understanding Neural Networks through
Representation Erasure”, for texts. What is hidden of a picture is of the mean colour before it is normalised,
of a text left out by the mask, of a cloud taken out.
"""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.relevance import Relevance
from headlight.models.core.settings import OcclusionSettings
from headlight.models.core.task import SILENT, Task
from headlight.models.core.tokens import PatchTokens, PointTokens, TextTokens, Tokens
from headlight.models.core.trace import Trace

SIDES = {"fine": 16, "coarse": 8}
"""Squares on a picture's short side."""
EDGES = {"fine": 0.5, "coarse": 1.0}
"""Metres of a cube, of a cloud that is no smaller thing."""
STRETCHES = {"fine": 192, "coarse": 48}
"""Of a sound, at most about."""
SHARES = {"fine": 0.125, "coarse": 0.25}
"""Of a cloud's longest side, the most that the edge of a cube is: of one object not all is one part."""
PLAIN = OcclusionSettings()


def occlusion(
    trace: Trace, target: Target, task: Task = SILENT, settings: OcclusionSettings = PLAIN
) -> Relevance:
    """Each token has what hiding its part takes; those that are never hidden have 0 and are not seen."""
    parts = parts_of(trace.tokens, settings)
    count = int(parts.max(initial=-1)) + 1
    hidden = np.concatenate([np.zeros((1, len(parts)), bool), parts == np.arange(count)[:, None]])
    scores = trace.run.scores(hidden, target, task)
    lost = scores[0] - scores[1:]
    seen = parts >= 0
    values = np.where(seen, lost[parts] if count else np.float32(0), 0).astype(np.float32)
    said = f"{count:,} parts hidden one by one"
    return Relevance(values=values, tokens=trace.tokens, seen=None if seen.all() else seen, said=said)


def parts_of(tokens: Tokens, settings: OcclusionSettings = PLAIN) -> np.ndarray:
    """int (n,): the part of each token, from 0; −1 of tokens that are not hidden."""
    parts = np.full(len(tokens), -1)
    placed = np.flatnonzero(~tokens.special)
    if isinstance(tokens, PatchTokens):
        side = max(1, round(min(tokens.grid) / SIDES[settings.parts]))
        rows, columns = (np.arange(count) // side for count in tokens.grid)
        keys = (rows[:, None] * (columns.max() + 1) + columns).ravel()
    elif isinstance(tokens, PointTokens):
        positions = tokens.positions - tokens.positions.min(0)
        most = max(SHARES[settings.parts] * float(positions.max()) * 1.000001, 1e-9)  # the last is in it
        cells = np.floor(positions / min(EDGES[settings.parts], most)).astype(int)
        keys = np.ravel_multi_index(tuple(cells.T), tuple(cells.max(0) + 1))
    elif isinstance(tokens, TextTokens) and (tokens.words[placed] < 0).all():  # stretches of a sound
        keys = placed // max(1, round(len(placed) / STRETCHES[settings.parts]))
    elif isinstance(tokens, TextTokens) and settings.parts == "coarse":
        keys = tokens.words[placed]
    else:
        keys = placed
    parts[placed] = np.unique(keys, return_inverse=True)[1]
    return parts
