"""What the panes of experiments share: the rows of numbers, and how a change is written."""

from __future__ import annotations

from headlight.widgets.controls.readout import Figures

_OUTCOME = Figures("outcome", "Before and after", ("Changes most", "Was", "Is now", "Tokens moved"))
SECTIONS = (
    _OUTCOME,
    Figures("sweep", "Each head", ("Of", "Score", "Most", "Head")),
    Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In")),
)
OF_CLOUD = (_OUTCOME,)


def signed(value: float) -> str:
    """+0.310, −0.040, +0.000 of whatever would be written with zeros alone"""
    return f"{round(value, 3) + 0.0:+.3f}".replace("-", "\u2212")


def score(value: float) -> str:
    """As precise as its change is written, and below 0 where it is: 0.729, −0.120."""
    return signed(value).removeprefix("+")
