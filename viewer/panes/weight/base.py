"""What the panes of the page share: the arithmetic of the selected weight."""

from __future__ import annotations

from collections.abc import Hashable
from functools import partial

from headlight.models.core.trace import Trace
from headlight.viewer.host.lanes import Call
from headlight.viewer.panes.shared.base import Pane
from headlight.viewer.session.session import Document, Hover
from headlight.viewer.session.view import ByHand, Selection, View
from headlight.viewer.slices.weight import Arithmetic, arithmetic
from headlight.widgets.controls.readout import Figures

SECTIONS = (
    Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In")),
    Figures("weight", "One weight", ("Scaled q·k", "Score", "Weight", "Carries", "Head’s part")),
)


class WeightPane(Pane):
    """Shows what `arithmetic` gives."""

    found: Arithmetic | None = None

    def key(self, document: Document, view: View, hover: Hover) -> Hashable:
        return view[Selection], view[ByHand], self.blocked(view[Selection].layer)

    def slice(self, trace: Trace, view: View, hover: Hover) -> Call:
        return partial(arithmetic, trace, view[Selection], view[ByHand])

    def clear(self, document: Document | None) -> None:
        self.found = None
        self.subtitle_changed.emit("")
