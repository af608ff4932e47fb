"""Weights that were rounded to few bits, turned back into plain numbers by the formats' own arithmetic.

It needs neither a graphics card nor the packages that made them. Shapes are those of a linear layer of `o`
outputs and `i` inputs in groups of `g` inputs that share a scale.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from headlight.models.catalogue.formats.rounding import Rounding
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task

State = dict[str, Tensor]

AWQ_ORDER = (0, 2, 4, 6, 1, 3, 5, 7)
"""Which of eight columns the nibbles of a word hold, the lowest first."""


def restored(state: State, rounding: Rounding, dtype: torch.dtype, task: Task = SILENT) -> State:
    """The state dict with every layer that was rounded as `weight` of this type. What is plain stays.

    HeadlightError for tensors that do not belong together.
    """
    found = dict(_WAYS[rounding.method](state, rounding))
    used = {name for parts, _ in found.values() for name in parts}
    plain = {name: tensor for name, tensor in state.items() if name not in used}
    for number, (name, (_, turned)) in enumerate(found.items()):
        task.progress(number / len(found), f"Turning {rounding.bits} bits back into numbers")
        try:
            plain[name] = turned().to(dtype)
        except (RuntimeError, ValueError, IndexError, KeyError, TypeError) as error:
            raise HeadlightError(
                f"{name} is not what {rounding.title} writes: its parts do not fit each other.",
                "Fetch the model again.",
            ) from error
    return plain


Found = Iterator[tuple[str, tuple[list[str], Callable[[], Tensor]]]]
"""Of each layer: the name of its weight, of the tensors that it is made of, and what makes it."""


def _packed(state: State, rounding: Rounding) -> Found:
    """The layers of GPTQ and AWQ."""
    make = _gptq if rounding.method == "gptq" else _awq
    for name in state:
        if name.endswith(".qweight") and state[name].dtype == torch.int32:
            layer = name.removesuffix("qweight")
            parts = [
                layer + part for part in ("qweight", "qzeros", "scales", "g_idx") if layer + part in state
            ]
            yield f"{layer}weight", (parts, lambda layer=layer: make(state, layer, rounding))


def words(packed: Tensor, bits: int) -> Tensor:
    """int32 [r, c] → the numbers in each word, the lowest bits first: uint8 [r, c, 32/bits]."""
    shifts = torch.arange(0, 32, bits, dtype=torch.int32)
    return ((packed[..., None] >> shifts) & (2**bits - 1)).to(torch.uint8)


def _gptq(state: State, layer: str, rounding: Rounding) -> Tensor:
    """[o, i]: scale · (q − zero). q is packed along the inputs, zeros along the outputs, each less one but in
    the format's second version."""
    packed, scales = state[f"{layer}qweight"], state[f"{layer}scales"].float()  # [i·bits/32, o], [groups, o]
    q = words(packed, rounding.bits).movedim(-1, 1).flatten(0, 1)  # [i, o]
    zeros = words(state[f"{layer}qzeros"], rounding.bits).flatten(1)[:, : q.shape[1]].float()  # [groups, o]
    if rounding.settings.get("checkpoint_format", "gptq") != "gptq_v2":
        zeros = (zeros + 1) % 2**rounding.bits  # it is stored less one
    group = _groups(state.get(f"{layer}g_idx"), len(q), len(scales))
    return ((q - zeros[group]) * scales[group]).T.contiguous()


def _awq(state: State, layer: str, rounding: Rounding) -> Tensor:
    """[o, i]: the same, packed along the outputs, whose order within eight is another."""
    scales = state[f"{layer}scales"].float()  # [groups, o]
    order = torch.tensor(AWQ_ORDER).argsort() if rounding.bits == 4 else slice(None)
    q, zeros = (
        words(state[f"{layer}{part}"], rounding.bits)[..., order].flatten(1) for part in ("qweight", "qzeros")
    )
    group = _groups(None, len(q), len(scales))
    return ((q.float() - zeros[group]) * scales[group]).T.contiguous()


def _groups(said: Tensor | None, inputs: int, groups: int) -> Tensor:
    """The group of each input, int64 [i]."""
    return said.long() if said is not None else torch.arange(inputs) // (inputs // groups)


def _of_bitsandbytes(state: State, rounding: Rounding) -> Found:
    for name in state:
        marks = [mark for mark in state if mark.startswith(f"{name}.quant_state.bitsandbytes__")]
        if marks:
            sides = ("absmax", "quant_map", "nested_absmax", "nested_quant_map")
            parts = [name, marks[0], *(f"{name}.{side}" for side in sides if f"{name}.{side}" in state)]
            yield name, (parts, lambda name=name, mark=marks[0]: _four_bits(state, name, mark))
        elif name.endswith(".SCB") and f"{name.removesuffix('SCB')}weight" in state:
            layer = name.removesuffix("SCB")
            parts = [name, *(p for p in (f"{layer}weight", f"{layer}weight_format") if p in state)]
            yield f"{layer}weight", (parts, lambda layer=layer: _eight_bits(state, layer))


def _four_bits(state: State, name: str, mark: str) -> Tensor:
    """NF4 or FP4 in blocks with a scale each, which may be rounded themselves: [o, i]."""
    about: dict[str, Any] = json.loads(bytes(state[mark].tolist()))
    packed = state[name].flatten()  # uint8, the earlier of two weights in the upper half
    codes = torch.stack([packed >> 4, packed & 15], -1).flatten().long()
    values = state[f"{name}.quant_map"].float()[codes]
    scale = state[f"{name}.absmax"]
    if scale.dtype == torch.uint8:
        coarse = state[f"{name}.nested_absmax"].float().repeat_interleave(about["nested_blocksize"])
        scale = state[f"{name}.nested_quant_map"].float()[scale.long()] * coarse[: len(scale)]
        scale = scale + about["nested_offset"]
    scale = scale.float().repeat_interleave(about["blocksize"])
    shape = torch.Size(about["shape"])
    return (values[: shape.numel()] * scale[: shape.numel()]).reshape(shape)


def _eight_bits(state: State, layer: str) -> Tensor:
    """int8 [o, i] times the largest of each row, of 127."""
    return state[f"{layer}weight"].float() * (state[f"{layer}SCB"].float() / 127)[:, None]


def _of_floats(state: State, rounding: Rounding) -> Found:
    for name, tensor in state.items():
        if tensor.dtype in (torch.float8_e4m3fn, torch.float8_e5m2):
            scales = [f"{name}_scale_inv", f"{name}_scale"]
            there = [scale for scale in scales if scale in state]
            beside = [f"{name.removesuffix('weight')}{one}" for one in ("input_scale", "activation_scale")]
            parts = [name, *there, *(one for one in beside if one in state)]
            yield name, (parts, lambda name=name, there=there: _scaled(state, name, there, rounding))


def _scaled(state: State, name: str, scales: list[str], rounding: Rounding) -> Tensor:
    """8-bit floats [o, i] times a scale of the whole, of a row, or of blocks of o × i."""
    values = state[name].float()
    if not scales:
        return values
    scale = state[scales[0]].float()
    if scale.ndim == 2 and values.ndim == 2 and 1 not in scale.shape:
        rows, columns = rounding.settings.get("weight_block_size", (128, 128))
        scale = scale.repeat_interleave(rows, 0).repeat_interleave(columns, 1)
        scale = scale[: values.shape[0], : values.shape[1]]
    elif scale.ndim == 1 and len(scale) > 1:
        scale = scale[:, None]
    return values * scale


_WAYS: dict[str, Callable[[State, Rounding], Found]] = {
    "gptq": _packed,
    "awq": _packed,
    "bitsandbytes": _of_bitsandbytes,
    "fp8": _of_floats,
}
