"""The weights of models that take no attention function from outside: those they return, and those they use.

Many hand them out as `attentions`. Of others the arithmetic is watched: a softmax whose result is multiplied
with values, and the fused kernel of torch where it is called by name.
"""

from __future__ import annotations

import inspect
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode
from transformers.utils import ModelOutput

from headlight.models.attention.asking.amounts import Amounts, is_attention, values_of
from headlight.models.attention.asking.bands import BandCall, has_band
from headlight.models.attention.calls import AttentionCall, Call, GivenCall, Kind
from headlight.models.core.errors import HeadlightError

FIELDS = ("encoder_attentions", "decoder_attentions", "attentions", "cross_attentions")
_AMONG_STATES = ("maskformer-swin",)
"""Model types that look for weights among their states, which have to be there then."""
_PRODUCTS = {"matmul", "__matmul__", "bmm"}
_HEADS = ("num_attention_heads", "num_heads", "n_heads", "n_head")
"""What an attention module may call the number of its heads."""


class Notes(Protocol):
    """What a recording keeps."""

    calls: list[Call]
    passes: int
    names: dict[nn.Module, str]

    def unique(self, name: str) -> str:
        """The name of a call that is noted under it."""
        ...

    def kind_of(self, module: nn.Module, shape: tuple[int, ...]) -> Kind:
        """What a call of this module is, by its shape [B, H, Nq, Nk]."""
        ...


Hook = Callable[..., None]
"""Registers a hook for this recording alone: of what registers it, of the hook, and options."""


class _Used(NamedTuple):
    """Weights that a module multiplied with values, [B, H, Nq, Nk], or the fused call that it made."""

    module: nn.Module
    weights: Tensor | None
    more: dict[str, Any]
    call: AttentionCall | None = None

    @property
    def queries(self) -> int:
        return (self.weights if self.call is None else self.call).shape[2]

    @property
    def keys(self) -> int:
        return (self.weights if self.call is None else self.call).shape[3]


class _Arithmetic(TorchFunctionMode):
    """The last softmaxes and products of a pass: among them those of the weights that a module returns.

    within: the attention modules that run, the innermost last. used: what was seen inside of them.
    """

    def __init__(self, sampled: Callable[[int, torch.device], Tensor]) -> None:
        super().__init__()
        self.within: list[nn.Module] = []
        self.used: list[_Used] = []
        self.stopped = False
        self._sampled = sampled
        self._last: deque[tuple[Tensor, Tensor, Tensor]] = deque(maxlen=4)
        self._softmaxes: deque[tuple[Tensor, Tensor]] = deque(maxlen=4)

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        out = function(*args, **(kwargs or {}))
        name = "" if self.stopped else getattr(function, "__name__", "")
        if name == scaled_dot_product_attention.__name__:
            self._fused(*args, out=out, **(kwargs or {}))
        elif name in _PRODUCTS and len(args) == 2:
            self._last.append((*args, out))
            self._multiplied(*args, out)
        elif name == "softmax":
            self._softmaxes.append((args[0] if args else kwargs["input"], out))
        return out

    def knows(self, module: nn.Module, count: int | None) -> bool:
        """Whether weights of so many tokens were seen in a module, of any where that is not known."""
        mine = [one for one in self.used if one.module is module]
        return any(count in (None, one.keys) and one.keys == one.queries for one in mine)

    def weights(self, returned: Tensor) -> Tensor:
        """What a module returned, or what became of it where those were the scores (SqueezeBERT)."""
        return next((out for scores, out in self._softmaxes if scores is returned), returned)

    def of(self, weights: Tensor) -> dict[str, Tensor]:
        """For weights [B, H, Nq, Nk], as GivenCall names it: v, sampled rows and what came of them."""
        for factor, v, out in self._last:
            if _is_view(factor, weights):
                return self._values(weights, v, out)
        return {}

    def _multiplied(self, weights: Tensor, v: Tensor, out: Tensor) -> None:
        """Note weights of a module: what a softmax gave, last of its axes, times as many values."""
        if not self.within or weights.ndim < 3 or weights.shape[-1] != v.shape[-2]:
            return
        if not any(_is_view(weights, softmax) for _, softmax in self._softmaxes):
            return
        module = self.within[-1]
        given, values, outputs = (_of_heads(x, module) for x in (weights, v, out))
        if given is not None and values is not None and outputs is not None:
            self.used.append(_Used(module, given, self._values(given, values, outputs)))

    def _values(self, weights: Tensor, v: Tensor, out: Tensor) -> dict[str, Tensor]:
        batch, heads, queries, keys = weights.shape
        rows = self._sampled(queries, out.device)
        outputs = out.detach().reshape(batch, heads, queries, -1)[:, :, rows]
        # One head of values may serve several of weights (Falcon).
        v = v.detach().reshape(batch, -1, keys, out.shape[-1])
        v = v.repeat_interleave(heads // v.shape[1], 1)
        return {"v": v, "rows": rows, "outputs": outputs.transpose(1, 2)}

    def _fused(
        self,
        query: Tensor,
        key: Tensor,
        value: Tensor,
        attn_mask: Tensor | None = None,
        dropout_p: float = 0.0,
        is_causal: bool = False,
        *,
        scale: float | None = None,
        enable_gqa: bool = False,
        out: Tensor,
    ) -> None:
        """Note a call of the fused kernel: q, k and v are all that its weights need."""
        if not self.within or query.ndim != 4:
            return
        mask = attn_mask
        if is_causal:
            shape = query.shape[2], key.shape[2]
            mask = torch.ones(1, 1, *shape, dtype=torch.bool, device=query.device).tril_()
        rows = self._sampled(query.shape[2], out.device)
        call = AttentionCall(
            *("", "self", query.detach(), key.detach(), value.detach()),
            query.shape[-1] ** -0.5 if scale is None else float(scale),
            mask=None if mask is None else mask.detach()[(None,) * (4 - mask.ndim)],
            rows=rows,
            outputs=out.detach().transpose(1, 2)[:, rows],
        )
        self.used.append(_Used(self.within[-1], None, {}, call))


def _is_square(x: Tensor) -> bool:
    return x.ndim == 4 and x.shape[-1] == x.shape[-2]


def _is_whole(x: Tensor) -> bool:
    """Whether these can be weights from all tokens to all."""
    return _is_square(x) and is_attention(x)


def _told(amounts: Amounts, module: nn.Module, _: nn.Module, args: tuple, values: Tensor) -> None:
    amounts.valued(module, values)


def _is_view(one: Tensor, other: Tensor) -> bool:
    """Whether two hold the same numbers in the same memory: views with other axes do."""
    return one.data_ptr() == other.data_ptr() and one.numel() == other.numel()


def _of_heads(x: Tensor, module: nn.Module) -> Tensor | None:
    """[B, H, n, m] of what heads (3 axes) or windows (5 axes) were folded into, or None.

    Windows lie behind the heads then, as in Hiera.
    """
    if x.ndim == 3:
        heads = next((n for name in _HEADS if isinstance(n := getattr(module, name, None), int)), None)
        return x.unflatten(0, (-1, heads)) if heads and x.shape[0] % heads == 0 else None
    if x.ndim == 5:
        return x.transpose(1, 2).flatten(0, 1)
    return x if x.ndim == 4 else None


def ask_for_weights(
    model: nn.Module,
    notes: Notes,
    hook: Hook,
    sampled: Callable[[int, torch.device], Tensor],
    unrecordable: Callable[[str], HeadlightError],
) -> TorchFunctionMode:
    """Have the model return its weights, note them as calls, and hand on what it returns without them.

    sampled: of rows, on a device, those that are kept of outputs. unrecordable: what is raised, and why. The
    pass has to run inside of what is returned.
    """
    # By what was returned: (the innermost owner, the weights, what they were multiplied with).
    seen: dict[int, tuple[nn.Module, Tensor, dict[str, Tensor]]] = {}
    kept: list[Tensor] = []  # an id is free again once its tensor is gone
    asked: list[dict[str, Any]] = []
    watched, amounts = _Arithmetic(sampled), Amounts(sampled)

    def ask(module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]] | None:
        asked.append(kwargs)
        parameters = inspect.signature(module.forward).parameters
        if "output_attentions" in parameters or any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
            looks = getattr(getattr(module, "config", None), "model_type", None) in _AMONG_STATES
            states = {"output_hidden_states": True} if looks else {}
            return args, {**kwargs, **states, "output_attentions": True, "return_dict": True}
        return None

    def begin(module: nn.Module, _: tuple) -> None:
        watched.within.append(module)
        amounts.begin(module)

    def end(module: nn.Module, args: tuple, kwargs: dict[str, Any], output: Any) -> None:
        watched.within.pop()
        if amounts.runs or output is None:
            return
        returned = [x for x in output if isinstance(x, Tensor)] if isinstance(output, tuple) else []
        known = watched.knows(module, amounts.count(module))
        if known or any(_is_whole(x) or has_band(model, x) for x in returned):
            amounts.forget(module)
        else:
            watched.stopped = True
            amounts.end(module, args, kwargs, output)
            watched.stopped = False

    def look(module: nn.Module, args: tuple, output: Any) -> None:
        if isinstance(output, tuple | dict) and not amounts.runs:
            for x in output.values() if isinstance(output, dict) else output:
                if isinstance(x, Tensor) and x.ndim == 4 and id(x) not in seen:
                    weights = watched.weights(x)
                    kept.append(x)
                    seen[id(x)] = module, weights, watched.of(weights)

    def take(module: nn.Module, args: tuple, output: Any) -> Any:
        kwargs = asked.pop()
        used, amounted = list(watched.used), dict(amounts.found)
        watched.used.clear()
        amounts.found.clear()
        if not isinstance(output, ModelOutput):
            return output
        past = notes.passes > 1 or any(kwargs.get(key) is not None for key in ("past_key_values", "mems"))
        found = {
            id(x): (f"{field}.{number}", field == "cross_attentions", seen[id(x)][1] if id(x) in seen else x)
            for field in FIELDS
            for number, x in enumerate(_flat(output.get(field)))
        }
        # A model may hand out none though its modules do: those count that were multiplied with values.
        if not found:
            found = {
                key: ("", False, weights)
                for key, (module, weights, more) in seen.items()
                if more and "Attention" in type(module).__name__
            }
        # Swin and its kin return the weights of each stage's last block alone.
        owners = {type(seen[key][0]) for key in found if key in seen}
        multiplied = {key: owner for key, (owner, _, more) in seen.items() if more}
        forgotten = {key for key, owner in multiplied.items() if key not in found and type(owner) in owners}
        if forgotten:
            found = {
                key: found.get(key, ("", False, weights))
                for key, (_, weights, _) in seen.items()
                if key in forgotten or key in found
            }
        if used and not any(key in seen for key in found):
            found = {}  # what is handed out are no weights (YOSO), or not those of modules
        if amounted:
            found, used = {}, [one for one in used if one.module not in amounted]
            for owner, call in amounted.items():
                call.name, call.step = notes.unique(notes.names[owner]), notes.passes
                notes.calls.append(call)
        for key, (name, cross, weights) in found.items():
            owner, _, more = seen.get(key, (None, None, {}))
            if has_band(model, weights):
                notes.calls.append(BandCall(notes.unique(name), "self", weights.detach(), notes.passes))
                continue
            # Fewer keys than queries are a reduced sequence where they were multiplied with as many values.
            if not (cross or past or more) and weights.shape[-1] != weights.shape[-2]:
                raise unrecordable(f"its weights of {tuple(weights.shape)} do not say which keys they mean")
            name = notes.unique(notes.names[owner] if owner is not None else name)
            kind: Kind = "cross" if cross else "self"
            notes.calls.append(GivenCall(name, kind, weights.detach(), notes.passes, **more))
        if not found:
            notes.calls.extend(_noted(one, notes) for one in used)
        seen.clear()
        kept.clear()
        asks = {"attentions": "output_attentions", "hidden_states": "output_hidden_states"}
        unasked = tuple(end for end, asked_for in asks.items() if not kwargs.get(asked_for))
        output = type(output)(**{key: x for key, x in output.items() if not key.endswith(unasked)})
        return output.to_tuple() if kwargs.get("return_dict") is False else output

    for module in model.modules():
        if module is not model:
            hook(module.register_forward_hook, look)
        if "Attention" in type(module).__name__:
            hook(module.register_forward_pre_hook, begin)
            hook(module.register_forward_hook, end, with_kwargs=True, always_call=True)
            if (values := values_of(module)) is not None:
                hook(values.register_forward_hook, partial(_told, amounts, module))
    hook(model.register_forward_pre_hook, ask, with_kwargs=True)
    hook(model.register_forward_hook, take)
    return watched


def _noted(used: _Used, notes: Notes) -> Call:
    """The call that was seen in a module."""
    name = notes.unique(notes.names[used.module])
    if used.call is not None:
        used.call.name, used.call.step = name, notes.passes
        used.call.kind = notes.kind_of(used.module, used.call.shape)
        return used.call
    kind = notes.kind_of(used.module, tuple(used.weights.shape))
    return GivenCall(name, kind, used.weights.detach(), notes.passes, **used.more)


def _flat(nested: Any) -> Iterator[Tensor]:
    if isinstance(nested, Tensor):
        yield nested
    elif nested is not None:
        for item in nested:
            yield from _flat(item)
