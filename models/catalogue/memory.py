"""What a model's weights take in memory, known before any is read, and in which numbers they fit.

In float32 where there is room. Where there is not, bfloat16 takes half of it: 8 bits of a number are kept in
place of 24, and all of its range (Kalamkar et al. 2019, arXiv 1905.12322). On a graphics card with too little
for that as well, what does not fit stays in the machine's memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from headlight.models import devices
from headlight.models.core.errors import HeadlightError

WHOLE, HALF = 4, 2
"""Bytes of a weight in float32 and in bfloat16."""
HALVED = "It is computed in bfloat16"
MUCH = 0.5
"""Of the memory that is free: from there on it is said before a model is opened."""


@dataclass(frozen=True)
class Fit:
    """half: in bfloat16. spread: over a graphics card and the machine's memory. notice: "" where it is
    computed as usual."""

    half: bool = False
    spread: bool = False
    notice: str = ""


def check_memory(numbers: int) -> None:
    """HeadlightError unless so many numbers fit into free memory as float32."""
    free = devices.free_memory()
    if WHOLE * numbers > free:
        raise _too_large(WHOLE * numbers, free)


def fitting(numbers: int, device: str = "cpu") -> Fit:
    """How so many weights fit on a device. HeadlightError where they do not at all."""
    free = devices.free(device)
    if WHOLE * numbers <= free:
        return Fit()
    said = f"in float32 it would take {_gb(WHOLE * numbers)} of memory, and {_gb(free)} are free"
    if HALF * numbers <= free:
        return Fit(half=True, notice=f"{HALVED}, with 8 bits of each number: {said}.")
    both = free + devices.free_memory() if device.startswith("cuda") else free
    if HALF * numbers > both:
        raise _too_large(HALF * numbers, both, " even in bfloat16")
    return Fit(half=True, spread=True, notice=f"{HALVED}, partly on the processor: {said}.")


def said_before(numbers: int) -> str:
    """The estimate of a model that takes much of the memory that is free, "" of any other."""
    free = devices.free_memory()
    if WHOLE * numbers <= MUCH * free:
        return ""
    takes = f"{_gb(WHOLE * numbers)} of memory in float32 and {_gb(HALF * numbers)} in bfloat16"
    chosen = "It does not fit." if HALF * numbers > free else ""
    if not chosen and WHOLE * numbers > free:
        chosen = "It will be computed in bfloat16."
    return f"It takes {takes}; {_gb(free)} are free. {chosen}".strip()


def _too_large(needed: int, free: int, how: str = "") -> HeadlightError:
    return HeadlightError(
        f"The model needs {_gb(needed)} of memory{how}, and {_gb(free)} are free.",
        "Close other programs or choose a smaller model.",
    )


def _gb(size: int) -> str:
    return f"{size / 1e9:,.1f} GB"
