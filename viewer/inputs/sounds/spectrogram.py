"""The logarithmic mel spectrogram of a sound, as Whisper hears it, and as a picture.

Radford et al. 2022, “Robust speech recognition via large-scale weak supervision”, section 2.2: 80 bands,
windows of 25 ms every 10 ms; bands are Slaney's (1998, “Auditory Toolbox”), even below 1 kHz and
logarithmic above.
"""

from __future__ import annotations

import numpy as np

from headlight.viewer.inputs.sounds.limits import RATE

WIDE, HOP, BANDS = 400, 160, 80
"""Numbers of a window, from one to the next, and bands."""
HIGHEST = 8_000.0
"""Hz: the upper end of the last band."""
FLOOR, DEPTH = 1e-10, 8.0
"""Least power, and decades below the loudest that are told apart."""
_EVEN, _BREAK = 200 / 3, 1_000.0
_STEP = np.log(6.4) / 27


def mel(hertz: np.ndarray | float) -> np.ndarray:
    """Slaney's scale."""
    hertz = np.asarray(hertz, float)
    above = _BREAK / _EVEN + np.log(np.maximum(hertz, _BREAK) / _BREAK) / _STEP
    return np.where(hertz < _BREAK, hertz / _EVEN, above)


def hertz(mels: np.ndarray | float) -> np.ndarray:
    """The other way."""
    mels = np.asarray(mels, float)
    above = _BREAK * np.exp(_STEP * (np.maximum(mels, _BREAK / _EVEN) - _BREAK / _EVEN))
    return np.where(mels < _BREAK / _EVEN, mels * _EVEN, above)


def edges() -> np.ndarray:
    """float64 (BANDS + 2,): Hz where triangles begin, peak and end."""
    return hertz(np.linspace(0, mel(HIGHEST), BANDS + 2))


def filters() -> np.ndarray:
    """float64 (WIDE / 2 + 1, BANDS): what each band takes of each frequency; triangles of equal area."""
    at, where = edges(), np.linspace(0, RATE / 2, WIDE // 2 + 1)[:, None]
    rising, falling = (where - at[:-2]) / (at[1:-1] - at[:-2]), (at[2:] - where) / (at[2:] - at[1:-1])
    return np.maximum(0, np.minimum(rising, falling)) * 2 / (at[2:] - at[:-2])


def log_mel(samples: np.ndarray) -> np.ndarray:
    """float32 (BANDS, 2 · tokens) of float32 (n,): a column every 10 ms, two for each begun 20 ms, silence
    behind the end; the logarithm to base 10, DEPTH below the highest at least, a quarter of (itself + 4)."""
    count = 2 * -(-len(samples) // (2 * HOP))
    half = WIDE // 2
    front = samples[1 : half + 1][::-1]
    front = np.pad(front, (half - len(front), 0))
    behind = np.zeros(count * HOP + half - len(samples), np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(np.concatenate([front, samples, behind]), WIDE)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WIDE) / WIDE)
    power = np.abs(np.fft.rfft(windows[::HOP][:count] * hann)) ** 2
    found = np.log10(np.maximum(power @ filters(), FLOOR)).T
    return ((np.maximum(found, found.max() - DEPTH) + 4) / 4).astype(np.float32)


def height_of(frequency: float) -> float:
    """How high in the picture a frequency stands, as a share of its height; above 1 of none in it."""
    return (float(mel(frequency) / mel(HIGHEST)) * (BANDS + 1) - 0.5) / BANDS


def hertz_at(height: float) -> float:
    """The frequency at a share of the picture's height."""
    return float(hertz((height * BANDS + 0.5) / (BANDS + 1) * mel(HIGHEST)))


WIDTH, ASPECT = 1_000, 2.0
"""Pixels along time, about, and how much wider than high the picture is."""


def pictured(log_mels: np.ndarray) -> np.ndarray:
    """uint8 (height, width, 3): grey, the loudest white, low bands below; a token of 20 ms takes as many
    columns as any other, 1 at least."""
    tokens = log_mels.shape[1] // 2
    if tokens > WIDTH // 2:
        log_mels = log_mels.reshape(BANDS, tokens, 2).mean(2)
    wide = max(1, round(WIDTH / log_mels.shape[1]))
    high = max(1, round(log_mels.shape[1] * wide / ASPECT / BANDS))
    low, top = float(log_mels.min()), float(log_mels.max())
    grey = np.round(255 * (log_mels[::-1] - low) / max(top - low, 1e-6)).astype(np.uint8)
    return np.repeat(np.repeat(np.repeat(grey, high, 0), wide, 1)[..., None], 3, 2)
