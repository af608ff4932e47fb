"""The numbers behind one weight, out of a recorded call: of one row, so no more than O(n·d) work a head."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from headlight.models.attention.calls import AttentionCall, Call, allows
from headlight.models.core.errors import HeadlightError
from headlight.models.core.product import Product, Row

NEXT_STEP = "Choose a layer that multiplies queries with keys, or another model."


def no_product(name: str) -> HeadlightError:
    """Of a layer whose weights are all that is known."""
    return HeadlightError(
        f"{name} gives its weights alone: what they were computed from was not seen.", NEXT_STEP
    )


def product_of(
    call: Call, head: int, tokens: tuple[int, int], places: tuple[int, int], keys: np.ndarray, batch: int = 0
) -> Product:
    """The weight of one head of item `batch`.

    tokens: query and key as the layer counts them; places: the same in the call. keys: int (n,), the token in
    each place. Raises HeadlightError for a call that is not AttentionCall.
    """
    if not isinstance(call, AttentionCall):
        raise no_product(call.name)
    query, key = places
    index = torch.tensor([query], device=call.device)
    heads = head, head // (call.shape[1] // call.k.shape[1])
    projection, parts = _through_projection(call, index, head, batch)
    return Product(
        head,
        *tokens,
        key,
        _numpy(call.q[batch, head, query]),
        _numpy(call.of_heads(call.k, slice(head, head + 1), batch)[0, key]),
        _row(call, head, index, keys, batch),
        _numpy(call.of_heads(call.v, slice(head, head + 1), batch)[0]),
        turned=call.turn is not None,
        unturned=None if call.turn is None else call.turn.undone((call.q, call.k), heads, places, batch),
        projection=projection,
        parts=parts,
    )


def _row(call: AttentionCall, head: int, index: Tensor, keys: np.ndarray, batch: int) -> Row:
    one = slice(head, head + 1)

    def of_row(tensor: Tensor | None) -> np.ndarray | None:
        if tensor is None:
            return None
        part = call.part(tensor, index, one, batch)[0, 0]
        allowed = part if part.dtype == torch.bool else allows(part)
        added = torch.zeros_like(part, dtype=torch.float32) if part.dtype == torch.bool else part.float()
        part = added.masked_fill(~allowed, -torch.inf)
        return np.ascontiguousarray(np.broadcast_to(_numpy(part), keys.shape))

    q, k = call.q[batch, head, index].float(), call.of_heads(call.k, slice(head, head + 1), batch)[0]
    return Row(
        keys,
        _numpy((q @ k.T)[0]),
        call.scaling,
        bias=of_row(call.bias),
        softcap=call.softcap,
        mask=of_row(call.mask),
        sink=None if call.sinks is None else float(call.sinks.reshape(-1)[head]),
        level=call.level is not None and bool(call.level[head]),
        factor=1.0 if call.factors is None else float(call.factors[head]),
    )


def _through_projection(
    call: AttentionCall, index: Tensor, head: int, batch: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """(the head's part of W_O (D, dv), what each head and the bias give to the output (H + 1, D))."""
    if call.projection is None:
        return None, None
    heads = call.shape[1]
    each = call.projection.of_heads(heads)  # [H, dv, D]
    weights = call.weights(index, batch=batch)[:, 0]  # [H, n]
    kv = call.v.shape[1]
    outputs = (weights.unflatten(0, (kv, -1)) @ call.v[batch].float()).flatten(0, 1)  # [H, dv]
    parts = torch.einsum("hv,hvd->hd", outputs, each)
    bias = call.projection.bias
    last = torch.zeros_like(parts[0]) if bias is None else bias.float()
    return _numpy(each[head].T), _numpy(torch.cat([parts, last[None]]))


def _numpy(tensor: Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy().copy()
