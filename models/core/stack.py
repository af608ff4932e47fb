"""A stack of convolutions as a person builds it: kernel, stride, padding and dilation a layer. numpy only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Literal

import numpy as np

from headlight.models.core.errors import HeadlightError
from headlight.models.core.field import Field, input_field, merged, through


@dataclass(frozen=True)
class ConvLayer:
    """One layer, the same on all axes. kind: a convolution, or a pooling over the same window."""

    kernel: int = 3
    stride: int = 1
    padding: int = 0
    dilation: int = 1
    kind: Literal["convolution", "max pooling", "average pooling"] = "convolution"

    @property
    def reach(self) -> int:
        """From the first input unit that an output unit reads to the last: dilation·(kernel − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1


@dataclass(frozen=True)
class ConvStack:
    """Layers in order over an input of `side` units per axis. axes: 2 for pictures, 3 for voxels.

    parallel: every layer reads the input, and their outputs are added (the branches of ASPP).
    """

    layers: tuple[ConvLayer, ...] = (ConvLayer(), ConvLayer(), ConvLayer())
    side: int = 15
    axes: Literal[2, 3] = 2
    parallel: bool = False


def _same(*dilations: int) -> tuple[ConvLayer, ...]:
    return tuple(ConvLayer(3, 1, rate, rate) for rate in dilations)


_POOL = ConvLayer(2, 2, kind="max pooling")

PRESETS: dict[str, ConvStack] = {
    "Plain 3×3": ConvStack(_same(1, 1, 1, 1), 17),
    "Dilated 1-2-4-8": ConvStack(_same(1, 2, 4, 8), 33),
    # Chen et al. 2018 (DeepLab), ASPP-L: four branches over one map of 513 / 8 units, their outputs added.
    "ASPP rates": ConvStack(_same(6, 12, 18, 24), 65, parallel=True),
    # Simonyan and Zisserman 2015, configuration D up to pool5.
    "VGG16": ConvStack(sum(((*_same(*[1] * count), _POOL) for count in (2, 2, 3, 3, 3)), ()), 224),
    "3D stack": ConvStack((*_same(1, 1), ConvLayer(2, 2), *_same(1, 1), ConvLayer(2, 2), *_same(1)), 24, 3),
    # Dumoulin and Visin 2016, figure 5.1: i = 7, k = 3, d = 2, s = 1, p = 0.
    "No padding, no stride, dilation 2": ConvStack((ConvLayer(3, 1, 0, 2),), 7),
}
"""Stacks to begin with, by title."""


def check(stack: ConvStack) -> None:
    """Raise a `HeadlightError` that names the first layer which cannot be computed, and says why."""
    if stack.side < 1:
        raise HeadlightError("The input has no units.", "Give it a side of at least 1.")
    if not stack.layers:
        raise HeadlightError("The stack has no layers.", "Add a layer.")
    side = stack.side
    for number, layer in enumerate(stack.layers, 1):
        problem = fault(layer, stack.side if stack.parallel else side)
        if problem is not None:
            raise HeadlightError(f"Layer {number} {problem[0]}", problem[1])
        side = _after(layer, stack.side if stack.parallel else side)
    if stack.parallel and len(set(shapes(stack))) > 1:
        counts = ", ".join(map(str, shapes(stack)))
        raise HeadlightError(
            f"The branches give {counts} units and cannot be added.",
            "Give all branches the same stride, and each a padding of dilation·(kernel − 1) / 2.",
        )


def fault(layer: ConvLayer, side: int) -> tuple[str, str] | None:
    """What keeps a layer from running over `side` units: (the end of a sentence, the next step), or None."""
    for what in ("kernel", "stride", "dilation"):
        if getattr(layer, what) < 1:
            return f"has a {what} of {getattr(layer, what)}.", f"Set its {what} to 1 or more."
    if layer.padding < 0:
        return f"has a padding of {layer.padding}.", "Set its padding to 0 or more."
    if layer.kind != "convolution" and layer.padding > layer.reach // 2:
        return (
            f"is a pooling with a padding of {layer.padding}, so that some units see padding alone.",
            f"Set its padding to {layer.reach // 2} or less.",
        )
    if layer.reach > side + 2 * layer.padding:
        padded = f" and {layer.padding} of padding at either end" if layer.padding else ""
        return (
            f"has a kernel that reaches over {layer.reach} units, but its input has {side}{padded}.",
            "Make the kernel, the dilation or earlier strides smaller, or the input or the padding larger.",
        )
    return None


def shapes(stack: ConvStack) -> tuple[int, ...]:
    """Units per axis after each layer."""
    return tuple(_after(layer, side) for layer, side in zip(stack.layers, sides(stack), strict=True))


def sides(stack: ConvStack) -> tuple[int, ...]:
    """Units per axis that each layer reads."""
    found = []
    side = stack.side
    for layer in stack.layers:
        found.append(side)
        side = stack.side if stack.parallel else _after(layer, side)
    return tuple(found)


def fields(stack: ConvStack) -> tuple[Field, ...]:
    """The input's field and each layer's ("layer 1", ...); of branches their sum's too, as the last."""
    check(stack)
    found = [input_field((stack.side,) * stack.axes)]
    for number, layer in enumerate(stack.layers, 1):
        before = found[0] if stack.parallel else found[-1]
        name = f"layer {number}"
        found.append(
            through(
                before, layer.kernel, layer.stride, layer.padding, layer.dilation, name=name, kind=layer.kind
            )
        )
    if stack.parallel:
        found.append(merged(found[1:], "add", "sum"))
    found[-1] = replace(found[-1], level="stage")
    return tuple(found)


def effective(stack: ConvStack, layer: int, unit: tuple[int, ...]) -> np.ndarray:
    """float64 (side,) * axes: the gradient of a unit of layer `layer` (from 0), each weight 1 / kernelᵃˣᵉˢ.

    Luo et al. 2016, section 2: exact for uniform weights, as a product of one gradient per axis. Maximum
    pooling is taken for an average: which unit is the largest depends on the input. With branches, layer
    len(layers) is the mean of them all. Sums to 1 but for what lies in the padding.
    """
    check(stack)
    if stack.parallel:
        branches = range(len(stack.layers)) if layer == len(stack.layers) else (layer,)
        chains = [((stack.layers[branch],), (stack.side,)) for branch in branches]
    else:
        chains = [(stack.layers[: layer + 1], sides(stack)[: layer + 1])]
    field = fields(stack)[layer + 1]
    field.box(unit)  # says what is wrong with a unit outside the map
    parts = [
        reduce(np.multiply.outer, [_gradient(layers, lengths, u) for u in unit]) for layers, lengths in chains
    ]
    return np.mean(parts, axis=0)


def taps(layer: ConvLayer, unit: int, side_in: int) -> np.ndarray:
    """int (kernel,): the input units that unit `unit` reads on one axis; outside [0, side_in) is padding."""
    count = _after(layer, side_in)
    if not 0 <= unit < count:
        raise HeadlightError(
            f"The layer gives {count} units; there is no unit {unit}.", "Choose a unit inside the map."
        )
    return unit * layer.stride - layer.padding + layer.dilation * np.arange(layer.kernel)


def _after(layer: ConvLayer, side: int) -> int:
    return (side + 2 * layer.padding - layer.reach) // layer.stride + 1


def _gradient(layers: tuple[ConvLayer, ...], lengths: tuple[int, ...], unit: int) -> np.ndarray:
    """float64 (side,): of one axis, from the last of the layers back to the input."""
    flowing = np.zeros(_after(layers[-1], lengths[-1]))
    flowing[unit] = 1.0
    for layer, side in zip(reversed(layers), reversed(lengths), strict=True):
        padded = np.zeros(side + 2 * layer.padding)
        for tap in range(layer.kernel):
            at = tap * layer.dilation
            padded[at : at + layer.stride * len(flowing) : layer.stride][: len(flowing)] += (
                flowing / layer.kernel
            )
        flowing = padded[layer.padding : layer.padding + side]
    return flowing
