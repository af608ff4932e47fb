"""The vectors that a language model is given of a picture with a text, as a leaf for gradients."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import Tensor, nn


@contextmanager
def embedded(model: nn.Module, values: Tensor | None = None) -> Iterator[list[Tensor]]:
    """Of passes inside: what `model` is given as its embeddings, those of the picture among them, [1, n, d].

    values: [n, d], what it is given instead.
    """
    found: list[Tensor] = []

    def enter(_: nn.Module, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        before = kwargs["inputs_embeds"]
        given = before.detach() if values is None else values[None].to(before)
        found.append(given.clone().requires_grad_())
        return args, {**kwargs, "inputs_embeds": found[-1]}

    hook = model.register_forward_pre_hook(enter, with_kwargs=True)
    try:
        yield found
    finally:
        hook.remove()
