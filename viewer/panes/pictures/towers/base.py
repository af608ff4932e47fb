"""What the panes of class texts share: the method, and what stands among the numbers."""

from __future__ import annotations

from headlight.viewer.session.methods import Slot
from headlight.widgets.controls.readout import Figures

SLOT = Slot("relevance", ("target",), first="chefer")
_MORE = ("Cosine", "Without labels", "Probability is")
SECTIONS = (
    Figures("pointed", "Under the cursor", ("Patch", "Word", "Relevance")),
    Figures("text", "Class text", ("Looked at", "Probability", *_MORE)),
    Figures("words", "Words", ("As read", "Highest", "On special tokens")),
)
