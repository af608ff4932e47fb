"""What towers that see are given beside pixels, or in place of them, and in which order their tokens stand.

Most take pixels [b, 3, H, W] and give a token a patch in reading order. Others take patches that were cut
before (NaFlex: Tschannen et al. 2025, "SigLIP 2", section 2.4), in squares that are merged later (Wang et al.
2024, "Qwen2-VL", section 2.1), leave patches out unless told not to (He et al. 2022, "Masked autoencoders"),
or put tokens of their own behind the patches (Fang et al. 2021, "You only look at one sequence").
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from transformers import PreTrainedModel

from headlight.models.attention.calls import AttentionCall, Call, GivenCall
from headlight.models.attention.turns import Turn

Grid = tuple[int, int]


class Laying:
    """Of models that take pixels alone. patch: pixels of a patch's side.

    names: what the model is given beside its pixels. multiple: patches of each axis are a multiple of this.
    """

    names: tuple[str, ...] = ()
    multiple = 1
    behind: tuple[str, ...] = ()
    """Labels of tokens that the model has behind its patches, and that are shown before them."""

    def __init__(self, model: PreTrainedModel, patch: int) -> None:
        self.patch, self.config = patch, model.config

    def fed(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        """What the model takes of pixels [b, 3, H, W] and the rest."""
        return inputs

    def order(self, grid: Grid, prefix: int) -> np.ndarray | None:
        """int (n,): where each of the model's tokens stands among those shown; None where it stands there."""
        return None

    def read(self, output: Any, inputs: Mapping[str, Any], prefix: int) -> Any:
        """What the model gave, its last state [b, n, d] in the order shown."""
        grid = tuple(count // self.patch for count in inputs["pixel_values"].shape[2:])
        order = self.order(grid, prefix)
        if order is None:
            return output
        state = output.last_hidden_state.reshape(len(inputs["pixel_values"]), len(order), -1)
        shown = state[:, torch.from_numpy(np.argsort(order)).to(state.device)]
        return type(output)(**{**output, "last_hidden_state": shown})

    def _cut(self, values: Tensor) -> Tensor:
        """[b, 3, rows, side, columns, side]"""
        rows, columns = (count // self.patch for count in values.shape[2:])
        return values.unflatten(3, (columns, self.patch)).unflatten(2, (rows, self.patch))


class NaFlex(Laying):
    """Patches [b, n, side² · 3], and how they lie."""

    names = ("pixel_attention_mask", "spatial_shapes")

    def fed(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        cut = self._cut(values := inputs["pixel_values"])
        patches = cut.permute(0, 2, 4, 3, 5, 1).flatten(3).flatten(1, 2)  # colour last
        shapes = torch.tensor([[cut.shape[2], cut.shape[4]]] * len(values), device=values.device)
        mask = torch.ones(patches.shape[:2], dtype=torch.int32, device=values.device)
        return {**inputs, "pixel_values": patches, "pixel_attention_mask": mask, "spatial_shapes": shapes}


class Merged(Laying):
    """Patches of all pictures in one row [n, 3 · times · side²], square after square that is merged later."""

    names = ("hidden_states", "grid_thw")

    def __init__(self, model: PreTrainedModel, patch: int) -> None:
        super().__init__(model, patch)
        self.multiple = int(getattr(self.config, "spatial_merge_size", 1))
        self._times = int(getattr(self.config, "temporal_patch_size", 1))
        self._window = 0
        if hasattr(model, "permute_input_for_window_attn"):  # Qwen2.5-VL goes on window after window
            self._window = self.config.window_size // self.multiple // patch

    def fed(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        cut = self._cut(values := inputs["pixel_values"])
        _, _, rows, _, columns, _ = cut.shape
        patches = cut.permute(0, 2, 4, 1, 3, 5).flatten(1, 2)  # [b, n, 3, side, side]
        order = torch.from_numpy(self._squares((rows, columns)).ravel()).to(values.device)
        still = patches[:, order, :, None].expand(-1, -1, -1, self._times, -1, -1)  # a film that stands still
        grids = torch.tensor([[1, rows, columns]] * len(values), device=values.device)
        rest = {name: value for name, value in inputs.items() if name != "pixel_values"}
        return {**rest, "hidden_states": still.flatten(2).flatten(0, 1), "grid_thw": grids}

    def order(self, grid: Grid, prefix: int) -> np.ndarray:
        squares = self._squares(grid)
        if self._window:
            down, across = (np.arange(count) // self._window for count in squares.shape[:2])
            windows = (down[:, None] * len(across) + across).ravel()
            squares = squares.reshape(-1, self.multiple**2)[np.argsort(windows, kind="stable")]
        return squares.ravel()

    def _squares(self, grid: Grid) -> np.ndarray:
        """int (rows, columns, side²): the patches of each square that is merged later, in reading order."""
        rows, columns = (count // self.multiple for count in grid)
        cells = np.arange(grid[0] * grid[1]).reshape(rows, self.multiple, columns, self.multiple)
        return cells.swapaxes(1, 2).reshape(rows, columns, -1)


class Unmasked(Laying):
    """The order in which patches are left out, none of which is."""

    def __init__(self, model: PreTrainedModel, patch: int) -> None:
        super().__init__(model, patch)
        self.config.mask_ratio = 0.0

    def fed(self, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
        count, _, height, width = (values := inputs["pixel_values"]).shape
        patches = (height // self.patch) * (width // self.patch)
        noise = torch.linspace(0, 1, patches, device=values.device).expand(count, -1)
        return {**inputs, "noise": noise}


class Detecting(Laying):
    """Detection tokens, which stand behind the patches."""

    def __init__(self, model: PreTrainedModel, patch: int) -> None:
        super().__init__(model, patch)
        self.behind = tuple(f"[DET{number + 1}]" for number in range(self.config.num_detection_tokens))

    def order(self, grid: Grid, prefix: int) -> np.ndarray:
        before, patches = prefix - len(self.behind), grid[0] * grid[1]
        return np.concatenate(
            [np.arange(before), prefix + np.arange(patches), before + np.arange(len(self.behind))]
        )


class Padded(Laying):
    """Pictures of whole windows, since what is padded to them is never taken off again (Swin2SR), or is
    padded behind the shift (timm)."""

    def __init__(self, model: PreTrainedModel, patch: int) -> None:
        super().__init__(model, patch)
        self.multiple = self.config.window_size


def laying_of(model: PreTrainedModel, patch: int) -> Laying:
    """How a model wants its pictures, by what its pass takes."""
    taken = inspect.signature(model.forward).parameters.keys()
    for kind in (NaFlex, Merged):
        if set(kind.names) <= taken:
            return kind(model, patch)
    if "noise" in taken and hasattr(model.config, "mask_ratio"):
        return Unmasked(model, patch)
    if isinstance(getattr(model.config, "num_detection_tokens", None), int):
        return Detecting(model, patch)
    padded = hasattr(model, "pad_and_normalize") or getattr(model.config, "whole_windows", False)
    return Padded(model, patch) if padded else Laying(model, patch)


def reordered(call: Call, order: np.ndarray | None) -> Call:
    """A call from and to all tokens of a model, over those that are shown. order: as `Laying.order`."""
    if order is None or call.shape[2:] != (len(order), len(order)):
        return call
    place = torch.from_numpy(order).to(call.device)
    of = torch.from_numpy(np.argsort(order)).to(call.device)

    def turned(x: Tensor | None) -> Tensor | None:
        """What is broadcastable to [B, H, n, n]."""
        if x is None:
            return None
        x = x[..., of] if x.shape[-1] > 1 else x
        return x[..., of, :] if x.shape[-2] > 1 else x

    rows = None if call.rows is None else place[call.rows]
    if isinstance(call, AttentionCall):
        q, k, v = (x[:, :, of] for x in (call.q, call.k, call.v))
        mask, bias = turned(call.mask), turned(call.bias)
        out = None if call.out is None else call.out[:, of]
        turn = None if call.turn is None else Turn(call.turn.function, (), {})  # its angles stand as they did
        return replace(call, q=q, k=k, v=v, mask=mask, bias=bias, rows=rows, out=out, turn=turn)
    assert isinstance(call, GivenCall)
    return replace(call, given=turned(call.given), v=None if call.v is None else call.v[:, :, of], rows=rows)
