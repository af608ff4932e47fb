"""Sounds of any kind become the same numbers, and the spectrogram that Whisper hears."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import from_bytes, from_path, with_text
from headlight.viewer.inputs.sounds import spectrogram
from headlight.viewer.inputs.sounds.sound import Sound, SoundInput, of_sound

RATE = 16_000
TONE = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)


def wav(
    values: np.ndarray, code: int = 1, size: int = 2, channels: int = 1, rate: int = RATE, before: bytes = b""
) -> bytes:
    """A file of numbers between -1 and 1, written here anew. before: chunks before the numbers."""
    if code == 3:
        data = values.astype(f"<f{size}").tobytes()
    else:
        whole = np.round(values * ((1 << (8 * size - 1)) - 1)).astype("<i8")
        whole = whole + 128 if size == 1 else whole
        data = whole.view("u1").reshape(-1, 8)[:, :size].tobytes()
    form = struct.pack("<HHIIHH", code, channels, rate, rate * channels * size, channels * size, 8 * size)
    chunks = b"fmt " + struct.pack("<I", 16) + form + before + b"data" + struct.pack("<I", len(data)) + data
    return b"RIFF" + struct.pack("<I", 4 + len(chunks)) + b"WAVE" + chunks


def opened(data: bytes, name: str = "a.wav") -> SoundInput:
    what = from_bytes(data, name)
    assert isinstance(what, SoundInput)
    return what


@pytest.mark.parametrize(("code", "size"), [(1, 1), (1, 2), (1, 3), (1, 4), (3, 4), (3, 8)])
def test_numbers_of_every_kind_are_the_same_sound(code, size):
    read = opened(wav(TONE, code, size))
    assert len(read.sound.samples) == RATE
    assert np.abs(read.sound.samples - TONE).max() < 2.0 ** (2 - 8 * min(size, 3))
    assert read.notices == ()


@pytest.mark.parametrize("odd", [b"abc\0", b"abc"], ids=["filled up", "as some programs write it"])
def test_a_chunk_of_odd_length_and_an_extensible_format_are_passed(odd):
    chunk = b"LIST" + struct.pack("<I", 3) + odd
    assert np.array_equal(opened(wav(TONE, before=chunk)).heard, opened(wav(TONE)).heard)


def test_channels_are_mixed_and_rates_made_one():
    both = np.stack([TONE, np.zeros_like(TONE)], 1).ravel()
    read = opened(wav(both, channels=2))
    assert np.allclose(read.heard, TONE / 2, atol=1e-4)
    assert read.notices == ("a.wav has 2 channels: their mean is heard.",)
    fast = np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    read = opened(wav(fast, rate=44_100))
    assert len(read.heard) == RATE
    assert np.abs(read.heard - TONE)[200:-200].max() < 1e-3
    assert read.notices == ("a.wav is resampled from 44,100 to 16,000 numbers a second.",)


def test_what_is_odd_is_told():
    broken = TONE.copy()
    broken[[3, 5]] = np.nan, np.inf
    assert opened(wav(broken, 3, 4)).notices == ("2 of 16,000 moments hold what is no number: they are 0.",)
    assert opened(wav(0 * TONE)).notices == ("a.wav is silent: all its numbers are 0.",)
    assert opened(wav(TONE)[: 44 + RATE]).notices == ("a.wav is cut off: 0.5 of 1.0 s are there.",)
    read = opened(wav(np.tile(TONE, 31)))
    assert read.notices == ("a.wav lasts 31.0 s: the first 30 s are heard, and others can be chosen.",)
    assert (len(read.heard), len(read.moved(29.5).heard)) == (30 * RATE, 1.5 * RATE)
    assert np.array_equal(read.moved(29.5).moved(0).pixels, read.pixels)
    with pytest.raises(HeadlightError, match="nothing of it is heard from 31"):
        read.moved(31.0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (wav(TONE[:0]), "holds no sound: it has 0 numbers"),
        (wav(TONE[:1]), "lasts 0.0625 ms, and nothing is heard of less than 20 ms"),
        (wav(TONE)[:40], "holds no sound: it ends before its numbers"),
        (wav(TONE)[:12] + wav(TONE)[36:], "does not say what its numbers are"),
        (wav(TONE, channels=0), "has 0 channels"),
        (wav(TONE, rate=0), "has 0 numbers a second"),
        (wav(TONE, rate=1000)[:44] + bytes(7_300_000), "lasts 61 minutes, and sounds are read up to 60"),
    ],
)
def test_what_is_no_sound_says_so(data, said):
    if len(data) > 1_000_000:
        data = data[:40] + struct.pack("<I", len(data) - 44) + data[44:]
    with pytest.raises(HeadlightError, match=said):
        opened(data)


def test_the_spectrogram_is_whispers():
    from transformers import WhisperFeatureExtractor

    noise = np.random.default_rng(0).normal(0, 0.1, RATE // 2 + 77).astype(np.float32)
    hears = WhisperFeatureExtractor(chunk_length=1)
    for samples in (noise, TONE[: RATE // 3].astype(np.float32), noise[:330]):
        found = spectrogram.log_mel(samples)
        wanted = hears(samples, sampling_rate=RATE)["input_features"][0]
        assert found.shape == (80, 2 * -(-len(samples) // 320))
        assert np.abs(found - wanted[:, : found.shape[1]]).max() < 1e-4
    assert np.allclose(spectrogram.hertz(spectrogram.mel([0, 440, 1000, 7000])), [0, 440, 1000, 7000])


@pytest.mark.parametrize("seconds", [0.02, 0.5, 3.0, 30.0])
def test_every_token_has_as_many_columns_of_the_picture(seconds):
    what = of_sound("a", Sound(np.tile(TONE, 30)[: round(seconds * RATE)].astype(np.float32)))
    height, width = what.pixels.shape[:2]
    tokens = round(what.seconds / 0.02)
    assert width % tokens == 0
    assert height % 80 == 0
    assert width <= 1600
    lowest_of_tone = np.flatnonzero(what.pixels[::-1, width // 2, 0] == 255)[0] * 80 // height
    assert spectrogram.edges()[lowest_of_tone] <= 440 <= spectrogram.edges()[lowest_of_tone + 2]


def test_a_text_stands_beside_a_sound():
    what = with_text(opened(wav(TONE)), "a tone")
    assert (type(what), what.text, what.saying("").text) == (SoundInput, "a tone", "")


@pytest.mark.parametrize("ending", ["flac", "ogg", "mp3", "aiff"])
def test_what_is_encoded_is_read_by_libsndfile_where_that_is_installed(ending, tmp_path, monkeypatch):
    file = tmp_path / f"a.{ending}"
    try:
        import soundfile
    except ImportError:
        begin = {"flac": b"fLaC", "ogg": b"OggS", "mp3": b"ID3", "aiff": b"FORM0000AIFF"}[ending]
        file.write_bytes(begin + bytes(range(99)))
        with pytest.raises(HeadlightError, match="the package soundfile has to be installed"):
            from_path(file)
        return
    soundfile.write(file, TONE, RATE)
    read = from_path(file)
    assert np.abs(read.sound.samples[1000:RATE] - TONE[1000:]).mean() < 0.05
    file.write_bytes(file.read_bytes()[:20])
    with pytest.raises(HeadlightError, match=rf"a\.{ending} "):
        from_path(file)
