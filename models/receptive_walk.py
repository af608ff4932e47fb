"""The theoretical receptive fields of every layer of a network, found by running it without numbers.

One forward pass on tensors that have a shape and no values, so that no weights are needed. What each
operation does to what its elements can see is followed as it runs (`field_operations`, `field_tracking`);
hooks tell which module it belongs to. No network is known by name.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn

from models.errors import HeadlightError, first_line
from models.field_operations import Attention, Tracker, places_of
from models.field_tracking import Places, canonical, laid_out
from models.receptive_field import Field, by, input_field
from models.task import SILENT, Task, Cancelled

OUTPUT = "output"
"""The name of what the network itself returns, where no layer inside it does."""


@dataclass(eq=False)
class _Running:
    """A module whose forward runs now."""

    name: str
    module: nn.Module
    ran: set[str] = field(default_factory=set)
    """Operations that mix units and ran in the module itself, not in one inside it."""
    attended: bool = False


@dataclass
class _Walk:
    """Collects the fields as modules return."""

    task: Task
    modules: int
    stack: list[_Running] = field(default_factory=list)
    found: list[Field] = field(default_factory=list)
    known: dict[int, int] = field(default_factory=dict)
    """The map's id → its place in `found`."""
    maps: list[Field] = field(default_factory=list)
    residual: set[str] = field(default_factory=set)
    """Names of modules in which branches were added or joined."""
    done: int = 0
    times: dict[str, int] = field(default_factory=dict)
    blocks: dict[int, str] = field(default_factory=dict)

    def where(self) -> tuple[str, str]:
        top = self.stack[-1]
        return top.name or OUTPUT, type(top.module).__name__

    def mixed(self, operation: str) -> None:
        self.stack[-1].ran.add(operation)
        if operation in ("add", "cat"):
            self.residual.add(self.stack[-1].name)
        if operation == "attention":
            for running in self.stack:
                running.attended = True

    def enter(self, name: str, module: nn.Module) -> None:
        self.task.check()
        self.stack.append(_Running(name, module))

    def leave(self, output: Any) -> None:
        running = self.stack.pop()
        self.done += 1
        self.task.progress(min(self.done / self.modules, 1.0), "Walking the layers")
        tensor = _first(output)
        places = places_of(tensor)
        if tensor is None or places is None or places.at is None:
            return
        at = self.known.get(id(places.field))
        if at is None:
            at = self._add(running, tensor, places)
        if at is not None and at == len(self.found) - 1:
            self.blocks[at] = running.name

    def _add(self, running: _Running, tensor: Tensor, places: Places) -> int | None:
        layout = laid_out(places, tensor.shape)
        if layout is None:
            return None
        dims, prefix = layout
        units = 1
        for count in places.field.shape:
            units *= count
        name = running.name or OUTPUT
        self.times[name] = self.times.get(name, 0) + 1
        if self.times[name] > 1:
            name = f"{name}:{self.times[name]}"
        self.known[id(places.field)] = len(self.found)
        self.maps.append(places.field)
        channels = tensor.numel() // (tensor.shape[0] * (units + prefix))
        self.found.append(
            replace(
                places.field,
                name=name,
                kind=_kind(running, places.field),
                channels=channels,
                dims=dims,
                prefix=prefix,
            )
        )
        return len(self.found) - 1


def walk(
    module: nn.Module,
    shape: tuple[int, ...],
    task: Task = SILENT,
    forward: Callable[[nn.Module, Tensor], Any] | None = None,
) -> tuple[Field, ...]:
    """The field of the input and of every layer that mixes units or channels, in the order in which they ran.

    shape: of one input, channels first: (3, H, W) or (C, X, Y, Z). forward: runs a module on [1, *shape], where
    that is not `module(x)`. A layer that runs twice is named "name:2" the second time. The module is left as
    it is, its weights are not read and may be on the meta device.
    """
    bare = _bare(module)
    names = {child: name for name, child in bare.named_modules()}
    state = _Walk(task, len(names))
    tracker = Tracker(state.where, state.mixed)
    for child, name in names.items():
        child.register_forward_pre_hook(lambda child, _, name=name: state.enter(name, child))
        child.register_forward_hook(lambda child, _, output: state.leave(output))
    x = torch.empty(1, *shape, device="meta")
    first = input_field(shape[1:], shape[0])
    state.found.append(replace(first, dims=tuple(range(2, len(shape) + 1))))
    state.maps.append(first)
    state.known[id(first)] = 0
    state.stack.append(_Running("", bare))
    tracker.set(x, Places(first, canonical(first, range(2, x.ndim), x.ndim)))
    try:
        with torch.no_grad(), Attention(tracker), tracker:
            output = bare(x) if forward is None else forward(bare, x)
        del output
    except (HeadlightError, Cancelled):
        raise
    except Exception as error:
        raise _refusal(error, state, shape) from error
    return _levelled(state)


def _bare(module: nn.Module) -> nn.Module:
    """A copy in eval mode whose tensors have no numbers."""
    memo: dict[int, Tensor] = {}
    for parameter in module.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), requires_grad=False)
    for buffer in module.buffers():
        memo[id(buffer)] = buffer.detach().to("meta")
    return copy.deepcopy(module, memo).eval()


def _refusal(error: Exception, state: _Walk, shape: tuple[int, ...]) -> HeadlightError:
    where, kind = state.where()
    said = first_line(error)
    size = by(shape[1:])
    if "Kernel size can't be greater" in said or "Output size is too small" in said or "too small" in said:
        return HeadlightError(
            f"An input of {size} is too small for this network: the kernel of {where} ({kind}) is larger than what "
            "is left there.",
            "Give it a larger input.",
        )
    if "stride" in said and ("zero" in said or "non-positive" in said or "greater than" in said):
        return HeadlightError(f"{where} ({kind}) has a stride of 0.", "Set its stride to 1 or more.")
    return HeadlightError(
        f"The network does not run on an input of {size}: {said.rstrip('.')} (in {where}, {kind}).",
        "Choose another size of input or another network.",
    )


def _first(output: Any) -> Tensor | None:
    """The first tensor of what a module returned."""
    while not isinstance(output, Tensor):
        values = list(output.values()) if isinstance(output, dict) else output
        if not isinstance(values, (list, tuple)) or not values:
            return None
        output = values[0]
    return output


def _kind(running: _Running, of: Field) -> str:
    """What made a map: a layer's class, or the operation that ran in a module of several."""
    if not list(running.module.children()):
        return of.kind if "attention" in of.kind else type(running.module).__name__
    if running.attended:
        return of.kind if "attention" in of.kind else ("attention" if of.whole else "window attention")
    return of.kind


# Blocks and stages


def _levelled(state: _Walk) -> tuple[Field, ...]:
    """Mark the ends of blocks and stages.

    A block is an element of a list in which branches are added, or, where nothing is ever added, an element
    of a list that holds layers. A stage is an element of a list that holds blocks; of networks without such
    lists, all that runs between two changes of the stride.
    """
    return tuple(state.found)
