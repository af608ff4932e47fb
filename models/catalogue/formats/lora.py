"""A LoRA adapter becomes part of its base's weights: W + s·B·A (Hu et al. 2021, arXiv 2106.09685).

With “rslora” s is alpha / √r (Kalajdzievski 2023, arXiv 2312.03732), else alpha / r. With DoRA the sum is
brought to learnt norms (Liu et al. 2024, arXiv 2402.09353).
"""

from __future__ import annotations

import json
import re
from typing import Any

import torch
from torch import Tensor

from headlight.models.catalogue.formats.adapter import Adapter
from headlight.models.core.errors import HeadlightError

State = dict[str, Tensor]

WRAPPING = "base_model.model."
"""What peft puts before all names."""
_PARTS = {
    "A": ("lora_A.weight", "lora_embedding_A"),
    "B": ("lora_B.weight", "lora_embedding_B"),
    "norm": ("lora_magnitude_vector", "lora_magnitude_vector.weight"),
}
_LOW = re.compile(r"(.*)\.lora_(?:embedding_)?A(?:\.weight)?$")


def merged(state: State, adapter: Adapter, changes: State, dtype: torch.dtype = torch.float32) -> State:
    """The base's state dict with what the adapter changes, of this type where it does. HeadlightError for an
    adapter that does not fit it."""
    named = {name.removeprefix(WRAPPING): tensor for name, tensor in changes.items()}
    merged, used = dict(state), set()
    for name in named:
        if found := _LOW.match(name):
            place = _place(f"{found[1]}.weight", state, adapter)
            parts, names = _parts(named, found[1])
            used |= names
            merged[place] = _changed(state[place].float(), parts, found[1], adapter).to(dtype)
    for name in named.keys() - used:
        if ".lora_" in name:
            raise _misfit(adapter, f"has {name} without its other half")
        place = _place(name, state, adapter, needed=False)
        merged[place] = named[name]  # a head or a bias that was trained as a whole
    if not used:
        raise _misfit(adapter, "changes nothing")
    return merged


def _parts(named: State, layer: str) -> tuple[dict[str, Tensor], set[str]]:
    """A, B and DoRA's norms of a layer as "A", "B", "norm", and their names; "embeds" of an embedding."""
    parts, names = {}, set()
    for part, suffixes in _PARTS.items():
        for suffix in suffixes:
            if (name := f"{layer}.{suffix}") in named:
                parts[part] = named[name].float()
                names.add(name)
    if any("lora_embedding_" in name for name in names):
        parts["embeds"] = parts["A"]
    return parts, names


def _changed(weight: Tensor, parts: dict[str, Tensor], layer: str, adapter: Adapter) -> Tensor:
    """weight: [o, i], of GPT-2's kind of layer and of embeddings [i, o]."""
    if "B" not in parts:
        raise _misfit(adapter, f"has {layer}.lora_A without its other half")
    low, high = parts["A"], parts["B"]  # [r, i], [o, r]
    change = (high @ low) * _scale(layer, len(low), adapter.config)
    turned = bool(adapter.config.get("fan_in_fan_out")) != ("embeds" in parts)
    if turned or change.shape != weight.shape:
        change = change.T
    if change.shape != weight.shape:
        said = f"changes {layer} as {tuple(change.shape)}, which is {tuple(weight.shape)} in its base"
        raise _misfit(adapter, said)
    whole = weight + change
    if "norm" not in parts:
        return whole
    across = 0 if adapter.config.get("fan_in_fan_out") else 1
    return whole * (parts["norm"] / whole.norm(dim=across)).unsqueeze(across)


def _scale(layer: str, rank: int, config: dict[str, Any]) -> float:
    alpha = _by_pattern(config.get("alpha_pattern"), layer) or config.get("lora_alpha", 8)
    if not isinstance(alpha, int | float):
        raise HeadlightError(
            f"lora_alpha is no number: {json.dumps(alpha, default=str)[:80]}.", "Correct adapter_config.json."
        )
    return alpha / (rank**0.5 if config.get("use_rslora") else rank)


def _by_pattern(patterns: Any, layer: str) -> float | None:
    """What some layers have of their own, by the end of their name."""
    for pattern, value in (patterns or {}).items() if isinstance(patterns, dict) else ():
        if layer == pattern or layer.endswith(f".{pattern.lstrip('^')}"):
            return value
    return None


def _place(name: str, state: State, adapter: Adapter, needed: bool = True) -> str:
    """The name that the base has a weight under: its own body may be named or not."""
    if name in state:
        return name
    inner = name.partition(".")[2]
    outer = [one for one in state if one.partition(".")[2] == name]
    if inner in state:
        return inner
    if len(outer) == 1:
        return outer[0]
    if needed:
        raise _misfit(adapter, f"changes {name}, which its base does not have")
    return name


def _misfit(adapter: Adapter, what: str) -> HeadlightError:
    return HeadlightError(
        f"The LoRA adapter in {adapter.folder} {what}.",
        f"Choose one that was trained on this {adapter.base}.",
    )
