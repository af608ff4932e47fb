"""Recording the attention calls of a forward pass, whatever the model, while it keeps its fused kernels."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import partial
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask
from transformers.pytorch_utils import Conv1D

from headlight.models.attention.asking.implementations import eager, functional, unchanged
from headlight.models.attention.asking.weights import ask_for_weights
from headlight.models.attention.calls import (
    CROSS,
    AttentionCall,
    Call,
    GivenCall,
    Kind,
    Projection,
    sampled_rows,
)
from headlight.models.attention.turns import Turn, watch
from headlight.models.core.errors import HeadlightError
from headlight.models.core.interventions import Freeze, Level, OnHeads
from headlight.models.core.task import SILENT, Task

__all__ = ["AttentionCall", "Call", "GivenCall", "recording"]

NEXT_STEP = "Open another model: those of the BERT, GPT-2, Llama, T5 and ViT families work."
"""For a model whose attention cannot be shown."""
_NAME = "headlight"


class _Recorder:
    """Collects the calls of one recording, and knows where in the model the pass is."""

    def __init__(self, model: nn.Module, task: Task, changes: Sequence[OnHeads], flowing: bool) -> None:
        self.calls: list[Call] = []
        self.flowing = flowing
        self.changes, self.changed = changes, set[OnHeads]()
        self.names = {module: name for name, module in model.named_modules()}
        self.task = task
        self.passes = 0
        self.batches: list[int | None] = []
        self._times: Counter[tuple[str, int]] = Counter()
        self._returned: tuple[AttentionCall, Tensor] | None = None
        self._masks: dict[int, tuple[Tensor, bool]] = {}
        self.turned: tuple[Any, ...] | None = None
        """The last turn of queries and keys: function, what it was given, what it gave."""

    def enter(self, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """A model, or a model inside it, begins: its batch tells windows from whole inputs."""
        if not self.batches:
            self.passes += 1
        self.batches.append(_batch(args, kwargs))

    def leave(self, *_: Any) -> None:
        self.batches.pop()

    def is_causal(self, call: AttentionCall) -> bool:
        """Whether its mask lets each token see all up to itself and nothing else says more: the kernel needs
        no mask then, and does half the work. Layers that share a mask look at it once.
        """
        mask = call.mask
        if mask is None or call.bias is not None or mask.dtype != torch.bool or mask.shape[-1] < 2:
            return False
        if id(mask) not in self._masks:
            square = mask.shape[-1] == mask.shape[-2]
            causal = square and _all_equal(mask, torch.ones_like(mask[:1, :1]).tril_())
            self._masks[id(mask)] = mask, causal
        return self._masks[id(mask)][1]

    def begin(self, module: nn.Module, call: AttentionCall) -> Tensor | None:
        """Name the call and change its heads; what their outputs are to be multiplied by [H], or None."""
        call.name, call.kind = self.unique(self.names[module]), self.kind_of(module, call.shape)
        if self.turned is not None:
            call.turn, self.turned = Turn.of(*self.turned, (call.q, call.k)), None
        mine = [change for change in self.changes if change.layer == call.name]
        self.changed.update(mine)
        heads, factors = call.shape[1], None
        for change in (one for one in mine if one.heads):
            if not set(change.heads) <= set(range(heads)):
                raise HeadlightError(
                    f"{call.name} has no head {max(change.heads)}.", f"Choose from 0 to {heads - 1}."
                )
            where = torch.zeros(heads, dtype=torch.bool, device=call.device)
            where[list(change.heads)] = True
            if isinstance(change, Freeze):
                change.into(call, where)
            elif isinstance(change, Level):
                call.level = where if call.level is None else call.level | where
            else:
                factors = torch.ones(heads, device=call.device) if factors is None else factors
                factors[where] *= change.factor
        return factors

    def note(self, call: AttentionCall, out: Tensor) -> None:
        """Keep the call without its graph, with a few rows of what it returned."""
        rows = sampled_rows(out.shape[1], out.device)
        tensors = {key: getattr(call, key) for key in ("q", "k", "v", "mask", "bias", "sinks")}
        kept = replace(
            call,
            rows=rows,
            outputs=out.detach()[:, rows],
            out=out if self.flowing else None,
            step=self.passes,
            **{key: None if tensor is None else tensor.detach() for key, tensor in tensors.items()},
        )
        self.calls.append(kept)
        # Held until the next call, so that nothing else comes to lie where it lies.
        self._returned = kept, out

    def multiplied(self, module: nn.Linear | Conv1D, args: tuple) -> None:
        """A linear layer begins: the output projection, if it is given what the last call gave."""
        if self._returned is None or not args:
            return
        call, out = self._returned
        if args[0].data_ptr() == out.data_ptr() and args[0].numel() == out.numel():
            weight = module.weight if isinstance(module, nn.Linear) else module.weight.T
            bias = None if module.bias is None else module.bias.detach()
            call.projection = Projection(weight.detach(), bias)
            self._returned = None

    def unique(self, name: str) -> str:
        self._times[name, self.passes] += 1
        times = self._times[name, self.passes]
        return name if times == 1 else f"{name}:{times}"

    def kind_of(self, module: nn.Module, shape: tuple[int, ...]) -> Kind:
        """What a call of this module is, by its shape [B, H, Nq, Nk]."""
        batch = self.batches[-1] if self.batches else None
        count, _, queries, keys = shape
        if CROSS.search(".".join(self.names[module].split(".")[-2:])):
            return "cross"
        if queries != keys and not getattr(module, "is_causal", False):
            return "cross"
        return "window" if batch and count > batch and count % batch == 0 else "self"


_recorder: ContextVar[_Recorder | None] = ContextVar("recorder", default=None)


Change = Callable[[AttentionCall], Tensor | None]
"""Changes a call, and says what the outputs of its heads are to be multiplied by, float [B, H], or None."""
_switched: ContextVar[tuple[nn.Module, Change] | None] = ContextVar("switched", default=None)
"""An attention module, and how each call of it is changed."""
_without: ContextVar[Tensor | None] = ContextVar("without", default=None)
"""bool [B, Nk]: keys whose values are nothing."""


def _note_turn(*turn: Any) -> None:
    if (recorder := _recorder.get()) is not None:
        recorder.turned = turn


_locks: WeakKeyDictionary[nn.Module, threading.RLock] = WeakKeyDictionary()
_locks_guard = threading.Lock()


def _batch(args: tuple, kwargs: dict[str, Any]) -> int | None:
    """Batch size of what a model was called with."""
    named = [kwargs.get(key) for key in ("input_ids", "inputs_embeds", "pixel_values", "decoder_input_ids")]
    tensors = [x for x in (*named, *args, *kwargs.values()) if isinstance(x, Tensor) and x.ndim > 1]
    return tensors[0].shape[0] if tensors else None


def _attend(
    module: nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **kwargs: Any
) -> tuple[Tensor, None]:
    """The attention function that models call: the fused kernel, and a note of what it was given."""
    recorder = _recorder.get()
    if recorder is not None and module not in recorder.names:
        recorder = None
    if recorder is not None:
        recorder.task.check()
    if (without := _without.get()) is not None:
        value = value.masked_fill(without[:, None, :, None], 0)
    call = _call(module, query, key, value, attention_mask, kwargs)
    factors = None if recorder is None else recorder.begin(module, call)
    if (switched := _switched.get()) is not None and switched[0] is module:
        more = switched[1](call)
        if more is not None:
            factors = more[:, None] if factors is None else factors * more[:, None]
    # The fused kernels refuse a soft cap, ignore sinks, and would share out keys that every head has.
    own = call.k.shape[1] == key.shape[1]
    if call.softcap is not None or call.sinks is not None or call.level is not None or not own:
        out = call.attend()
    else:
        # Left to itself the kernel makes every module causal that says nothing of causality.
        kwargs["is_causal"] = causal = recorder is not None and recorder.is_causal(call)
        mask = None if causal else attention_mask
        out, _ = sdpa_attention_forward(module, call.q, call.k, call.v, mask, **kwargs)  # [B, Nq, H, dv]
    if factors is not None:
        call.factors = factors
        out = out * factors.to(out.dtype)[..., None]
    if recorder is not None:
        if recorder.flowing and torch.is_grad_enabled() and not out.requires_grad:
            out.requires_grad_()  # what does not depend on the input, as a decoder's first layer
        recorder.note(call, out)
    return out, None


def _call(
    module: nn.Module, q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, kwargs: dict[str, Any]
) -> AttentionCall:
    """What these arguments mean, not named yet: the mask alone says who sees whom, as in eager attention."""
    scaling = kwargs.get("scaling")
    return AttentionCall(
        "",
        "self",
        q,
        k,
        v,
        q.shape[-1] ** -0.5 if scaling is None else float(scaling),
        mask=mask,
        bias=kwargs.get("position_bias"),
        softcap=kwargs.get("softcap"),
        sinks=kwargs.get("s_aux"),
    )


def _all_equal(mask: Tensor, other: Tensor) -> bool:
    """bool [B, H, n, n], [1, 1, n, n]: eight at a time where they fit, in a fifth of the time."""
    if mask.shape[-1] % 8 == 0 and mask.is_contiguous() and mask.storage_offset() % 8 == 0:
        mask, other = mask.view(torch.int64), other.view(torch.int64)
    return bool((mask == other).all())


def _mask(*args: Any, **kwargs: Any) -> Tensor | None:
    """bool [B, 1, Nq, Nk], or None where every query sees every key.

    A causal mask is never left out in favour of a flag: not every module has the flag, and some have it
    though nothing about them is causal.
    """
    return sdpa_mask(*args, **{**kwargs, "allow_is_causal_skip": False})


AttentionInterface.register(_NAME, _attend)
# Without a mask function of the same name models pass no mask at all, and nothing says so.
AttentionMaskInterface.register(_NAME, _mask)


@contextmanager
def recording(
    model: PreTrainedModel,
    task: Task = SILENT,
    weights: bool = False,
    changes: Sequence[OnHeads] = (),
    flowing: bool = False,
) -> Iterator[list[Call]]:
    """Record every attention call of the forward passes made in this thread inside the `with` block.

    The list fills in call order. The pass keeps its fused kernels; a model that takes no attention function
    from outside, and any if `weights`, is asked for the weights of its eager attention instead (`GivenCall`).
    Cancel is looked at before every layer. Two threads that record the same model take turns. changes: of
    heads, by the names of their calls. flowing: keep the graph of what calls return, for gradients. Raises
    HeadlightError where a pass ran and left no call, and for changes that cannot be made.
    """
    recorder = _Recorder(model, task, changes, flowing)
    asked = weights or not takes_functions(model)
    if asked and changes:
        raise HeadlightError(
            "This model hands out its weights itself: its heads cannot be changed.",
            "Choose another model.",
        )
    with _lock(model), ExitStack() as stack:
        token = _recorder.set(recorder)
        stack.callback(_recorder.reset, token)
        # Masks are made for the implementation that is set: those of another one may mean something else.
        stack.enter_context(unchanged(model))
        stack.enter_context(eager(model) if asked else functional(model, _NAME))
        if asked:
            hook = partial(_hook, stack, recorder)
            stack.enter_context(ask_for_weights(model, recorder, hook, sampled_rows, _unrecordable))
        _follow(model, recorder, stack)
        yield recorder.calls
        if recorder.passes and not recorder.calls:
            raise _unrecordable("it neither takes an attention function from outside nor has weights to show")
        if recorder.passes and (lost := next((c for c in changes if c not in recorder.changed), None)):
            raise HeadlightError(f"There is no layer {lost.layer}.", "Choose one of the model's layers.")


@contextmanager
def without_values(model: PreTrainedModel, which: Tensor) -> Iterator[None]:
    """In this thread's calls of parts of a model inside, these keys have a value of 0, bool [B, Nk].

    Masks must be those of a recording.
    """
    with _lock(model), unchanged(model), functional(model, _NAME), _set(_without, which):
        yield


@contextmanager
def switching(model: PreTrainedModel, name: str, change: Change) -> Iterator[None]:
    """In this thread's passes inside, the calls of an attention module are changed."""
    module = model.get_submodule(name)
    with _lock(model), unchanged(model), functional(model, _NAME), _set(_switched, (module, change)):
        yield


@contextmanager
def _set(variable: ContextVar[Any], value: Any) -> Iterator[None]:
    token = variable.set(value)
    try:
        yield
    finally:
        variable.reset(token)


def _unrecordable(why: str) -> HeadlightError:
    return HeadlightError(f"This model's attention cannot be recorded: {why}.", NEXT_STEP)


def _lock(model: nn.Module) -> threading.RLock:
    with _locks_guard:
        return _locks.setdefault(model, threading.RLock())


def takes_functions(model: nn.Module) -> bool:
    """Whether a model takes an attention function from outside, so that its heads can be changed."""
    return any(_takes_functions(module) for module in model.modules())


def _takes_functions(module: nn.Module) -> bool:
    """Whether this is an attention module of a file that takes attention functions from outside."""
    source = sys.modules.get(type(module).__module__)
    return "Attention" in type(module).__name__ and hasattr(source, "ALL_ATTENTION_FUNCTIONS")


def _hook(
    stack: ExitStack,
    recorder: _Recorder,
    register: Callable[..., Any],
    hook: Callable[..., Any],
    **options: bool,
) -> None:
    """Register `hook` until `stack` closes, for this recording's own passes alone.

    Another thread may run the same model, unrecorded, while this one records it.
    """

    def guarded(*args: Any) -> Any:
        return hook(*args) if _recorder.get() is recorder else None

    stack.callback(register(guarded, **options).remove)


def _follow(model: nn.Module, recorder: _Recorder, stack: ExitStack) -> None:
    """Hooks that tell the recorder of passes and batches, and the task how far they are."""
    watch([module for module in recorder.names if _takes_functions(module)], _note_turn)
    for module in recorder.names:
        if isinstance(module, PreTrainedModel):
            _hook(stack, recorder, module.register_forward_pre_hook, recorder.enter, with_kwargs=True)
            _hook(stack, recorder, module.register_forward_hook, recorder.leave, always_call=True)
        elif isinstance(module, nn.Linear | Conv1D):
            _hook(stack, recorder, module.register_forward_pre_hook, recorder.multiplied)
    layers = blocks_of(model)

    def report(number: int, *_: Any) -> None:
        recorder.task.progress(number / len(layers), f"Layer {number + 1} of {len(layers)}")

    for number, layer in enumerate(layers):
        _hook(stack, recorder, layer.register_forward_pre_hook, partial(report, number))


@contextmanager
def heeding(model: nn.Module, task: Task) -> Iterator[None]:
    """Inside, a pass of this thread ends at the next block once the task was cancelled: a batch of large
    pictures takes longer than anybody waits."""
    thread = threading.get_ident()

    def check(*_: Any) -> None:
        if threading.get_ident() == thread:
            task.check()

    with ExitStack() as stack:
        for block in blocks_of(model):
            stack.callback(block.register_forward_pre_hook(check).remove)
        yield


def blocks_of(module: nn.Module) -> list[nn.Module]:
    """The outermost repeated blocks that hold attention, in order."""
    if isinstance(module, nn.ModuleList | nn.Sequential):
        return [c for c in module if any("Attention" in type(m).__name__ for m in c.modules())]
    return [layer for child in module.children() for layer in blocks_of(child)]
