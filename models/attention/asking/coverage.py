"""How many of a model's layers have weights between tokens: many models carry a state on in the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from torch import nn

from headlight.models.attention.calls import Call


def without_weights(model: nn.Module, calls: Sequence[Call]) -> tuple[int, int]:
    """(layers of which no call was recorded, of how many); (0, 0) where calls do not say their module.

    Layers are what is repeated and what, in one of its repeats at least, attends.
    """
    names = {id(module): name for name, module in model.named_modules()}
    called = [call.name.partition(":")[0] for call in calls]
    if not set(called) <= set(names.values()):
        return 0, 0
    lacking = every = 0
    for layers in _repeated(model):
        attends = [any(name.startswith(f"{names[id(layer)]}.") for name in called) for layer in layers]
        if any(attends) or any(_is_attention(part) for layer in layers for part in layer.modules()):
            lacking, every = lacking + attends.count(False), every + len(attends)
    return lacking, every


def said_of(title: str, model: nn.Module, calls: Sequence[Call]) -> tuple[str, ...]:
    """A notice, where some layers have no weights."""
    lacking, every = without_weights(model, calls)
    if not 0 < lacking < every:
        return ()
    return (
        f"{lacking:,} of {every:,} layers of {title} have no weights between tokens that could be shown: "
        "they carry a state on, convolve, or attend in a way of their own.",
    )


def _repeated(module: nn.Module) -> Iterator[list[nn.Module]]:
    """The outermost lists of layers of one class, in which some may be of another."""
    if isinstance(module, nn.ModuleList) and len(module) > 1:
        yield list(module)
        return
    for child in module.children():
        yield from _repeated(child)


def _is_attention(module: nn.Module) -> bool:
    return "Attention" in type(module).__name__
