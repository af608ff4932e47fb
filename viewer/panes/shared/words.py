"""How panes say what they show: layers, heads, tokens and weights in words, the same everywhere."""

from __future__ import annotations

import numpy as np

from headlight.models.core.layers import Head
from headlight.models.core.tokens import Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.document import Document
from headlight.viewer.slices.maps import InputMap
from headlight.viewer.slices.names import entry, layer_named, short_labels, token
from headlight.widgets.base.cursor_tip import read_out

USUAL_SIZE = 518
"""Pixels of a picture's short side where none are asked for, of most models."""


def head(trace: Trace, layer: int, which: Head) -> str:
    """layer 10, head 2; layer 10, mean of heads; cross layer 1, head 0 where there are several stacks."""
    of = layer_named(trace, layer)
    return f"{of}, head {which}" if isinstance(which, int) else f"{of}, {which} of heads"


def short_side(document: Document) -> int:
    """Pixels of a picture's short side, as asked for or as usual: of a model of two towers its own size."""
    asked, trace = document.wanted.options.size, document.trace
    if asked is None and trace is not None and "texts" in trace.run.offers:
        return min(trace.shapes["pixel_values"][1:])
    return asked or USUAL_SIZE


def ran_at(document: Document, asked: float) -> str:
    """“Ran at 840 px” of a picture whose short side is not as many pixels as asked for, once it has run."""
    size = None if document.trace is None else document.trace.shapes.get("pixel_values")
    if size is None or document.wanted != document.made:
        return ""
    short = min(size[1:])
    return "" if short == asked else f"Ran at {short:,} px"


def reading(shown: InputMap, index: int) -> str:
    """The tip of a token: its name, weight and entry in the vocabulary; all else stands among the numbers."""
    line = f"{token(shown.tokens, index)}\t{read_out(float(shown.values[index]))}"
    written = entry(shown.tokens, index)
    return f"{line}\n{written}" if written else line


def table(tokens: Tokens, values: np.ndarray) -> str:
    """One line a token: its name, a tab, its weight."""
    labels = short_labels(tokens)
    return "".join(f"{label}\t{value:.6g}\n" for label, value in zip(labels, values, strict=True))
