"""The rows of the numbers pane on the page of attention: every kind has its own, which keep their places."""

from headlight.widgets.controls.readout import Figures

_CELL = Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In"))
OF_TEXT = (
    _CELL,
    Figures(
        id="shown",
        title="Shown map",
        rows=("Of", "In", "Highest", "Second", "Third", "Entropy", "On special tokens", "Clipped"),
    ),
    Figures("head", "Head", ("Entropy, mean", "On special tokens")),
)
OF_PICTURE = (
    _CELL,
    Figures(
        id="shown",
        title="Shown map",
        rows=(
            *("Of", "In", "Highest", "Weight on patches", "Entropy", "On special tokens", "On padding"),
            *("Mean distance", "Clipped"),
        ),
    ),
    Figures("head", "Head", ("Entropy, mean", "Distance, mean", "On special tokens")),
)
