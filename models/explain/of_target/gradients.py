"""Gradients of a target with what the model computes on: embeddings, pixels, the features of points."""

from __future__ import annotations

import numpy as np

from headlight.models.core.answers import Target
from headlight.models.core.relevance import Relevance
from headlight.models.core.settings import NoiseSettings
from headlight.models.core.task import SILENT, Part, Task
from headlight.models.core.trace import Trace

AT_ONCE = 1 << 24
"""Numbers of noisy inputs that are held at once: 64 MB."""


def times_input(trace: Trace, target: Target, task: Task = SILENT) -> Relevance:
    """Σ x · ∂y/∂x over the numbers of each token: what the target would lose, were y linear in x, if the
    token's were 0 (Shrikumar et al. 2016, section 3.2)."""
    found = trace.run.gradients(target, task)
    return Relevance(values=trace.run.pooled(found.at * found.inputs), tokens=trace.tokens)


def smooth(
    trace: Trace, target: Target, task: Task = SILENT, settings: NoiseSettings | None = None
) -> Relevance:
    """Σ |mean ∂y/∂x| over the numbers of each token, the mean over inputs with Gaussian noise of a share of
    the range of their values (Smilkov et al. 2017, section 3)."""
    settings = settings or NoiseSettings()
    at = trace.run.gradients(target, Part(task, 0.0, 0.05)).at
    draw = np.random.default_rng(settings.seed)
    spread, total = settings.noise * float(at.max() - at.min()), np.zeros(at.shape)
    step = max(1, min(settings.samples, AT_ONCE // at.size))
    for start in range(0, settings.samples, step):
        count = min(step, settings.samples - start)
        noisy = at + draw.normal(0, spread, (count, *at.shape)).astype(np.float32)
        part = Part(task, *(0.05 + 0.95 * n / settings.samples for n in (start, start + count)))
        total += trace.run.slopes(target, noisy, part)[1].sum(0, dtype=np.float64)
    mean = np.abs(total / settings.samples).astype(np.float32)
    return Relevance(values=trace.run.pooled(mean), tokens=trace.tokens)
