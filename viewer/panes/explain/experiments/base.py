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
    """+0.31, −0.04"""
    return f"{value:+.3f}".replace("-", "\u2212")
