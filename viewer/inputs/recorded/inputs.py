"""What is read of a recorded trace beside its weights, which stay in the file until an engine takes them."""

from __future__ import annotations

from dataclasses import dataclass, replace

from headlight.viewer.inputs.cloud import CloudInput
from headlight.viewer.inputs.inputs import ImageInput, TextInput


@dataclass(frozen=True)
class Step:
    """One of several recordings of the same model. number: as its caller counts. file: where it lies."""

    number: int
    file: str


@dataclass(frozen=True)
class RecordedText(TextInput):
    """steps: the recordings, in the order of their numbers. name: what their caller calls them all, "" of one
    that stands alone."""

    steps: tuple[Step, ...] = ()
    name: str = ""


@dataclass(frozen=True, eq=False)
class RecordedImage(ImageInput):
    """steps, name: as of a recorded text."""

    steps: tuple[Step, ...] = ()
    name: str = ""


@dataclass(frozen=True, eq=False)
class RecordedCloud(CloudInput):
    """steps, name: as of a recorded text."""

    steps: tuple[Step, ...] = ()
    name: str = ""


Recorded = RecordedText | RecordedImage | RecordedCloud


def step_of(what: Recorded, number: int | None) -> Step:
    """The recording with this number; the last one where there is none, or where none is named."""
    return next((one for one in what.steps if one.number == number), what.steps[-1])


def with_steps(what: Recorded, more: Recorded) -> Recorded:
    """The newer of two with the steps of both; of two with one number the newer."""
    steps = {one.number: one for one in (*what.steps, *more.steps)}
    return replace(more, steps=tuple(steps[number] for number in sorted(steps)))
