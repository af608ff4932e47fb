"""What functions of torch were given, and what they would have given."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from types import FunctionType
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from headlight.models.attention.calls import AttentionCall, GivenCall, Projection
from headlight.models.modules.lineage import Joined

SURE = 2e-3
"""Most that weights computed again from q and k may differ from those that a softmax gave: else these are
kept. Of float32 they differ by 1e-6; the rest is room for halves."""


def batch_of(given: tuple) -> int | None:
    """Items that a model is given at once; None where it is given one without an axis for it."""
    tensors = [one for one in given if isinstance(one, Tensor) and one.ndim]
    if not tensors:
        return None
    axes = 2 if tensors[0].is_floating_point() else 1
    return tensors[0].shape[0] if tensors[0].ndim > axes else None


def opened(function: Callable, attends: Callable | None = None) -> Callable:
    """The same function that does not hand itself over whole, so that what it calls is seen.

    attends: what it calls in place of scaled_dot_product_attention.
    """
    known = {**function.__globals__, "has_torch_function": lambda _: False}
    if attends is not None:
        known["scaled_dot_product_attention"] = attends
    code, defaults, held = function.__code__, function.__defaults__, function.__closure__
    made = FunctionType(code, known, function.__name__, defaults, held)
    made.__kwdefaults__ = function.__kwdefaults__
    return made


@torch.no_grad()
def gives(call: AttentionCall, weights: Tensor, whole: bool = False) -> bool:
    """Whether a call's q and k give these weights, [B, H, Nq, Nk]: as one row of one item tells, or whole."""
    count = weights.shape[2]
    rows = torch.arange(count) if whole else torch.tensor([count // 2])
    rows = rows.to(weights.device)
    for item, each in enumerate(weights if whole else weights[:1]):
        again, was = call.weights(rows, batch=item), each[:, rows].float()
        # No number where a row sees nothing: then they are kept.
        if again.shape != was.shape or not bool((again - was).abs().max() <= SURE):
            return False
    return True


def joined(call: AttentionCall, out: Tensor) -> Joined:
    """out: [B, Nq, H, dv]."""

    def tell(weight: Tensor, bias: Tensor | None) -> None:
        call.projection = Projection(weight.detach(), None if bias is None else bias.detach())

    return Joined(tell, out[0, 0].flatten())


def undropped(call: AttentionCall | GivenCall, rows: Tensor, weights: Tensor | bool) -> Tensor:
    """[B, r, H, dv]: what a call would have given for these rows, had it dropped none of its weights."""
    if isinstance(weights, Tensor):
        return (weights.detach()[:, :, rows] @ call.v).transpose(1, 2)
    mask = call.mask
    if mask is not None and mask.shape[-2] > 1:
        mask = mask[..., rows, :]
    gqa = {"enable_gqa": True} if call.k.shape[1] != call.q.shape[1] else {}
    out = scaled_dot_product_attention(call.q[:, :, rows], call.k, call.v, mask, scale=call.scaling, **gqa)
    return out.transpose(1, 2)


def may_attend(module: nn.Module) -> bool:
    """Whether a call may be made in its own name: not in that of a linear layer or a softmax."""
    if isinstance(module, torch.jit.ScriptModule):
        return False
    return bool(module._modules) or not type(module).__module__.startswith("torch.nn.")


def plain_name(name: str) -> str:
    """A module's name as it was before it was compiled."""
    return name.replace("_orig_mod.", "").removesuffix("_orig_mod")


def headed(lead: tuple[int, ...], given: Tensor) -> Tensor:
    """[B, H, Nq, dv] of [B, Nq, H, dv], lead its first three, or of what holds one head alone."""
    return given.reshape((*lead, -1)).transpose(1, 2)


def as_written() -> Any:
    """Compiled code hides what it calls. Only where something was compiled: asking takes a second else."""
    dynamo = sys.modules.get("torch._dynamo") or sys.modules.get("torch.nn.attention.flex_attention")
    return torch.compiler.set_stance("force_eager") if dynamo else nullcontext()
