"""Switching off each head by itself (Michel et al. 2019, section 3), without what comes before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from headlight.models.attention.capture import blocks_of, switching
from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer
from headlight.models.core.task import Task

Forward = Callable[..., Any]


def effects(
    model: PreTrainedModel,
    layers: Sequence[AttentionLayer],
    scores: Callable[[int], list[float]],
    batch: int,
    task: Task,
) -> np.ndarray:
    """float32 (layers, most heads): the score with all heads less that without one.

    scores: of so many equal inputs, run as one batch.
    """
    blocks = blocks_of(model)
    with torch.no_grad(), noting(blocks, task) as gave, all_on(model, layers[0]):
        (whole,) = scores(1)

    def off(layer: AttentionLayer, which: Tensor) -> AbstractContextManager[None]:
        return switching(model, layer.name, lambda _: 1 - which)

    return (whole - each_head(model, layers, scores, batch, gave, off, task)).astype(np.float32)


def each_head(
    model: PreTrainedModel,
    layers: Sequence[AttentionLayer],
    scores: Callable[[int], list[float]],
    batch: int,
    gave: Mapping[nn.Module, list[Any]],
    change: Callable[[AttentionLayer, Tensor], AbstractContextManager[None]],
    task: Task,
) -> np.ndarray:
    """float64 (layers, most heads): the score where one head alone is changed, NaN where there is none.

    gave: what each block gave in a pass without a change. Blocks before that of the head give it again, so
    that of each pass only what the head can change is computed. change: a way to change heads of a layer,
    float [B, H], 1 at one head of each of B items.
    """
    if any(":" in layer.name for layer in layers):
        raise HeadlightError(
            "This model runs one module as several layers: none has heads of its own.",
            "Choose another model.",
        )
    heads = max(layer.heads for layer in layers)
    found = np.full((len(layers), heads), np.nan)
    blocks, names = blocks_of(model), {module: name for name, module in model.named_modules()}
    for number, layer in enumerate(layers):
        before = _before(blocks, names, layer.name, gave)
        for start in range(0, layer.heads, max(1, batch)):
            task.progress(number / len(layers), f"Head {start} of {layer.name}")
            count = min(max(1, batch), layer.heads - start)
            one = torch.eye(layer.heads, device=model.device)[start : start + count]
            with torch.no_grad(), given(blocks, before, count, task), change(layer, one):
                found[number, start : start + count] = scores(count)
    return found


def all_on(model: PreTrainedModel, layer: AttentionLayer) -> AbstractContextManager[None]:
    """The same kernels, and no change."""
    return switching(model, layer.name, lambda _: torch.ones(1, layer.heads, device=model.device))


def _before(
    blocks: Sequence[nn.Module], names: dict[nn.Module, str], name: str, gave: Mapping[nn.Module, list[Any]]
) -> dict[nn.Module, Any]:
    """What blocks before that of a layer give, none where they run more than once in a pass."""
    at = next((n for n, block in enumerate(blocks) if name.startswith(f"{names[block]}.")), 0)
    if any(len(gave[block]) != 1 for block in blocks):
        return {}
    return {block: gave[block][0] for block in blocks[:at]}


@contextmanager
def noting(blocks: Sequence[nn.Module], task: Task) -> Iterator[dict[nn.Module, list[Any]]]:
    """What each block gives in a pass inside."""
    found: dict[nn.Module, list[Any]] = {block: [] for block in blocks}

    def note(block: nn.Module, forward: Forward, *args: Any, **kwargs: Any) -> Any:
        task.check()
        found[block].append(forward(*args, **kwargs))
        return found[block][-1]

    with ExitStack() as stack:
        for block in blocks:
            stack.enter_context(_instead(block, partial(note, block, block.forward)))
        yield found


@contextmanager
def given(
    blocks: Sequence[nn.Module], before: dict[nn.Module, Any], count: int, task: Task
) -> Iterator[None]:
    """In passes inside, blocks give what they gave, for each of `count` items; the others look for Cancel."""

    def run(forward: Forward, *args: Any, **kwargs: Any) -> Any:
        task.check()
        return forward(*args, **kwargs)

    with ExitStack() as stack:
        for block in blocks:
            known = block in before
            made = partial(_kept, _times(before[block], count)) if known else partial(run, block.forward)
            stack.enter_context(_instead(block, made))
        yield


def _kept(gave: Any, *args: Any, **kwargs: Any) -> Any:
    return gave


@contextmanager
def _instead(block: nn.Module, forward: Forward) -> Iterator[None]:
    """A block with another `forward`."""
    block.forward = forward
    try:
        yield
    finally:
        del block.forward


def _times(gave: Any, count: int) -> Any:
    if isinstance(gave, Tensor):
        return gave.expand(count, *gave.shape[1:]) if gave.ndim and len(gave) == 1 else gave
    return tuple(_times(one, count) for one in gave) if isinstance(gave, tuple | list) else gave
