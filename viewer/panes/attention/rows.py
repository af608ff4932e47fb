"""The rows of the numbers pane on the page of attention: every kind has its own, which keep their places."""

from headlight.widgets.controls.readout import Figures

_CELL = Figures("pointed", "Under the cursor", ("Query", "Key", "Weight", "Rank", "In"))
_BEST = ("Of", "In", "Highest", "Second", "Third")
_ON_TEXT = ("Entropy", "On special tokens", "Clipped")
_ON_PICTURE = ("Weight on patches", "Entropy", "On special tokens", "On padding", "Mean distance", "Clipped")
OF_TEXT = (
    _CELL,
    Figures("shown", "Shown map", (*_BEST, *_ON_TEXT)),
    Figures("head", "Head", ("Entropy, mean", "On special tokens")),
    Figures("beside", "Relevance", (*_BEST, *_ON_TEXT)),
)
OF_WRITTEN = (
    _CELL,
    Figures("step", "Written token", ("Token", "Step", "Probability", "Surprise", "Drawn with")),
    Figures("shown", "Shown map", (*_BEST, *_ON_TEXT)),
)
OF_BOTH = (
    _CELL,
    Figures("shown", "Shown map", (*_BEST, *_ON_PICTURE)),
    Figures("head", "Head", ("Entropy, mean", "Distance, mean", "On special tokens")),
    Figures("beside", "Relevance", (*_BEST, *_ON_PICTURE)),
)
OF_BOTH_WRITTEN = (
    _CELL,
    Figures("step", "Written token", ("Token", "Step", "Probability", "Surprise", "Drawn with")),
    Figures("shown", "Shown map", (*_BEST, *_ON_PICTURE)),
)
OF_PICTURE = (
    _CELL,
    Figures("shown", "Shown map", (*_BEST[:3], *_ON_PICTURE)),
    Figures("head", "Head", ("Entropy, mean", "Distance, mean", "On special tokens")),
    Figures("beside", "Relevance", (*_BEST[:3], *_ON_PICTURE)),
)
