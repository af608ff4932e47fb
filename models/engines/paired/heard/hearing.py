"""What a model is given of a sound, and which of its frames are sound: the others are silence behind it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from transformers import PreTrainedConfig, WhisperFeatureExtractor

from headlight.models.core.errors import MODEL_ERRORS, HeadlightError, first_sentence
from headlight.models.core.tokens import Box
from headlight.models.core.tokens.mixed import MixedTokens
from headlight.models.engines.paired.fed import Fed, Grid

RATE = 16_000
"""Numbers a second that sounds come with."""
STRIDE = 2
"""Frames of the spectrogram in one token: the step of the second convolution."""
TRIED = 0.25
"""Seconds of the noise that a recorded pass is compared with a plain one on."""


@dataclass(frozen=True)
class Heard(Fed):
    """As Fed, of one row of tokens along time. since: the second at which the first begins; seconds: of one
    token; language, translate: as is asked."""

    since: float = 0.0
    seconds: float = 0.02
    language: str | None = None
    translate: bool = False

    def tokens(self) -> MixedTokens:
        """Each called by the second at which it begins; its place is a part of the spectrogram."""
        count = self.grids[0].columns
        labels = tuple(f"{self.since + number * self.seconds:.2f} s" for number in range(count))
        none = np.zeros(count, int)
        spans = np.zeros((count, 2), int)
        boxes = self.grids[0].boxes()
        return MixedTokens(labels, none > 0, spans, none - 1, none, sources=("",), boxes=boxes)


def placed(count: int, seconds: float, height: int, scale: float, since: float, **more: Any) -> Heard:
    """Where so many tokens lie, each of so many seconds, in a picture so high with so many pixels a second,
    that begins at the second `since`."""
    region = Box(0.0, 0.0, count * seconds * scale, float(height))
    grid, size = Grid(1, count, region, "encoder"), (height, round(region.x1))
    return Heard(**{"inputs": {}, **more}, grids=(grid,), size=size, since=since, seconds=seconds)


class Hearing:
    """Prepares sounds for a model of Whisper's kind, called `title`."""

    def __init__(self, extractor: WhisperFeatureExtractor, config: PreTrainedConfig, title: str) -> None:
        self._extractor, self._title = extractor, title
        self._longest = config.max_source_positions
        self.seconds = STRIDE * extractor.hop_length / extractor.sampling_rate
        if extractor.sampling_rate != RATE:
            raise HeadlightError(
                f"{title} hears {extractor.sampling_rate:,} numbers a second, and sounds come with {RATE:,}.",
                "Choose another model.",
            )
        if extractor.feature_size != config.num_mel_bins:
            raise HeadlightError(
                f"{title} hears {config.num_mel_bins} bands, and its preprocessor_config.json gives "
                f"{extractor.feature_size}.",
                "Correct feature_size in preprocessor_config.json.",
            )

    @classmethod
    def of(cls, folder: Path, config: PreTrainedConfig, title: str) -> tuple[Hearing, tuple[str, ...]]:
        """(as the folder says, notices). HeadlightError for what makes no sense."""
        said: dict[str, Any] = {}
        if (folder / "preprocessor_config.json").is_file():
            try:
                extractor = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
                return cls(extractor, config, title), ()
            except MODEL_ERRORS as error:
                raise HeadlightError(
                    f"The preprocessor_config.json of {title} makes no sense: {first_sentence(error)}",
                    "Correct it, or fetch the model again.",
                ) from error
        said = {"feature_size": config.num_mel_bins}
        notice = f"The folder of {title} does not say how sounds are prepared: as is usual of its family."
        return cls(WhisperFeatureExtractor(**said), config, title), (notice,)

    @property
    def longest(self) -> float:
        """Seconds that are heard at once."""
        return self._longest * self.seconds

    def small(self) -> Heard:
        """A little noise."""
        noise = np.random.default_rng(0).normal(0, 0.1, round(TRIED * RATE)).astype(np.float32)
        return self.heard(noise, (1, 1.0, 0.0))

    def heard(
        self,
        samples: np.ndarray,
        seen: tuple[int, float, float],
        language: str | None = None,
        translate: bool = False,
    ) -> Heard:
        """Of float32 (n,). seen: (the height of its picture in pixels, how many along time are a second, the
        second at which that begins)."""
        hop = round(self.seconds * RATE)
        whole = self._longest * hop
        try:
            found = self._extractor(
                samples[:whole],
                sampling_rate=RATE,
                max_length=whole,
                padding="max_length",
                return_tensors="pt",
            )
        except MODEL_ERRORS as error:
            raise HeadlightError(
                f"{self._title} cannot be given this sound: {first_sentence(error)}", "Choose another model."
            ) from error
        count = min(-(-len(samples) // hop), self._longest)
        asked = {"language": language, "translate": translate}
        return placed(count, self.seconds, *seen, inputs={"input_features": found["input_features"]}, **asked)
