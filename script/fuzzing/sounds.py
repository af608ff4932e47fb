"""Good sounds of every format: a tenth of a second of a tone, two channels where the format has them."""

from __future__ import annotations

import io
import struct

import numpy as np

from script.fuzzing.sample import Sample, Samples

_RATE = 8000
_TONE = np.sin(2 * np.pi * 440 * np.arange(_RATE // 10) / _RATE) * 0.8
_BOTH = np.stack([_TONE, _TONE[::-1]], 1)


def sounds() -> Samples:
    import soundfile

    def encoded(kind: str, subtype: str | None = None) -> bytes:
        out = io.BytesIO()
        soundfile.write(out, _BOTH, _RATE, format=kind, subtype=subtype)
        return out.getvalue()

    return {
        "wav": [
            Sample.of("whole.wav", _wav((_BOTH * 32767).astype("<i2"), 1)),
            Sample.of("bytes.wav", _wav((_BOTH * 127 + 128).astype("u1"), 1)),
            Sample.of("floats.wav", _wav(_BOTH.astype("<f4"), 3)),
            Sample.of("long.wav", _wav((_BOTH * 32767).astype("<i2"), 1, long=True)),
            Sample.of("adpcm.wav", encoded("WAV", "IMA_ADPCM"), False),
            Sample.of("law.wav", encoded("WAV", "ULAW"), False),
        ],
        "flac": [Sample.of("a.flac", encoded("FLAC"), False)],
        "ogg": [
            Sample.of("a.ogg", _numbered(encoded("OGG", "VORBIS")), False),
            Sample.of("opus.ogg", _numbered(encoded("OGG", "OPUS")), False),
        ],
        "mp3": [Sample.of("a.mp3", encoded("MP3"), False)],
        "aiff": [
            Sample.of("a.aiff", encoded("AIFF"), False),
            Sample.of("law.aiff", encoded("AIFF", "ALAW"), False),
        ],
    }


def _wav(values: np.ndarray, code: int, long: bool = False) -> bytes:
    """values: (n, channels). long: with sizes of 64 bits, as EBU Tech 3306 has them."""
    width, channels = values.dtype.itemsize, values.shape[1]
    data = values.tobytes()
    form = struct.pack(
        "<HHIIHH", code, channels, _RATE, _RATE * channels * width, channels * width, 8 * width
    )
    size = struct.pack("<I", 0xFFFFFFFF if long else len(data))
    chunks = b"fmt " + struct.pack("<I", len(form)) + form + b"data" + size + data
    if not long:
        return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks
    wide = b"ds64" + struct.pack("<IQQQI", 28, 40 + len(chunks), len(data), len(values), 0)
    return b"RF64" + struct.pack("<I", 0xFFFFFFFF) + b"WAVE" + wide + chunks


def _numbered(data: bytes) -> bytes:
    """An Ogg stream of the same number and sums whenever it is made."""
    made, at = bytearray(data), 0
    while (at := made.find(b"OggS", at)) >= 0:
        made[at + 14 : at + 18] = b"\x01\0\0\0"
        made[at + 22 : at + 26] = bytes(4)
        end = at + 27 + made[at + 26]
        end += sum(made[at + 27 : end])
        struct.pack_into("<I", made, at + 22, _sum(made[at:end]))
        at = end
    return bytes(made)


def _sum(page: bytes) -> int:
    """CRC-32 of an Ogg page (RFC 3533, section 6)."""
    found = 0
    for byte in page:
        found ^= byte << 24
        for _ in range(8):
            found = found << 1 ^ (0x04C11DB7 if found & 0x80000000 else 0)
        found &= 0xFFFFFFFF
    return found
