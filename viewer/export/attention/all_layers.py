"""Export of the weights of all layers into one file, whose size is said before they are computed."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.task import Task
from headlight.models.core.trace import Trace
from headlight.viewer.export.results import Result, check_layers

ALL = "all"
"""In place of a layer."""


def numbers_of(layers: Sequence[AttentionLayer], head: Head | None) -> int:
    """How many weights these layers have; head: None for all heads."""
    return sum((one.heads if head is None else 1) * len(one.queries) * len(one.keys) for one in layers)


def all_layers(trace: Trace, layers: Sequence[AttentionLayer], head: Head | None, task: Task) -> Result:
    """attention: float32 (layers, heads, queries, keys) with the labels of its tokens; of layers of several
    stacks an array each, `attention_encoder` and so on, of other shapes one a layer, `attention_0`.

    head: None for all heads. HeadlightError where they do not fit into memory.
    """
    heads = [layer.heads for layer in layers]
    if isinstance(head, int) and not 0 <= head < min(heads):
        raise HeadlightError(
            f"Head {head} is not in every layer: there are {min(heads)} in one of them.",
            f"Choose --head 0 to {min(heads) - 1}, mean, max or min, or leave it out.",
        )
    _fits(4 * numbers_of(layers, head))
    check_layers(layers, task)

    def arrays() -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {"layer_names": np.array([layer.name for layer in layers])}
        for name, group in _grouped(layers).items():
            end = name.removeprefix("attention")
            found[name] = np.stack([_weights(layer, head, task) for layer in group])
            found[f"query_labels{end}"] = np.array(group[0].queries.labels)
            found[f"key_labels{end}"] = np.array(group[0].keys.labels)
        return found | trace.inputs

    size = 4 * numbers_of(layers, head)
    said = f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{max(size / 1e6, 0.1):,.1f} MB"
    return Result(arrays, said=f"The weights of {len(layers)} layers take {said}.")


def _grouped(layers: Sequence[AttentionLayer]) -> dict[str, list[AttentionLayer]]:
    """Layers that can stand in one array, by its name."""
    for named in (
        lambda number, layer: "attention",
        lambda number, layer: f"attention_{layer.stack}",
        lambda number, layer: f"attention_{number}",
    ):
        groups: dict[str, list[AttentionLayer]] = {}
        for number, layer in enumerate(layers):
            groups.setdefault(named(number, layer), []).append(layer)
        if all(len({_lies(one) for one in group}) == 1 for group in groups.values()):
            break
    return groups


def _lies(layer: AttentionLayer) -> tuple[int, ...]:
    """Heads, and from which tokens to which."""
    return layer.heads, id(layer.queries), id(layer.keys)


def _weights(layer: AttentionLayer, head: Head | None, task: Task) -> np.ndarray:
    task.check()
    every: Sequence[Head] = range(layer.heads) if head is None else [head]
    return np.stack([layer.matrix(one) for one in every])


def _fits(size: int) -> None:
    import psutil

    free = psutil.virtual_memory().available
    if 2 * size > free:  # once as arrays, once as a file
        raise HeadlightError(
            f"All layers take {size / 1e9:.1f} GB, and {free / 1e9:.1f} GB of memory are free.",
            "Choose one with --layer, --head mean, or a shorter text.",
        )
