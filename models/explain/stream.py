"""The residual stream of a pass: what stands in it before and behind each layer, and what wrote that.

Elhage et al. 2021, “A Mathematical Framework for Transformer Circuits”: heads and MLPs only ever add to it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Self

import torch
from torch import Tensor, nn

from headlight.models.attention.calls import Call, Projection
from headlight.models.attention.capture import blocks_of
from headlight.models.core.errors import HeadlightError
from headlight.models.core.task import SILENT, Task
from headlight.models.core.trace import Trace

CLOSE = 1e-4
"""How far two vectors may be apart that are said to be one, as a share of the largest number."""
LARGE = 100.0
"""What norms are asked about: beside it what they add to a variance is nothing."""


@dataclass(frozen=True, eq=False)
class Seen:
    """What a module was given and gave at some tokens, float32 [rows, …]; None of what has no such rows."""

    module: nn.Module
    given: Tensor | None
    gave: Tensor | None


class Watch(ExitStack):
    """Notes in `seen` what these modules are given and give in this thread, in the order in which they end.

    rows: int [m], the tokens that are looked at, of `count`.
    """

    def __init__(self, modules: Iterable[nn.Module], rows: Tensor, count: int) -> None:
        super().__init__()
        self.seen: list[Seen] = []
        self._modules, self._rows, self._count = modules, rows, count
        self._thread = threading.get_ident()

    def __enter__(self) -> Self:
        for module in self._modules:
            self.callback(module.register_forward_hook(self._note, with_kwargs=True).remove)
        return super().__enter__()

    def _note(self, module: nn.Module, args: tuple, kwargs: Mapping[str, Any], gave: Any) -> None:
        if threading.get_ident() == self._thread:
            given = (*args, kwargs.get("hidden_states"), *kwargs.values())
            self.seen.append(Seen(module, self._of(given), self._of((gave,))))

    def _of(self, values: Sequence[Any]) -> Tensor | None:
        """The rows of the first tensor."""
        found = next(_tensors(values), None)
        if found is None or not found.is_floating_point():
            return None
        if found.ndim == 3 and found.shape[:2] == (1, self._count):
            found = found[0]
        if found.ndim != 2 or len(found) != self._count:  # some layers lay all tokens of a batch in a row
            return None
        return found.detach()[self._rows].float()


@dataclass(frozen=True, eq=False)
class Stream:
    """Of some tokens.

    states: float32 [layers + 1, m, d], before the first layer and behind each. blocks, last: the layers'
    modules, and those that what leaves the last layer goes through. seen: of all that was watched, layer by
    layer. calls: of attention, layer by layer. out: float32 [m, d'], what the head is given. kind: of what
    the body gives.
    """

    states: Tensor
    blocks: tuple[nn.Module, ...]
    last: tuple[nn.Module, ...]
    seen: tuple[tuple[Seen, ...], ...]
    calls: tuple[tuple[Call, ...], ...]
    out: Tensor
    kind: type

    def finished(self, state: Tensor) -> Tensor:
        """float32 [1, m, d'] of [m, d]: a state as the head is given it."""
        state = state[None]
        for module in self.last:
            state = module(state)
        return state


def stream(trace: Trace, rows: Sequence[int], within: bool = False, task: Task = SILENT) -> Stream:
    """Of one more pass over the input of a trace. within: what happens inside of layers is watched too.

    Raises HeadlightError of a model that has no such stream.
    """
    engine = trace.run.engine(task)
    body, blocks = engine.model, tuple(blocks_of(engine.carries))
    inside = {module for block in blocks for module in block.modules()}
    outside = [module for module in body.modules() if module not in inside]
    watched = (*blocks, *outside, *((inside - set(blocks)) if within else ()))
    index = torch.tensor(rows, dtype=torch.long, device=trace.device)
    output, calls, watch = engine.watched(trace.run, Watch(watched, index, len(trace.tokens)), task)
    ends = [number for number, one in enumerate(watch.seen) if one.module in blocks]
    of_blocks = [watch.seen[number] for number in ends]
    title = trace.model.title
    out = getattr(output, "last_hidden_state", None)
    if not of_blocks or out is None or any(one.given is None or one.gave is None for one in of_blocks):
        raise _no_stream(title, "its layers hand no vector of each token from one to the next")
    chained = pairwise(of_blocks)
    if not all(close(one.gave, other.given) for one, other in chained):
        raise _no_stream(title, "something stands between its layers")
    out = out[0, index].float()
    last = _way(of_blocks[-1].gave, out, [one for one in watch.seen if one.module in set(outside)])
    if last is None:
        raise _no_stream(title, "what its last layer gives is not what its head is given")
    states = torch.stack([*(one.given for one in of_blocks), of_blocks[-1].gave])
    parts = zip([0, *(end + 1 for end in ends)], ends, strict=False)
    seen = tuple(tuple(watch.seen[start:stop]) for start, stop in parts)
    names = {module: name for name, module in engine.model.named_modules()}
    of_calls = tuple(
        tuple(call for call in calls if call.name.startswith(f"{names[block]}.")) for block in blocks
    )
    return Stream(states, blocks, tuple(last), seen, of_calls, out, type(output))


def _way(start: Tensor, end: Tensor, seen: Iterable[Seen]) -> list[nn.Module] | None:
    """The modules through which one became the other, one after the other; None where that is not seen."""
    found: list[nn.Module] = []
    at = start
    for one in seen:
        if _same(at, end):
            break
        if one.given is not None and one.gave is not None and _same(one.given, at):
            found.append(one.module)
            at = one.gave
    return found if _same(at, end) else None


def _same(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and torch.equal(one, other)


def close(one: Tensor, other: Tensor, scale: float | None = None) -> bool:
    """Whether they are the same but for rounding. scale: of the numbers that they were summed from."""
    if one.shape != other.shape:
        return False
    most = float(other.abs().max()) if scale is None else scale
    return float((one - other).abs().max()) <= CLOSE * max(most, 1e-6)


def _no_stream(title: str, why: str) -> HeadlightError:
    return HeadlightError(f"{title} has no stream that could be read: {why}.", "Choose another model.")


def _tensors(values: Any) -> Iterator[Tensor]:
    for value in values:
        if isinstance(value, Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from _tensors(value)
        elif isinstance(value, Mapping):
            yield from _tensors(value.values())


@dataclass(frozen=True, eq=False)
class Frozen:
    """A layer norm, or root mean square norm, whose scale is that of one vector: it is linear then.

    y = gain · (x − mean(x) if centred else x) + bias, where the gain holds the scale.
    """

    gain: Tensor
    bias: Tensor
    centred: bool

    def __call__(self, parts: Tensor) -> Tensor:
        """float32 [..., d]: what becomes of parts of the vector; the bias is by itself."""
        return self.gain * (parts - parts.mean(-1, keepdim=True) if self.centred else parts)


def frozen(norm: nn.Module, at: Tensor) -> Frozen | None:
    """A norm with the scale that it has at a vector [d], whatever its class is; None where it is no norm.

    It is asked what it makes of nothing, of ±1 by turns and of equal numbers, which tells all of it.
    """

    def asked(vector: Tensor) -> Tensor:
        with torch.no_grad():
            return norm(vector[None, None]).float()[0, 0]

    signs = torch.ones_like(at)
    signs[1::2] = -1
    if len(at) % 2:  # there is no such vector of mean 0
        return None
    bias = asked(torch.zeros_like(at))
    gain = (asked(LARGE * signs) - bias) * signs
    level = asked(torch.full_like(at, LARGE)) - bias
    centred = close(level, torch.zeros_like(level), float(gain.abs().max()))
    shape, wanted = gain * (at - at.mean() if centred else at), asked(at) - bias
    scale = float(shape @ wanted) / max(float(shape @ shape), 1e-30)
    if not close(scale * shape, wanted, float(wanted.abs().max())):
        return None
    return Frozen(scale * gain, bias, centred)


@dataclass(frozen=True, eq=False)
class Written:
    """What one layer adds to the stream at one token. heads: float32 [h, d]. bias: [d], what is added to the
    sum of its heads. rest: [d], all else: the MLP."""

    heads: Tensor
    bias: Tensor
    rest: Tensor


def written(at: Stream, number: int) -> Written | None:
    """By layer `number` of a stream of one token that was watched within.

    None where no sum is seen that holds what its heads write.
    """
    calls = [call for call in at.calls[number] if getattr(call, "projection", None) is not None]
    if len(calls) != 1 or len(at.calls[number]) != 1:
        return None
    (before, after), seen = at.states[number : number + 2, 0], at.seen[number]
    heads = calls[0].shape[1]
    projection: Projection = calls[0].projection
    joined = next((one for one in seen if _is_weight(one.module, projection)), None)
    if joined is None or joined.given is None or joined.gave is None:
        return None
    by_head = torch.einsum(
        "hv,hvd->hd", joined.given[0].unflatten(0, (heads, -1)), projection.of_heads(heads)
    )
    bias = joined.gave[0] - by_head.sum(0)
    size = float(torch.stack([before, after]).abs().max())
    for one in (None, *(one for one in seen if one.given is not None and _same(one.given, joined.gave))):
        gave, heads_here, bias_here = joined.gave[0], by_head, bias
        if one is not None:
            norm = frozen(one.module, joined.gave[0]) if one.gave is not None else None
            if norm is None:
                continue
            gave, heads_here, bias_here = one.gave[0], norm(by_head), norm(bias) + norm.bias
        others = [one.gave[0] for one in seen if one.gave is not None and one.gave.shape[1:] == before.shape]
        if gave.shape != before.shape:  # of a narrower stream within the layer
            continue
        rest = after - before - gave
        if any(close(rest, other, size) for other in (torch.zeros_like(rest), *others)):
            return Written(heads_here, bias_here, rest)
    return None


def _is_weight(module: nn.Module, projection: Projection) -> bool:
    weight = getattr(module, "weight", None)
    return isinstance(weight, Tensor) and weight.data_ptr() == projection.weight.data_ptr()
