"""Recording the attention of any module while it runs as it is written: its functions are seen as they are
called, none is replaced.

What is seen: `scaled_dot_product_attention`, `nn.MultiheadAttention` and all that is built of it (whose fused
path, which would hide it, is off meanwhile), `flex_attention`, and softmax(q·kᵀ)·v written by hand.
"""

from __future__ import annotations

import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention
from torch.overrides import TorchFunctionMode

from headlight.models.attention.calls import (
    CROSS,
    AttentionCall,
    Call,
    GivenCall,
    Kind,
    Projection,
    sampled_rows,
)
from headlight.models.core.errors import HeadlightError
from headlight.models.modules import products
from headlight.models.modules.flex import FlexCall
from headlight.models.modules.functions import (
    as_written,
    batch_of,
    gives,
    headed,
    joined,
    may_attend,
    opened,
    plain_name,
    undropped,
)
from headlight.models.modules.lineage import SHAPES_OF_OUTPUTS, Joined, Scores, Weights
from headlight.models.modules.lying import Lying
from headlight.models.modules.packages import Asked, watched
from headlight.models.modules.seen import Seen

_FUSED = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


@contextmanager
def recording(model: nn.Module, gradients: bool = False) -> Iterator[Seen]:
    """See every attention call of the passes of `model` that are made in this thread inside the block.

    gradients: note what comes back to each call when somebody goes back through the pass, inside the block or
    after it. Of several passes the last one is kept. HeadlightError where a pass ran and nothing was seen.
    """
    if not isinstance(model, nn.Module):
        raise HeadlightError(
            f"{type(model).__name__} is no torch.nn.Module.", "Give the module whose attention is to be seen."
        )
    if isinstance(model, torch.jit.ScriptModule):
        raise HeadlightError(
            "What TorchScript made of a module does not show what it calls.", "Record the module itself."
        )
    seen = Seen(type(getattr(model, "_orig_mod", model)).__name__)
    with ExitStack() as stack:
        recorder = _Recorder(model, seen, gradients, stack)
        stack.enter_context(as_written())
        stack.enter_context(watched(model, recorder.packaged))
        stack.enter_context(recorder)
        yield seen
    if seen.passes and not seen.calls:
        raise HeadlightError(
            f"{seen.title} ran, but none of its attention was seen.",
            "It is seen where it calls scaled_dot_product_attention, nn.MultiheadAttention or "
            "flex_attention, or multiplies a softmax of a product with values.",
        )


class _Recorder(TorchFunctionMode):
    """Where in the model the pass is, and what became of what was multiplied."""

    def __init__(self, model: nn.Module, seen: Seen, gradients: bool, stack: ExitStack) -> None:
        super().__init__()
        self.seen, self.gradients = seen, gradients
        self._where: list[str] = []
        self._thread = threading.get_ident()
        self._began = 0.0
        self._batch: int | None = None
        self._inside: dict[str, Any] | None = None
        """What nn.MultiheadAttention says of the call that is being made."""
        self._opened: Callable | None = None
        self._types: dict[str, type] = {}
        self._sure: dict[Any, bool] = {}
        """Whether q and k give the weights, by how these were computed."""
        self._times: Counter[str] = Counter()
        self._followed: dict[int, tuple[weakref.ref[Tensor], Scores | Weights | Joined]] = {}
        self._triangles: dict[tuple[int, int, torch.device], Tensor] = {}
        self._handlers = {
            "scaled_dot_product_attention": self._scaled,
            "multi_head_attention_forward": self._many_heads,
            "flex_attention": self._flexed,
            "softmax": self._softmax,
            "linear": self._linear,
            "__setitem__": self._written_into,
            **dict.fromkeys(products.NAMES, self._product),
        }
        for name, module in model.named_modules():
            if module is not model and not may_attend(module):
                continue
            self._types[plain_name(name)] = type(module)
            begins, ends = (partial(one, plain_name(name)) for one in (self._begins, self._ends))
            if module is model:
                root = module.register_forward_pre_hook(self._pass_begins, with_kwargs=True)
                stack.callback(root.remove)
            stack.callback(module.register_forward_pre_hook(begins).remove)
            stack.callback(module.register_forward_hook(ends, always_call=module is model).remove)

    def __torch_function__(
        self, function: Callable, types: Any, args: tuple = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        name = getattr(function, "__name__", "")
        if name == "__get__":  # a shape or a type: most of all that is asked
            return function(*args)
        kwargs = kwargs or {}
        handler = self._handlers.get(name)
        if handler is not None and torch._C._current_graph_task_id() == -1:  # no pass that is made once more
            return handler(name, function, args, kwargs)
        out = function(*args, **kwargs)
        if self._followed:
            self._follow(name, args, kwargs, out)
        return out

    def _pass_begins(self, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        if not self._where:
            self.seen.begin()
            self._times.clear()
            self._followed.clear()
            self.seen.training = module.training
            self._batch = batch_of((*args, *kwargs.values()))
            self.seen.items = self._batch or 1
            self._began = time.perf_counter()

    def _begins(self, name: str, *_: Any) -> None:
        self._where.append(name)

    def _ends(self, name: str, *_: Any) -> None:
        """A module is done, and so are those in it that ended with an error that somebody caught."""
        while self._where and self._where.pop() != name:
            pass
        if not self._where:
            self.seen.seconds = time.perf_counter() - self._began

    def _follow(self, name: str, args: tuple, kwargs: Mapping[str, Any], out: Any) -> None:
        """Note what became of scores, weights and outputs that something was done to."""
        for place, one in enumerate(args[:3]):
            found = self._followed.get(id(one))
            if found is None or found[0]() is not one:
                continue
            was = found[1]
            if isinstance(was, Scores):
                now = was.after(name, place, args, kwargs, out)
            elif isinstance(was, Weights):
                now = was.after(name, args, kwargs, out) if not place or name == "where" else None
            else:
                now = was if name in SHAPES_OF_OUTPUTS and isinstance(out, Tensor) else None
            if now is not None:
                self._remember(out, now)
            return

    def _remember(self, tensor: Tensor, what: Scores | Weights | Joined) -> None:
        key = id(tensor)
        self._followed[key] = weakref.ref(tensor, lambda _: self._followed.pop(key, None)), what

    def _known(self, one: Any) -> Scores | Weights | Joined | None:
        found = self._followed.get(id(one))
        return found[1] if found is not None and found[0]() is one else None

    def _written_into(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        out = function(*args, **kwargs)
        if isinstance(was := self._known(args[0]), Scores):
            self._remember(args[0], replace(was, is_known=False))
        return out

    def _product(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """Queries with keys, or weights with values."""
        out = function(*args, **kwargs)
        operands = args[1:] if name == "einsum" else args
        operands = operands[0] if len(operands) == 1 and isinstance(operands[0], list | tuple) else operands
        known = [self._known(one) for one in operands]
        at = next((place for place, one in enumerate(known) if isinstance(one, Weights)), None)
        if at is not None:
            self._weighted(name, args, operands, at, known[at], out)
        elif (product := products.product_of(name, args, kwargs)) is not None:
            self._remember(out, Scores.of(product, out))
        return out

    def _softmax(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        out = function(*args, **kwargs)
        given = args[0] if args else kwargs.get("input")
        axis = args[1] if len(args) > 1 else kwargs.get("dim")
        scores = self._known(given)
        if isinstance(scores, Scores) and axis in (-1, out.ndim - 1):
            self._remember(out, Weights(scores, out))
        return out

    def _weighted(
        self, name: str, args: tuple, operands: Any, at: int, weights: Weights, out: Tensor
    ) -> None:
        """Weights were multiplied with values: a call of attention written by hand."""
        found = products.weighted(name, args, operands, at)
        if found is None:
            return
        whole = found.shares_of(weights.rows.reshape(operands[at].shape))  # [..., Nq, Nk]
        lying = self._lying(whole)
        whole, v = lying.heads_of(whole), lying.heads_of(found.v)
        call = self._by_hand(weights.scores, lying, whole, v, weights.changed)
        self._note(call, out, lambda given: lying.heads_of(found.out_of(given)), weights.dropped and whole)

    def _by_hand(
        self, scores: Scores, lying: Lying, weights: Tensor, v: Tensor, changed: bool
    ) -> AttentionCall | GivenCall:
        """As it follows from q and k where that gives these very weights [B, H, Nq, Nk], else with them.

        changed: not all of them are what the softmax gave, so that all are looked at, not one row.
        """
        if scores.is_known:
            q, k = lying.heads_of(scores.queries()), lying.heads_of(scores.product.right)
            call = AttentionCall(
                "", "self", q, k, v, scores.scaling(), lying.mask_of(scores.allowed), softcap=scores.cap
            )
            call = lying.added_to(call, scores.added)
            call.mask = self._shared(call.mask)
            if self._is_sure(call, scores, weights, changed):
                return call
        return GivenCall("", "self", weights.detach(), v=v.detach())

    def _shared(self, mask: Tensor | None) -> Tensor | None:
        """The one triangle for all layers whose masks are it: each makes its own, of n × n."""
        if mask is None or mask.dtype != torch.bool or mask.numel() != mask.shape[-1] ** 2:
            return mask
        triangle = self._triangle(mask.shape[-1], mask.shape[-1], mask.device)
        return triangle if torch.equal(mask.reshape(triangle.shape), triangle) else mask

    def _is_sure(self, call: AttentionCall, scores: Scores, weights: Tensor, changed: bool) -> bool:
        """Whether a call's q and k give these weights, [B, H, Nq, Nk]."""
        if changed:
            return gives(call, weights, whole=True)
        # What is true of one layer is true of all of its class that do the same.
        way = self._types.get(self._where[-1] if self._where else ""), scores.way(), weights.shape
        if way not in self._sure:
            self._sure[way] = gives(call, weights)
        return self._sure[way]

    def _scaled(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        out = function(*args, **kwargs)
        given = {**dict(zip(_FUSED, args, strict=False)), **kwargs}
        q, k, v = (given[name] for name in ("query", "key", "value"))
        if q.is_nested or q.ndim < 2:
            return out
        lying = self._lying(q)
        mask, scale = given.get("attn_mask"), given.get("scale")
        if mask is not None and hasattr(mask, "_materialize"):  # of torch.nn.attention.bias
            mask = mask._materialize(q.device)
        if given.get("is_causal"):
            mask = self._triangle(q.shape[-2], k.shape[-2], q.device)
        elif mask is not None and mask.ndim > 2:
            mask = lying.spread(mask, tuple(q.shape))
        call = AttentionCall(
            *("", "self", lying.heads_of(q), lying.heads_of(k), lying.heads_of(v)),
            q.shape[-1] ** -0.5 if scale is None else float(scale),
            mask,
        )
        self._note(call, out, lying.heads_of, bool(given.get("dropout_p")))
        return out

    def _many_heads(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """What lies inside, seen too: it would hand itself over whole to whoever looks on."""
        query = args[0]
        self._inside = {
            "heads": args[4],
            "batch": query.shape[1] if query.ndim == 3 else 1,
            "cross": args[1] is not query and args[1].data_ptr() != query.data_ptr(),
            "projection": Projection(args[11].detach(), None if args[12] is None else args[12].detach()),
        }
        try:
            if not kwargs.get("need_weights", True):
                if self._opened is None:
                    self._opened = opened(function, self._sees)
                return self._opened(*args, **kwargs)
            with self:
                return opened(function)(*args, **kwargs)
        finally:
            self._inside = None

    def _sees(self, *args: Any, **kwargs: Any) -> Tensor:
        """The one function that is called inside, where weights are not asked for."""
        return self._scaled("", scaled_dot_product_attention, args, kwargs)

    def _flexed(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """The operator behind flex_attention: q, k, v, what changes scores, the mask in blocks, the scale."""
        out = function(*args, **kwargs)
        if len(args) > 5:
            q, k, v, change, block_mask, scale = args[:6]
            call = FlexCall("", "self", q, k, v, float(scale), change=change, allows=block_mask[-1])
            self._note(call, out[0], lambda given: given)
        return out

    def packaged(self, asked: Asked, out: Tensor) -> None:
        """A function of another package was called, whose heads stand behind its tokens."""
        if threading.get_ident() != self._thread:
            return
        q, k, v = (one.transpose(1, 2) for one in (asked.q, asked.k, asked.v))
        scale = q.shape[-1] ** -0.5 if asked.scale is None else float(asked.scale)
        call = AttentionCall("", "self", q, k, v, scale, asked.mask, softcap=asked.softcap)
        self._note(call, out, partial(headed, asked.q.shape[:3]), bool(asked.dropout))

    def _linear(self, name: str, function: Callable, args: tuple, kwargs: Mapping[str, Any]) -> Any:
        """A linear layer, which may be the output projection of the call before."""
        given = args[0] if args else kwargs["input"]
        joined = self._known(given)
        if isinstance(joined, Joined) and joined.is_of(given):
            bias = args[2] if len(args) > 2 else kwargs.get("bias")
            joined.tell(args[1] if len(args) > 1 else kwargs["weight"], bias)
        return function(*args, **kwargs)

    def _note(
        self,
        call: AttentionCall | GivenCall,
        given: Tensor,
        lay: Callable[[Tensor], Tensor],
        dropped: Tensor | bool = False,
    ) -> None:
        """Keep a call without its graph, with a few rows of what it gave; lay: of that, [B, H, Nq, dv].

        dropped: some of its weights were set to 0 at random, so that these rows are made again without it; of
        weights that were seen, those before.
        """
        out = lay(given.detach()).transpose(1, 2)
        rows = sampled_rows(out.shape[1], out.device)
        call.name = self._unique()
        call.kind = self._kind(call)
        call.step = self.seen.passes
        if isinstance(call, AttentionCall):
            for name in ("q", "k", "v", "mask", "bias"):
                part = getattr(call, name)
                if part is not None and part.requires_grad:
                    setattr(call, name, part.detach())
            if self._inside is not None:
                call.projection = self._inside["projection"]
            else:
                self._remember(given, joined(call, out))
        else:
            self.seen.kept.append(call.name)
        call.rows, call.outputs = rows, out[:, rows]
        if dropped is not False:
            self.seen.dropped.append(call.name)
            with torch.no_grad():
                call.outputs = undropped(call, rows, dropped)
        if self.gradients and given.requires_grad:
            flows, name = self.seen.flows, call.name
            given.register_hook(lambda flow: flows.update({name: lay(flow.detach()).transpose(1, 2)}))
        self.seen.calls.append(call)

    def _unique(self) -> str:
        name = (self._where[-1] if self._where else "") or "attention"
        self._times[name] += 1
        return name if self._times[name] == 1 else f"{name}:{self._times[name]}"

    def _kind(self, call: Call) -> Kind:
        count, _, queries, keys = call.shape
        if self._inside is not None:
            return "cross" if self._inside["cross"] and "self" not in call.name.split(".")[-1] else "self"
        if CROSS.search(".".join(call.name.split(".")[-2:])) or queries > keys:
            return "cross"
        return "window" if self._batch and count > self._batch and count % self._batch == 0 else "self"

    def _lying(self, tensor: Tensor) -> Lying:
        inside = self._inside
        batch = self._batch if inside is None else inside["batch"]
        return Lying.of(tuple(tensor.shape[:-2]), batch, None if inside is None else inside["heads"])

    def _triangle(self, queries: int, keys: int, device: torch.device) -> Tensor:
        """bool [1, 1, Nq, Nk]: each token sees all up to itself; layers share it."""
        key = queries, keys, device
        if key not in self._triangles:
            self._triangles[key] = torch.ones(queries, keys, dtype=torch.bool, device=device).tril_()[
                None, None
            ]
        return self._triangles[key]
