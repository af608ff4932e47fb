"""Watches a forward pass, operation by operation, and keeps the places of all its tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_flatten, tree_map_only

from headlight.models.core.field import as_whole, joined
from headlight.models.fields import moves  # noqa: F401  (what the operations do)
from headlight.models.fields.mixing import mixed_last, pointwise, rows_of
from headlight.models.fields.operations import HANDLERS, MOVES, number_of, places_of, set_places
from headlight.models.fields.tracking import BLOCKED, EVERYWHERE, VANISHED, Places, attended, canonical

_KNOWN = 1 << 22
"""Numbers of a constant that are computed while a network runs without numbers."""


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
        value = number_of(tensor)
        if value is None or value.numel() == 1:
            return None
        if value.dtype == torch.bool:
            blocked = ~value
        else:
            blocked = value <= (VANISHED if self.weak else BLOCKED)
            self.weakened = self.weakened or bool(((value <= BLOCKED) & (value > VANISHED)).any())
        return blocked if blocked.any() else None

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        name = func._schema.name.split("::")[1]
        tensors = [x for x in tree_flatten((args, kwargs))[0] if isinstance(x, Tensor)]
        given = [places_of(tensor) for tensor in tensors]
        if name == "_local_scalar_dense" and given[0] is not None and given[0].value is not None:
            return given[0].value.item()
        out = func(*args, **kwargs)
        plain = name.rstrip("_") if name not in HANDLERS else name
        if any(places is not None and places.at is not None for places in given):
            self._follow(func, plain, args, kwargs, out)
        else:
            self._constant(func, plain, args, kwargs, out, tensors, given)
        if tensors and out is tensors[0]:
            self._written(name, out)
        return out

    def _written(self, name: str, part: Tensor) -> None:
        """What was written into a part of a tensor lies in that tensor too, where is not followed."""
        base, places = part._base, places_of(part)
        if base is None or places is None or places.at is None:
            return
        before = places_of(base)
        if before is None or before.at is None or before.field is not places.field:
            set_places(base, replace(places, at=torch.full([1] * base.ndim, EVERYWHERE), keys=None))
            self.lost(name.rstrip("_"), (base,), {}, base)

    def _follow(self, func, name: str, args: tuple, kwargs: dict[str, Any], out: Any) -> None:
        handler = HANDLERS.get(name)
        if handler is None and torch.Tag.pointwise in func.tags:
            handler = pointwise
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
        field = as_whole(first.field, name=where, kind=name, note=joined(first.field.note, note))
        for tensor in tree_flatten(out)[0]:
            if not isinstance(tensor, Tensor):
                continue
            at = torch.full([1] * tensor.ndim, EVERYWHERE)
            new = field
            if tensor.ndim == len(field.shape) + 2:
                new = replace(field, shape=tuple(tensor.shape[2:]))
                at = canonical(new, range(2, tensor.ndim), tensor.ndim)
            set_places(tensor, Places(new, at))
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
        if all(number_of(tensor) is not None for tensor in tensors):
            if name in ("empty", "new_empty", "empty_strided") or (
                outs[0].device.type != "meta" and not tensors
            ):
                return
            values = tree_map_only(Tensor, number_of, args)
            moved = {key: torch.device("cpu") if key == "device" else value for key, value in kwargs.items()}
            found = func(*values, **tree_map_only(Tensor, number_of, moved))
            for tensor, value in zip(outs, tree_flatten(found)[0], strict=True):
                if tensor.device.type == "meta":
                    set_places(tensor, Places(value=value, note=notes))
            return
        known = [x for x in map(self.mask, tensors) if x is not None]
        if known or notes:
            handler = HANDLERS.get(name)
            if handler in MOVES and known:
                handler(self, name, args, kwargs, out)
            elif torch.Tag.pointwise in func.tags:
                blocked = known[0] if known else None
                for other in known[1:]:
                    blocked = blocked | other
                set_places(outs[0], Places(blocked=blocked, note=notes))
            elif notes:
                for tensor in outs:
                    set_places(tensor, Places(note=notes))


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
        set_places(out, places)
        return out

    def _attention(self, query, key, value, attn_mask=None, dropout_p=0.0, is_causal=False, **more):
        tracker = self.tracker
        q, k, v = map(places_of, (query, key, value))
        shape = (*query.shape[:-1], value.shape[-1])
        out = query.new_empty(shape)
        sources = [p for p in (k, v) if p is not None and p.at is not None]
        if not sources:
            set_places(out, q)
            return out
        where, _ = tracker.where()
        with _disable_current_modes():  # reckoning with places is not part of the pass
            blocked = None if attn_mask is None else tracker.mask(attn_mask)
            if is_causal:
                n, m = query.shape[-2], key.shape[-2]
                blocked = ~torch.ones(n, m, dtype=torch.bool).tril()
            queries = None if q is None or q.at is None else mixed_last(q, where)
            rows = rows_of([mixed_last(p, where) for p in sources])
            if blocked is not None:
                blocked = _over_heads(blocked)
            set_places(out, attended(queries, rows, blocked, shape, where))
        tracker.mixed("attention")
        return out


def _over_heads(blocked: Tensor) -> Tensor:
    """Shut out in every head: [..., heads, n, m] → [..., 1, n, m]."""
    return blocked.all(-3, keepdim=True) if blocked.ndim > 2 else blocked
