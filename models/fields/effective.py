"""The effective receptive field: how much each pixel moves a unit.

Luo et al. 2016, "Understanding the effective receptive field in deep convolutional neural networks": the
gradient of a unit with respect to the input. Figures of it are in `figures`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

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
