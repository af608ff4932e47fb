"""What the panes of class texts share: the method, and what stands among the numbers."""

from __future__ import annotations

from headlight.viewer.session.methods import Slot
from headlight.widgets.controls.readout import Figures

SLOT = Slot("relevance", ("target",), first="chefer")
SECTIONS = (
    Figures("pointed", "Under the cursor", ("Patch", "Word", "Relevance")),
    Figures("text", "Class text", ("Class text", "Probability", "Cosine", "Without labels", "Probability is")),
    Figures("words", "Words", ("As read", "Highest", "On special tokens")),
)
