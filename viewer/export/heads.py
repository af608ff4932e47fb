"""Layers and heads: as options of an export, as lists to choose from in the window, and found by name."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from headlight.models.core.errors import HeadlightError
from headlight.models.core.layers import AttentionLayer, Head
from headlight.models.core.trace import Trace
from headlight.viewer.export.results import PICTURES
from headlight.viewer.options import Rule, option
from headlight.viewer.slices.names import find, with_head

ONE_MATRIX = Rule(("csv", *PICTURES))
"""Files that hold the weights of one head."""
HEADS = (("mean", "Mean of heads"), ("max", "Maximum of heads"), ("min", "Minimum of heads"))


def read_head(value: str) -> int | str:
    if value in dict(HEADS):
        return value
    try:
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(f"“{value}” is neither a number nor mean, max or min") from None


def layer_option(more: str = "", **said: Any) -> Any:
    """more: what there is beside one layer."""
    return option(
        f"the layer (the last one), by its number or name, or “Head 5.0” for head 0 of layer 5{more}",
        "Layer",
        named=True,
        metavar="INDEX-or-name",
        **said,
    )


def stack_option() -> Any:
    return option(
        "of an encoder–decoder: encoder, decoder or cross, in which --layer counts from 0 (all layers)",
        "Stack",
        named=True,
        metavar="NAME",
    )


def head_option(needed: Rule = ONE_MATRIX, **said: Any) -> Any:
    return option(
        "one head, or all as one",
        "Head",
        named=True,
        needed=needed,
        parse=read_head,
        metavar="H|mean|max|min",
        **said,
    )


def layer_and_heads(
    layer: str | None, head: Head | None, ending: str, trace: Trace, stack: str | None = None
) -> tuple[int, Sequence[Head]]:
    """(layer's index in the trace, the heads asked for), or HeadlightError with what there is."""
    numbers = layers_of(trace, stack)
    index = numbers[-1]
    if layer is not None:
        wanted, named = with_head(layer)
        names = [trace.layers[number].name for number in numbers]
        index = numbers[find(wanted, names, trace.model.id)]
        head = named if head is None else head
    heads = trace.layers[index].heads
    if head is None:
        if ending != "npz":
            raise HeadlightError(
                f"A {ending} file holds one matrix, and layer {index} has {heads} heads.",
                f"Choose --head 0 to {heads - 1}, mean, max or min.",
            )
        return index, range(heads)
    if isinstance(head, int) and not 0 <= head < heads:
        raise HeadlightError(
            f"Head {head} does not exist: layer {index} of {trace.model.id} has {heads}, 0 to {heads - 1}.",
            "Choose one of these with --head.",
        )
    return index, [head]


def layers_of(trace: Trace, stack: str | None) -> Sequence[int]:
    """The layers of a stack, None for all; HeadlightError with the stacks there are."""
    numbers = [at for at, layer in enumerate(trace.layers) if stack in (None, layer.stack)]
    if not numbers:
        there = ", ".join(trace.stacks)
        raise HeadlightError(
            f"There is no stack “{stack}”: the layers of {trace.model.id} are of {there}.",
            f"Choose one with --stack: {there}.",
        )
    return numbers


def at_layer(trace: Trace, number: int) -> dict[str, Any]:
    """What names a layer of the trace: its stack, where there are several, and its number in it."""
    stack = trace.layers[number].stack if len(trace.stacks) > 1 else None
    return {"stack": stack, "layer": str(list(layers_of(trace, stack)).index(number))}


def stack_list(trace: Trace, *_: object) -> list[tuple[Any, str]]:
    """The stacks that there are."""
    return [(stack, stack.capitalize()) for stack in trace.stacks]


def layer_list(trace: Trace, value: type, values: Mapping[str, Any], *_: object) -> list[tuple[Any, str]]:
    """All layers of attention, of the stack that is chosen, by their numbers as `value`s."""
    numbers = layers_of(trace, values.get("stack"))
    return [(value(at), f"{at} · {trace.layers[number].name}") for at, number in enumerate(numbers)]


def head_list(trace: Trace, values: Mapping[str, Any], needed: bool) -> list[tuple[Any, str]]:
    """All heads of the layer that is chosen, and those that make one of all."""
    each = [(head, f"Head {head}") for head in range(layer_of(trace, values).heads)]
    return [*([] if needed else [(None, "All heads")]), *HEADS, *each]


def layer_of(trace: Trace, values: Mapping[str, Any]) -> AttentionLayer:
    """The one that is chosen in the window."""
    return trace.layers[layers_of(trace, values.get("stack"))[_number(values.get("layer"))]]


def _number(layer: Any) -> int:
    """Of all layers the first stands for each."""
    return int(layer) if str(layer or "").isdigit() else 0


def heads_counted(layer: AttentionLayer, values: Mapping[str, Any]) -> int:
    return layer.heads if values.get("head") is None else 1
