"""How far it is from some notes to all of a tune."""

import numpy as np

from headlight.models.core.relevance import Relevance
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from tunes.reading import NOTES


def leaps(trace: Trace, queries: np.ndarray, task: Task) -> Relevance:
    """Semitones, the mean over these notes, int (m,)."""
    heights = np.array([NOTES.index(label) for label in trace.tokens.labels])
    apart = np.abs(heights[queries][:, None] - heights)
    return Relevance(values=apart.mean(0).astype(np.float32), tokens=trace.tokens)
