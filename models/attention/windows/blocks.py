"""How the blocks of a model cut their maps into windows: seen while they do it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from headlight.models.attention.calls import Call
from headlight.models.attention.windows.layer import Shift, WindowLayer, spread_slots, window_slots
from headlight.models.core.tokens import PatchTokens


@dataclass(frozen=True)
class Placement:
    """How one block cut its map. misplaced: largest |what its windows held − the tokens said to be there|."""

    grid: tuple[int, int]
    window: int
    shift: Shift
    misplaced: float
    spread: bool = False


def placed_on(call: Call, tokens: PatchTokens, cut: Placement) -> WindowLayer:
    """The layer of a call in windows, as a block was seen to cut its map."""
    return WindowLayer(call, tokens, cut.window, cut.shift, cut.misplaced, spread=cut.spread)


_ATTENTION, _NORMS = ("attention", "attn"), ("layernorm_before", "layer_norm1", "norm1")
"""What blocks call the part that attends, and the norm of what they cut."""


class WindowBlocks:
    """The blocks of a model that attend in windows: of Swin's kin, whichever, and of SAM's, not shifted."""

    def __init__(self, model: nn.Module) -> None:
        # A block that meets a map smaller than its window shrinks the window for good: the next picture
        # would be cut by the wrong one.
        self._made = {
            name: (block, getattr(block, _size_name(block)), getattr(block, "shift_size", 0))
            for name, block in model.named_modules()
            if (window := _side(getattr(block, _size_name(block), None))) is not None
            and (shift := _side(getattr(block, "shift_size", 0))) is not None
            and (window or shift)
            and _part(block, _ATTENTION) is not None
        }

    def __bool__(self) -> bool:
        return bool(self._made)

    @property
    def smallest(self) -> int:
        """The fewest tokens on the short side of a map that these blocks can cut.

        A bias of a position for each pair in the window cannot shrink with the window.
        """
        fixed = [
            window for block, window, _ in self._made.values() if hasattr(block, "set_shift_and_window_size")
        ]
        return max(fixed, default=1)

    def of(self, name: str) -> str | None:
        """The block in which the attention module `name` lies."""
        return next((block for block in self._made if name.startswith(f"{block}.")), None)

    @contextmanager
    def watched(self) -> Iterator[dict[str, Placement]]:
        """While the model runs: by block, how it cuts its map and whether its windows hold what we think."""
        found: dict[str, Placement] = {}
        with ExitStack() as stack:
            for name, (block, window, shift) in self._made.items():
                stack.callback(_restore, block, window, shift)
                _restore(block, window, shift)
                _watch(name, block, found, stack)
            yield found


def _size_name(block: nn.Module) -> str:
    """Under which name a block keeps the side of its windows: MaxViT's have those of a map too."""
    return "partition_size" if hasattr(block, "partition_block") else "window_size"


def _side(size: Any) -> int | None:
    """Of a square as blocks have it, one number or two that are equal; None of anything else."""
    if isinstance(size, tuple | list) and len(set(size)) == 1:
        size = size[0]
    return size if isinstance(size, int) else None


def _shift(size: Any) -> Shift:
    """The same of a shift, which may be another along either axis."""
    side = _side(size)
    return side if side is not None else size if isinstance(size, tuple) and len(size) == 2 else 0


def _part(block: nn.Module, names: tuple[str, ...]) -> nn.Module | None:
    """The first part of one of these names."""
    parts = (getattr(block, name, None) for name in names)
    return next((part for part in parts if isinstance(part, nn.Module)), None)


def _restore(block: nn.Module, window: Any, shift: Any) -> None:
    setattr(block, _size_name(block), window)
    if hasattr(block, "shift_size"):
        block.shift_size = shift


def _watch(name: str, block: nn.Module, found: dict[str, Placement], stack: ExitStack) -> None:
    """Hooks on a block until `stack` closes. What it cuts is its input, or its input after a first norm."""
    seen: dict[str, Any] = {}
    thread = threading.get_ident()  # another one may run the same model, unrecorded

    def begins(_: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        if threading.get_ident() != thread:
            return
        seen["map"] = args[0] if args else kwargs["hidden_states"]
        sides = kwargs.get("input_dimensions", args[1] if len(args) > 1 else None)
        seen["grid"] = tuple(int(n) for n in sides) if isinstance(sides, tuple | list) else None

    def normed(_: nn.Module, __: tuple, output: Tensor) -> None:
        if threading.get_ident() == thread:
            seen["map"] = output

    def attends(_: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        held = (args[0] if args else kwargs["hidden_states"]).detach().flatten(1, -2)  # [windows, w², C]
        if threading.get_ident() != thread:
            return
        grid = seen["grid"] or tuple(seen["map"].shape[1:3])
        window = _side(getattr(block, _size_name(block))) or 0
        shift = _shift(getattr(block, "shift_size", 0))
        spread = getattr(block, "partition_block", True) is False
        cut = spread_slots(grid, window) if spread else window_slots(grid, window, shift)
        slots = torch.as_tensor(cut, device=held.device)
        tokens = seen["map"].detach().flatten(0, -2)  # [n, C]
        if held.shape[:2] != slots.shape or len(tokens) != grid[0] * grid[1]:
            found[name] = Placement(grid, window, shift, float("inf"), spread)
            return
        expected = nn.functional.pad(tokens, (0, 0, 0, 1))[slots]  # NOWHERE is the row of zeros at the end
        found[name] = Placement(grid, window, shift, float((held - expected).abs().max()), spread)

    attention, norm = _part(block, _ATTENTION), _part(block, _NORMS)
    assert attention is not None  # else it is none of these blocks
    stack.callback(block.register_forward_pre_hook(begins, with_kwargs=True).remove)
    stack.callback(attention.register_forward_pre_hook(attends, with_kwargs=True).remove)
    if norm is not None:
        stack.callback(norm.register_forward_hook(normed).remove)
