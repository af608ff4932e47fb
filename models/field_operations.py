"""The operations of torch as they run, each with what it does to the places of a tensor's elements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten, tree_map_only

from models.field_tracking import (
    BLOCKED,
    EVERYWHERE,
    NOWHERE,
    VANISHED,
    Places,
    attended,
    canonical,
    reduced,
    regrouped,
    slid,
    stretched,
    together,
)
from models.receptive_field import as_whole, joined

_KNOWN = 1 << 22
"""Numbers of a constant that are computed while a network runs without numbers."""
_PLACES = "_headlight_places"

Handler = Callable[["Tracker", str, tuple, dict[str, Any], Any], None]


def places_of(tensor: Any) -> Places | None:
    return getattr(tensor, _PLACES, None)


class Tracker(TorchDispatchMode):
    """Runs a forward pass, mostly on tensors without numbers, and keeps the places of all tensors.

    where: () → (the module that runs, by name; its class). mixed: called with the name of an operation that
    mixed units. weak: masks that leave e⁻¹⁰⁰ of a weight shut nothing out. weakened: such a mask was met.
    """

    def __init__(
        self, where: Callable[[], tuple[str, str]], mixed: Callable[[str], None], weak: bool = False
    ) -> None:
        super().__init__()
        self.where = where
        self.mixed = mixed
        self.weak = weak
        self.weakened = False

    def mask(self, tensor: Tensor) -> Tensor | None:
        """bool: where a mask shuts keys out; a boolean mask says what is let in."""
        places = places_of(tensor)
        if places is not None and places.blocked is not None:
            return places.blocked
        value = _number(tensor)
        if value is None or value.numel() == 1:
            return None
        if value.dtype == torch.bool:
            blocked = ~value
        else:
            blocked = value <= (VANISHED if self.weak else BLOCKED)
            self.weakened = self.weakened or bool(((value <= BLOCKED) & (value > VANISHED)).any())
        return blocked if blocked.any() else None

    def set(self, tensor: Tensor, places: Places | None) -> None:
        setattr(tensor, _PLACES, places)

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func._schema.name.split("::")[1]
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
        given = [places_of(tensor) for tensor in tensors]
        if name == "_local_scalar_dense" and given[0] is not None and given[0].value is not None:
            return given[0].value.item()
        out = func(*args, **kwargs)
        plain = name.rstrip("_") if name not in _HANDLERS else name
        if any(places is not None and places.at is not None for places in given):
            self._follow(func, plain, args, kwargs, out)
        else:
            self._constant(func, plain, args, kwargs, out, tensors, given)
        return out

    def _follow(self, func, name: str, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        handler = _HANDLERS.get(name)
        if handler is None and torch.Tag.pointwise in func.tags:
            handler = _pointwise
        if handler is None:
            self.lost(name, args, kwargs, out)
        else:
            handler(self, name, args, kwargs, out)

    def lost(self, name: str, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        """An operation that is not known here: everything is assumed, and said."""
        given = [places_of(x) for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
        first = next(places for places in given if places is not None and places.at is not None)
        where, _ = self.where()
        note = f"What {name} in {where} reads cannot be told; the whole picture is assumed."
        for tensor in tree_flatten(out)[0]:
            if not isinstance(tensor, Tensor):
                continue
            dims = range(2, tensor.ndim)
            if tensor.ndim == len(first.field.shape) + 2:
                shape = tuple(tensor.shape[2:])
                field = replace(as_whole(first.field), shape=shape, name=where, kind=name)
                at = canonical(field, dims, tensor.ndim)
            else:
                field, at = (
                    as_whole(first.field, name=where, kind=name),
                    torch.full([1] * tensor.ndim, EVERYWHERE),
                )
            self.set(tensor, Places(replace(field, note=joined(field.note, note)), at))
            self.mixed(name)

    def _constant(self, func, name, args, kwargs, out, tensors, given) -> None:
        """Constants that a forward makes (masks, indices) keep their numbers; others, what they shut out."""
        if not isinstance(out, Tensor):
            outs = [x for x in tree_flatten(out)[0] if isinstance(x, Tensor)]
        else:
            outs = [out]
        if not outs or outs[0].numel() > _KNOWN or torch.Tag.nondeterministic_seeded in func.tags:
            return
        notes = joined(*(places.note for places in given if places is not None))
        if all(_number(tensor) is not None for tensor in tensors):
            if name in ("empty", "new_empty", "empty_strided") or (
                outs[0].device.type != "meta" and not tensors
            ):
                return
            values = tree_map_only(Tensor, _number, args)
            moved = {key: torch.device("cpu") if key == "device" else value for key, value in kwargs.items()}
            with torch.utils._python_dispatch._disable_current_modes():
                found = func(*values, **tree_map_only(Tensor, _number, moved))
            for tensor, value in zip(outs, tree_flatten(found)[0], strict=True):
                if tensor.device.type == "meta":
                    self.set(tensor, Places(value=value, note=notes))
            return
        known = [x for x in map(self.mask, tensors) if x is not None]
        if known or notes:
            handler = _HANDLERS.get(name)
            if handler in _MOVES and known:
                handler(self, name, args, kwargs, out)
            elif torch.Tag.pointwise in func.tags:
                blocked = known[0] if known else None
                for other in known[1:]:
                    blocked = blocked | other
                self.set(outs[0], Places(blocked=blocked, note=notes))
            elif notes:
                for tensor in outs:
                    self.set(tensor, Places(note=notes))


class Functions(TorchFunctionMode):
    """Catches fused attention and batch norms before they are taken apart."""

    def __init__(self, tracker: Tracker) -> None:
        super().__init__()
        self.tracker = tracker

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if func is torch.nn.functional.scaled_dot_product_attention:
            return self._attention(*args, **kwargs)
        if func is torch.nn.functional.batch_norm:
            return self._batch_norm(func, *args, **kwargs)
        return func(*args, **kwargs)

    def _batch_norm(self, func, x, mean, variance, weight=None, bias=None, training=False, *more, **named):
        """With stored statistics it moves nothing, and without numbers its parts would take their time."""
        places = places_of(x)
        if training or places is None or places.at is None:
            return func(x, mean, variance, weight, bias, training, *more, **named)
        out = torch.empty_like(x)
        self.tracker.set(out, places)
        return out

    def _attention(self, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **more):
        tracker = self.tracker
        q, k, v = map(places_of, (query, key, value))
        shape = (*query.shape[:-1], value.shape[-1])
        out = query.new_empty(shape)
        sources = [p for p in (k, v) if p is not None and p.at is not None]
        if not sources:
            tracker.set(out, q)
            return out
        where, _ = tracker.where()
        blocked = None if attn_mask is None else tracker.mask(attn_mask)
        if is_causal:
            n, m = query.shape[-2], key.shape[-2]
            blocked = ~torch.ones(n, m, dtype=torch.bool).tril()
        queries = None if q is None or q.at is None else _mixed_last(q, where)
        rows = _rows([_mixed_last(p, where) for p in sources])
        if blocked is not None:
            blocked = _over_heads(blocked)
        tracker.set(out, attended(queries, rows, blocked, shape, where))
        tracker.mixed("attention")
        return out


def _over_heads(blocked: Tensor) -> Tensor:
    """Shut out in every head: [..., heads, n, m] → [..., 1, n, m]."""
    return blocked.all(-3, keepdim=True) if blocked.ndim > 2 else blocked


def _mixed_last(places: Places, where: str) -> Places:
    """Places whose last dimension is mixed, as a product over it does."""
    if places.at.shape[-1] == 1:
        return places
    field, at, _ = reduced(places, [places.at.ndim - 1], where, places.field.kind)
    return replace(places, field=field, at=at)


def _rows(sources: Sequence[Places]) -> list[tuple]:
    """Maps and places [..., m] of keys and values [..., m, 1], each once."""
    found: list[tuple] = []
    for part in sources:
        row = part.at.squeeze(-1)
        if not any(field is part.field and torch.equal(row, other) for field, other in found):
            found.append((part.field, row))
    return found


def _number(tensor: Tensor) -> Tensor | None:
    """A constant's numbers, if they are known."""
    places = places_of(tensor)
    if places is not None:
        return places.value if places.at is None else None
    return tensor if tensor.device.type != "meta" and not isinstance(tensor, torch.nn.Parameter) else None


def _dims(value: Any, ndim: int) -> list[int]:
    if value is None or value == []:
        return list(range(ndim))
    return [d % ndim for d in (value if isinstance(value, Sequence) else [value])]


# Operations that move elements


def _view(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    places = places_of(args[0])
    old, new = list(args[0].shape), list(out.shape)
    tracker.set(out, places.moved(lambda at, _: regrouped(at, old, new)))


def _strided(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """as_strided as pooling along one axis uses it: a view of all elements in order."""
    if args[0].is_contiguous() and out.is_contiguous() and out.numel() == args[0].numel():
        _view(tracker, name, args, kwargs, out)
    elif places_of(args[0]).at is not None:
        tracker.lost(name, args, kwargs, out)


def _constants(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    """What has a tensor's shape alone sees nothing."""


def _same(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    first = out if isinstance(out, Tensor) else out[0]
    tracker.set(first, places_of(args[0]))


def _turned(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """permute, transpose, t, roll, flip: run on the places as they are."""
    function = getattr(torch, name)
    tracker.set(out, places_of(args[0]).moved(lambda at, _: function(at, *args[1:], **kwargs)))


def _expand(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    tracker.set(
        out, places_of(args[0]).moved(lambda at, _: at.view([1] * (out.ndim - at.ndim) + list(at.shape)))
    )


def _repeat(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    def move(at: Tensor, _: int) -> Tensor:
        at = at.view([1] * (out.ndim - at.ndim) + list(at.shape))
        return at.repeat([n if at.shape[d] > 1 else 1 for d, n in enumerate(args[1])])

    tracker.set(out, places_of(args[0]).moved(move))


def _slice(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    _, dim, start, end, step = (*args, *(None,) * 5)[:5]
    dim = (dim or 0) % args[0].ndim
    index = (slice(None),) * dim + (slice(start, end, step or 1),)
    tracker.set(out, places_of(args[0]).moved(lambda at, _: at[index] if at.shape[dim] > 1 else at))


def _select(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim = args[1] % args[0].ndim
    move = lambda at, _: at.select(dim, args[2] if at.shape[dim] > 1 else 0)  # noqa: E731
    tracker.set(out, places_of(args[0]).moved(move))


def _split(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Sequence[Tensor]) -> None:
    dim = (args[2] if len(args) > 2 else kwargs.get("dim", 0)) % args[0].ndim
    start = 0
    for part in out:
        stop = start + part.shape[dim]
        move = lambda at, _, a=start, b=stop: at.narrow(dim, a, b - a) if at.shape[dim] > 1 else at  # noqa: E731
        tracker.set(part, places_of(args[0]).moved(move))
        start = stop


def _unbind(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Sequence[Tensor]) -> None:
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % args[0].ndim
    for i, part in enumerate(out):
        move = lambda at, _, i=i: at.select(dim, i if at.shape[dim] > 1 else 0)  # noqa: E731
        tracker.set(part, places_of(args[0]).moved(move))


def _index_select(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim, index = args[1] % args[0].ndim, _number(args[2])
    places = places_of(args[0])
    if index is None and places.at is not None and places.at.shape[dim] > 1:
        tracker.lost(name, args, kwargs, out)
        return
    tracker.set(out, places.moved(lambda at, _: at.index_select(dim, index) if at.shape[dim] > 1 else at))


def _index(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """x[:, index]: of one dimension, by numbers that are known."""
    places, indices = places_of(args[0]), args[1]
    if places is None:
        return
    given = [d for d, index in enumerate(indices) if index is not None]
    number = _number(indices[given[0]]) if len(given) == 1 else None
    if number is None or number.dtype == torch.bool:
        if places.at is not None:
            tracker.lost(name, args, kwargs, out)
        return
    dim = given[0]

    def move(at: Tensor, _: int) -> Tensor:
        if at.shape[dim] > 1:
            return at[(slice(None),) * dim + (number,)]
        return at.view(*at.shape[:dim], *[1] * number.ndim, *at.shape[dim + 1 :])

    tracker.set(out, places.moved(move))


def _pad(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    ndim, amounts = args[0].ndim, list(args[1])
    shape = args[0].shape

    def move(at: Tensor, fill: int) -> Tensor:
        wanted = []
        for n in range(len(amounts) // 2):
            dim = ndim - 1 - n
            # Channels of padding beside channels that see something do not show.
            wanted += amounts[2 * n : 2 * n + 2] if at.shape[dim] == shape[dim] else [0, 0]
        return torch.nn.functional.pad(at, wanted, value=fill)

    tracker.set(out, places_of(args[0]).moved(move))


def _cat(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    tensors = list(args[0])
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % out.ndim
    parts = [places_of(tensor) for tensor in tensors]
    seen = [part for part in parts if part is not None and part.at is not None]
    where, _ = tracker.where()
    if (
        all(
            part.at.shape[dim] == 1 or part.at.shape[dim] != t.shape[dim]
            for part, t in zip(seen, [t for t in tensors if places_of(t) in seen], strict=True)
        )
        and len({p.at.shape for p in seen}) == 1
        and (
            any(p.field is not seen[0].field for p in seen)
            or all(torch.equal(p.at, seen[0].at) for p in seen)
        )
    ):
        places = together(seen, out.shape, where, "cat")
        tracker.set(out, places)
        if places.field is not seen[0].field:
            tracker.mixed("cat")
        return
    if any(part.field is not seen[0].field for part in seen) or any(p.keys is not None for p in seen):
        tracker.lost(name, args, kwargs, out)
        return
    shape = [max(part.at.shape[d] for part in seen) for d in range(out.ndim)]
    pieces = []
    for tensor, part in zip(tensors, parts, strict=True):
        at = torch.full([1] * out.ndim, NOWHERE) if part is None or part.at is None else part.at
        pieces.append(at.expand(*shape[:dim], tensor.shape[dim], *shape[dim + 1 :]))
    tracker.set(out, replace(seen[0], at=torch.cat(pieces, dim), value=None))


def _stack(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    dim = (args[1] if len(args) > 1 else kwargs.get("dim", 0)) % out.ndim
    longer = []
    for tensor in args[0]:
        longer.append(tensor.new_empty(*tensor.shape[:dim], 1, *tensor.shape[dim:]))
        places = places_of(tensor)
        if places is not None:
            tracker.set(longer[-1], places.moved(lambda at, _: at.unsqueeze(dim)))
    _cat(tracker, "cat", (longer, dim), {}, out)


# Operations that mix elements


def _pointwise(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
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
    tracker.set(result, places)


def _shut(tracker: Tracker, name: str, tensor: Tensor, args: tuple) -> Tensor | None:
    """Where an operation on scores shuts keys out."""
    if name == "masked_fill":
        value = _number(args[1]) if tensor is args[1] else None
        low = args[2] if not isinstance(args[2], Tensor) else _number(args[2])
        return value if value is not None and low is not None and float(low) <= BLOCKED else None
    if name in ("add", "where"):
        if name == "where" and tensor is not args[0]:
            return None
        return tracker.mask(tensor)
    return None


def _normalised(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
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
        tracker.set(result, replace(places, field=field))
    elif at is places.at:
        tracker.set(result, places)
    else:
        tracker.set(result, replace(places, field=field, at=at))
        tracker.mixed(name)


def _statistics(where: str) -> str:
    return f"Statistics over the whole map ({where}) scale it; sizes leave them out."


def _statistic(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    """Norms and variances. Over a whole map they are statistics, which sizes leave out."""
    dims = kwargs.get("dim")
    if dims is None:
        at = {"linalg_vector_norm": 2, "norm": 2}.get(name, 1)
        dims = args[at] if len(args) > at and not isinstance(args[at], bool) else None
    _reduce(tracker, name, args, kwargs, out, dims=_dims(dims, args[0].ndim), statistic=True)


def _mean(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    dims = args[1] if len(args) > 1 else kwargs.get("dim")
    _reduce(tracker, name, args, kwargs, out, dims=_dims(dims, args[0].ndim))


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
            tracker.set(tensor, Places(note=_statistics(where)))
            continue
        kept = at
        if tensor.ndim < kept.ndim:
            kept = kept.reshape([n for d, n in enumerate(kept.shape) if d not in dims])
        same = at is places.at
        tracker.set(tensor, replace(places, field=places.field if same else field, at=kept, value=None))
        if not same:
            tracker.mixed(name)


def _softmax(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    places = places_of(args[0])
    if places.keys is not None or places.at.shape[args[1]] == 1:
        tracker.set(out, places)
        return
    field, at, _ = reduced(places, [args[1] % out.ndim], tracker.where()[0], name)
    tracker.set(out, replace(places, field=field, at=at))
    tracker.mixed(name)


def _convolution(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
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
    if places.field.whole and places.at.numel() == 1:  # of one unit, which sees the whole picture
        tracker.set(result, replace(places, field=replace(places.field, name=where, kind=kind)))
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
        tracker.set(tensor, Places(field, canonical(field, dims, result.ndim), note=places.note))
    tracker.mixed(name)


def _pool(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    axes = 3 if "3d" in name else 2 if "2d" in name else 1
    each = lambda v, default: list(default) if not v else list(v) * axes if len(v) == 1 else list(v)  # noqa: E731
    more = (*args[2:], *(None,) * 4)
    kernel = each(args[1], ())
    stride = each(more[0], kernel)
    padding = each(more[1], [0] * axes)
    dilation = each(more[2], [1] * axes) if "max" in name else [1] * axes
    _slide(tracker, name, args, kwargs, out, places_of(args[0]), kernel, stride, padding, dilation)


def _adaptive(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Any) -> None:
    result = out if isinstance(out, Tensor) else out[0]
    axes = 3 if "3d" in name else 2 if "2d" in name else 1
    dims = range(result.ndim - axes, result.ndim)
    old, new = args[0].shape[-axes:], result.shape[-axes:]
    where, kind = tracker.where()
    places = places_of(args[0])
    if all(n == 1 for n in new) and any(n > 1 for n in old):
        field, at, _ = reduced(places, list(dims), where, kind)
        tracker.set(result, replace(places, field=field, at=at))
        tracker.mixed(name)
    elif old == new:
        tracker.set(result, places)
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


def _upsample(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
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


def _product(tracker: Tracker, name: str, args: tuple, kwargs: dict, out: Tensor) -> None:
    """Matrix products: with weights a mixture along one dimension; else scores, or attention of scores."""
    left, right = args[-2:] if name not in ("addmm", "baddbmm", "linear") else args[1:3]
    if name == "linear":
        left, right = args[0], args[1]
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
        tracker.set(out, replace(places, field=field, at=at, value=None))
        tracker.mixed(name)
    elif a.keys is not None:
        values = _mixed_last(b, where)
        keys = Places(a.key_field, a.keys.transpose(-1, -2))
        blocked = a.blocked
        queries = Places(a.field, a.at)
        tracker.set(out, attended(queries, _rows([keys, values]), blocked, out.shape, where))
        tracker.mixed("attention")
    elif a.at.shape[-1] == 1 and b.at.shape[-2] == 1:
        tracker.set(out, Places(a.field, a.at, b.field, b.at, note=joined(a.note, b.note)))
    else:  # over places on both sides: every element takes them all up
        tracker.lost(name, args, kwargs, out)


_MOVES = {
    _view,
    _same,
    _turned,
    _expand,
    _repeat,
    _slice,
    _select,
    _split,
    _unbind,
    _index_select,
    _index,
    _pad,
}

_HANDLERS: dict[str, Handler] = {
    **dict.fromkeys(("view", "_unsafe_view", "reshape", "_reshape_alias", "unsqueeze", "squeeze"), _view),
    **dict.fromkeys(("clone", "contiguous", "detach", "alias", "_to_copy", "lift_fresh", "dropout"), _same),
    **dict.fromkeys(("native_dropout", "native_batch_norm", "cudnn_batch_norm", "batch_norm"), _same),
    **dict.fromkeys(("_native_batch_norm_legit_no_training", "_native_batch_norm_legit"), _same),
    **dict.fromkeys(("permute", "transpose", "t", "roll", "flip"), _turned),
    **dict.fromkeys(
        ("empty_like", "new_empty", "new_zeros", "zeros_like", "ones_like", "new_full"), _constants
    ),
    **dict.fromkeys(("full_like", "new_ones", "new_empty_strided", "sym_size", "rand_like"), _constants),
    "as_strided": _strided,
    "expand": _expand,
    "repeat": _repeat,
    "slice": _slice,
    "select": _select,
    **dict.fromkeys(("split", "split_with_sizes"), _split),
    "unbind": _unbind,
    "index_select": _index_select,
    "index": _index,
    "constant_pad_nd": _pad,
    "cat": _cat,
    "stack": _stack,
    **dict.fromkeys(("native_layer_norm", "native_group_norm"), _normalised),
    **dict.fromkeys(("linalg_vector_norm", "norm", "var", "std", "var_mean"), _statistic),
    **dict.fromkeys(("mean", "sum", "amax", "amin", "max", "min", "logsumexp", "cumsum"), _mean),
    **dict.fromkeys(("_softmax", "_log_softmax"), _softmax),
    **dict.fromkeys(("convolution", "_convolution", "mkldnn_convolution"), _convolution),
    **dict.fromkeys((f"max_pool{n}d_with_indices" for n in (2, 3)), _pool),
    **dict.fromkeys((f"{kind}_pool{n}d" for kind in ("max", "avg") for n in (1, 2, 3)), _pool),
    **dict.fromkeys((f"{a}adaptive_avg_pool{n}d" for a in ("", "_") for n in (1, 2, 3)), _adaptive),
    **dict.fromkeys((f"adaptive_max_pool{n}d" for n in (1, 2, 3)), _adaptive),
    **dict.fromkeys((f"upsample_nearest{n}d" for n in (1, 2, 3)), _upsample),
    **dict.fromkeys(("upsample_linear1d", "upsample_bilinear2d", "upsample_trilinear3d"), _upsample),
    **dict.fromkeys(("upsample_bicubic2d", "_upsample_bilinear2d_aa", "_upsample_bicubic2d_aa"), _upsample),
    **dict.fromkeys(("mm", "bmm", "matmul", "addmm", "baddbmm", "linear"), _product),
}
