"""Recording the attention calls of a forward pass: q, k and v are kept, weights are computed when asked.

Scaled dot-product attention as in Vaswani et al. 2017, section 3.2.1, with what later models add to it: grouped
keys, additive position biases, soft-capped scores, windows and sinks.
"""

from __future__ import annotations

import re
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn
from transformers import AttentionInterface, PreTrainedModel
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from models.errors import HeadlightError
from models.task import SILENT, Task

Kind = Literal["self", "cross", "window"]
Index = int | slice | Sequence[int] | Tensor
ALL = slice(None)
CHUNK_ELEMENTS = 2**22
"""Elements of one block of weights while many rows are computed: 16 MB of float32."""

_NAME = "headlight"
_CROSS = re.compile(r"(^|\.)[^.]*(cross|enc(oder)?_(att|dec)|encdec)", re.IGNORECASE)


class Call(Protocol):
    """One attention call of a forward pass, however its weights come to be known."""

    name: str
    """Qualified name of the module; a module that runs again in the same pass gets ":2", ":3", ..."""
    kind: Kind
    step: int
    """Which forward pass of the recording, from 1: generation makes one for every token."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """(batch, heads, queries, keys)."""
        ...

    @property
    def device(self) -> torch.device: ...

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys], on the device: rows sum to 1 less the share of a sink."""
        ...

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: the share that goes to no key (0 without a sink)."""
        ...

    def error(self, batch: int = 0) -> float:
        """Largest absolute deviation of what is shown from what the layer returned."""
        ...


def _as_slice(index: Index) -> slice | Sequence[int] | Tensor:
    return slice(index, index + 1) if isinstance(index, int) else index


@dataclass(eq=False)
class AttentionCall:
    """What one call was given: q [B, H, Nq, d], k and v [B, Hkv, Nk, d], as they were multiplied.

    mask: bool (True where a query may look) or additive float, broadcastable to [B, H, Nq, Nk], or None.
    bias: additive position bias, broadcastable to the same, or None. causal: without a mask, query i sees keys
    0 to i. softcap: scores become softcap·tanh(scores / softcap). sinks [H]: one more score a row that no key gets.
    rows, outputs: sampled query rows and what the call returned for them, [B, rows, H, dv].
    """

    name: str
    kind: Kind
    q: Tensor
    k: Tensor
    v: Tensor
    scaling: float
    mask: Tensor | None = None
    bias: Tensor | None = None
    causal: bool = False
    sliding_window: int | None = None
    softcap: float | None = None
    sinks: Tensor | None = None
    rows: Tensor | None = None
    outputs: Tensor | None = None
    step: int = 1

    @property
    def shape(self) -> tuple[int, int, int, int]:
        batch, heads, queries, _ = self.q.shape
        return batch, heads, queries, self.k.shape[2]

    @property
    def device(self) -> torch.device:
        return self.q.device

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: softmax(scale·QKᵀ + bias → softcap → mask), sink dropped.

        A row whose mask allows nothing is uniform, as an additive mask makes it.
        """
        scores = self.scores(queries, heads, batch)
        if self.sinks is None:
            return torch.softmax(scores, -1)
        return (scores - self._log_sum(scores, heads)).exp_()

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: the share of the sink (gpt-oss; Xiao et al. 2023), 0 without one."""
        if self.sinks is None:
            heads, queries = _as_slice(heads), _as_slice(queries)
            return torch.zeros_like(self.q[batch, :, :, 0][heads][:, queries], dtype=torch.float32)
        scores = self.scores(queries, heads, batch)
        return (self._sink_scores(heads) - self._log_sum(scores, heads)).exp_().squeeze(-1)

    def error(self, batch: int = 0) -> float:
        """Largest |A·V − returned| over the sampled rows and all heads.

        Rows whose mask allows nothing are left out: kernels disagree about them and no token reads them.
        """
        if self.rows is None or self.outputs is None:
            raise ValueError(f"{self.name} was recorded without output rows")
        weights = self.weights(self.rows, batch=batch)  # [H, r, Nk]
        rebuilt = weights @ self._repeated(self.v, ALL, batch)  # [H, r, dv]
        returned = self.outputs[batch].transpose(0, 1).float()  # [H, r, dv]
        deviation = (rebuilt - returned).abs().amax(-1)  # [H, r]
        deviation = deviation[~self._nothing_allowed(self.rows, batch).expand_as(deviation)]
        return float(deviation.max()) if deviation.numel() else 0.0

    def scores(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys]: what the softmax is taken of."""
        heads, queries = _as_slice(heads), _as_slice(queries)
        q = self.q[batch][heads][:, queries].float() * self.scaling  # [h, m, d]
        scores = q @ self._repeated(self.k, heads, batch).transpose(1, 2)  # [h, m, Nk]
        if self.bias is not None:
            scores += self._part(self.bias, queries, heads, batch)
        if self.softcap is not None:
            scores = torch.tanh(scores / self.softcap) * self.softcap
        if self.mask is not None:
            mask = self._part(self.mask, queries, heads, batch)
            scores = scores.masked_fill_(~mask, _LOWEST) if mask.dtype == torch.bool else scores.add_(mask)
        if self.causal:
            rows = torch.arange(self.q.shape[2], device=self.device)[queries]
            columns = torch.arange(self.k.shape[2], device=self.device)
            scores.masked_fill_(columns > rows[:, None], _LOWEST)
        return scores

    def attend(self) -> Tensor:
        """[B, Nq, H, dv]: A·V from the weights themselves, in blocks of rows; for calls no fused kernel takes."""
        batch, heads, queries, keys = self.shape
        step = max(1, CHUNK_ELEMENTS // (heads * keys))
        out = [
            torch.cat(
                [
                    self.weights(slice(start, start + step), batch=b) @ self._repeated(self.v, ALL, b)
                    for start in range(0, queries, step)
                ],
                dim=1,
            ).transpose(0, 1)
            for b in range(batch)
        ]
        return torch.stack(out).to(self.q.dtype)

    def _repeated(self, keys: Tensor, heads: Index, batch: int) -> Tensor:
        """float32 [h, Nk, d]: each query head's own keys or values; copies only where heads share them."""
        groups = self.q.shape[1] // keys.shape[1]
        if groups == 1:
            return keys[batch][heads].float()
        owner = torch.arange(self.q.shape[1], device=keys.device)[heads] // groups
        return keys[batch][owner].float()

    def _part(self, tensor: Tensor, queries: Index, heads: Index, batch: int) -> Tensor:
        """Of a tensor broadcastable to [B, H, Nq, Nk]: what broadcasts to [heads, queries, keys]."""
        tensor = tensor[(None,) * (4 - tensor.ndim)]
        tensor = tensor[batch if tensor.shape[0] > 1 else 0]
        tensor = tensor[heads] if tensor.shape[0] > 1 else tensor
        return tensor[:, queries] if tensor.shape[1] > 1 else tensor

    def _nothing_allowed(self, queries: Index, batch: int) -> Tensor:
        """bool [1 or H, 1 or m]: rows that the mask forbids every key."""
        if self.mask is None:
            return torch.zeros(1, 1, dtype=torch.bool, device=self.device)
        mask = self._part(self.mask, queries, ALL, batch)
        allowed = mask if mask.dtype == torch.bool else mask > torch.finfo(mask.dtype).min / 2
        return ~allowed.any(-1)

    def _sink_scores(self, heads: Index) -> Tensor:
        return self.sinks.reshape(-1)[_as_slice(heads)].float()[:, None, None]  # [h, 1, 1]

    def _log_sum(self, scores: Tensor, heads: Index) -> Tensor:
        return torch.logaddexp(scores.logsumexp(-1, keepdim=True), self._sink_scores(heads))  # [h, m, 1]


@dataclass(eq=False)
class GivenCall:
    """Weights [B, H, Nq, Nk] that the model handed out itself, where it takes no attention function from outside."""

    name: str
    kind: Kind
    given: Tensor
    step: int = 1

    @property
    def shape(self) -> tuple[int, int, int, int]:
        return tuple(self.given.shape)

    @property
    def device(self) -> torch.device:
        return self.given.device

    def weights(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries, keys], as given."""
        return self.given[batch][_as_slice(heads)][:, _as_slice(queries)].float()

    def sink(self, queries: Index = ALL, heads: Index = ALL, batch: int = 0) -> Tensor:
        """float32 [heads, queries]: 0, since the rows given must sum to 1."""
        return torch.zeros_like(self.given[batch, :, :, 0][_as_slice(heads)][:, _as_slice(queries)]).float()

    def error(self, batch: int = 0) -> float:
        """Largest |sum of a row − 1| or weight below 0: values are unknown here, so A·V cannot be rebuilt."""
        weights = self.given[batch].float()
        return float(torch.maximum((weights.sum(-1) - 1).abs().max(), -weights.min()))


_LOWEST = torch.finfo(torch.float32).min


class _Recorder:
    """Collects the calls of one recording, and knows where in the model the pass is."""

    def __init__(self, model: nn.Module, task: Task) -> None:
        self.calls: list[Call] = []
        self.names = {module: name for name, module in model.named_modules()}
        self.task = task
        self.passes = 0
        self.batches: list[int | None] = []
        self._times: Counter[tuple[str, int]] = Counter()

    def enter(self, module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> None:
        """A model, or a model inside it, begins: its batch tells windows from whole inputs."""
        if not self.batches:
            self.passes += 1
        self.batches.append(_batch(args, kwargs))

    def leave(self, *_: Any) -> None:
        self.batches.pop()

    def unique(self, name: str) -> str:
        self._times[name, self.passes] += 1
        times = self._times[name, self.passes]
        return name if times == 1 else f"{name}:{times}"

    def kind(self, module: nn.Module, name: str, q: Tensor, k: Tensor) -> Kind:
        batch = self.batches[-1] if self.batches else None
        if _CROSS.search(name) or (q.shape[2] != k.shape[2] and not getattr(module, "is_causal", False)):
            return "cross"
        return "window" if batch and q.shape[0] > batch and q.shape[0] % batch == 0 else "self"


_recorder: ContextVar[_Recorder | None] = ContextVar("recorder", default=None)
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
    if recorder is None or module not in recorder.names:
        return sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)
    recorder.task.check()
    scaling, causal = kwargs.get("scaling"), kwargs.get("is_causal")
    causal = getattr(module, "is_causal", True) if causal is None else causal
    name = recorder.names[module]
    call = AttentionCall(
        recorder.unique(name),
        recorder.kind(module, name, query, key),
        query,
        key,
        value,
        query.shape[-1] ** -0.5 if scaling is None else float(scaling),
        mask=attention_mask,
        bias=kwargs.get("position_bias"),
        causal=bool(causal) and attention_mask is None and query.shape[2] > 1,
        sliding_window=kwargs.get("sliding_window"),
        softcap=kwargs.get("softcap"),
        sinks=kwargs.get("s_aux"),
        step=recorder.passes,
    )
    # The fused kernels refuse a soft cap and ignore sinks.
    if call.softcap is not None or call.sinks is not None:
        out = call.attend()
    else:
        out, _ = sdpa_attention_forward(module, query, key, value, attention_mask, **kwargs)  # [B, Nq, H, dv]
    recorder.calls.append(_kept(call, out))
    return out, None


def _kept(call: AttentionCall, out: Tensor) -> AttentionCall:
    """The call without its graph, with a few evenly spaced rows of what it returned."""
    count = out.shape[1]
    rows = torch.linspace(0, count - 1, min(count, max(4, min(16, count // 16)))).round().long().unique()
    rows = rows.to(out.device)
    tensors = {key: getattr(call, key) for key in ("q", "k", "v", "mask", "bias", "sinks")}
    return replace(
        call,
        rows=rows,
        outputs=out.detach()[:, rows],
        **{key: tensor if tensor is None else tensor.detach() for key, tensor in tensors.items()},
    )


AttentionInterface.register(_NAME, _attend)
# Without a mask function of the same name models pass no mask at all, and nothing says so.
AttentionMaskInterface.register(_NAME, sdpa_mask)


@contextmanager
def recording(model: PreTrainedModel, task: Task = SILENT) -> Iterator[list[Call]]:
    """Record every attention call of the forward passes made in this thread inside the `with` block.

    The list fills in call order. The pass keeps its fused kernels; a model that takes no attention function from
    outside is asked for its weights instead (`GivenCall`). Cancel is looked at before every layer. Two threads
    that record the same model take turns. Raises HeadlightError where passes ran but nothing could be recorded.
    """
    recorder = _Recorder(model, task)
    open_to_us = any(_takes_functions(module) for module in model.modules())
    with _lock(model), ExitStack() as stack:
        token = _recorder.set(recorder)
        stack.callback(_recorder.reset, token)
        if open_to_us:
            stack.enter_context(_implementation(model, _NAME))
        else:
            _ask_for_weights(model, recorder, stack)
        _follow(model, recorder, stack)
        yield recorder.calls
        if recorder.passes and not recorder.calls:
            raise HeadlightError(
                f"This model's attention cannot be recorded: {type(model).__name__} neither takes an attention "
                "function nor returns its weights.",
                "Open another model of the same kind; BERT, GPT-2, Llama, T5 and ViT families all work.",
            )


def _lock(model: nn.Module) -> threading.RLock:
    with _locks_guard:
        return _locks.setdefault(model, threading.RLock())


def _takes_functions(module: nn.Module) -> bool:
    """Whether this is an attention module of a file that takes attention functions from outside."""
    source = sys.modules.get(type(module).__module__)
    return "Attention" in type(module).__name__ and hasattr(source, "ALL_ATTENTION_FUNCTIONS")


@contextmanager
def _implementation(model: PreTrainedModel, name: str) -> Iterator[None]:
    """Switch the attention function of a model and of all models inside it, and back."""
    configs = {}
    found = [module.config for module in model.modules() if isinstance(module, PreTrainedModel)]
    while found:
        config = found.pop()
        configs[id(config)] = (config, config._attn_implementation)
        nested = (getattr(config, key) for key in config.sub_configs)
        found += [c for c in nested if c is not None and id(c) not in configs]
    try:
        model.set_attn_implementation(name)
        yield
    finally:
        # The public setter would pass a value on to nested configs, which may have had another.
        for config, before in configs.values():
            config._attn_implementation_internal = before


def _follow(model: nn.Module, recorder: _Recorder, stack: ExitStack) -> None:
    """Hooks that tell the recorder of passes and batches, and the task how far they are."""
    models = [m for m in model.modules() if isinstance(m, PreTrainedModel)]
    for module in models:
        stack.callback(module.register_forward_pre_hook(recorder.enter, with_kwargs=True).remove)
        stack.callback(module.register_forward_hook(recorder.leave, always_call=True).remove)
    layers = _layers(model)

    def report(number: int) -> None:
        recorder.task.progress(number / len(layers), f"Layer {number + 1} of {len(layers)}")

    for number, layer in enumerate(layers):
        hook = layer.register_forward_pre_hook(lambda *_, number=number: report(number))
        stack.callback(hook.remove)


def _layers(module: nn.Module) -> list[nn.Module]:
    """The outermost repeated blocks that hold attention, in order."""
    if isinstance(module, nn.ModuleList | nn.Sequential):
        return [c for c in module if any("Attention" in type(m).__name__ for m in c.modules())]
    return [layer for child in module.children() for layer in _layers(child)]


_FIELDS = ("encoder_attentions", "decoder_attentions", "attentions", "cross_attentions")


def _ask_for_weights(model: nn.Module, recorder: _Recorder, stack: ExitStack) -> None:
    """Have the model return its weights, note them as calls, and hand on what it returns without them."""
    seen: list[tuple[nn.Module, Tensor]] = []
    asked: list[tuple[bool, bool]] = []

    def ask(module: nn.Module, args: tuple, kwargs: dict[str, Any]) -> tuple[tuple, dict[str, Any]]:
        asked.append((bool(kwargs.get("output_attentions")), kwargs.get("return_dict") is not False))
        return args, {**kwargs, "output_attentions": True, "return_dict": True}

    def look(module: nn.Module, args: tuple, output: Any) -> None:
        if isinstance(output, tuple):
            seen.extend((module, x) for x in output if isinstance(x, Tensor) and x.ndim == 4)

    def take(module: nn.Module, args: tuple, output: Any) -> Any:
        wanted, as_dict = asked.pop()
        for field in _FIELDS:
            for number, weights in enumerate(_flat(output.get(field))):
                owner = next((m for m, x in seen if x is weights), None)
                name = f"{field}.{number}" if owner is None else recorder.names[owner]
                kind = "cross" if field == "cross_attentions" else "self"
                recorder.calls.append(
                    GivenCall(recorder.unique(name), kind, weights.detach(), recorder.passes)
                )
        seen.clear()
        if not wanted:
            output = type(output)(**{key: x for key, x in output.items() if key not in _FIELDS})
        return output if as_dict else output.to_tuple()

    for module in model.modules():
        if module is not model:
            stack.callback(module.register_forward_hook(look).remove)
    stack.callback(model.register_forward_pre_hook(ask, with_kwargs=True).remove)
    stack.callback(model.register_forward_hook(take).remove)


def _flat(nested: Any) -> Iterator[Tensor]:
    if isinstance(nested, Tensor):
        yield nested
    elif nested is not None:
        for item in nested:
            yield from _flat(item)
