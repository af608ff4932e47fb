"""A sound: what is heard of it, its spectrogram as a picture, and the text that is written of it."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import ImageInput, PictureTextInput, megabytes
from headlight.viewer.inputs.sounds import spectrogram
from headlight.viewer.inputs.sounds.limits import RATE, TOKEN, WINDOW
from headlight.viewer.inputs.sounds.mono import heard
from headlight.viewer.inputs.source import Source
from headlight.viewer.registry import Reader, resolve

MAX_SOUND_BYTES = 1_000_000_000


@dataclass(frozen=True, eq=False)
class Sound:
    """samples: float32 (n,), RATE of them in a second."""

    samples: np.ndarray

    @property
    def seconds(self) -> float:
        return len(self.samples) / RATE


@dataclass(frozen=True, eq=False)
class SoundInput(PictureTextInput):
    """A sound of which WINDOW seconds are heard from the second `since` on. picture: their spectrogram."""

    sound: Sound = Sound(np.zeros(1, np.float32))
    since: float = 0.0

    @property
    def heard(self) -> np.ndarray:
        """float32 (n,): what is heard of it."""
        start = round(self.since * RATE)
        return self.sound.samples[start : start + WINDOW * RATE]

    @property
    def seconds(self) -> float:
        """What its picture shows: every begun token."""
        return -(-len(self.heard) // round(TOKEN * RATE)) * TOKEN

    @property
    def is_long(self) -> bool:
        """Whether there is more of it than is heard at once."""
        return self.sound.seconds > WINDOW

    def moved(self, since: float) -> SoundInput:
        """The same heard from another second on. HeadlightError where it has ended by then."""
        if since == self.since:
            return self
        if not 0 <= since <= self.sound.seconds - TOKEN:
            raise HeadlightError(
                f"{self.title} lasts {self.sound.seconds:,.2f} s, and nothing of it is heard from "
                f"{since:,.2f} s on.",
                "Choose an earlier second.",
            )
        return of_sound(self.title, self.sound, self.text, since, self.notices)


def of_sound(
    title: str, sound: Sound, text: str = "", since: float = 0.0, notices: tuple[str, ...] = ()
) -> SoundInput:
    """With the picture of what is heard."""
    made = SoundInput(title, ImageInput(title, np.zeros((1, 1, 3), np.uint8)), text, notices, sound, since)
    pixels = spectrogram.pictured(spectrogram.log_mel(made.heard))
    return replace(made, picture=ImageInput(title, pixels))


def opened(reader: Reader, source: Source) -> SoundInput:
    if source.size > MAX_SOUND_BYTES:
        raise HeadlightError(
            f"{source.name} has {megabytes(source.size)}, and sounds are read up to "
            f"{megabytes(MAX_SOUND_BYTES)}.",
            "Cut a part out of it.",
        )
    read = heard(resolve(reader.read)(source), source.name)
    sound, notices = Sound(read.samples), read.notices
    if sound.seconds > WINDOW:
        said = (
            f"{source.name} lasts {sound.seconds:,.1f} s: the first {WINDOW} s are heard, and others can be"
        )
        notices = (*notices, f"{said} chosen.")
    return of_sound(source.name, sound, notices=notices)
