"""Numbers of the weight to set by hand, and what would follow."""

from __future__ import annotations

from math import ceil, floor, log

import numpy as np
from PySide6.QtWidgets import QPushButton, QWidget

from headlight.models.core.relevance import percent
from headlight.viewer.host.failure import Failure
from headlight.viewer.panes.weight.base import WeightPane
from headlight.viewer.session.selecting import as_the_model_has_it
from headlight.viewer.session.session import Document
from headlight.viewer.session.view import ByHand
from headlight.viewer.slices.weight import Arithmetic, Follows
from headlight.widgets.base import theme
from headlight.widgets.base.labels import Note
from headlight.widgets.base.scroll_column import ScrollColumn, stacked
from headlight.widgets.controls.sliders import LabelledSlider
from headlight.widgets.plots.strips import number

REACH = 10.0
"""A number can be set so far beyond where the weight is as large as the strongest other one of its row."""
TINY = 1e-30
"""In place of a weight that is 0 by rounding."""
_NUMBERS = {"score": "Score", "bias": "Bias", "sink": "Score of the sink"}
_UNTOUCHED = "Move a number to see what would follow. The model itself does not run again."


class ByHandPane(WeightPane):
    def build(self) -> QWidget:
        self.sliders: dict[str, LabelledSlider] = {}
        for name, title in _NUMBERS.items():
            slider = self.sliders[name] = LabelledSlider(title, -REACH, REACH, 0.01, "{:.2f}", 0.0)
            slider.changed.connect(lambda value, name=name: self._set(name, value))
        self.follows = Note()
        self.reset = QPushButton("As the model has it")
        self.reset.clicked.connect(lambda: as_the_model_has_it(self.session))
        return ScrollColumn(stacked(*self.sliders.values(), self.follows, self.reset))

    def paint(self, result: Arithmetic) -> None:
        self.found = result
        by_hand = self.session.view[ByHand]
        mine, reach = by_hand.of == result.of, _reach(result)
        for name, slider in self.sliders.items():
            slider.setVisible(name in result.numbers)
            if name in result.numbers:
                value = result.numbers[name]
                slider.set_range(floor(value - reach), ceil(value + reach))
                set_ = getattr(by_hand, name) if mine else None
                slider.set_value(value if set_ is None else set_)
        self.reset.setEnabled(result.follows is not None)
        theme.set_role(self.follows, "dim" if result.follows is None else "")
        self.follows.setText(_UNTOUCHED if result.follows is None else _said(result.follows))
        self.subtitle_changed.emit("" if result.follows is None else "changed")

    def clear(self, document: Document | None) -> None:
        super().clear(document)
        for slider in self.sliders.values():
            slider.hide()
        self.reset.setEnabled(False)
        self.follows.setText("")

    def complain(self, failure: Failure) -> None:
        self.clear(self.session.current)
        self.follows.setText(f"Nothing to set. {failure.cause}")

    def _set(self, name: str, value: float) -> None:
        if self.found is None:
            return
        kept = {} if self.session.view[ByHand].of == self.found.of else dict.fromkeys(_NUMBERS)
        changes = kept | {name: value}
        self.session.change(ByHand, of=self.found.of, gesture=f"by hand {name}", **changes)


def _reach(found: Arithmetic) -> float:
    """How far a number can be set from what it is: by the logarithm of a weight scores move it alike."""
    own = found.figures["Weight"]
    others = np.sort(found.row)[::-1]
    strongest = float(others[0] if own < others[0] or len(others) < 2 else others[1])
    return REACH + abs(log(max(own, TINY)) - log(max(strongest, TINY)))


def _said(follows: Follows) -> str:
    before, after = (number(weight) for weight in follows.weight)
    lines = [
        f"Weight {before} → {after}",
        f"The head’s output moves by {_moved(follows.head)} of its length.",
        ""
        if follows.layer is None
        else f"The layer’s output moves by {_moved(follows.layer)} of its length.",
    ]
    return "\n".join(filter(None, lines))


def _moved(share: float) -> str:
    return percent(share) if share < 10 else f"{share:,.0f} times"
