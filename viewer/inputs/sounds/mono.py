"""Numbers of a sound as models hear them: of all channels the mean, RATE a second."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd

import numpy as np

from headlight.viewer.inputs.sounds.limits import RATE


@dataclass(frozen=True, eq=False)
class Read:
    """samples: float32 (n,). rate: of them in a second. channels: whose mean they are."""

    samples: np.ndarray
    rate: int
    channels: int = 1
    notices: tuple[str, ...] = ()


def joined(parts: Iterable[np.ndarray], rate: int) -> Read:
    """float32 (n, channels), part after part → the mean of all channels. What is no number is 0, and told."""
    found, lost, channels = [], 0, 1
    for part in parts:
        bad = ~np.isfinite(part)
        if count := int(bad.any(1).sum()):
            lost += count
            part = np.where(bad, np.float32(0), part)
        channels = part.shape[1]
        found.append(part[:, 0] if channels == 1 else part.mean(1))
    samples = np.concatenate(found) if found else np.empty(0, np.float32)
    notices = (
        () if not lost else (f"{lost:,} of {len(samples):,} moments hold what is no number: they are 0.",)
    )
    return Read(samples, rate, channels, notices)


def heard(read: Read, name: str) -> Read:
    """The same, RATE a second, with what was done to it told."""
    samples, notices = read.samples, list(read.notices)
    if read.channels > 1:
        notices.append(f"{name} has {read.channels} channels: their mean is heard.")
    if read.rate != RATE:
        from scipy.signal import resample_poly

        shared = gcd(RATE, read.rate)
        samples = resample_poly(samples, RATE // shared, read.rate // shared).astype(np.float32)
        notices.append(f"{name} is resampled from {read.rate:,} to {RATE:,} numbers a second.")
    if not samples.any():
        notices.append(f"{name} is silent: all its numbers are 0.")
    return Read(samples, RATE, 1, tuple(notices))
