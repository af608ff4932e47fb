"""`headlight.record`: the attention of any module of one's own while it runs."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from headlight.api.described import Described
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.modules.given import calls_of, kept_of, notices_of
from headlight.models.modules.recorder import recording
from headlight.models.modules.seen import Seen, together
from headlight.models.modules.stored import Stored, lengths, numpy_of, stored, trace_of
from headlight.viewer.inputs.recorded import ENDING, format

if TYPE_CHECKING:
    from torch import nn

    from headlight.models.attention.calls import Call
    from headlight.models.core.trace import Trace


class Recording:
    """Attention that was recorded of a module, or computed elsewhere. It is filled when a pass is made.

    Layers go by their number or their module's name, heads by their number or "mean", "max", "min".
    """

    def __init__(
        self, title: str, described: Described, seen: Seen | None = None, calls: Sequence[Call] = ()
    ):
        self._title, self._described, self._seen, self._calls = title, described, seen, tuple(calls)

    def __repr__(self) -> str:
        count = len(self._calls or (self._seen.calls if self._seen else ()))
        return f"<Recording of {self._title}: {count} {'layer' if count == 1 else 'layers'}>"

    def described(self, **what: Any) -> Recording:
        """The same with more said of its tokens: tokens, text, grid, prefix, image, points, item, mask,
        lengths, as `headlight.show` has them."""
        return Recording(self._title, self._described.with_(what), self._seen, self._calls)

    @property
    def layers(self) -> tuple[AttentionLayer, ...]:
        """What was recorded, in the order in which it ran; each answers for its rows, matrices and checks."""
        return self.trace().layers

    @property
    def names(self) -> tuple[str, ...]:
        """The modules in which attention was called."""
        return tuple(call.name for call in self._found())

    @property
    def gradients(self) -> Recording:
        """How what went backward changes with each weight, ∂y/∂A. HeadlightError where nothing did."""
        if self._seen is None:
            raise HeadlightError(
                "These weights were computed elsewhere.", "Record a module with gradients=True."
            )
        title = f"{self._title}, gradients"
        return Recording(title, self._described, calls=self._seen.grown())

    def attention(self, layer: int | str = -1, head: Head | None = None) -> np.ndarray:
        """float32 (heads, queries, keys) of one layer; (queries, keys) of one head or of all fused."""
        found = self._layer(layer)
        if head is None:
            return np.stack([found.matrix(one) for one in range(found.heads)])
        known = ("mean", "max", "min") if isinstance(head, str) else range(found.heads)
        if head not in known:
            raise HeadlightError(
                f"{found.name} has no head {head}.", f"Choose from 0 to {found.heads - 1}, or mean, max, min."
            )
        return found.matrix(head)

    def check(self) -> dict[str, float]:
        """Of each layer the largest |A·V − what it gave| over sampled rows."""
        return {layer.name: layer.check() for layer in self.layers}

    def trace(self) -> Trace:
        """The trace that every pane and every export reads."""
        from headlight.models.core.trace import Run
        from headlight.models.modules.brought import card_of

        whole = self.stored()
        return trace_of(whole.header, whole.arrays, card_of(self._title, whole.header["of"]), Run())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write it to NAME.headlight.npz: arrays and JSON, nothing that is run. OSError as of any file."""
        if not str(path).endswith(ENDING):
            raise HeadlightError(f"{path} does not end in {ENDING}.", f"Call it NAME{ENDING}.")
        self.write(path)

    def write(self, path: str | os.PathLike[str], **header: Any) -> None:
        """As `save`, with more in the header."""
        whole = self.stored()
        format.write(path, {**whole.header, **header}, numpy_of(whole.arrays))

    def stored(self) -> Stored:
        """One item of it, with what its tokens are."""
        calls, said = self._found(), self._described
        items = self._items(calls)
        kept = kept_of(said.mask, said.lengths, said.item)
        whole = stored(calls, said.item, items, said.title or self._title, kept)
        counts = lengths(whole.header)
        arrays = {**whole.arrays, **said.arrays()}
        header = whole.header | {
            "model": self._title,
            "streams": said.streams(counts),
            "of": said.kind(counts),
            "notices": [*self._notices(calls, items), *said.notices(counts)],
        }
        if self._seen is not None:
            header |= {"seconds": self._seen.seconds, "device": str(calls[0].device)}
        return Stored(header, arrays)

    def _found(self) -> Sequence[Call]:
        calls = self._calls or (self._seen.calls if self._seen is not None else ())
        if not calls:
            raise HeadlightError(f"{self._title} has not run yet.", "Call it inside the with block.")
        return together(calls)

    def _items(self, calls: Sequence[Call]) -> int:
        if self._seen is not None and self._seen.items:
            return self._seen.items
        return min(call.shape[0] for call in calls)

    def _notices(self, calls: Sequence[Call], items: int) -> list[str]:
        said, item = [], self._described.item
        if items > 1:
            said.append(f"This is item {item} of a batch of {items}; item=… shows another.")
        if self._seen is None:
            return [*said, *(notices_of(calls, item) if not hasattr(calls[0], "flow") else ())]
        if self._seen.dropped:
            said.append("Weights were dropped at random, as in training: these are the weights before.")
        if any(call.kind == "window" for call in calls):
            said.append("Some layers attend in windows, of which the first is shown.")
        return said

    def _layer(self, layer: int | str) -> AttentionLayer:
        layers = self.layers
        if isinstance(layer, str):
            found = next((one for one in layers if one.name == layer), None)
            if found is None:
                raise HeadlightError(f"There is no layer “{layer}”.", f"Choose from {', '.join(self.names)}.")
            return found
        if not -len(layers) <= layer < len(layers):
            raise HeadlightError(f"There is no layer {layer}.", f"Choose from 0 to {len(layers) - 1}.")
        return layers[layer]


@contextmanager
def record(model: nn.Module, gradients: bool = False, **what: Any) -> Iterator[Recording]:
    """Record every attention of a torch.nn.Module while it runs inside the block.

    Seen are scaled_dot_product_attention, nn.MultiheadAttention and what is built of it, flex_attention, and
    softmax(q·kᵀ)·v written by hand, by their modules' names, on any device, in training or not. The last of
    several passes is kept. gradients: note ∂y/∂A too when somebody calls backward(). what: of its tokens, as
    `headlight.show` has it (tokens, text, grid, prefix, image, points, item, mask, lengths). HeadlightError
    where nothing was seen.

    >>> import torch
    >>> layer = torch.nn.MultiheadAttention(8, 2, batch_first=True)
    >>> x = torch.ones(1, 3, 8)
    >>> with headlight.record(layer) as trace:
    ...     _ = layer(x, x, x)
    >>> trace.attention().shape
    (2, 3, 3)
    >>> float(trace.attention(head="mean")[0].sum())
    1.0
    """
    described = Described().with_(what)
    with recording(model, gradients) as seen:
        yield Recording(seen.title, described, seen)


def recording_of(what: Any, title: str = "Arrays") -> Recording:
    """What there is to show: a recording as it is, arrays as one. HeadlightError of what is neither."""
    if isinstance(what, Recording):
        return what
    if isinstance(what, Mapping):
        what = list(what.values())
    return Recording(title, Described(), calls=calls_of(what))
