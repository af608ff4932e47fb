"""The theoretical receptive fields of every layer of a network, found by running it without numbers.

One forward pass on tensors that have a shape and no values, so that no weights are needed. What each
operation does to what its elements can see is followed as it runs (`operations`, `tracking`);
hooks tell which module it belongs to. No network is known by name.
"""

from __future__ import annotations

import copy
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod
from typing import Any

import torch
from torch import Tensor, nn

from headlight.models.core.errors import HeadlightError, first_line
from headlight.models.core.field import Field, by, input_field, joined
from headlight.models.core.task import SILENT, Cancelled, Task
from headlight.models.fields.operations import places_of, set_places
from headlight.models.fields.tracker import Functions, Tracker
from headlight.models.fields.tracking import Places, canonical, laid_out

OUTPUT = "output"
"""The name of what the network itself returns, where no layer inside it does."""


@dataclass(eq=False)
class _Running:
    """A module whose forward runs, or ran: then `places` and `shape` are those of what it returned."""

    name: str
    module: nn.Module
    call: int = 1
    ran: set[str] = field(default_factory=set)
    """Operations that mix units and ran in the module itself, not in one inside it."""
    attended: bool = False
    places: Places | None = None
    shape: tuple[int, ...] = ()

    @property
    def leaf(self) -> bool:
        return not self.module._modules


class _Walk:
    """Follows which module runs, and keeps what each returned, in order."""

    def __init__(self, task: Task, modules: dict[str, nn.Module]) -> None:
        self.task = task
        self.modules = modules
        self.stack = [_Running("", modules[""])]
        self.returned: list[_Running] = []
        self.joins: set[str] = set()
        """Modules in which branches were added or joined."""
        self.calls: Counter[str] = Counter()

    def where(self) -> tuple[str, str]:
        top = self.stack[-1]
        return top.name or OUTPUT, type(top.module).__name__

    def mixed(self, operation: str) -> None:
        self.stack[-1].ran.add(operation)
        if operation in ("add", "cat"):
            self.joins.add(self.stack[-1].name)
        if operation == "attention":
            for running in self.stack:
                running.attended = True

    def enter(self, name: str, module: nn.Module) -> None:
        self.calls[name] += 1
        share = min(len(self.calls) / len(self.modules), 1.0)
        self.task.progress(share, "Walking the layers")
        self.stack.append(_Running(name, module, self.calls[name]))

    def leave(self, output: Any) -> None:
        running = self.stack.pop()
        tensor = first_tensor(output)
        if tensor is not None:
            running.places, running.shape = places_of(tensor), tuple(tensor.shape)
            self.returned.append(running)


def walk(
    module: nn.Module,
    shape: tuple[int, ...],
    task: Task = SILENT,
    forward: Callable[[nn.Module, Tensor], Any] | None = None,
) -> tuple[Field, ...]:
    """The field of the input and of every layer that mixes units or channels, in the order they ran.

    shape: of one input, channels first: (3, H, W) or (C, X, Y, Z). forward: runs a module on [1, *shape],
    where that is not `module(x)`. A layer that runs twice is named "name:2" the second time. The module is
    left as it is, its weights are not read and may be on the meta device. Channels of a tensor are taken
    together: where some see less (joined branches of which a part is read), the field is what all see.

    Windows that were rolled over the picture's edge are told apart by a mask, which in Swin takes 100 from
    the scores: e⁻¹⁰⁰ of a weight is left. `intervals` do not count it, as no single-precision gradient shows
    it; `size` and `start` do, as arithmetic does, and a note says so where that makes a difference.
    """
    bare = _bare(module)
    fields, weakened = _walked(bare, shape, task, forward, weak=False)
    if not weakened:
        return fields
    weak, _ = _walked(bare, shape, task, forward, weak=True)
    return tuple(map(_with_weak, fields, weak))


def _with_weak(field: Field, weak: Field) -> Field:
    """The field, its size counting what a mask only weakens."""
    if field.size == weak.size or field.whole or weak.whole:
        return field
    note = f"The size counts e⁻¹⁰⁰ of a weight that a mask leaves: {by(field.size)} without it."
    return replace(field, size=weak.size, start=weak.start, note=joined(field.note, note))


def _walked(
    bare: nn.Module,
    shape: tuple[int, ...],
    task: Task,
    forward: Callable[[nn.Module, Tensor], Any] | None,
    weak: bool,
) -> tuple[tuple[Field, ...], bool]:
    """(fields, whether a mask was met that only weakens)"""
    modules = dict(bare.named_modules())
    state = _Walk(task, modules)
    tracker = Tracker(state.where, state.mixed, weak)
    hooks = []
    for name, child in modules.items():
        hooks.append(child.register_forward_pre_hook(lambda child, _, name=name: state.enter(name, child)))
        hooks.append(child.register_forward_hook(lambda child, _, output: state.leave(output)))
    dims = tuple(range(2, len(shape) + 1))
    first = replace(input_field(shape[1:], shape[0]), dims=dims)
    numbers = (p.dtype for p in bare.parameters() if p.is_floating_point())
    x = torch.empty(1, *shape, device="meta", dtype=next(numbers, torch.float32))
    set_places(x, Places(first, canonical(first, dims, x.ndim)))
    try:
        with torch.no_grad(), Functions(tracker), tracker:
            bare(x) if forward is None else forward(bare, x)
    except (HeadlightError, Cancelled):
        raise
    except Exception as error:
        raise _refusal(error, state, shape) from error
    finally:
        for hook in hooks:
            hook.remove()
    return _listed(first, state), tracker.weakened


def _listed(first: Field, state: _Walk) -> tuple[Field, ...]:
    """One field a map, named by the innermost module that gave it out."""
    found = [first]
    numbers = {id(first): 0}
    owners = {0: "input"}
    blocks = _blocks(state)
    ends: dict[int, str] = {}
    for running in state.returned:
        places = running.places
        if places is None or places.at is None:
            continue
        number = numbers.get(id(places.field))
        # A norm or an activation that gives out what its surroundings added is not what added it.
        if number is None and (running.ran or not running.leaf):
            layout = laid_out(places, running.shape)
            if layout is None:
                continue
            number = numbers[id(places.field)] = len(found)
            owners[number] = running.name
            found.append(_told(running, places.field, *layout))
        if number and running.name in blocks:
            ends[number] = running.name
    return tuple(_levelled(found, owners, ends, state.modules))


def _told(running: _Running, of: Field, dims: tuple[int, ...], prefix: int) -> Field:
    """A map's field with its name and the layout of the tensor that holds it."""
    name = running.name or OUTPUT
    units = prefix + prod(of.shape)
    if running.leaf and "attention" not in of.kind:
        kind = type(running.module).__name__
    elif running.attended:
        kind = "attention" if of.whole else "window attention"
    else:
        kind = of.kind
    return replace(
        of,
        name=name if running.call == 1 else f"{name}:{running.call}",
        kind=kind,
        channels=prod(running.shape) // (running.shape[0] * units),
        dims=dims,
        prefix=prefix,
    )


def _bare(module: nn.Module) -> nn.Module:
    """A copy in eval mode whose tensors have no numbers."""
    memo: dict[int, Any] = {}
    for parameter in module.parameters():
        memo[id(parameter)] = nn.Parameter(parameter.detach().to("meta"), requires_grad=False)
    for buffer in module.buffers():
        memo[id(buffer)] = buffer.detach().to("meta")
    for part in module.modules():
        for hooks in (part._forward_hooks, part._forward_pre_hooks):
            # Another thread may be recording the module: those hooks are about its pass alone.
            memo[id(hooks)] = OrderedDict((key, hook) for key, hook in hooks.items() if not _ours(hook))
    return copy.deepcopy(module, memo).eval()


def _ours(hook: Callable) -> bool:
    return getattr(getattr(hook, "func", hook), "__module__", "").startswith("headlight.models.")


def _refusal(error: Exception, state: _Walk, shape: tuple[int, ...]) -> HeadlightError:
    where, kind = state.where()
    said = first_line(error)
    size = by(shape[1:])
    if "Kernel size can't be greater" in said or "Output size is too small" in said or "too small" in said:
        return HeadlightError(
            f"An input of {size} is too small for this network: the kernel of {where} ({kind}) is larger "
            "than what is left there.",
            "Give it a larger input.",
        )
    if isinstance(error, ZeroDivisionError) or "stride should not be zero" in said:
        return HeadlightError(f"{where} ({kind}) has a stride of 0.", "Set its stride to 1 or more.")
    return HeadlightError(
        f"The network does not run on an input of {size}: {said.rstrip('.')} (in {where}, {kind}).",
        "Choose another size of input or another network.",
    )


def first_tensor(output: Any) -> Tensor | None:
    """The first tensor of what a module returned."""
    while not isinstance(output, Tensor):
        values = list(output.values()) if isinstance(output, dict) else output
        if not isinstance(values, (list, tuple)) or not values:
            return None
        output = values[0]
    return output


# Blocks and stages


def _element(name: str, modules: dict[str, nn.Module]) -> bool:
    """The module is one of a list of modules."""
    parent, _, last = name.rpartition(".")
    return last.isdigit() and isinstance(modules[parent], (nn.ModuleList, nn.Sequential))


def _blocks(state: _Walk) -> set[str]:
    """The blocks' names: elements of a list in which, or in whose kind, branches are added.

    Where nothing is added, the innermost elements of a list that are made of several layers.
    """
    modules = state.modules
    parts = {name for name in state.calls if name and _element(name, modules) and modules[name]._modules}
    kinds = set()
    for name in state.joins:
        while name and name not in parts:
            name = name.rpartition(".")[0]
        if name:
            kinds.add(type(modules[name]))
    if kinds:
        return {name for name in parts if type(modules[name]) in kinds}
    return {name for name in parts if not any(other.startswith(name + ".") for other in parts)}


def _levelled(
    found: list[Field], owners: dict[int, str], ends: dict[int, str], modules: dict[str, nn.Module]
) -> list[Field]:
    """Mark the ends of blocks and stages. ends: which block each field is the end of.

    A stage is an element of a list that holds blocks. Where there are no two such, it is all that runs
    between two changes of the map's size; a pooling closes the stage before it.
    """
    stages = {number: _stage(block, modules) for number, block in ends.items()}
    if len(set(stages.values()) - {None}) > 1:
        last = {stage: number for number, stage in stages.items() if stage is not None}
        closing = set(last.values())
    else:
        closing = _between_sizes(found, owners, ends)
    levels = {number: "stage" if number in closing else "block" for number in {*ends, *closing}}
    return [replace(f, level=levels.get(number, "operation")) for number, f in enumerate(found)]


def _stage(block: str, modules: dict[str, nn.Module]) -> str | None:
    """The element of a list that holds the list that the block stands in."""
    name = block.rpartition(".")[0]
    while name and not _element(name, modules):
        name = name.rpartition(".")[0]
    return name or None


def _between_sizes(found: list[Field], owners: dict[int, str], ends: dict[int, str]) -> set[int]:
    inside = tuple(f"{block}." for block in ends.values())
    outer = [
        number
        for number in range(1, len(found))
        if (number in ends or not owners[number].startswith(inside)) and prod(found[number].shape) > 1
    ]
    closing = set(outer[-1:])
    for number, following in pairwise(outer):
        if found[number].shape != found[following].shape:
            closing.add(following if "Pool" in found[following].kind else number)
    return closing
