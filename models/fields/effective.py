"""The effective receptive field: how much each pixel moves a unit. And measured extents, to check theory by.

Luo et al. 2016, "Understanding the effective receptive field in deep convolutional neural networks": the
gradient of a unit with respect to the input. Figures of it are in `figures`.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from headlight.models.core.errors import HeadlightError, first_line
from headlight.models.core.field import Field, by
from headlight.models.core.task import SILENT, Task
from headlight.models.fields.walk import OUTPUT, first_tensor

Forward = Callable[[nn.Module, Tensor], Any]
Layout = tuple[tuple[int, ...], int, tuple[int, ...]]
"""The dimensions that hold a map's axes, tokens before the map, units per axis."""
Grid = tuple[int, int, int]
"""Rows and columns of a sequence of tokens, and how many tokens stand before them."""


@dataclass(frozen=True, eq=False)
class Effective:
    """heat: float32 (H, W[, D]) in pixels of the input, mean over `inputs` of Σ_c |∂ Σ y[unit] / ∂ x[c]|."""

    heat: np.ndarray
    inputs: int


class _Reached(Exception):
    """The layer has run: the rest of the network need not."""


def effective_field(
    module: nn.Module,
    inputs: Iterable[Tensor],
    layer: str | Field,
    unit: tuple[int, ...],
    count: int,
    task: Task = SILENT,
    forward: Forward | None = None,
    grid: Grid | None = None,
) -> Effective:
    """The gradient of the sum of a unit's channels with respect to the input, averaged over `count` inputs.

    inputs: each [1, C, H, W] (3D: [1, C, X, Y, Z]), as the module takes them; no more than `count` are read.
    layer: a field of `walk`, which knows how its layer's output is laid out; or a module's name, whose output
    is [B, C, rows, columns], or [B, tokens, C] with `grid`. A partial `Effective` is handed out after each
    input. The module is used as it is: put it in eval mode first.
    """
    name, layout = _found(layer)
    total: np.ndarray | None = None
    done = 0
    with _stopped_after(module, name, task) as run:
        for x in inputs:
            if done == count:
                break
            task.progress(done / count, f"Effective field, input {done + 1} of {count}")
            x = x.detach().requires_grad_()
            with torch.enable_grad():
                y = run(x, forward)
                value = _at_unit(y, name, unit, layout, grid).sum()
                if not value.requires_grad:
                    raise HeadlightError(
                        f"What {name} gives does not depend on the input.", "Choose a layer after the input."
                    )
                (gradient,) = torch.autograd.grad(value, x)
            heat = gradient.abs().sum((0, 1)).double().cpu().numpy()
            if not np.isfinite(heat).all():
                raise HeadlightError(
                    f"The gradient of {name} is no number (NaN or infinite) at some pixels.",
                    "The network's weights are damaged: choose another.",
                )
            total = heat if total is None else total + heat
            done += 1
            task.partial(Effective((total / done).astype(np.float32), done))
    if total is None:
        raise HeadlightError("There is no input to take a gradient of.", "Give at least one.")
    task.progress(1.0, "Effective field done")
    return Effective((total / done).astype(np.float32), done)


def _found(layer: str | Field) -> tuple[str, Layout | None]:
    if isinstance(layer, Field):
        return layer.name, (layer.dims, layer.prefix, layer.shape)
    return layer, None


@contextmanager
def _stopped_after(
    module: nn.Module, layer: str, task: Task = SILENT
) -> Iterator[Callable[[Tensor, Forward | None], Tensor]]:
    """run(x, forward) → what `layer` returned; of the network no more is computed than that.

    The hooks answer to this thread alone: another may run the module meanwhile.
    """
    name, _, number = layer.partition(":")
    modules = dict(module.named_modules())
    if name == OUTPUT and name not in modules:
        name = ""
    if name not in modules or not (number or "1").isdigit():
        raise HeadlightError(f"The network has no layer {layer}.", "Choose one of its layers.")
    mine = threading.get_ident()
    wanted = int(number or 1)
    found: list[Tensor | None] = []

    def check(*_: Any) -> None:
        if threading.get_ident() == mine:
            task.check()

    def keep(_: nn.Module, __: Any, output: Any) -> None:
        if threading.get_ident() == mine:
            found.append(first_tensor(output))
            if len(found) == wanted:
                raise _Reached

    def run(x: Tensor, forward: Forward | None) -> Tensor:
        found.clear()
        try:
            module(x) if forward is None else forward(module, x)
        except _Reached:
            pass
        except RuntimeError as error:
            said = first_line(error).rstrip(".")
            raise HeadlightError(
                f"The network does not run on an input of {by(x.shape[2:])}: {said}.",
                "Choose another size of input.",
            ) from error
        if len(found) < wanted or found[-1] is None:
            raise HeadlightError(f"{layer} did not run, or gave no numbers.", "Choose another layer.")
        return found[-1]

    hooks = [m.register_forward_pre_hook(check) for m in modules.values()]
    hooks.append(modules[name].register_forward_hook(keep))
    try:
        yield run
    finally:
        for hook in hooks:
            hook.remove()
        found.clear()


def _at_unit(
    y: Tensor,
    name: str,
    unit: tuple[int, ...],
    layout: Layout | None,
    grid: Grid | None,
) -> Tensor:
    """What a layer gave at one unit: [B, C]."""
    if layout is None:
        if grid is not None:
            layout = ((1,), grid[2], grid[:2])
        elif y.ndim >= 4:
            layout = (tuple(range(2, y.ndim)), 0, tuple(y.shape[2:]))
        else:
            raise HeadlightError(
                f"What {name} gives has {y.ndim} dimensions and is no map.",
                "Choose a layer that gives a map.",
            )
    dims, prefix, shape = layout
    if len(unit) != len(shape) or any(not 0 <= u < n for u, n in zip(unit, shape, strict=True)):
        raise HeadlightError(
            f"The map of {name} has {by(shape)} units; there is no unit {tuple(unit)}.",
            "Choose a unit inside the map.",
        )
    if len(dims) == 1:
        return y.select(dims[0], prefix + int(np.ravel_multi_index(unit, shape)))
    for dim, u in sorted(zip(dims, unit, strict=True), reverse=True):
        y = y.select(dim, u)
    return y


def measured_extent(
    module: nn.Module,
    shape: tuple[int, ...],
    layer: str | Field,
    unit: tuple[int, ...],
    probe: Literal["nan", "change"] = "nan",
    forward: Forward | None = None,
    grid: Grid | None = None,
    seed: int = 0,
) -> tuple[tuple[int, int], ...]:
    """Per axis [first, last + 1): the pixels that really reach a unit, cut at the picture's edge.

    By trial, whatever the network. "nan": pixels are made NaN, which neither maximum pooling nor activations
    nor small weights stop; but masks and statistics do not stop it either. "change": pixels of random inputs
    are set to large random numbers in double precision; what changes the unit by 1e-9 of its size counts.
    shape: of one input, channels first. An axis that does not reach the unit gives (0, 0).
    """
    net = copy.deepcopy(module).double().eval()
    random = torch.Generator().manual_seed(seed)
    trials = 1 if probe == "nan" else 2
    pictures = [torch.randn(1, *shape, generator=random, dtype=torch.float64) for _ in range(trials)]
    others = [p + 30 * torch.randn(1, *shape, generator=random, dtype=torch.float64) for p in pictures]
    name, layout = _found(layer)
    with torch.no_grad(), _stopped_after(net, name) as run:
        before = [_at_unit(run(p, forward), name, unit, layout, grid) for p in pictures]

        def reached(axis: int, start: int, stop: int) -> bool:
            """Pixels [start, stop) of an axis, and all of the others, reach the unit."""
            part = (slice(None),) * (2 + axis) + (slice(start, stop),)
            for picture, other, given in zip(pictures, others, before, strict=True):
                changed = picture.clone()
                changed[part] = torch.nan if probe == "nan" else other[part]
                now = _at_unit(run(changed, forward), name, unit, layout, grid)
                if now.isnan().any() or ((now - given).abs() > 1e-9 * given.abs().max()).any():
                    return True
            return False

        found = []
        for axis, side in enumerate(shape[1:]):
            if not reached(axis, 0, side):
                found.append((0, 0))
                continue
            first = _least(lambda n, axis=axis: reached(axis, 0, n), side) - 1
            last = side - _least(lambda n, axis=axis, side=side: reached(axis, side - n, side), side)
            found.append((first, last + 1))
    return tuple(found)


def _least(holds: Callable[[int], bool], highest: int) -> int:
    """The least n in 1 … highest for which `holds`, which holds for all larger ones."""
    low, high = 1, highest
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
