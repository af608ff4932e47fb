"""What the panes of masks share."""

from __future__ import annotations

from headlight.models.core.answers import Masks
from headlight.models.core.trace import Trace
from headlight.viewer.session.inspecting import MaskSettings
from headlight.viewer.session.session import Hover
from headlight.viewer.session.view import View
from headlight.widgets.controls.readout import Figures

_ON_PICTURE = ("Weight on patches", "Entropy", "On special tokens", "On padding", "Mean distance", "Clipped")
SECTIONS = (
    Figures("cut", "Cut out", ("Mask", "Sure", "Of the picture", "Stability")),
    Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In")),
    Figures("shown", "Shown map", ("Of", "In", "Highest", *_ON_PICTURE)),
    Figures("head", "Head", ("Entropy, mean", "Distance, mean", "On special tokens")),
)


def masks_of(trace: Trace | None) -> Masks | None:
    return None if trace is None else trace.answer(Masks)


def shown(found: Masks, view: View, hover: Hover) -> int:
    """The one that is pointed at in the list, else the chosen or the surest."""
    if hover.kind is not None and hover.kind < len(found):
        return hover.kind
    return view[MaskSettings].shown(found.best, len(found))
