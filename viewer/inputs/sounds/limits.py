"""How long a sound may be, and how finely it may be measured."""

from __future__ import annotations

from headlight.models.core.errors import HeadlightError

RATE = 16_000
"""Numbers a second that sounds are brought to: what nearly all models of speech hear."""
RATES = 1_000, 768_000
"""Fewest and most numbers a second that are read."""
TOKEN = 0.02
"""Seconds of the shortest sound."""
WINDOW = 30
"""Seconds that are heard at once: what Whisper takes (Radford et al. 2022, section 2.2)."""
LONGEST = 3600
"""Seconds of the longest sound."""


def check_extent(name: str, count: int, rate: int) -> None:
    """HeadlightError for too many or too few numbers in one channel."""
    if count == 0:
        raise HeadlightError(f"{name} holds no sound: it has 0 numbers.", "Choose another file.")
    seconds = count / rate
    if seconds < TOKEN:
        raise HeadlightError(
            f"{name} lasts {1000 * seconds:.3g} ms, and nothing is heard of less than {1000 * TOKEN:.0f} ms.",
            "Choose a longer sound.",
        )
    if seconds > LONGEST:
        raise HeadlightError(
            f"{name} lasts {seconds / 60:,.0f} minutes, and sounds are read up to {LONGEST // 60}.",
            "Cut a part out of it.",
        )
