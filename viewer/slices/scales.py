"""Which tokens do not set a map's colours, and the sentence that says so. No Qt.

A token that takes nearly all attention (the class token in many heads, the first of a decoder) would leave
the rest of a map in the first colour. While the settings say so, such tokens are painted but set no scale.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.models.core.cache import derived
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.relevance import percent
from headlight.models.core.tokens import PatchTokens, Tokens
from headlight.models.core.trace import Trace
from headlight.viewer.session.view import MapSettings
from headlight.viewer.slices.names import token

NAMED = 2
"""Of so many tokens the names are said, of more their number."""


def received(trace: Trace, layer: AttentionLayer, head: Head | None = None) -> np.ndarray:
    """float32 (heads, keys): what each key gets of each head on average; (1, keys) of one head or fusion."""
    from headlight.models.attention.statistics import received as received_by

    if head is None or isinstance(head, int):
        every = derived(trace, ("received", layer.name), lambda: received_by(layer))
        return every if head is None else every[head : head + 1]
    return derived(trace, ("received", layer.name, head), lambda: received_by(layer, head))


def left_out(
    trace: Trace, layer: AttentionLayer, settings: MapSettings, head: Head | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """(bool (heads, keys): the keys that do not set a head's scale, float32 (heads, keys): what they get).

    They are the special tokens, the sinks of each head and a picture's artifact tokens; one row where a head
    or fusion is named.
    """
    from headlight.models.attention.statistics import sinks

    if layer.group_count > 1:  # no token is seen by all
        nothing = np.zeros((layer.heads if head is None else 1, len(layer.keys)), np.float32)
        return np.broadcast_to(common(trace, layer.keys, settings), nothing.shape), nothing
    shares = received(trace, layer, head)
    if not settings.leave_out:
        return np.zeros(shares.shape, bool), shares

    def out() -> np.ndarray:
        return common(trace, layer.keys, settings) | sinks(shares)

    return derived(trace, ("left out", layer.name, head), out), shares


def common(trace: Trace, tokens: Tokens, settings: MapSettings) -> np.ndarray:
    """bool (tokens,): those that set no scale, whichever the head: special and artifact tokens."""
    if not settings.leave_out:
        return np.zeros(len(tokens), bool)
    out = tokens.special.copy()
    if isinstance(tokens, PatchTokens) and len(trace.artifacts):
        places = trace.tokens.places(trace.artifacts)
        out[tokens.find_all(places)] = True
    return out


def left_out_said(tokens: Tokens, out: np.ndarray, shares: np.ndarray) -> str:
    """[CLS] holds 93 %, left out of the scale; nothing where none is. out: bool, shares: float (tokens,)."""
    which = np.flatnonzero(out)
    if not len(which):
        return ""
    share = percent(min(float(shares[which].sum()), 1.0))
    return f"{_named(tokens, which)} {share}, left out of the scale"


def _named(tokens: Tokens, which: Sequence[int] | np.ndarray) -> str:
    names = list(dict.fromkeys(token(tokens, int(index)) for index in which))
    if len(names) > NAMED:
        return f"{len(which):,} tokens hold"
    return f"{' and '.join(names)} hold{'s' if len(which) == 1 else ''}"


def floor_of(settings: MapSettings) -> float | None:
    """The percentile at which a scale starts, None for zero."""
    return settings.floor or None
