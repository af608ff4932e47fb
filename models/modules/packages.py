"""Attention functions of packages that torch knows nothing of, xformers and flash-attn, where they are there.

They are seen by standing in for them, while a module is recorded, where its classes' files and the packages
themselves call them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

import torch
from torch import Tensor, nn


@dataclass(frozen=True, eq=False)
class Asked:
    """What such a function was asked for. q, k, v: [B, N, H, d]. mask: as scaled_dot_product_attention takes
    it, of [B, H, Nq, Nk], or None. scale: None for 1 / √d."""

    q: Tensor
    k: Tensor
    v: Tensor
    mask: Tensor | None = None
    scale: float | None = None
    dropout: float = 0.0
    softcap: float | None = None


def _xformers(given: Mapping[str, Any]) -> Asked | None:
    """memory_efficient_attention(query, key, value, attn_bias, p, scale)."""
    q, k, v = (_with_heads(given[name]) for name in ("query", "key", "value"))
    bias = given.get("attn_bias")
    if bias is not None and not isinstance(bias, Tensor):
        if not hasattr(bias, "materialize"):
            return None
        bias = bias.materialize((q.shape[0], q.shape[2], q.shape[1], k.shape[1]), torch.float32, q.device)
    return Asked(q, k, v, bias, given.get("scale"), float(given.get("p") or 0.0))


def _flash(given: Mapping[str, Any]) -> Asked | None:
    """flash_attn_func(q, k, v, dropout_p, softmax_scale, causal, window_size, softcap, alibi_slopes)."""
    if given.get("alibi_slopes") is not None:
        return None
    q, k, v = (given[name] for name in ("q", "k", "v"))
    queries, keys = q.shape[1], k.shape[1]
    far = torch.arange(keys, device=q.device) - torch.arange(queries, device=q.device)[:, None]
    far = far - (keys - queries)  # the last query stands at the last key
    before, after = given.get("window_size") or (-1, -1)
    after = 0 if given.get("causal") else after
    mask = torch.ones_like(far, dtype=torch.bool)
    mask &= (far <= after) if after >= 0 else mask
    mask &= (far >= -before) if before >= 0 else mask
    scale, dropout = given.get("softmax_scale"), float(given.get("dropout_p") or 0.0)
    return Asked(q, k, v, None if mask.all() else mask, scale, dropout, given.get("softcap") or None)


_XFORMERS = ("query", "key", "value", "attn_bias", "p", "scale")
_FLASH = ("dropout_p", "softmax_scale", "causal", "window_size", "softcap", "alibi_slopes")


def _unpacked(given: Mapping[str, Any]) -> Asked | None:
    """flash_attn_qkvpacked_func(qkv [B, N, 3, H, d], …)."""
    return _flash({**given, **dict(zip("qkv", given["qkv"].unbind(2), strict=True))})


KNOWN: dict[str, dict[str, tuple[tuple[str, ...], Callable[[Mapping[str, Any]], Asked | None]]]] = {
    "xformers.ops": {"memory_efficient_attention": (_XFORMERS, _xformers)},
    "flash_attn": {
        "flash_attn_func": (("q", "k", "v", *_FLASH), _flash),
        "flash_attn_qkvpacked_func": (("qkv", *_FLASH), _unpacked),
    },
}
"""By the module that offers it: each function, the names of what it takes in their order, what that means."""


@contextmanager
def watched(model: nn.Module, see: Callable[[Asked, Tensor], None]) -> Iterator[None]:
    """Have `see` told of each call, and of what it gave, [B, Nq, H, dv], until the block ends."""
    files = {sys.modules.get(type(module).__module__) for module in model.modules()}
    replaced: list[tuple[Any, str, Any]] = []
    for package, functions in KNOWN.items():
        if (source := sys.modules.get(package)) is None:
            continue
        for name, (names, means) in functions.items():
            if (function := getattr(source, name, None)) is None:
                continue
            telling = _telling(function, names, means, see)
            for file in {source, *files} - {None}:
                for called, one in list(vars(file).items()):
                    if one is function:
                        setattr(file, called, telling)
                        replaced.append((file, called, function))
    try:
        yield
    finally:
        for file, called, function in replaced:
            setattr(file, called, function)


def _telling(
    function: Callable, names: Sequence[str], means: Callable, see: Callable[[Asked, Tensor], None]
) -> Callable:
    @wraps(function)
    def telling(*args: Any, **kwargs: Any) -> Any:
        with torch._C.DisableTorchFunction():  # what it does inside is its own
            out = function(*args, **kwargs)
            asked = means({**dict(zip(names, args, strict=False)), **kwargs})
            if asked is not None:
                given = out[0] if isinstance(out, tuple) else out
                see(asked, given)
        return out

    return telling


def _with_heads(tensor: Tensor) -> Tensor:
    """[B, N, H, d] of [B, N, d]."""
    return tensor[:, :, None] if tensor.ndim == 3 else tensor
