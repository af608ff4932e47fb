"""What is read of a recorded trace beside its weights, which stay in the file until an engine takes them."""

from __future__ import annotations

from dataclasses import dataclass

from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, TextInput


@dataclass(frozen=True)
class Step:
    """One of several recordings of the same model. number: as its caller counts. file: where it lies."""

    number: int
    file: str


@dataclass(frozen=True)
class RecordedText(TextInput):
    """steps: the recordings, by their numbers. at: the one that is shown."""

    steps: tuple[Step, ...] = ()
    at: int = 0


@dataclass(frozen=True, eq=False)
class RecordedImage(ImageInput):
    """steps, at: as of a recorded text."""

    steps: tuple[Step, ...] = ()
    at: int = 0


@dataclass(frozen=True, eq=False)
class RecordedCloud(CloudInput):
    """steps, at: as of a recorded text."""

    steps: tuple[Step, ...] = ()
    at: int = 0


Recorded = RecordedText | RecordedImage | RecordedCloud
