"""Good sounds of every format: a fifth of a second of a rising tone, in the depths that are told apart."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from script.fuzzing.sample import Sample, Samples

_RATE = 8_000
_TONE = 0.3 * np.sin(np.cumsum(np.linspace(0.1, 0.9, _RATE // 5)))


def sounds() -> Samples:
    return {
        "wav": [
            Sample.of("deep.wav", _made("WAV", "PCM_16", np.stack([_TONE, _TONE[::-1]], -1))),
            Sample.of("byte.wav", _made("WAV", "PCM_U8")),
            Sample.of("three.wav", _made("WAV", "PCM_24")),
            Sample.of("float.wav", _made("WAV", "FLOAT")),
            Sample.of("extended.wav", _made("WAVEX", "PCM_16")),
        ],
        "flac": [Sample.of("tone.flac", _made("FLAC", "PCM_16"))],
        "ogg": [Sample.of("tone.ogg", _made("OGG", "VORBIS"), False)],
        "mp3": [Sample.of("tone.mp3", _made("MP3", "MPEG_LAYER_III"), False)],
        "aiff": [Sample.of("tone.aiff", _made("AIFF", "PCM_16"))],
    }


def _made(kind: str, depth: str, tone: np.ndarray = _TONE) -> bytes:
    out = io.BytesIO()
    soundfile.write(out, tone, _RATE, format=kind, subtype=depth)
    return out.getvalue()
