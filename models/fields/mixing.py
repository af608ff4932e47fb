"""Operations that mix elements: sums, norms, pooling, convolutions, matrix products and attention."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.utils._pytree import tree_flatten

from headlight.models.core.field import joined
from headlight.models.fields.operations import Follower, dims_of, handles, number_of, places_of, set_places
from headlight.models.fields.tracking import (
    BLOCKED,
    Places,
    attended,
    canonical,
    reduced,
    slid,
    stretched,
    together,
)


# Torch marks most operations of this kind itself, but not these.
@handles("hardswish", "hardsigmoid", "hardtanh", "mish", "_prelu_kernel", "log_sigmoid_forward", "rrelu")
def pointwise(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
    parts, blocked, notes = [], None, []
    result = out if isinstance(out, Tensor) else out[0]
    for tensor in tensors:
        places = places_of(tensor)
        if places is not None and places.at is not None:
            at, extra = places, result.ndim - places.at.ndim
            if extra > 0:
                at = places.moved(lambda x, _, extra=extra: x.view([1] * extra + list(x.shape)))
            parts.append(at)
        else:
            if places is not None:
                notes.append(places.note)
            blocked = blocked if blocked is not None else _shut(tracker, name, tensor, args)
    if name == "mul" and (gates := [part for part in parts if _is_gate(part)]) and len(gates) < len(parts):
        parts = [part for part in parts if not _is_gate(part)]
        notes.append(_statistics(gates[0].field.name))
    if len(parts) == 1:
        places = parts[0]
    else:
        where, _ = tracker.where()
        places = together(parts, result.shape, where, name)
        if places.field is not parts[0].field:
            tracker.mixed(name)
    if places.keys is not None and blocked is not None:
        blocked = blocked.view([1] * (result.ndim - blocked.ndim) + list(blocked.shape))
        places = replace(places, blocked=blocked if places.blocked is None else places.blocked | blocked)
    note = joined(places.note, *notes)
    said = joined(places.field.note, note)
    if said != places.field.note:
        places = replace(places, field=replace(places.field, note=said))
    set_places(result, places)


def _is_gate(places: Places) -> bool:
    """Whether a number a channel was computed from the whole map, as squeeze and excitation multiplies by."""
    return places.field.whole and places.keys is None and places.at.numel() == 1


def _shut(tracker: Follower, name: str, tensor: Tensor, args: tuple) -> Tensor | None:
    """Where an operation on scores shuts keys out."""
    if name == "masked_fill":
        value = number_of(args[1]) if tensor is args[1] else None
        low = args[2] if not isinstance(args[2], Tensor) else number_of(args[2])
        return value if value is not None and low is not None and float(low) <= BLOCKED else None
    if name in ("add", "where"):
        if name == "where" and tensor is not args[0]:
            return None
        return tracker.mask(tensor)
    return None


@handles("native_layer_norm", "native_group_norm")
def _normalised(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    """Layer and group norms: their statistics mix elements, those over a whole map are left out and noted."""
    result = out if isinstance(out, Tensor) else out[0]
    places = places_of(args[0])
    ndim = args[0].ndim
    dims = range(ndim - len(args[1]), ndim) if name == "native_layer_norm" else range(1, ndim)
    where, _ = tracker.where()
    field, at, all_units = reduced(places, list(dims), where, places.field.kind)
    if all_units or places.field.whole:
        note = _statistics(where)
        field = places.field
        said = joined(field.note, note)
        if said != field.note and not field.whole:
            field = replace(field, note=said)
        set_places(result, replace(places, field=field))
    elif at is places.at:
        set_places(result, places)
    else:
        set_places(result, replace(places, field=field, at=at))
        tracker.mixed(name)


def _statistics(where: str) -> str:
    return f"Statistics over the whole map ({where}) scale it; sizes leave them out."


@handles("linalg_vector_norm", "norm", "var", "std", "var_mean")
def _statistic(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    """Norms and variances. Over a whole map they are statistics, which sizes leave out."""
    dims = kwargs.get("dim")
    if dims is None:
        at = {"linalg_vector_norm": 2, "norm": 2}.get(name, 1)
        dims = args[at] if len(args) > at and not isinstance(args[at], bool) else None
    _reduce(tracker, name, args, kwargs, out, dims=dims_of(dims, args[0].ndim), statistic=True)


@handles("mean", "sum", "amax", "amin", "max", "min", "logsumexp")
def _mean(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    dims = args[1] if len(args) > 1 else kwargs.get("dim")
    _reduce(tracker, name, args, kwargs, out, dims=dims_of(dims, args[0].ndim))


def _reduce(tracker, name, args, kwargs, out, dims: list[int], statistic: bool = False) -> None:
    places = places_of(args[0])
    outs = [x for x in tree_flatten(out)[0] if isinstance(x, Tensor)]
    where, _ = tracker.where()
    if places.keys is not None:
        tracker.lost(name, args, kwargs, out)
        return
    field, at, all_units = reduced(places, dims, where, name)
    for tensor in outs:
        if statistic and all_units:
            set_places(tensor, Places(note=_statistics(where)))
            continue
        kept = at
        if tensor.ndim < kept.ndim:
            kept = kept.reshape([n for d, n in enumerate(kept.shape) if d not in dims])
        same = at is places.at
        set_places(tensor, replace(places, field=places.field if same else field, at=kept, value=None))
        if not same:
            tracker.mixed(name)


@handles("_softmax", "_log_softmax")
def _softmax(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    places = places_of(args[0])
    if places.keys is not None or places.at.shape[args[1]] == 1:
        set_places(out, places)
        return
    field, at, _ = reduced(places, [args[1] % out.ndim], tracker.where()[0], name)
    set_places(out, replace(places, field=field, at=at))
    tracker.mixed(name)


@handles("convolution", "_convolution")
def _convolution(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    x, weight, _, stride, padding, dilation, transposed = args[:7]
    places = places_of(x)
    axes = x.ndim - 2
    where, kind = tracker.where()
    if places.at.shape[1] > 1:
        field, at, _ = reduced(places, [1], where, kind)
        places = replace(places, field=field, at=at)
    stride, padding, dilation = (
        list(v) * axes if len(v) == 1 else list(v) for v in (stride, padding, dilation)
    )
    kernel = list(weight.shape[2:])
    if transposed:

        def reads(axis: int, units: np.ndarray) -> np.ndarray:
            long, s = dilation[axis] * (kernel[axis] - 1), stride[axis]
            at = units + padding[axis]
            return np.stack([-((long - at) // s), at // s + 1], 1)

        offset = [
            (p - d * (k - 1) / 2) / s for p, d, k, s in zip(padding, dilation, kernel, stride, strict=True)
        ]
        shape = out.shape[2:]
        field = stretched(places, range(2, x.ndim), reads, stride, offset, shape, where, kind)
        _finish(tracker, name, args, kwargs, out, places, field)
    else:
        _slide(tracker, name, args, kwargs, out, places, kernel, stride, padding, dilation)


def _slide(tracker, name, args, kwargs, out, places, kernel, stride, padding, dilation) -> None:
    result = out if isinstance(out, Tensor) else out[0]
    axes = len(kernel)
    first = result.ndim - axes
    where, kind = tracker.where()
    dims = range(first, result.ndim)
    if axes != len(places.field.shape) and all(
        places.at.shape[d] == 1 or (k, s, p) == (1, 1, 0)
        for d, k, s, p in zip(dims, kernel, stride, padding, strict=True)
    ):
        set_places(result, places)  # over channels alone, as local response norms do it
        return
    if places.field.whole and places.at.numel() == 1:  # of one unit, which sees the whole picture
        set_places(result, replace(places, field=replace(places.field, name=where, kind=kind)))
        tracker.mixed(name)
        return
    field = slid(places, dims, kernel, stride, padding, dilation, result.shape[first:], where, kind)
    _finish(tracker, name, args, kwargs, out, places, field)


def _finish(tracker, name, args, kwargs, out, places, field) -> None:
    result = out if isinstance(out, Tensor) else out[0]
    if field is None:
        tracker.lost(name, args, kwargs, out)
        return
    dims = range(result.ndim - len(field.shape), result.ndim)
    for tensor in [out] if isinstance(out, Tensor) else out:
        set_places(tensor, Places(field, canonical(field, dims, result.ndim), note=places.note))
    tracker.mixed(name)


@handles(
    "max_pool2d_with_indices",
    "max_pool3d_with_indices",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
)
def _pool(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    axes = 3 if "3d" in name else 2 if "2d" in name else 1
    each = lambda v, default: list(default) if not v else list(v) * axes if len(v) == 1 else list(v)  # noqa: E731
    more = (*args[2:], *(None,) * 4)
    kernel = each(args[1], ())
    stride = each(more[0], kernel)
    padding = each(more[1], [0] * axes)
    dilation = each(more[2], [1] * axes) if "max" in name else [1] * axes
    _slide(tracker, name, args, kwargs, out, places_of(args[0]), kernel, stride, padding, dilation)


@handles(
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "_adaptive_avg_pool2d",
    "_adaptive_avg_pool3d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
)
def _adaptive(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    result = out if isinstance(out, Tensor) else out[0]
    axes = 3 if "3d" in name else 2 if "2d" in name else 1
    dims = range(result.ndim - axes, result.ndim)
    old, new = args[0].shape[-axes:], result.shape[-axes:]
    where, kind = tracker.where()
    places = places_of(args[0])
    if all(n == 1 for n in new) and any(n > 1 for n in old):
        field, at, _ = reduced(places, list(dims), where, kind)
        set_places(result, replace(places, field=field, at=at))
        tracker.mixed(name)
    elif old == new:
        set_places(result, places)
    elif all(o % n == 0 for o, n in zip(old, new, strict=True)):
        step = [o // n for o, n in zip(old, new, strict=True)]
        _slide(tracker, name, args, kwargs, out, places, step, step, [0] * axes, [1] * axes)
    else:

        def reads(axis: int, units: np.ndarray) -> np.ndarray:
            return np.stack([units * old[axis] // new[axis], -(-(units + 1) * old[axis] // new[axis])], 1)

        scale = [n / o for o, n in zip(old, new, strict=True)]
        offset = [(1 / s - 1) / 2 for s in scale]
        field = stretched(places, dims, reads, scale, offset, new, where, kind)
        _finish(tracker, name, args, kwargs, out, places, field)


@handles(
    "upsample_nearest1d",
    "upsample_nearest2d",
    "upsample_nearest3d",
    "upsample_linear1d",
    "upsample_bilinear2d",
    "upsample_trilinear3d",
)
def _upsample(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    x = args[0]
    axes = x.ndim - 2
    old, new = x.shape[2:], out.shape[2:]
    linear, corners = "linear" in name, len(args) > 2 and args[2] is True
    if "bicubic" in name or "_aa" in name:
        tracker.lost(name, args, kwargs, out)
        return
    where, kind = tracker.where()

    def reads(axis: int, units: np.ndarray) -> np.ndarray:
        o, n = old[axis], new[axis]
        if not linear:
            at = units * o // n
            return np.stack([at, at + 1], 1)
        at = units * (o - 1) / max(n - 1, 1) if corners else np.clip((units + 0.5) * o / n - 0.5, 0, None)
        low = np.minimum(np.floor(at + 1e-9).astype(int), o - 1)
        return np.stack([low, np.minimum(low + (at - low > 1e-9), o - 1) + 1], 1)

    scale = [n / o for o, n in zip(old, new, strict=True)]
    offset = [(1 / s - 1) / 2 for s in scale]
    field = stretched(places_of(x), range(2, 2 + axes), reads, scale, offset, new, where, kind)
    _finish(tracker, name, args, kwargs, out, places_of(x), field)


@handles("glu", "channel_shuffle")
def _channels(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """Among channels alone, unless places lie in their dimension."""
    places = places_of(args[0])
    dim = args[1] if name == "glu" and len(args) > 1 else -1 if name == "glu" else 1
    if places.at.shape[dim] > 1:
        tracker.lost(name, args, kwargs, out)
    else:
        set_places(out, places)


@handles("pixel_shuffle", "pixel_unshuffle")
def _shuffled(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """Channels spread over space, or space gathered into channels."""
    places, factor = places_of(args[0]), args[1]
    where, kind = tracker.where()
    if name == "pixel_unshuffle":
        _slide(tracker, name, args, kwargs, out, places, [factor] * 2, [factor] * 2, [0, 0], [1, 1])
        return

    def reads(axis: int, units: np.ndarray) -> np.ndarray:
        return np.stack([units // factor, units // factor + 1], 1)

    offset = [(1 / factor - 1) / 2] * 2
    dims = range(out.ndim - 2, out.ndim)
    field = stretched(places, dims, reads, [factor] * 2, offset, out.shape[-2:], where, kind)
    _finish(tracker, name, args, kwargs, out, places, field)


@handles("mm", "bmm", "matmul", "addmm", "baddbmm", "linear")
def _product(tracker: Follower, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """Matrix products: with weights a mixture along one dimension; else scores, or attention of scores."""
    first = 1 if name in ("addmm", "baddbmm") else 0
    left, right = args[first : first + 2]
    added = places_of(args[0]) if first else None
    if added is not None and added.at is not None:  # a sum of what sees with a product: no layer does that
        tracker.lost(name, args, kwargs, out)
        return
    a, b = places_of(left), places_of(right)
    where, kind = tracker.where()
    one = a is None or a.at is None
    if one or b is None or b.at is None:
        places = b if one else a
        dim = places.at.ndim - (2 if one else 1)
        if places.keys is not None:
            tracker.lost(name, args, kwargs, out)
            return
        field, at, _ = reduced(places, [dim], where, kind)
        set_places(out, replace(places, field=field, at=at, value=None))
        tracker.mixed(name)
    elif a.keys is not None:
        values = mixed_last(b, where)
        keys = Places(a.key_field, a.keys.transpose(-1, -2))
        blocked = a.blocked
        queries = Places(a.field, a.at)
        set_places(out, attended(queries, rows_of([keys, values]), blocked, out.shape, where))
        tracker.mixed("attention")
    elif a.at.shape[-1] == 1 and b.at.shape[-2] == 1:
        set_places(out, Places(a.field, a.at, b.field, b.at, note=joined(a.note, b.note)))
    else:  # over places on both sides: every element takes them all up
        tracker.lost(name, args, kwargs, out)


def mixed_last(places: Places, where: str) -> Places:
    """Places whose last dimension is mixed, as a product over it does."""
    if places.at.shape[-1] == 1:
        return places
    field, at, _ = reduced(places, [places.at.ndim - 1], where, places.field.kind)
    return replace(places, field=field, at=at)


def rows_of(sources: Sequence[Places]) -> list[tuple]:
    """Maps and places [..., m] of keys and values [..., m, 1], each once."""
    found: list[tuple] = []
    for part in sources:
        row = part.at.squeeze(-1)
        if not any(field is part.field and torch.equal(row, other) for field, other in found):
            found.append((part.field, row))
    return found
